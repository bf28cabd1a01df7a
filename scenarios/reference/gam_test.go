package reference

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// startGAM runs a GAM and returns what comes of its messages. Nobody need listen.
func startGAM(t *testing.T, opt GAMOptions) <-chan Contact {
	t.Helper()
	contacts := make(chan Contact)
	ctx, cancel := context.WithCancel(context.Background())
	opt.Every, opt.Logger = time.Millisecond, quiet()
	opt.Observe = func(c Contact) {
		select {
		case contacts <- c:
		case <-ctx.Done():
		}
	}
	g, err := StartGAM(ctx, opt)
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		g.Stop()
		g.Stop() // once more
	})
	return contacts
}

// receive runs a DMN that shows an identity, of TLS as bend has it.
func (l laboratory) receive(t *testing.T, identity string, bend func(*tls.Config)) *Running {
	t.Helper()
	files := l.identity(identity)
	opt := ServerOptions{TLS: &files}
	if bend != nil {
		opt.Configure = func(s *mllp.Server) {
			s.TLSConfig = s.TLSConfig.Clone()
			s.TLSConfig.GetConfigForClient = nil
			bend(s.TLSConfig)
		}
	}
	return start(t, opt)
}

func (l laboratory) gam(t *testing.T, addr string, bugs ...string) <-chan Contact {
	t.Helper()
	files := l.identity("gam")
	files.AnyIdentity, files.CRL = false, []string{l.dir + "/crl.pem"}
	files.OnReload = func(error) {}
	return startGAM(t, GAMOptions{Addr: addr, TLS: &files, Bugs: bugs})
}

func TestGAMSendsIdentities(t *testing.T) {
	seen := make(chan string, 100)
	r := start(t, ServerOptions{Options: Options{Observe: func(x Exchange) { seen <- x.Trigger + " " + string(x.Code) }}})
	contacts := startGAM(t, GAMOptions{Addr: r.Addr(), Charset: hl7.UTF8})
	for i := range 2 * perPatient {
		c := <-contacts
		require.NoError(t, c.Err)
		require.Equal(t, hl7.AA, c.Ack.Code)
		require.EqualValues(t, 1, c.Conn.ID, "one connection carries all")
		want := "A31 AA"
		if i%perPatient == 0 {
			want = "A28 AA"
		}
		require.Equal(t, want, <-seen)
	}
	require.Len(t, r.DMN.State().Patients, 2)
}

// What it sends is beyond doubt: a DMN that refuses what does not conform takes
// it, in every dialect.
func TestGAMConforms(t *testing.T) {
	r, err := Start(context.Background(), ServerOptions{Options: Options{Logger: quiet()}})
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, r) })
	contacts := startGAM(t, GAMOptions{Addr: r.Addr()})
	for range 2 {
		c := <-contacts
		require.NoError(t, c.Err)
		require.Equal(t, hl7.AA, c.Ack.Code, "%v", c.Ack.Errors)
	}
}

func TestGAMComesBack(t *testing.T) {
	r := start(t, ServerOptions{})
	contacts := startGAM(t, GAMOptions{Addr: r.Addr()})
	require.NoError(t, (<-contacts).Err)
	stop(t, r)
	for c := range contacts { // one that was on its way may still have been answered
		if c.Err != nil {
			break
		}
	}
	again := start(t, ServerOptions{Addr: r.Addr()})
	for c := range contacts {
		if c.Err == nil {
			require.Equal(t, "A28", c.Trigger, "to a receiver that knows nobody")
			break
		}
	}
	require.NotEmpty(t, again.DMN.State().Patients)
}

// Each bug changes what the GAM makes of one server, and of no other.
func TestBugsOfGAM(t *testing.T) {
	only12 := versions(tls.VersionTLS12, tls.VersionTLS12)
	only13 := versions(tls.VersionTLS13, tls.VersionTLS13)
	old := versions(tls.VersionTLS10, tls.VersionTLS11, everySuite()...)
	weak := versions(tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA)
	tests := []struct {
		bug           string
		identity      string
		bend          func(*tls.Config)
		usually, then bool // whether the server is taken
	}{
		{gamAcceptsExpired, "bad/expired", nil, false, true},
		{gamAcceptsNotYetValid, "bad/not-yet-valid", nil, false, true},
		{gamAcceptsAnyServer, "bad/other-ca", nil, false, true},
		{gamAcceptsAnyServer, "bad/expired", nil, false, true},
		{gamAcceptsSelfSigned, "bad/self-signed", nil, false, true},
		{gamAcceptsSelfSigned, "bad/other-ca", nil, false, false},
		{gamAcceptsClientOnly, "bad/client-only", nil, false, true},
		{gamAcceptsRevoked, "bad/revoked", nil, false, true},
		{gamAcceptsWeakKey, "bad/rsa-1024", nil, false, true},
		{gamAcceptsSHA1, "bad/sha1", nil, false, true},
		{gamIgnoresName, "bad/wrong-name", nil, false, true},
		{gamIgnoresName, "bad/cn-only", nil, false, true},
		{gamIgnoresName, "bad/expired", nil, false, false},
		{gamRefusesRSA, "bad/rsa-2048", nil, true, false},
		{gamRefusesManyNames, "bad/many-names", nil, true, false},
		{gamPins, "bad/p-384", nil, true, true}, // the first is taken
		{gamShowsNothing, "dmn", nil, true, false},
		{gamSpeaksOldTLS, "dmn", old, false, true},
		{gamSpeaksOldTLS, "dmn", weak, false, false},
		{gamSpeaksWeak, "dmn", weak, false, true},
		{gamSpeaksWeak, "dmn", old, false, false},
		{gamNoTLS12, "dmn", only12, true, false},
		{gamNoTLS13, "dmn", only13, true, false},
		{gamSilentRefusal, "bad/expired", nil, false, false},
	}
	lab := newLaboratory(t)
	tried := map[string]bool{gamPlainFallback: true}
	for _, tt := range tests {
		tried[tt.bug] = true
		t.Run(tt.bug+" "+tt.identity, func(t *testing.T) {
			r := lab.receive(t, tt.identity, tt.bend)
			require.Equal(t, tt.usually, (<-lab.gam(t, r.Addr())).Err == nil, "without the bug")
			c := <-lab.gam(t, r.Addr(), tt.bug)
			require.Equal(t, tt.then, c.Err == nil, "%v", c.Err)
		})
	}
	for _, b := range gamTLSBugs() {
		require.True(t, tried[b.Name], "bug %s has no test", b.Name)
	}
	for _, b := range GAMBugs() {
		require.NotEmpty(t, b.Text.In("fr"))
		require.NotEqual(t, b.Text.In("fr"), b.Text.In("en"))
	}
}

