package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// labelColumn is as wide as the longest label of either language ("écart connu");
// what a label says begins in column valueColumn.
const (
	labelColumn = 11
	valueColumn = 2 + labelColumn + 1
)

// block writes one scenario as text: facts under one another, each with its
// label, in the order in which a reader asks for them. Fault first, then the
// evidence, then what to do.
type block struct {
	page
	strings.Builder
	shown shown
}

// shown is what stands in the block already of a step: several checks may share
// their evidence.
type shown struct {
	source       *scenarios.Source
	sent, answer *scenarios.MessageInfo
	connections  bool
}

// block tells a scenario: one line when it passed, the whole story when not.
func (p page) block(o *outcome, verbose bool) string {
	b := &block{page: p}
	b.WriteString(p.line(o) + "\n")
	if !o.brief() {
		b.fact(b.tr("motif", "reason"), b.why(o.result.Reason))
	}
	if verbose {
		b.steps(o)
	}
	if problem(o.result.Verdict) && !o.brief() {
		b.story(o)
	} else if verbose || o.result.Verdict != scenarios.Known {
		b.asides(o)
	}
	return b.String()
}

// story tells what went wrong, step by step, then what to do.
func (b *block) story(o *outcome) {
	var unplayed []string
	for _, s := range o.steps {
		if s.result.Verdict == scenarios.Inconclusive && s.idle() && s.id != "" {
			unplayed = append(unplayed, Visible(s.id))
			continue
		}
		b.step(o, s)
	}
	before := b.Len()
	b.WriteString("\n")
	b.asides(o)
	if b.Len() > before+1 {
		b.WriteString("\n")
	}
	b.fact(b.tr("non joué", "not played"), b.some(unplayed, mostUnplayed))
	if o.result.Verdict == scenarios.Error && !o.authored() {
		b.fact(b.tr("conseil", "hint"), b.tr("signalez cette faute de pamlab en joignant le journal", "report this fault of pamlab, with the journal"))
	}
	b.command(b.replay(o.selection()))
}

// positioned reports a rule whose findings say at which byte: the same fault
// differs from step to step in nothing else.
func positioned(rule string) bool {
	return strings.HasPrefix(rule, "hl7.") || strings.HasPrefix(rule, "mllp.")
}

// of is what a check is about, whichever of several messages: received.MSH-18 of
// received#2.MSH-18.
func (c check) of() string {
	which, _, _ := strings.Cut(c.target(), "#")
	return which + strings.TrimPrefix(c.Name, c.target())
}

// target is what a check looked at: received#2 of received#2.MSH-18.
func (c check) target() string {
	target, _, _ := strings.Cut(c.Name, ".")
	return target
}

// asides tells, a line each, the findings that are no problem: warnings and known
// deviations. What was found in several steps is told once.
func (b *block) asides(o *outcome) {
	type aside struct {
		check
		steps, text string
	}
	var list []aside
	for _, s := range o.steps {
		for _, c := range s.checks {
			if c.Verdict != scenarios.Warn && c.Verdict != scenarios.Known {
				continue
			}
			a := aside{c, s.id, b.found(c)}
			if c.Source != nil {
				a.text += " · " + place(*c.Source)
			}
			if c.Hint != nil {
				a.text += "\n" + c.Hint.In(b.lang)
			}
			same := slices.IndexFunc(list, func(other aside) bool {
				return other.of() == a.of() && (other.text == a.text || positioned(a.Rule) && other.Rule == a.Rule)
			})
			if same < 0 {
				list = append(list, a)
			} else if !slices.Contains(strings.Split(list[same].steps, ", "), a.steps) {
				list[same].steps += ", " + a.steps
			}
		}
	}
	for _, a := range list {
		b.fact(Word(a.Verdict, b.lang), b.where(a.steps, a.check)+a.text)
	}
}

// kind is what findings on several messages have in common, "" of others.
func (c check) kind() string {
	if c.Rule == "" || c.ControlID == "" {
		return ""
	}
	return string(c.Verdict) + " " + c.Rule
}

