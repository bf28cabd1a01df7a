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
	return segmentName(raw)
}

// segmentNames are those of movements and of their answers, the frequent ones
// first.
var segmentNames = [...]string{
	"MSH", "EVN", "PID", "PV1", "ZBE", "PV2", "PD1", "ROL", "ZFP", "ZFV", "ZFD", "ZFM", "MRG", "NK1", "OBX", "ACC", "ZFA", "MSA", "ERR",
}

// segmentName is the name as a string, of which the usual ones are not made
// anew for each message.
func segmentName(raw []byte) string {
	for _, name := range &segmentNames {
		if string(raw) == name {
			return name
		}
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

// FieldRaw returns the bytes of field n, those of Field(n).Raw(), for who looks
// at many fields and needs none of their places.
func (s Segment) FieldRaw(n int) []byte {
	start, end, _ := s.t.field(s.i, n)
	return s.t.data[start:end:end]
}

// States says of the fields 1 to 63, by a bit each, which are [Present], which are
// [Null], and which have any bytes: those two, and what is nothing but delimiters.
// One pass over the segment serves all who only want to know whether something is
// there.
func (s Segment) States() (present, null, written uint64) {
	seps, first := s.t.separators(s.i), 1
	if s.i == 0 { // MSH-1 is the separator itself
		present, written, first = 1<<1, 1<<1, 2
	}
	end := s.t.segs[s.i].end
	for k := min(len(seps), 64-first) - 1; k >= 0; k-- {
		start, n := seps[k]+1, k+first
		if k+1 < len(seps) {
			end = seps[k+1]
		}
		if start == end {
			continue
		}
		written |= 1 << n
		if c := s.t.data[start]; isAlnum(c) || c >= 0x80 { // neither a delimiter nor a quotation mark
			present |= 1 << n
			continue
		}
		switch s.Field(n).State() {
		case Present:
			present |= 1 << n
		case Null:
			null |= 1 << n
		}
	}
	return present, null, written
}

// Location returns the place of the segment.
func (s Segment) Location() Location {
	return Location{Segment: s.Name(), Occurrence: s.Occurrence()}
}
