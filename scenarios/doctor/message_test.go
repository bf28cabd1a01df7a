package doctor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/doctor"
)

// What a server makes of us, and of somebody without a certificate.
func TestIdentities(t *testing.T) {
	h := newHouse(t)
	_, err := pki.Bad(h.dir, pki.BadOptions{})
	require.NoError(t, err)
	root := newAuthority(t, "root", nil)
	cert := root.server(t, nil)
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	files := func(name string) *mllp.Files {
		f := h.files(name)
		f.CA = writeCertificates(t, root.cert)
		return f
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cases := []struct {
			name  string
			auth  tls.ClientAuthType
			files *mllp.Files
			codes []string
			exit  int
		}{
			{"not asked", tls.NoClientCert, files("gam"), []string{"identity.not-asked"}, 0},
			{"anonymous is accepted", tls.RequestClientCert, files("gam"), []string{"identity.anonymous-accepted"}, 0},
			{"of another authority", tls.RequireAndVerifyClientCert, files("gam"), []string{"identity.refused", "identity.other-authority"}, 4},
			{"for servers only", tls.RequireAndVerifyClientCert, files("bad/server-only"), []string{"files.not-for-clients", "identity.refused", "identity.other-authority"}, 4},
		}
		for _, c := range cases {
			t.Run(tls.VersionName(version)+", "+c.name, func(t *testing.T) {
				config := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: c.auth, MaxVersion: version}
				if c.auth == tls.RequireAndVerifyClientCert {
					config.ClientCAs = pool
				}
				r := examine(t, doctor.Options{Addr: tlsServer(t, config, acknowledge), Files: c.files})
				require.Equal(t, c.codes, codes(r))
				require.Equal(t, c.exit, r.Exit)
			})
		}
	}
}

// A server that serves one connection at a time keeps an anonymous client waiting
// while ours is open: that is no refusal.
func TestServerOfOneConnection(t *testing.T) {
	h := newHouse(t)
	root := newAuthority(t, "root", nil)
	files := h.files("gam")
	files.CA = writeCertificates(t, root.cert)
	config := &tls.Config{Certificates: []tls.Certificate{root.server(t, nil)}, ClientAuth: tls.RequestClientCert}
	turn := make(chan struct{}, 1)
	addr := listen(t, func(nc net.Conn) {
		turn <- struct{}{}
		defer func() { <-turn }()
		answerAll(tls.Server(nc, config), acknowledge)
	})
	r := examine(t, doctor.Options{Addr: addr, Files: files, Handshake: 300 * time.Millisecond})
	require.Empty(t, codes(r))
	require.Equal(t, doctor.Accepted, r.Facts.Identity.Ours)
	require.Equal(t, doctor.Undecided, r.Facts.Identity.Anonymous)
}

func TestAnswers(t *testing.T) {
	bend := func(bend func(string) string) func([]byte) []byte {
		return func(m []byte) []byte { return []byte(bend(string(acknowledge(m)))) }
	}
	replace := func(old, new string) func([]byte) []byte {
		return bend(func(s string) string { return strings.ReplaceAll(s, old, new) })
	}
	utf8of := func(s string) string { // as if it had been read as ISO-8859-1
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteRune(rune(c))
		}
		return b.String()
	}
	now := time.Now()
	cases := []struct {
		name   string
		answer func([]byte) []byte
		codes  []string
		exit   int
	}{
		{"an hour ahead, without a zone", acknowledgeAt(now.Add(time.Hour)), []string{"clock.zone"}, 0},
		{"seven minutes behind", acknowledgeAt(now.Add(-7 * time.Minute)), []string{"clock.skew"}, 0},
		{"no time", acknowledgeAt(time.Time{}), nil, 0},
		{"another MSA-2", replace("MSA|AR|PROBE", "MSA|AR|OTHER"), []string{"echo.message-id"}, 1},
		{"another MSA-1", replace("MSA|AR|", "MSA|OK|"), []string{"echo.code"}, 1},
		{"no HL7", func([]byte) []byte { return []byte("thank you") }, []string{"echo.not-hl7", "charset.unanswered", "charset.unanswered"}, 1},
		{"line feeds", bend(func(s string) string { return strings.ReplaceAll(s, "\r", "\n") }), []string{"echo.frame-control-byte", "echo.message-line-feed"}, 0},
		{"UTF-8 read as ISO-8859-1", bend(utf8of), []string{"charset.damaged", "charset.damaged"}, 1},
		{"question marks", bend(func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > 0x7f {
					return '?'
				}
				return r
			}, s)
		}), []string{"charset.damaged", "charset.damaged"}, 1},
		{"names of its own", bend(func(s string) string {
			fields := strings.Split(s, "|")
			fields[4], fields[5] = "GAM", "CHU"
			return strings.Join(fields, "|")
		}), nil, 0},
		{"MSH-18 not given back", bend(func(s string) string {
			msh, rest, _ := strings.Cut(s, "\r")
			fields := strings.Split(msh, "|")
			return strings.Join(fields[:12], "|") + "\r" + rest
		}), []string{"charset.undeclared", "charset.undeclared"}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			addr := listen(t, func(nc net.Conn) { answerAll(nc, c.answer) })
			r := examine(t, doctor.Options{Addr: addr})
			require.Equal(t, c.codes, codes(r))
			require.Equal(t, c.exit, r.Exit)
		})
	}
	t.Run("closes after each answer", func(t *testing.T) {
		addr := listen(t, func(nc net.Conn) {
			f, err := mllp.NewReader(nc, 1<<20).ReadFrame()
			if err == nil {
				_, _ = nc.Write(mllp.AppendFrame(nil, acknowledge(f.Payload)))
			}
		})
		r := examine(t, doctor.Options{Addr: addr, Settle: 2 * time.Second}) // until the end of the connection is seen
		require.Empty(t, codes(r))
		require.True(t, r.Facts.Connection.ClosesAfterAnswer)
		require.Equal(t, "new-connection", r.Facts.Connection.Second)
	})
	t.Run("garbage around blocks", func(t *testing.T) {
		addr := listen(t, func(nc net.Conn) {
			rd := mllp.NewReader(nc, 1<<20)
			for {
				f, err := rd.ReadFrame()
				if err != nil {
					return
				}
				_, _ = nc.Write(append([]byte("\r\n"), mllp.AppendFrame(nil, acknowledge(f.Payload))...))
			}
		})
		r := examine(t, doctor.Options{Addr: addr})
		require.Equal(t, []string{"echo.frame-garbage-before"}, codes(r))
	})
}

