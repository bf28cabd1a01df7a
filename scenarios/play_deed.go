package scenarios

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Prompter is how a play speaks to the person at the candidate. Several plays may
// want to at once.
type Prompter interface {
	// Prompt shows an instruction until ctx ends. One that wants a confirmation
	// returns as soon as there is an answer: true when the person has done it, false
	// when they cannot, or when ctx has ended before.
	Prompt(ctx context.Context, i Instruction) bool
}

// Instruction is what a person is asked to do at the candidate.
type Instruction struct {
	Scenario, Case, Step string
	Text                 Text
	Until                time.Time // when nobody waits for it any more
	Confirm              bool      // the person says when it is done
}

// deed is what makes the candidate do something while a step waits: a person who
// was told to, or a program that was called.
type deed struct {
	call   *callResult   // of a program
	wants  bool          // the step says itself which status it expects
	done   chan struct{} // closed when the program could not do it
	cancel context.CancelFunc
	task   sync.WaitGroup
}

// programmed reports a step whose trigger the candidate file can play.
func (s *stage) programmed(step *Step) bool { return step.programmed(s.player.Candidate) }

func (s *Step) programmed(c *Candidate) bool {
	if s.Trigger == nil {
		return false
	}
	_, ok := c.Endpoints[s.Trigger.Endpoint]
	return ok
}

// Asks reports a play in which a person has to do something at the candidate.
func (p Play) Asks(c *Candidate) bool { return p.Scenario.Role == c.Role && p.Case.asks(c) }

// asks reports a case in which a person has to do something.
func (c *Case) asks(candidate *Candidate) bool {
	return slices.ContainsFunc(c.Steps, func(s *Step) bool { return s.Operator != nil && !s.programmed(candidate) })
}

// patience is how long the persons whom a case asks may take altogether.
func (c *Case) patience(candidate *Candidate) time.Duration {
	var sum time.Duration
	for _, s := range c.Steps {
		if s.Operator == nil || s.programmed(candidate) {
			continue
		}
		within := candidate.Limits.Operator
		if s.Operator.Within > 0 {
			within = s.Operator.Within
		}
		sum += within
	}
	return sum
}

// startDeed calls the program, or tells the person what to do.
func (s *stage) startDeed(ctx context.Context, step *Step, within time.Duration) (*deed, error) {
	d := &deed{done: make(chan struct{}), cancel: func() {}}
	switch {
	case step.Trigger != nil && (s.programmed(step) || step.Operator == nil):
		request, err := s.request(step, step.Trigger)
		if err != nil {
			return nil, err
		}
		d.wants = step.Expects(TargetStatus)
		d.call = &callResult{}
		d.task.Go(func() {
			*d.call = request.perform(ctx)
			if !d.call.good() && !d.wants {
				close(d.done)
			}
		})
	case step.Operator != nil:
		i, err := s.instruction(step, within)
		if err != nil {
			return nil, err
		}
		if s.player.Prompter == nil {
			return nil, &blocked{nobodyThere()}
		}
		ctx, d.cancel = context.WithCancel(ctx)
		d.task.Go(func() { s.player.Prompter.Prompt(ctx, i) })
	}
	return d, nil
}

// end waits for the program, and takes the instruction away. It returns why the
// program could not do it, and whether it has.
func (d *deed) end() (failed *CheckInfo, done bool) {
	d.cancel()
	d.task.Wait()
	if d.call == nil {
		return nil, false
	}
	if !d.call.good() && !d.wants {
		c := d.call.failure("trigger")
		return &c, false
	}
	return nil, d.call.good()
}

// checks are those of what the program answered.
func (d *deed) checks(ctx context.Context, s *stage, step *Step) []CheckInfo {
	s.current.json, s.current.called = d.call.document, true
	s.tellCall(step, d.call)
	return s.expectAll(ctx, step, &outcome{client: s.client, http: d.call}, TargetStatus, TargetJSON)
}

