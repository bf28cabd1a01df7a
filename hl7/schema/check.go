package schema

import (
	"github.com/pamlab/pamlab/hl7"
)

// A Checker holds the fields of segments against their definitions. It is a
// value without state of its own: any number of goroutines may use it.
type Checker struct {
	// Version is where the type that OBX-2 names is looked up, and what MSH-9.3
	// may hold.
	Version *Version
	// Skip are kinds of findings that nobody wants. What is in it is not looked
	// for, so that skipping TooLong, for instance, also saves the counting.
	Skip Kinds
}

// Segment holds segment i of a message against its definition and appends what
// it finds to dst. It allocates only when dst has to grow.
//
// The HL7 null "" asks to delete what is stored: it has no format and is in no
// table, but it is no value either where one is required. What holds nothing
// but delimiters is empty.
func (c Checker) Segment(dst []Finding, m *hl7.Message, i int, def *SegmentDef) []Finding {
	w := walk{c: c, m: m, index: i, def: def, out: dst, room: len(dst) + limit}
	w.prepare()
	w.fields()
	return w.out
}

// Message holds every segment of the message that the version defines against
// its definition. Segments without one, Z segments for instance, are passed
// over.
func (c Checker) Message(dst []Finding, m *hl7.Message) []Finding {
	return c.Segments(dst, m, func(i int) *SegmentDef { return c.DefinitionOf(m.Segment(i)) })
}

// Segments is Message for who knows the definition of each segment; that of one
// to be passed over is nil.
func (c Checker) Segments(dst []Finding, m *hl7.Message, definition func(i int) *SegmentDef) []Finding {
	w := walk{c: c, m: m, out: dst, room: len(dst) + limit}
	w.prepare()
	for w.index = range m.NumSegments() {
		if w.def = definition(w.index); w.def != nil {
			w.fields()
		}
	}
	return w.out
}

// DefinitionOf finds the definition of a segment by the three bytes that it
// begins with. It is nil when the version has none.
func (c Checker) DefinitionOf(s hl7.Segment) *SegmentDef {
	raw := s.Raw()
	if len(raw) < 3 {
		return nil
	}
	return c.Version.segment(raw[:3])
}

// segment is Segment for the three bytes that a segment begins with.
func (v *Version) segment(name []byte) *SegmentDef {
	v.once.Do(v.indexSegments)
	key := uint64(name[0])<<56 | uint64(name[1])<<48 | uint64(name[2])<<40
	if i := v.index.first(key); i < len(v.segments) && len(v.segments[i].Name) == 3 {
		return v.segments[i]
	}
	return nil
}

// indexSegments makes a table of the names of the segments.
func (v *Version) indexSegments() {
	names := make([]Code, len(v.segments))
	for i, s := range v.segments {
		names[i].Value = s.Name
	}
	v.index = *NewTable("", "", UserTable, names...)
}

// The levels of delimiters, from the lowest. What ends with one of a level ends
// everything below.
const (
	inText uint8 = iota
	endsSubcomponent
	endsComponent
	endsRepetition
	endsField
)

// walk goes over a segment once, from delimiter to delimiter, and looks at each
// value when it has come to its end. The numbers say where it is.
type walk struct {
	c     Checker
	m     *hl7.Message
	index int
	def   *SegmentDef
	out   []Finding
	room  int // how long out may get

	separator byte       // of fields
	level     [256]uint8 // of each byte that is a delimiter
	marks     marks      // the delimiters
	data      []byte     // the message
	text      []byte     // the segment, with a capacity that goes on to the end of the message
	at        int        // where in it the next value begins

	fieldDef                                   *FieldDef
	field, repetition, component, subcomponent int
}

func (w *walk) prepare() {
	d := w.m.Delimiters()
	w.level[d.Subcomponent], w.level[d.Component], w.level[d.Repetition] = endsSubcomponent, endsComponent, endsRepetition
	w.level[0] = inText // a delimiter that the message does not have
	w.separator, w.level[d.Field] = d.Field, endsField
	for i, c := range [...]byte{d.Field, d.Component, d.Repetition, d.Subcomponent} {
		w.marks.set(i, c, d.Field)
	}
	data := w.m.Bytes()
	w.data = data[:len(data):len(data)]
}

