package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// The bounds of what a block shows of a message; the journal holds the rest.
const (
	maxLine     = 600      // columns of a line, before folding
	maxSegments = 24       // of an acknowledgement
	maxBytes    = 16 << 10 // of an acknowledgement
	maxWindow   = 120      // columns around a marked field where nothing bounds a line
)

// source shows the line of a file that a check stands in, with a caret under it.
func (b *block) source(s scenarios.Source) {
	b.fact("source", place(s))
	if strings.TrimSpace(s.Text) == "" {
		return
	}
	before, marked, after := around(strings.TrimRight(s.Text, "\r\n"), s.Column, s.Width)
	number := strconv.Itoa(s.Line)
	gutter := blanks(valueColumn-2-len(number)) + b.paint(faint, number+" │ ")
	rest := blanks(valueColumn-2) + b.paint(faint, " │ ")
	b.excerpt(gutter, rest, before, marked, after, s.Column > 0)
}

// place is a source as editors and terminals know it, file:line:column.
func place(s scenarios.Source) string {
	p := Visible(s.File) + ":" + strconv.Itoa(s.Line)
	if s.Column > 0 {
		p += ":" + strconv.Itoa(s.Column)
	}
	return p
}

// around cuts a line into what stands before the place that starts in column
// (from 1) and is width runes wide, the place, and what follows.
func around(line string, column, width int) (before, marked, after string) {
	from := runes(line, column-1)
	to := from + runes(line[from:], width)
	return line[:from], line[from:to], line[to:]
}

// runes is the length in bytes of the first n runes of s. A byte that is no
// UTF-8 counts as one.
func runes(s string, n int) int {
	for i := range s {
		if n <= 0 {
			return i
		}
		n--
	}
	return len(s)
}

// excerpt writes a line with its marked part in colour and carets below it. An
// empty mark gets one caret: that is where something is missing.
func (b *block) excerpt(first, second, before, marked, after string, caret bool) {
	before, marked, after = b.window(Visible(before), Visible(marked), Visible(after))
	b.WriteString(first + before + b.paint("1", marked) + after + "\n")
	if caret {
		b.WriteString(second + blanks(legible.Columns(before)) + b.paint(alarm, strings.Repeat("^", max(legible.Columns(marked), 1))) + "\n")
	}
}

// window shortens a line to the room there is.
func (b *block) window(before, marked, after string) (string, string, string) {
	width := b.room()
	if width == 0 {
		width = maxWindow
	}
	return legible.Window(before, marked, after, width)
}

// subject tells which message was sent, or received, and, when the check is about a
// field of it, shows the segment with the field marked.
func (b *block) subject(label string, m *scenarios.MessageInfo, field string) {
	head := message{MessageInfo: *m, size: len(m.Data)}
	if field == "" {
		b.fact(label, b.identify(head))
		return
	}
	b.fact(label, b.identify(head)+" · "+b.tr("champ"+nbsp+": ", "field: ")+field)
	mark, err := markField(m.Data, field)
	switch {
	case err != nil:
		b.fact("", inLanguage(err, b.lang))
	case mark.segment == "":
		b.fact("", b.tr("ce segment n’est pas dans ce message", "this segment is not in this message"))
	default:
		text := reading(m.Data, m.Charset)
		from, to := mark.from, mark.to
		b.excerpt(blanks(valueColumn), blanks(valueColumn),
			text(mark.segment[:from]), text(mark.segment[from:to]), text(mark.segment[to:]), true)
	}
}

// identify names a message without showing anything of its content, and says what
// was done to its bytes on the wire.
func (b *block) identify(m message) string {
	text := cmp.Or(m.Type, b.tr("message sans MSH-9", "message without MSH-9"))
	if m.ControlID != "" {
		text += b.tr(" n°"+nbsp, " no. ") + m.ControlID
	}
	if m.Wire != nil && len(m.Wire.How) > 0 {
		text += b.tr(" · déformé"+nbsp+": ", " · bent: ") + bends(m.Wire.How)
	}
	return text
}

// bends lists what a step did to the bytes, in the words of the scenario: "end
// none, chunk 1".
func bends(how []string) string {
	var list []string
	for _, h := range how {
		list = append(list, strings.Replace(h, ": ", " ", 1))
	}
	return strings.Join(list, ", ")
}

// fieldMark is a place in a segment: bytes from up to to, equal when nothing
// stands there.
type fieldMark struct {
	segment  string // "" when the message has no such segment
	from, to int
}

// markField finds the field in the message.
func markField(data []byte, field string) (fieldMark, error) {
	path, err := hl7.CompilePath(field)
	if err != nil {
		return fieldMark{}, err
	}
	m, err := hl7.Parse(data)
	if err != nil {
		return fieldMark{}, err
	}
	value := m.Lookup(path)
	for s := range m.Segments() {
		raw := string(s.Raw())
		from := value.Offset() - s.Offset()
		if s.Name() != path.SegmentName() || from < 0 || from > len(raw) {
			continue
		}
		to := min(from+len(value.Raw()), len(raw))
		return fieldMark{raw, from, to}, nil
	}
	return fieldMark{}, nil
}

// received shows an acknowledgement, a segment a line, its terminators visible,
// and what is odd about it, unless a check has told that.
func (b *block) received(m *scenarios.MessageInfo, told map[string]bool) {
	label := b.tr("réponse", "answer")
	if len(m.Data) == 0 {
		b.fact(label, b.tr("(vide)", "(empty)"))
		return
	}
	data := m.Data[:min(len(m.Data), maxBytes)]
	text := reading(m.Data, m.Charset)
	for i, segment := range segments(data) {
		if i == maxSegments {
			b.fact("", b.tr("… la suite est dans le journal", "… the rest is in the journal"))
			break
		}
		b.literal(label, text(segment), "")
		label = ""
	}
	if n := len(m.Data) - len(data); n > 0 {
		b.fact("", fmt.Sprintf(b.tr("… encore %d octets, dans le journal", "… %d more bytes, in the journal"), n))
	}
	for _, o := range m.Oddities {
		if text := o.In(b.lang); !told[text] {
			b.fact(b.tr("remarque", "remark"), text)
		}
	}
}

// segments cuts a message after each of its terminators, whichever they are.
func segments(data []byte) []string {
	var list []string
	start := 0
	for i, c := range data {
		if c == '\n' || c == '\r' && (i+1 == len(data) || data[i+1] != '\n') {
			list = append(list, string(data[start:i+1]))
			start = i + 1
		}
	}
	if start < len(data) {
		list = append(list, string(data[start:]))
	}
	return list
}

// reading returns how the bytes of a message are read: in the character set that
// it declares when all of it decodes, else byte by byte, where [Visible] will
// show what is no text.
func reading(data []byte, declared string) func(part string) string {
	asIs := func(part string) string { return part }
	charset, err := hl7.ParseCharset(declared)
	if err != nil {
		return asIs
	}
	if _, err := charset.Decode(data); err != nil {
		return asIs
	}
	return func(part string) string {
		text, err := charset.Decode([]byte(part))
		if err != nil {
			return part
		}
		return text
	}
}
