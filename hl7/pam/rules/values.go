package rules

import (
	"bytes"
	"math/bits"

	"github.com/pamlab/pamlab/hl7"
)

// Many rules go over the same values, all telephone numbers or all INS of a
// message. The scope finds them once, and as bytes: the [hl7.Value] that a
// finding marks is made when there is a finding.

// values are what an `each` of the catalogue names in the message.
type values struct {
	list     []place
	any, all filled // which of their parts are filled in one of them, and in all
	read     bool   // in this message
}

// add notes what is filled in the last place of the list.
func (v *values) add() {
	at := &v.list[len(v.list)-1]
	if len(v.list) == 1 {
		v.any, v.all = at.filled, at.filled
		return
	}
	v.any.present |= at.filled.present
	v.any.some |= at.filled.some
	v.all.present &= at.filled.present
	v.all.some &= at.filled.some
}

// mayMeet says whether one of the values may be what a rule looks for. Nearly
// all rules on values are done with when this has been asked.
func (v *values) mayMeet(n *needs) bool {
	return n.present&^v.any.present == 0 && n.missing&v.all.present == 0 && n.some&^v.any.some == 0 && n.none&v.all.some == 0
}

// place is a value that `each` goes over, or that the fact that is being
// claimed is about.
type place struct {
	raw                          []byte
	filled                       filled // of its parts
	first, count                 int32  // those, in scope.parts; count 0: they were not looked for
	segment                      int32  // its index
	field, repetition, component int32  // component 0: the repetition as a whole
	nested                       bool   // it is a component: its parts are sub-components
	again                        bool   // a place before it in the list has the same bytes
}

// nowhere is the place of rules that go over nothing.
var nowhere place

// value is the value at the place; absent without a field.
func (p *place) value(m *hl7.Message) hl7.Value {
	if p.field == 0 {
		return hl7.Value{}
	}
	v := m.Segment(int(p.segment)).Field(int(p.field)).Repetition(int(p.repetition))
	if p.component > 0 {
		v = v.Component(int(p.component))
	}
	return v
}

// current is the repetition, or component, that the rule is being run for.
func (s *scope) current() hl7.Value { return s.at.value(s.m) }

// forget makes room for the values of the next message.
func (s *scope) forget() {
	for i := range s.values {
		s.values[i].list, s.values[i].read = s.values[i].list[:0], false
	}
	s.sorted, s.parts = false, s.parts[:0]
}

// span is where a part of a value stands in it.
type span struct{ start, end int32 }

// divide notes where the parts of a value stand. A dozen rules look at the parts
// of every telephone number: one pass serves them all.
func (s *scope) divide(p *place) {
	delimiter := s.delims.component
	if p.nested {
		delimiter = s.delims.sub
	}
	raw, parts, has, start := p.raw, s.parts, filled{}, 0
	p.first = int32(len(parts))
	bit := uint64(1 << 1) // of the part; none behind the 63rd
	for i := 0; i <= len(raw); i++ {
		if i < len(raw) && (raw[i] != delimiter || delimiter == 0) {
			continue
		}
		parts = append(parts, span{int32(start), int32(i)})
		if start < i {
			s.note(&has, raw[start:i], bit)
		}
		start, bit = i+1, bit<<1
	}
	p.count, p.filled, s.parts = int32(len(parts))-p.first, has, parts
}

// note notes the state of a part that is not of length zero.
func (s *scope) note(has *filled, part []byte, bit uint64) {
	if c := part[0]; !s.separates(c) && c != '"' { // nearly always
		has.present |= bit
		has.some |= bit
		return
	}
	switch s.state(part) {
	case hl7.Present:
		has.present |= bit
		has.some |= bit
	case hl7.Null:
		has.some |= bit
	}
}

// part returns part n of the current value.
func (s *scope) part(n int) []byte {
	return s.at.part(s, n)
}

func (p *place) part(s *scope, n int) []byte {
	if n > int(p.count) {
		return nil
	}
	at := s.parts[int(p.first)+n-1]
	return p.raw[at.start:at.end]
}

// named returns what the `each` of a rule names.
func (s *scope) named(r *Rule) *values {
	b := &r.body
	if id := int(b.eachID); id < len(s.values) && s.values[id].read {
		return &s.values[id]
	}
	return s.find(r)
}

