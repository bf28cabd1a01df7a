package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// The two examples of a rule are whole messages, of which one is mostly an edit
// of the other. What makes the difference is shown and nothing else: the
// segments that were changed, with the place that is found fault with, the
// names of the segments where some came, went or moved, and in words what no
// segment shows.

// mostShown is how many segments of an example are shown: where nearly all of
// them differ, none says more than the first ones.
const mostShown = 3

// sample is an example and its messages.
type sample struct {
	rules.Example
	messages []*hl7.Message
}

func build(e rules.Example) sample {
	messages, _ := e.Build() // a test builds them all
	return sample{e, messages}
}

func (s sample) last() *hl7.Message {
	if len(s.messages) == 0 {
		return nil
	}
	return s.messages[len(s.messages)-1]
}

// examples shows the examples of a rule and what is said of the bad one.
func (a asker) examples(r *rules.Rule) []Section {
	good, bad := build(r.Good), build(r.Bad)
	if good.last() == nil || bad.last() == nil {
		return nil
	}
	found := judged(r, bad)
	x := exhibit{rule: r}
	x.note(good, bad, found)
	if last := len(good.Messages) - 1; good.Messages[last] == bad.Messages[len(bad.Messages)-1] {
		x.steps = compare(good.last(), bad.last())
	}
	return []Section{
		{Heading: a.heading(a.text("Bon exemple", "Good example"), r.Good), Lines: a.lines(x, good, view{other: bad.last()}, r.Bad.Edits)},
		{Heading: a.heading(a.text("Mauvais exemple", "Bad example"), r.Bad), Lines: a.lines(x, bad, view{other: good.last(), bad: true, found: found}, r.Good.Edits)},
		a.verdict(found),
	}
}

// heading names the messages of an example, and the settings by which it is one.
func (a asker) heading(text string, e rules.Example) string {
	text += " (" + strings.Join(e.Messages, ", ")
	for _, s := range e.Settings {
		text += a.text(", réglage ", ", setting ") + s
	}
	return text + ")"
}

// verdict is what a judgement says of the bad example.
func (a asker) verdict(found []rules.Finding) Section {
	s := Section{Heading: a.text("Ce qu'en dit pamlab validate", "What pamlab validate says of it")}
	for i := range found[:min(len(found), 1)] {
		f := &found[i]
		s.fact(orElse(f.Path(), "MSH"), legible.Line(f.Message(a.lang)))
		s.fact(a.text("attendu", "expected"), legible.Line(f.Expected(a.lang)))
		if f.Hint(a.lang) != f.Rule.Advice(a.lang) {
			s.fact(a.text("conseil", "hint"), legible.Line(f.Hint(a.lang)))
		}
	}
	return s
}

// judged returns what is found in the bad example of a rule, nothing for rules
// that look at more than a message and its answer.
func judged(r *rules.Rule, bad sample) []rules.Finding {
	var settings rules.Settings
	for _, text := range bad.Settings {
		name, value, _ := strings.Cut(text, "=")
		settings, _ = settings.With(name, value)
	}
	j, err := rules.New(rules.Options{Settings: settings})
	if err != nil || r.Family() == "seq" {
		return nil
	}
	var report rules.Report
	if r.Family() == "ack" && len(bad.messages) > 1 {
		j.Ack(&report, bad.last(), bad.messages[0])
	} else {
		j.Message(&report, bad.last())
	}
	return slices.DeleteFunc(report.Findings, func(f rules.Finding) bool { return f.Rule.ID != r.ID })
}

// exhibit is what is looked for in the examples of a rule.
type exhibit struct {
	rule   *rules.Rule
	names  []string // of the segments that the rule and its examples are about
	spoken int      // how many of them the rule itself speaks of
	steps  []step   // how the last messages differ; nil when they are different events
}

// spokenOf finds the fields that the sentence of a rule speaks of.
var spokenOf = expression(`\b[A-Z][A-Z0-9]{2}-[0-9]+`)

