package profile

import (
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// hl7Source is the source of what HL7 itself says.
func hl7Source(v *schema.Version) string {
	switch v.Base { // without allocating, for those that there are
	case "2.3.1":
		return "HL7 v2.3.1"
	case "2.5":
		return "HL7 v2.5"
	case "2.5.1":
		return "HL7 v2.5.1"
	}
	return "HL7 v" + v.Base
}

func text(fr, en string) pam.Text { return pam.Text{FR: fr, EN: en} }

// pendingTable is a table that was named before it was defined.
type pendingTable struct {
	*schema.Table
	at   row
	cell int
}

// origin returns what is known about a place, which is HL7's own at first.
func (b *builder) origin(at place) *origin {
	if !b.whole {
		return &b.unread
	}
	o := b.origins[at]
	if o == nil {
		if len(b.slab) == cap(b.slab) {
			b.slab = make([]origin, 0, 100)
		}
		b.slab = append(b.slab, origin{Origin: Origin{Layer: layerHL7, Source: hl7Source(b.base)}})
		o = &b.slab[len(b.slab)-1]
		b.origins[at] = o
	}
	return o
}

// annotates says that the line changes nothing up to its source: it is there
// for the note below it alone, and the definition remains whose it was.
func (b *builder) annotates(source int) bool {
	for i := 1; i <= source; i++ {
		if b.row.cell(i) != same {
			return false
		}
	}
	return true
}

// remember notes where the definition of a place comes from. A line that says
// nothing about source or name leaves those that were there.
func (b *builder) remember(at place, source string, name pam.Text) {
	o := b.origin(at)
	if source == "" {
		source = b.source
	}
	switch {
	case source != "":
	case b.layer == layerHL7:
		source = hl7Source(b.base)
	case b.layer == o.Layer:
		source = o.Source
	}
	o.Layer, o.Source = b.layer, source
	if name.FR != "" {
		o.name.FR = name.FR
	}
	if name.EN != "" {
		o.name.EN = name.EN
	}
	b.note = &o.Note
}

func (b *builder) segmentLine() error {
	name := b.row.text(1)
	b.segment, b.item, b.source = b.d.Segment(name), b.field, b.row.text(2)
	if en := b.row.text(4); en != "" {
		b.segment.Description = en
	}
	if b.source != "" { // otherwise the line opens it only
		b.remember(place{name, 0}, b.source, text(b.row.text(3), b.row.text(4)))
	}
	return nil
}

// field reads number, type, length, usage, cardinality, table, source, names.
func (b *builder) field() error {
	if b.row.cells[0] == "end" {
		return b.end()
	}
	n, err := strconv.Atoi(b.row.cells[0])
	fields := &b.segment.Fields
	switch {
	case err == nil && n == len(*fields)+1 && n < 1000:
		*fields = append(*fields, schema.FieldDef{Max: 1})
	case err != nil || n < 1 || n > len(*fields):
		return b.fail(0, "the number of a field was expected", "on attendait le numéro d'un champ")
	}
	f := &(*fields)[n-1]
	for _, set := range [...]func(*schema.FieldDef) error{b.fieldType, b.fieldLength, b.fieldUsage, b.fieldBounds, b.fieldTable} {
		if err := set(f); err != nil {
			return err
		}
	}
	if en := b.row.text(8); en != "" {
		f.Name = en
	}
	if b.annotates(6) {
		b.note = &b.origin(place{b.segment.Name, n}).Note
		return nil
	}
	b.remember(place{b.segment.Name, n}, b.row.text(6), text(b.row.text(7), b.row.text(8)))
	return nil
}

// end takes away the fields behind one.
func (b *builder) end() error {
	n, err := strconv.Atoi(b.row.text(1))
	if err != nil || n < 0 || n > len(b.segment.Fields) {
		return b.fail(1, "the number of the last field was expected", "on attendait le numéro du dernier champ")
	}
	for i := n + 1; i <= len(b.segment.Fields); i++ {
		delete(b.origins, place{b.segment.Name, i})
	}
	b.segment.Fields = b.segment.Fields[:n]
	return nil
}

func (b *builder) fieldType(f *schema.FieldDef) error {
	t, err := b.typeIn(1, f.Type)
	f.Type = t
	return err
}

func (b *builder) fieldLength(f *schema.FieldDef) (err error) {
	f.Length, err = b.lengthIn(2, f.Length)
	return err
}

func (b *builder) fieldUsage(f *schema.FieldDef) (err error) {
	f.Usage, err = b.usageIn(3, f.Usage)
	return err
}

func (b *builder) fieldBounds(f *schema.FieldDef) error {
	c := b.row.cell(4)
	if c == same {
		return nil
	}
	least, most, ok := strings.Cut(c, "..")
	low, err := strconv.Atoi(least)
	high := schema.Unbounded
	if most != "*" && err == nil {
		high, err = strconv.Atoi(most)
	}
	if !ok || err != nil || low < 0 || high < schema.Unbounded || high != schema.Unbounded && high < low {
		return b.fail(4, "a cardinality such as 0..1 or 1..* was expected", "on attendait une cardinalité, comme 0..1 ou 1..*")
	}
	f.Min, f.Max = low, high
	return nil
}

func (b *builder) fieldTable(f *schema.FieldDef) error {
	f.Table = b.tableIn(5, f.Table)
	return nil
}

// typeIn reads a cell with the name of a data type.
func (b *builder) typeIn(cell int, old *schema.TypeDef) (*schema.TypeDef, error) {
	name := b.row.cell(cell)
	if name == same && old != nil {
		return old, nil
	}
	if b.base.Type(name) == nil && !b.types[name] {
		return nil, b.fail(cell, "there is no data type %q", "il n'y a pas de type « %s »", name)
	}
	return b.d.Type(name), nil
}

func (b *builder) lengthIn(cell, old int) (int, error) {
	switch c := b.row.cell(cell); c {
	case same:
		return old, nil
	case none:
		return 0, nil
	default:
		n, err := strconv.Atoi(c)
		if err != nil || n < 1 {
			return 0, b.fail(cell, "a length was expected", "on attendait une longueur")
		}
		return n, nil
	}
}

func (b *builder) usageIn(cell int, old schema.Usage) (schema.Usage, error) {
	c := b.row.cell(cell)
	if c == same {
		return old, nil
	}
	u, ok := schema.ParseUsage(c)
	if !ok {
		return 0, b.fail(cell, "a usage was expected: R, RE, O, C, CE, B, W or X", "on attendait un usage : R, RE, O, C, CE, B, W ou X")
	}
	return u, nil
}

// tableIn reads a cell with the number of a table, which may be defined later.
func (b *builder) tableIn(cell int, old *schema.Table) *schema.Table {
	number := b.row.cell(cell)
	switch number {
	case same:
		return old
	case none:
		return nil
	}
	if t := b.d.TableOf(number); t != nil {
		return t
	}
	p, ok := b.pending[number]
	if !ok {
		p = pendingTable{&schema.Table{Number: number}, b.row, cell}
		b.pending[number] = p
	}
	return p.Table
}

func (b *builder) typeLine() error {
	name := b.row.text(1)
	if name == "" {
		return b.fail(1, "the name of a data type was expected", "on attendait le nom d'un type")
	}
	b.types[name] = true
	b.openType(b.d.Type(name), 2)
	return nil
}

func (b *builder) variant() error {
	of, name := b.row.text(1), b.row.text(2)
	if b.base.Type(of) == nil && !b.types[of] {
		return b.fail(1, "there is no data type %q", "il n'y a pas de type « %s »", of)
	}
	if name == "" {
		return b.fail(2, "the name of the variant was expected", "on attendait le nom de la variante")
	}
	b.types[name] = true
	if name != of {
		b.p.variant[name] = of
	}
	b.openType(b.d.Variant(of, name), 3)
	return nil
}

func (b *builder) openType(t *schema.TypeDef, source int) {
	b.typ, b.item, b.source = t, b.component, b.row.text(source)
	if en := b.row.text(source + 2); en != "" {
		t.Description = en
	}
	b.remember(place{t.Name, 0}, b.source, text(b.row.text(source+1), b.row.text(source+2)))
}

// component reads number, type, length, usage, table, source, names.
func (b *builder) component() error {
	n, err := strconv.Atoi(b.row.cells[0])
	list := &b.typ.Components
	switch {
	case err == nil && n == len(*list)+1 && n <= 64:
		*list = append(*list, schema.ComponentDef{})
	case err != nil || n < 1 || n > len(*list):
		return b.fail(0, "the number of a component was expected", "on attendait le numéro d'un composant")
	}
	c := &(*list)[n-1]
	if c.Type, err = b.typeIn(1, c.Type); err != nil {
		return err
	}
	if c.Length, err = b.lengthIn(2, c.Length); err != nil {
		return err
	}
	if c.Usage, err = b.usageIn(3, c.Usage); err != nil {
		return err
	}
	c.Table = b.tableIn(4, c.Table)
	if en := b.row.text(7); en != "" {
		c.Name = en
	}
	if b.annotates(5) {
		b.note = &b.origin(place{b.typ.Name, n}).Note
		return nil
	}
	b.remember(place{b.typ.Name, n}, b.row.text(5), text(b.row.text(6), b.row.text(7)))
	return nil
}

// nameLine gives a field, component or segment a French name.
func (b *builder) nameLine() error {
	at := placeOf(b.row.text(1))
	b.origin(at).name.FR = b.row.text(2)
	return nil
}

// names reads a file of name lines.
func (b *builder) names() error {
	if !b.whole {
		return nil
	}
	here, name := b.row, b.row.text(1)
	text, err := b.lib.text(name)
	if err != nil || b.naming {
		return b.fail(1, "there are no names %q", "il n'y a pas de noms « %s »", name)
	}
	b.naming = true
	err = b.file(source{name, text})
	b.row, b.naming = here, false
	return err
}

// placeOf reads PID-32, CX.4 or PID.
func placeOf(name string) place {
	i := strings.LastIndexAny(name, "-.")
	if i < 0 {
		return place{name, 0}
	}
	n, err := strconv.Atoi(name[i+1:])
	if err != nil || n < 1 {
		return place{name, 0}
	}
	return place{name[:i], n}
}

func (b *builder) softenLine() error {
	s := softening{what: b.row.text(2), segments: strings.Fields(b.row.text(3)), at: b.row}
	switch s.what {
	case softMissing, softPresent, softUnknown:
		s.name = b.row.text(1)
		s.place = placeOf(s.name)
	default:
		return b.fail(2, "missing, present or unknown was expected", "on attendait missing, present ou unknown")
	}
	b.soften = append(b.soften, s)
	return nil
}
