package mllp_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// alertNames are the names of RFC 8446 §6 and of its predecessors, by number.
var alertNames = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
	22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
	45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter",
	48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
	60: "export_restriction", 70: "protocol_version", 71: "insufficient_security",
	80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
	100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
	111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
	114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required",
	120: "no_application_protocol", 121: "ech_required",
}

// Every alert that this version of Go has a text for is mapped to its name, as
// it comes from a peer and as tls.AlertError.
func TestAlertKnowsEveryTextOfGo(t *testing.T) {
	for n := range 256 {
		alert := tls.AlertError(n)
		want, known := alertNames[uint8(n)]
		if !known {
			want = fmt.Sprintf("alert_%d", n)
			require.Contains(t, alert.Error(), "alert(", "Go has a new alert: %s", alert)
		}
		t.Run(want, func(t *testing.T) {
			name, remote, ok := mllp.Alert(fmt.Errorf("reading: %w", &net.OpError{Op: "remote error", Err: errors.New(alert.Error())}))
			require.True(t, ok)
			require.True(t, remote)
			require.Equal(t, want, name)

			name, remote, ok = mllp.Alert(&net.OpError{Op: "local error", Err: errors.New(alert.Error())})
			require.True(t, ok)
			require.False(t, remote)
			require.Equal(t, want, name)

			name, remote, ok = mllp.Alert(fmt.Errorf("reading: %w", alert))
			require.True(t, ok)
			require.False(t, remote)
			require.Equal(t, want, name)

			fr, _ := mllp.ExplainAlert(name, "fr")
			en, _ := mllp.ExplainAlert(name, "en")
			require.NotEmpty(t, fr)
			require.NotEmpty(t, en)
			require.NotEqual(t, fr, en)
		})
	}
}

// Whatever Go returns, one function names the alert and says what it means and
// what to do, to the reader at this end. All that has a remedy says it.
func TestExplainPutsEveryAlertIntoWords(t *testing.T) {
	for n, name := range alertNames {
		t.Run(name, func(t *testing.T) {
			e := mllp.Explain(fmt.Errorf("reading: %w", &net.OpError{Op: "remote error", Err: tls.AlertError(n)}))
			require.Equal(t, name, e.Alert)
			require.True(t, e.Remote)
			for _, lang := range []string{"fr", "en"} {
				require.Contains(t, e.In(lang), name)
				require.NotRegexp(t, `^(il|it) `, e.In(lang))
				require.NotContains(t, e.In(lang), "’")
				require.Equal(t, n == 0, e.Hint(lang) == "", "only who closes needs no remedy")
			}
			require.NotEqual(t, e.In("fr"), e.In("en"))
		})
	}
	e := mllp.Explain(&net.OpError{Op: "remote error", Err: tls.AlertError(48)})
	require.Equal(t, "le correspondant n'a pas reconnu l'autorité qui a signé notre certificat (alerte TLS unknown_ca)", e.In("fr"))
	require.Contains(t, e.Hint("fr"), "donnez-lui le certificat de notre autorité (ca.pem)")
	require.Equal(t, "the peer did not recognise the authority that signed our certificate (TLS alert unknown_ca)", e.In("en"))

	require.Zero(t, mllp.Explain(nil))
	e = mllp.Explain(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}})
	require.Equal(t, "unknown_ca", e.Alert)
	require.False(t, e.Remote)
	require.Contains(t, e.In("fr"), "autorité inconnue ici")
	e = mllp.Explain(&mllp.Error{Kind: mllp.HandshakeRefused, Addr: "dmn.test:1", Alert: "unknown_ca", Remote: true, Err: &net.OpError{Op: "remote error", Err: tls.AlertError(48)}})
	require.Contains(t, e.In("fr"), "dmn.test:1 a refusé la poignée de main TLS")
	require.Contains(t, e.Hint("en"), "ca.pem")
}

func TestAlertLeavesOtherErrorsAlone(t *testing.T) {
	for _, err := range []error{
		nil, io.EOF, net.ErrClosed,
		errors.New("tls: bad certificate"), // a text alone is no alert
		&net.OpError{Op: "read", Err: errors.New("connection reset by peer")},
		&net.OpError{Op: "remote error", Err: errors.New("tls: alert(x)")},
		&net.OpError{Op: "remote error", Err: errors.New("tls: alert(300)")},
	} {
		name, _, ok := mllp.Alert(err)
		require.False(t, ok, "%v", err)
		require.Empty(t, name)
	}
}

