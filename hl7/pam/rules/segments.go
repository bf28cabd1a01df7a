package rules

import "github.com/pamlab/pamlab/hl7"

// segmentTable finds the numbers of segments by their names: in the place that
// the name hashes to, or behind it where others came first. The names are known
// before, few and short; a map would hash byte by byte.
type segmentTable [4 * maxSegments]struct {
	name uint32 // the three letters, packed; 0: a free place
	id   segmentID
}

func newSegmentTable(names []string) *segmentTable {
	t := &segmentTable{}
	for i, name := range names {
		at := t.place(packed(name))
		at.name, at.id = packed(name), segmentID(i)
	}
	return t
}

// place is where a name stands, or the free place where it would.
func (t *segmentTable) place(name uint32) *struct {
	name uint32
	id   segmentID
} {
	for i := name * 2654435761 >> 23; ; i++ {
		if at := &t[i%uint32(len(t))]; at.name == name || at.name == 0 {
			return at
		}
	}
}

// find returns the number of a packed name, noSegment for one that nobody
// speaks of.
func (t *segmentTable) find(name uint32) segmentID {
	if at := t.place(name); at.name != 0 {
		return at.id
	}
	return noSegment
}

// packed is the first three bytes of a name.
func packed[T string | []byte](name T) uint32 {
	return uint32(name[0]) | uint32(name[1])<<8 | uint32(name[2])<<16
}

// firstSegment returns the first segment of a name.
func (s *scope) firstSegment(name string) (hl7.Segment, bool) {
	id := s.plan.ids.find(packed(name))
	if id == noSegment || s.first[id] < 0 {
		return hl7.Segment{}, false
	}
	return s.m.Segment(int(s.first[id])), true
}

// field returns field n of the first segment of a name, by which Go checks read.
func (s *scope) field(name string, n int) hl7.Value {
	seg, ok := s.firstSegment(name)
	if !ok {
		return hl7.Value{}
	}
	return seg.Field(n)
}

// raw is the bytes of [scope.field].
func (s *scope) raw(name string, n int) []byte {
	seg, ok := s.firstSegment(name)
	if !ok {
		return nil
	}
	return seg.FieldRaw(n)
}

// firstOfList is the first repetition of a field.
func (s *scope) firstOfList(name string, n int) []byte {
	first, _, _ := cut(s.raw(name, n), s.delims.repetition)
	return first
}

// own is the bytes of a field of the segment that the rule is being run for.
func (s *scope) own(n int) []byte { return s.m.Segment(s.segment).FieldRaw(n) }

// code is the first part of a field of the first segment of a name.
func (s *scope) code(name string, n int) []byte { return s.codeOf(s.raw(name, n)) }

// codeOf is [leaf] for bytes: a single one stands for itself.
func (s *scope) codeOf(raw []byte) []byte {
	if len(raw) <= 1 {
		return raw
	}
	return s.leaf(raw)
}

// filled says by bits which of the fields 1 to 63 of a segment are present, and
// which are present or null.
type filled struct{ present, some uint64 }

// filledOf also says which of them have any bytes at all.
func filledOf(seg hl7.Segment) (has filled, written uint64) {
	present, null, written := seg.States()
	return filled{present, present | null}, written
}

// tabled is the number of the first field that [filled] knows nothing of.
const tabled = 64
