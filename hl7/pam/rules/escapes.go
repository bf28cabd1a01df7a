package rules

import (
	"bytes"

	"github.com/pamlab/pamlab/hl7"
)

// escapes finds values with an escape character that opens no escape sequence:
// a lone backslash, or a sequence that HL7 does not have or that never ends.
// Nearly all messages are done with one look for the character.
func escapes(s *scope, found func(hl7.Value)) {
	escape := s.m.Delimiters().Escape
	if escape == 0 {
		return
	}
	msh := s.m.Segment(0)
	behind := msh.Offset() + len("MSH|") + len(msh.FieldRaw(2)) // what MSH-2 declares escapes nothing
	if bytes.IndexByte(s.m.Bytes()[behind:], escape) < 0 {
		return
	}
	for i := range s.m.NumSegments() {
		seg := s.m.Segment(i)
		if bytes.IndexByte(seg.Raw(), escape) < 0 {
			continue
		}
		first := 1
		if i == 0 {
			first = 3
		}
		for n := first; n <= seg.NumFields(); n++ {
			s.escapesIn(seg.Field(n), escape, found)
		}
	}
}

// escapesIn looks at a field, and tells the first component at fault.
func (s *scope) escapesIn(field hl7.Value, escape byte, found func(hl7.Value)) {
	if bytes.IndexByte(field.Raw(), escape) < 0 || wellEscaped(field.Raw(), escape, s.separates) {
		return
	}
	number := 0
	for repetition := range field.Repetitions() {
		number++
		rest, more := repetition.Raw(), true
		for n := 1; more; n++ {
			var part []byte
			if part, rest, more = cut(rest, s.delims.component); wellEscaped(part, escape, s.separates) {
				continue
			}
			at := field.Repetition(number)
			if bytes.IndexByte(at.Raw(), s.delims.component) >= 0 && s.delims.component != 0 {
				at = at.Component(n)
			}
			found(at)
			return
		}
	}
}

// wellEscaped says whether each escape character in raw opens or closes an
// escape sequence. No delimiter stands inside of one.
func wellEscaped(raw []byte, escape byte, separates func(byte) bool) bool {
	for {
		i := bytes.IndexByte(raw, escape)
		if i < 0 {
			return true
		}
		raw = raw[i+1:]
		end := bytes.IndexByte(raw, escape)
		if end < 0 || !isSequence(raw[:end], separates) {
			return false
		}
		raw = raw[end+1:]
	}
}

// isSequence says whether HL7 has an escape sequence: those of delimiters and
// of highlighting are one letter, formatting begins with a point, and a letter
// says what hexadecimal digits, or what a site has agreed on, are for.
func isSequence(body []byte, separates func(byte) bool) bool {
	if len(body) == 0 || bytes.IndexFunc(body, func(c rune) bool { return c < 0x80 && separates(byte(c)) }) >= 0 {
		return false
	}
	switch body[0] {
	case 'F', 'S', 'T', 'R', 'E', 'H', 'N', 'P':
		return len(body) == 1
	case '.':
		return len(body) >= 3
	case 'X', 'C', 'M':
		return len(body) > 1 && len(body)%2 == 1 && len(bytes.Trim(body[1:], "0123456789ABCDEFabcdef")) == 0
	case 'Z':
		return true
	}
	return false
}
