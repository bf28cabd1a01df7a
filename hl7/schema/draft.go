package schema

import (
	"cmp"
	"fmt"
	"slices"
)

// A Draft makes the definitions of a profile out of those of a version: a
// national extension tightens usages, cardinalities and tables, replaces types,
// and has segments, tables and structures of its own. Change what its methods
// return, then call [Draft.Version]. A Draft is for one goroutine.
type Draft struct {
	v      *Version
	own    map[*TypeDef]*TypeDef // the copies of the types of the version, by what they were copied from
	tables map[string]*Table     // those that were set
	err    error

	room struct { // for tables
		tables []Table
		codes  []Code
		keys   []uint64
		slots  []uint32
	}
}

// A DraftError says what a profile asks for that cannot be.
type DraftError struct {
	Place string // "PID-3", "CX.5", "ADT_A01"

	say [2]string // English, French
}

// Error returns the English sentence.
func (e *DraftError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *DraftError) In(lang string) string {
	if lang == "fr" {
		return fmt.Sprintf("définitions, %s : %s", e.Place, e.say[1])
	}
	return fmt.Sprintf("definitions, %s: %s", e.Place, e.say[0])
}

// Hint says what to do about it.
func (e *DraftError) Hint(lang string) string {
	if lang == "fr" {
		return "corrigez les données du profil"
	}
	return "correct the data of the profile"
}

// spare is room for the types and segments that a profile adds.
const spare = 32

// Draft begins a profile of the version. Everything is copied but tables and
// structures, which are immutable.
func (v *Version) Draft(name string) *Draft {
	d := &Draft{
		v: &Version{
			Name: name, Base: v.Base,
			events: slices.Clone(v.events), structures: slices.Clone(v.structures), tables: slices.Clone(v.tables),
		},
		own: make(map[*TypeDef]*TypeDef, len(v.types)), tables: map[string]*Table{},
	}
	d.v.types, d.v.segments = make([]*TypeDef, 0, len(v.types)+spare), make([]*SegmentDef, 0, len(v.segments)+spare)
	for _, t := range v.types {
		d.own[t] = copyType(t)
		d.v.types = append(d.v.types, d.own[t])
	}
	for _, s := range v.segments {
		d.v.segments = append(d.v.segments, copySegment(s))
	}
	return d
}

func copyType(t *TypeDef) *TypeDef {
	c := *t
	c.Components = slices.Clone(t.Components)
	return &c
}

func copySegment(s *SegmentDef) *SegmentDef {
	c := *s
	c.Fields = slices.Clone(s.Fields)
	return &c
}

func (d *Draft) fail(place, en, fr string) {
	if d.err == nil {
		d.err = &DraftError{place, [2]string{en, fr}}
	}
}

// Segment returns the definition of a segment, a new one without fields if the
// draft has none.
func (d *Draft) Segment(name string) *SegmentDef {
	if s := d.v.Segment(name); s != nil {
		return s
	}
	if packName(name) == 0 {
		d.fail(name, "this is no segment name", "ce n'est pas un nom de segment")
	}
	s := &SegmentDef{Name: name}
	d.v.segments = put(d.v.segments, s, func(s *SegmentDef) string { return s.Name })
	return s
}

// Borrow takes a segment as another version defines it, with the types that it
// has there: the PID of v2.5.1 in messages of v2.3.1. It replaces what the
// draft had under that name.
func (d *Draft) Borrow(from *Version, segment string) *SegmentDef {
	other := from.Segment(segment)
	if other == nil {
		d.fail(segment, from.Name+" has no such segment", from.Name+" n'a pas ce segment")
		return d.Segment(segment)
	}
	s := d.Segment(segment)
	*s = *copySegment(other)
	return s
}

// Field returns the definition of field n of a segment, which must have it.
func (d *Draft) Field(segment string, n int) *FieldDef {
	if s := d.v.Segment(segment); s != nil && s.Field(n) != nil {
		return s.Field(n)
	}
	d.fail(fmt.Sprintf("%s-%d", segment, n), "there is no such field", "ce champ n'existe pas")
	return &FieldDef{}
}

// Type returns the definition of a data type, a new one without components if
// the draft has none. What changes in it changes wherever the type is used;
// [Draft.Variant] is for one place.
func (d *Draft) Type(name string) *TypeDef {
	if t := d.v.Type(name); t != nil {
		return t
	}
	t := &TypeDef{Name: name}
	d.addType(t)
	return t
}

func (d *Draft) addType(t *TypeDef) {
	d.v.types = put(d.v.types, t, func(t *TypeDef) string { return t.Name })
}

// Variant returns a copy of a type under a name of its own, such as "CX-INS",
// to be constrained and given to single fields. It keeps the name in [TypeDef]
// of no other type: asking twice returns the same.
func (d *Draft) Variant(of, name string) *TypeDef {
	if t := d.v.Type(name); t != nil {
		return t
	}
	t := copyType(d.Type(of))
	t.Name = name
	d.addType(t)
	return t
}

