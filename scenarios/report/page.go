package report

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// page is how a text is set: its language, its colours, its width.
type page struct {
	lang  string
	color bool
	width int // columns; 0 when nothing bounds a line
	// seed and options are those of the run, for the command that replays it.
	seed    *uint64
	options []string
}

// lineWidth is the width of a scenario's line where nothing bounds it, and the
// most that it takes on a wide terminal: a duration far from its scenario would
// be hard to read.
const lineWidth = 100

func (p page) tr(fr, en string) string {
	if p.lang == "fr" {
		return fr
	}
	return en
}

// style is the parameter of an SGR sequence (ECMA-48 §8.3.117). Only the eight
// basic colours are used, which a terminal's theme keeps readable.
type style string

const (
	faint style = "2"
	alarm style = "1;31"
)

// paint colours s, if the page has colours.
func (p page) paint(st style, s string) string {
	if !p.color || st == "" || s == "" {
		return s
	}
	return "\x1b[" + string(st) + "m" + s + "\x1b[0m"
}

// verdictStyle never carries meaning alone: the word stands beside it.
func verdictStyle(v scenarios.Verdict) style {
	switch v {
	case scenarios.Pass:
		return "32"
	case scenarios.Warn, scenarios.Inconclusive:
		return "33"
	case scenarios.Fail, scenarios.UnexpectedPass:
		return alarm
	case scenarios.Error:
		return "1;35"
	case scenarios.Known:
		return "36"
	}
	return faint
}

// line is the one line of a scenario: verdict, name, title, duration.
func (p page) line(o *outcome) string {
	full := lineWidth
	if p.width > 0 {
		full = min(p.width, lineWidth)
	}
	head := p.verdict(o.result.Verdict) + Visible(o.name())
	used := verdictColumn + legible.Columns(Visible(o.name()))
	about, took := Visible(o.subject.Title.In(p.lang)), lasted(o.result.DurationMS, p.lang)
	if o.brief() {
		about, took = p.why(o.result.Reason), ""
	}
	room := full - used - 2
	if took != "" {
		room -= 2 + legible.Columns(took)
	}
	switch {
	case o.brief():
		return p.withReason(head, about, room)
	case p.width > 0 && room < 8:
		about = ""
	case p.width > 0:
		about = legible.Clip(about, room)
	}
	if about != "" {
		head += "  " + p.paint(faint, about)
		used += 2 + legible.Columns(about)
	}
	return head + blanks(max(full-used-legible.Columns(took), 2)) + took
}

// withReason puts a reason behind a line where it fits, below it otherwise: it
// is never cut.
func (p page) withReason(head, reason string, room int) string {
	if reason == "" {
		return head
	}
	if p.width == 0 || legible.Columns(reason) <= room {
		return head + "  " + p.paint(faint, reason)
	}
	indent := blanks(verdictColumn)
	for _, l := range legible.Fold(reason, p.width-len(indent), true) {
		head += "\n" + indent + p.paint(faint, l)
	}
	return head
}

// verdict is the verdict's word in its colour, in a column.
func (p page) verdict(v scenarios.Verdict) string {
	w := Word(v, p.lang)
	return p.paint(verdictStyle(v), w) + blanks(verdictColumn-legible.Columns(w))
}

func (p page) why(reason *scenarios.Text) string {
	if reason == nil {
		return ""
	}
	return Visible(strings.TrimSpace(reason.In(p.lang)))
}

// where names a check within its scenario, to say something of it.
func (p page) where(steps string, c check) string {
	return Visible(strings.TrimPrefix(steps+" › "+c.Name, " › ")) + p.tr(nbsp+": ", ": ")
}

// found is what a check found, in one line: in its own words where it has some,
// else what was expected and what came.
func (p page) found(c check) string {
	const most = 160 // columns of a value
	actual := legible.Clip(Visible(cmp.Or(c.Actual, p.nothing())), most)
	switch {
	case c.says() && (c.said() || c.quotes() || c.Actual == ""):
		return Visible(c.Message.In(p.lang))
	case c.says():
		return Visible(c.Message.In(p.lang)) + p.tr(" (obtenu ", " (got ") + actual + ")"
	}
	return p.tr("attendu ", "expected ") + legible.Clip(Visible(cmp.Or(p.wanted(c), p.nothing())), most) + p.tr(", obtenu ", ", got ") + actual
}

// wanted is what a check expected, in words where it has some.
func (p page) wanted(c check) string {
	if c.Wanted != nil {
		return c.Wanted.In(p.lang)
	}
	return c.Expected
}

func (p page) nothing() string { return p.tr("(rien)", "(nothing)") }

// replay is the command that plays a scenario again, alone, with the people of
// this run under fresh numbers; with --instant among its options, with its bytes.
func (p page) replay(names ...string) string {
	cmd := "pamlab run"
	for _, n := range names {
		cmd += " " + shellWord(Visible(n))
	}
	for _, o := range p.options {
		cmd += " " + shellWord(Visible(o))
	}
	if p.seed != nil {
		cmd += " --seed " + strconv.FormatUint(*p.seed, 10)
	}
	return cmd
}

// shellWord quotes a word for a POSIX shell when it needs it: rows of cases may
// be named with spaces.
func shellWord(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-#+:@=,", r)
	}
	if s != "" && s[0] != '#' && strings.TrimFunc(s, safe) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
