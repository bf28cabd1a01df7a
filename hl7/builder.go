package hl7

import "strings"

// A Builder writes a message from nothing: segments in order, their fields in
// any order. Values are ER7 text in the standard delimiters, as for
// [Message.Set]. The first mistake is kept and returned at the end, so that
// calls can be chained. A Builder is for one goroutine.
type Builder struct {
	delims   Delimiters
	segments []*SegmentBuilder
	err      *Error
}

// NewBuilder returns a builder of messages with the delimiters d; the zero
// Delimiters are the standard ones.
func NewBuilder(d Delimiters) *Builder {
	if d == (Delimiters{}) {
		d = StandardDelimiters()
	}
	return &Builder{delims: d}
}

// A SegmentBuilder writes one segment of the message of a [Builder].
type SegmentBuilder struct {
	b          *Builder
	name       string
	occurrence int
	fields     []string // fields[n-1] is field n, in the builder's delimiters
}

// Segment begins a segment. MSH-1 and MSH-2 are written by the builder.
func (b *Builder) Segment(name string) *SegmentBuilder {
	s := &SegmentBuilder{b: b, name: name, occurrence: 1}
	if !isName(name) {
		b.fail(fail(KindBadValue, -1, saySegmentName, quote(name)))
	}
	for _, other := range b.segments {
		if other.name == name {
			s.occurrence++
		}
	}
	b.segments = append(b.segments, s)
	return s
}

func (b *Builder) fail(err *Error) {
	if b.err == nil {
		b.err = err
	}
}

// Field sets field n, from 1, to its repetitions: each is ER7 text in the
// standard delimiters; one alone may also be the whole field. Empty repetitions
// at the end are left out.
func (s *SegmentBuilder) Field(n int, repetitions ...string) *SegmentBuilder {
	l := Location{Segment: s.name, Occurrence: s.occurrence, Field: n}
	d := s.b.delims
	for len(repetitions) > 0 && repetitions[len(repetitions)-1] == "" {
		repetitions = repetitions[:len(repetitions)-1]
	}
	if len(repetitions) > 1 && d.Repetition == 0 {
		s.b.fail(fail(KindDelimiters, -1, sayNoDelimiter, d.EncodingCharacters()).at(l))
		return s
	}
	parts := make([]string, len(repetitions))
	for i, r := range repetitions {
		at := levelRepetition
		if len(repetitions) == 1 {
			at = levelField
		}
		if err := checkER7(r, at); err != nil {
			s.b.fail(err.at(l))
			return s
		}
		translated, ok := translate(r, StandardDelimiters(), d)
		if !ok {
			s.b.fail(fail(KindDelimiters, -1, sayNoDelimiter, d.EncodingCharacters()).at(l))
			return s
		}
		parts[i] = translated
	}
	return s.set(n, strings.Join(parts, string(d.Repetition)))
}

// Text sets field n to a text, which is escaped as needed.
func (s *SegmentBuilder) Text(n int, text string) *SegmentBuilder {
	return s.set(n, Escape(text, s.b.delims))
}

func (s *SegmentBuilder) set(n int, er7 string) *SegmentBuilder {
	l := Location{Segment: s.name, Occurrence: s.occurrence, Field: n}
	switch {
	case n < 1 || n > maxIndex:
		s.b.fail(fail(KindBadPath, -1, sayFieldNumber, n, maxIndex).at(Location{Segment: s.name, Occurrence: s.occurrence}))
		return s
	case s.name == "MSH" && n <= 2:
		s.b.fail(fail(KindDelimiters, -1, sayProtected).at(l))
		return s
	}
	for len(s.fields) < n {
		s.fields = append(s.fields, "")
	}
	s.fields[n-1] = er7
	return s
}

var sayFieldNumber = phrase{en: "%d is no field number: they go from 1 to %d", fr: "%d n'est pas un numéro de champ : ils vont de 1 à %d"}

// Bytes returns the message in a character set, every segment ended by CR,
// without empty fields at the end of segments. It does not fill MSH-18.
// The error, an [*Error], is the first mistake made, or a character that the
// set does not have.
func (b *Builder) Bytes(c Charset) ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	var out []byte
	for _, s := range b.segments {
		var err *Error
		if out, err = s.appendTo(out, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *SegmentBuilder) appendTo(out []byte, c Charset) ([]byte, *Error) {
	d := s.b.delims
	out = append(out, s.name...)
	first := 0
	if s.name == "MSH" {
		out = append(append(out, d.Field), d.EncodingCharacters()...)
		first = 2
	}
	last := len(s.fields)
	for last > first && s.fields[last-1] == "" {
		last--
	}
	for n := first; n < last; n++ {
		var err *Error
		out = append(out, d.Field)
		if out, err = c.appendText(out, s.fields[n]); err != nil {
			err.Offset = -1
			return nil, err.at(Location{Segment: s.name, Occurrence: s.occurrence, Field: n + 1})
		}
	}
	return append(out, '\r'), nil
}

// Message returns the message; see [Builder.Bytes].
func (b *Builder) Message(c Charset) (*Message, error) {
	data, err := b.Bytes(c)
	if err != nil {
		return nil, err
	}
	return Parse(data)
}
