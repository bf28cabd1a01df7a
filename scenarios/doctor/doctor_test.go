package doctor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/doctor"
)

// codes are the findings of a report that are no notes.
func codes(r *doctor.Report) []string {
	var list []string
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if f.Status != doctor.Note {
				list = append(list, f.Code)
			}
		}
	}
	return list
}

// skipped are the checks that were not made.
func skipped(r *doctor.Report) []doctor.ID {
	var list []doctor.ID
	for _, c := range r.Checks {
		if c.Status == doctor.Skipped {
			list = append(list, c.ID)
		}
	}
	return list
}

var (
	tlsChecks     = []doctor.ID{doctor.CheckVersions, doctor.CheckChain, doctor.CheckIdentity}
	messageChecks = []doctor.ID{doctor.CheckClock, doctor.CheckEcho, doctor.CheckCharset, doctor.CheckConnection}
)

func TestNothingWrong(t *testing.T) {
	h := newHouse(t)
	t.Run("mutual TLS", func(t *testing.T) {
		r := examine(t, doctor.Options{Addr: startDMN(t, &h), Files: h.files("gam")})
		require.Empty(t, codes(r))
		require.Empty(t, skipped(r))
		require.Equal(t, scenarios.ExitOK, r.Exit)
		f := r.Facts
		require.Equal(t, doctor.Refused, f.Identity.Anonymous)
		require.Equal(t, doctor.Accepted, f.Identity.Ours)
		require.True(t, *f.Chain.Trusted && f.Chain.NameMatches && f.Chain.Ordered && f.Echo.SameID && f.Echo.StaysOpen)
		require.Equal(t, "same-connection", f.Connection.Second)
		for _, c := range f.Charset {
			require.Equal(t, doctor.EchoSame, c.Result)
		}
	})
	t.Run("in plain", func(t *testing.T) {
		r := examine(t, doctor.Options{Addr: startDMN(t, nil)})
		require.Empty(t, codes(r))
		require.Equal(t, tlsChecks, skipped(r))
		require.Equal(t, scenarios.ExitOK, r.Exit)
	})
}

// Each fault of a server's certificate is found by itself, on a server that
// answers in every other respect.
func TestCertificatesOfServers(t *testing.T) {
	h := newHouse(t)
	root, other := newAuthority(t, "root", nil), newAuthority(t, "other", nil)
	between := newAuthority(t, "between", root)
	ca := writeCertificates(t, root.cert)
	chained := func(leaf tls.Certificate, above ...*x509.Certificate) tls.Certificate {
		for _, c := range above {
			leaf.Certificate = append(leaf.Certificate, c.Raw)
		}
		return leaf
	}
	namesake := newAuthority(t, "root", nil)
	cases := []struct {
		name  string
		cert  tls.Certificate
		codes []string
		exit  int
	}{
		{"in order", root.server(t, nil), nil, 0},
		{"with an intermediate", chained(between.server(t, nil), between.cert), nil, 0},
		{"expired", root.server(t, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = c.NotBefore.AddDate(-1, 0, 0), time.Now().Add(-time.Minute)
		}),
			[]string{"certificate.expired"}, 1},
		{"not yet valid", root.server(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), []string{"certificate.not-yet-valid"}, 1},
		{"soon expired", root.server(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(26 * time.Hour) }), []string{"certificate.expires-soon"}, 0},
		{"other authority", chained(other.server(t, nil), other.cert), []string{"chain.other-authority"}, 4},
		{"unknown authority", other.server(t, nil), []string{"chain.unknown-authority"}, 4},
		{"missing intermediate", between.server(t, nil), []string{"chain.unknown-authority"}, 4},
		{"authority made again", namesake.server(t, nil), []string{"chain.same-name-other-key"}, 4},
		{"self-signed", sign(t, func() *x509.Certificate {
			c := template("peer")
			c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
			return c
		}(), nil), []string{"chain.self-signed"}, 4},
		{"out of order", chained(between.server(t, nil), root.cert, between.cert), []string{"chain.order"}, 0},
		{"for clients only", root.server(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), []string{"chain.not-for-servers"}, 1},
		{"other name", root.server(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"elsewhere.test"} }), []string{"chain.other-name"}, 4},
		{"no name", root.server(t, func(c *x509.Certificate) { c.IPAddresses = nil }), []string{"chain.no-names"}, 1},
		{"expired, for another name, from elsewhere", other.server(t, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = c.NotBefore.AddDate(-1, 0, 0), time.Now().Add(-time.Minute)
			c.IPAddresses, c.DNSNames = nil, []string{"elsewhere.test"}
		}), []string{"certificate.expired", "chain.unknown-authority", "chain.other-name"}, 4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := h.files("gam")
			files.CA = ca
			config := &tls.Config{Certificates: []tls.Certificate{c.cert}, ClientAuth: tls.RequireAnyClientCert}
			r := examine(t, doctor.Options{Addr: tlsServer(t, config, acknowledge), Files: files})
			require.Equal(t, c.codes, codes(r))
			require.Equal(t, c.exit, r.Exit)
			require.Empty(t, skipped(r), "a certificate at fault keeps nobody from looking further")
		})
	}
}