// repeats reports a problem that another message of the step had as well.
func (s *step) repeats(i int) bool {
	kind := s.checks[i].kind()
	return kind != "" && slices.ContainsFunc(s.checks[:i], func(c check) bool { return c.kind() == kind && c.target() != s.checks[i].target() })
}

// again are the messages that repeat a problem: received#2 and their MSH-10.
func (s *step) again() map[string][]string {
	list := map[string][]string{}
	for i, c := range s.checks {
		if name := Visible(c.target() + " " + c.ControlID); problem(c.Verdict) && s.repeats(i) && !slices.Contains(list[c.kind()], name) {
			list[c.kind()] = append(list[c.kind()], name)
		}
	}
	return list
}

// step tells the problems found in a step, or the reason why it is one without
// any check.
func (b *block) step(o *outcome, s *step) {
	b.shown = shown{}
	told := false
	var again map[string][]string
	for i, c := range s.checks {
		if !problem(c.Verdict) || s.repeats(i) {
			continue
		}
		b.WriteString("\n")
		if !told {
			b.heading(o, s)
			again = s.again()
		}
		b.check(o, s, c)
		b.fact(b.tr("aussi dans", "also in"), b.some(again[c.kind()], mostUnplayed))
		told = true
	}
	if !told && problem(s.result.Verdict) && (s.id != "" || !s.idle()) {
		b.WriteString("\n")
		b.heading(o, s)
		b.circumstances(s, check{})
		told = true
	}
	if told {
		for _, n := range s.notes {
			b.fact("note", n.In(b.lang))
		}
	}
}

func (b *block) heading(o *outcome, s *step) {
	if s.id == "" {
		return
	}
	head := Visible(s.id)
	if title := s.subject.Title.In(b.lang); title != "" {
		head += " · " + title
	}
	b.fact(b.tr("étape", "step"), head)
	if why := b.why(s.result.Reason); why != b.why(o.result.Reason) {
		b.fact(b.tr("motif", "reason"), why)
	}
}

// check tells one problem, with the messages that are the evidence.
func (b *block) check(o *outcome, s *step, c check) {
	name := c.Name
	if c.Verdict != o.result.Verdict {
		name += " · " + Word(c.Verdict, b.lang)
	}
	b.fact(b.tr("contrôle", "check"), name)
	if c.says() {
		b.fact(b.tr("constat", "finding"), c.Message.In(b.lang))
	}
	b.expectation(c)
	// What every acknowledgement owes is written in no scenario: then the step
	// is the place to look at.
	if source := cmp.Or(c.Source, s.subject.Source); source != nil && source != b.shown.source {
		b.source(*source)
		b.shown.source = source
	}
	b.circumstances(s, c)
	if c.sent != nil && (c.sent != b.shown.sent || c.Field != "") {
		b.subject(b.tr("envoyé", "sent"), c.sent, c.Field)
		b.shown.sent = c.sent
	}
	if c.came != nil {
		b.subject(b.tr("reçu", "received"), c.came, c.Field)
	}
	if c.answer != nil && c.answer != b.shown.answer {
		b.received(c.answer, s.told(b.lang))
		b.shown.answer = c.answer
	}
	b.fact(b.tr("exigence", "spec"), b.requirement(o, s, c))
	if c.Hint != nil {
		b.fact(b.tr("conseil", "hint"), c.Hint.In(b.lang))
	}
}

func (b *block) expectation(c check) {
	if c.Expected == "" && c.Actual == "" {
		return
	}
	b.literal(b.tr("attendu", "expected"), cmp.Or(b.wanted(c), b.nothing()), "")
	if !c.said() {
		b.literal(b.tr("obtenu", "actual"), cmp.Or(c.Actual, b.nothing()), verdictStyle(c.Verdict))
	}
}

// requirement is what demands the check: its own reference, or the step's, or
// the scenario's, and the rule of ours.
func (b *block) requirement(o *outcome, s *step, c check) string {
	rule := ""
	if c.Rule != "" {
		rule = b.tr("règle ", "rule ") + c.Rule
	}
	return dotted(cmp.Or(c.Spec, s.subject.Spec, o.subject.Spec), rule)
}

