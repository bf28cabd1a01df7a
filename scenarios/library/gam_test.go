package library_test

import (
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// gamCandidate starts the reference GAM that sends by itself, on mutual TLS, and
// returns the candidate file that describes it, and how the player is to listen to
// it.
func gamCandidate(t *testing.T, bugs ...string) (*scenarios.Candidate, func(string) (net.Listener, error)) {
	t.Helper()
	l := newGate(t)
	opt := gamOptions(certificates(t), l, bugs)
	opt.Patience, opt.Every = time.Minute, 5*time.Millisecond
	gam, err := reference.StartGAM(t.Context(), opt)
	require.NoError(t, err)
	t.Cleanup(gam.Stop)
	return gamDescribed(opt, l), l.listen
}

// deskCandidate does the same with the GAM that is driven over HTTP, with TLS or
// without.
func deskCandidate(t *testing.T, secure bool, bugs ...string) (*scenarios.Candidate, func(string) (net.Listener, error)) {
	t.Helper()
	return deskSpeaking(t, pam.Dialects()[0], secure, bugs...)
}

// deskSpeaking is deskCandidate in a dialect.
func deskSpeaking(t *testing.T, dialect pam.Dialect, secure bool, bugs ...string) (*scenarios.Candidate, func(string) (net.Listener, error)) {
	t.Helper()
	l := newGate(t)
	opt := reference.GAMOptions{Addr: l.Addr().String(), Bugs: bugs, Charset: hl7.UTF8, Logger: slog.New(slog.DiscardHandler)}
	if secure {
		opt = gamOptions(certificates(t), l, bugs)
	}
	opt.Dialect, opt.Patience, opt.Every = dialect, deskPatience, 50*time.Millisecond
	desk, err := reference.StartDesk(t.Context(), opt)
	require.NoError(t, err)
	orders := httptest.NewServer(desk)
	t.Cleanup(func() {
		orders.Close()
		desk.Stop()
	})
	c := gamDescribed(opt, l)
	c.Dialect = dialect
	at, err := url.Parse(orders.URL)
	require.NoError(t, err)
	c.Endpoints = map[string]scenarios.Endpoint{"events": {URL: at}}
	c.Limits.Receive, c.Limits.Operator = 2*deskPatience, 2*deskPatience
	return c, l.listen
}

// deskPatience is how long the desk waits for an answer: longer than the longest
// that a scenario lets it wait for a good one.
const deskPatience = 4 * time.Second

func gamOptions(dir string, l net.Listener, bugs []string) reference.GAMOptions {
	return reference.GAMOptions{
		Addr: l.Addr().String(), Bugs: bugs, Charset: hl7.UTF8, Logger: slog.New(slog.DiscardHandler),
		TLS: &mllp.Files{
			CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "gam.pem"), Key: filepath.Join(dir, "gam-key.pem"), ServerName: "dmn.test",
			CRL: []string{filepath.Join(dir, "crl.pem")}, OnReload: func(error) {},
		},
	}
}

// gamDescribed is the candidate file of a GAM.
func gamDescribed(opt reference.GAMOptions, l net.Listener) *scenarios.Candidate {
	c := scenarios.NewCandidate()
	c.Name, c.Role = "reference", scenarios.GAM
	c.Harness.Listen = l.Addr().String()
	if opt.TLS != nil {
		dir := filepath.Dir(opt.TLS.CA)
		c.TLS = &scenarios.TLS{CA: opt.TLS.CA, Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	}
	c.Limits.Handshake = time.Minute
	return c
}

// A gate keeps one port open from the first scenario to the last, so that nobody
// else gets it. Who comes while no scenario listens is turned away at once: left
// to wait, it would have given up by the time its handshake is looked at.
type gate struct {
	net.Listener
	turn chan chan net.Conn // the inside of a turn that waits for a connection
	done chan struct{}
}

func newGate(t *testing.T) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gate{Listener: l, turn: make(chan chan net.Conn), done: make(chan struct{})}
	go g.run()
	t.Cleanup(func() {
		_ = l.Close()
		<-g.done
	})
	return g
}

// run accepts, whoever listens.
func (g *gate) run() {
	defer close(g.done)
	for {
		c, err := g.Accept()
		if err != nil {
			return
		}
		select {
		case in := <-g.turn:
			in <- c
		default:
			_ = c.Close()
		}
	}
}

// listen is a turn of the player at the gate.
func (g *gate) listen(string) (net.Listener, error) {
	return &turn{gate: g, in: make(chan net.Conn, 1), closed: make(chan struct{})}, nil
}

type turn struct {
	*gate
	in     chan net.Conn
	close  sync.Once
	closed chan struct{}
}

