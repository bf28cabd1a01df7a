package scenarios

import (
	"bytes"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Bounds of a file. The largest shipped scenario is a hundredth of them; a file
// that wants more is a mistake or an attack (an alias that doubles itself thirty
// times).
const (
	maxFile  = 1 << 20
	maxDepth = 32
	maxNodes = 50_000
)

type nodeKind int

const (
	scalar nodeKind = iota
	mapping
	sequence
)

// node is a value of a YAML file as it was written: a scalar keeps its text
// whatever type another YAML program would see in it (000003, 62E8, 2.10, N,
// 2024-03-06), and everything keeps its place.
type node struct {
	kind   nodeKind
	pos    Source
	text   string // of a scalar
	quoted bool   // '…' or "…": its words have no meaning of their own
	block  bool   // | or >
	pairs  []pair
	items  []*node
	lost   bool      // the row of a case took a part of the collection away
	faulty bool      // a scalar that cannot be known: why is told
	doc    *document // that it was read from, nil for --set

	endLine, endColumn int // where it ends, exclusive
}

// pair is a key of a mapping and its value.
type pair struct{ key, value *node }

// missing reports whether nothing was written where a value belongs.
func (n *node) missing() bool {
	return n.kind == scalar && n.text == "" && !n.quoted && !n.block && !n.faulty
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key.text == key {
			return p.value
		}
	}
	return nil
}

// document is a parsed file: its lines, for excerpts, and the tree.
type document struct {
	file  string
	lines []string
	runes map[int][]rune // lines that were measured, by number
	nodes int
	open  map[*yaml.Node]bool // collections being read: an alias to one is a cycle
	cut   bool                // a bound or a cycle ended the tree early
	out   *faults
}

// parseYAML reads the one document of a file. It returns nil after a fault that
// leaves no tree.
func parseYAML(file string, data []byte, out *faults) *node {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := &document{
		file: file, lines: splitLines(string(data)),
		runes: map[int][]rune{}, open: map[*yaml.Node]bool{}, out: out,
	}
	if !d.readable(data) {
		return nil
	}
	root, second, err := documents(data)
	switch {
	case err != nil:
		d.syntaxError(data, err.Error())
		return nil
	case root == nil:
		out.add(Source{File: file}, Text{FR: "le fichier est vide", EN: "the file is empty"})
		return nil
	case second != nil:
		out.add(d.source(second.Line, second.Column, 1), Text{
			FR: "un second document commence ici ; un fichier n'en contient qu'un",
			EN: "a second document starts here; a file holds one",
		})
	}
	tree := d.build(root, 0)
	if d.cut {
		return nil
	}
	return tree
}

// documents parses at most two documents: nil for those that are not there.
func documents(data []byte) (first, second *yaml.Node, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for _, into := range []**yaml.Node{&first, &second} {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return first, second, nil
		} else if err != nil {
			return nil, nil, err
		}
		if *into = &doc; len(doc.Content) > 0 {
			*into = doc.Content[0]
		}
	}
	return first, second, nil
}

// build turns a node of the YAML library into ours. It returns nil past a bound,
// having said so.
func (d *document) build(y *yaml.Node, depth int) *node {
	if y.Kind == yaml.AliasNode {
		return d.alias(y, depth)
	}
	pos := d.source(y.Line, d.afterAnchor(y), 1)
	d.nodes++
	if d.cut {
		return nil
	}
	if d.nodes >= maxNodes || depth >= maxDepth {
		d.cut = true
		d.out.add(pos, Text{
			FR: "trop de valeurs, ou trop imbriquées : ce n'est pas un fichier raisonnable",
			EN: "too many values, or too deeply nested: this is no reasonable file",
		})
		return nil
	}
	if y.Style&yaml.TaggedStyle != 0 {
		d.out.add(d.source(y.Line, y.Column, len(y.Tag)), Textf(
			"pas d'étiquette YAML (%s) : chaque valeur est le texte écrit",
			"no YAML tags (%s): each value is the text as written", y.Tag))
	}
	n := &node{pos: pos, doc: d}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = mapping
		d.open[y] = true
		d.buildPairs(n, y, depth)
		delete(d.open, y)
	case yaml.SequenceNode:
		n.kind = sequence
		d.open[y] = true
		for _, c := range y.Content {
			if item := d.build(c, depth+1); item != nil {
				n.items = append(n.items, item)
			}
		}
		delete(d.open, y)
	default:
		n.text = y.Value
		n.quoted = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
		n.block = y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	}
	d.measure(n, y.Style&yaml.FlowStyle != 0)
	return n
}

