package inspect

import (
	"fmt"
	"io"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// textWriter writes for people: the verdict of each message, then its findings,
// the gravest first, each with its segment and the place marked in it.
type textWriter struct {
	w io.Writer
	Style
	sum         Summary
	hidden      int  // findings below the level that is shown
	spaced      bool // the last message had findings: a blank line follows them
	interrupted bool
}

// excerptWidth is how long a line of an excerpt gets when nobody says how wide
// the terminal is.
const excerptWidth = 110

func (t *textWriter) Write(i *Item) error {
	t.sum.Add(i, t.Strict)
	switch {
	case i.Report == nil && !t.Unreadable:
		return nil
	case i.Report == nil:
		return t.unreadable(i)
	case t.Failed && i.Report.Verdict(t.Strict) == "pass":
		return nil
	}
	var b strings.Builder
	if t.spaced {
		b.WriteByte('\n')
	}
	r := i.Report
	shown := worstFirst(r, t.Least)
	t.hidden += len(r.Findings) - len(shown)
	t.heading(&b, i)
	told := map[*rules.Rule]int{}
	more := map[*rules.Rule][]string{}
	for _, f := range shown {
		if told[f.Rule]++; told[f.Rule] > mostAlike {
			more[f.Rule] = append(more[f.Rule], f.Path())
			continue
		}
		t.finding(&b, r, f)
	}
	for _, f := range shown {
		if list := more[f.Rule]; list != nil {
			t.alike(&b, f, list)
			delete(more, f.Rule)
		}
	}
	t.spaced = len(shown) > 0
	_, err := io.WriteString(t.w, b.String())
	return err
}

// unreadable tells what is no message.
func (t *textWriter) unreadable(i *Item) error {
	var b strings.Builder
	if t.spaced {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s %s", t.paint("fail", t.text("illisible", "unreadable")), legible.Line(i.File))
	if i.Line > 0 {
		fmt.Fprintf(&b, ":%d", i.Line)
	}
	b.WriteByte('\n')
	t.paragraph(&b, "", sentence(i.Err, t.Lang))
	t.paragraph(&b, t.text("conseil : ", "hint: "), advice(i.Err, t.Lang))
	t.spaced = true
	_, err := io.WriteString(t.w, b.String())
	return err
}

// heading is one line: verdict, file, message, and why it was judged as it was.
func (t *textWriter) heading(b *strings.Builder, i *Item) {
	r := i.Report
	h := r.Header()
	verdict := r.Verdict(t.Strict)
	fmt.Fprintf(b, "%s %s", t.paint(verdict, verdictWord(verdict, t.Lang)), legible.Line(i.File))
	if i.Index > 1 || i.Line > 1 {
		fmt.Fprintf(b, ":%d", i.Line)
	}
	if what := messageType(r); what != "" {
		fmt.Fprintf(b, " · %s", legible.Line(what))
	}
	if name := pam.Trigger(h.Trigger).Name(t.Lang); name != "" && h.Type == "ADT" {
		fmt.Fprintf(b, " %s", name)
	}
	if h.ControlID != "" {
		fmt.Fprintf(b, " · MSH-10 %s", legible.Line(h.ControlID))
	}
	fmt.Fprintf(b, " · %s (%s)\n", r.Profile().Name, legible.Line(r.Why().In(t.Lang)))
}

// mostAlike is how many findings of one rule in one message are shown in full;
// of the others the place is enough.
const mostAlike = 3

// alike lists the other places where a rule is broken.
func (t *textWriter) alike(b *strings.Builder, f *rules.Finding, places []string) {
	level := f.Level.String()
	fmt.Fprintf(b, "\n  %s %s\n", t.paint(level, strings.ToUpper(level)), f.Rule.ID)
	t.paragraph(b, fmt.Sprintf(t.text("encore %d fois : ", "%d times more: "), len(places)), strings.Join(places, ", "))
}

func (t *textWriter) finding(b *strings.Builder, r *rules.Report, f *rules.Finding) {
	level := f.Level.String()
	fmt.Fprintf(b, "\n  %s %s  %s\n", t.paint(level, strings.ToUpper(level)), f.Path(), f.Rule.ID)
	t.paragraph(b, "", f.Message(t.Lang))
	t.excerpt(b, r.Message(), f)
	if expected := f.Expected(t.Lang); expected != "" {
		t.paragraph(b, t.text("attendu : ", "expected: "), expected)
	}
	t.paragraph(b, t.text("conseil : ", "hint: "), f.Hint(t.Lang))
	t.paragraph(b, t.text("source : ", "source: "), f.Rule.Source)
}

func (t *textWriter) text(fr, en string) string { return pam.Text{FR: fr, EN: en}.In(t.Lang) }

// paragraph writes words folded to the width, behind a label.
func (t *textWriter) paragraph(b *strings.Builder, label, words string) {
	if words == "" {
		return
	}
	room := 0
	if t.Width > 0 {
		room = max(t.Width-4, 20)
	}
	for n, line := range legible.Fold(label+legible.Line(words), room, true) {
		indent := "    "
		if n > 0 && label != "" {
			indent = "      "
		}
		b.WriteString(indent + line + "\n")
	}
}

// excerpt shows the segment with the place marked.
func (t *textWriter) excerpt(b *strings.Builder, m *hl7.Message, f *rules.Finding) {
	if f.Segment < 0 || f.Segment >= m.NumSegments() {
		return
	}
	seg := m.Segment(f.Segment)
	raw := seg.Raw()
	from := min(max(f.Offset-seg.Offset(), 0), len(raw))
	to := min(from+f.Size, len(raw))
	width := excerptWidth
	if t.Width > 0 {
		width = max(t.Width-4, 20)
	}
	read := reader(m)
	before, marked, after := legible.Window(read(raw[:from]), read(raw[from:to]), read(raw[to:]), width)
	fmt.Fprintf(b, "    %s\n", before+marked+after)
	fmt.Fprintf(b, "    %s%s\n", strings.Repeat(" ", legible.Columns(before)), t.paint("must", strings.Repeat("^", max(legible.Columns(marked), 1))))
}

// reader decodes parts of the message for people; bytes that the character set
// does not have stay visible.
func reader(m *hl7.Message) func([]byte) string {
	charset, unknown := m.Charset()
	return func(raw []byte) string {
		if unknown == nil {
			if s, err := charset.Decode(raw); err == nil {
				return legible.Line(s)
			}
		}
		return legible.Line(string(raw))
	}
}

func (t *textWriter) Interrupted() { t.interrupted = true }

func (t *textWriter) Close() error {
	if t.interrupted {
		if _, err := fmt.Fprintf(t.w, "\n%s\n", t.sum.Interrupted(t.Lang)); err != nil {
			return err
		}
	}
	if t.sum.Messages() == 0 && (t.sum.Unreadable == 0 || !t.Unreadable) {
		return nil
	}
	s := t.sum
	line := fmt.Sprintf(t.text("%d message(s) : %d conforme(s), %d avec réserve, %d non conforme(s)", "%d message(s): %d pass, %d warn, %d fail"),
		s.Messages(), s.Pass, s.Warn, s.Fail)
	if s.Unreadable > 0 {
		line += fmt.Sprintf(t.text(" · %d illisible(s)", " · %d unreadable"), s.Unreadable)
	}
	if t.hidden > 0 {
		line += fmt.Sprintf(t.text(" · %d remarque(s) : --level info", " · %d note(s): --level info"), t.hidden)
	}
	_, err := fmt.Fprintf(t.w, "\n%s\n", line)
	return err
}

func verdictWord(verdict, lang string) string {
	fr := map[string]string{"pass": "conforme    ", "warn": "réserve     ", "fail": "non conforme"}
	en := map[string]string{"pass": "pass", "warn": "warn", "fail": "FAIL"}
	return pam.Text{FR: fr[verdict], EN: en[verdict]}.In(lang)
}

// paint colours words by a level or verdict.
func (t *textWriter) paint(as, words string) string {
	if !t.Color {
		return words
	}
	code := map[string]string{"must": "31", "fail": "1;31", "should": "33", "warn": "33", "info": "36", "pass": "32"}[as]
	return "\x1b[" + code + "m" + words + "\x1b[0m"
}

// visible is what a text looks like in a report.
func visible(s string) string { return legible.Line(s) }
