package hl7

import "bytes"

// A Segment is one segment of a message: a snapshot, which a later change of
// the message does not alter.
type Segment struct {
	t *text
	i int
}

// Name returns what stands before the first field separator: three letters or
// digits, or, in a message with an oddity of [OddSegmentName], anything.
func (s Segment) Name() string {
	raw := s.Raw()
	if n := bytes.IndexByte(raw, s.t.delims.Field); n >= 0 {
		raw = raw[:n]
	}
	return string(raw)
}

// Occurrence returns the number of the segment among those of its name, from 1.
func (s Segment) Occurrence() int { return int(s.t.segs[s.i].occurrence) }

// Index returns the number of the segment in the message, from 0.
func (s Segment) Index() int { return s.i }

// Raw returns the bytes of the segment without its terminator. They must not
// be modified.
func (s Segment) Raw() []byte {
	e := s.t.segs[s.i]
	return s.t.data[e.start:e.end:e.end]
}

// Offset returns the offset in the message of the first byte of the segment.
func (s Segment) Offset() int { return int(s.t.segs[s.i].start) }

// NumFields returns the number of the last field that the segment has, filled
// or not. In MSH the field separator counts as MSH-1.
func (s Segment) NumFields() int { return s.t.numFields(s.i) }

// Field returns field n, from 1, with all its repetitions. It is [Absent] when
// the segment ends before it.
func (s Segment) Field(n int) Value { return s.t.fieldValue(s.i, n) }

// Location returns the place of the segment.
func (s Segment) Location() Location {
	return Location{Segment: s.Name(), Occurrence: s.Occurrence()}
}
