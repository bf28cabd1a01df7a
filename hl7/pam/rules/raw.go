package rules

import (
	"bytes"

	"github.com/pamlab/pamlab/hl7"
)

// Conditions look at bytes. They are asked a hundred times a message and hold
// nearly always; an [hl7.Value], which knows where it stands, is only made for
// what is to be marked in a finding.

// delimiters of the message that is judged, by level.
type delimiters struct{ component, repetition, sub byte }

// setDelimiters notes the delimiters of the message, which nearly always are
// those of the message before.
func (s *scope) setDelimiters(d delimiters) {
	if d == s.delims {
		return
	}
	s.delims, s.ends = d, [256]bool{}
	s.ends[d.component], s.ends[d.repetition], s.ends[d.sub] = true, true, true
	s.ends[0] = false // a delimiter that the message does not have
}

// raw is [path.one] without the place.
func (p *path) raw(s *scope) ([]byte, bool) {
	if p.slot > 0 {
		return p.shared(s)
	}
	field, ok := p.originRaw(s)
	if !ok || p.literal {
		return field, ok
	}
	if p.filter == nil {
		return p.within(s, field), true
	}
	for rest, more := field, len(field) > 0; more; {
		var r []byte
		if r, rest, more = cut(rest, s.delims.repetition); p.filter.takes(s, r) {
			return p.within(s, r), true
		}
	}
	return nil, true
}

// originRaw is [path.origin] without the place.
func (p *path) originRaw(s *scope) ([]byte, bool) {
	if p.relative && p.field == 0 {
		return s.at.raw, true
	}
	if !p.relative && !p.sent {
		i := s.first[p.segment]
		if i < 0 {
			return nil, false
		}
		return s.m.Segment(int(i)).FieldRaw(p.field), true
	}
	if p.relative {
		return s.own(p.field), true
	}
	v, ok := p.origin(s)
	return v.Raw(), ok
}

// within is the part of a field or repetition that the path names: of a field,
// that of its first repetition.
func (p *path) within(s *scope, raw []byte) []byte {
	if p.component == 0 {
		return raw
	}
	if p.relative && p.field == 0 && s.at.count > 0 {
		raw = s.part(p.component)
		if p.sub > 0 && !s.nested {
			raw = nth(raw, s.delims.sub, p.sub)
		}
		return raw
	}
	if s.nested && p.relative && p.field == 0 {
		return nth(raw, s.delims.sub, p.component)
	}
	if p.field > 0 {
		raw = nthOfFirst(raw, s.delims, p.component)
	} else {
		raw = nth(raw, s.delims.component, p.component)
	}
	if p.sub > 0 {
		raw = nth(raw, s.delims.sub, p.sub)
	}
	return raw
}

// eachRaw is [path.each] without the places.
func (p *path) eachRaw(s *scope, yield func([]byte) bool) {
	if p.slot > 0 {
		if raw, ok := p.raw(s); ok {
			yield(raw)
		}
		return
	}
	field, ok := p.originRaw(s)
	switch {
	case !ok:
	case p.literal:
		yield(field)
	case !p.every:
		yield(p.within(s, field))
	default:
		for rest, more := field, len(field) > 0; more; {
			var r []byte
			r, rest, more = cut(rest, s.delims.repetition)
			if p.filter != nil && !p.filter.takes(s, r) {
				continue
			}
			if !yield(p.within(s, r)) {
				return
			}
		}
	}
}

// takes is [filter.picks] without the place.
func (f *filter) takes(s *scope, repetition []byte) bool {
	return f.accepts(nth(nth(repetition, s.delims.component, f.component), s.delims.sub, max(f.sub, 1)))
}

// cut returns what stands before the first delimiter and what behind it, and
// says whether there is one. A delimiter of 0 is none.
func cut(b []byte, delimiter byte) (before, after []byte, more bool) {
	if delimiter != 0 {
		if i := bytes.IndexByte(b, delimiter); i >= 0 {
			return b[:i], b[i+1:], true
		}
	}
	return b, nil, false
}

// nth returns part n, from 1, nil when there are not that many. Values are
// short: one loop beats a search for each delimiter.
func nth(b []byte, delimiter byte, n int) []byte {
	start := 0
	if delimiter != 0 {
		for i, c := range b {
			if c != delimiter {
				continue
			}
			if n <= 1 {
				return b[start:i]
			}
			n--
			start = i + 1
		}
	}
	if n <= 1 {
		return b[start:]
	}
	return nil
}

// nthOfFirst is nth for the components of the first repetition of a field.
func nthOfFirst(b []byte, d delimiters, n int) []byte {
	start := 0
	for i, c := range b {
		switch {
		case c != d.component && c != d.repetition || c == 0:
			continue
		case n <= 1:
			return b[start:i]
		case c == d.repetition:
			return nil
		}
		n--
		start = i + 1
	}
	if n <= 1 {
		return b[start:]
	}
	return nil
}

// skip returns what stands behind n delimiters, nil when there are not that many.
func skip(b []byte, delimiter byte, n int) []byte {
	if n == 0 {
		return b
	}
	for i, c := range b {
		if c == delimiter && c != 0 {
			if n--; n == 0 {
				return b[i+1:]
			}
		}
	}
	return nil
}

// leaf is [scope.leaf] for Go checks, which have values.
func leaf(v hl7.Value) []byte {
	if raw := v.Raw(); len(raw) <= 1 {
		return raw
	}
	return v.Subcomponent(1).Raw()
}

// leaf is the text of a value where HL7 counts it as one: its first part.
func (s *scope) leaf(raw []byte) []byte {
	for i, c := range raw {
		if s.separates(c) {
			return raw[:i]
		}
	}
	return raw
}

// state is that of a value; nothing but delimiters is nothing.
func (s *scope) state(raw []byte) hl7.State {
	if string(raw) == `""` {
		return hl7.Null
	}
	for _, c := range raw {
		if !s.separates(c) {
			return hl7.Present
		}
	}
	return hl7.Absent
}

func (s *scope) separates(c byte) bool { return s.ends[c] }
