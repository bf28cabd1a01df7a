package main

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// writer writes the Go source of one version after the other.
type writer struct {
	bytes.Buffer
	known  map[string]string // literal -> the variable that holds it, of any version
	vars   map[string]string // "type CX" -> its variable in this version
	suffix string
}

// suffix makes a version part of a Go name: "2.3.1" becomes "231".
func suffix(version string) string { return strings.ReplaceAll(version, ".", "") }

func (w *writer) file(f *file) error {
	w.vars, w.suffix = map[string]string{}, suffix(f.version)
	fmt.Fprintf(w, "// Code generated from data/%s.txt by internal/gen; DO NOT EDIT.\n\npackage schema\n\n", f.version)
	for _, e := range f.tables {
		w.table(e)
	}
	if err := w.types(f.types); err != nil {
		return err
	}
	for _, e := range f.segments {
		if err := w.segment(e); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "var version%s = Version{\nName: %q,\nBase: %q,\nevents: []Event{\n", w.suffix, f.version, f.version)
	for _, e := range f.events {
		fmt.Fprintf(w, "{%q, %q, %q},\n", e.cells[0], e.cells[1], e.cells[2])
	}
	fmt.Fprintf(w, "},\nstructures: []*Structure{\n")
	for _, e := range f.structures {
		fmt.Fprintf(w, "{Name: %q, Notation: %q},\n", e.cells[0], e.cells[1])
	}
	w.list("segments", "SegmentDef", "segment", f.segments)
	w.list("types", "TypeDef", "type", f.types)
	w.list("tables", "Table", "table", f.tables)
	fmt.Fprintf(w, "},\n}\n")
	return nil
}

// list writes a field of Version that lists the variables of one kind by name.
func (w *writer) list(field, goType, kind string, entries []entry) {
	fmt.Fprintf(w, "},\n%s: []*%s{\n", field, goType)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.name()
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(w, "&%s,\n", w.vars[kind+" "+name])
	}
}

// define writes a variable, or finds the one of an earlier version that holds
// the same.
func (w *writer) define(kind, name, goType, literal string) {
	v, ok := w.known[goType+literal]
	if !ok {
		v = fmt.Sprintf("%s%s_%s", kind, name, w.suffix)
		w.known[goType+literal] = v
		fmt.Fprintf(w, "var %s = %s{%s}\n\n", v, goType, literal)
	}
	w.vars[kind+" "+name] = v
}

func (w *writer) table(e entry) {
	var b strings.Builder
	kind := map[string]string{"HL7": "HL7Table", "User": "UserTable"}[e.cells[1]]
	fmt.Fprintf(&b, "Number: %q, Name: %q, Kind: %s", e.name(), e.cells[2], kind)
	if len(e.cells) == 4 {
		b.WriteString(", Omitted: true")
	}
	rows := slices.Clone(e.rows)
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	patterned := false
	if len(rows) > 0 {
		b.WriteString(",\nCodes: []Code{\n")
		for _, r := range rows {
			fmt.Fprintf(&b, "{%q, %q},\n", r[0], strings.TrimPrefix(r[1], "-"))
			patterned = patterned || isPattern(r[0])
		}
		b.WriteString("},\nkeys: []uint64{\n")
		for _, r := range rows {
			fmt.Fprintf(&b, "0x%016x,\n", packCode(r[0]))
		}
		b.WriteString("},\nslots: []uint32{")
		for _, slot := range slotsOf(rows) {
			fmt.Fprintf(&b, "%d,", slot)
		}
		b.WriteString("}")
		if len(e.cells) < 4 && rows[len(rows)-1][0] != "…" {
			b.WriteString(",\nclosed: true")
		}
	}
	if patterned {
		b.WriteString(",\npatterns: []uint32{")
		for i, r := range rows {
			if mayCover(r[0]) {
				fmt.Fprintf(&b, "%d,", i)
			}
		}
		b.WriteString("}")
	}
	w.define("table", e.name(), "Table", b.String())
}

// types writes the types, each after those its components have.
func (w *writer) types(entries []entry) error {
	for done := 0; len(entries) > 0; done = 0 {
		var later []entry
		for _, e := range entries {
			if w.ready(e) {
				if err := w.typeDef(e); err != nil {
					return err
				}
				done++
				continue
			}
			later = append(later, e)
		}
		if done == 0 {
			return fmt.Errorf("type %s has a component of an unknown type, or types contain each other", entries[0].name())
		}
		entries = later
	}
	return nil
}

func (w *writer) ready(e entry) bool {
	return !slices.ContainsFunc(e.rows, func(r []string) bool { return w.vars["type "+r[1]] == "" })
}

