package scenarios_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// startDMN starts the reference DMN in plain TCP and returns its candidate.
func startDMN(t *testing.T, opt reference.Options) *scenarios.Candidate {
	t.Helper()
	opt.Logger = slog.New(slog.DiscardHandler)
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{Options: opt})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, dmn.Stop(ctx))
	})
	return candidateAt(dmn.Addr())
}

func candidateAt(addr string) *scenarios.Candidate {
	c := scenarios.NewCandidate()
	c.Address = addr
	return c
}

// scenario loads a scenario from its text.
func scenario(t *testing.T, id, text string) *scenarios.Scenario {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	head := "version: 1\nid: " + id + "\ntitle: {fr: essai, en: test}\nrole: dmn\ngiven: {patient: {new: patient}, stay: {new: stay}}\n"
	require.NoError(t, os.WriteFile(file, []byte(head+text), 0o600))
	s, err := scenarios.Load(file)
	require.NoError(t, err)
	return s
}

// journalOf plays scenarios and returns what was written, with the summary.
func journalOf(ctx context.Context, c *scenarios.Candidate, jobs int, list ...*scenarios.Scenario) ([]scenarios.Event, scenarios.Summary) {
	var events []scenarios.Event
	journal := scenarios.NewJournal(io.Discard, time.Now, func(e scenarios.Event) { events = append(events, e) })
	p := scenarios.Player{Candidate: c, Journal: journal, Seed: 1, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Jobs: jobs}
	summary := p.Run(ctx, scenarios.Plays(list))
	return events, summary
}

// stepVerdicts are the verdicts of steps, "step: verdict", in their order.
func stepVerdicts(events []scenarios.Event) []string {
	var list []string
	for _, e := range events {
		if e.Kind == scenarios.StepFinished {
			list = append(list, fmt.Sprintf("%s: %s", e.Step, e.Result.Verdict))
		}
	}
	return list
}

