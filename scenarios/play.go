package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// Player plays scenarios at one candidate and writes what happens to a journal.
// Its fields must not change while it plays.
type Player struct {
	Candidate *Candidate
	Journal   *Journal

	// Seed decides everything that is drawn: people, numbers, identifiers. The
	// same seed, instant, candidate and scenario give the same bytes.
	Seed uint64
	// Instant is where the scenarios begin: `at: +1h` is an hour later.
	Instant time.Time
	// Jobs is how many scenarios are played at once; less than one is one.
	Jobs int
	// Version is that of the program, and Options are those that chose the
	// candidate: both for the journal.
	Version string
	Options []string
	// Now is the clock; nil is that of the system.
	Now func() time.Time

	// Prompter speaks to the person at the candidate; nil: nobody is there.
	Prompter Prompter

	// Listen opens harness.listen for a candidate that connects to us; nil is
	// that of package net. It is called again for each step that accepts.
	Listen func(addr string) (net.Listener, error)

	judges  judges
	secrets secrets
	port    chan struct{}      // holds one element while a play listens on harness.listen
	spoil   func(*hl7.Message) // of tests: spoils what was built, as a fault of ours would
}

// Play is one scenario in one of its cases: what has a patient, a connection
// and a verdict of its own.
type Play struct {
	Scenario *Scenario
	Case     *Case
}

// selection is what a command line says to play it again: the id of a scenario
// of the library, whose files are named after their ids, or else the file.
func (p Play) selection() string {
	name := p.Scenario.Pos.File
	if name == p.Scenario.ID+".yaml" || name == "" {
		name = p.Scenario.ID
	}
	if p.Case.ID != "" {
		name += "#" + p.Case.ID
	}
	return name
}

// Plays lists the plays of scenarios, in their order.
func Plays(list []*Scenario) []Play {
	var plays []Play
	for _, s := range list {
		for _, c := range s.Cases {
			plays = append(plays, Play{s, c})
		}
	}
	return plays
}

// defaultTimeout bounds a play whose scenario says nothing.
const defaultTimeout = 5 * time.Minute

// Summary is what came of a run.
type Summary struct {
	Counts map[Verdict]int
	Exit   int // one of the exit codes
}

// Run plays everything, several at a time, then one by one what wants to be
// played alone, and returns when the last play has ended. When ctx ends it stops after the exchange in hand; what was not judged
// by then is inconclusive, and the journal is closed properly all the same.
func (p *Player) Run(ctx context.Context, plays []Play) Summary {
	started := p.now()
	p.Journal.Write(Event{Kind: RunStarted, Run: p.runInfo(len(plays))})
	t := &tally{counts: map[Verdict]int{}}
	p.judges = newJudges(p.Candidate)
	p.secrets = secretsOf(p.Candidate)
	p.port = make(chan struct{}, 1)
	unreachable := p.unreachable(ctx, plays)
	var group errgroup.Group
	group.SetLimit(max(p.Jobs, 1))
	var alone []Play
	for _, play := range plays {
		if play.Scenario.Alone {
			alone = append(alone, play)
			continue
		}
		group.Go(func() error {
			t.add(p.playOne(ctx, play, unreachable))
			return nil
		})
	}
	_ = group.Wait()
	for _, play := range alone {
		t.add(p.playOne(ctx, play, unreachable))
	}

	s := Summary{Counts: t.counts, Exit: t.exit()}
	interrupted := ctx.Err() != nil
	if interrupted {
		s.Exit = ExitInterrupted
	}
	var reason *Text
	if t.unusable && !interrupted {
		reason = &Text{FR: "un scénario n'a pu être joué, par sa propre faute", EN: "a scenario could not be played, by its own fault"}
	}
	p.Journal.Write(Event{Kind: RunFinished, Result: &ResultInfo{
		Counts: s.Counts, Exit: s.Exit, Interrupted: interrupted, Reason: reason,
		DurationMS: milliseconds(p.now().Sub(started)),
	}})
	return s
}

// unreachable says why nothing can be played: nobody listens. To find it out
// once, before the first scenario, spares every one of them the same long story.
func (p *Player) unreachable(ctx context.Context, plays []Play) *Text {
	if len(plays) < 2 || p.Candidate.Role == GAM {
		return nil // the one scenario tells it with all that belongs to it
	}
	client := mllp.Client{Addr: p.Candidate.Address, ConnectTimeout: p.Candidate.Limits.Connect}
	defer client.Close()
	_, err := client.Connect(ctx)
	failed, ok := errors.AsType[*mllp.Error](err)
	if !ok || failed.Kind != mllp.NoConnection {
		return nil
	}
	reason := textOf(failed)
	if hint := hintText(failed); hint != nil {
		reason.FR, reason.EN = reason.FR+" ; "+hint.FR, reason.EN+"; "+hint.EN
	}
	return reason
}