// Table sets a table. It takes the place of the one of that number wherever
// that is used.
func (d *Draft) Table(t *Table) {
	d.tables[t.Number] = t
	d.v.tables = put(d.v.tables, t, func(t *Table) string { return t.Number })
}

// NewTable is the function of that name for tables of the draft, which share
// room: a profile makes a hundred when a program starts, and memory that is
// touched for the first time is what that waits for.
func (d *Draft) NewTable(number, name string, kind TableKind, codes ...Code) *Table {
	t := &take(&d.room.tables, 1, 50)[0]
	*t = Table{Number: number, Name: name, Kind: kind, Codes: take(&d.room.codes, len(codes), 500)}
	copy(t.Codes, codes)
	t.index(take(&d.room.keys, len(codes), 500), take(&d.room.slots, slotsFor(len(codes)), 1000))
	return t
}

// take cuts n elements off the room, and makes more where it is too small.
func take[T any](room *[]T, n, more int) []T {
	if n > len(*room) {
		*room = make([]T, max(n, more))
	}
	taken := (*room)[:n:n]
	*room = (*room)[n:]
	return taken
}

// TableOf returns the table of a number, or nil.
func (d *Draft) TableOf(number string) *Table { return d.v.Table(number) }

// Structure sets a structure; events name it.
func (d *Draft) Structure(s *Structure) {
	d.v.structures = put(d.v.structures, s, func(s *Structure) string { return s.Name })
}

// Event sets the structure of a trigger event.
func (d *Draft) Event(e Event) {
	d.v.events = put(d.v.events, e, func(e Event) string { return e.Trigger })
}

// put puts an element into a list that is sorted by name, in place of the one
// of that name. A profile puts in dozens when a program starts, so lists are
// not sorted anew each time.
func put[T any](list []T, element T, nameOf func(T) string) []T {
	i, found := slices.BinarySearchFunc(list, nameOf(element), func(other T, name string) int {
		return cmp.Compare(nameOf(other), name)
	})
	if found {
		list[i] = element
		return list
	}
	return slices.Insert(list, i, element)
}

// Version returns the profile. It numbers fields and components by their order
// and sets the formats of components by their types, so that neither has to be
// filled in. The draft must not be used any more. The error is a [*DraftError].
func (d *Draft) Version() (*Version, error) {
	for _, t := range d.v.types {
		d.finishType(t)
	}
	for _, s := range d.v.segments {
		s.settle()
		for i := range s.Fields {
			f := &s.Fields[i]
			f.Number, f.Type, f.Table = i+1, d.typeOf(f.Type), d.tableOf(f.Table)
			if f.Type == nil {
				d.fail(fmt.Sprintf("%s-%d", s.Name, f.Number), "the field has no type", "le champ n'a pas de type")
			}
		}
	}
	for _, t := range d.v.types {
		if d.depth(t, 0) > deepest {
			d.fail(t.Name, "its components are nested too deeply", "ses composants sont trop imbriqués")
		}
	}
	for _, e := range d.v.events {
		if d.v.Structure(e.Structure) == nil {
			d.fail(e.Trigger, "its structure "+e.Structure+" is not defined", "sa structure "+e.Structure+" n'est pas définie")
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return d.v, nil
}

func (d *Draft) finishType(t *TypeDef) {
	for i := range t.Components {
		c := &t.Components[i]
		c.Number, c.Type, c.Table = i+1, d.typeOf(c.Type), d.tableOf(c.Table)
		switch {
		case c.Type == nil:
			d.fail(fmt.Sprintf("%s.%d", t.Name, c.Number), "the component has no type", "le composant n'a pas de type")
		case c.Format == FormatPairedTime && c.Type.Name == "ST": // TS.1 of v2.3.1
		case c.Type.Primitive() && c.Type.Format == FormatNone: // a new type that has not been finished yet
			c.Format = formatOf(c.Type.Name)
		default:
			c.Format = c.Type.Format
		}
	}
	if t.Primitive() && t.Format == FormatNone {
		t.Format = formatOf(t.Name)
	}
	t.settle()
}

// typeOf returns the copy of a type of the version, any other type as it is.
func (d *Draft) typeOf(t *TypeDef) *TypeDef {
	if own := d.own[t]; own != nil {
		return own
	}
	return t
}

func (d *Draft) tableOf(t *Table) *Table {
	if t != nil && d.tables[t.Number] != nil {
		return d.tables[t.Number]
	}
	return t
}

// deepest is how many levels of types a component may lead down to. The
// standard needs two: a DR of an XPN has a TS.
const deepest = 4

func (d *Draft) depth(t *TypeDef, above int) int {
	most := above
	for i := range t.Components {
		if most > deepest {
			break
		}
		if c := t.Components[i].Type; c != nil && !c.Primitive() {
			most = max(most, d.depth(c, above+1))
		}
	}
	return most
}
