package reference

import (
	"encoding/json"

	"github.com/pamlab/pamlab/hl7"
)

// A Decision is what became of a message.
type Decision struct {
	Outcome Outcome

	header  hl7.Header
	payload []byte
	verdict verdict
}

// memo is what is kept of a decision: by what the message is known when it comes
// again, and what is answered then, without a text, which might quote it.
type memo struct {
	Key    []byte      `json:"key"`
	Code   hl7.AckCode `json:"code"`
	Errors []memoError `json:"errors,omitempty"`
}

type memoError struct {
	At       hl7.Location `json:"at"`
	Code     int          `json:"code"`
	Severity string       `json:"severity,omitempty"`
}

// Memo is what DMN.RecallMemo wants, for who keeps no messages: a digest by which
// the message is known, the code of the answer, places and conditions of its
// errors. No trait of anybody is in it. It is nil when nothing is remembered: of a
// rejection, which invites to send again, and of what has no MSH-10.
func (d Decision) Memo() []byte {
	if !d.verdict.final() || d.header.ControlID == "" {
		return nil
	}
	key := keyOf(d.header, d.payload)
	m := memo{Key: key[:], Code: d.verdict.code}
	for _, e := range d.verdict.errors {
		m.Errors = append(m.Errors, memoError{At: e.Location, Code: e.Code, Severity: e.Severity})
	}
	b, _ := json.Marshal(m) // strings and numbers
	return b
}

// RecallMemo is Recall for a message of which there is no more than a memo: it
// will be answered the same if it comes again, with the conditions of then and not
// its texts. What it did to the record is lost. What is no memo is left alone.
func (d *DMN) RecallMemo(kept []byte) {
	var m memo
	if json.Unmarshal(kept, &m) != nil || len(m.Key) != len(answerKey{}) || !final(m.Code) {
		return
	}
	mine, first := d.answers.enter(answerKey(m.Key))
	if !first {
		return
	}
	v := verdict{outcome: Refused, code: m.Code}
	if m.Code.Positive() {
		v.outcome = Applied
	}
	for _, e := range m.Errors {
		v.errors = append(v.errors, hl7.AckError{Location: e.At, Code: e.Code, Severity: e.Severity})
	}
	d.answers.settle(mine, v)
}
