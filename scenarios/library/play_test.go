package library_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/library"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/report"
)

// candidate starts the reference DMN on mutual TLS and returns the candidate
// file that describes it.
func candidate(t *testing.T, dialect string, bugs ...string) *scenarios.Candidate {
	t.Helper()
	return candidateAnswering(t, "", dialect, bugs...)
}

// candidateAnswering is candidate with a DMN that delivers the application
// acknowledgements of the enhanced mode to another address.
func candidateAnswering(t *testing.T, answerTo, dialect string, bugs ...string) *scenarios.Candidate {
	t.Helper()
	dir := certificates(t)
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{
		Options: reference.Options{
			Bugs: bugs, Delay: 2 * answerLimit, Logger: slog.New(slog.DiscardHandler),
		},
		AnswerTo: answerTo,
		TLS: &mllp.Files{
			CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem"),
			CRL: []string{filepath.Join(dir, "crl.pem")}, OnReload: func(error) {},
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, dmn.Stop(ctx))
	})
	c := scenarios.NewCandidate()
	c.Name, c.Address, c.Harness.Listen = "reference", dmn.Addr(), "127.0.0.1:0"
	c.Dialect, err = pam.DialectByName(dialect)
	require.NoError(t, err)
	c.TLS = &scenarios.TLS{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "gam.pem"), Key: filepath.Join(dir, "gam-key.pem"), ServerName: "dmn.test",
	}
	c.Limits.Ack = answerLimit
	c.Limits.Connect, c.Limits.Handshake = time.Minute, time.Minute // nothing here is about them, and a busy machine takes its time
	return c
}

// certificates returns a folder of its own with a PKI and its faulty identities.
// They are made once: some of the keys take long.
func certificates(t *testing.T) string {
	t.Helper()
	made, err := laboratory()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, made))
	return dir
}

var laboratory = sync.OnceValues(func() (fs.FS, error) {
	dir, err := os.MkdirTemp("", "pamlab-library-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if _, err := pki.Init(dir, pki.Options{}); err != nil {
		return nil, err
	}
	if _, err := pki.Bad(dir, pki.BadOptions{}); err != nil {
		return nil, err
	}
	return inMemory(os.DirFS(dir))
})

func inMemory(from fs.FS) (fs.FS, error) {
	files := fstest.MapFS{}
	err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, path)
		files[path] = &fstest.MapFile{Data: data, Mode: 0o600}
		return err
	})
	return files, err
}

// answerLimit is how long the player waits for an answer. Only an answer that
// never comes is waited for that long; a busy machine needs some seconds for the
// first one.
const answerLimit = patience * time.Second

// play plays scenarios and returns what the console and the journal say.
func play(t *testing.T, c *scenarios.Candidate, list []*scenarios.Scenario) (events []scenarios.Event, console string) {
	t.Helper()
	renewal := func(s *scenarios.Scenario) bool { return s.ID == "tls/renewal" }
	events, console = playWith(t, c, slices.DeleteFunc(slices.Clone(list), renewal), nil)
	if !slices.ContainsFunc(list, renewal) {
		return events, console
	}
	// Afterwards, as a renewal may break the connections of others.
	renewed := *c
	tls := *c.TLS
	tls.Renews = time.Second / 2
	renewed.TLS = &tls
	more, rest := playWith(t, &renewed, slices.DeleteFunc(slices.Clone(list), func(s *scenarios.Scenario) bool { return !renewal(s) }), nil, renewing(t, filepath.Dir(tls.CA)))
	return append(events, more...), console + rest
}

// renewing puts another certificate in the place of the DMN's once the first step
// was played.
func renewing(t *testing.T, dir string) func(scenarios.Event) {
	return func(e scenarios.Event) {
		if e.Kind != scenarios.StepFinished || e.Step != "before" {
			return
		}
		for _, suffix := range []string{".pem", "-key.pem"} {
			data, err := os.ReadFile(filepath.Join(dir, "bad", "p-384"+suffix))
			assert.NoError(t, err)
			assert.NoError(t, os.WriteFile(filepath.Join(dir, "dmn"+suffix), data, 0o600))
		}
	}
}

func playWith(
	t *testing.T, c *scenarios.Candidate, list []*scenarios.Scenario, listen func(string) (net.Listener, error), observers ...func(scenarios.Event),
) (events []scenarios.Event, console string) {
	t.Helper()
	return playThese(t, c, scenarios.Plays(list), listen, observers...)
}

func playThese(
	t *testing.T, c *scenarios.Candidate, plays []scenarios.Play, listen func(string) (net.Listener, error), observers ...func(scenarios.Event),
) (events []scenarios.Event, console string) {
	t.Helper()
	var out bytes.Buffer
	screen := report.NewConsole(&out, report.Options{Lang: "en", Verbose: true})
	observers = append(observers, screen.Observe, func(e scenarios.Event) { events = append(events, e) })
	journal := scenarios.NewJournal(io.Discard, time.Now, observers...)
	player := &scenarios.Player{Candidate: c, Journal: journal, Seed: 7, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Jobs: jobs, Version: "test", Listen: listen}
	player.Run(t.Context(), plays)
	require.NoError(t, screen.Close())
	return events, out.String()
}

// forRole are the scenarios for candidates of a role.
func forRole(t *testing.T, role scenarios.Role) []*scenarios.Scenario {
	t.Helper()
	all, err := library.All()
	require.NoError(t, err)
	return slices.DeleteFunc(all, func(s *scenarios.Scenario) bool { return s.Role != role })
}