// instruction renders what a person is asked to do, and writes it down.
func (s *stage) instruction(step *Step, within time.Duration) (Instruction, error) {
	fr, err := step.Operator.FR.Render(s)
	if err != nil {
		return Instruction{}, err
	}
	en, err := step.Operator.EN.Render(s)
	if err != nil {
		return Instruction{}, err
	}
	s.write(Event{Kind: Note, Step: step.ID, Note: &Text{FR: "à faire au candidat : " + fr, EN: "to be done at the candidate: " + en}})
	return Instruction{
		Scenario: s.script.Scenario.ID, Case: s.script.Case.ID, Step: step.ID,
		Text: Text{FR: fr, EN: en}, Until: time.Now().Add(within),
	}, nil
}

func nobodyThere() Text {
	return Text{
		FR: "une personne doit agir au candidat, et il n'y a personne (--no-input, ou pas de terminal)",
		EN: "a person has to do something at the candidate, and nobody is there (--no-input, or no terminal)",
	}
}

// ask has a person do something and say so.
func (s *stage) ask(ctx context.Context, step *Step) (*outcome, error) {
	if s.player.Prompter == nil {
		return nil, &blocked{nobodyThere()}
	}
	within := step.Operator.Within
	if within == 0 {
		within = s.player.Candidate.Limits.Operator
	}
	i, err := s.instruction(step, within)
	if err != nil {
		return nil, err
	}
	i.Confirm = true
	waits, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if !s.player.Prompter.Prompt(waits, i) && ctx.Err() == nil {
		return nil, &blocked{Textf("personne n'a confirmé en %s que c'est fait", "nobody confirmed within %s that it is done", within)}
	}
	return &outcome{client: s.client, received: true}, nil
}

// trigger calls a program and waits for nothing else.
func (s *stage) trigger(ctx context.Context, step *Step, record *stepRecord) (*outcome, error) {
	d, err := s.startDeed(ctx, step, 0)
	if err != nil {
		return nil, err
	}
	out := &outcome{client: s.client, received: true}
	failed, _ := d.end()
	if failed != nil {
		s.tellCall(step, d.call)
		out.judged = []CheckInfo{*failed}
		return out, nil
	}
	out.judged = d.checks(ctx, s, step)
	out.judged = append(out.judged, s.expectAll(ctx, step, &outcome{client: s.client, http: d.call}, TargetAnyOf)...)
	return out, nil
}

// question asks an endpoint until what is expected holds, or time is up.
func (s *stage) question(ctx context.Context, step *Step, record *stepRecord) (*outcome, error) {
	within, every := step.Probe.Within, step.Probe.Every
	limits := s.player.Candidate.Limits
	switch {
	case within > 0:
	case step.Operator != nil && step.Operator.Within > 0:
		within = step.Operator.Within
	case step.Operator != nil:
		within = limits.Operator
	default:
		within = limits.Ack
	}
	if every == 0 {
		every = probeEvery
	}
	request, err := s.request(step, step.Probe)
	if err != nil {
		return nil, err
	}
	d, err := s.startDeed(ctx, step, within)
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = d.end() }()
	out := &outcome{client: s.client, received: true}
	until := time.Now().Add(within)
	reached := false
	for {
		result := request.perform(ctx)
		reached = reached || result.err == nil
		out.http = &result
		record.json, record.called = result.document, result.err == nil
		out.judged = s.judgeProbe(ctx, step, out, reached)
		last := !time.Now().Add(every).Before(until)
		if last || satisfied(out.judged) || !pause(ctx, every) {
			s.tellCall(step, &result)
			return out, nil
		}
	}
}

// probeEvery is the time between two questions of a probe that does not say it.
const probeEvery = 500 * time.Millisecond

func (s *stage) judgeProbe(ctx context.Context, step *Step, out *outcome, reached bool) []CheckInfo {
	switch {
	case out.http.err != nil:
		c := out.http.failure("probe")
		if reached { // and has not answered since
			c.Verdict = Fail
		}
		return []CheckInfo{c}
	case len(step.Expect) == 0 && !out.http.good():
		c := out.http.failure("probe")
		c.Verdict = Fail
		return []CheckInfo{c}
	}
	var checks []CheckInfo
	for _, e := range step.Expect {
		checks = append(checks, s.expect(ctx, e, out))
	}
	return checks
}

// satisfied reports checks of which none is unmet.
func satisfied(checks []CheckInfo) bool {
	for _, c := range checks {
		if c.Verdict != Pass || c.Unmet {
			return false
		}
	}
	return true
}