// tally counts verdicts of plays that end side by side.
type tally struct {
	mu       sync.Mutex
	counts   map[Verdict]int
	unusable bool
}

func (t *tally) add(r playResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[r.verdict]++
	t.unusable = t.unusable || r.unusable
}

func (t *tally) exit() int {
	code := ExitCode(t.counts)
	if t.unusable && code != ExitFault {
		return ExitUnusable
	}
	return code
}

// playResult is how a play ended.
type playResult struct {
	verdict  Verdict
	reason   *Text
	unusable bool // the scenario itself could not be played: a fault of its author
}

// playOne plays one scenario, or says why it does not apply.
func (p *Player) playOne(ctx context.Context, play Play, unreachable *Text) playResult {
	started := p.now()
	write := func(e Event) {
		e.Scenario, e.Case = play.Scenario.ID, play.Case.ID
		p.Journal.Write(p.secrets.hide(e))
	}
	write(Event{Kind: ScenarioStarted, Subject: &SubjectInfo{
		Title:  caseTitle(play),
		Select: play.selection(),
		Source: sourceOf(play.Case.Pos),
		Spec:   play.Scenario.Spec,
		Tags:   play.Scenario.Tags,
		Covers: play.Scenario.Covers,
	}})
	result := p.judged(ctx, play, unreachable, write)
	write(Event{Kind: ScenarioFinished, Result: &ResultInfo{
		Verdict: result.verdict, Reason: result.reason, DurationMS: milliseconds(p.now().Sub(started)),
	}})
	return result
}

// judged is the verdict of a play. A panic in here is our own fault and ends
// this play only.
func (p *Player) judged(ctx context.Context, play Play, unreachable *Text, write func(Event)) (result playResult) {
	defer func() {
		if fault := recover(); fault != nil {
			write(Event{Kind: Note, Note: &Text{FR: string(debug.Stack()), EN: string(debug.Stack())}})
			reason := Textf("pamlab s'est trompé : %v", "pamlab is at fault: %v", fault)
			result = playResult{verdict: Error, reason: &reason}
		}
	}()
	if ok, reason := Applies(play.Scenario, play.Case, p.Candidate); !ok {
		return playResult{verdict: NotApplicable, reason: &reason}
	}
	if p.Prompter == nil && play.Case.asks(p.Candidate) {
		reason := nobodyThere()
		return playResult{verdict: NotApplicable, reason: &reason}
	}
	switch {
	case p.judges.fault != nil:
		return playResult{verdict: Error, reason: textOf(p.judges.fault)}
	case ctx.Err() != nil:
		return playResult{verdict: Inconclusive, reason: interruptedText()}
	case unreachable != nil:
		return playResult{verdict: Inconclusive, reason: unreachable}
	}
	if play.Case.listens() {
		select {
		case p.port <- struct{}{}:
			defer func() { <-p.port }()
		case <-ctx.Done():
			return playResult{verdict: Inconclusive, reason: interruptedText()}
		}
	}
	timeout := play.Scenario.Timeout
	if timeout == 0 {
		timeout = defaultTimeout + play.Case.patience(p.Candidate)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s, err := p.newStage(play, write)
	if err != nil {
		reason := Text{FR: inLang(err, "fr"), EN: inLang(err, "en")}
		return playResult{verdict: Inconclusive, reason: &reason, unusable: true}
	}
	defer s.close()
	return s.play(ctx)
}

// seedOf derives the seed of a play from that of the run. It depends on nothing
// else that is played, so that a play can be repeated alone.
func (p *Player) seedOf(play Play) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", p.Seed, play.Scenario.ID, play.Case.ID))
	return binary.BigEndian.Uint64(sum[:8])
}

func (p *Player) runInfo(selected int) *RunInfo {
	return &RunInfo{
		ID:        fmt.Sprintf("%s-%d", p.now().UTC().Format("20060102T150405Z"), p.Seed),
		Tool:      "pamlab",
		Version:   p.Version,
		Seed:      p.Seed,
		Instant:   p.Instant,
		Jobs:      max(p.Jobs, 1),
		Selected:  selected,
		Options:   p.Options,
		Candidate: p.Candidate.Info(),

		RefuseRealIdentities: p.Candidate.Safety.RefuseRealIdentities,
	}
}

func (p *Player) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

func caseTitle(play Play) Text {
	title, row := play.Scenario.Title, play.Case.Title
	if row.IsZero() {
		return title
	}
	return Text{FR: title.In("fr") + " : " + row.In("fr"), EN: title.In("en") + ": " + row.In("en")}
}

func sourceOf(pos Source) *Source {
	if pos.File == "" {
		return nil
	}
	return &pos
}

func interruptedText() *Text {
	return &Text{FR: "l'essai a été interrompu", EN: "the run was interrupted"}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
