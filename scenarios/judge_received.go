package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// difference is one way in which a message is not the one that is awaited.
type difference struct {
	what             string // "event", "patient", a path
	expected, actual Text
}

// near is a message that was not the one, and why not.
type near struct {
	letter      *letter
	differences []difference
}

// Bounds of what is told of messages that were not the one.
const (
	mostNear      = 64
	mostNearTold  = 3
	mostDifferent = 80
)

// differences compares a letter with what a step awaits; none: it is the one.
func (s *stage) differences(step *Step, l *letter) []difference {
	r := step.Receive
	var list []difference
	differ := func(what string, expected, actual Text) {
		list = append(list, difference{what, expected, actual})
	}
	if l.end.name != r.Listener {
		differ("listener", sameText(listenerName(r.Listener)), sameText(listenerName(l.end.name)))
	}
	if l.message == nil {
		return append(list, difference{"message", sameText("HL7"), Text{FR: "illisible", EN: "unreadable"}})
	}
	event := l.message.Header().Trigger
	if len(r.Events) > 0 && !slices.Contains(r.Events, pam.Trigger(event)) {
		differ("MSH-9.2", sameText(eventsOf(r)), sameText(quoteOdd(legible(event))))
	}
	if whom, ok := s.about(r, l); !ok {
		differ("patient", whom, sameText(strings.Join(l.ids, ", ")))
	}
	for _, e := range r.Match {
		actual := e.Actual(l.message)
		ok, expected, err := e.Matcher.Match(actual, s)
		switch {
		case err != nil:
			differ(e.Field, *textOf(err), sameText(actual.String()))
		case !ok:
			differ(e.Field, expected, sameText(actual.String()))
		}
	}
	return list
}

// about reports whether a letter is about whom the step awaits, and says who that
// is.
func (s *stage) about(r *Receive, l *letter) (Text, bool) {
	switch r.Patient {
	case PatientAny:
		return Text{}, true
	case PatientNew:
		return Text{FR: "un autre que ceux du scénario", EN: "another than those of the scenario"}, len(l.ids) > 0 && !s.inbox.knows(l)
	case PatientNamed:
		id, err := r.ID.Render(s)
		if err != nil {
			return *textOf(err), false
		}
		return sameText(quoteOdd(id)), slices.ContainsFunc(l.ids, func(known string) bool {
			number, _, _ := strings.Cut(known, "^")
			return number == id && id != ""
		})
	}
	return Text{FR: "celui du scénario", EN: "that of the scenario"}, s.inbox.nobody() || s.inbox.knows(l)
}

func listenerName(name string) string { return cmp.Or(name, "harness.listen") }

func eventsOf(r *Receive) string {
	var list []string
	for _, t := range r.Events {
		list = append(list, string(t))
	}
	return strings.Join(list, ", ")
}

// nearest keeps the messages that came closest.
func nearest(list []near) []near {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b near) int { return len(a.differences) - len(b.differences) })
	return list[:min(len(list), mostNearTold)]
}

// in tells what came, and what was different.
func (n near) in(lang string) string {
	words := Text{FR: "%s : attendu %s, trouvé %s", EN: "%s: expected %s, found %s"}
	var list []string
	for _, d := range n.differences {
		list = append(list, fmt.Sprintf(words.In(lang), d.what, short(d.expected.In(lang)), short(d.actual.In(lang))))
	}
	name := "?"
	if m := n.letter.message; m != nil {
		name = fmt.Sprintf("%s (MSH-10 %s)", short(m.Get("MSH-9")), short(m.Header().ControlID))
	}
	return name + " – " + strings.Join(list, " ; ")
}

// short cuts a value that a report need not show whole.
func short(text string) string {
	text = legible(text)
	if utf8.RuneCountInString(text) <= mostDifferent {
		return text
	}
	return string([]rune(text)[:mostDifferent]) + "…"
}

