package mllp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

var versions = []struct {
	name string
	id   uint16
}{
	{"TLS 1.2", tls.VersionTLS12},
	{"TLS 1.3", tls.VersionTLS13},
}

func TestMutualTLS(t *testing.T) {
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			facts := make(chan *mllp.Conn, 1)
			s := &mllp.Server{
				TLSConfig: serverConfig(t, identity(t, "dmn")),
				Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
					facts <- r.Conn
					w.WriteMessage([]byte("ok"))
				}),
			}
			w := watch(s)
			config := clientConfig(t, identity(t, "gam"))
			config.MaxVersion = v.id
			c := &mllp.Client{Addr: serve(t, s), TLSConfig: config}
			defer c.Close()
			r, err := c.Do(t.Context(), []byte("hello"))
			require.NoError(t, err)
			require.Equal(t, "ok", string(r.Payload))

			require.Equal(t, v.id, r.Conn.TLS.Version)
			require.Equal(t, "dmn", r.Conn.TLS.PeerCertificates[0].Subject.CommonName)
			server := <-facts
			require.Equal(t, v.id, server.TLS.Version)
			require.Equal(t, r.Conn.TLS.CipherSuite, server.TLS.CipherSuite)
			require.Equal(t, "gam", server.TLS.PeerCertificates[0].Subject.CommonName)
			opened, ok := w.find(1, mllp.StateOpen)
			require.True(t, ok)
			require.Same(t, server, opened.Conn)
		})
	}
}

// In TLS 1.3 the client's handshake succeeds before the server has looked at
// the client's certificate; both versions must look the same to the caller.
func TestServerRefusesClients(t *testing.T) {
	cases := []struct {
		name           string
		files          func(t *testing.T) mllp.Files
		alert12, alert string
	}{
		{"without certificate", func(t *testing.T) mllp.Files { return identity(t, "") }, "handshake_failure", "certificate_required"},
		{"of another authority", foreign, "unknown_ca", "unknown_ca"},
		{"expired", func(t *testing.T) mllp.Files { return issue(t, expired) }, "certificate_expired", "certificate_expired"},
		{"not yet valid", func(t *testing.T) mllp.Files { return issue(t, notYetValid) }, "certificate_expired", "certificate_expired"},
		{"meant for servers", func(t *testing.T) mllp.Files {
			return issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] })
		}, "bad_certificate", "bad_certificate"},
	}
	for _, c := range cases {
		for _, v := range versions {
			t.Run(c.name+", "+v.name, func(t *testing.T) {
				s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn")), Handler: mllp.HandlerFunc(func(mllp.ResponseWriter, *mllp.Request) {
					t.Error("a message went through")
				})}
				w := watch(s)
				config := clientConfig(t, c.files(t))
				config.MaxVersion = v.id
				client := &mllp.Client{Addr: serve(t, s), TLSConfig: config}
				defer client.Close()

				_, err := client.Do(t.Context(), []byte("hello"))
				e := failure(t, err, mllp.HandshakeRefused)
				require.True(t, e.Remote)
				want := c.alert
				if v.id == tls.VersionTLS12 {
					want = c.alert12
				}
				require.Equal(t, want, e.Alert)
				require.NotEmpty(t, e.Hint("fr"))
				require.NotEmpty(t, e.Hint("en"))

				here := failure(t, (<-w.closed).Err, mllp.HandshakeRefused)
				require.False(t, here.Remote)
				require.Equal(t, c.alert, here.Alert)
				require.Equal(t, []mllp.ConnState{mllp.StateNew, mllp.StateHandshakeFailed, mllp.StateClosed}, w.states(1))
			})
		}
	}
}

func TestProbeFindsTheRefusalOfTLS13(t *testing.T) {
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	c := &mllp.Client{Addr: serve(t, s), TLSConfig: clientConfig(t, identity(t, ""))}
	defer c.Close()
	conn, err := c.Connect(t.Context())
	require.NoError(t, err, "the handshake succeeds")
	require.Equal(t, uint16(tls.VersionTLS13), conn.TLS.Version)
	e := failure(t, c.Probe(t.Context(), 10*time.Second), mllp.HandshakeRefused)
	require.Equal(t, "certificate_required", e.Alert)
	failure(t, c.Probe(t.Context(), 10*time.Second), mllp.NoConnection)
}

