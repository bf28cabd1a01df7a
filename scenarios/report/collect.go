package report

import (
	"strings"

	"cmp"
	"slices"
	"time"

	"github.com/pamlab/pamlab/scenarios"
)

// outcome is what became of one scenario, or of one row of its cases.
type outcome struct {
	id, row string
	seq     uint64 // of its first event: the order in which scenarios began
	subject scenarios.SubjectInfo
	started time.Time
	result  scenarios.ResultInfo
	open    bool // scenario.finished has not come
	steps   []*step
}

// name is what people call it: its id, and the row of its cases.
func (o *outcome) name() string {
	if o.row == "" {
		return o.id
	}
	return o.id + "#" + o.row
}

// selection is what `pamlab run` takes to play the scenario again.
func (o *outcome) selection() string {
	return cmp.Or(o.subject.Select, o.name())
}

// brief reports an outcome that a line and its reason tell completely: nothing
// was played. The many scenarios that an interruption leaves are of this kind.
func (o *outcome) brief() bool {
	if len(o.steps) > 0 {
		return false
	}
	return o.result.Verdict == scenarios.NotApplicable || o.result.Verdict == scenarios.Inconclusive
}

// step is one step of an outcome. What happened outside any step (a connection
// made beforehand, say) is kept in a step without an id.
type step struct {
	id          string
	subject     scenarios.SubjectInfo
	started     time.Time
	result      scenarios.ResultInfo
	open        bool
	checks      []check
	connections []scenarios.ConnectionInfo
	messages    []message
	notes       []scenarios.Text

	sent, answer *scenarios.MessageInfo            // the latest
	letters      map[string]*scenarios.MessageInfo // that were received, by MSH-10; nil: of several
}

// check is a check with the messages that it was about. They are kept for
// checks that found something, so that a run of large messages stays small.
type check struct {
	scenarios.CheckInfo
	sent, answer *scenarios.MessageInfo
	came         *scenarios.MessageInfo // of a check on a message that the candidate sent
}

// says reports a check that words its finding itself.
func (c check) says() bool { return c.Message != nil && !c.Message.IsZero() }

// said reports a check whose words are what it found: to show both would be to
// say it twice.
func (c check) said() bool {
	return c.says() && (c.Actual == c.Message.EN || c.Actual == c.Message.FR)
}

// authored reports an error that the scenario itself is about: what it says of
// its own messages is wrong.
func (o *outcome) authored() bool {
	for _, s := range o.steps {
		for _, c := range s.checks {
			if c.Verdict == scenarios.Error && c.Source != nil {
				return true
			}
		}
	}
	return false
}

// quotes reports a check whose words quote what it found.
func (c check) quotes() bool { return c.says() && strings.Contains(c.Message.EN, `"`+c.Actual+`"`) }

// message is what is kept of every message: anything but its content.
type message struct {
	scenarios.MessageInfo // Data, and Wire.Raw, are nil
	received              bool
	size                  int
}

// idle reports a step in which nothing happened: it was never played.
func (s *step) idle() bool {
	return len(s.checks)+len(s.connections)+len(s.messages) == 0
}

// told is what the checks of the step have said in their own words.
func (s *step) told(lang string) map[string]bool {
	told := map[string]bool{}
	for _, c := range s.checks {
		if c.Verdict != scenarios.Pass && c.says() {
			told[c.Message.In(lang)] = true
		}
	}
	return told
}

// problem reports the verdicts for which a report tells the whole story.
func problem(v scenarios.Verdict) bool {
	switch v {
	case scenarios.Fail, scenarios.UnexpectedPass, scenarios.Inconclusive, scenarios.Error:
		return true
	}
	return false
}

// collector sorts the events of a run by scenario. It holds the messages of
// scenarios that are under way only.
type collector struct {
	run      *scenarios.RunInfo
	result   *scenarios.ResultInfo // of run.finished, nil until then
	started  time.Time
	last     time.Time // of the latest event
	running  []*outcome
	finished int
}

// add takes the next event in and returns the scenario that it ends, or nil.
func (c *collector) add(e scenarios.Event) *outcome {
	if c.started.IsZero() {
		c.started = e.Time
	}
	if e.Time.After(c.last) {
		c.last = e.Time
	}
	switch e.Kind {
	case scenarios.RunStarted:
		c.run = e.Run
		return nil
	case scenarios.RunFinished:
		c.result = e.Result
		if c.result == nil {
			c.result = &scenarios.ResultInfo{}
		}
		return nil
	}
	if e.Scenario == "" {
		return nil
	}
	o := c.find(e)
	if e.Kind != scenarios.ScenarioFinished {
		o.add(e)
		return nil
	}
	if e.Subject != nil {
		o.subject = *e.Subject
	}
	o.close(e.Time, e.Result)
	c.running = slices.DeleteFunc(c.running, func(r *outcome) bool { return r == o })
	c.finished++
	return o
}

// find returns the scenario under way that e belongs to, and begins one when
// there is none: a scenario that does not apply may be finished without having
// started.
func (c *collector) find(e scenarios.Event) *outcome {
	for _, o := range c.running {
		if o.id == e.Scenario && o.row == e.Case {
			return o
		}
	}
	o := &outcome{id: e.Scenario, row: e.Case, seq: e.Seq, started: e.Time, open: true}
	c.running = append(c.running, o)
	return o
}

