package hl7

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"time"
)

// State tells the three states of an HL7 value apart (HL7 v2.5 §2.5.3).
type State uint8

const (
	Absent  State = iota // nothing there: no change to what the receiver has stored
	Null                 // the two quotation marks "": delete what is stored
	Present              // anything else
)

// String returns "absent", "null" or "present".
func (s State) String() string {
	return [...]string{"absent", "null", "present"}[min(s, Present)]
}

// A Value is a place in a message and the bytes found there. A place that the
// message does not have gives an [Absent] value, which still knows its location
// and the offset where it would be. The zero Value is absent.
type Value struct {
	t          *text
	start, end uint32
	level      level
	segment    int32 // its index; -1 when it is not there

	// The location, in fewer bytes than a Location.
	name, occurrence        uint32
	field, repetition       uint32
	component, subcomponent uint32
}

// State says whether the value is absent, the HL7 null "" or present. A value
// that consists of nothing but delimiters ("^^") is absent: it carries nothing.
func (v Value) State() State {
	raw := v.Raw()
	switch {
	case v.literal():
		return Present
	case string(raw) == `""`:
		return Null
	}
	for _, c := range raw {
		if !v.separates(c) {
			return Present
		}
	}
	return Absent
}

// separates says whether c structures this value rather than being part of it.
func (v Value) separates(c byte) bool {
	if c == 0 {
		return false
	}
	d := v.t.delims
	switch v.level {
	case levelField:
		return c == d.Repetition || c == d.Component || c == d.Subcomponent
	case levelRepetition:
		return c == d.Component || c == d.Subcomponent
	case levelComponent:
		return c == d.Subcomponent
	}
	return false
}

// literal is true for MSH-1 and MSH-2, whose delimiters do not delimit.
func (v Value) literal() bool {
	return v.t != nil && v.segment == 0 && (v.field == 1 || v.field == 2) && v.start < v.end
}

// Raw returns the bytes as they are on the wire. They must not be modified.
func (v Value) Raw() []byte {
	if v.t == nil {
		return nil
	}
	return v.t.data[v.start:v.end:v.end]
}

// Offset returns the offset in the message of the first byte of the value, or,
// when it is absent, of the place where it would be.
func (v Value) Offset() int { return int(v.start) }

// Location returns the place, as far down as the value was asked for.
func (v Value) Location() Location {
	if v.t == nil {
		return Location{}
	}
	l := Location{
		Occurrence: int(v.occurrence), Field: int(v.field), Repetition: int(v.repetition),
		Component: int(v.component), Subcomponent: int(v.subcomponent),
	}
	switch {
	case v.name != 0:
		l.Segment = unpackName(v.name)
	case v.segment >= 0:
		l.Segment = Segment{v.t, int(v.segment)}.Name()
	}
	return l
}

// Text returns the value as text, decoded from the character set of the
// message. A value without inner structure is unescaped. A composite, one that
// contains delimiters of a lower level, is returned as ER7 text in the standard
// delimiters, its escape sequences left alone.
//
// The error is an [*Error] of [KindUndecodable] or [KindUnknownCharset] that
// says which byte.
func (v Value) Text() (string, error) {
	raw := v.Raw()
	if len(raw) == 0 {
		return "", nil
	}
	d := v.t.delims
	composite := v.level == levelSegment || hasLower(raw, v.level, d)
	if v.literal() {
		return string(raw), nil
	}
	if !composite && d.Escape != 0 && bytes.IndexByte(raw, d.Escape) >= 0 {
		raw = appendUnescaped(make([]byte, 0, len(raw)), raw, d, anyHex)
	}
	s, err := v.decode(raw)
	if err != nil {
		return "", err
	}
	if composite && d != StandardDelimiters() {
		return v.standardise(s), nil
	}
	return s, nil
}

// standardise rewrites the text of a composite in the standard delimiters. They
// can write everything, so that the translation does not fail.
func (v Value) standardise(s string) string {
	d, standard := v.t.delims, StandardDelimiters()
	head := ""
	if v.level == levelSegment && v.segment == 0 { // MSH-1 and MSH-2 declare, they do not separate
		head = "MSH|" + standard.EncodingCharacters()
		s = s[len("MSH|")+len(d.EncodingCharacters()):]
	}
	s, _ = translate(s, d, standard)
	return head + s
}

