package reference

import (
	"context"

	"github.com/pamlab/pamlab/hl7"
)

// Reset lets the DMN forget everybody and every answer. No message may be on its
// way through the DMN meanwhile.
func (d *DMN) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.registry = newRegistry(positive(d.opt.MaxPatients, DefaultMaxPatients))
	d.registry.refuseKnown = d.opt.RefuseKnownPatient
	d.answers = newAnswers(positive(d.opt.MaxAnswers, DefaultMaxAnswers))
}

// Recall takes in a message that was answered in an earlier life of the DMN, in
// the order in which it was then: what was accepted is applied, and the message
// will be answered the same if it comes again. No message may be served
// meanwhile.
func (d *DMN) Recall(ctx context.Context, message, answer []byte) {
	message = d.faults.receive(message)
	h, err := hl7.ParseHeader(message)
	if err != nil || h.Type == "ACK" {
		return
	}
	e, unfit := d.admissible(h)
	ack, err := hl7.ReadAck(answer)
	if err != nil || !final(ack.Code) {
		// Answered with a bug on, or safe in our hands and no more: what became of
		// the message is what would become of it again.
		if unfit == nil && (err != nil || ack.Code.Positive()) {
			d.once(ctx, h, message, func() verdict { return d.process(ctx, h, e, message, Ahead{}) })
		}
		return
	}
	d.once(ctx, h, message, func() verdict {
		v := verdict{outcome: Refused, code: ack.Code, errors: ack.Errors}
		if v.code == hl7.AA {
			v.outcome = Applied
			d.file(h, e, message, unfit != nil)
		}
		return v
	})
}

// final reports whether a code is one that a message gets for ever.
func final(code hl7.AckCode) bool { return verdict{code: code}.final() }

// forced answers a message as somebody else decided. A refusal has no effect; of
// what is accepted the record keeps what can be filed.
func (d *DMN) forced(h hl7.Header, e event, payload []byte, force *Refusal, unfit bool) verdict {
	if !force.Code.Positive() {
		return d.refusal(h, force)
	}
	d.file(h, e, payload, unfit)
	return verdict{outcome: Applied, code: force.Code, errors: force.Errors}
}

// file applies a message that is accepted whatever the rules say, if the record
// can hold it at all.
func (d *DMN) file(h hl7.Header, e event, payload []byte, unfit bool) {
	if unfit {
		return
	}
	m, err := hl7.Parse(payload)
	if err != nil || len(examine(m, h, e)) > 0 {
		return
	}
	n := readNotice(m, e.trigger, d.opt.Now().Location())
	if d.conforms != nil {
		if _, dropINS := d.conforms.refusal(m, nil); dropINS {
			n.forgetINS()
		}
	}
	d.apply(e, n)
}
