package scenarios_test

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// reasonOf is why a play ended as it did.
func reasonOf(events []scenarios.Event) string {
	for _, e := range events {
		if e.Kind == scenarios.ScenarioFinished && e.Result.Reason != nil {
			return e.Result.Reason.EN
		}
	}
	return ""
}

func TestSanity(t *testing.T) {
	for _, test := range []struct {
		name  string
		bugs  []string
		steps string
		want  []string
		exit  int
	}{
		{
			name:  "that succeeds is a step like any other",
			steps: "steps:\n  - {id: one, sanity: true, send: A28, expect: {ack: AA}}\n",
			want:  []string{"one: pass"}, exit: scenarios.ExitOK,
		},
		{
			name:  "that does not is no fault of the candidate",
			steps: "steps:\n  - {id: one, sanity: true, send: A28, expect: {ack: AE}}\n  - {id: two, send: A31}\n",
			want:  []string{"one: inconclusive", "two: inconclusive"}, exit: scenarios.ExitUnjudged,
		},
		{
			name: "nor when nothing comes back", bugs: []string{"never-answers"},
			steps: "steps:\n  - {id: one, sanity: true, send: A28}\n",
			want:  []string{"one: inconclusive"}, exit: scenarios.ExitUnjudged,
		},
		{
			name: "nor when the acknowledgement is a bad one", bugs: []string{"wrong-msa2"},
			steps: "steps:\n  - {id: one, sanity: true, send: A28}\n",
			want:  []string{"one: inconclusive"}, exit: scenarios.ExitUnjudged,
		},
		{
			name:  "does not excuse what failed before",
			steps: "steps:\n  - {id: one, send: A28, expect: {ack: AE}}\nalways:\n  - {id: two, sanity: true, send: A31, expect: {ack: AE}}\n",
			want:  []string{"one: fail", "two: inconclusive"}, exit: scenarios.ExitFailed,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := startDMN(t, reference.Options{Bugs: test.bugs})
			c.Limits.Ack = 300 * time.Millisecond
			events, summary := journalOf(t.Context(), c, 1, scenario(t, "sanity", test.steps))
			require.Equal(t, test.want, stepVerdicts(events))
			require.Equal(t, test.exit, summary.Exit)
			if test.exit == scenarios.ExitUnjudged {
				require.Contains(t, reasonOf(events), "the sanity exchange did not succeed")
				for _, e := range events {
					if e.Kind == scenarios.Checked {
						require.NotEqual(t, scenarios.Fail, e.Check.Verdict)
					}
				}
			}
		})
	}
}

// Nor is what a later step needs and no answer holds; but it has a reason of its
// own.
func TestSanityWithoutWhatIsCaptured(t *testing.T) {
	for sanity, want := range map[bool]string{true: "one: inconclusive", false: "one: fail"} {
		s := scenario(t, "captured", fmt.Sprintf("steps:\n  - {id: one, sanity: %t, send: A28, set: {MSH-15: NE, MSH-16: NE}, expect: {ack: none}, capture: {place: ack.MSH-10}}\n", sanity))
		c := startDMN(t, reference.Options{})
		c.Limits.Ack = 300 * time.Millisecond
		events, _ := journalOf(t.Context(), c, 1, s)
		require.Equal(t, []string{want}, stepVerdicts(events))
		require.Contains(t, reasonOf(events), "ack")
	}
}

func TestIdentitiesOfTheBadFolder(t *testing.T) {
	c, foreign := tlsDMN(t)
	s := scenario(t, "bad", "steps:\n  - {id: one, connect: {present: other-ca}, expect: {tls: refused}}\n")
	events, summary := journalOf(t.Context(), c, 1, s)
	require.Equal(t, 1, summary.Counts[scenarios.NotApplicable])
	require.Contains(t, reasonOf(events), "`pamlab pki bad` makes the faulty identities")

	bad := filepath.Join(filepath.Dir(c.TLS.CA), "bad")
	require.NoError(t, os.Mkdir(bad, 0o700))
	for from, to := range map[string]string{"gam.pem": "other-ca.pem", "gam-key.pem": "other-ca-key.pem"} {
		data, err := os.ReadFile(filepath.Join(foreign, from))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(bad, to), data, 0o600))
	}
	events, summary = journalOf(t.Context(), c, 1, s)
	require.Equal(t, scenarios.ExitOK, summary.Exit, stepVerdicts(events))

	c.TLS.Bad = t.TempDir()
	_, summary = journalOf(t.Context(), c, 1, s)
	require.Equal(t, 1, summary.Counts[scenarios.NotApplicable])
}

func TestOffers(t *testing.T) {
	for _, test := range []struct {
		offer string
		want  string // what the strict candidate makes of it
		lax   string // the version that the lax one agrees to
	}{
		{`{max: "1.0"}`, "refused", "1.0"},
		{`{min: "1.0", max: "1.1"}`, "refused", "1.1"},
		{`{max: "1.2"}`, "accepted", "1.2"},
		{`{min: "1.3"}`, "accepted", "1.3"},
		{`{min: "1.0", suites: all}`, "accepted", "1.3"},
		{`{suites: weak}`, "refused", "1.2"},
	} {
		t.Run(test.offer, func(t *testing.T) {
			t.Parallel()
			c, _ := tlsDMN(t)
			steps := "steps:\n  - {id: one, connect: {tls: " + test.offer + "}, expect: {tls: " + test.want + "}}\n"
			events, summary := journalOf(t.Context(), c, 1, scenario(t, "offer", steps))
			require.Equal(t, scenarios.ExitOK, summary.Exit, stepVerdicts(events))
			offered := ""
			for _, e := range events {
				if e.Kind == scenarios.Connection {
					offered = e.Connection.Offer
				}
			}
			require.Contains(t, offered, "TLS 1.")

			c.Address = laxServer(t, c)
			steps = "steps:\n  - {id: one, connect: {tls: " + test.offer + "}, expect: {tls: {version: \"" + test.lax + "\"}}}\n"
			events, summary = journalOf(t.Context(), c, 1, scenario(t, "offer", steps))
			require.Equal(t, scenarios.ExitOK, summary.Exit, stepVerdicts(events))
		})
	}
}

// laxServer speaks every version and suite of TLS that there is, with the
// identity of the candidate, and answers whatever comes.
func laxServer(t *testing.T, c *scenarios.Candidate) string {
	t.Helper()
	dir := filepath.Dir(c.TLS.CA)
	config, err := mllp.Files{CA: c.TLS.CA, Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}.ServerConfig()
	require.NoError(t, err)
	config = config.Clone()
	config.GetConfigForClient = nil
	config.MinVersion, config.CipherSuites = tls.VersionTLS10, nil
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &mllp.Server{TLSConfig: config, Logger: slog.New(slog.DiscardHandler), Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, _ *mllp.Request) {
		_ = w.WriteMessage([]byte("MSH|^~\\&|A|B|C|D|20260302090000||ACK|1|P|2.5\rMSA|AR|PROBE\r"))
	})}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() { _ = server.Close(); served.Wait() })
	return l.Addr().String()
}
