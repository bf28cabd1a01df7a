package scenarios

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// overrideFile is the file that the problems of overrides name. The line is the
// number of the override.
const overrideFile = "--set"

// maxOverride bounds one override; a command line has no longer values.
const maxOverride = 4096

// listKeys are the keys whose override is a list, its items parted by commas.
const listKeys = "candidate.supports safety.allow_hosts tls.crl"

// override puts the value of `--set key=value` into the tree of the candidate
// file, in the place of the file's own, as if it had been written there: the
// same checks follow.
func (d *decoder) override(root *node, text string, number int) {
	at := func(column, width int) Source {
		return Source{File: overrideFile, Line: number, Column: column, Width: max(1, width), Text: text}
	}
	if len(text) > maxOverride || !utf8.ValidString(text) {
		d.out.add(Source{File: overrideFile, Line: number, Column: 1, Width: 1}, Text{
			FR: "cette valeur de --set est trop longue ou n'est pas de l'UTF-8", EN: "this value of --set is too long or not UTF-8",
		})
		return
	}
	path, value, found := strings.Cut(text, "=")
	if !found || path == "" {
		d.out.add(at(1, utf8.RuneCountInString(text)), Textf("« %s » n'a pas la forme clé=valeur", "%q is not of the form key=value", text)).
			expected("attendu : comme candidate.address=127.0.0.1:2575", "expected: like candidate.address=127.0.0.1:2575")
		return
	}
	start := utf8.RuneCountInString(path) + 2
	leaf := &node{pos: at(start, utf8.RuneCountInString(value)), text: value}
	if slices.Contains(strings.Fields(listKeys), path) {
		leaf = overrideList(leaf, start, at)
	}
	column, parent := 1, root
	names := strings.Split(path, ".")
	for i, name := range names {
		key := &node{pos: at(column, utf8.RuneCountInString(name)), text: name, quoted: true}
		column += utf8.RuneCountInString(name) + 1
		if i == len(names)-1 {
			parent.put(key, leaf)
			return
		}
		child := parent.get(name)
		switch {
		case child == nil || child.missing():
			child = &node{kind: mapping, pos: key.pos}
			parent.put(key, child)
		case child.kind != mapping:
			return // the file has a value where keys belong, and is told so
		}
		parent = child
	}
}

// overrideList splits a value at its commas.
func overrideList(leaf *node, column int, at func(column, width int) Source) *node {
	list := &node{kind: sequence, pos: leaf.pos}
	for item := range strings.SplitSeq(leaf.text, ",") {
		width := utf8.RuneCountInString(item)
		list.items = append(list.items, &node{pos: at(column, width), text: item})
		column += width + 1
	}
	return list
}

// put gives a key of a mapping a value, in the place of the one it may have.
func (n *node) put(key, value *node) {
	for i, p := range n.pairs {
		if p.key.text == key.text {
			n.pairs[i] = pair{key, value}
			return
		}
	}
	n.pairs = append(n.pairs, pair{key, value})
}