func TestGAMPinsACertificate(t *testing.T) {
	for _, tt := range []struct {
		bugs  []string
		taken bool
	}{{nil, true}, {[]string{gamPins}, false}} {
		lab := newLaboratory(t, "p-384")
		files := lab.identity("dmn")
		files.OnReload = func(error) {}
		r := start(t, ServerOptions{TLS: &files, Options: Options{Bugs: []string{closesAfterAnswer}}})
		contacts := lab.gam(t, r.Addr(), tt.bugs...)
		require.NoError(t, (<-contacts).Err)
		lab.renew(t, "bad/p-384")
		c := <-contacts
		for c.Err == nil && c.Conn.TLS.PeerCertificates[0].PublicKeyAlgorithm == x509.ECDSA && curveOf(c) != elliptic.P384() {
			c = <-contacts // on its way before the renewal
		}
		require.Equal(t, tt.taken, c.Err == nil, "%v", c.Err)
		stop(t, r)
	}
}

func curveOf(c Contact) elliptic.Curve {
	return c.Conn.TLS.PeerCertificates[0].PublicKey.(*ecdsa.PublicKey).Curve
}

func TestGAMFallsBackToPlainText(t *testing.T) {
	lab := newLaboratory(t, "expired")
	plain := start(t, ServerOptions{Options: Options{Supports: []string{"A28"}}})
	require.Error(t, (<-lab.gam(t, plain.Addr())).Err)
	c := <-lab.gam(t, plain.Addr(), gamPlainFallback)
	require.NoError(t, c.Err)
	require.Nil(t, c.Conn.TLS)
}

// A GAM says why it refuses, and with a bug nothing.
func TestAlertsOfGAM(t *testing.T) {
	lab := newLaboratory(t, "expired")
	for _, tt := range []struct {
		bug, identity string
		bend          func(*tls.Config)
		alert         string
	}{
		{"", "bad/expired", nil, "bad_certificate"},
		{"", "bad/expired", versions(tls.VersionTLS12, tls.VersionTLS12), "bad_certificate"},
		{"", "dmn", versions(tls.VersionTLS10, tls.VersionTLS11, everySuite()...), ""}, // the server is the one that finds out
		{gamSilentRefusal, "bad/expired", nil, ""},
		{gamSilentRefusal, "bad/expired", versions(tls.VersionTLS12, tls.VersionTLS12), ""},
	} {
		t.Run(tt.bug+" "+tt.identity, func(t *testing.T) {
			failed := make(chan error, 100)
			files := lab.identity(tt.identity)
			r := start(t, ServerOptions{
				TLS: &files,
				OnConn: func(_ *mllp.Conn, state mllp.ConnState, err error) {
					if state == mllp.StateHandshakeFailed {
						failed <- err
					}
				},
				Configure: func(s *mllp.Server) {
					if tt.bend != nil {
						s.TLSConfig = s.TLSConfig.Clone()
						s.TLSConfig.GetConfigForClient = nil
						tt.bend(s.TLSConfig)
					}
				},
			})
			bugs, err := ParseBugs("")
			require.NoError(t, err)
			if tt.bug != "" {
				bugs = []string{tt.bug}
			}
			lab.gam(t, r.Addr(), bugs...)
			var refused *mllp.Error
			require.ErrorAs(t, <-failed, &refused)
			if refused.Remote {
				require.Equal(t, tt.alert, refused.Alert)
			} else {
				require.Empty(t, tt.alert)
			}
		})
	}
}

func TestStartGAMErrors(t *testing.T) {
	_, err := StartGAM(t.Context(), GAMOptions{Bugs: []string{"gam-ignores-nam"}})
	var unknown *UnknownNameError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, `did you mean "gam-ignores-name"?`, unknown.Hint("en"))
	_, err = StartGAM(t.Context(), GAMOptions{TLS: &mllp.Files{CA: "missing.pem"}})
	var file *mllp.FileError
	require.ErrorAs(t, err, &file)
}