func (s *scope) find(r *Rule) *values {
	b := &r.body
	if n := int(max(b.eachID, b.baseID)) + 1; len(s.values) < n {
		s.values = append(s.values, make([]values, n-len(s.values))...)
	}
	if b.eachOf != "" {
		s.sortByType()
		s.values[b.eachID].read = true
		return &s.values[b.eachID]
	}
	known := &s.values[b.eachID]
	p := s.plan.catalogue.compiled(r).each
	base := &s.values[b.baseID]
	if !base.read {
		base.read = true
		s.repetitions(base, p)
	}
	if p.filter != nil {
		known.read = true
		s.filtered(known, base, p.filter)
	}
	return known
}

// repetitions appends the repetitions of a field that have anything in them.
func (s *scope) repetitions(to *values, p *path) {
	i := s.first[p.segment]
	if i < 0 {
		return
	}
	for last := s.last[p.segment]; i <= last; i++ {
		if s.ids[i] != p.segment {
			continue
		}
		field := s.m.Segment(int(i)).FieldRaw(p.field)
		n := 0
		for rest, more := field, len(field) > 0; more; {
			var r []byte
			r, rest, more = cut(rest, s.delims.repetition)
			if n++; len(r) > 0 {
				to.list = append(to.list, place{segment: i, field: int32(p.field), repetition: int32(n), raw: r})
				s.divide(&to.list[len(to.list)-1])
				to.add()
			}
		}
	}
}

// filtered appends the repetitions that a filter picks.
func (s *scope) filtered(to, all *values, f *filter) {
	for i := range all.list {
		s.at = &all.list[i]
		if f.accepts(nth(s.part(f.component), s.delims.sub, f.sub)) {
			to.list = append(to.list, *s.at)
			to.add()
		}
	}
}

// typePlace says that a field, or a component of it, is of a type that rules go
// over: the list of its values, by the number of the `each`.
type typePlace struct{ list, component int }

// sortByType fills the lists of all types in one pass over the message.
func (s *scope) sortByType() {
	if s.sorted {
		return
	}
	s.sorted = true
	if n := s.plan.lists; len(s.values) < n {
		s.values = append(s.values, make([]values, n-len(s.values))...)
	}
	for i, id := range s.ids {
		fields := s.plan.types[id]
		if fields == nil {
			continue
		}
		seg := s.m.Segment(i)
		for typed := s.plan.typed[id] & s.written[i]; typed != 0; typed &= typed - 1 {
			n := bits.TrailingZeros64(typed)
			s.sortField(i, n, seg.FieldRaw(n), fields[n])
		}
		for n := tabled; n <= min(seg.NumFields(), len(fields)-1); n++ {
			if raw := seg.FieldRaw(n); len(raw) > 0 {
				s.sortField(i, n, raw, fields[n])
			}
		}
	}
}

// sortField adds the parts of a field to the lists of their types.
func (s *scope) sortField(segment, field int, raw []byte, places []typePlace) {
	n := 0
	for rest, more := raw, true; more; {
		var r []byte
		r, rest, more = cut(rest, s.delims.repetition)
		n++
		tail, number := r, 1 // what is left of the components, and the number of the first of those
		for _, p := range places {
			part := r
			if p.component > 0 {
				if tail = skip(tail, s.delims.component, p.component-number); tail == nil {
					break
				}
				number = p.component
				part = nth(tail, s.delims.component, 1)
				tail = tail[len(part):] // nobody looks for delimiters in it again
			}
			if len(part) > 0 {
				to := &s.values[p.list]
				to.list = append(to.list, place{
					segment: int32(segment), field: int32(field), repetition: int32(n), component: int32(p.component), raw: part, nested: p.component > 0,
				})
				if s.divideOnce(to.list) {
					to.add()
				}
			}
		}
	}
}

// mostCompared bounds how many places one is compared with.
const mostCompared = 8

// divideOnce divides the last place of a list, or finds that one before it has
// the same bytes: a message names the same authority in half a dozen places.
func (s *scope) divideOnce(list []place) (divided bool) {
	last := len(list) - 1
	at := &list[last]
	for i := last - 1; i >= max(0, last-mostCompared); i-- {
		if o := &list[i]; o.nested == at.nested && bytes.Equal(o.raw, at.raw) {
			at.again, at.first, at.count, at.filled = true, o.first, o.count, o.filled
			return false
		}
	}
	s.divide(at)
	return true
}