// The refusal may also be found just before a message is sent.
func TestDoFindsTheRefusalThatCameMeanwhile(t *testing.T) {
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	w := watch(s)
	c := &mllp.Client{Addr: serve(t, s), TLSConfig: clientConfig(t, identity(t, ""))}
	defer c.Close()
	_, err := c.Connect(t.Context())
	require.NoError(t, err)
	<-w.refused
	_, err = c.Do(t.Context(), []byte("hello"))
	failure(t, err, mllp.HandshakeRefused)
	require.Empty(t, w.states(2), "it must not try again")
}

// A server that closes right after its alert resets the connection under the
// message that is being written; the alert must be found all the same.
func TestDoFindsTheAlertBehindAFailedWrite(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			nc.SetDeadline(time.Now().Add(10 * time.Second))
			tls.Server(nc, serverConfig(t, identity(t, "dmn"))).Handshake()
			nc.Close()
		}
	}()
	big := []byte(strings.Repeat("x", 8<<20))
	for range 20 {
		c := &mllp.Client{Addr: l.Addr().String(), TLSConfig: clientConfig(t, identity(t, ""))}
		_, err := c.Do(t.Context(), big)
		require.Equal(t, "certificate_required", failure(t, err, mllp.HandshakeRefused).Alert)
		c.Close()
	}
}

func TestClientRefusesServers(t *testing.T) {
	cases := []struct {
		name   string
		server func(t *testing.T) mllp.Files
		name2  string // name to verify
		alert  string
		says   string
	}{
		{"of another authority", foreign, "", "unknown_ca", "unknown here"},
		{"expired", func(t *testing.T) mllp.Files { return issue(t, expired) }, "", "certificate_expired", "expired on"},
		{"not yet valid", func(t *testing.T) mllp.Files { return issue(t, notYetValid) }, "", "certificate_expired", "valid only from"},
		{"meant for clients", func(t *testing.T) mllp.Files {
			return issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[1:] })
		}, "", "bad_certificate", "not meant for this purpose"},
		{"of another name", func(t *testing.T) mllp.Files { return identity(t, "dmn") }, "gam.test", "bad_certificate", `not for "gam.test"`},
		{"without the address", func(t *testing.T) mllp.Files {
			return issue(t, func(c *x509.Certificate) { c.IPAddresses = nil })
		}, "", "bad_certificate", `not for "127.0.0.1"`},
	}
	for _, c := range cases {
		for _, v := range versions {
			t.Run(c.name+", "+v.name, func(t *testing.T) {
				s := &mllp.Server{TLSConfig: serverConfig(t, c.server(t))}
				w := watch(s)
				files := identity(t, "gam")
				files.ServerName = c.name2
				config := clientConfig(t, files)
				config.MaxVersion = v.id
				client := &mllp.Client{Addr: serve(t, s), TLSConfig: config}
				defer client.Close()
				_, err := client.Do(t.Context(), []byte("hello"))
				e := failure(t, err, mllp.HandshakeRefused)
				require.False(t, e.Remote)
				require.Equal(t, c.alert, e.Alert)
				require.Contains(t, e.Error(), c.says)
				require.NotEmpty(t, e.Hint("fr"))

				there := failure(t, (<-w.closed).Err, mllp.HandshakeRefused)
				require.True(t, there.Remote)
				require.Equal(t, "bad_certificate", there.Alert)
			})
		}
	}
}

func TestClientVerifiesTheNameItConnectsTo(t *testing.T) {
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	_, port, err := net.SplitHostPort(serve(t, s))
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		c := &mllp.Client{Addr: net.JoinHostPort(host, port), TLSConfig: clientConfig(t, identity(t, "gam"))}
		_, err := c.Do(t.Context(), []byte("hello"))
		require.NoError(t, err)
		c.Close()
	}
	named := identity(t, "gam")
	named.ServerName = "dmn.test"
	c := &mllp.Client{Addr: net.JoinHostPort("127.0.0.1", port), TLSConfig: clientConfig(t, named)}
	defer c.Close()
	r, err := c.Do(t.Context(), []byte("hello"))
	require.NoError(t, err)
	require.Equal(t, "dmn.test", r.Conn.TLS.ServerName)
}

// Used without a Client, the configuration does not know whom it speaks to, and
// must then refuse rather than trust.
func TestClientConfigAloneNeedsAName(t *testing.T) {
	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))})
	_, err := tls.Dial("tcp", addr, clientConfig(t, identity(t, "gam")))
	require.ErrorContains(t, err, "set ServerName")
	named := identity(t, "gam")
	named.ServerName = "127.0.0.1"
	c, err := tls.Dial("tcp", addr, clientConfig(t, named))
	require.NoError(t, err)
	c.Close()
}

