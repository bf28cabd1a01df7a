package explain

import (
	"io"
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
)

// Text writes the page for people, folded to a width in columns; 0 does not fold.
func (p *Page) Text(w io.Writer, width int) error {
	var b strings.Builder
	b.WriteString(p.Title + "\n")
	for _, s := range p.Sections {
		b.WriteByte('\n')
		if s.Heading != "" {
			b.WriteString(s.Heading + "\n")
		}
		s.facts(&b, width)
		for _, line := range s.Lines {
			line.text(&b, width)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// facts writes labels and texts in two columns.
func (s Section) facts(b *strings.Builder, width int) {
	label := 0
	for _, f := range s.Facts {
		label = min(max(label, legible.Columns(f.Label)), 28)
	}
	for _, f := range s.Facts {
		room := 0
		if width > 0 {
			room = max(width-label-4, 20)
		}
		for n, line := range legible.Fold(f.Text, room, true) {
			head := f.Label
			if n > 0 {
				head = ""
			}
			b.WriteString("  " + head + strings.Repeat(" ", max(label-legible.Columns(head), 0)) + "  " + line + "\n")
		}
	}
}

// lineWidth is how long a line of a message gets when nobody says how wide the
// page is.
const lineWidth = 110

// text writes the line, and below it carets where it points at something. A
// line that does neither mark anything nor come from a message stays whole.
func (l Line) text(b *strings.Builder, width int) {
	if l.Marked == "" && l.After == "" && !l.Caret {
		b.WriteString("  " + l.Before + "\n")
		return
	}
	room := lineWidth
	if width > 0 {
		room = max(width-2, 20)
	}
	before, marked, after := legible.Window(l.Before, l.Marked, l.After, room)
	b.WriteString("  " + before + marked + after + "\n")
	if l.Caret {
		b.WriteString("  " + strings.Repeat(" ", legible.Columns(before)) + strings.Repeat("^", max(legible.Columns(marked), 1)) + "\n")
	}
}