func TestVersionsOfTLS(t *testing.T) {
	h := newHouse(t)
	root := newAuthority(t, "root", nil)
	cert := root.server(t, nil)
	files := h.files("gam")
	files.CA = writeCertificates(t, root.cert)
	cases := []struct {
		name     string
		min, max uint16
		suites   []uint16
		codes    []string
		took     string // versions
		exit     int
	}{
		{"1.2 alone", tls.VersionTLS12, tls.VersionTLS12, nil, nil, "1.2", 0},
		{"1.3 alone", tls.VersionTLS13, tls.VersionTLS13, nil, nil, "1.3", 0},
		{"all", tls.VersionTLS10, tls.VersionTLS13, nil, []string{"versions.old", "versions.old"}, "1.0 1.1 1.2 1.3", 0},
		{"1.0 alone", tls.VersionTLS10, tls.VersionTLS10, nil, []string{"versions.old", "versions.none"}, "1.0", 1},
		{"weak suites", tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}, []string{"versions.weak-suites"}, "1.2", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, MinVersion: c.min, MaxVersion: c.max, CipherSuites: c.suites}
			r := examine(t, doctor.Options{Addr: tlsServer(t, config, acknowledge), Files: files})
			require.Equal(t, c.codes, codes(r))
			require.Equal(t, c.exit, r.Exit)
			var took []string
			for _, v := range r.Facts.Versions {
				if v.Accepted {
					took = append(took, v.Version)
				}
			}
			require.Equal(t, c.took, strings.Join(took, " "))
			if c.exit != 0 {
				require.Equal(t, messageChecks, skipped(r))
			}
		})
	}
}

// A server that knows DHE alone refuses every ClientHello of crypto/tls with the
// same alert. It is a limit of ours, and has to be told as one.
func TestServerThatKnowsDHEAlone(t *testing.T) {
	h := newHouse(t)
	const chosen = 0x9F
	addr := listen(t, func(nc net.Conn) {
		head := make([]byte, 5)
		if _, err := readFull(nc, head); err != nil {
			return
		}
		hello := make([]byte, int(head[3])<<8|int(head[4]))
		if _, err := readFull(nc, hello); err != nil {
			return
		}
		if !offers(hello, chosen) {
			_, _ = nc.Write([]byte{21, 3, 3, 0, 2, 2, 40}) // handshake_failure
			return
		}
		answer := append([]byte{22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3}, make([]byte, 33)...)
		_, _ = nc.Write(append(answer, 0, chosen, 0))
	})
	r := examine(t, doctor.Options{Addr: addr, Files: h.files("gam")})
	require.Equal(t, []string{"versions.dhe-only"}, codes(r))
	require.Equal(t, scenarios.ExitUnjudged, r.Exit)
	require.Equal(t, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", r.Facts.Versions[2].Suite)
	require.False(t, r.Facts.Versions[2].Usable)
}

// offers reports whether a ClientHello has a suite.
func offers(hello []byte, suite byte) bool {
	at := 4 + 2 + 32
	at += 1 + int(hello[at])
	n := int(hello[at])<<8 | int(hello[at+1])
	for i := at + 2; i < at+2+n; i += 2 {
		if hello[i] == 0 && hello[i+1] == suite {
			return true
		}
	}
	return false
}

func TestWhatThePortSpeaks(t *testing.T) {
	h := newHouse(t)
	say := func(words string) func(net.Conn) {
		return func(nc net.Conn) { _, _ = nc.Write([]byte(words)); sink(nc) }
	}
	cases := []struct {
		name  string
		addr  func(t *testing.T) string
		plain bool
		code  string
		exit  int
	}{
		{"TLS, we plain", func(t *testing.T) string { return startDMN(t, &h) }, true, "protocol.peer-tls", 4},
		{"plain, we TLS", func(t *testing.T) string { return startDMN(t, nil) }, false, "protocol.peer-plain", 4},
		{"nothing", func(t *testing.T) string { return listen(t, sink) }, true, "protocol.silent", 1},
		{"nothing, we TLS", func(t *testing.T) string { return listen(t, sink) }, false, "protocol.silent", 1},
		{"hangs up", func(t *testing.T) string { return listen(t, func(net.Conn) {}) }, false, "protocol.hangs-up", 1},
		{"SSH", func(t *testing.T) string { return listen(t, say("SSH-2.0-OpenSSH_9.9\r\n")) }, false, "protocol.other", 4},
		{"HTTP", func(t *testing.T) string { return listen(t, say("HTTP/1.1 400 Bad Request\r\n\r\n")) }, true, "protocol.other", 4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			opt := doctor.Options{Addr: c.addr(t), Files: h.files("gam"), Handshake: 100 * time.Millisecond, Answer: 100 * time.Millisecond}
			if c.name == "TLS, we plain" || c.name == "plain, we TLS" {
				opt.Handshake, opt.Answer = 0, 0
			}
			if c.plain {
				opt.Files = nil
			}
			r := examine(t, opt)
			require.Equal(t, c.code, codes(r)[0])
			require.Equal(t, c.exit, r.Exit)
			if strings.HasPrefix(c.code, "protocol.peer-") {
				return
			}
			require.Equal(t, len(tlsChecks)+len(messageChecks), len(skipped(r)))
		})
	}
}