func TestPlay(t *testing.T) {
	for _, test := range []struct {
		name  string
		bugs  []string
		steps string
		want  []string
		exit  int
	}{
		{
			name: "each step passes",
			steps: `
steps:
  - {id: one, send: A28, expect: {ack: AA}}
  - {id: two, send: A31, expect: {ack: AA}}`,
			want: []string{"one: pass", "two: pass"}, exit: scenarios.ExitOK,
		},
		{
			name: "a step that never started is inconclusive",
			steps: `
steps:
  - {id: one, send: A28, expect: {ack: AE}}
  - {id: two, send: A31, expect: {ack: AA}}`,
			want: []string{"one: fail", "two: inconclusive"}, exit: scenarios.ExitFailed,
		},
		{
			name: "always is played after a failure, if its condition holds",
			steps: `
steps:
  - {id: one, send: A01, expect: {ack: AE}}
  - {id: two, send: A02, with: {stay: {unit: {code: "1", label: X}}}, expect: {ack: AA}}
always:
  - {id: undo, when: one.sent, send: A11, expect: {ack: AA}}
  - {id: mend, when: two.sent, send: A12, expect: {ack: AA}}
  - {id: told, when: one.failed, send: A31, expect: {ack: AA}}`,
			want: []string{"one: fail", "two: inconclusive", "undo: pass", "told: pass"}, exit: scenarios.ExitFailed,
		},
		{
			name: "a SHOULD that is unmet warns and goes on",
			steps: `
steps:
  - {id: one, send: A28, expect: {ack: {MSA-1: {in: [AE], level: should}}}}
  - {id: two, send: A31, expect: {ack: AA}}`,
			want: []string{"one: warn", "two: pass"}, exit: scenarios.ExitOK,
		},
		{
			name: "captures and references are what was on the wire",
			steps: `
vars: {unit: "62E8"}
steps:
  - id: one
    send: A28
    set: {PID-11.3: "000003", PID-23: "{{unit}}"}
    capture: {number: "sent.PID-3[.5=PI].1", acked: ack.MSH-10}
    expect: {ack: {MSA-1: AA, MSA-2: "{{sent.MSH-10}}"}, sent: {PID-11.3: "000003", PID-23: "62E8"}}
  - id: two
    send: A31
    expect:
      ack: {MSH-10: {not: "{{acked}}"}}
      sent: {"PID-3[.5=PI].1": "{{number}}", "PID-3[.5=PI].2": absent, PID-5.1: {same_as: one.sent.PID-5.1}}`,
			want: []string{"one: pass", "two: pass"}, exit: scenarios.ExitOK,
		},
		{
			name: "the same message again is the same bytes",
			steps: `
steps:
  - {id: one, send: A28, expect: {ack: AA}}
  - {id: again, send: {again: one}, expect: {ack: AA, sent: {MSH-10: {same_as: one.sent.MSH-10}}}}`,
			want: []string{"one: pass", "again: pass"}, exit: scenarios.ExitOK,
		},
		{
			name: "a message written in the scenario, with an id of its own",
			steps: `
steps:
  - id: one
    send:
      raw: |
        MSH|^~\&|A|B|C|D|{{start}}||ADT^A28^ADT_A05|{{control_id}}|P|2.5
        EVN||{{start}}
        PID|||1^^^LABO&2.999.1.1&ISO^PI||ESSAI^ALIX^ALIX^^^^L||19800101|F
        PV1||N
    expect: {ack: {MSA-1: AA, MSA-2: "{{sent.MSH-10}}"}, sent: {MSH-10: present}}
  - id: two
    send: A28
    set: {MSH-10: "{{control_id}}"}
    expect: {ack: AA, sent: {MSH-10: {not: "{{one.sent.MSH-10}}"}}}`,
			want: []string{"one: pass", "two: pass"}, exit: scenarios.ExitOK,
		},
		{
			name: "a connection that is closed, as expected and not", bugs: []string{"closes-after-answer"},
			steps: `
steps:
  - {id: one, send: A28, expect: {ack: AA, connection: closed}}
  - {id: two, send: A31, expect: {ack: AA, connection: open}}`,
			want: []string{"one: pass", "two: fail"}, exit: scenarios.ExitFailed,
		},
		{
			name: "no answer, expected and not", bugs: []string{"never-answers"},
			steps: `
steps:
  - {id: one, send: A28, expect: {ack: none}}
  - {id: two, send: A31}`,
			want: []string{"one: pass", "two: fail"}, exit: scenarios.ExitFailed,
		},
		{
			name: "an answer where none may come",
			steps: `
steps:
  - {id: one, send: A28, expect: {ack: none}}`,
			want: []string{"one: fail"}, exit: scenarios.ExitFailed,
		},
		{
			name: "without expectations the acknowledgement still owes what it owes", bugs: []string{"wrong-msa2"},
			steps: `
steps:
  - {id: one, send: A28}`,
			want: []string{"one: fail"}, exit: scenarios.ExitFailed,
		},
		{
			name: "one of several alternatives",
			steps: `
steps:
  - id: one
    send: A28
    set: {MSH-9.2: Z98}
    expect: {any_of: [{connection: closed}, {ack: {MSA-1: AR}}]}
  - id: two
    send: A31
    expect: {any_of: [{connection: closed}, {ack: {MSA-1: AE}}]}`,
			want: []string{"one: pass", "two: fail"}, exit: scenarios.ExitFailed,
		},
		{
			name: "an impossible movement, seen at the run only, is the scenario's fault",
			steps: `
steps:
  - {id: one, send: A01, with: {stay: {room: "{{start}}{{start}}"}}}`,
			want: []string{"one: inconclusive"}, exit: scenarios.ExitUnusable,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := startDMN(t, reference.Options{Bugs: test.bugs})
			c.Limits.Ack = time.Second
			events, summary := journalOf(t.Context(), c, 1, scenario(t, "play", test.steps))
			require.Equal(t, test.want, stepVerdicts(events))
			require.Equal(t, test.exit, summary.Exit)
		})
	}
}