// The alerts that crypto/tls really sends, each provoked: the texts and the form
// of the errors are those of the Go version under test.
func TestAlertsThatGoSends(t *testing.T) {
	wrongKey := func(t *testing.T) tls.Certificate {
		a, err := tls.LoadX509KeyPair(identity(t, "gam").Cert, identity(t, "gam").Key)
		require.NoError(t, err)
		b, err := tls.LoadX509KeyPair(identity(t, "dmn").Cert, identity(t, "dmn").Key)
		require.NoError(t, err)
		a.PrivateKey = b.PrivateKey
		return a
	}
	strange := strangeKey(t)
	record := func(bytes string) func(c net.Conn) {
		return func(c net.Conn) { c.Write([]byte(bytes)) }
	}
	cases := []struct {
		alert  string
		server func(t *testing.T, c *tls.Config)
		client func(t *testing.T, c *tls.Config)
		// What the client writes below TLS, after its handshake or instead of its
		// ClientHello.
		after   func(raw net.Conn)
		instead string
		local   string // what the server calls it, if it is something else; "-" if that does not matter
	}{
		{alert: "certificate_required", client: func(t *testing.T, c *tls.Config) { c.Certificates = nil }},
		{alert: "handshake_failure", local: "certificate_required", client: func(t *testing.T, c *tls.Config) { c.Certificates, c.MaxVersion = nil, tls.VersionTLS12 }},
		{alert: "unknown_ca", client: func(t *testing.T, c *tls.Config) { c.Certificates = load(t, foreign(t)) }},
		{alert: "certificate_expired", client: func(t *testing.T, c *tls.Config) { c.Certificates = load(t, issue(t, expired)) }},
		{alert: "bad_certificate", local: "-", server: func(t *testing.T, c *tls.Config) {
			c.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not you") }
		}},
		{alert: "decrypt_error", client: func(t *testing.T, c *tls.Config) { c.Certificates = []tls.Certificate{wrongKey(t)} }},
		{alert: "protocol_version", client: func(t *testing.T, c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }},
		{alert: "no_application_protocol",
			server: func(t *testing.T, c *tls.Config) { c.NextProtos = []string{"a"} },
			client: func(t *testing.T, c *tls.Config) { c.NextProtos = []string{"b"} }},
		{alert: "unrecognized_name", server: func(t *testing.T, c *tls.Config) { c.Certificates = nil }},
		{alert: "internal_error", local: "-", server: func(t *testing.T, c *tls.Config) {
			c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("no disk") }
		}},
		{alert: "bad_record_mac", after: record("\x17\x03\x03\x00\x20" + strings.Repeat("\x00", 32))},
		{alert: "unexpected_message", instead: "\x16\x03\x01\x00\x04\x0e\x00\x00\x00"}, // ServerHelloDone
		{alert: "record_overflow", after: record("\x17\x03\x03\xff\xff")},
		{alert: "decode_error", instead: "\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03"},
		{alert: "illegal_parameter", instead: hello([]byte{1}, 0xc02b)},              // no uncompressed
		{alert: "inappropriate_fallback", instead: hello([]byte{0}, 0xc02b, 0x5600)}, // TLS_FALLBACK_SCSV
		{alert: "missing_extension", instead: hello([]byte{0}, 0xc02b, badPoints)},
		{alert: "unsupported_certificate",
			server: func(t *testing.T, c *tls.Config) { c.ClientCAs = strange.roots },
			client: func(t *testing.T, c *tls.Config) { c.Certificates = []tls.Certificate{strange.pair} }},
	}
	for _, c := range cases {
		t.Run(c.alert, func(t *testing.T) {
			server := serverConfig(t, identity(t, "dmn"))
			server.GetConfigForClient = nil
			client := &tls.Config{ServerName: "localhost", RootCAs: server.ClientCAs, Certificates: load(t, identity(t, "gam"))}
			if c.server != nil {
				c.server(t, server)
			}
			if c.client != nil {
				c.client(t, client)
			}
			err, here := refusal(t, server, client, c.after, c.instead)
			name, remote, ok := mllp.Alert(err)
			require.True(t, ok, "%v", err)
			require.True(t, remote, "%v", err)
			require.Equal(t, c.alert, name)

			// The end that found the fault has words of its own for it.
			e := mllp.Explain(here)
			require.False(t, e.Remote)
			if c.local == "" {
				c.local = c.alert
			}
			if c.local != "-" {
				require.Equal(t, c.local, e.Alert, "%v", here)
				require.NotContains(t, e.In("fr"), "« tls:")
				require.NotEmpty(t, e.Hint("fr"), "%v", here)
			}
		})
	}
}

func load(t *testing.T, f mllp.Files) []tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	require.NoError(t, err)
	return []tls.Certificate{pair}
}

// refusal returns the first error of a client that connects, and then reads;
// and that of the server.
func refusal(t *testing.T, server, client *tls.Config, after func(net.Conn), instead string) (there, here error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			served <- err
			return
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		c := tls.Server(nc, server)
		if err = c.Handshake(); err == nil {
			_, err = io.Copy(io.Discard, c)
		}
		io.Copy(io.Discard, nc) // until the client has read the alert
		served <- err
	}()
	nc := dial(t, l.Addr().String())
	c := tls.Client(&swap{Conn: nc, instead: instead}, client)
	defer func() { nc.Close(); here = <-served }()
	if err := c.Handshake(); err != nil {
		return err, nil
	}
	if after != nil {
		after(nc)
	}
	_, err = c.Read(make([]byte, 1))
	return err, nil
}

// swap writes something else instead of the first write.
type swap struct {
	net.Conn
	instead string
}

func (s *swap) Write(p []byte) (int, error) {
	if s.instead == "" {
		return s.Conn.Write(p)
	}
	_, err := s.Conn.Write([]byte(s.instead))
	s.instead = ""
	return len(p), err
}