// The set that the candidate is said to use is tried first, and it alone makes a
// fault.
func TestCharsetOfTheCandidate(t *testing.T) {
	addr := listen(t, func(nc net.Conn) {
		answerAll(nc, func(m []byte) []byte {
			h, _ := hl7.ParseHeader(m)
			if h.Charset == string(hl7.UTF8) {
				h.SendingApplication = "PAMLAB-???"
			}
			return hl7.Ack{Code: hl7.AR, ControlID: "1", Time: time.Now()}.Append(nil, h)
		})
	})
	r := examine(t, doctor.Options{Addr: addr, Charset: hl7.Latin9})
	require.Equal(t, []string{"charset.damaged"}, codes(r))
	require.Equal(t, scenarios.ExitOK, r.Exit)
	require.Len(t, r.Facts.Charset, 3)
	require.Equal(t, string(hl7.Latin9), r.Facts.Charset[0].Charset)
	require.True(t, r.Facts.Charset[0].Expected)
}

func TestRevoked(t *testing.T) {
	h := newHouse(t)
	_, err := pki.Bad(h.dir, pki.BadOptions{})
	require.NoError(t, err)
	pair, err := tls.LoadX509KeyPair(filepath.Join(h.dir, "bad", "revoked.pem"), filepath.Join(h.dir, "bad", "revoked-key.pem"))
	require.NoError(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}
	files := h.files("gam")
	files.CRL = []string{filepath.Join(h.dir, "crl.pem")}
	r := examine(t, doctor.Options{Addr: tlsServer(t, config, acknowledge), Files: files})
	require.Equal(t, []string{"chain.revocation-revoked"}, codes(r))
	require.Equal(t, scenarios.ExitFailed, r.Exit)
	require.Equal(t, "revoked", r.Facts.Chain.Revocation)
}

// late is a context whose time is up, and whose timer has yet to say so.
type late struct {
	context.Context
	at time.Time
}

func (l late) Deadline() (time.Time, bool) { return l.at, true }

// What ends early says so in every check that was not made, and is never a
// success.
func TestEndsEarly(t *testing.T) {
	h := newHouse(t)
	t.Run("out of time", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		r := doctor.Run(ctx, doctor.Options{Addr: listen(t, sink), Files: h.files("gam")})
		validate(t, r)
		require.True(t, r.OutOfTime)
		require.Equal(t, scenarios.ExitUnjudged, r.Exit)
		require.Contains(t, printed(r, "en"), "not looked at: time is up (--timeout)")
	})
	t.Run("out of time before its context knows", func(t *testing.T) {
		r := doctor.Run(late{t.Context(), time.Now().Add(-time.Second)}, doctor.Options{Addr: listen(t, sink), Files: h.files("gam")})
		require.True(t, r.OutOfTime)
		require.Equal(t, scenarios.ExitUnjudged, r.Exit)
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := doctor.Run(ctx, doctor.Options{Addr: listen(t, func(nc net.Conn) { cancel(); sink(nc) })})
		validate(t, r)
		require.True(t, r.Interrupted)
		require.Equal(t, scenarios.ExitInterrupted, r.Exit)
		require.Contains(t, printed(r, "fr"), "interrompu")
	})
}

// A peer that asks for a certificate and then says nothing may have accepted ours
// or not: that is no tick.
func TestIdentityOfWhichNothingIsSeen(t *testing.T) {
	h := newHouse(t)
	config := &tls.Config{Certificates: []tls.Certificate{looseKeyPair(t, filepath.Join(h.dir, "dmn"))}, ClientAuth: tls.RequireAnyClientCert}
	addr := listen(t, func(nc net.Conn) { _, _ = io.Copy(io.Discard, tls.Server(nc, config)) })
	r := examine(t, doctor.Options{Addr: addr, Files: h.files("gam"), Answer: 50 * time.Millisecond})
	check := r.Check(doctor.CheckIdentity)
	require.Equal(t, doctor.Note, check.Status)
	require.Contains(t, check.Found.In("en"), "what it makes of ours cannot be seen")
}
