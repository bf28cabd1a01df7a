package rules

import "github.com/pamlab/pamlab/hl7"

// Many rules go over the same values, all telephone numbers or all INS of a
// message. The scope finds them once.

// values are what an `each` of the catalogue names in the message.
type values struct {
	list []foundValue
	read bool // in this message
}

// foundValue is one of them, with the index of its segment.
type foundValue struct {
	segment int
	value   hl7.Value
	nested  bool // it is a component: its parts are sub-components
}

// forget makes room for the values of the next message.
func (s *scope) forget() {
	for _, v := range s.values {
		v.list, v.read = v.list[:0], false
	}
}

// named returns what the `each` of a rule names.
func (s *scope) named(b *body) []foundValue {
	known := s.values[b.eachText]
	if known == nil {
		known = &values{}
		if s.values == nil {
			s.values = map[string]*values{}
		}
		s.values[b.eachText] = known
	}
	if !known.read {
		known.read = true
		if b.eachOf != "" {
			known.list = s.ofType(known.list, b.eachOf)
		} else {
			known.list = s.repetitions(known.list, b.each)
		}
	}
	return known.list
}

// repetitions appends the repetitions of a field that a path picks.
func (s *scope) repetitions(list []foundValue, p *path) []foundValue {
	for i, id := range s.ids {
		if id != p.segment {
			continue
		}
		for v := range s.m.Segment(i).Field(p.field).Repetitions() {
			if p.filter != nil && !p.filter.picks(v) {
				continue
			}
			if v = p.below(v); len(v.Raw()) > 0 {
				list = append(list, foundValue{i, v, false})
			}
		}
	}
	return list
}

// ofType appends the values of a data type, wherever the profile has it.
func (s *scope) ofType(list []foundValue, name string) []foundValue {
	places := s.plan.types[name]
	for i, id := range s.ids {
		for _, place := range places[id] {
			field := s.m.Segment(i).Field(place.field)
			if len(field.Raw()) == 0 {
				continue
			}
			for v := range field.Repetitions() {
				nested := place.component > 0
				if nested {
					v = v.Component(place.component)
				}
				if len(v.Raw()) > 0 {
					list = append(list, foundValue{i, v, nested})
				}
			}
		}
	}
	return list
}