func TestCasesArePlayedEachWithAPatientOfItsOwn(t *testing.T) {
	c := startDMN(t, reference.Options{})
	s := scenario(t, "rows", `
cases:
  - {id: a, event: A28, sex: F}
  - {id: b, event: A31}
steps:
  - id: one
    send: "{{case.event}}"
    set: {PID-8: "{{case.sex}}"}
    expect: {ack: AA}
`)
	events, summary := journalOf(t.Context(), c, 2, s)
	require.Equal(t, map[scenarios.Verdict]int{scenarios.Pass: 2}, summary.Counts)
	numbers := map[string]string{}
	for _, e := range events {
		if e.Kind == scenarios.MessageSent {
			m, err := hl7.Parse(e.Message.Data)
			require.NoError(t, err)
			numbers[m.Get("PID-3.1")] = e.Case
		}
	}
	require.Len(t, numbers, 2)
}

// A candidate that holds its answer back until the run is interrupted.
func TestAnInterruptedRunIsClosedProperly(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	c := startDMN(t, reference.Options{Accept: func(context.Context, *hl7.Message) error {
		interrupt()
		return nil
	}})
	first := scenario(t, "first", "steps:\n  - {id: one, send: A28}\n  - {id: two, send: A31}\n")
	second := scenario(t, "second", "steps:\n  - {id: one, send: A28}\n")
	events, summary := journalOf(ctx, c, 1, first, second)
	require.Equal(t, scenarios.ExitInterrupted, summary.Exit)
	last := events[len(events)-1]
	require.Equal(t, scenarios.RunFinished, last.Kind)
	require.True(t, last.Result.Interrupted)
	finished := 0
	for _, e := range events {
		if e.Kind == scenarios.ScenarioFinished {
			finished++
			require.Equal(t, scenarios.Inconclusive, e.Result.Verdict)
		}
	}
	require.Equal(t, 2, finished)
}

func TestAPlayIsTheSameAloneAndAmongOthers(t *testing.T) {
	c := startDMN(t, reference.Options{})
	one := scenario(t, "one", "steps:\n  - {id: a, send: A01}\n  - {id: b, send: A03, with: {at: +1h}}\n")
	two := scenario(t, "two", "steps:\n  - {id: a, send: A28}\n")
	sent := func(events []scenarios.Event) []byte {
		var all []byte
		for _, e := range events {
			if e.Kind == scenarios.MessageSent && e.Scenario == "one" {
				all = append(all, e.Message.Data...)
			}
		}
		return all
	}
	alone, _ := journalOf(t.Context(), c, 1, one)
	among, _ := journalOf(t.Context(), c, 4, two, one)
	require.NotEmpty(t, sent(alone))
	require.True(t, bytes.Equal(sent(alone), sent(among)))
}

func TestRealIdentitiesStay(t *testing.T) {
	c := startDMN(t, reference.Options{})
	s := scenario(t, "real", `
steps:
  - id: one
    send: A28
    set: {"PID-3[2]": "260058815400233^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS"}
`)
	events, summary := journalOf(t.Context(), c, 1, s)
	require.Equal(t, scenarios.ExitUnusable, summary.Exit)
	for _, e := range events {
		require.NotEqual(t, scenarios.MessageSent, e.Kind)
	}
	c.Safety.RefuseRealIdentities = false
	events, summary = journalOf(t.Context(), c, 1, s)
	require.Equal(t, scenarios.ExitOK, summary.Exit)
	require.False(t, events[0].Run.RefuseRealIdentities)
}

// A run leaves no goroutine behind, whatever its candidate does.
func TestRunLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("plays", func(t *testing.T) {
		for _, bug := range []string{"", "never-answers", "closes-after-answer", "no-end-block"} {
			var bugs []string
			if bug != "" {
				bugs = []string{bug}
			}
			c := startDMN(t, reference.Options{Bugs: bugs})
			c.Limits.Ack = 100 * time.Millisecond
			journalOf(t.Context(), c, 4, scenario(t, "leak", "steps:\n  - {id: one, send: A28}\n  - {id: two, send: A31}\n"))
		}
	})
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before, stacks())
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// Handlers of peers that only this test knows.
func TestWhatIsNoAcknowledgementFails(t *testing.T) {
	for name, answer := range map[string]string{
		"a text":          "thank you",
		"another message": "MSH|^~\\&|A|B|C|D|20260302090000||ADT^A01|1|P|2.5\rPID|1\r",
		"undecodable":     "MSH|^~\\&|A|B|C|D|20260302090000||ACK^A28^ACK|1|P|2.5|||||FRA|UNICODE UTF-8\rMSA|AA|\xff\xfe\r",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, func(w mllp.ResponseWriter, _ *mllp.Request) { _ = w.WriteMessage([]byte(answer)) })
			events, summary := journalOf(t.Context(), candidateAt(addr), 1, scenario(t, "text", "steps:\n  - {id: one, send: A28}\n"))
			require.Equal(t, []string{"one: fail"}, stepVerdicts(events))
			require.Equal(t, scenarios.ExitFailed, summary.Exit)
		})
	}
}

