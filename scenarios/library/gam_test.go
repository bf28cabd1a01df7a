package library_test

import (
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// gamCandidate starts the reference GAM on mutual TLS and returns the candidate
// file that describes it, and how the player is to listen to it.
func gamCandidate(t *testing.T, bugs ...string) (*scenarios.Candidate, func(string) (net.Listener, error)) {
	t.Helper()
	dir := certificates(t)
	l := newGate(t)
	gam, err := reference.StartGAM(t.Context(), reference.GAMOptions{
		Addr: l.Addr().String(), Patience: time.Minute, Bugs: bugs, Charset: hl7.UTF8, Every: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		TLS: &mllp.Files{
			CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "gam.pem"), Key: filepath.Join(dir, "gam-key.pem"), ServerName: "dmn.test",
			CRL: []string{filepath.Join(dir, "crl.pem")}, OnReload: func(error) {},
		},
	})
	require.NoError(t, err)
	t.Cleanup(gam.Stop)
	c := scenarios.NewCandidate()
	c.Name, c.Role = "reference", scenarios.GAM
	c.Harness.Listen = l.Addr().String()
	c.TLS = &scenarios.TLS{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	c.Limits.Handshake = time.Minute
	return c, l.listen
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

func TestTheReferenceGAMPassesEveryScenario(t *testing.T) {
	all := forRole(t, scenarios.GAM)
	hold(t, all, always(scenarios.Pass), func(list []*scenarios.Scenario) ([]scenarios.Event, string) {
		c, listen := gamCandidate(t)
		return playWith(t, c, list, listen)
	})
}

func TestScenariosForAGAMWithoutTheFaultyIdentities(t *testing.T) {
	hold(t, forRole(t, scenarios.GAM), func(name string) scenarios.Verdict {
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
