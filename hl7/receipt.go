package hl7

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Receipt is an acknowledgement that was read. It takes every form that
// systems send, MSH-9 with one, two or three parts, ERR of v2.3.1 or of v2.5,
// texts in MSA-3; what is wrong with the form is for others to judge, from the
// Message.
type Receipt struct {
	Code      AckCode    // MSA-1, as it stands: see AckCode.Valid
	ControlID string     // MSH-10, the acknowledgement's own, as bytes on the wire
	MessageID string     // MSA-2, of the message acknowledged, as bytes on the wire
	Text      string     // MSA-3
	Errors    []AckError // of ERR, or, where there is none, of MSA-6
	Message   *Message
}

var sayNotAck = phrase{
	en: "no acknowledgement: the message (%s) has no MSA segment", fr: "pas un accusé de réception : le message (%s) n'a pas de segment MSA",
	hintEN: "an acknowledgement has an MSH, an MSA and, if it refuses, an ERR segment", hintFR: "un accusé de réception a un segment MSH, un MSA et, s'il refuse, un ERR"}

// The packed names of the segments of an acknowledgement.
const (
	msaName = 'M' | 'S'<<8 | 'A'<<16
	errName = 'E' | 'R'<<8 | 'R'<<16
)

// ReadAck reads an acknowledgement. The error is an [*Error]: that of [Parse],
// or of [KindNotAck].
func ReadAck(data []byte) (*Receipt, error) {
	// One allocation for all: the index of an ordinary acknowledgement, which has
	// two or three segments, fits in as well.
	all := new(struct {
		r    Receipt
		m    Message
		t    text
		segs [4]segment
		seps [40]uint32
	})
	t := &all.t
	t.segs, t.seps = all.segs[:0], all.seps[:0]
	if err := t.parse(data); err != nil {
		return nil, err
	}
	all.m.t = t
	i := t.find(msaName, 1)
	if i < 0 {
		h := all.m.Header()
		kind := strings.TrimRight(h.Type+" "+h.Trigger, " ")
		return nil, fail(KindNotAck, len(data), sayNotAck, quote(kind)).at(Location{Segment: "MSA", Occurrence: 1})
	}
	r := &all.r
	r.Message = &all.m
	r.Code = readAckCode(t.fieldValue(i, 1).Raw())
	r.ControlID, r.MessageID = twoStrings(t.fieldValue(0, 10).Raw(), t.fieldValue(i, 2).Raw())
	r.Text = readable(t.fieldValue(i, 3))
	for k := range t.segs {
		if t.segs[k].name == errName {
			r.Errors = appendErrors(r.Errors, Segment{t, k})
		}
	}
	if len(r.Errors) == 0 {
		r.Errors = appendCondition(r.Errors, t.fieldValue(i, 6))
	}
	return r, nil
}

// readAckCode spares the codes of the table a string of their own.
func readAckCode(raw []byte) AckCode {
	for _, c := range [...]AckCode{AA, AE, AR, CA, CE, CR} {
		if string(raw) == string(c) {
			return c
		}
	}
	return AckCode(raw)
}

// twoStrings makes strings of a and b, which share their memory.
func twoStrings(a, b []byte) (string, string) {
	both := string(a) + string(b)
	return both[:len(a)], both[len(a):]
}

// appendErrors reads an ERR segment of either form.
func appendErrors(errs []AckError, s Segment) []AckError {
	for v := range s.Field(1).Repetitions() {
		if v.State() == Present {
			errs = append(errs, oldError(v))
		}
	}
	if s.Field(3).State() != Present && s.Field(2).State() != Present {
		return errs
	}
	e := AckError{
		Code:       readCode(s.Field(3).Subcomponent(1)),
		Text:       readable(s.Field(3).Component(2)),
		Severity:   readable(s.Field(4)),
		Diagnostic: readable(s.Field(7)),
		User:       readable(s.Field(8)),
	}
	if e.Text == "" && e.Code == NoCondition {
		e.Text = readable(s.Field(3).Component(1)) // free text where the code belongs
	}
	located := false
	for v := range s.Field(2).Repetitions() {
		e.Location = readLocation(v)
		errs = append(errs, e)
		located = true
	}
	if !located {
		errs = append(errs, e)
	}
	return errs
}

// oldError reads a repetition of ERR-1: segment^occurrence^field^code&text&table.
func oldError(v Value) AckError {
	code := v.Component(4)
	return AckError{
		Location: Location{
			Segment:    readable(v.Component(1)),
			Occurrence: readIndex(v.Component(2)), Field: readIndex(v.Component(3)),
		},
		Code: readCode(code.Subcomponent(1)),
		Text: readable(code.Subcomponent(2)),
	}
}

// readLocation reads an ERL.
func readLocation(v Value) Location {
	return Location{
		Segment:    readable(v.Component(1)),
		Occurrence: readIndex(v.Component(2)), Field: readIndex(v.Component(3)), Repetition: readIndex(v.Component(4)),
		Component: readIndex(v.Component(5)), Subcomponent: readIndex(v.Component(6)),
	}
}

// appendCondition reads MSA-6, the error condition of versions without
// detailed ERR. "0^Message accepted" is no error.
func appendCondition(errs []AckError, v Value) []AckError {
	if v.State() != Present {
		return errs
	}
	e := AckError{Code: readCode(v.Subcomponent(1)), Text: readable(v.Component(2))}
	if e.Code == ConditionAccepted {
		return errs
	}
	return append(errs, e)
}

func readCode(v Value) int {
	n, err := strconv.Atoi(strings.TrimSpace(string(v.Raw())))
	if err != nil || n < 0 {
		return NoCondition
	}
	return n
}

// readIndex reads a number of a location; one that is none is not part of it.
func readIndex(v Value) int {
	if v.State() != Present {
		return 0 // as most of them: an error costs an allocation
	}
	n, err := strconv.Atoi(string(v.Raw()))
	if err != nil || n < 0 || n > maxIndex {
		return 0
	}
	return n
}

// readable returns a text for people to see, from peers that write UTF-8
// without saying so in MSH-18.
func readable(v Value) string {
	s, err := v.Text()
	switch {
	case err == nil:
		return s
	case utf8.Valid(v.Raw()):
		return Unescape(string(v.Raw()), v.t.delims)
	}
	return fmt.Sprintf("%+q", v.Raw())
}