// verdicts are those of the plays by id#case. That an answer was slow says
// something about the machine that runs many tests side by side, not about who
// answers.
func verdicts(events []scenarios.Event) map[string]scenarios.Verdict {
	got, other := map[string]scenarios.Verdict{}, map[string]bool{}
	for _, e := range events {
		name := playName(e.Scenario, e.Case)
		switch e.Kind {
		case scenarios.Checked:
			other[name] = other[name] || e.Check.Verdict != scenarios.Pass && e.Check.Name != "latency"
		case scenarios.ScenarioFinished:
			if got[name] = e.Result.Verdict; got[name] == scenarios.Warn && !other[name] {
				got[name] = scenarios.Pass
			}
		}
	}
	return got
}

// inapplicable lists what cannot be played in a dialect, with all the rest
// having to pass: a scenario that quietly stopped applying is a test that
// quietly stopped testing.
var inapplicable = map[string][]string{
	"pam-2.5":             refusals,
	"pam-fr-2.3.1":        slices.Concat(refusals, modernERR),
	"adt-2.3.1":           slices.Concat(refusals, modernERR, []string{"encounter/correction"}),
	"adt-2.3.1+pid-2.5.1": slices.Concat(refusals, modernERR, []string{"encounter/correction"}),
}

// refusals name the rules that they break, which are those of France; modernERR
// look into the ERR of HL7 2.5.
var (
	refusals = []string{
		"conformance/refusals#identifier", "conformance/refusals#birth-date", "conformance/refusals#class",
		"conformance/refusals#action", "conformance/refusals#nature", "ack/several-faults",
	}
	modernERR = []string{"ack/error-class#missing-field", "ack/error-class#data-type"}
)

func TestTheReferenceDMNPassesEveryScenarioInEveryDialect(t *testing.T) {
	all := forRole(t, scenarios.DMN)
	for _, d := range pam.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			list := all
			if d.Name != "pam-fr-2.11" {
				list = lighter(all)
			}
			hold(t, list, func(name string) scenarios.Verdict {
				if slices.Contains(inapplicable[d.Name], name) {
					return scenarios.NotApplicable
				}
				return scenarios.Pass
			}, func(list []*scenarios.Scenario) ([]scenarios.Event, string) {
				return play(t, candidate(t, d.Name), list)
			})
		})
	}
}

// lighter leaves out a thousand handshakes, which say nothing about the dialect
// or the character set; and the other faults where the race detector makes
// everything ten times slower: the gate plays them without it.
func lighter(all []*scenarios.Scenario) []*scenarios.Scenario {
	return slices.DeleteFunc(slices.Clone(all), func(s *scenarios.Scenario) bool {
		return s.ID == "mllp/crowd" || underRace && slices.Contains(s.Tags, "fault")
	})
}

func TestTheReferenceDMNPassesEveryScenarioInEveryCharset(t *testing.T) {
	all := forRole(t, scenarios.DMN)
	for _, charset := range []hl7.Charset{hl7.ASCII, hl7.Latin1, hl7.Latin9, hl7.UTF8} {
		t.Run(charset.String(), func(t *testing.T) {
			t.Parallel()
			hold(t, lighter(all), always(scenarios.Pass), func(list []*scenarios.Scenario) ([]scenarios.Event, string) {
				c := candidate(t, "pam-fr-2.11")
				c.Charset = charset
				return play(t, c, list)
			})
		})
	}
}

// Both ways of an application acknowledgement are right.
func TestApplicationAckOnAnotherConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := candidateAnswering(t, l.Addr().String(), "pam-fr-2.11")
	elsewhere := slices.DeleteFunc(forRole(t, scenarios.DMN), func(s *scenarios.Scenario) bool { return s.ID != "ack/elsewhere" })
	require.Len(t, elsewhere, 1)
	events, console := playWith(t, c, elsewhere, func(string) (net.Listener, error) { return l, nil })
	require.Equal(t, map[string]scenarios.Verdict{"ack/elsewhere": scenarios.Pass}, verdicts(events), console)
	require.True(t, slices.ContainsFunc(events, func(e scenarios.Event) bool {
		return e.Kind == scenarios.Checked && e.Check.Name == "ack.via" && e.Check.Actual == "other"
	}), console)
}

// Whoever has not made the faulty identities is told how to.
func TestWithoutTheFaultyIdentities(t *testing.T) {
	all := forRole(t, scenarios.DMN)
	c := candidate(t, "pam-fr-2.11")
	c.TLS.Bad = t.TempDir()
	events, _ := play(t, c, slices.DeleteFunc(all, func(s *scenarios.Scenario) bool { return !slices.Contains(s.Tags, "tls") }))
	got := verdicts(events)
	for name, verdict := range got {
		scenario, _, _ := strings.Cut(name, "#")
		shown := slices.Contains([]string{"tls/refused", "tls/doubtful", "tls/accepted", "tls/recorded"}, scenario)
		require.Equal(t, shown, verdict == scenarios.NotApplicable, name)
	}
	remedies := 0
	for _, e := range events {
		if e.Kind == scenarios.ScenarioFinished && e.Result.Verdict == scenarios.NotApplicable {
			require.Contains(t, e.Result.Reason.EN, "`pamlab pki bad`")
			require.Contains(t, e.Result.Reason.FR, "« pamlab pki bad »")
			remedies++
		}
	}
	require.NotZero(t, remedies)
}
