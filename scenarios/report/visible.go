package report

import (
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
)

// Visible returns s with everything made visible that a terminal, an XML parser
// or a reader's eye would not take as it is written: see [legible.Line].
func Visible(s string) string { return legible.Line(s) }

func blanks(n int) string { return strings.Repeat(" ", max(n, 0)) }