// missing is the check of a message that did not come. A candidate of which
// nothing was seen, and whom no program has driven, was not judged.
func (s *stage) missing(w *wait, one *wanted) CheckInfo {
	r := one.step.Receive
	wanted := Text{FR: "un message", EN: "a message"}
	if len(r.Events) > 0 {
		wanted = sameText(eventsOf(r))
	}
	if r.Least > 1 {
		wanted = Text{FR: fmt.Sprintf("%d × %s", r.Least, wanted.FR), EN: fmt.Sprintf("%d × %s", r.Least, wanted.EN)}
	}
	c := CheckInfo{
		Name: string(TargetReceived), Level: Must, Verdict: Fail, Expected: wanted.EN, Actual: "-", Source: sourceOf(r.Pos),
	}
	if wanted.FR != wanted.EN {
		c.Wanted = &wanted
	}
	if one.got > 0 {
		c.Actual = fmt.Sprint(one.got)
	}
	c.Message = &Text{FR: fmt.Sprintf("ce message n'est pas venu en %s", w.within), EN: fmt.Sprintf("this message did not come within %s", w.within)}
	if w.failed != nil {
		failed := *w.failed
		return failed
	}
	if w.refused != nil {
		c.Message.FR += "\nentre-temps : " + inLang(w.refused, "fr")
		c.Message.EN += "\nmeanwhile: " + inLang(w.refused, "en")
	}
	for _, n := range nearest(w.near) {
		c.Message.FR += "\nau plus près : " + n.in("fr")
		c.Message.EN += "\nclosest: " + n.in("en")
	}
	switch {
	case one.step.Optional:
		c.Verdict = Inconclusive
	case !s.inbox.came.Load() && !w.fired:
		c.Verdict = Inconclusive
		c.Hint = s.nobodyCame(r)
	}
	return c
}

// turnedAway reports that somebody came unasked, and did not get past the TLS
// handshake: it cannot be said that they send nothing.
func (s *stage) turnedAway(w *wait, one *wanted) bool {
	return one.step.Optional && one.step == w.step && one.got == 0 && w.refused != nil && !s.prompted(w.step)
}

// nobodyCame is what may be wrong when nobody so much as connected.
func (s *stage) nobodyCame(r *Receive) *Text {
	address, _ := s.player.Candidate.Harness.listener(r.Listener)
	return &Text{
		FR: fmt.Sprintf("personne ne s'est connecté à %s : est-ce là que le candidat envoie ?", address.Addr),
		EN: fmt.Sprintf("nobody connected to %s: is this where the candidate sends to?", address.Addr),
	}
}

// notCome is why nothing is said of an optional message, and of those behind it.
func (s *stage) notCome(w *wait, one *wanted) *Text {
	reason := &Text{FR: "ce message facultatif n'est pas venu", EN: "this optional message did not come"}
	if w.ended || len(w.list) > 1 {
		return reason // others have
	}
	reason.FR += fmt.Sprintf(" en %s", w.within)
	reason.EN += fmt.Sprintf(" within %s", w.within)
	if !s.inbox.came.Load() {
		why := s.nobodyCame(one.step.Receive)
		reason.FR, reason.EN = reason.FR+" ; "+why.FR, reason.EN+"; "+why.EN
	}
	return reason
}

// unexpectedCheck is that of a message about the play's patient that no step
// awaits.
func unexpectedCheck(step *Step, level Level, l *letter) CheckInfo {
	c := CheckInfo{
		Name: "received.unexpected", Level: level, Verdict: level.Broken(), Unmet: level == Info, Actual: "?", Expected: "-",
		Message: &Text{FR: "un message sur ce patient que le scénario n'attend pas ici", EN: "a message about this patient that the scenario does not await here"},
	}
	if step.Receive != nil {
		c.Source = sourceOf(step.Receive.Pos)
		if len(step.Receive.Events) > 0 {
			c.Expected = eventsOf(step.Receive)
		}
	}
	if l.message == nil {
		c.Message = &Text{FR: "ce qui est venu n'est pas un message HL7", EN: "what came is no HL7 message"}
		return c
	}
	c.Actual = short(l.message.Get("MSH-9"))
	return c
}

