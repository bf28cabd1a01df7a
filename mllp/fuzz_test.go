package mllp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// FuzzServerFirstBytes has peers begin with whatever they like on a TLS port:
// each is refused for a reason that can be told, none hands a message over, and
// the server goes on.
func FuzzServerFirstBytes(f *testing.F) {
	dir, err := keys()
	require.NoError(f, err)
	config, err := mllp.Files{CA: dir + "/ca.pem", Cert: dir + "/dmn.pem", Key: dir + "/dmn-key.pem"}.ServerConfig()
	require.NoError(f, err)
	ends := make(chan error, 1)
	s := &mllp.Server{
		TLSConfig: config, Logger: slog.New(slog.DiscardHandler),
		Handler: mllp.HandlerFunc(func(mllp.ResponseWriter, *mllp.Request) { panic("a message went through") }),
		OnConn: func(_ *mllp.Conn, state mllp.ConnState, err error) {
			if state == mllp.StateClosed {
				ends <- err
			}
		},
	}
	n := mllptest.NewNetwork()
	served := make(chan error, 1)
	go func() { served <- s.Serve(n) }()
	f.Cleanup(func() {
		s.Close()
		s.Shutdown(context.Background())
		<-served
	})
	for _, c := range mllptest.Cases() {
		f.Add(c.Bytes)
	}
	f.Add([]byte(hello([]byte{0}, 0xc02b, 0xc02c)))
	f.Add([]byte(hello([]byte{0}, 0xc02b, 0xc02c))[:40])
	f.Add([]byte(hello([]byte{0}, 0x1301)))
	f.Add([]byte(hello([]byte{1, 0}, 0x5600, badPoints)))
	f.Add([]byte(serverHello(0x0303, 0xc02b, 0, "")))
	f.Add([]byte("\x15\x03\x03\x00\x02\x02\x30"))
	f.Add([]byte("\x80\x2e\x01\x00\x02")) // SSL 2
	f.Fuzz(func(t *testing.T, first []byte) {
		c, err := n.Dial(t.Context(), "", "")
		require.NoError(t, err)
		go io.Copy(io.Discard, c)
		c.Write(first)
		c.Close()
		e := failure(t, <-ends, mllp.HandshakeRefused)
		require.NotContains(t, e.Hint("fr"), "%!")
		x := mllp.Explain(e)
		require.NotEmpty(t, x.In("en"))
		require.Zero(t, s.Stats().Memory)
	})
}

// FuzzServer has peers say whatever they like on a plain port, cut as they
// like: what is answered is what a Reader finds in the same bytes.
func FuzzServer(f *testing.F) {
	for _, c := range mllptest.Cases() {
		f.Add(c.Bytes, uint16(c.Max), uint64(1))
	}
	f.Fuzz(func(t *testing.T, stream []byte, limit uint16, seed uint64) {
		cut := func() *chopper { return &chopper{rest: stream, rnd: rand.New(rand.NewPCG(seed, 0))} }
		want := readAll(cut(), int(limit)).Frames
		s := &mllp.Server{MaxMessage: int(limit), MaxMemory: 1 << 20, Logger: slog.New(slog.DiscardHandler), Handler: echo}
		n := mllptest.NewNetwork()
		served := make(chan error, 1)
		go func() { served <- s.Serve(n) }()
		c, err := n.Dial(t.Context(), "", "")
		require.NoError(t, err)
		require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
		go func() {
			io.CopyBuffer(struct{ io.Writer }{c}, cut(), make([]byte, 32))
		}()
		r := mllp.NewReader(c, 1<<20)
		for _, p := range want {
			f, err := r.ReadFrame()
			require.NoError(t, err)
			require.Equal(t, append([]byte("re:"), p...), f.Payload)
		}
		c.Close()
		require.NoError(t, s.Shutdown(context.Background()))
		require.ErrorIs(t, <-served, mllp.ErrServerClosed)
		require.Zero(t, s.Stats().Memory)
	})
}

// FuzzStaple has peers attach whatever they like to a certificate that is
// required to be shown good: only what its authority has signed passes.
func FuzzStaple(f *testing.F) {
	root := newAuthority(f, "root", nil)
	peer := root.issue()
	good := root.ocsp(peer.cert, nil)
	files := peer.files
	files.Revocation = mllp.RevocationRequired
	config, err := files.ServerConfig()
	require.NoError(f, err)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(ocsp.UnauthorizedErrorResponse)
	f.Add(root.ocspBy(ocsp.Response{Status: ocsp.Good, SerialNumber: peer.cert.SerialNumber, ThisUpdate: time.Now()}, peer.cert, peer.key))
	f.Fuzz(func(t *testing.T, staple []byte) {
		err := config.VerifyConnection(tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{peer.cert, root.cert}}, OCSPResponse: staple})
		if err == nil {
			require.Equal(t, good, staple)
			return
		}
		require.NotEmpty(t, mllp.Explain(err).In("fr"))
		require.NotEmpty(t, mllp.Explain(err).Hint("fr"))
	})
}
