package sequence

import (
	"bytes"

	"github.com/pamlab/pamlab/hl7"
)

// What is remembered of a message is bytes, without the places of them: an
// [hl7.Value] is only made for what is to be marked in a finding.

// raw is the bytes of a field of a segment found by read, none where there is
// none.
func (s *step) raw(segment, n int) []byte {
	if segment < 0 {
		return nil
	}
	return s.m.Segment(segment).FieldRaw(n)
}

// first is what stands before the first delimiter; a delimiter of 0 is none.
func first(raw []byte, delimiter byte) []byte {
	if delimiter != 0 {
		if i := bytes.IndexByte(raw, delimiter); i >= 0 {
			return raw[:i]
		}
	}
	return raw
}

// nth returns part n, from 1, nil when there are not that many.
func nth(raw []byte, delimiter byte, n int) []byte {
	start := 0
	if delimiter != 0 {
		for i, c := range raw {
			if c != delimiter {
				continue
			}
			if n == 1 {
				return raw[start:i]
			}
			n--
			start = i + 1
		}
	}
	if n == 1 {
		return raw[start:]
	}
	return nil
}

// part is component n of the first repetition of a field.
func (s *step) part(segment, field, n int) []byte {
	return nth(first(s.raw(segment, field), s.delims.Repetition), s.delims.Component, n)
}

// number is an identifier of PID-3, read once for all who look it up.
type number struct {
	kind  kind   // CX-5
	key   uint64 // its hash
	named bool   // it has a number
	short bool   // it is worth remembering
}

// kind is the type of an identifier.
type kind uint8

const (
	otherKind kind = iota
	noKind
	internal // PI
	national // INS
)

func kindOf(raw []byte) kind {
	switch string(raw) {
	case "":
		return noKind
	case "PI":
		return internal
	case "INS":
		return national
	}
	return otherKind
}

// readNumbers reads PID-3.
func (s *step) readNumbers() {
	field := s.raw(s.pid, 3)
	for more := len(field) > 0; more; {
		r := first(field, s.delims.Repetition)
		if more = len(r) < len(field); more {
			field = field[len(r)+1:]
		}
		key := s.t.identifierOf(r, s.delims)
		s.known = append(s.known, number{
			kind: kindOf(nth(r, s.delims.Component, 5)), key: hashOf(key), named: len(key) > 0, short: len(key) <= mostKey,
		})
	}
}

// identifier writes the key of an identifier, number and authority, into the
// room for keys. The authority is its OID, else its name: partners that leave
// one of them out in some messages mean the same.
func (t *Tracker) identifier(v hl7.Value, d hl7.Delimiters) []byte { return t.identifierOf(v.Raw(), d) }

func (t *Tracker) identifierOf(raw []byte, d hl7.Delimiters) []byte {
	number := nth(raw, d.Component, 1)
	t.key = t.key[:0]
	if len(number) == 0 || string(number) == `""` {
		return t.key
	}
	t.key = append(append(t.key, number...), '^')
	authority := nth(raw, d.Component, 4)
	if oid := nth(authority, d.Subcomponent, 2); len(oid) > 0 {
		t.key = append(t.key, oid...)
	} else {
		t.key = append(t.key, nth(authority, d.Subcomponent, 1)...)
	}
	return t.key
}

// firstOf is the key of the first identifier in a field.
func (s *step) firstOf(segment, field int) []byte {
	return s.t.identifierOf(first(s.raw(segment, field), s.delims.Repetition), s.delims)
}