// circumstances tells the connection that explains a finding: the one that
// failed, or for a finding about TLS the one that was made.
func (b *block) circumstances(s *step, about check) {
	if b.shown.connections {
		return
	}
	for _, c := range s.connections {
		made := strings.HasPrefix(about.Name, "tls") && c.TLS != nil && c.State != "closed"
		if c.Error == nil && c.Alert == "" && !made {
			continue
		}
		if c.Error != nil && about.Message != nil && *c.Error == *about.Message {
			c.Error = nil // the finding has said it
			if c.Identity+c.Alert == "" {
				continue
			}
		}
		b.fact(b.tr("connexion", "connection"), b.connection(c))
		b.shown.connections = true
	}
}

func (b *block) connection(c scenarios.ConnectionInfo) string {
	identity, agreed, alert, fault := "", "", "", ""
	if c.Identity != "" {
		identity = b.tr("identité ", "identity ") + c.Identity
	}
	if c.TLS != nil {
		agreed = "TLS " + c.TLS.Version + " " + c.TLS.Cipher
	}
	if c.Alert != "" {
		alert = b.tr("alerte ", "alert ") + c.Alert
	}
	if c.Error != nil {
		fault = c.Error.In(b.lang)
	}
	return dotted(strings.TrimSpace(c.Address+" "+b.state(c.State)), identity, agreed, alert, fault)
}

func (b *block) state(s string) string {
	if b.lang != "fr" {
		return s
	}
	switch s {
	case "opened":
		return "ouverte"
	case "reopened":
		return "rouverte"
	case "refused":
		return "refusée"
	case "failed":
		return "échouée"
	case "closed":
		return "fermée"
	}
	return s
}

// steps lists every step with its verdict, for those who asked for more.
func (b *block) steps(o *outcome) {
	for _, s := range o.steps {
		if s.id == "" {
			continue
		}
		text := b.verdict(s.result.Verdict) + Visible(s.id)
		if title := Visible(s.subject.Title.In(b.lang)); title != "" {
			text += "  " + b.paint(faint, title)
		}
		if !s.idle() {
			text += "  " + b.paint(faint, lasted(s.result.DurationMS, b.lang))
		}
		b.WriteString("  " + text + "\n")
		for _, c := range s.connections {
			fmt.Fprintf(b, "    %s\n", b.paint(faint, Visible(b.connection(c))))
		}
		for _, m := range s.messages {
			fmt.Fprintf(b, "    %s\n", b.paint(faint, Visible(b.exchange(m))))
		}
	}
}

// exchange is a message without its content.
func (b *block) exchange(m message) string {
	arrow := "→ "
	if m.received {
		arrow = "← "
	}
	text := arrow + b.identify(m)
	text += " · " + count(m.size, b.lang, noun{"octet", "octets"}, noun{"byte", "bytes"})
	if m.received && m.LatencyMS > 0 {
		text += " · " + lasted(m.LatencyMS, b.lang)
	}
	for _, o := range m.Oddities {
		text += " · " + o.In(b.lang)
	}
	return text
}

// fact writes a label and its words, folded at spaces; nothing without words.
func (b *block) fact(label, text string) {
	var lines []string
	for l := range strings.SplitSeq(strings.TrimSpace(legible.Text(text)), "\n") {
		lines = append(lines, legible.Fold(l, b.room(), true)...)
	}
	if len(lines) == 1 && lines[0] == "" {
		return
	}
	b.lines(label, "", lines)
}

// command writes a command to copy: never folded, whatever the width.
func (b *block) command(text string) {
	b.lines(b.tr("rejouer", "replay"), "", []string{text})
}

// literal writes a label and a value that must be read to the letter.
func (b *block) literal(label, text string, st style) {
	b.lines(label, st, legible.Fold(legible.Clip(Visible(text), maxLine), b.room(), false))
}

func (b *block) lines(label string, st style, lines []string) {
	for i, l := range lines {
		if i > 0 {
			label = ""
		}
		b.WriteString("  " + b.paint(faint, label) + blanks(labelColumn-legible.Columns(label)) + " " + b.paint(st, l) + "\n")
	}
}

// room is the width left for what a label says, 0 when nothing bounds it.
func (b *block) room() int {
	if b.width == 0 {
		return 0
	}
	return max(b.width-valueColumn, 20)
}