// abandon ends the scenarios that are still under way, for a run that was cut
// short, and returns them in the order in which they began.
func (c *collector) abandon() []*outcome {
	left := c.running
	c.running = nil
	for _, o := range left {
		o.close(c.last, nil)
		c.finished++
	}
	return left
}

// missing is the number of scenarios that were selected and never began.
func (c *collector) missing() int {
	if c.run == nil {
		return 0
	}
	return max(c.run.Selected-c.finished-len(c.running), 0)
}

// took is how long the run lasted, or has lasted so far, in milliseconds.
func (c *collector) took() float64 {
	if c.result != nil && c.result.DurationMS > 0 {
		return c.result.DurationMS
	}
	return float64(c.last.Sub(c.started).Microseconds()) / 1000
}

// exitCode is the code that the run gave itself; a run whose end was never
// written was interrupted.
func (c *collector) exitCode() int {
	if c.result == nil || c.result.Interrupted && c.result.Exit == 0 {
		return scenarios.ExitInterrupted
	}
	return c.result.Exit
}

func (o *outcome) add(e scenarios.Event) {
	if e.Kind == scenarios.ScenarioStarted {
		if e.Subject != nil {
			o.subject = *e.Subject
		}
		return
	}
	s := o.step(e)
	switch e.Kind {
	case scenarios.StepStarted:
		if e.Subject != nil {
			s.subject = *e.Subject
		}
	case scenarios.StepFinished:
		s.open = false
		if e.Result != nil {
			s.result = *e.Result
		}
	case scenarios.Connection:
		if e.Connection != nil {
			s.connections = append(s.connections, *e.Connection)
		}
	case scenarios.MessageSent, scenarios.MessageReceived:
		if e.Message != nil {
			s.addMessage(e.Message, e.Kind == scenarios.MessageReceived)
		}
	case scenarios.Checked:
		if e.Check != nil {
			s.addCheck(*e.Check)
		}
	case scenarios.Note:
		if e.Note != nil {
			s.notes = append(s.notes, *e.Note)
		}
	}
}

// step returns the step that e belongs to. An id that comes back after its step
// has finished is a step of its own.
func (o *outcome) step(e scenarios.Event) *step {
	for _, s := range slices.Backward(o.steps) {
		if s.id == e.Step && (s.open || e.Kind != scenarios.StepStarted) {
			return s
		}
	}
	s := &step{id: e.Step, started: e.Time, open: true}
	o.steps = append(o.steps, s)
	return s
}

func (s *step) addMessage(m *scenarios.MessageInfo, received bool) {
	if received {
		s.answer = m
		s.addLetter(m)
	} else {
		s.sent, s.answer = m, nil
	}
	kept := *m
	kept.Data = nil
	if m.Wire != nil {
		kept.Wire = &scenarios.WireInfo{How: m.Wire.How, Written: m.Wire.Written}
	}
	s.messages = append(s.messages, message{kept, received, len(m.Data)})
}

// mostLetters bounds the messages of a step that are kept to be shown.
const mostLetters = 50

func (s *step) addLetter(m *scenarios.MessageInfo) {
	if s.letters == nil {
		s.letters = map[string]*scenarios.MessageInfo{}
	}
	if _, twice := s.letters[m.ControlID]; twice {
		s.letters[m.ControlID] = nil // which of them a check is about is not known
	} else if len(s.letters) < mostLetters {
		s.letters[m.ControlID] = m
	}
}

func (s *step) addCheck(info scenarios.CheckInfo) {
	c := check{CheckInfo: info}
	if info.Verdict != scenarios.Pass {
		c.sent, c.answer = s.sent, s.answer
		if strings.HasPrefix(info.Name, "received") {
			c.sent, c.answer, c.came = nil, nil, s.letters[info.ControlID]
		}
	}
	s.checks = append(s.checks, c)
}

// close settles what the journal left open. A scenario that was cut off is
// inconclusive, unless it had already failed.
func (o *outcome) close(at time.Time, result *scenarios.ResultInfo) {
	worst := scenarios.Verdict("")
	for _, s := range o.steps {
		s.settle()
		worst = worst.Worse(s.result.Verdict)
	}
	if result != nil {
		o.open = false
		o.result = *result
	} else {
		o.result = scenarios.ResultInfo{
			Verdict:    scenarios.Inconclusive.Worse(worst),
			Reason:     &scenarios.Text{FR: "interrompu avant sa fin", EN: "interrupted before its end"},
			DurationMS: float64(at.Sub(o.started).Microseconds()) / 1000,
		}
	}
	if o.result.Verdict == "" {
		o.result.Verdict = scenarios.Error
	}
}

// settle gives a step whose end was never written the worst of its checks, and
// at least inconclusive.
func (s *step) settle() {
	if s.result.Verdict != "" {
		return
	}
	for _, c := range s.checks {
		s.result.Verdict = s.result.Verdict.Worse(c.Verdict)
	}
	if s.id != "" {
		s.result.Verdict = s.result.Verdict.Worse(scenarios.Inconclusive)
	}
}
