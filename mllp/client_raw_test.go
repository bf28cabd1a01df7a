package mllp_test

import (
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

func requireKind(t *testing.T, err error, kind mllp.ErrorKind) {
	t.Helper()
	var failed *mllp.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, kind, failed.Kind)
}

func raw(t *testing.T, c *mllp.Client) *mllp.RawConn {
	t.Helper()
	r, _, err := c.Raw(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestRawConnTakesTheOpenConnectionAndGivesItBack(t *testing.T) {
	c := client(t, &mllp.Client{Addr: serve(t, &mllp.Server{})})
	conn := do(t, c, "first").Conn
	r := raw(t, c)
	require.Same(t, conn, r.Facts())
	_, err := r.Write(t.Context(), []byte("\n\x0bone\x1c\r\x0btwo\x1c\r"), 0)
	require.NoError(t, err)
	for _, want := range []string{"re:one", "re:two"} {
		answer, err := r.Receive(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, want, string(answer.Payload))
		require.Positive(t, answer.Latency)
	}
	more, err := r.More(t.Context(), time.Millisecond)
	require.NoError(t, err)
	require.Nil(t, more)
	r.Release()
	require.Same(t, conn, do(t, c, "last").Conn)
}

func TestRawConnThatIsOwedAnAnswerIsNotUsedAgain(t *testing.T) {
	c := client(t, &mllp.Client{Addr: serve(t, &mllp.Server{})})
	r := raw(t, c)
	_, err := r.Write(t.Context(), []byte("\x0bhalf"), 0)
	require.NoError(t, err)
	_, err = r.Receive(t.Context(), 10*time.Millisecond)
	requireKind(t, err, mllp.NoAnswer)
	r.Release()
	answer := do(t, c, "first")
	require.NotSame(t, r.Facts(), answer.Conn)
	require.Equal(t, "re:first", string(answer.Payload))
}

func TestRawConnThatHasNotHeardItsAnswerIsNotUsedAgain(t *testing.T) {
	next := make(chan struct{}) // on another connection: those of one wait for each other
	c := client(t, &mllp.Client{AnswerTimeout: 5 * time.Second, Addr: serve(t, &mllp.Server{Handler: mllp.HandlerFunc(
		func(w mllp.ResponseWriter, r *mllp.Request) {
			if string(r.Payload) == "next" {
				close(next)
			}
			select {
			case <-next:
			case <-r.Context().Done():
			}
			echo(w, r)
		})})})
	r := raw(t, c)
	_, err := r.Write(t.Context(), []byte("\x0bslow\x1c\r"), 0)
	require.NoError(t, err)
	r.Release()
	require.Equal(t, "re:next", string(do(t, c, "next").Payload))
}

func TestRawConnIsNotGivenBackBesideAnother(t *testing.T) {
	c := client(t, &mllp.Client{Addr: serve(t, &mllp.Server{})})
	r := raw(t, c)
	conn := do(t, c, "other").Conn
	r.Release()
	require.Same(t, conn, do(t, c, "more").Conn)
	_, err := r.Write(t.Context(), []byte("x"), 0)
	require.Error(t, err)
}

// Faults find their way to the socket, and what comes back is still read.
func TestRawConnWithAFault(t *testing.T) {
	for _, secured := range []bool{false, true} {
		s, c := &mllp.Server{Handler: echo}, &mllp.Client{}
		if secured {
			s.TLSConfig, c.TLSConfig = serverConfig(t, identity(t, "dmn")), clientConfig(t, identity(t, "gam"))
		}
		c.Addr = serve(t, s)
		r := raw(t, client(t, c))
		r.Wrap(mllptest.HalfClose{After: 6}.Wrap)
		_, err := r.Write(t.Context(), []byte("\x0bone\x1c\r"), 0)
		require.NoError(t, err)
		answer, err := r.Receive(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, "re:one", string(answer.Payload))
		_, err = r.Write(t.Context(), []byte("more"), 0)
		require.ErrorIs(t, err, mllptest.ErrFault)
		r.Release()

		r = raw(t, c)
		r.Wrap(mllptest.Stall{After: 1}.Wrap)
		c.WriteTimeout = 10 * time.Millisecond
		n, err := r.Write(t.Context(), []byte("\x0bone\x1c\r"), 0)
		require.Equal(t, 1, n)
		requireKind(t, err, mllp.NotRead)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
}

func TestRawConnToAPeerThatHangsUp(t *testing.T) {
	c := client(t, &mllp.Client{Addr: peer(t, func(_ int, c *net.TCPConn) { _, _ = io.ReadFull(c, make([]byte, 3)) })})
	r := raw(t, c)
	_, err := r.Write(t.Context(), []byte("abc"), 0)
	require.NoError(t, err)
	_, err = r.Receive(t.Context(), 0)
	requireKind(t, err, mllp.PeerClosed)
	require.Eventually(t, func() bool {
		_, err = r.Write(t.Context(), []byte("abc"), 0)
		return err != nil
	}, 10*time.Second, time.Millisecond)
	requireKind(t, err, mllp.PeerClosed)
}

func TestRawConnEndsWithItsContext(t *testing.T) {
	c := client(t, &mllp.Client{Addr: peer(t, func(_ int, c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })})
	r := raw(t, c)
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, stop)
	_, err := r.Receive(ctx, 0)
	requireKind(t, err, mllp.Interrupted)
	_, _, err = c.Raw(ctx)
	requireKind(t, err, mllp.Interrupted)
}

func TestRawWithoutAPeer(t *testing.T) {
	c := client(t, &mllp.Client{Addr: "127.0.0.1:1"})
	_, _, err := c.Raw(t.Context())
	requireKind(t, err, mllp.NoConnection)
}