func TestOnlyModernTLSIsSpoken(t *testing.T) {
	cases := []struct {
		name  string
		bend  func(*tls.Config)
		alert string
	}{
		{"TLS 1.1", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, "protocol_version"},
		{"CBC suites only", func(c *tls.Config) {
			c.MaxVersion = tls.VersionTLS12
			c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
		}, "handshake_failure"},
		{"RSA key exchange only", func(c *tls.Config) {
			c.MaxVersion = tls.VersionTLS12
			c.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		}, "handshake_failure"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
			w := watch(s)
			config := clientConfig(t, identity(t, "gam"))
			c.bend(config)
			client := &mllp.Client{Addr: serve(t, s), TLSConfig: config}
			_, err := client.Do(t.Context(), []byte("hello"))
			e := failure(t, err, mllp.HandshakeRefused)
			require.Equal(t, c.alert, e.Alert)
			require.True(t, e.Remote)
			require.Equal(t, c.alert, failure(t, (<-w.closed).Err, mllp.HandshakeRefused).Alert)
		})
	}
}

func TestServerRefusesPlainTextOnATLSPort(t *testing.T) {
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	w := watch(s)
	conn := dial(t, serve(t, s))
	send(t, conn, "hello")
	_, err := io.ReadAll(conn)
	require.NoError(t, err)
	conn.Close()
	e := failure(t, (<-w.closed).Err, mllp.HandshakeRefused)
	require.Contains(t, e.Error(), "not TLS")
	require.Contains(t, e.Hint("en"), "plain text")
}

// A connection that a TLS listener has accepted is not wrapped again, but its
// handshake has the same limit and the same reports.
func TestServerOnATLSListener(t *testing.T) {
	s := &mllp.Server{}
	w := watch(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	start(t, s, tls.NewListener(l, serverConfig(t, identity(t, "dmn"))))
	c := &mllp.Client{Addr: l.Addr().String(), TLSConfig: clientConfig(t, identity(t, "gam"))}
	defer c.Close()
	r, err := c.Do(t.Context(), []byte("hello"))
	require.NoError(t, err)
	require.Equal(t, "re:hello", string(r.Payload))
	opened, ok := w.find(1, mllp.StateOpen)
	require.True(t, ok)
	require.Equal(t, "gam", opened.Conn.TLS.PeerCertificates[0].Subject.CommonName)
}

// close_notify ends the peer's half only: what it sent before is answered.
func TestServerAnswersAfterCloseNotify(t *testing.T) {
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))})
			files := identity(t, "gam")
			files.ServerName = "localhost"
			config := clientConfig(t, files)
			config.MaxVersion = v.id
			c, err := tls.Dial("tcp", addr, config)
			require.NoError(t, err)
			defer c.Close()
			send(t, c, "one", "two")
			require.NoError(t, c.CloseWrite())
			got := readAll(c, 0)
			require.Equal(t, [][]byte{[]byte("re:one"), []byte("re:two")}, got.Frames)
		})
	}
}

func TestClientMeetsPlainTextBehindATLSPort(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) {
		c.Write([]byte("220 mail server\r\n"))
		io.Copy(io.Discard, c)
	})
	c := client(t, &mllp.Client{Addr: addr, TLSConfig: clientConfig(t, identity(t, "gam"))})
	_, err := c.Connect(t.Context())
	e := failure(t, err, mllp.HandshakeRefused)
	require.Contains(t, e.Error(), "not TLS")
}

func TestClientMeetsAPeerThatHangsUpDuringTheHandshake(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) { c.Read(make([]byte, 1)) })
	c := client(t, &mllp.Client{Addr: addr, TLSConfig: clientConfig(t, identity(t, "gam"))})
	_, err := c.Connect(t.Context())
	e := failure(t, err, mllp.HandshakeRefused)
	require.Empty(t, e.Alert)
	require.Contains(t, e.Hint("en"), "closed without a word")
}

// An alert after an answer refuses no certificate.
func TestAlertAfterAnAnswerIsNoRefusal(t *testing.T) {
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	var below net.Conn
	c := client(t, &mllp.Client{Addr: serve(t, s), TLSConfig: clientConfig(t, identity(t, "gam")),
		Dial: func(ctx context.Context, network, address string) (_ net.Conn, err error) {
			below, err = new(net.Dialer).DialContext(ctx, network, address)
			return below, err
		}})
	do(t, c, "hello")
	below.Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("\x00", 32)))
	e := failure(t, c.Probe(t.Context(), 10*time.Second), mllp.PeerClosed)
	require.Equal(t, "bad_record_mac", e.Alert)
	require.True(t, e.Remote)
	require.Contains(t, e.In("fr"), "alerte TLS bad_record_mac")
}
