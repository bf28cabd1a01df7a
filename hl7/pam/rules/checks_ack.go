package rules

import (
	"errors"

	"github.com/pamlab/pamlab/hl7"
)

var ackChecks = []named[demand]{
	{"answer-addressed", answerAddressed},
	{"answer-to-sender", answerToSender},
	{"answer-time", answerTime},
	{"answer-decodes", answerDecodes},
	{"error-coded", errorCoded},
	{"error-class", errorClass},
}

var ackConditions = []named[cond]{
	{"answer-modern", func(s *scope) bool { return s.header.Version >= "2.5" }},
	{"original-mode", originalMode},
}

// originalMode says whether the message that is answered asked for the answer
// of the original mode: MSH-15 and MSH-16 are both empty.
func originalMode(s *scope) bool {
	if s.sent == nil {
		return false
	}
	h := s.sent.Header()
	return h.AcceptAck == "" && h.ApplicationAck == ""
}

// swapped are the fields of an acknowledgement and those of its message that
// they take over.
var swapped = [...]struct{ own, sent int }{{3, 5}, {4, 6}, {5, 3}, {6, 4}}

// sentHeader returns a field of the MSH of the message that is answered.
func (s *scope) sentHeader(n int) hl7.Value { return s.sent.Segment(0).Field(n) }

// answerAddressed finds addresses that the message has and its answer has not.
func answerAddressed(s *scope, found func(hl7.Value)) {
	if s.sent == nil {
		return
	}
	for _, f := range swapped {
		if own := s.field("MSH", f.own); own.State() != hl7.Present && s.sentHeader(f.sent).State() == hl7.Present {
			found(own)
		}
	}
}

// answerToSender finds the first address that is another than the message's,
// compared as text: an acknowledgement may be in another character set.
func answerToSender(s *scope, found func(hl7.Value)) {
	for _, f := range swapped {
		own, sent := s.field("MSH", f.own), s.sentHeader(f.sent)
		if own.State() == hl7.Present && own.String() != sent.String() {
			found(own)
			return
		}
	}
}

// answerTime finds an MSH-7 that is no time. Versions before 2.5 may leave it
// out.
func answerTime(s *scope, found func(hl7.Value)) {
	v := s.field("MSH", 7)
	if v.State() == hl7.Absent && s.header.Version < "2.5" {
		return
	}
	if _, err := hl7.ParseTime(s.header.Time, nil); err != nil {
		found(v)
	}
}

// answerDecodes finds what is not in the character set of MSH-18. A set that
// nobody knows is the business of another rule.
func answerDecodes(s *scope, found func(hl7.Value)) {
	err := s.m.CheckText()
	if e, ok := errors.AsType[*hl7.Error](err); ok && e.Kind == hl7.KindUndecodable {
		found(valueAt(s.m, e.Location))
	}
}

// errorCoded finds the code, or from v2.5 on the code or the severity, that an
// ERR lacks.
func errorCoded(s *scope, found func(hl7.Value)) {
	seg := s.m.Segment(s.segment)
	if s.header.Version < "2.5" {
		if seg.Field(1).Component(4).State() != hl7.Present {
			found(seg.Field(1))
		}
		return
	}
	if code := seg.Field(3); code.Component(1).State() != hl7.Present {
		found(code)
	}
	if severity := seg.Field(4); severity.State() != hl7.Present {
		found(severity)
	}
}

// errorClass finds codes that do not go with MSA-1. It leaves 204 to 207 alone:
// their class in the table is rejection, but they are the only names for
// conflicts that IHE calls errors.
func errorClass(s *scope, found func(hl7.Value)) {
	v := s.m.Segment(s.segment).Field(3).Component(1)
	if s.header.Version < "2.5" {
		v = s.m.Segment(s.segment).Field(1).Component(4).Subcomponent(1)
	}
	class := string(s.code("MSA", 1))
	switch string(leaf(v)) {
	case "100", "101", "102", "103":
		if class == "AR" || class == "CR" {
			found(v)
		}
	case "200", "201", "202", "203":
		if class == "AE" || class == "CE" {
			found(v)
		}
	}
}
