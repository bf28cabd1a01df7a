package rules

import (
	"errors"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
)

var generalChecks = map[string]demand{
	"never":         func(*scope, func(hl7.Value)) {}, // found by other means
	"text-decodes":  textDecodes,
	"utf8-disguise": utf8InDisguise,
}

var generalConditions = map[string]cond{}

// textDecodes finds bytes that the character set of MSH-18 does not have.
func textDecodes(s *scope, found func(hl7.Value)) {
	err := s.m.CheckText()
	if e, ok := errors.AsType[*hl7.Error](err); ok && e.Kind == hl7.KindUndecodable {
		found(valueAt(s.m, e.Location))
	}
}

// valueAt returns the value at a location.
func valueAt(m *hl7.Message, l hl7.Location) hl7.Value {
	for i := range m.NumSegments() {
		seg := m.Segment(i)
		if seg.Name() != l.Segment || seg.Occurrence() != max(l.Occurrence, 1) {
			continue
		}
		v := seg.Field(l.Field)
		if l.Repetition > 0 {
			v = v.Repetition(l.Repetition)
		}
		if l.Component > 0 {
			v = v.Component(l.Component)
		}
		return v
	}
	return m.Segment(0).Field(18)
}

// utf8InDisguise finds UTF-8 in a message that announces one of the sets of
// ISO 8859, in which its bytes are letters too, only not the ones meant.
func utf8InDisguise(s *scope, found func(hl7.Value)) {
	if s.header.Charset == "" || s.utf8 || !looksLikeUTF8(s.m.Bytes()) {
		return
	}
	found(s.field("MSH", 18))
}

// looksLikeUTF8 says whether every byte above ASCII is part of a UTF-8
// sequence, and there is one.
func looksLikeUTF8(data []byte) bool {
	for _, c := range data {
		if c >= 0x80 {
			return utf8.Valid(data)
		}
	}
	return false
}
