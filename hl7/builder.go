package hl7

import "strings"

// A Builder writes a message from nothing: segments in order, their fields in
// any order. Values are ER7 text in the standard delimiters, as for
// [Message.Set]. The first mistake is kept and returned at the end, so that
// calls can be chained. A Builder is for one goroutine.
type Builder struct {
	delims   Delimiters
	segments []*SegmentBuilder
	room     []string // where the fields of the segments lie, one after the other
	err      *Error
}

// Of what most messages have, so much is made room for at once.
const (
	commonSegments = 14
	commonFields   = 256
)

// NewBuilder returns a builder of messages with the delimiters d; the zero
// Delimiters are the standard ones.
func NewBuilder(d Delimiters) *Builder {
	if d == (Delimiters{}) {
		d = StandardDelimiters()
	}
	return &Builder{delims: d, segments: make([]*SegmentBuilder, 0, commonSegments), room: make([]string, 0, commonFields)}
}

// A SegmentBuilder writes one segment of the message of a [Builder].
type SegmentBuilder struct {
	b          *Builder
	name       string
	occurrence int
	fields     []string // fields[n-1] is field n, in the builder's delimiters
	start      int      // of fields in the builder's room; -1 when they are elsewhere
}

// Segment begins a segment. MSH-1 and MSH-2 are written by the builder.
func (b *Builder) Segment(name string) *SegmentBuilder {
	s := &SegmentBuilder{b: b, name: name, occurrence: 1, start: len(b.room)}
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
	for len(repetitions) > 0 && repetitions[len(repetitions)-1] == "" {
		repetitions = repetitions[:len(repetitions)-1]
	}
	switch d := s.b.delims; {
	case len(repetitions) == 0:
		return s.set(n, "")
	case len(repetitions) == 1:
		only, ok := s.repetition(n, repetitions[0], levelField)
		if !ok {
			return s
		}
		return s.set(n, only)
	case d.Repetition == 0:
		s.b.fail(fail(KindDelimiters, -1, sayNoDelimiter, d.EncodingCharacters()).at(s.location(n)))
		return s
	}
	parts := make([]string, len(repetitions))
	for i, r := range repetitions {
		var ok bool
		if parts[i], ok = s.repetition(n, r, levelRepetition); !ok {
			return s
		}
	}
	return s.set(n, strings.Join(parts, string(s.b.delims.Repetition)))
}

// repetition returns a repetition of field n in the builder's delimiters.
func (s *SegmentBuilder) repetition(n int, er7 string, at level) (string, bool) {
	if err := checkER7(er7, at); err != nil {
		s.b.fail(err.at(s.location(n)))
		return "", false
	}
	translated, ok := translate(er7, StandardDelimiters(), s.b.delims)
	if !ok {
		s.b.fail(fail(KindDelimiters, -1, sayNoDelimiter, s.b.delims.EncodingCharacters()).at(s.location(n)))
	}
	return translated, ok
}

func (s *SegmentBuilder) location(n int) Location {
	return Location{Segment: s.name, Occurrence: s.occurrence, Field: n}
}

// Text sets field n to a text, which is escaped as needed.
func (s *SegmentBuilder) Text(n int, text string) *SegmentBuilder {
	return s.set(n, Escape(text, s.b.delims))
}

func (s *SegmentBuilder) set(n int, er7 string) *SegmentBuilder {
	switch {
	case n < 1 || n > maxIndex:
		s.b.fail(fail(KindBadPath, -1, sayFieldNumber, n, maxIndex).at(Location{Segment: s.name, Occurrence: s.occurrence}))
		return s
	case s.name == "MSH" && n <= 2:
		s.b.fail(fail(KindDelimiters, -1, sayProtected).at(s.location(n)))
		return s
	}
	if n > len(s.fields) {
		if er7 == "" {
			return s // as a field that nobody sets
		}
		s.extend(n)
	}
	s.fields[n-1] = er7
	return s
}

// extend makes room for n fields: in the builder's, as long as nobody else's
// fields have come behind, or else anew.
func (s *SegmentBuilder) extend(n int) {
	room := s.b.room
	if s.start >= 0 && s.start+len(s.fields) == len(room) && s.start+n <= cap(room) {
		s.b.room = room[:s.start+n]
		s.fields = s.b.room[s.start:]
		return
	}
	s.start = -1
	s.fields = append(make([]string, 0, n+n/2), s.fields...)[:n]
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
	out := make([]byte, 0, b.size())
	for _, s := range b.segments {
		var err *Error
		if out, err = s.appendTo(out, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// size is how many bytes the message has, or a few more.
func (b *Builder) size() int {
	n := 0
	for _, s := range b.segments {
		n += len(s.name) + len("^~\\&|") + len(s.fields) + 1
		for _, f := range s.fields {
			n += len(f)
		}
	}
	return n
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