func serve(t *testing.T, handler mllp.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &mllp.Server{Handler: handler, Logger: slog.New(slog.DiscardHandler)}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() { _ = server.Close(); served.Wait() })
	return l.Addr().String()
}

// closer hangs up on everything.
func closer(t *testing.T) string {
	return serve(t, func(w mllp.ResponseWriter, _ *mllp.Request) { w.CloseAfter() })
}

func TestOnlyAnAcknowledgementCountsAsOne(t *testing.T) {
	silent := serve(t, func(mllp.ResponseWriter, *mllp.Request) {})
	text := serve(t, func(w mllp.ResponseWriter, _ *mllp.Request) { _ = w.WriteMessage([]byte("hello world")) })
	for _, test := range []struct{ name, expect string }{
		{"absent is not said of what never came", "{any_of: [{ack: {ERR: absent}}, {ack: {MSA-1: AA}}]}"},
		{"nor is anything but AA", "{any_of: [{ack: {MSA-1: {not: AA}}}, {ack: {MSA-1: AA}}]}"},
		{"an open connection is no answer", "{connection: open}"},
	} {
		for peer, addr := range map[string]string{"silent": silent, "text": text} {
			t.Run(test.name+", "+peer, func(t *testing.T) {
				t.Parallel()
				c := candidateAt(addr)
				c.Limits.Ack = 200 * time.Millisecond
				_, summary := journalOf(t.Context(), c, 1, scenario(t, "x", "steps:\n  - {id: one, send: A28, expect: "+test.expect+"}\n"))
				require.Equal(t, scenarios.ExitFailed, summary.Exit)
			})
		}
	}
}

// tlsDMN starts the reference DMN on mutual TLS; foreign has a PKI that it does
// not know.
func tlsDMN(t *testing.T, bugs ...string) (c *scenarios.Candidate, foreign string) {
	t.Helper()
	dir, foreign := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, foreign} {
		_, err := pki.Init(d, pki.Options{})
		require.NoError(t, err)
	}
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{
		Options: reference.Options{Bugs: bugs, Logger: slog.New(slog.DiscardHandler)},
		TLS:     &mllp.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = dmn.Stop(context.Background()) })
	c = candidateAt(dmn.Addr())
	c.TLS = &scenarios.TLS{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "gam.pem"), Key: filepath.Join(dir, "gam-key.pem"), ServerName: "dmn.test",
		Identities: map[string]scenarios.Identity{"foreign": {Cert: filepath.Join(foreign, "gam.pem"), Key: filepath.Join(foreign, "gam-key.pem")}},
	}
	return c, foreign
}

func TestOnlyTheCandidatesOwnRefusalCounts(t *testing.T) {
	const anonymous = "steps:\n  - {id: one, connect: {present: none}, expect: {tls: refused}}\n"
	for _, test := range []struct {
		name  string
		steps string
		bend  func(c *scenarios.Candidate, foreign string)
		exit  int
	}{
		{"refused by the candidate", anonymous, nil, scenarios.ExitOK},
		{"an identity it does not know", "steps:\n  - {id: one, connect: {present: foreign}, expect: {tls: refused}}\n", nil, scenarios.ExitOK},
		{"an identity it should have refused", "steps:\n  - {id: one, connect: {}, expect: {tls: refused}}\n", nil, scenarios.ExitFailed},
		{"we do not know its authority", anonymous, func(c *scenarios.Candidate, foreign string) { c.TLS.CA = filepath.Join(foreign, "ca.pem") }, scenarios.ExitUnjudged},
		{"we do not like its name", anonymous, func(c *scenarios.Candidate, _ string) { c.TLS.ServerName = "other.test" }, scenarios.ExitUnjudged},
		{"plain text on its TLS port", "steps:\n  - {id: one, connect: {transport: plain}, expect: {tls: refused}}\n", nil, scenarios.ExitOK},
		{"our usual identity is turned away", "steps:\n  - {id: one, send: A28, expect: {ack: AA, tls: accepted}}\n", func(c *scenarios.Candidate, foreign string) {
			c.TLS.Cert, c.TLS.Key = filepath.Join(foreign, "gam.pem"), filepath.Join(foreign, "gam-key.pem")
		}, scenarios.ExitUnjudged},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, foreign := tlsDMN(t)
			if test.bend != nil {
				test.bend(c, foreign)
			}
			events, summary := journalOf(t.Context(), c, 1, scenario(t, "tls", test.steps))
			require.Equal(t, test.exit, summary.Exit, stepVerdicts(events))
		})
	}
}

