package library_test

import (
	"log/slog"
	"net"
	"path/filepath"
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
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	gam, err := reference.StartGAM(t.Context(), reference.GAMOptions{
		Addr: l.Addr().String(), Bugs: bugs, Charset: hl7.UTF8, Every: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		TLS: &mllp.Files{
			CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "gam.pem"), Key: filepath.Join(dir, "gam-key.pem"), ServerName: "dmn.test",
			CRL: []string{filepath.Join(dir, "crl.pem")}, OnReload: func(error) {},
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		gam.Stop()
		_ = l.Close()
	})
	c := scenarios.NewCandidate()
	c.Name, c.Role = "reference", scenarios.GAM
	c.Harness.Listen = l.Addr().String()
	c.TLS = &scenarios.TLS{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	c.Limits.Handshake = time.Minute
	return c, func(string) (net.Listener, error) { return turn{l}, l.SetDeadline(time.Time{}) }
}

// A turn at a listener that stays open between two: nobody else gets its port,
// and who comes in between waits. To close it is to stop accepting.
type turn struct{ *net.TCPListener }

func (t turn) Close() error { return t.SetDeadline(time.Unix(1, 0)) }

func TestTheReferenceGAMPassesEveryScenario(t *testing.T) {
	all := forRole(t, scenarios.GAM)
	c, listen := gamCandidate(t)
	events, console := playWith(t, c, all, listen)
	got := verdicts(events)
	require.Len(t, got, len(scenarios.Plays(all)))
	for name, verdict := range got {
		require.Equal(t, scenarios.Pass, verdict, "%s\n%s", name, console)
	}
}

func TestScenariosForAGAMWithoutTheFaultyIdentities(t *testing.T) {
	c, listen := gamCandidate(t)
	c.TLS.Bad = t.TempDir()
	events, console := playWith(t, c, forRole(t, scenarios.GAM), listen)
	missing := 0
	for name, verdict := range verdicts(events) {
		if verdict == scenarios.NotApplicable {
			missing++
			continue
		}
		require.Equal(t, scenarios.Pass, verdict, "%s\n%s", name, console)
	}
	require.NotZero(t, missing)
	require.Contains(t, console, "`pamlab pki bad`")
}
