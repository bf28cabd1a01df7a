package reference

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// judge decides what is answered to a message and applies it, in this order:
// can MSH be read; is it a message for us (else AR); was it here before; is its
// content in order (else AE); does Options.Accept agree; does it contradict the
// record.
func (d *DMN) judge(ctx context.Context, payload []byte) (hl7.Header, verdict) {
	h, v := d.decide(ctx, payload, Ahead{})
	return h, d.faults.bend(v)
}

// decide is judge with what is known of the message, and without the faults that
// an answer has: what it returns is what is remembered.
func (d *DMN) decide(ctx context.Context, payload []byte, ahead Ahead) (hl7.Header, verdict) {
	if ahead.Header == nil {
		h, err := hl7.ParseHeader(payload)
		if err != nil {
			return d.anonymousHeader(), unreadable(err)
		}
		ahead.Header = &h
	}
	h := *ahead.Header
	if h.Type == "ACK" {
		return h, verdict{outcome: Ignored, reason: Text{
			FR: "un accusé de réception n'est jamais acquitté",
			EN: "an acknowledgement is never acknowledged",
		}}
	}
	e, v := d.admissible(h)
	switch {
	case ahead.Force != nil:
		unfit := v != nil
		v = d.once(ctx, h, payload, func() verdict { return d.forced(h, e, payload, ahead.Force, unfit) })
	case v == nil:
		v = d.once(ctx, h, payload, func() verdict { return d.process(ctx, h, e, payload, ahead) })
	}
	return h, *v
}

// anonymousHeader stands for the MSH of what has none, so that it can be refused.
func (d *DMN) anonymousHeader() hl7.Header {
	return hl7.Header{
		Delimiters:           hl7.StandardDelimiters(),
		ReceivingApplication: d.opt.Application,
		ReceivingFacility:    d.opt.Facility,
		ProcessingID:         "P",
		Version:              "2.5",
		VersionRaw:           "2.5",
	}
}

// unreadable refuses what has no MSH with AR and an empty MSA-2
// (mllp-ack-tls.md §2.3): it is no type of message that anybody knows.
func unreadable(err error) verdict {
	v := reject(hl7.ConditionMessageType, hl7.Location{Segment: "MSH", Occurrence: 1}, Text{
		FR: "segment MSH absent ou illisible",
		EN: "MSH segment missing or unreadable",
	})
	if e, ok := errors.AsType[*hl7.Error](err); ok {
		v.reason = Text{FR: e.In("fr"), EN: e.In("en")}
	}
	return v
}

// admissible returns the event of a message, or its rejection for one of the
// values of MSH that only another receiver could accept.
func (d *DMN) admissible(h hl7.Header) (event, *verdict) {
	no := func(code, field, component int, reason Text) (event, *verdict) {
		at := hl7.Location{Segment: "MSH", Occurrence: 1, Field: field, Repetition: 1, Component: component}
		v := reject(code, at, reason)
		return event{}, &v
	}
	if h.Type != "ADT" {
		return no(hl7.ConditionMessageType, 9, 1, Text{FR: "type de message inconnu", EN: "unknown message type"})
	}
	e, known := eventOf(h.Trigger)
	if !known {
		return no(hl7.ConditionEvent, 9, 2, Text{FR: "événement inconnu", EN: "unknown trigger event"})
	}
	if !d.supports(h) {
		return no(hl7.ConditionEvent, 9, 2, Text{FR: "événement non pris en charge", EN: "trigger event not supported"})
	}
	if id := component(h.ProcessingID, h.Delimiters); id != "" && !slices.Contains(d.opt.ProcessingIDs, id) && !d.faults.on(anyProcessing) {
		return no(hl7.ConditionProcessingID, 11, 1, Text{FR: "mode de traitement non pris en charge", EN: "processing id not supported"})
	}
	if h.Version != "" && !slices.Contains(d.opt.Versions, h.Version) && !d.faults.on(anyVersion) {
		return no(hl7.ConditionVersion, 12, 1, Text{FR: "version de HL7 non prise en charge", EN: "HL7 version not supported"})
	}
	return e, nil
}

