package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// skipped are the scenarios that were not applicable, by their reason: a candidate
// without TLS has sixty of one reason, which nobody reads sixty times. They are
// told together at the end; a verbose console tells each where it comes.
type skipped struct {
	reasons []string // in the order of their first
	names   map[string][]string
}

// How many names are told: of scenarios that were not applicable for a reason, and
// of steps that were not played after one that failed.
const (
	mostSkipped  = 3
	mostUnplayed = 12
)

// keep takes in an outcome to be told at the end, and reports whether it is one.
func (s *skipped) keep(o *outcome, why string) bool {
	if o.result.Verdict != scenarios.NotApplicable || !o.brief() {
		return false
	}
	if s.names == nil {
		s.names = map[string][]string{}
	}
	if s.names[why] == nil {
		s.reasons = append(s.reasons, why)
	}
	s.names[why] = append(s.names[why], Visible(o.name()))
	return true
}

// some are the first of many names.
func (p page) some(names []string, most int) string {
	text := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		text += p.tr(fmt.Sprintf(" et %d de plus", more), fmt.Sprintf(" and %d more", more))
	}
	return text
}

// skips tells what was not applicable, and why.
func (p page) skips(s skipped) string {
	var b strings.Builder
	for _, why := range s.reasons {
		names := slices.Sorted(slices.Values(s.names[why])) // they ended side by side
		about := p.some(names, mostSkipped)
		head := p.verdict(scenarios.NotApplicable)
		for i, l := range legible.Fold(about, max(p.width-verdictColumn, 0), true) {
			if i > 0 {
				head += "\n" + blanks(verdictColumn)
			}
			head += l
		}
		room := 0 // a reason of many stands below them
		if len(names) == 1 {
			room = min(p.width, lineWidth) - verdictColumn - legible.Columns(about) - 2
		}
		b.WriteString(p.withReason(head, why, room) + "\n")
	}
	return b.String()
}
