package reference

import (
	"context"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// The enhanced mode (mllp-ack-tls.md §2.1): as soon as MSH-15 or MSH-16 says
// something, a message may get two answers. The commit acknowledgement (CA, CE,
// CR) says whether the message is in safe hands; the application acknowledgement
// (AA, AE, AR), a message of its own, what became of it. Each is sent only when
// its field asks for it.

// enhanced reports whether a message asks for the enhanced mode.
func enhanced(h hl7.Header) bool { return h.AcceptAck != "" || h.ApplicationAck != "" }

// wanted reports whether an acknowledgement is due: condition is MSH-15 or
// MSH-16, of table 0155.
func (f faults) wanted(condition string, positive bool) bool {
	switch condition {
	case "AL":
		return true
	case "ER":
		return !positive || f.on(ignoresConditions)
	case "SU":
		return positive || f.on(ignoresConditions)
	case "NE", "":
		return f.on(answersDespiteNE)
	}
	return true // a word that table 0155 does not have: better said once too often
}

// commitment is the commit acknowledgement of a message: refused is what only
// another receiver could accept, by its MSH; the rest is in safe hands, whatever
// comes of it.
func (v verdict) commitment() verdict {
	if v.code == hl7.AR && len(v.errors) > 0 && v.errors[0].Code >= hl7.ConditionMessageType && v.errors[0].Code <= hl7.ConditionVersion {
		return verdict{outcome: Refused, reason: v.reason, code: hl7.CR, errors: v.errors}
	}
	return verdict{outcome: v.outcome, code: hl7.CA}
}

// replies are the two answers of the enhanced mode, nil where none is due.
func (d *DMN) replies(h hl7.Header, v verdict) (commit, application []byte) {
	c := v.commitment()
	asked := h.AcceptAck != "" && h.AcceptAck != "NE"
	if d.faults.wanted(h.AcceptAck, c.code.Positive()) {
		commit = d.compose(h, c)
	}
	if asked && !c.code.Positive() {
		return commit, nil // nobody has the message: there is nothing more to say of it
	}
	if d.faults.wanted(h.ApplicationAck, v.code.Positive()) && !d.faults.on(noApplicationAck) {
		application = d.compose(h, v)
	}
	if d.faults.on(applicationFirst) {
		commit, application = application, commit
	}
	return commit, application
}

// serveEnhanced answers a message that asks for the enhanced mode.
func (d *DMN) serveEnhanced(ctx context.Context, w mllp.ResponseWriter, r *mllp.Request, h hl7.Header, v verdict) {
	first, second := d.replies(h, v)
	answer := second
	if answer == nil {
		answer = first
	}
	d.observe(ctx, r, h, v, answer)
	if first != nil {
		d.put(ctx, w, r, d.faults.spoil(first, h), v)
	}
	if second == nil {
		return
	}
	if d.opt.Elsewhere == nil || d.faults.on(applicationFirst) {
		d.put(ctx, w, r, d.faults.spoil(second, h), v)
		return
	}
	// On a connection of ours somebody has to say that it came.
	second = overwrite(second, "MSH-15", []byte("AL"))
	if err := d.opt.Elsewhere(ctx, d.faults.spoil(second, h)); err != nil {
		d.opt.Logger.Warn("reference: the application acknowledgement could not be delivered", "conn", r.Conn.ID, "error", err)
	}
}

// put writes an answer on the connection of its message, nil for none.
func (d *DMN) put(ctx context.Context, w mllp.ResponseWriter, r *mllp.Request, answer []byte, v verdict) {
	if answer == nil {
		return
	}
	if err := d.faults.write(ctx, w, answer, v, d.opt.Delay); err != nil {
		d.opt.Logger.Warn("reference: the answer could not be written", "conn", r.Conn.ID, "error", err)
	}
}

// elsewhere delivers application acknowledgements to another address.
func elsewhere(client *mllp.Client) func(context.Context, []byte) error {
	return func(ctx context.Context, ack []byte) error {
		_, err := client.Do(ctx, ack)
		return err
	}
}
