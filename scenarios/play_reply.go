package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// plan is what one message is answered, with the texts of the play in their
// places. A nil plan accepts the message as its sender asks.
type plan struct {
	code   hl7.AckCode
	errors []hl7.AckError
	text   string
	reply  Reply
	other  string // MSH-10 of the message before
}

// plan renders what a step answers.
func (s *stage) plan(step *Step) (*plan, error) {
	r := step.Reply
	if r == nil {
		return nil, nil
	}
	p := &plan{code: r.Code, reply: *r, other: "NONE"}
	if s.lastTaken != nil && s.lastTaken.message != nil {
		p.other = s.lastTaken.message.Header().ControlID
	}
	var err error
	text := func(t Template) string {
		value, bad := t.Render(s)
		if bad != nil {
			err = bad
		}
		return value
	}
	p.text = text(r.Text)
	switch e := r.Error; {
	case e != nil:
		one := hl7.AckError{Code: e.Code, Severity: e.Severity, Text: text(e.Text), Diagnostic: text(e.Diagnostic), User: text(e.User)}
		if e.Field != nil {
			one.Location = e.Field.Location()
		}
		p.errors = []hl7.AckError{one}
	case r.Code != "" && !r.Code.Positive(): // a refusal says why
		p.errors = []hl7.AckError{{Code: hl7.ConditionInternal, Text: p.text}}
	}
	return p, err
}

// positive reports a plan after which the sender may take the message for
// delivered.
func (p *plan) positive() bool {
	return p == nil || p.code == "" && p.reply.positive() || p.code.Positive() && p.reply.positive()
}

// plain reports a plan that is nothing but to accept.
func (p *plan) plain() bool {
	return p == nil || (p.code == "" || p.code == hl7.AA) && p.errors == nil && p.reply.After == 0 && !p.reply.Silent && p.reply.Close == CloseNever && p.reply.Wrong == ""
}

// how tells in a few words what is special about an answer, for the journal.
func (p *plan) how() []string {
	if p == nil {
		return nil
	}
	var list []string
	if p.reply.After > 0 {
		list = append(list, fmt.Sprintf("after: %s", p.reply.After))
	}
	if p.reply.Close != CloseNever {
		list = append(list, "close: "+string(p.reply.Close))
	}
	if p.reply.Wrong != "" {
		list = append(list, "wrong: "+string(p.reply.Wrong))
	}
	return list
}

// carryOut answers a letter, on the goroutine of its connection, and returns what
// was written.
func (p *plan) carryOut(ctx context.Context, s *stage, w mllp.ResponseWriter, l *letter) [][]byte {
	if p == nil {
		p = &plan{}
	}
	if p.reply.After > 0 {
		late := time.NewTimer(p.reply.After)
		defer late.Stop()
		select {
		case <-late.C:
		case <-ctx.Done():
			return nil
		case <-l.end.in.closed:
		}
	}
	if p.reply.Close != CloseNever {
		w.CloseAfter()
	}
	if p.reply.Silent || p.reply.Close == CloseBefore {
		return nil
	}
	var written [][]byte
	for _, ack := range p.answers(s, l) {
		if !p.write(w, ack) {
			break
		}
		written = append(written, ack)
	}
	return written
}

// write sends one answer, with its fault of the wire.
func (p *plan) write(w mllp.ResponseWriter, ack []byte) bool {
	switch p.reply.Wrong {
	case WrongFrame:
		return w.WriteRaw(ack) == nil
	case WrongCut:
		frame := mllp.AppendFrame(nil, ack)
		w.CloseAfter()
		return w.WriteRaw(frame[:len(frame)/2]) == nil
	case WrongTwice:
		if w.WriteMessage(ack) != nil {
			return false
		}
	}
	return w.WriteMessage(ack) == nil
}

// answers are the blocks to be written.
func (p *plan) answers(s *stage, l *letter) [][]byte {
	if p.reply.Wrong == WrongGarbage {
		return [][]byte{[]byte("this is no message")}
	}
	h, err := hl7.ParseHeader(l.payload)
	if err != nil {
		return nil // nothing to answer to
	}
	codes := []hl7.AckCode{p.code}
	switch {
	case p.code == "":
		codes = replies(h, l.payload)
	case p.code[0] == 'A' && (h.AcceptAck == "AL" || h.AcceptAck == "SU"):
		codes = []hl7.AckCode{hl7.CA, p.code}
	}
	switch p.reply.Wrong {
	case WrongID:
		h.ControlID = "PAMLAB-WRONG"
	case WrongOtherID:
		h.ControlID = p.other
	case WrongSwap:
		h.SendingApplication, h.ReceivingApplication = h.ReceivingApplication, h.SendingApplication
		h.SendingFacility, h.ReceivingFacility = h.ReceivingFacility, h.SendingFacility
	}
	var list [][]byte
	for _, code := range codes {
		if p.reply.Wrong == WrongCode {
			code = "ZZ"
		}
		ack := hl7.Ack{Code: code, ControlID: s.answerID(), Time: s.player.now(), Errors: p.errors, Text: p.text}.Append(nil, h)
		if p.reply.Wrong == WrongNoMSA {
			ack = withoutMSA(ack)
		}
		list = append(list, ack)
	}
	return list
}

// answerID is a MSH-10 for an acknowledgement of ours. Several connections may ask
// at once.
func (s *stage) answerID() string { return fmt.Sprintf("%x-%d", s.seed>>32, s.answered.Add(1)) }

func withoutMSA(ack []byte) []byte {
	var kept [][]byte
	for _, segment := range bytes.SplitAfter(ack, []byte("\r")) {
		if !bytes.HasPrefix(segment, []byte("MSA")) {
			kept = append(kept, segment)
		}
	}
	return bytes.Join(kept, nil)
}
