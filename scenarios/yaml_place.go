package scenarios

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// This file knows where things stand: the YAML library gives the line and the
// column of a value's beginning, a caret also needs its end.

// span is the place of a key with its value, or of the key alone when the value
// goes on below.
func (p pair) span() Source {
	pos := p.key.pos
	if p.value.endLine == pos.Line && p.value.pos.File == pos.File && p.value.endColumn > pos.Column {
		pos.Width = p.value.endColumn - pos.Column
	}
	return pos
}

// at is the place of a piece of a scalar: width runes from the rune at offset.
// It falls back to the whole scalar when escapes or folding moved the text.
func (n *node) at(offset, width int) Source { return n.placer()(offset, width) }

// placer returns at for a scalar of which many places are asked: what can be
// known beforehand is found out once.
func (n *node) placer() func(offset, width int) Source {
	if n.block {
		return n.blockPlacer()
	}
	open := 0
	if n.quoted {
		open = 1
	}
	written, text := n.written(n.pos.Line), []rune(n.text)
	from := n.pos.Column - 1 + open
	if from+len(text) > len(written) || !slices.Equal(written[from:from+len(text)], text) {
		return func(int, int) Source { return n.pos }
	}
	return func(offset, width int) Source {
		pos := n.pos
		pos.Column += open + offset
		pos.Width = max(1, width)
		return pos
	}
}

// blockPlacer is placer for a block, whose lines stand below its indicator.
func (n *node) blockPlacer() func(offset, width int) Source {
	lines := strings.Split(n.text, "\n")
	starts := make([]int, len(lines)) // in runes
	for i := 1; i < len(lines); i++ {
		starts[i] = starts[i-1] + utf8.RuneCountInString(lines[i-1]) + 1
	}
	indents := map[int]int{} // of the lines that were asked about; -1 where the text was moved
	return func(offset, width int) Source {
		i := sort.SearchInts(starts, offset+1) - 1
		number := n.pos.Line + 1 + i
		indent, known := indents[i]
		if !known {
			indent = indentOf(n.written(number), []rune(lines[i]))
			indents[i] = indent
		}
		if indent < 0 {
			return n.pos
		}
		return n.doc.source(number, indent+offset-starts[i]+1, width)
	}
}

// indentOf is what stands before a text on its line, -1 if it does not stand
// there at all.
func indentOf(written, text []rune) int {
	indent := len(written) - len(text)
	if indent < 0 || !slices.Equal(written[indent:], text) {
		return -1
	}
	return indent
}

// written is a line of the file that n comes from; of --set, there is but one.
func (n *node) written(line int) []rune {
	if n.doc == nil {
		return []rune(n.pos.Text)
	}
	return n.doc.line(line)
}

// measure finds where a value ends, and how much of its first line it takes.
func (d *document) measure(n *node, flow bool) {
	n.endLine, n.endColumn = n.pos.Line, n.pos.Column+1
	switch last := n.last(); {
	case n.kind == scalar:
		n.endColumn = n.pos.Column + scalarWidth(n, d.line(n.pos.Line), n.pos.Column-1)
	case last != nil:
		n.endLine, n.endColumn = last.endLine, last.endColumn
	}
	if flow {
		n.endColumn += closing(d.line(n.endLine), n.endColumn-1)
	}
	switch {
	case n.endLine == n.pos.Line:
		n.pos.Width = max(1, n.endColumn-n.pos.Column)
	case n.kind == mapping && !flow:
		n.pos.Width = n.pairs[0].span().Width
	}
}

// last is the value that a collection ends with, or nil.
func (n *node) last() *node {
	switch {
	case len(n.pairs) > 0:
		return n.pairs[len(n.pairs)-1].value
	case len(n.items) > 0:
		return n.items[len(n.items)-1]
	}
	return nil
}

func scalarWidth(n *node, line []rune, from int) int {
	if from >= len(line) || n.block {
		return 1
	}
	rest := line[from:]
	if n.quoted {
		return quotedWidth(rest)
	}
	written := utf8.RuneCountInString(n.text)
	if written > len(rest) || string(rest[:written]) != n.text {
		return max(1, len([]rune(strings.TrimRight(string(rest), " \t")))) // it goes on below
	}
	return max(1, written)
}

// quotedWidth is the width of the quoted text that starts a line's rest.
func quotedWidth(rest []rune) int {
	quote := rest[0]
	for i := 1; i < len(rest); i++ {
		switch {
		case quote == '"' && rest[i] == '\\':
			i++
		case rest[i] != quote:
		case quote == '\'' && i+1 < len(rest) && rest[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(rest)
}

// closing counts the runes up to and including the bracket that closes a flow
// collection, 0 when it stands on another line.
func closing(line []rune, from int) int {
	for i := from; i >= 0 && i < len(line); i++ {
		switch line[i] {
		case ' ', ',':
		case '}', ']':
			return i + 1 - from
		default:
			return 0
		}
	}
	return 0
}

// source is a place in the document. The library puts what is missing at the
// end behind the last line.
func (d *document) source(line, column, width int) Source {
	if line > len(d.lines) {
		line = len(d.lines)
		column = len(d.line(line)) + 1
	}
	column = min(max(1, column), len(d.line(line))+1)
	return Source{File: d.file, Line: line, Column: column, Width: max(1, width), Text: d.lines[line-1]}
}

// line returns a line as runes. It keeps them: a file can be one line, and each
// of its values asks.
func (d *document) line(number int) []rune {
	if number < 1 || number > len(d.lines) {
		return nil
	}
	runes, ok := d.runes[number]
	if !ok {
		runes = []rune(d.lines[number-1])
		d.runes[number] = runes
	}
	return runes
}

// splitLines cuts a text where the YAML library counts a new line.
func splitLines(text string) []string {
	var lines []string
	start := 0
	for i, r := range text {
		switch r {
		case '\n':
			if i > 0 && text[i-1] == '\r' {
				start = i + 1
				continue
			}
		case '\r', '\u0085', '\u2028', '\u2029':
		default:
			continue
		}
		lines = append(lines, text[start:i])
		start = i + utf8.RuneLen(r)
	}
	return append(lines, text[start:])
}

// place is the line and column of a byte.
func (d *document) place(data []byte, offset int) Source {
	lines := splitLines(string(data[:offset]))
	last := lines[len(lines)-1]
	return d.source(len(lines), utf8.RuneCountInString(last)+1, 1)
}
