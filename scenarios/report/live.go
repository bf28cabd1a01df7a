package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// live is the part of a terminal below the results that is drawn again and
// again: how far the run is, and a line per scenario under way. Its rules: no
// line reaches the right edge, for a terminal would wrap it and erasing would
// miss a line; few lines, so that they never scroll; erased before anything
// else is printed; and no movement for its own sake.
type live struct {
	drawn []string
	now   time.Time
}

// maxLive bounds the lines of running scenarios.
const maxLive = 8

// showsLive reports the events after which the live lines may look different.
func showsLive(k scenarios.EventKind) bool {
	switch k {
	case scenarios.ScenarioStarted, scenarios.ScenarioFinished, scenarios.StepStarted:
		return true
	}
	return false
}

// frame returns what takes the drawn lines away, prints text and draws the new
// lines; nothing when nothing changes.
func (l *live) frame(text string, lines []string) string {
	if text == "" && slices.Equal(lines, l.drawn) {
		return ""
	}
	var b strings.Builder
	if n := len(l.drawn); n > 0 {
		// To the first drawn line, and erase from there to the end of the
		// screen (ECMA-48 CPL, ED).
		fmt.Fprintf(&b, "\x1b[%dF\x1b[J", n)
	}
	b.WriteString(text)
	for _, s := range lines {
		b.WriteString(s + "\n")
	}
	l.drawn = lines
	return b.String()
}

// lines words the state of the run.
func (l *live) lines(p page, c *collector, sum summary) []string {
	if len(c.running) == 0 {
		return nil
	}
	width := p.width
	if width <= 0 {
		width = lineWidth
	}
	width--
	lines := []string{p.paint(faint, legible.Clip(p.progress(c, sum), width))}
	for i, o := range c.running {
		if i == maxLive {
			more := len(c.running) - i
			lines = append(lines, p.paint(faint, legible.Clip(fmt.Sprintf(p.tr("  … et %d de plus", "  … and %d more"), more), width)))
			break
		}
		lines = append(lines, l.line(p, o, width))
	}
	return lines
}

// progress is how far the run is: "7/12 · 1 échec".
func (p page) progress(c *collector, sum summary) string {
	text := fmt.Sprintf("%d", c.finished)
	if c.run != nil && c.run.Selected > 0 {
		text += fmt.Sprintf("/%d", c.run.Selected)
	}
	for _, v := range []scenarios.Verdict{scenarios.Fail, scenarios.UnexpectedPass, scenarios.Error, scenarios.Inconclusive} {
		if n := sum.counts[v]; n > 0 {
			text += fmt.Sprintf(" · %d %s", n, word(v, p.lang, n))
		}
	}
	return text
}

// line is a running scenario, the step it is at, and how long it has taken once
// that is worth saying.
func (l *live) line(p page, o *outcome, width int) string {
	name, at := "  "+Visible(o.name()), ""
	if n := len(o.steps); n > 0 && o.steps[n-1].id != "" {
		at = " › " + Visible(o.steps[n-1].id)
	}
	if took := l.now.Sub(o.started); took >= time.Second {
		at += "  " + lasted(float64(took.Milliseconds()), p.lang)
	}
	name = legible.Clip(name, width)
	return name + p.paint(faint, legible.Clip(at, width-legible.Columns(name)))
}