func TestAPeerThatSpeaksNoTLSIsNotJudgedByIt(t *testing.T) {
	c, _ := tlsDMN(t)
	c.Address = closer(t)
	_, summary := journalOf(t.Context(), c, 1, scenario(t, "tls", "steps:\n  - {id: one, connect: {present: none}, expect: {tls: refused}}\n"))
	require.Equal(t, scenarios.ExitUnjudged, summary.Exit)
}

func TestWhatAlwaysCannotBuildIsLeftOut(t *testing.T) {
	c := startDMN(t, reference.Options{Supports: []string{"A01"}})
	events, summary := journalOf(t.Context(), c, 1, scenario(t, "left", `
steps:
  - {id: one, send: A01, expect: {ack: AA}}
  - {id: two, send: A02, with: {at: +1h, stay: {unit: {code: "1", label: X}}}, expect: {ack: AA}}
always:
  - {id: undo, when: one.sent, send: A11, with: {of: one, at: +2h}}
`))
	require.Equal(t, scenarios.ExitFailed, summary.Exit)
	require.Equal(t, []string{"one: pass", "two: fail", "undo: not-applicable"}, stepVerdicts(events))
}

// The candidate is left as it was found even when the run is interrupted.
func TestAlwaysIsPlayedAfterAnInterruption(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	c := startDMN(t, reference.Options{Accept: func(_ context.Context, m *hl7.Message) error {
		if m.Header().Trigger == "A01" {
			interrupt()
		}
		return nil
	}})
	events, summary := journalOf(ctx, c, 1, scenario(t, "undo", `
steps:
  - {id: one, send: A01}
  - {id: two, send: A03, with: {at: +1h}}
always:
  - {id: undo, when: one.sent, send: A11, with: {at: +2h}, expect: {ack: AA}}
`))
	require.Equal(t, scenarios.ExitInterrupted, summary.Exit)
	require.Contains(t, stepVerdicts(events), "undo: pass")
}

func TestWhatTheCandidateDoesNotSupportIsNotSent(t *testing.T) {
	c := startDMN(t, reference.Options{})
	c.Supports = []pam.Trigger{"A28"}
	events, summary := journalOf(t.Context(), c, 1, scenario(t, "a", "steps:\n  - {id: one, send: A01}\n"), scenario(t, "b", "steps:\n  - {id: one, send: A28}\n"))
	require.Equal(t, scenarios.ExitOK, summary.Exit)
	require.Equal(t, 1, summary.Counts[scenarios.NotApplicable])
	for _, e := range events {
		if e.Kind == scenarios.MessageSent {
			require.Equal(t, "b", e.Scenario)
		}
	}
}

func TestACandidateThatIsDownIsToldOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	list := []*scenarios.Scenario{scenario(t, "a", "steps:\n  - {id: one, send: A28}\n"), scenario(t, "b", "steps:\n  - {id: one, send: A28}\n")}
	events, summary := journalOf(t.Context(), candidateAt(addr), 2, list...)
	require.Equal(t, scenarios.ExitUnjudged, summary.Exit)
	require.Equal(t, 2, summary.Counts[scenarios.Inconclusive])
	for _, e := range events {
		require.NotEqual(t, scenarios.StepStarted, e.Kind)
	}
}
