package scenarios_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// answersWith answers each message with acknowledgements of these codes.
func answersWith(codes ...string) func(c net.Conn, r io.Reader) {
	return func(c net.Conn, r io.Reader) {
		frames := mllp.NewReader(r, 0)
		for {
			f, err := frames.ReadFrame()
			if err != nil {
				return
			}
			for n, code := range codes {
				_, _ = c.Write(mllp.AppendFrame(nil, ackOf(f.Payload, code, n)))
			}
		}
	}
}

func TestEnhancedMode(t *testing.T) {
	const asked = "set: {MSH-15: AL, MSH-16: AL}"
	for _, test := range []struct {
		name    string
		codes   []string
		expect  string
		verdict string
	}{
		{"both", []string{"CA", "AA"}, "{accept: CA, ack: AA}", "pass"},
		{"both, on the same connection", []string{"CA", "AA"}, "{accept: {code: CA, MSA-2: \"{{sent.MSH-10}}\"}, ack: {code: AA, via: same}, answers: 2}", "pass"},
		{"with the wrong codes", []string{"CE", "AE"}, "{accept: CA, ack: AA}", "fail"},
		{"refused by the transport", []string{"CR"}, "{accept: CR, ack: none}", "warn"},
		{"in the wrong order", []string{"AA", "CA"}, "{accept: CA, ack: AA}", "fail"},
		{"without that of the transport", []string{"AA"}, "{accept: CA, ack: AA}", "fail"},
		{"without that of the application", []string{"CA"}, "{accept: CA, ack: AA}", "fail"},
		{"of the transport only", []string{"CA"}, "{accept: CA, ack: none}", "pass"},
		{"of the transport, which nobody asked for", []string{"CA", "AA"}, "{accept: none, ack: AA}", "fail"},
		{"of the application only", []string{"AA"}, "{accept: none, ack: AA}", "pass"},
		{"none, as it should be", nil, "{accept: none, ack: none}", "pass"},
		{"none at all", nil, "{accept: CA, ack: AA}", "fail"},
		{"twice that of the transport", []string{"CA", "CA", "AA"}, "{accept: CA, ack: AA, answers: 2}", "fail"},
		{"one of two ways", []string{"CA"}, "{any_of: [{accept: CA, ack: none}, {accept: none, ack: AA}]}", "pass"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, answersWith(test.codes...))
			events, _ := playAt(t, p.addr, "steps:\n  - {id: one, send: A28, "+asked+", expect: "+test.expect+"}\n")
			require.Equal(t, []string{"one: " + test.verdict}, stepVerdicts(events), brokenChecks(events))
		})
	}
}

// enhancedDMN is a reference DMN that delivers application acknowledgements to
// the address of a listener, which the player is to use.
func enhancedDMN(t *testing.T, secured bool) (*scenarios.Candidate, net.Listener) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	options := reference.ServerOptions{Options: reference.Options{Logger: slog.New(slog.DiscardHandler)}, AnswerTo: l.Addr().String()}
	var keys *scenarios.TLS
	if secured {
		c, _ := tlsDMN(t)
		keys = c.TLS
		dir := filepath.Dir(keys.CA)
		options.TLS = &mllp.Files{CA: keys.CA, Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	}
	dmn, err := reference.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = dmn.Stop(t.Context()) })
	c := candidateAt(dmn.Addr())
	c.TLS = keys
	return c, l
}

func TestApplicationAckOnAnotherConnection(t *testing.T) {
	for _, secured := range []bool{false, true} {
		for _, test := range []struct{ name, expect, verdict string }{
			{"where it was expected", "{accept: CA, ack: {code: AA, via: other}}", "pass"},
			{"where either would do", "{accept: CA, ack: {code: AA, via: either}}", "pass"},
			{"where it was not", "{accept: CA, ack: {code: AA, via: same}}", "fail"},
		} {
			t.Run(fmt.Sprint(test.name, ", tls ", secured), func(t *testing.T) {
				t.Parallel()
				c, l := enhancedDMN(t, secured)
				c.Limits.Ack = time.Second
				events := playListening(t, c, l, "steps:\n  - {id: one, send: A28, set: {MSH-15: AL, MSH-16: AL}, expect: "+test.expect+"}\n")
				require.Equal(t, []string{"one: " + test.verdict}, stepVerdicts(events), brokenChecks(events))
			})
		}
	}
}

// playListening plays steps with a listener of the test's.
func playListening(t *testing.T, c *scenarios.Candidate, l net.Listener, steps string) []scenarios.Event {
	t.Helper()
	var events []scenarios.Event
	journal := scenarios.NewJournal(io.Discard, time.Now, func(e scenarios.Event) { events = append(events, e) })
	p := scenarios.Player{Candidate: c, Journal: journal, Seed: 1, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	p.Listen = func(string) (net.Listener, error) { return l, nil }
	p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{scenario(t, "listens", steps)}))
	return events
}

func TestAPortThatIsTakenIsNobodysFault(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c := candidateAt(startPeer(t, answersWith("CA")).addr)
	c.Harness.Listen = l.Addr().String()
	events, summary := journalOf(t.Context(), c, 1, scenario(t, "taken", "steps:\n  - {id: one, send: A28, expect: {ack: {via: other}}}\n"))
	require.Equal(t, scenarios.ExitUnjudged, summary.Exit)
	require.Contains(t, reasonOf(events), "cannot listen on")
}

func TestCrowd(t *testing.T) {
	c := startDMN(t, reference.Options{})
	events, summary := journalOf(t.Context(), c, 1, scenario(t, "crowd", `
steps:
  - {id: crowd, connect: {crowd: 300}}
  - {id: one, send: A28, expect: {ack: AA}}
  - {id: two, connect: {crowd: 5}, send: A31, expect: {ack: AA}}
`))
	require.Equal(t, scenarios.ExitOK, summary.Exit, brokenChecks(events))
	var notes []string
	for _, e := range events {
		if e.Kind == scenarios.Note {
			notes = append(notes, e.Note.EN)
		}
	}
	require.Equal(t, []string{"300 silent connections opened of 300", "5 silent connections opened of 5"}, notes)

	_, summary = journalOf(t.Context(), candidateAt("127.0.0.1:1"), 1, scenario(t, "crowd", "steps:\n  - {id: crowd, connect: {crowd: 3}}\n"))
	require.Equal(t, scenarios.ExitUnjudged, summary.Exit)
}

// A candidate that answers without end is listened to for so long only.
func TestWireAnswersAreBounded(t *testing.T) {
	answer := mllp.AppendFrame(nil, append(ackOf(nil, "AA", 1), bytes.Repeat([]byte("x"), 1<<20-1000)...))
	p := startPeer(t, func(c net.Conn, r io.Reader) {
		if _, err := mllp.NewReader(r, 0).ReadFrame(); err != nil {
			return
		}
		for range 100 {
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
	for _, expect := range []string{"{answers: 1}", "{accept: CA, ack: AA}"} {
		events, summary := playAt(t, p.addr, "steps:\n  - {id: one, send: A28, expect: "+expect+"}\n")
		require.Equal(t, 1, summary.Exit)
		received := 0
		for _, e := range events {
			if e.Kind == scenarios.MessageReceived {
				received++
			}
		}
		require.Less(t, received, 20)
	}
}
