package scenarios

import (
	"context"
	"slices"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// wanted is a message, or several, that the step in hand waits for.
type wanted struct {
	step   *Step
	record *stepRecord
	got    int
	checks []CheckInfo
}

func (w *wanted) full() bool   { return w.got >= w.step.Receive.Most }
func (w *wanted) enough() bool { return w.got >= w.step.Receive.Least || w.step.Optional }

// wait is what a step waits for, and what it has found meanwhile.
type wait struct {
	step    *Step
	list    []*wanted
	until   time.Time
	within  time.Duration
	checks  []CheckInfo // about no message that was wanted
	near    []near      // what was not wanted, for who looks why nothing came
	refused error       // the TLS handshake that failed last
	ended   bool        // a later step has its message
	fired   bool        // a trigger has done its part
	failed  *CheckInfo  // it could not
}

// silence reports a step that wants nothing to come.
func (w *wait) silence() bool { return len(w.list) == 1 && w.list[0].step.Receive.silence() }

// over reports that nothing more has to be waited for.
func (w *wait) over() bool {
	if w.silence() {
		return w.list[0].got > 0
	}
	mandatory := slices.ContainsFunc(w.list, func(one *wanted) bool { return !one.step.Optional })
	return !slices.ContainsFunc(w.list, func(one *wanted) bool { return !one.full() && !(mandatory && one.step.Optional) })
}

// await plays a step that waits for messages, while a person or a program has the
// candidate send them.
func (s *stage) await(ctx context.Context, step *Step, record *stepRecord) (*outcome, error) {
	if s.inbox == nil {
		in, err := s.openInbox(ctx)
		if err != nil {
			return nil, err
		}
		s.inbox = in
	}
	if err := s.present(step); err != nil {
		return nil, err
	}
	s.keepOthers(step, true)
	defer s.keepOthers(step, false)
	w := s.newWait(step, record)
	deed, err := s.startDeed(ctx, step, w.within)
	if err != nil {
		return nil, err
	}
	s.collectMail(ctx, w, deed.done)
	w.failed, w.fired = deed.end()
	out := &outcome{client: s.client, received: true}
	s.conclude(ctx, w, out)
	if deed.call != nil && w.failed == nil {
		out.judged = append(deed.checks(ctx, s, step), out.judged...)
	}
	return out, nil
}

// keepOthers has messages about others wait to be answered while the step in hand, or
// another one from then on, decides what they are answered. Elsewhere they are
// accepted at once: a candidate in use that speaks over one connection would
// otherwise be held up, and with it what a step awaits, or wants not to come.
func (s *stage) keepOthers(step *Step, inHand bool) {
	var later []*Step
	if at := slices.Index(s.script.Case.Steps, step); at >= 0 {
		later = s.script.Case.Steps[at+1:]
	}
	open := slices.ContainsFunc(flattened(later, s.script.Case.Always), func(l *Step) bool { return l.Receive.others() && l.Reply != nil })
	open = open || inHand && slices.ContainsFunc(flattened([]*Step{step}), func(one *Step) bool { return one.Receive.others() })
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	s.inbox.open = open
}

// newWait lists what the step wants, and until when.
func (s *stage) newWait(step *Step, record *stepRecord) *wait {
	limits := s.player.Candidate.Limits
	w := &wait{step: step}
	items := step.AnyOrder
	if step.Receive != nil {
		items = []*Step{step}
	}
	for _, item := range items {
		one := &wanted{step: item, record: record}
		if item != step {
			one.record = &stepRecord{step: item}
			s.steps[item.ID] = one.record
		}
		within := item.Receive.Within
		if within == 0 {
			switch within = limits.Receive; {
			case step.Operator != nil && !s.programmed(step):
				within = limits.Operator
			case item.Optional && s.prompted(step):
				within = limits.Ack
			}
		}
		w.within = max(w.within, within)
		w.list = append(w.list, one)
	}
	if step.Operator != nil && !s.programmed(step) {
		w.within = max(w.within, step.Operator.Within)
	}
	w.until = time.Now().Add(w.within)
	return w
}

// prompted reports that somebody has been told to make the candidate send, by this
// step or one before. Whoever does so unasked takes as long as it takes.
func (s *stage) prompted(step *Step) bool {
	for _, before := range s.script.Case.Steps {
		if before.Operator != nil || before.Trigger != nil {
			return true
		}
		if before == step {
			return false
		}
	}
	return true // of always
}

// collectMail takes letters until what is wanted is there, or time is up. failed
// is closed when what was to make the candidate send them has failed.
func (s *stage) collectMail(ctx context.Context, w *wait, failed <-chan struct{}) {
	late := time.NewTimer(time.Until(w.until))
	defer late.Stop()
	for _, l := range s.pile {
		l.tried = false
	}
	for !w.over() && !w.ended {
		if i := slices.IndexFunc(s.pile, func(l *letter) bool { return !l.tried }); i >= 0 {
			l := s.pile[i]
			if l.tried = true; s.sortLetter(ctx, w, l) {
				s.pile = slices.DeleteFunc(s.pile, func(p *letter) bool { return p == l })
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-late.C:
			return
		case <-failed:
			return
		case a := <-s.inbox.news:
			s.tellCaller(w.step, a)
			if a.state == mllp.StateHandshakeFailed {
				w.refused = a.err
			}
		case l := <-s.inbox.mail:
			s.pile = append(s.pile, l)
		}
	}
}

// sortLetter decides what becomes of a letter: true when it is done with.
func (s *stage) sortLetter(ctx context.Context, w *wait, l *letter) bool {
	closest := near{letter: l}
	for _, one := range w.list {
		if one.full() && !w.silence() {
			continue
		}
		differences := s.differences(one.step, l)
		if len(differences) == 0 {
			s.take(ctx, w, one, l)
			return true
		}
		if closest.differences == nil || len(differences) < len(closest.differences) {
			closest.differences = differences
		}
	}
	w.near = append(w.near, closest)
	if len(w.near) > mostNear {
		w.near = nearest(w.near)
	}
	switch {
	case w.silence() || s.follows(w, l):
		return false // of a later step
	case l.message == nil, s.inbox.knows(l):
		s.unexpected(ctx, w.step, w.list[0].step.Receive.Unexpected, l, &w.checks)
		return true
	}
	l.decide(nil, false)
	if s.inbox.nobody() && len(s.strays) < mostMail {
		s.strays = append(s.strays, l)
	}
	return true
}

// follows reports a letter that ends an optional step, because a later one wants
// it.
func (s *stage) follows(w *wait, l *letter) bool {
	if slices.ContainsFunc(w.list, func(one *wanted) bool { return !one.enough() }) {
		return false
	}
	steps := s.script.Case.Steps
	at := slices.Index(steps, w.step)
	if at < 0 {
		return false // of always
	}
	for _, step := range steps[at+1:] {
		if step.Accept != nil {
			return false
		}
		mandatory := false
		for _, item := range flattened([]*Step{step}) {
			if item.Receive == nil || item.Receive.silence() {
				continue
			}
			if len(s.differences(item, l)) == 0 {
				w.ended = true
				return true
			}
			mandatory = mandatory || !item.Optional
		}
		if mandatory {
			return false
		}
	}
	return false
}

// take gives a letter to who wanted it: it is answered, told and judged.
func (s *stage) take(ctx context.Context, w *wait, one *wanted, l *letter) {
	step := one.step
	outer := s.current
	s.current = one.record
	defer func() { s.current = outer }()
	if one.got++; one.got == 1 {
		one.record.received = l.message
		if step != w.step {
			s.tellStart(step)
		}
	}
	this := *one.record
	this.received = l.message
	s.current = &this
	p, err := s.plan(step)
	if err != nil {
		one.checks = append(one.checks, CheckInfo{Name: "reply", Level: Must, Verdict: Inconclusive, Message: textOf(err), Source: sourceOf(step.Reply.Pos)})
		p = nil
	}
	l.prev, l.end.last = l.end.last, l.conn.ID
	l.decide(p, false)
	s.awaitAnswer(ctx, l)
	s.tellLetter(step, l)
	known := s.inbox.nobody()
	s.inbox.learn(l)
	one.checks = append(one.checks, receivedAs(one.got, l, s.judgeLetter(ctx, step, l, p)...)...)
	s.lastTaken = l
	if known {
		s.backlog(ctx, w)
	}
}

// awaitAnswer waits until the letter has been answered, or never will be.
func (s *stage) awaitAnswer(ctx context.Context, l *letter) {
	select {
	case <-l.done:
	case <-ctx.Done():
	}
}

// backlog looks, once the play knows its patient, for messages before that were
// about them as well.
func (s *stage) backlog(ctx context.Context, w *wait) {
	for _, l := range s.strays {
		if s.inbox.knows(l) {
			s.unexpected(ctx, w.step, w.list[0].step.Receive.Unexpected, l, &w.checks)
		}
	}
	s.strays = nil
}

// unexpected tells about a message that no step waits for.
func (s *stage) unexpected(ctx context.Context, step *Step, level Level, l *letter, checks *[]CheckInfo) {
	l.decide(nil, false)
	s.awaitAnswer(ctx, l)
	s.tellLetter(step, l)
	*checks = append(*checks, unexpectedCheck(step, level, l))
}

// tellCaller writes down a connection that was opened to us, or that failed.
func (s *stage) tellCaller(step *Step, a arrival) {
	if a.state == mllp.StateNew || a.state == mllp.StateClosed && a.err == nil {
		return
	}
	s.tellArrival(step, a, &Connect{Present: a.shown})
}

// tellLetter writes down a message that came to us, and what we answered.
func (s *stage) tellLetter(step *Step, l *letter) {
	a := arrival{message: l.payload, oddities: l.oddities}
	select {
	case <-l.done:
		a.answers = l.answers
	default:
	}
	how := l.plan.how()
	s.tellMessage(step, arrival{message: a.message, oddities: a.oddities})
	for _, ack := range a.answers {
		info := messageInfo(item{ack, parsed(ack)})
		if how != nil {
			info.Wire = &WireInfo{How: how, Written: int64(len(ack))}
		}
		s.write(Event{Kind: MessageSent, Step: step.ID, Message: info})
	}
	if l.plan != nil && (l.plan.reply.Silent || l.plan.reply.Close == CloseBefore) {
		s.write(Event{Kind: Note, Step: step.ID, Note: &Text{
			FR: "sans réponse, comme le veut l'étape", EN: "not answered, as the step wants it",
		}})
	}
}

// conclude makes of a wait what is to be judged.
func (s *stage) conclude(ctx context.Context, w *wait, out *outcome) {
	for _, one := range w.list {
		step := one.step
		if !one.enough() || s.turnedAway(w, one) {
			one.checks = append(one.checks, s.missing(w, one))
		}
		if step == w.step {
			out.judged = append(out.judged, one.checks...)
			if step.Optional && one.got == 0 {
				out.absent = s.notCome(w, one)
			}
			continue
		}
		out.verdict = out.verdict.Worse(s.finishItem(ctx, w, one))
	}
	out.judged = append(out.judged, w.checks...)
}

// finishItem ends a step of any_order.
func (s *stage) finishItem(ctx context.Context, w *wait, one *wanted) Verdict {
	step := one.step
	if one.got == 0 {
		s.tellStart(step)
	}
	result := &ResultInfo{Verdict: Pass}
	if step.Optional && one.got == 0 {
		result.Verdict, result.Reason = NotApplicable, s.notCome(w, one)
	}
	for _, c := range one.checks {
		s.check(step, c)
		result.Verdict = result.Verdict.Worse(c.Verdict)
	}
	if one.got > 0 && (result.Verdict == Pass || result.Verdict == Warn) {
		if err := s.capture(step, one.record); err != nil {
			result.Verdict, result.Reason = Fail, textOf(err)
		}
	}
	if ctx.Err() != nil && !one.enough() {
		result.Verdict, result.Reason = Inconclusive, s.cutShort(ctx)
	}
	one.record.verdict = result.Verdict
	s.write(Event{Kind: StepFinished, Step: step.ID, Result: result})
	return result.Verdict
}

// linger is how long a play that receives listens on behind its last step.
const linger = 100 * time.Millisecond

// rest looks, a moment after the last step, for messages about the play's patient
// that nobody waited for.
func (s *stage) rest(ctx context.Context) Verdict {
	if s.inbox == nil {
		return ""
	}
	for late, more := time.After(linger), true; more; {
		select {
		case l := <-s.inbox.mail:
			s.pile = append(s.pile, l)
		case <-late:
			more = false
		case <-ctx.Done():
			more = false
		}
	}
	step := &Step{ID: restID, Title: Text{FR: "Messages qu'aucune étape n'attend", EN: "Messages that no step awaits"}}
	var checks []CheckInfo
	for _, l := range s.pile {
		if !s.inbox.knows(l) {
			l.decide(nil, false)
			continue
		}
		if len(checks) == 0 {
			s.tellStart(step)
		}
		s.unexpected(ctx, step, s.leastUnexpected(), l, &checks)
	}
	s.pile = nil
	verdict := Verdict("")
	for _, c := range checks {
		s.check(step, c)
		verdict = verdict.Worse(c.Verdict)
	}
	if len(checks) > 0 {
		s.write(Event{Kind: StepFinished, Step: step.ID, Result: &ResultInfo{Verdict: verdict}})
	}
	return verdict
}

// restID is that of the messages behind the last step. No step is called so.
const restID = "rest#"

// leastUnexpected is how grave the scenario takes it: as its last step does.
func (s *stage) leastUnexpected() Level {
	level := Must
	for _, step := range s.script.Case.awaited() {
		level = step.Receive.Unexpected
	}
	return level
}

// tellStart writes down that a step begins that is none of the scenario's list.
func (s *stage) tellStart(step *Step) {
	s.write(Event{Kind: StepStarted, Step: step.ID, Subject: &SubjectInfo{
		Title: step.Title, Source: sourceOf(step.Pos), Spec: step.spec(s.script.Scenario),
	}})
}