// fields walks over one segment.
func (w *walk) fields() {
	s := w.m.Segment(w.index)
	w.text = w.data[s.Offset():][:len(s.Raw())]
	n := 1
	w.at = w.behindSeparator(0)
	if w.index == 0 { // MSH-1 and MSH-2 declare delimiters and were read by the parser
		n = 3
		w.at = w.behindSeparator(w.at)
	}
	for n = w.emptyFields(n); w.at < len(w.text); n = w.emptyFields(n + 1) {
		if w.field, w.fieldDef = n, w.def.Field(n); w.fieldDef == nil || !w.plainField(w.fieldDef) {
			w.oneField()
		}
	}
	for ; n <= w.def.lastRequired; n++ {
		w.field, w.fieldDef = n, w.def.Field(n)
		w.emptyField(len(w.text))
	}
}

// behindSeparator returns where the field after the one at a place begins.
func (w *walk) behindSeparator(at int) int {
	for at < len(w.text) && w.level[w.text[at]] != endsField {
		at++
	}
	return at + 1
}

// emptyFields goes past the fields from number n on that are empty, which most
// are, and returns the number of the next.
func (w *walk) emptyFields(n int) int {
	text, at, last := w.text, w.at, w.def.lastRequired
	for ; n <= last && at < len(text) && text[at] == w.separator; n++ {
		if w.def.Fields[n-1].Usage == Required {
			w.field, w.fieldDef = n, &w.def.Fields[n-1]
			w.emptyField(at)
		}
		at++
	}
	for ; n > last && at < len(text) && text[at] == w.separator; n++ {
		at++
	}
	w.at = at
	return n
}

func (w *walk) emptyField(at int) {
	if w.fieldDef != nil && w.fieldDef.Usage == Required {
		w.repetition, w.component, w.subcomponent = 0, 0, 0
		w.find(FieldMissing, at, at)
	}
}

// oneField walks over a field that is not of length zero.
func (w *walk) oneField() {
	start, count, values := w.at, 0, uint8(0)
	t := w.fieldType()
	for level := uint8(0); level < endsField; {
		w.repetition++
		var value uint8
		if value, level = w.oneRepetition(t); value != 0 {
			values |= value
			count = w.repetition // empty ones at the end do not count
		}
	}
	end := w.at - 1
	w.repetition, w.component, w.subcomponent = 0, 0, 0
	switch {
	case values == 0:
		w.emptyField(start)
		return
	case w.fieldDef == nil:
		w.find(FieldUnknown, start, end)
		return
	}
	w.judgeField(start, end, count, values)
}

// judgeField looks at a field as a whole.
func (w *walk) judgeField(start, end, count int, values uint8) {
	d := w.fieldDef
	switch d.Usage {
	case Required:
		if values == isNull {
			w.find(FieldNull, start, end)
		}
	case NotUsed:
		w.find(FieldNotUsed, start, end)
	case Withdrawn:
		w.find(FieldWithdrawn, start, end)
	case Backward:
		w.find(FieldDeprecated, start, end)
	}
	if count > d.Max && d.Max > 0 {
		w.bound(FieldRepeated, start, end, d.Max, count)
	}
	if count < d.Min && values == isValue {
		w.bound(FieldTooFew, start, end, d.Min, count)
	}
}

// fieldType is the type of the values of the field, nil when it is not known.
func (w *walk) fieldType() *TypeDef {
	d := w.fieldDef
	switch {
	case d == nil || d.Type == nil:
		return nil
	case d.Type.Format == FormatVaries:
		return w.announcedType()
	}
	return d.Type
}

// announcedType is the type that OBX-2 names.
func (w *walk) announcedType() *TypeDef {
	name := w.m.Segment(w.index).Field(2).Raw()
	if len(name) == 0 || w.c.Version == nil {
		return nil
	}
	if t := w.c.Version.Type(string(name)); t != nil {
		return t
	}
	return primitiveType(string(name))
}
