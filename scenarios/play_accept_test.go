package scenarios_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/scenarios"
)

// asGAM plays steps at a candidate that connects to us: what it does is called
// with where we listen.
func asGAM(t *testing.T, c *scenarios.Candidate, steps string, candidate func(addr string)) ([]scenarios.Event, scenarios.Summary) {
	t.Helper()
	c.Role, c.Address = scenarios.GAM, ""
	s := loaded(t, "version: 1\nid: gam/listens\ntitle: gam\nrole: gam\n"+steps)
	var events []scenarios.Event
	journal := scenarios.NewJournal(discard{}, time.Now, func(e scenarios.Event) { events = append(events, e) })
	p := scenarios.Player{Candidate: c, Journal: journal, Seed: 1, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var started sync.WaitGroup
	p.Listen = func(string) (net.Listener, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			started.Go(func() { candidate(l.Addr().String()) })
		}
		return l, err
	}
	summary := p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{s}))
	started.Wait()
	return events, summary
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// emitter sends a message as a GAM does.
func emitter(c *scenarios.Candidate, bend func(*tls.Config)) func(addr string) {
	return func(addr string) {
		client := &mllp.Client{Addr: addr, AnswerTimeout: 5 * time.Second}
		defer client.Close()
		if c.TLS != nil {
			dir := filepath.Dir(c.TLS.CA)
			config, err := mllp.Files{CA: c.TLS.CA, Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem"), ServerName: "gam.test"}.ClientConfig()
			if err != nil {
				return
			}
			if bend != nil {
				bend(config)
			}
			client.TLSConfig = config
		}
		_, _ = client.Do(context.Background(), []byte(mllptest.First))
	}
}

func TestAccept(t *testing.T) {
	trusting := func(config *tls.Config) { config.VerifyConnection = nil }
	stranger := func(config *tls.Config) {
		signed := httptest.NewUnstartedServer(nil)
		signed.StartTLS()
		defer signed.Close()
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &signed.TLS.Certificates[0], nil }
	}
	anonymous := func(config *tls.Config) { config.GetClientCertificate = nil }
	for _, test := range []struct {
		name    string
		step    string
		bend    func(*tls.Config)
		verdict string
	}{
		{"a message comes", "accept: {}, expect: {tls: accepted, message: received}", nil, "pass"},
		{"our versions are those we say", "accept: {tls: {max: \"1.2\"}}, expect: {tls: {version: \"1.2\"}}", nil, "pass"},
		{"a foreign identity is refused", "accept: {present: foreign}, expect: {tls: {alert: {in: [unknown_ca, bad_certificate]}}, message: none}", nil, "pass"},
		{"a foreign identity is not refused", "accept: {present: foreign}, expect: {tls: refused}", trusting, "fail"},
		{"our own identity is not refused", "accept: {}, expect: {tls: refused}", nil, "fail"},
		{"an old version is refused", "accept: {tls: {max: \"1.1\"}}, expect: {tls: refused}", nil, "pass"},
		{"plain text is refused", "accept: {transport: plain}, expect: {tls: refused, message: none}", nil, "pass"},
		{"it shows no certificate", "accept: {}, expect: {tls: accepted}", anonymous, "fail"},
		{"it shows none in TLS 1.2", "accept: {tls: {max: \"1.2\"}}, expect: {tls: accepted}", anonymous, "fail"},
		{"we turn it away ourselves", "accept: {}, expect: {tls: accepted}", stranger, "inconclusive"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, _ := tlsDMN(t)
			c.Limits.Handshake = 5 * time.Second
			events, _ := asGAM(t, c, "steps:\n  - {id: one, "+test.step+"}\n", emitter(c, test.bend))
			require.Equal(t, []string{"one: " + test.verdict}, stepVerdicts(events), brokenChecks(events))
		})
	}
}

func TestAcceptInPlainText(t *testing.T) {
	c := scenarios.NewCandidate()
	events, summary := asGAM(t, c, `steps:
  - {id: one, sanity: true, accept: {within: 10s}, expect: {message: received}}
  - {id: two, accept: {}, expect: {message: received}}
`, emitter(c, nil))
	require.Equal(t, scenarios.ExitOK, summary.Exit, brokenChecks(events))
	received, sent := 0, 0
	for _, e := range events {
		switch e.Kind {
		case scenarios.MessageReceived:
			received++
			require.Equal(t, "ADT^A01^ADT_A01", e.Message.Type)
		case scenarios.MessageSent:
			sent++
			require.Equal(t, "ACK^A01^ACK", e.Message.Type)
		}
	}
	require.Equal(t, []int{2, 2}, []int{received, sent})
}

func TestAcceptWithoutACandidate(t *testing.T) {
	c := scenarios.NewCandidate()
	events, summary := asGAM(t, c, "steps:\n  - {id: one, accept: {within: 20ms}, expect: {message: received}}\n", func(string) {})
	require.Equal(t, scenarios.ExitUnjudged, summary.Exit)
	require.Contains(t, brokenChecks(events)[0], "nobody connected to 127.0.0.1:2576 within 20ms")
}

// Who connects and hangs up without a word has sent no message; the next
// connection counts.
func TestAcceptWaitsForTheNextConnection(t *testing.T) {
	c := scenarios.NewCandidate()
	events, summary := asGAM(t, c, "steps:\n  - {id: one, accept: {}, expect: {message: received}}\n", func(addr string) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
		}
		emitter(c, nil)(addr)
	})
	require.Equal(t, scenarios.ExitOK, summary.Exit, brokenChecks(events))
}

// One that opens a connection and says nothing, as a probe of a load balancer
// does, has not refused us.
func TestASilentConnectionRefusesNothing(t *testing.T) {
	c, _ := tlsDMN(t)
	c.Limits.Handshake = 5 * time.Second
	events, summary := asGAM(t, c, "steps:\n  - {id: one, accept: {}, expect: {tls: accepted, message: received}}\n", func(addr string) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
		}
		emitter(c, nil)(addr)
	})
	require.Equal(t, scenarios.ExitOK, summary.Exit, brokenChecks(events))
}

// Who turns away from our plain text with a word of TLS, and then sends in the
// clear, has not refused it.
func TestAcceptSeesAFallbackToPlainText(t *testing.T) {
	c, _ := tlsDMN(t)
	c.Limits.Handshake = 5 * time.Second
	events, _ := asGAM(t, c, "steps:\n  - {id: one, accept: {transport: plain}, expect: {message: none}}\n", func(addr string) {
		emitter(c, nil)(addr)
		clear := *c
		clear.TLS = nil
		emitter(&clear, nil)(addr)
	})
	require.Equal(t, []string{"one: fail"}, stepVerdicts(events))
}

func loaded(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(text)}}, "s.yaml")
	require.NoError(t, err)
	return s
}