func (t *turn) Accept() (net.Conn, error) {
	select {
	case t.turn <- t.in:
		return <-t.in, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

func (t *turn) Close() error {
	t.close.Do(func() { close(t.closed) })
	return nil
}

// driven and byThemselves part the scenarios for a GAM that speaks the usual dialect:
// those in which it is told what to send, and those in which it sends whatever it likes.
func driven(t *testing.T) []*scenarios.Scenario {
	return slices.DeleteFunc(usual(t), func(s *scenarios.Scenario) bool { return !tells(s) })
}

func byThemselves(t *testing.T) []*scenarios.Scenario { return slices.DeleteFunc(usual(t), tells) }

// usual are the scenarios for a GAM that speaks the usual dialect.
func usual(t *testing.T) []*scenarios.Scenario {
	return slices.DeleteFunc(forRole(t, scenarios.GAM), func(s *scenarios.Scenario) bool {
		return len(s.Dialects) > 0 && !slices.Contains(s.Dialects, pam.Dialects()[0].Name)
	})
}

// tells reports a scenario in which somebody is told to do something.
func tells(s *scenarios.Scenario) bool {
	return slices.ContainsFunc(s.Cases, func(c *scenarios.Case) bool {
		return slices.ContainsFunc(c.Steps, func(step *scenarios.Step) bool { return step.Operator != nil || step.Trigger != nil })
	})
}

func TestTheReferenceGAMPassesEveryScenario(t *testing.T) {
	hold(t, byThemselves(t), always(scenarios.Pass), func(list []*scenarios.Scenario) ([]scenarios.Event, string) {
		c, listen := gamCandidate(t)
		return playWith(t, c, list, listen)
	})
	hold(t, driven(t), always(scenarios.Pass), func(list []*scenarios.Scenario) ([]scenarios.Event, string) {
		c, listen := deskCandidate(t, true)
		return playWith(t, c, list, listen)
	})
}

// Every event of both transactions is asked of a GAM, but for what France excludes
// (A08) or advises against (A49). Those that it requires are in scenarios that require
// nothing else: who can do no more is asked all of them.
func TestScenariosForAGAMCoverEveryEvent(t *testing.T) {
	mandatory := strings.Fields("A28 A31 A47 A40 A01 A04 A11 A03 A13 A05 A38 A06 A07 A02 A12 A54 A55 A21 A52 A22 A53 A44 Z99") // PAM.fr 2.1, 2.2
	covered, asked := map[string]bool{}, map[string]bool{}
	for _, s := range driven(t) {
		optional := false
		for _, c := range s.Cases {
			for _, event := range c.Requires {
				optional = optional || !slices.Contains(mandatory, string(event))
			}
		}
		require.Equal(t, optional, slices.Contains(s.Tags, "optional"), s.ID)
		for _, what := range s.Covers {
			covered[what] = true
			asked[what] = asked[what] || !optional
		}
	}
	for _, event := range pam.Triggers() {
		what := event.Transaction() + "/" + string(event)
		require.Equal(t, event != "A08" && event != "A49", covered[what], what)
		require.Equal(t, slices.Contains(mandatory, string(event)), asked[what], what)
	}
}

// Whatever a GAM is told to do can be told to a person, in both languages, and to a
// program.
func TestScenariosForAGAMTellPersonsAndPrograms(t *testing.T) {
	told := 0
	for _, s := range forRole(t, scenarios.GAM) {
		for _, c := range s.Cases {
			for _, step := range c.Steps {
				name := s.ID + " " + step.ID
				require.Equal(t, step.Operator == nil, step.Trigger == nil, name)
				if step.Operator == nil {
					continue
				}
				told++
				require.NotEmpty(t, step.Operator.FR.Text, name)
				require.NotEmpty(t, step.Operator.EN.Text, name)
				require.NotEqual(t, step.Operator.FR.Text, step.Operator.EN.Text, name)
				require.Equal(t, "events", step.Trigger.Endpoint, name)
			}
		}
	}
	require.NotZero(t, told)
}

// elsewhere lists the scenarios for a GAM that cannot be played in a dialect; all the
// rest has to pass.
var elsewhere = map[string]string{
	"pam-fr-2.10":         "without-zbe",
	"pam-2.5":             "without-zbe correction ins identity",
	"pam-fr-2.3.1":        "without-zbe correction ins doctor leave",
	"adt-2.3.1":           "correction ins doctor leave cancel emergency stay preadmission-cancelled pending-admission pending-transfer pending-discharge identity",
	"adt-2.3.1+pid-2.5.1": "correction ins doctor leave cancel emergency stay preadmission-cancelled pending-admission pending-transfer pending-discharge",
}

// What a GAM says is judged in the dialect that it speaks, as above in the usual one.
// How it says it is not asked again, as that takes long.
func TestTheReferenceGAMPassesInEveryDialect(t *testing.T) {
	list := slices.DeleteFunc(forRole(t, scenarios.GAM), func(s *scenarios.Scenario) bool { return !tells(s) || layerOf(s) != reference.LayerMessage })
	for _, d := range pam.Dialects()[1:] {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			left, known := elsewhere[d.Name]
			require.True(t, known)
			hold(t, list, func(name string) scenarios.Verdict {
				if slices.Contains(strings.Fields(left), strings.TrimPrefix(name, "gam/")) {
					return scenarios.NotApplicable
				}
				return scenarios.Pass
			}, func(list []*scenarios.Scenario) ([]scenarios.Event, string) {
				c, listen := deskSpeaking(t, d, false)
				return playWith(t, c, list, listen)
			})
		})
	}
}

func TestScenariosForAGAMWithoutTheFaultyIdentities(t *testing.T) {
	hold(t, byThemselves(t), func(name string) scenarios.Verdict {
		if scenario, _, _ := strings.Cut(name, "#"); slices.Contains(withFaultyIdentities, scenario) || name == "tls/gam-weak-suites#rsa" {
			return scenarios.NotApplicable
		}
		return scenarios.Pass
	}, func(list []*scenarios.Scenario) ([]scenarios.Event, string) {
		c, listen := gamCandidate(t)
		c.TLS.Bad = t.TempDir()
		events, console := playWith(t, c, list, listen)
		require.Contains(t, console, "`pamlab pki bad`")
		return events, console
	})
}

// withFaultyIdentities are the scenarios in which we show one.
var withFaultyIdentities = []string{"tls/gam-accepted", "tls/gam-doubtful", "tls/gam-recorded", "tls/gam-refused"}