func (w *writer) typeDef(e entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Name: %q, Description: %q", e.name(), e.cells[1])
	required := uint64(0)
	if len(e.rows) == 0 {
		fmt.Fprintf(&b, ", Format: %s", formatName(e.name()))
	} else {
		b.WriteString(",\nComponents: []ComponentDef{\n")
	}
	for i, r := range e.rows {
		number, typ, length, usage, table, name := r[0], r[1], r[2], r[3], r[4], r[5]
		if number != fmt.Sprint(i+1) {
			return fmt.Errorf("type %s: component %s stands in place %d", e.name(), number, i+1)
		}
		if usage == "R" {
			required |= 1 << i
		}
		fmt.Fprintf(&b, "{Number: %s, Name: %q, Type: &%s%s%s", number, name, w.vars["type "+typ], lengthOf(length), usageOf(usage))
		if err := w.tableOf(&b, table); err != nil {
			return err
		}
		if w.vars["primitive "+typ] != "" {
			f := formatName(typ)
			if e.name() == "TS" && i == 0 && typ == "ST" {
				f = "FormatPairedTime" // v2.3.1 calls it a string
			}
			fmt.Fprintf(&b, ", Format: %s", f)
		}
		b.WriteString("},\n")
	}
	if len(e.rows) > 0 {
		b.WriteString("}")
	} else {
		w.vars["primitive "+e.name()] = "yes"
	}
	if required != 0 {
		fmt.Fprintf(&b, ", required: %#x", required)
	}
	if e.name() == "CE" || e.name() == "CWE" || e.name() == "CNE" {
		b.WriteString(", coded: true")
	}
	w.define("type", e.name(), "TypeDef", b.String())
	return nil
}

func (w *writer) segment(e entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Name: %q, Description: %q,\nFields: []FieldDef{\n", e.name(), e.cells[1])
	last := 0
	for i, r := range e.rows {
		number, typ, length, usage, table, item, name := r[0], r[1], r[2], r[3], r[5], r[6], r[7]
		if number != fmt.Sprint(i+1) || w.vars["type "+typ] == "" {
			return fmt.Errorf("segment %s: field %s stands in place %d or has the unknown type %s", e.name(), number, i+1, typ)
		}
		least, most, _ := strings.Cut(r[4], "..")
		if most == "*" {
			most = "Unbounded"
		}
		fmt.Fprintf(&b, "{Number: %s, Name: %q, Type: &%s%s%s", number, name, w.vars["type "+typ], lengthOf(length), usageOf(usage))
		fmt.Fprintf(&b, ", Min: %s, Max: %s", least, most)
		if usage == "R" {
			last = i + 1
		}
		if err := w.tableOf(&b, table); err != nil {
			return err
		}
		if item != "-" {
			fmt.Fprintf(&b, ", Item: %s", item)
		}
		b.WriteString("},\n")
	}
	fmt.Fprintf(&b, "},\nlastRequired: %d", last)
	w.define("segment", e.name(), "SegmentDef", b.String())
	return nil
}

func (w *writer) tableOf(b *strings.Builder, number string) error {
	if number == "-" {
		return nil
	}
	v := w.vars["table "+number]
	if v == "" {
		return fmt.Errorf("there is no table %s", number)
	}
	fmt.Fprintf(b, ", Table: &%s", v)
	return nil
}

func lengthOf(cell string) string {
	if cell == "-" {
		return ""
	}
	return ", Length: " + cell
}

func usageOf(cell string) string {
	names := map[string]string{"R": "Required", "C": "Conditional", "B": "Backward", "W": "Withdrawn", "X": "NotUsed"}
	if names[cell] == "" {
		return ""
	}
	return ", Usage: " + names[cell]
}

// What follows says about data what package schema says about it at run time;
// a test of that package holds the two together.

func formatName(typ string) string {
	names := map[string]string{
		"ST": "FormatString", "TN": "FormatString", "ID": "FormatCode", "IS": "FormatCode", "SI": "FormatSequence",
		"NM": "FormatNumber", "DT": "FormatDate", "TM": "FormatTime", "DTM": "FormatDateTime", "VARIES": "FormatVaries",
	}
	if names[typ] == "" {
		return "FormatText"
	}
	return names[typ]
}

func packCode(value string) uint64 {
	var key uint64
	for i := range 8 {
		key <<= 8
		if i < len(value) {
			key |= uint64(value[i])
		}
	}
	return key
}

func slotsOf(rows [][]string) []uint32 {
	slots := make([]uint32, 1<<bits.Len(uint(2*len(rows)-1)))
	for i, r := range rows {
		key := packCode(r[0])
		if i > 0 && packCode(rows[i-1][0]) == key {
			continue
		}
		slot := int(bits.ReverseBytes64(key*0x9e3779b97f4a7c15)) & (len(slots) - 1)
		for slots[slot] != 0 {
			slot = (slot + 1) & (len(slots) - 1)
		}
		slots[slot] = uint32(i) + 1
	}
	return slots
}

func isPattern(code string) bool {
	return strings.Contains(code, "...") || code == "…" ||
		strings.HasSuffix(code, "nnnn") || strings.HasSuffix(code, "xxx") || strings.Contains(code, "zzz")
}

func mayCover(code string) bool {
	if code == "" {
		return false
	}
	switch code[len(code)-1] {
	case 'n', 'x', 'z', '.', "…"[len("…")-1]:
		return true
	}
	return strings.IndexByte(code, ' ') >= 0
}
