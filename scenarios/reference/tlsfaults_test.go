package reference

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// A laboratory is a PKI with the faulty identities, and a DMN in it.
type laboratory struct {
	dir string
}

func newLaboratory(t *testing.T, only ...string) laboratory {
	t.Helper()
	l := laboratory{t.TempDir()}
	_, err := pki.Init(l.dir, pki.Options{})
	require.NoError(t, err)
	_, err = pki.Bad(l.dir, pki.BadOptions{Only: only})
	require.NoError(t, err)
	return l
}

// identity are the files of one of the PKI, "" without one.
func (l laboratory) identity(name string) mllp.Files {
	f := mllp.Files{CA: filepath.Join(l.dir, "ca.pem"), AnyIdentity: true}
	if name != "" {
		f.Cert, f.Key = filepath.Join(l.dir, name+".pem"), filepath.Join(l.dir, name+"-key.pem")
	}
	return f
}

// start runs a DMN that looks at everything.
func (l laboratory) start(t *testing.T, bugs ...string) *Running {
	t.Helper()
	files := l.identity("dmn")
	files.AnyIdentity, files.CRL = false, []string{filepath.Join(l.dir, "crl.pem")}
	files.OnReload = func(error) {}
	return start(t, ServerOptions{TLS: &files, Options: Options{Bugs: bugs}})
}

// client is one that shows an identity, with a configuration that was bent.
func (l laboratory) client(t *testing.T, r *Running, identity string, bend func(*tls.Config)) *mllp.Client {
	t.Helper()
	config, err := l.identity(identity).ClientConfig()
	require.NoError(t, err)
	if bend != nil {
		bend(config)
	}
	return client(t, r.Addr(), config)
}

// says is what the DMN makes of a message: "AA", or the alert with which it
// refuses the connection, "closed" if it says nothing.
func says(t *testing.T, c *mllp.Client) string {
	t.Helper()
	response, err := c.Do(t.Context(), adt(v25, "A28", "1").bytes(t))
	if err == nil {
		ack, err := hl7.ReadAck(response.Payload)
		require.NoError(t, err)
		return string(ack.Code)
	}
	var failed *mllp.Error
	require.ErrorAs(t, err, &failed)
	if failed.Remote {
		return failed.Alert
	}
	require.Empty(t, failed.Alert, "%v", err)
	return "closed"
}

func versions(least, most uint16, suites ...uint16) func(*tls.Config) {
	return func(c *tls.Config) {
		c.MinVersion, c.MaxVersion = least, most
		if suites != nil {
			c.CipherSuites = suites
		}
	}
}

// Each bug changes what is said to one client, and to no other.
func TestBugsOfTLS(t *testing.T) {
	only12 := versions(tls.VersionTLS12, tls.VersionTLS12)
	only13 := versions(tls.VersionTLS13, tls.VersionTLS13)
	old := versions(tls.VersionTLS10, tls.VersionTLS11, everySuite()...)
	weak := versions(tls.VersionTLS12, tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA)
	tests := []struct {
		bug      string
		identity string
		bend     func(*tls.Config)
		usually  string
		then     string
	}{
		{acceptsAnonymous, "", nil, "certificate_required", "AA"},
		{acceptsAnonymous, "", only12, "handshake_failure", "AA"},
		{acceptsAnonymous, "bad/expired", nil, "certificate_expired", "certificate_expired"},
		{acceptsExpired, "bad/expired", nil, "certificate_expired", "AA"},
		{acceptsExpired, "bad/expired", only12, "certificate_expired", "AA"},
		{acceptsNotYetValid, "bad/not-yet-valid", nil, "certificate_expired", "AA"},
		{acceptsOtherCA, "bad/other-ca", nil, "unknown_ca", "AA"},
		{acceptsOtherCA, "bad/expired", nil, "certificate_expired", "AA"},
		{acceptsOtherCA, "bad/missing-intermediate", nil, "unknown_ca", "AA"},
		{acceptsSelfSigned, "bad/self-signed", nil, "unknown_ca", "AA"},
		{acceptsServerOnly, "bad/server-only", nil, "bad_certificate", "AA"},
		{acceptsRevoked, "bad/revoked", nil, "bad_certificate", "AA"},
		{acceptsWeakKey, "bad/rsa-1024", nil, "bad_certificate", "AA"},
		{acceptsSHA1, "bad/sha1", nil, "unknown_ca", "AA"},
		{refusesRSA, "bad/rsa-2048", nil, "AA", "bad_certificate"},
		{refusesP384, "bad/p-384", nil, "AA", "bad_certificate"},
		{refusesManyNames, "bad/many-names", nil, "AA", "bad_certificate"},
		{acceptsOldTLS, "gam", old, "protocol_version", "AA"},
		{acceptsOldTLS, "gam", weak, "handshake_failure", "handshake_failure"},
		{acceptsWeakSuites, "gam", weak, "handshake_failure", "AA"},
		{acceptsWeakSuites, "gam", old, "protocol_version", "protocol_version"},
		{noTLS12, "gam", only12, "AA", "protocol_version"},
		{noTLS13, "gam", only13, "AA", "protocol_version"},
		{wrongAlert, "bad/expired", nil, "certificate_expired", "internal_error"},
		{wrongAlert, "gam", old, "protocol_version", "internal_error"},
		{silentRefusal, "bad/expired", nil, "certificate_expired", "closed"},
		{silentRefusal, "bad/expired", only12, "certificate_expired", "closed"},
		{silentRefusal, "", nil, "certificate_required", "closed"},
		{silentRefusal, "gam", old, "protocol_version", "closed"},
	}
	lab := newLaboratory(t)
	good := lab.start(t)
	tried := map[string]bool{speaksPlainToo: true, keepsOldCertificate: true, closesOnRenewal: true}
	for _, tt := range tests {
		tried[tt.bug] = true
		require.Equal(t, tt.usually, says(t, lab.client(t, good, tt.identity, tt.bend)), "without %s: %s", tt.bug, tt.identity)
	}
	stop(t, good)
	for _, b := range tlsBugs() {
		require.True(t, tried[b.Name], "bug %s has no test", b.Name)
		t.Run(b.Name, func(t *testing.T) {
			bad := lab.start(t, b.Name)
			require.Equal(t, "AA", says(t, lab.client(t, bad, "gam", nil)), "our usual identity")
			for _, tt := range tests {
				if tt.bug == b.Name {
					require.Equal(t, tt.then, says(t, lab.client(t, bad, tt.identity, tt.bend)), tt.identity)
				}
			}
		})
	}
}