func (d *document) buildPairs(n *node, y *yaml.Node, depth int) {
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := d.build(y.Content[i], depth+1)
		value := d.build(y.Content[i+1], depth+1)
		if key == nil || value == nil {
			continue
		}
		if key.kind != scalar {
			d.out.add(key.pos, Text{FR: "une clé est un texte", EN: "a key is a text"})
			continue
		}
		if key.text == "<<" && !key.quoted {
			d.out.add(key.pos, Text{
				FR: "pas de clé de fusion « << » : écrivez les clés, ou un alias pour la valeur entière",
				EN: "no merge key \"<<\": write the keys, or an alias for the whole value",
			})
			continue
		}
		if value.missing() {
			value.pos, value.endLine, value.endColumn = key.pos, key.endLine, key.endColumn
		}
		n.pairs = append(n.pairs, pair{key, value})
	}
}

// alias builds the anchored value again at each use, so that the bound on nodes
// counts what the file amounts to, not what it takes to write.
func (d *document) alias(y *yaml.Node, depth int) *node {
	if d.open[y.Alias] {
		d.cut = true
		d.out.add(d.source(y.Line, y.Column, 1+len(y.Value)), Textf(
			"l'alias *%s se contient lui-même", "the alias *%s contains itself", y.Value))
		return nil
	}
	return d.build(y.Alias, depth)
}

// afterAnchor is the column of a value behind its anchor: the library gives the
// column of the anchor.
func (d *document) afterAnchor(y *yaml.Node) int {
	if y.Anchor == "" {
		return y.Column
	}
	line := d.line(y.Line)
	column := y.Column + 1 + utf8.RuneCountInString(y.Anchor)
	for column-1 < len(line) && line[column-1] == ' ' {
		column++
	}
	if column > len(line) {
		return y.Column
	}
	return column
}

// readable reports whether the bytes can be a YAML text at all.
func (d *document) readable(data []byte) bool {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		d.out.add(Source{File: d.file}, Text{
			FR: "ce n'est pas un fichier texte en UTF-8 (octet nul trouvé)",
			EN: "this is no UTF-8 text file (it holds a zero byte)",
		})
		return false
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			d.out.add(d.place(data, i), Textf(
				"l'octet 0x%02X n'est pas de l'UTF-8", "byte 0x%02X is not UTF-8", data[i]),
			).expected("enregistrez le fichier en UTF-8", "save the file as UTF-8")
			return false
		}
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85 {
			d.out.add(d.place(data, i), Textf(
				"le caractère de commande U+%04X n'a pas sa place dans un texte",
				"the control character U+%04X has no place in a text", r),
			).expected(`entre guillemets doubles, écrivez \x%02X`, `in double quotes, write \x%02X`, r)
			return false
		}
		i += size
	}
	return true
}

// maxSearched bounds the files in which the place of a syntax error is looked
// for: that takes a dozen readings.
const maxSearched = 128 << 10

// syntaxError tells what the YAML library found. It gives a line at best, often
// the one where the enclosing block starts; so the place is looked for: the
// shortest beginning of the file that it refuses with the same words.
func (d *document) syntaxError(data []byte, message string) {
	pos := d.source(lineOf(message), 1, 1)
	if len(data) <= maxSearched {
		start := sort.Search(len(data)-1, func(i int) bool {
			_, _, err := documents(data[:i+1])
			return err != nil && err.Error() == message
		})
		for start > 0 && !utf8.RuneStart(data[start]) {
			start--
		}
		pos = d.place(data, start)
	}
	if tab := strings.IndexByte(indentation(pos.Text), '\t'); tab >= 0 {
		pos.Column = tab + 1
		d.out.add(pos, Text{FR: "une tabulation dans le retrait", EN: "a tab in the indentation"}).
			expected("YAML n'accepte que des espaces ici", "YAML accepts only spaces here")
		return
	}
	if name, found := unknownAnchor(message); found {
		if at := strings.LastIndex(pos.Text, "*"+name); at >= 0 {
			pos.Column, pos.Width = utf8.RuneCountInString(pos.Text[:at])+1, 1+utf8.RuneCountInString(name)
		}
	}
	d.out.add(pos, syntaxText(message))
}

func indentation(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}