// component returns the first component of a field.
func component(field string, delims hl7.Delimiters) string {
	if i := strings.IndexByte(field, delims.Component); i >= 0 {
		return field[:i]
	}
	return field
}

// headerOfFrance reports whether MSH-12 announces PAM.fr: 2.5^FRA^2.11.
func headerOfFrance(h hl7.Header) bool {
	parts := strings.Split(h.VersionRaw, string(rune(h.Delimiters.Component)))
	return len(parts) > 1 && parts[1] == "FRA"
}

// once applies a message unless it was here before. Without MSH-10 nobody can
// tell, and the message is refused anyway.
func (d *DMN) once(ctx context.Context, h hl7.Header, payload []byte, process func() verdict) *verdict {
	if h.ControlID == "" || d.faults.on(forgetsDuplicate) {
		v := process()
		return &v
	}
	mine, given, err := d.answers.claim(ctx, keyOf(h, payload))
	if err != nil {
		return &verdict{outcome: Ignored, reason: Text{FR: "connexion fermée", EN: "connection closed"}}
	}
	if given != nil {
		v := given.again()
		return &v
	}
	v := process()
	d.answers.settle(mine, v)
	return &v
}

// process reads, checks and applies a message. A panic on the way, ours or of
// Options.Accept, is an internal failure: AR 207 without a place, and the
// message may be sent again.
func (d *DMN) process(ctx context.Context, h hl7.Header, e event, payload []byte, ahead Ahead) (v verdict) {
	defer func() {
		if p := recover(); p != nil {
			d.opt.Logger.Error("reference: panic while processing a message", "event", h.Trigger,
				"control_id", h.ControlID, "panic", p, "stack", string(debug.Stack()))
			v = failure()
		}
	}()
	m := ahead.Message
	if m == nil {
		var err error
		if m, err = hl7.Parse(payload); err != nil {
			return malformed(err)
		}
	}
	refused, dropINS := d.examine(m, h, e, ahead.Report)
	if refused != nil && d.faults.on(skipsChecks) {
		return applied().verdict()
	}
	if refused != nil {
		return *refused
	}
	if d.opt.Accept != nil {
		if err := d.opt.Accept(ctx, m); err != nil {
			return d.refusal(h, err)
		}
	}
	n := readNotice(m, e.trigger, d.opt.Now().Location())
	if dropINS {
		n.forgetINS()
	}
	return d.apply(e, n).verdict()
}

// examine returns the refusal of a message whose content is not in order: it
// breaks a rule or, in a way that no rule knows, cannot be filed.
func (d *DMN) examine(m *hl7.Message, h hl7.Header, e event, report *rules.Report) (refused *verdict, dropINS bool) {
	if d.conforms != nil {
		if refused, dropINS = d.conforms.refusal(m, report); refused != nil {
			return refused, false
		}
	}
	if found := examine(m, h, e); len(found) > 0 {
		v := refuse(hl7.AE, Text{FR: "contenu manquant ou incorrect", EN: "missing or wrong content"}, found...)
		return &v, false
	}
	return nil, dropINS
}

func (d *DMN) apply(e event, n *notice) outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o, done := d.faults.instead(d.registry, e, n); done {
		return o
	}
	return d.registry.apply(e, n)
}

// malformed refuses a message whose MSH can be read but not the rest.
func malformed(err error) verdict {
	at := hl7.Location{}
	reason := Text{FR: err.Error(), EN: err.Error()}
	if e, ok := errors.AsType[*hl7.Error](err); ok {
		at, reason = e.Location, Text{FR: e.In("fr"), EN: e.In("en")}
	}
	return refuse(hl7.AE, reason, ackError(hl7.ConditionSequence, at, "the message cannot be parsed"))
}

// refusal turns what Options.Accept returned into an answer.
func (d *DMN) refusal(h hl7.Header, err error) verdict {
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		d.opt.Logger.Error("reference: message not accepted", "event", h.Trigger, "control_id", h.ControlID, "error", err)
		return failure()
	}
	return refuse(r.Code, Text{FR: "refusé par le choix du testeur", EN: "refused by choice of the tester"}, r.Errors...)
}

func failure() verdict {
	return reject(hl7.ConditionInternal, hl7.Location{}, Text{FR: "erreur interne", EN: "internal error"})
}
