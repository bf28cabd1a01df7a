package hl7

import "iter"

// Get returns the text at a path, "" when there is none or when the path is
// wrong. It compiles the path each time: it is meant for tests and one-off
// questions. A program that reads many messages compiles its paths and uses
// [Message.Lookup].
func (m *Message) Get(path string) string {
	p, err := CompilePath(path)
	if err != nil {
		return ""
	}
	return m.Lookup(p).String()
}

// Lookup returns the value at a path: the first, where the path names several.
func (m *Message) Lookup(p Path) Value {
	t := m.t
	occurrence := p.occurrence
	if occurrence == every {
		occurrence = 1
	}
	i := -1
	if p.name != 0 {
		i = t.find(p.name, occurrence)
	}
	switch {
	case i < 0:
		return t.missing(p, occurrence)
	case p.field == 0:
		return t.segmentValue(i)
	}
	v := t.fieldValue(i, int(p.field))
	switch {
	case p.filter.value != "":
		r, ok := p.filter.first(v)
		if !ok {
			return p.nowhere(v)
		}
		v = r
	case p.repetition == every:
		v = v.Repetition(1)
	case p.repetition != 0:
		v = v.Repetition(int(p.repetition))
	}
	return p.below(v)
}

// All iterates over the values that the path names: over every segment and
// repetition that is there for [*], over every repetition that answers it for
// a condition. Any other path names exactly one value, that of
// [Message.Lookup], absent or not.
func (m *Message) All(p Path) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !p.Several() && p.filter.value == "" {
			yield(m.Lookup(p))
			return
		}
		for i := range m.t.segs {
			s := &m.t.segs[i]
			if s.name != p.name || p.occurrence != every && s.occurrence != p.occurrence {
				continue
			}
			if !m.t.allOf(i, p, yield) {
				return
			}
		}
	}
}

// allOf yields what the path names within segment i.
func (t *text) allOf(i int, p Path, yield func(Value) bool) bool {
	if p.field == 0 {
		return yield(t.segmentValue(i))
	}
	v := t.fieldValue(i, int(p.field))
	switch {
	case p.filter.value == "" && p.repetition == 0:
		return yield(p.below(v))
	case p.filter.value == "" && p.repetition != every:
		return yield(p.below(v.Repetition(int(p.repetition))))
	}
	for r := range v.Repetitions() {
		if p.filter.value != "" && !p.filter.matches(r) {
			continue
		}
		if !yield(p.below(r)) {
			return false
		}
	}
	return true
}

// below goes from a field or repetition to the component the path names.
func (p Path) below(v Value) Value {
	if p.component > 0 {
		v = v.Component(int(p.component))
	}
	if p.subcomponent > 0 {
		v = v.Subcomponent(int(p.subcomponent))
	}
	return v
}

func (f filter) matches(repetition Value) bool {
	v := repetition.Component(int(f.component))
	if f.subcomponent > 0 {
		v = v.Subcomponent(int(f.subcomponent))
	}
	s, err := v.Text()
	return err == nil && s == f.value
}

func (f filter) first(field Value) (Value, bool) {
	for r := range field.Repetitions() {
		if f.matches(r) {
			return r, true
		}
	}
	return Value{}, false
}

// nowhere is the absent value of a condition that no repetition answers; it
// would be a further repetition, whose number is not known: 0.
func (p Path) nowhere(field Value) Value {
	field.start, field.level = field.end, levelRepetition
	field.component, field.subcomponent = p.component, p.subcomponent
	return field
}

// missing is the absent value in a segment that is not there: it would be at
// the end of the message.
func (t *text) missing(p Path, occurrence uint32) Value {
	end := uint32(len(t.data))
	v := Value{
		t: t, start: end, end: end, segment: -1, name: p.name, occurrence: occurrence,
		field: p.field, component: p.component, subcomponent: p.subcomponent,
	}
	if p.repetition != every {
		v.repetition = p.repetition
	}
	switch {
	case p.subcomponent > 0:
		v.level = levelSubcomponent
	case p.component > 0:
		v.level = levelComponent
	case p.repetition > 0 || p.filter.value != "":
		v.level = levelRepetition
	case p.field > 0:
		v.level = levelField
	}
	return v
}

func (t *text) segmentValue(i int) Value {
	s := &t.segs[i]
	return Value{t: t, start: s.start, end: s.end, name: s.name, occurrence: s.occurrence, segment: int32(i)}
}
