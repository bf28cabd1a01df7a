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
			b.WriteString("  " + line + "\n")
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
