package schema

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
)

// What a part of a field holds: nothing, the HL7 null, or a value.
const (
	isNull  uint8 = 1
	isValue uint8 = 2
)

// bit marks part n in a set of parts.
func bit(n int) uint64 {
	if n > 64 {
		return 0
	}
	return 1 << (n - 1)
}

// span is a part of the segment.
type span struct{ start, end int }

// oneRepetition walks over a repetition of type t, which is nil when its type
// is not known.
func (w *walk) oneRepetition(t *TypeDef) (value, level uint8) {
	start := w.at
	var first, system span // components 1 and 3
	var filled uint64
	n := 0
	for level < endsRepetition {
		n += w.emptyComponents() + 1
		from := w.at
		var v uint8
		if v, level = w.componentOf(t, n); v == 0 {
			continue
		}
		value |= v
		filled |= bit(n)
		switch n {
		case 1:
			first = span{from, w.at - 1}
		case 3:
			system = span{from, w.at - 1}
		}
	}
	end := w.at - 1
	w.component, w.subcomponent = 0, 0
	if value == 0 || w.fieldDef == nil {
		return value, level
	}
	if t != nil && t.required&^filled != 0 && !(value == isNull && n == 1) {
		w.missingParts(t, filled, end, &w.component)
	}
	if !fits(w.fieldDef.Length, end-start) {
		w.length(w.fieldDef.Length, start, end)
	}
	if w.fieldDef.Table.Closed() && first.end > first.start && t != nil {
		w.fieldTable(t, first, system)
	}
	return value, level
}

// emptyComponents goes past the components that are empty, which most are, and
// says how many there were.
func (w *walk) emptyComponents() int {
	at := w.at
	for at < len(w.text) && w.level[w.text[at]] == endsComponent {
		at++
	}
	n := at - w.at
	w.at = at
	return n
}

// componentOf walks over component n of a value of type t.
func (w *walk) componentOf(t *TypeDef, n int) (value, level uint8) {
	start := w.at
	end, level := w.next()
	switch {
	case level == endsSubcomponent:
	case end == start:
		return 0, level
	case t != nil && n <= len(t.Components) && w.plainComponent(&t.Components[n-1], n, start, end):
		return isValue, level
	}
	w.component = n
	return w.oneComponent(t, start, end, level)
}

// missingParts tells which required components, or sub-components, are empty.
func (w *walk) missingParts(t *TypeDef, filled uint64, at int, number *int) {
	for i := range t.Components {
		if d := &t.Components[i]; d.Usage == Required && filled&bit(i+1) == 0 {
			*number = i + 1
			w.findPart(ComponentMissing, d, at, at)
		}
	}
	*number = 0
}

// oneComponent walks over a component of a value of type t, of which the first
// sub-component ends at end, with a delimiter of a level.
func (w *walk) oneComponent(t *TypeDef, start, end int, ends uint8) (value, level uint8) {
	w.subcomponent = 0
	level = ends
	var d *ComponentDef
	if t != nil && !t.Primitive() {
		d = t.Component(w.component)
	}
	if level != endsSubcomponent {
		return w.wholeComponent(t, d, start, end), level
	}
	var inner *TypeDef // a type with components, or nil
	if d != nil && d.Type != nil && !d.Type.Primitive() {
		inner = d.Type
	}
	var filled uint64
	for from := start; ; end, level = w.next() {
		w.subcomponent++
		if end > from {
			v := isValue
			if inner == nil || !w.plainSub(d, inner, w.subcomponent, from, end) {
				v = w.oneSubcomponent(t, d, inner, from, end)
			}
			value |= v
			filled |= bit(w.subcomponent)
		}
		if from = end + 1; level != endsSubcomponent {
			break
		}
	}
	if value == 0 {
		return 0, level
	}
	if inner != nil && inner.required&^filled != 0 {
		w.missingParts(inner, filled, end, &w.subcomponent)
	}
	w.subcomponent = 0
	w.part(t, d, start, end)
	return value, level
}

// wholeComponent looks at a component that has no sub-components on the wire.
func (w *walk) wholeComponent(t *TypeDef, d *ComponentDef, start, end int) uint8 {
	w.part(t, d, start, end)
	text := w.text[start:end]
	if string(text) == `""` {
		return isNull
	}
	switch {
	case t == nil || d == nil && w.component > 1:
	case d == nil:
		w.value(t.Format, t, nil, nil, start, end)
	case d.Type == nil || d.Type.Primitive():
		w.value(d.Format, d.Type, w.ownTable(d), d, start, end)
	default: // it is the first of its sub-components
		w.inner(d, start, end)
	}
	return isValue
}

// inner looks at the first sub-component of a component that is written
// without the others.
func (w *walk) inner(d *ComponentDef, start, end int) {
	t := d.Type
	if t.required&^1 != 0 {
		w.missingParts(t, 1, end, &w.subcomponent)
	}
	leaf := firstLeaf(&t.Components[0])
	table := leaf.Table
	if d.Table != nil {
		table = d.Table
	}
	if w.component == 1 && w.fieldDef != nil && w.fieldDef.Table != nil && w.fieldDef.Table != d.Table {
		table = nil // see ownTable
	}
	w.value(leaf.Format, leaf.Type, table, leaf, start, end)
}

// firstLeaf goes down to the primitive part that stands for a whole when it is
// written without delimiters: of a DR, its TS.1.
func firstLeaf(d *ComponentDef) *ComponentDef {
	for d.Type != nil && !d.Type.Primitive() {
		d = &d.Type.Components[0]
	}
	return d
}