func TestPlainTextOnTheTLSPort(t *testing.T) {
	lab := newLaboratory(t, "expired")
	good := lab.start(t)
	require.Equal(t, "closed", says(t, client(t, good.Addr(), nil)))
	stop(t, good)
	bad := lab.start(t, speaksPlainToo)
	require.Equal(t, "AA", says(t, client(t, bad.Addr(), nil)))
	require.Equal(t, "AA", says(t, lab.client(t, bad, "gam", nil)))
	require.Equal(t, "certificate_expired", says(t, lab.client(t, bad, "bad/expired", nil)))

	silent, err := net.Dial("tcp", bad.Addr()) // a peer that never says which
	require.NoError(t, err)
	defer silent.Close()
}

// renew puts other files in the place of the DMN's. Their time is moved, as that
// of a file system's clock may not have by itself.
func (l laboratory) renew(t *testing.T, name string) {
	t.Helper()
	for _, suffix := range []string{".pem", "-key.pem"} {
		data, err := os.ReadFile(filepath.Join(l.dir, name+suffix))
		require.NoError(t, err)
		file := filepath.Join(l.dir, "dmn"+suffix)
		require.NoError(t, os.WriteFile(file, data, 0o600))
		require.NoError(t, os.Chtimes(file, time.Time{}, time.Now().Add(time.Minute)))
	}
}

func TestRenewalOfItsOwnCertificate(t *testing.T) {
	for _, tt := range []struct {
		bug          string
		picked, kept bool // the new certificate; the session from before
	}{
		{"", true, true},
		{keepsOldCertificate, false, true},
		{closesOnRenewal, true, false},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			lab := newLaboratory(t, "p-384")
			bugs, err := ParseBugs(tt.bug)
			require.NoError(t, err)
			r := lab.start(t, bugs...)
			before := func(c *mllp.Client) []byte {
				conn, err := c.Connect(t.Context())
				require.NoError(t, err)
				return conn.TLS.PeerCertificates[0].Raw
			}
			session := lab.client(t, r, "gam", nil)
			first := before(session)
			require.Equal(t, "AA", says(t, session))
			lab.renew(t, "bad/p-384")
			second := lab.client(t, r, "gam", nil)
			require.Equal(t, tt.picked, !slices.Equal(first, before(second)))
			require.Equal(t, "AA", says(t, second))

			response, err := session.Do(t.Context(), adt(v25, "A28", "2").bytes(t))
			require.NoError(t, err)
			require.Equal(t, tt.kept, !response.Reopened)
		})
	}
}

func TestWeakKeyError(t *testing.T) {
	err := &WeakKeyError{Bits: 1024}
	require.EqualError(t, err, "RSA key of 1024 bits, too short")
	require.Equal(t, "clé RSA de 1024 bits, trop courte", err.In("fr"))
	require.Equal(t, "2048 are the least", err.Hint("en"))
	require.Equal(t, "il en faut 2048 au moins", err.Hint("fr"))
}

// A hello of SSL 3.0 names no version that crypto/tls knows.
func TestSSL3IsRefusedWithEveryBugOfTLS(t *testing.T) {
	l := newLaboratory(t, "expired")
	files := l.identity("dmn")
	ended := make(chan error, 1)
	r := start(t, ServerOptions{TLS: &files, Options: Options{Bugs: []string{acceptsOldTLS}}, OnConn: func(_ *mllp.Conn, s mllp.ConnState, err error) {
		if s == mllp.StateClosed {
			ended <- err
		}
	}})
	c, err := net.Dial("tcp", r.Addr())
	require.NoError(t, err)
	defer c.Close()
	body := slices.Concat([]byte{3, 0}, make([]byte, 32), []byte{0, 0, 2, 0, 0x2f, 1, 0}) // no session, one suite, no compression
	_, err = c.Write(slices.Concat([]byte{22, 3, 0, 0, byte(len(body) + 4), 1, 0, 0, byte(len(body))}, body))
	require.NoError(t, err)
	failed, ok := errors.AsType[*mllp.Error](<-ended)
	require.True(t, !ok || failed.Kind != mllp.Panicked, failed)
}