// decode decodes raw, which is v.Raw() or what unescaping made of it. Fields of
// pure ASCII can be read whatever MSH-18 says: every set that MLLP can carry
// contains it.
func (v Value) decode(raw []byte) (string, error) {
	if isASCII(raw) {
		return string(raw), nil
	}
	c, unknown := v.t.charset()
	if unknown != nil {
		return "", unknown
	}
	s, err := c.Decode(raw)
	if err == nil {
		return s, nil
	}
	if n := c.invalid(v.Raw()); n >= 0 {
		return "", v.t.undecodable(c, v.start+uint32(n))
	}
	// The bytes come from an escape sequence \Xhh\.
	if e, ok := errors.AsType[*Error](err); ok {
		e.Offset = int(v.start) + max(0, bytes.Index(v.Raw(), []byte{v.t.delims.Escape, 'X'}))
		e.Location = v.t.locate(e.Offset)
	}
	return "", err
}

// String returns the text for people to see. Where [Value.Text] would fail it
// returns the bytes in the quoted form of Go, so that nothing gets lost.
func (v Value) String() string {
	s, err := v.Text()
	if err != nil {
		return fmt.Sprintf("%+q", v.Raw())
	}
	return s
}

// Time reads the value as a date and time ([ParseTime]). Of a TS of several
// components it reads the first. The error has the location of the value.
func (v Value) Time(loc *time.Location) (Time, error) {
	leaf := v.Subcomponent(1)
	t, err := ParseTime(leaf.String(), loc)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Offset, e.Location = v.Offset(), v.Location()
	}
	return t, err
}

// Repetitions iterates over the repetitions of a field: none when the field is
// empty, one when there is no repetition separator. A value of a lower level
// is its own only repetition.
func (v Value) Repetitions() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.level > levelRepetition && v.start < v.end || v.level == levelRepetition {
			yield(v)
			return
		}
		if v.level != levelField || v.start == v.end {
			return
		}
		delim := v.t.delims.Repetition
		if v.literal() {
			delim = 0
		}
		r := v
		r.level = levelRepetition
		for r.repetition = 1; ; r.repetition++ {
			r.end = v.end
			if n := indexDelimiter(v.t.data[r.start:v.end], delim); n >= 0 {
				r.end = r.start + uint32(n)
			}
			if !yield(r) || r.end == v.end {
				return
			}
			r.start = r.end + 1
		}
	}
}

// Repetition returns repetition n of a field, from 1.
func (v Value) Repetition(n int) Value { return v.descend(levelRepetition, n) }

// Component returns component n, from 1; of a field, that of its first
// repetition.
func (v Value) Component(n int) Value {
	if v.level < levelRepetition {
		v = v.Repetition(1)
	}
	return v.descend(levelComponent, n)
}

// Subcomponent returns sub-component n, from 1; of a field or repetition, that
// of its first component.
func (v Value) Subcomponent(n int) Value {
	if v.level < levelComponent {
		v = v.Component(1)
	}
	return v.descend(levelSubcomponent, n)
}

// descend goes one level down, to part n. Where a value is already that deep,
// it is the first part of itself, as HL7 has it for components added by later
// versions.
func (v Value) descend(to level, n int) Value {
	if v.t == nil || v.level == levelSegment {
		return Value{}
	}
	if v.level >= to {
		if n != 1 {
			v.start = v.end
		}
		return v
	}
	v.level = to
	v.mark(to, n)
	delim := v.t.delims.at(to)
	if v.literal() {
		delim = 0
	}
	start, end, missing := nth(v.t.data[v.start:v.end], delim, n)
	v.start, v.end = v.start+uint32(start), v.start+uint32(end)
	if missing > 0 {
		v.start = v.end
	}
	return v
}

func (v *Value) mark(at level, n int) {
	number := uint32(max(n, 0))
	switch at {
	case levelRepetition:
		v.repetition = number
	case levelComponent:
		v.component = number
	case levelSubcomponent:
		v.subcomponent = number
	}
}

// fieldValue returns field n of segment i.
func (t *text) fieldValue(i, n int) Value {
	start, end, _ := t.field(i, n)
	s := &t.segs[i]
	return Value{
		t: t, start: start, end: end, level: levelField,
		name: s.name, occurrence: s.occurrence, segment: int32(i), field: uint32(max(n, 0)),
	}
}