// judgeLetter judges a message that a step has taken: its framing, the rules, then
// what the step expects.
func (s *stage) judgeLetter(ctx context.Context, step *Step, l *letter, p *plan) []CheckInfo {
	var checks []CheckInfo
	if step.Receive.silence() {
		return []CheckInfo{{
			Name: string(TargetReceived), Level: Must, Verdict: Fail, Expected: "-", Actual: short(l.message.Get("MSH-9")), Source: sourceOf(step.Receive.Pos),
			Message: &Text{FR: "un message est venu, là où aucun ne devait venir", EN: "a message came where none may come"},
		}}
	}
	if len(l.oddities) > 0 {
		checks = judgeWire(l.oddities)
	}
	if l.early && !p.plain() {
		checks = append(checks, CheckInfo{
			Name: "reply", Level: Must, Verdict: Inconclusive, Source: sourceOf(step.Reply.Pos), Expected: "-", Actual: "AA",
			Message: &Text{
				FR: "le message est venu si tôt avant cette étape qu'il était déjà accepté",
				EN: "the message came so long before this step that it was accepted already",
			},
			Hint: &Text{FR: "faites-le envoyer par l'étape qui l'attend", EN: "have it sent by the step that awaits it"},
		})
	}
	out := &outcome{client: s.client, letter: l, conn: l.conn}
	out.owed = s.judgeRules(step, l, p)
	checks = append(checks, out.owed...)
	for _, e := range step.Expect {
		switch e.Target {
		case TargetStatus, TargetJSON, TargetLenient:
			continue
		}
		checks = append(checks, s.expect(ctx, e, out))
	}
	return checks
}

// judgeRules judges a message by the rules of the candidate's dialect, and by those
// on order when the sender may take it for delivered: what was refused, or got no
// answer, has not happened.
func (s *stage) judgeRules(step *Step, l *letter, p *plan) []CheckInfo {
	s.player.judges.ours.Message(&s.report, l.message)
	if s.order != nil && (p.positive() || l.early) {
		s.order.Follow(&s.report)
	}
	lenient := step.Expects(TargetLenient)
	var checks []CheckInfo
	worst := rules.Off
	for i := range s.report.Findings {
		f := &s.report.Findings[i]
		c := findingCheck(TargetReceived, f)
		c.Field = f.Location.String()
		if lenient && c.Level != Info {
			c.Level, c.Verdict, c.Unmet = Info, Pass, true
		}
		worst = max(worst, f.Level)
		checks = append(checks, c)
	}
	if worst < rules.Should {
		checks = append(checks, CheckInfo{Name: "received.rules", Level: Must, Verdict: Pass, Expected: "-", Actual: "-"})
	}
	return checks
}

// receivedAs names the message in checks on it, and numbers those on the second and
// the following ones of a step: received#2.PID-8.
func receivedAs(n int, l *letter, checks ...CheckInfo) []CheckInfo {
	if l.message != nil {
		for i := range checks {
			checks[i].ControlID = l.message.Header().ControlID
		}
	}
	return numbered(n-1, checks...)
}

// session is whether a letter came over the connection of the one before.
func (l *letter) session() Actual {
	switch l.prev {
	case 0:
		return ActualText("")
	case l.conn.ID:
		return ActualText(SessionKept)
	}
	return ActualText(SessionReopened)
}

// since is the time from the letter that a step took before.
func (s *stage) since(l *letter) Actual {
	before := s.lastTaken
	if before == nil {
		return ActualText("")
	}
	from := before.came
	if len(before.answers) > 0 {
		from = before.ended
	}
	return ActualDuration(max(l.came.Sub(from), 0))
}
