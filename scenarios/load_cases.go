package scenarios

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxCases bounds the table of cases, and maxCopied what its cells amount to
// where they stand, in bytes.
const (
	maxCases  = 500
	maxCopied = 8 << 20
)

// row is a line of the table of cases. A scenario without a table has one row
// without cells.
type row struct {
	pos      Source
	id       string
	title    *node
	requires *node
	cells    []pair
	columns  []string // of the whole table; nil without one
}

// rows reads the table of cases; nil when nothing can be played from it.
func (d *decoder) rows(n *node) []*row {
	if n == nil {
		return []*row{{}}
	}
	items := d.list(n)
	if len(items) == 0 {
		if n.kind == sequence {
			d.out.add(n.pos, Text{FR: "la table « cases » est vide", EN: `the table "cases" is empty`})
		}
		return nil
	}
	if len(items) > maxCases {
		d.out.add(items[maxCases].pos, Textf("plus de %d cas", "more than %d cases", maxCases))
		return nil
	}
	var rows []*row
	columns, ids := map[string]bool{}, map[string]bool{}
	for _, item := range items {
		if r := d.row(item, columns); r != nil {
			if ids[r.id] && r.id != "" {
				d.out.add(r.pos, Textf("deux cas s'appellent « %s »", "two cases are called %q", r.id))
			}
			ids[r.id] = true
			rows = append(rows, r)
		}
	}
	names := slices.Sorted(maps.Keys(columns))
	for _, r := range rows {
		r.columns = names
	}
	return rows
}

func (d *decoder) row(n *node, columns map[string]bool) *row {
	if !d.isMapping(n) {
		return nil
	}
	d.required(n, "id")
	r := &row{pos: n.pos}
	seen := map[string]bool{}
	for _, p := range n.pairs {
		name := p.key.text
		if seen[name] {
			d.out.add(p.key.pos, Textf("la colonne « %s » est écrite deux fois", "the column %q is given twice", name))
		}
		seen[name] = true
		switch name {
		case "id":
			r.pos = p.value.pos
			r.id = d.matching(p.value, caseID(), Text{
				FR: "attendu : lettres, chiffres, « . », « - » et « _ »", EN: `expected: letters, digits, ".", "-" and "_"`,
			})
		case "title":
			r.title = p.value
			continue
		case "requires":
			r.requires = p.value
			continue
		}
		if !variableName().MatchString(name) {
			d.out.add(p.key.pos, Textf("« %s » n'est pas un nom de colonne", "%q is no name of a column", name)).Expected = nameForm()
		}
		columns[name] = true
		if !p.value.missing() {
			r.cells = append(r.cells, p)
		}
	}
	return r
}

func nameForm() Text {
	return Text{
		FR: "attendu : minuscules, chiffres et « _ », une lettre d'abord",
		EN: `expected: lower-case letters, digits and "_", a letter first`,
	}
}

// cell returns the value of a column, or nil.
func (r *row) cell(column string) *node {
	for _, p := range r.cells {
		if p.key.text == column {
			return p.value
		}
	}
	return nil
}

var caseReference = expression(`\{\{\s*case\.([^}]*?)\s*\}\}`)

// substitute returns n with the cells of the row in the places of {{case.…}}. A
// cell that is missing takes away the key that it would have fed, and a
// collection that this empties; nil stands for what was taken away.
//
// Rows are put in before the steps are decoded, not when they are played: each
// row is then checked like any other scenario, and an event that does not exist
// is found at the cell that names it.
func (d *decoder) substitute(n *node, r *row) *node {
	if n == nil {
		return nil
	}
	if d.nodes++; d.overfull() {
		return d.tooMuch(n)
	}
	switch n.kind {
	case mapping:
		return d.substitutePairs(n, r)
	case sequence:
		copied := *n
		copied.items = nil
		for _, item := range n.items {
			if item = d.substitute(item, r); item != nil {
				copied.items = append(copied.items, item)
			}
		}
		return copied.pruned(len(n.items), len(copied.items))
	default:
		return d.substituteText(n, r)
	}
}

// overfull reports whether the cases amount to more than is read.
func (d *decoder) overfull() bool { return d.nodes >= maxNodes || d.copied > maxCopied }

// tooMuch reports a table that amounts to more than any test needs.
func (d *decoder) tooMuch(n *node) *node {
	d.out.add(Source{File: n.pos.File}, Text{FR: "trop de cas et d'étapes", EN: "too many cases and steps"})
	return nil
}

func (d *decoder) substitutePairs(n *node, r *row) *node {
	copied := *n
	copied.pairs = nil
	for _, p := range n.pairs {
		key := d.substitute(p.key, r)
		value := d.substitute(p.value, r)
		if key != nil && value != nil && key.kind == scalar && !key.faulty {
			copied.pairs = append(copied.pairs, pair{key, value})
		}
	}
	return copied.pruned(len(n.pairs), len(copied.pairs))
}

// pruned marks a collection that lost something; nil when it lost everything.
func (n *node) pruned(before, after int) *node {
	if after < before && after == 0 {
		return nil
	}
	n.lost = n.lost || after < before
	return n
}

func (d *decoder) substituteText(n *node, r *row) *node {
	matches := caseReference().FindAllStringSubmatchIndex(n.text, -1)
	if matches == nil {
		return n
	}
	var text strings.Builder
	end := 0
	for _, m := range matches {
		column := n.text[m[2]:m[3]]
		value := d.cellFor(n, column, m[0], m[1], r)
		if value == nil || value.faulty {
			return value
		}
		if m[0] == 0 && m[1] == len(n.text) {
			return value // the whole value: a list or a mapping can stand in its place
		}
		if value.kind != scalar {
			d.out.add(n.pos, Textf("la cellule « %s » n'est pas un texte : elle ne peut remplacer qu'une valeur entière",
				"the cell %q is no text: it can only replace a whole value", column))
			return n.unknowable()
		}
		text.WriteString(n.text[end:m[0]] + value.text)
		end = m[1]
		if d.copied += len(value.text); d.overfull() {
			return d.tooMuch(n)
		}
	}
	text.WriteString(n.text[end:])
	copied := *n
	copied.text = text.String()
	copied.quoted = true
	return &copied
}

// unknowable stands in the place of a scalar after a fault of it: what is around
// it is read on, and nothing more is said of it.
func (n *node) unknowable() *node {
	return &node{kind: scalar, pos: n.pos, faulty: true, doc: n.doc}
}

// cellFor returns the cell that a reference in n asks for, nil when the row has
// none, an unknowable node when the reference is wrong. The reference is the bytes of n's text from start to end.
func (d *decoder) cellFor(n *node, column string, start, end int, r *row) *node {
	place := func() Source {
		return n.at(utf8.RuneCountInString(n.text[:start]), utf8.RuneCountInString(n.text[start:end]))
	}
	if r.columns == nil {
		d.out.add(place(), Text{FR: "ce scénario n'a pas de table « cases »", EN: `this scenario has no table of "cases"`})
		return n.unknowable()
	}
	if !slices.Contains(r.columns, column) {
		d.out.unknown(place(), Textf("la table n'a pas de colonne « %s »", "the table has no column %q", column), column, r.columns)
		return n.unknowable()
	}
	if d.used == nil {
		d.used = map[string]bool{}
	}
	d.used[column] = true
	return r.cell(column)
}
