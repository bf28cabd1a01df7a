package rules

import "github.com/pamlab/pamlab/hl7"

// Conditions ask for the components of the same few fields again and again, of
// MSH-9, MSH-12, ZBE-7: their first repetition is divided once for a message.

// shared is a field of which rules ask for components.
type shared struct {
	segment segmentID
	field   int
}

// divided is the first repetition of such a field, in the message of an epoch.
type divided struct {
	epoch uint32
	place
}

// maxDivided is how many fields are divided once; what others ask for is looked
// for each time.
const maxDivided = 64

// share gives a path to a component the number of its field.
func (c *compiler) share(p *path) {
	if p.sent || p.relative || p.literal || p.every || p.component == 0 || p.component >= tabled {
		return
	}
	at := shared{p.segment, p.field}
	if c.slots[at] == 0 {
		if len(c.slots) == maxDivided-1 {
			return
		}
		if c.slots == nil {
			c.slots = map[shared]int{}
		}
		c.slots[at] = len(c.slots) + 1
	}
	p.slot = c.slots[at]
}

// divides says whether the states of what a path names are noted with its field.
func (p *path) divides() bool { return p.slot > 0 && p.sub == 0 }

// division is the field of such a path, nil when there is no segment.
func (p *path) division(s *scope) *divided {
	d := &s.divided[p.slot]
	if d.epoch == s.epoch {
		return d
	}
	i := s.first[p.segment]
	if i < 0 {
		return nil
	}
	first, _, _ := cut(s.m.Segment(int(i)).FieldRaw(p.field), s.delims.repetition)
	d.epoch, d.place = s.epoch, place{raw: first}
	s.divide(&d.place)
	return d
}

// shared is [path.raw] of such a path.
func (p *path) shared(s *scope) ([]byte, bool) {
	d := p.division(s)
	if d == nil {
		return nil, false
	}
	raw := d.part(s, p.component)
	if p.sub > 0 {
		raw = nth(raw, s.delims.sub, p.sub)
	}
	return raw, true
}

// dividedState is the state of what such a path names.
func (p *path) dividedState(s *scope) hl7.State {
	d := p.division(s)
	switch {
	case d == nil:
		return hl7.Absent
	case d.filled.present>>p.component&1 != 0:
		return hl7.Present
	case d.filled.some>>p.component&1 != 0:
		return hl7.Null
	}
	return hl7.Absent
}
