package mllp_test

import (
	"crypto/tls"
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
	22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure",
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
	}{
		{alert: "certificate_required", client: func(t *testing.T, c *tls.Config) { c.Certificates = nil }},
		{alert: "handshake_failure", client: func(t *testing.T, c *tls.Config) { c.Certificates, c.MaxVersion = nil, tls.VersionTLS12 }},
		{alert: "unknown_ca", client: func(t *testing.T, c *tls.Config) { c.Certificates = load(t, foreign(t)) }},
		{alert: "certificate_expired", client: func(t *testing.T, c *tls.Config) { c.Certificates = load(t, issue(t, expired)) }},
		{alert: "bad_certificate", server: func(t *testing.T, c *tls.Config) {
			c.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not you") }
		}},
		{alert: "decrypt_error", client: func(t *testing.T, c *tls.Config) { c.Certificates = []tls.Certificate{wrongKey(t)} }},
		{alert: "protocol_version", client: func(t *testing.T, c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }},
		{alert: "no_application_protocol",
			server: func(t *testing.T, c *tls.Config) { c.NextProtos = []string{"a"} },
			client: func(t *testing.T, c *tls.Config) { c.NextProtos = []string{"b"} }},
		{alert: "unrecognized_name", server: func(t *testing.T, c *tls.Config) { c.Certificates = nil }},
		{alert: "internal_error", server: func(t *testing.T, c *tls.Config) {
			c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("no disk") }
		}},
		{alert: "bad_record_mac", after: record("\x17\x03\x03\x00\x20" + strings.Repeat("\x00", 32))},
		{alert: "unexpected_message", instead: "\x16\x03\x01\x00\x04\x0e\x00\x00\x00"}, // ServerHelloDone
		{alert: "record_overflow", after: record("\x17\x03\x03\xff\xff")},
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
			err := refusal(t, server, client, c.after, c.instead)
			name, remote, ok := mllp.Alert(err)
			require.True(t, ok, "%v", err)
			require.True(t, remote, "%v", err)
			require.Equal(t, c.alert, name)
		})
	}
}

func load(t *testing.T, f mllp.Files) []tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	require.NoError(t, err)
	return []tls.Certificate{pair}
}

// refusal returns the first error of a client that connects, and then reads.
func refusal(t *testing.T, server, client *tls.Config, after func(net.Conn), instead string) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		c := tls.Server(nc, server)
		if c.Handshake() == nil {
			io.Copy(io.Discard, c)
		}
		io.Copy(io.Discard, nc) // until the client has read the alert
	}()
	nc := dial(t, l.Addr().String())
	c := tls.Client(&swap{Conn: nc, instead: instead}, client)
	defer func() { nc.Close(); <-served }()
	if err := c.Handshake(); err != nil {
		return err
	}
	if after != nil {
		after(nc)
	}
	_, err = c.Read(make([]byte, 1))
	return err
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