// note lists the segments that the rule is about, those of its fields and its
// sentence first, then those of the edits.
func (x *exhibit) note(good, bad sample, found []rules.Finding) {
	add := func(text string) {
		if len(text) >= 3 && !slices.Contains(x.names, text[:3]) {
			x.names = append(x.names, text[:3])
		}
	}
	for i := range found {
		if found[i].Location.Field > 0 {
			add(found[i].Location.Segment)
		}
	}
	for _, f := range slices.Concat(x.rule.Fields, spokenOf().FindAllString(x.rule.Text.EN, -1)) {
		add(f)
	}
	x.spoken = len(x.names)
	for _, e := range slices.Concat(good.Edits, bad.Edits) {
		_, rest, _ := earlier(e)
		if rest = strings.TrimLeft(rest, "+- "); !strings.HasPrefix(rest, "bytes ") {
			add(rest)
		}
	}
	if x.spoken == 0 && len(bad.messages) > 1 { // about the order of movements
		x.names = append([]string{"ZBE", "PV1"}, x.names...)
		x.spoken = 2
	}
}

// earlier reads the number of the message that an edit says it is made to.
func earlier(edit string) (n int, rest string, ok bool) {
	number, rest, ok := strings.Cut(edit, ": ")
	if !ok {
		return 0, edit, false
	}
	n, err := strconv.Atoi(number)
	return n, rest, err == nil
}

// lines shows the messages of one of the two examples; other are the edits of
// the other one.
func (a asker) lines(x exhibit, s sample, v view, other []string) []Line {
	var lines []Line
	for i, m := range s.messages {
		if len(s.messages) > 1 {
			lines = append(lines, plain(fmt.Sprintf("%d. %s", i+1, s.Messages[i])+editsOf(s.Edits, i+1)))
		}
		if i < len(s.messages)-1 {
			lines = append(lines, x.named(m, x.names[:min(x.spoken, 2)])...)
			continue
		}
		v.m = m
		lines = append(lines, v.lines(x)...)
	}
	if v.bad {
		lines = append(lines, bytesOf(s.Edits, a.text("partout : %1 devient %2", "everywhere: %1 becomes %2"))...)
	} else if len(lines) == 0 {
		lines = bytesOf(other, a.text("octets : %1", "bytes: %1"))
	}
	if len(lines) == 0 {
		lines = []Line{v.pointed(v.offender())}
	}
	return lines
}

// editsOf lists what was changed in message n, one before the last.
func editsOf(edits []string, n int) string {
	text := ""
	for _, e := range edits {
		if k, rest, ok := earlier(e); ok && k == n {
			text += " · " + rest
		}
	}
	return text
}

// named shows the segments of a message that have one of the names.
func (x exhibit) named(m *hl7.Message, names []string) []Line {
	var lines []Line
	for _, name := range names {
		for seg := range m.Segments() {
			if seg.Name() == name && len(lines) < mostShown {
				from, to := x.field(seg)
				lines = append(lines, part(m, seg, from, to))
			}
		}
	}
	return lines
}

// field is the place in a segment of the first of its fields that the rule is about.
func (x exhibit) field(seg hl7.Segment) (from, to int) {
	for _, f := range x.rule.Fields {
		path, err := hl7.CompilePath(f)
		if err == nil && path.Field() > 0 && path.SegmentName() == seg.Name() {
			v := seg.Field(path.Field())
			from = v.Offset() - seg.Offset()
			return from, from + len(v.Raw())
		}
	}
	return 0, 0
}

// bytesOf says in words what an edit did to bytes, where no segment shows it. The
// format has places for what was there and for what is.
func bytesOf(edits []string, format string) []Line {
	var lines []Line
	for _, e := range edits {
		rest, ok := strings.CutPrefix(e, "bytes ")
		if !ok {
			continue
		}
		before, after, _ := strings.Cut(rest, " = ")
		from, _ := strconv.Unquote(before) // Build has done so before
		to, _ := strconv.Unquote(after)
		lines = append(lines, plain(strings.NewReplacer("%1", spelt(from), "%2", spelt(to)).Replace(format)))
	}
	return lines
}

// spelt names the bytes that nobody sees.
func spelt(s string) string {
	s = strings.NewReplacer("\r", " CR ", "\n", " LF ", "\t", " TAB ", "\ufeff", " EF BB BF ").Replace(strings.ReplaceAll(s, " ", "␠"))
	return legible.Line(strings.Join(strings.Fields(s), " "))
}