func TestPorts(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	lookup := func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{a, b}, nil }
	dial := func(first, second error) func(context.Context, string, string) (net.Conn, error) {
		return func(_ context.Context, _, address string) (net.Conn, error) {
			err := second
			if strings.HasPrefix(address, a.String()) {
				err = first
			}
			if err != nil {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
			}
			here, there := net.Pipe()
			there.Close()
			return here, nil
		}
	}
	cases := []struct {
		name          string
		first, second error
		codes         []string
		exit          int
	}{
		{"refused", syscall.ECONNREFUSED, syscall.ECONNREFUSED, []string{"port.refused", "port.refused"}, 4},
		{"filtered", context.DeadlineExceeded, os.ErrDeadlineExceeded, []string{"port.filtered", "port.filtered"}, 4},
		{"unreachable, refused", syscall.EHOSTUNREACH, syscall.ECONNREFUSED, []string{"port.unreachable", "port.refused"}, 4},
		{"strange", errors.New("strange"), syscall.ENETUNREACH, []string{"port.failed", "port.unreachable"}, 4},
		{"the second answers", syscall.ECONNREFUSED, nil, []string{"port.some-refused", "protocol.hangs-up"}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			r := doctor.Run(ctx, doctor.Options{Addr: "dmn.test:2575", Lookup: lookup, Dial: dial(c.first, c.second)})
			validate(t, r)
			require.Equal(t, c.codes, codes(r))
			require.Equal(t, c.exit, r.Exit)
		})
	}
	t.Run("no name", func(t *testing.T) {
		r := examine(t, doctor.Options{Addr: "dmn.test:2575", Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "dmn.test", IsNotFound: true}
		}})
		require.Equal(t, []string{"name.unknown"}, codes(r))
		require.Equal(t, scenarios.ExitUnjudged, r.Exit)
		require.Len(t, skipped(r), len(doctor.IDs())-2)
	})
}

func TestOwnFiles(t *testing.T) {
	h := newHouse(t)
	old := house{filepath.Join(t.TempDir(), "old")}
	_, err := pki.Init(old.dir, pki.Options{Now: time.Now().AddDate(-2, 0, 0), Days: 90})
	require.NoError(t, err)
	loose := h.files("gam")
	loose.Key = filepath.Join(t.TempDir(), "loose.pem")
	key, err := os.ReadFile(h.files("gam").Key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(loose.Key, key, 0o644))
	require.NoError(t, os.Chmod(loose.Key, 0o644))
	addr := startDMN(t, &h)
	with := func(bend func(*mllp.Files)) *mllp.Files {
		f := h.files("gam")
		bend(f)
		return f
	}
	cases := []struct {
		name  string
		files *mllp.Files
		codes []string
		exit  int
	}{
		{"missing", with(func(f *mllp.Files) { f.CA, f.Cert = "none.pem", "nor-this.pem" }), []string{"files.missing", "files.missing", "identity.required"}, 3},
		{"no authority", with(func(f *mllp.Files) { f.CA = "" }), []string{"files.no-authority"}, 3},
		{"key of another", with(func(f *mllp.Files) { f.Key = h.files("dmn").Key }), []string{"files.key-mismatch", "identity.required"}, 3},
		{"key without certificate", with(func(f *mllp.Files) { f.Cert = "" }), []string{"files.no-certificate", "identity.required"}, 3},
		{"expired", with(func(f *mllp.Files) { f.Cert, f.Key = old.files("gam").Cert, old.files("gam").Key }), []string{"certificate.expired", "identity.refused"}, 4},
		{"anonymous", with(func(f *mllp.Files) { f.Cert, f.Key = "", "" }), []string{"identity.required"}, 4},
		{"key for all to read", loose, []string{"files.key-not-private"}, 0},
		{"list of nobody", with(func(f *mllp.Files) { f.CRL = []string{f.Cert} }), []string{"files.no-list"}, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := examine(t, doctor.Options{Addr: addr, Files: c.files})
			require.Equal(t, c.codes, codes(r))
			require.Equal(t, c.exit, r.Exit)
		})
	}
}