// oneSubcomponent looks at a sub-component that is not of length zero.
func (w *walk) oneSubcomponent(t *TypeDef, d *ComponentDef, inner *TypeDef, start, end int) uint8 {
	null := string(w.text[start:end]) == `""`
	switch {
	case t == nil || d == nil && !t.Primitive():
	case inner == nil && w.subcomponent > 1, inner != nil && w.subcomponent > len(inner.Components):
		w.find(ComponentUnknown, start, end)
	case null:
	case inner != nil:
		leaf := &inner.Components[w.subcomponent-1]
		w.length(leaf.Length, start, end)
		leaf = firstLeaf(leaf)
		table := leaf.Table
		if w.subcomponent == 1 && d.Table != nil {
			table = d.Table
			if inner.coded {
				table = nil // a further sub-component may name another code system
			}
		}
		w.value(leaf.Format, leaf.Type, table, leaf, start, end)
	case d != nil:
		w.value(d.Format, d.Type, w.ownTable(d), d, start, end)
	default:
		w.value(t.Format, t, nil, nil, start, end)
	}
	if null {
		return isNull
	}
	return isValue
}

// part looks at a component as a whole.
func (w *walk) part(t *TypeDef, d *ComponentDef, start, end int) {
	switch {
	case t == nil || d == nil && t.Primitive() && w.component == 1:
	case d == nil:
		w.find(ComponentUnknown, start, end)
	case d.Usage == NotUsed:
		w.findPart(ComponentNotUsed, d, start, end)
		fallthrough
	default:
		w.length(d.Length, start, end)
	}
}

// ownTable is the table of a component, unless the field has one for its first:
// MSH-3.1 is of table 0361, although HD.1 is of table 0300.
func (w *walk) ownTable(d *ComponentDef) *Table {
	if w.component == 1 && w.fieldDef != nil && w.fieldDef.Table != nil {
		if w.fieldDef.Table != d.Table {
			return nil
		}
	}
	return d.Table
}

// value looks at a primitive value.
func (w *walk) value(f Format, t *TypeDef, table *Table, d *ComponentDef, start, end int) {
	text := w.text[start:end]
	if v := f.judge(text); v != fine {
		w.findType(verdictKinds[v], t, d, start, end)
		return
	}
	if table.Closed() {
		w.member(table, d, start, end)
	}
}

// fieldTable looks at the code of a field whose table is not that of one of
// its components.
func (w *walk) fieldTable(t *TypeDef, first, system span) {
	table := w.fieldDef.Table
	for i := range t.Components {
		if t.Components[i].Table == table {
			return
		}
	}
	if t.coded && system.end > system.start {
		name := string(w.text[system.start:system.end])
		if number, ok := strings.CutPrefix(name, "HL7"); ok {
			name = number
		}
		if name != table.Number {
			return // the code is of another system than the one the field suggests
		}
	}
	for i := first.start; i < first.end; i++ { // its first sub-component
		if w.level[w.text[i]] != inText {
			first.end = i
		}
	}
	if first.end == first.start || w.plainCode(table, first.start, first.end) || string(w.text[first.start:first.end]) == `""` {
		return
	}
	if !t.Primitive() {
		w.component = 1
	}
	w.member(table, t.Component(1), first.start, first.end)
	w.component = 0
}

// member looks for a code in a table.
func (w *walk) member(table *Table, d *ComponentDef, start, end int) {
	kind := NotSuggested
	if table.Kind == HL7Table {
		kind = NotInTable
	}
	text := w.text[start:end]
	if w.c.Skip.Has(kind) || table.Contains(text) || w.spared(table, text) {
		return
	}
	if d := w.m.Delimiters(); d.Escape != 0 && bytes.IndexByte(text, d.Escape) >= 0 {
		if table.Contains([]byte(hl7.Unescape(string(text), d))) {
			return
		}
	}
	if f := w.findPart(kind, d, start, end); f != nil {
		f.Table = table
	}
}

// spared are codes that are right although the tables do not have them: names
// of messages, events and structures that begin with Z are left to sites
// (HL7 v2.5 §2.11), and table 0354 forgot some of the structures of its version.
func (w *walk) spared(table *Table, text []byte) bool {
	switch table.Number {
	case "0003", "0076":
		return text[0] == 'Z'
	case "0354":
		if n := bytes.IndexByte(text, '_'); n >= 0 && n+1 < len(text) && text[n+1] == 'Z' {
			return true
		}
		return w.c.Version != nil && slices.ContainsFunc(w.c.Version.structures, func(s *Structure) bool { return s.Name == string(text) })
	}
	return false
}

// length compares a part with the most characters that it may have.
func (w *walk) length(most, start, end int) {
	if most == 0 || end-start <= most || w.c.Skip.Has(TooLong) {
		return
	}
	text := w.text[start:end]
	if string(text) == `""` { // which asks to delete and is not stored
		return
	}
	if n := w.characters(text); n > most {
		w.bound(TooLong, start, end, most, n)
	}
}

// characters counts the characters that bytes stand for: UTF-8 may need several
// for one, and so do escape sequences.
func (w *walk) characters(text []byte) int {
	n := len(text)
	if charset, err := w.m.Charset(); err == nil && charset == hl7.UTF8 {
		n = utf8.RuneCount(text)
	}
	escape := w.m.Delimiters().Escape
	for i := 0; escape != 0 && i < len(text); i++ {
		if text[i] != escape {
			continue
		}
		for k := i + 1; k < len(text) && k-i <= 8; k++ {
			if text[k] == escape {
				n -= k - i
				i = k
				break
			}
		}
	}
	return n
}
