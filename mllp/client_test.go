package mllp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// peer accepts connections on the loopback, and plays f on each, which is told
// the number of the connection, from 1.
func peer(t *testing.T, f func(n int, c *net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(20 * time.Second))
				f(n, c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return l.Addr().String()
}

// client returns a Client that is closed when the test ends.
func client(t *testing.T, c *mllp.Client) *mllp.Client {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func do(t *testing.T, c *mllp.Client, payload string) *mllp.Response {
	t.Helper()
	r, err := c.Do(t.Context(), []byte(payload))
	require.NoError(t, err)
	return r
}

func TestClientKeepsItsConnection(t *testing.T) {
	c := client(t, &mllp.Client{Addr: serve(t, &mllp.Server{})})
	conn, err := c.Connect(t.Context())
	require.NoError(t, err)
	for i := range 5 {
		r := do(t, c, fmt.Sprint(i))
		require.Equal(t, fmt.Sprint("re:", i), string(r.Payload))
		require.Same(t, conn, r.Conn)
		require.False(t, r.Reopened)
		require.Empty(t, r.Oddities)
		require.Positive(t, r.Latency)
	}
	again, err := c.Connect(t.Context())
	require.NoError(t, err)
	require.Same(t, conn, again)
}

func TestClientPayloadBelongsToTheCaller(t *testing.T) {
	c := client(t, &mllp.Client{Addr: serve(t, &mllp.Server{})})
	first := do(t, c, "first")
	do(t, c, "other")
	require.Equal(t, "re:first", string(first.Payload))
}

// A peer that closes after each answer is allowed to; every message must come
// through, and each of them once.
func TestClientReopensAfterEveryAnswer(t *testing.T) {
	for name, version := range map[string]uint16{"plain": 0, "TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			var received atomic.Int32
			s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
				received.Add(1)
				w.WriteMessage(r.Payload)
				w.CloseAfter()
			})}
			c := &mllp.Client{Settle: 10 * time.Second} // this machine may be slow
			if version != 0 {
				s.TLSConfig, c.TLSConfig = serverConfig(t, identity(t, "dmn")), clientConfig(t, identity(t, "gam"))
				c.TLSConfig.MaxVersion = version
			}
			c.Addr = serve(t, s)
			client(t, c)
			const n = 50
			for i := range n {
				r := do(t, c, fmt.Sprint(i))
				require.Equal(t, fmt.Sprint(i), string(r.Payload))
				require.Equal(t, i > 0, r.Reopened)
				require.Equal(t, uint64(i+1), r.Conn.ID)
			}
			require.Equal(t, int32(n), received.Load())
		})
	}
}

// Without Settle the next message races with the closure; a closure that has
// arrived is noticed all the same.
func TestClientNoticesAnEarlierClosure(t *testing.T) {
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		w.WriteMessage(r.Payload)
		w.CloseAfter()
	})}
	c := client(t, &mllp.Client{Addr: serve(t, s), Settle: -1})
	do(t, c, "first")
	failure(t, c.Probe(t.Context(), 10*time.Second), mllp.PeerClosed)
	do(t, c, "second")
}

// The read deadline of the last exchange has long passed when the next message
// is sent; that must not keep the Client from looking.
func TestClientNoticesAClosureAfterALongPause(t *testing.T) {
	hangUp, gone := make(chan bool), make(chan bool, 1)
	addr := peer(t, func(n int, c *net.TCPConn) {
		r := mllp.NewReader(c, 0)
		for {
			if _, err := r.ReadFrame(); err != nil {
				return
			}
			c.Write([]byte("\x0bok\x1c\r"))
			if n > 1 {
				continue
			}
			select {
			case <-hangUp:
			case <-t.Context().Done(): // the test has failed
				return
			}
			c.CloseWrite()
			gone <- true
		}
	})
	c := client(t, &mllp.Client{Addr: addr, AnswerTimeout: time.Second, Settle: -1})
	do(t, c, "first")
	require.NoError(t, c.Probe(t.Context(), time.Millisecond)) // leaves a deadline in the past
	hangUp <- true
	<-gone
	require.True(t, do(t, c, "second").Reopened)
}

// Nobody knows whether a message was processed that was not answered: it must
// not be sent again.
func TestClientNeverSendsTwice(t *testing.T) {
	var messages atomic.Int32
	addr := peer(t, func(n int, c *net.TCPConn) {
		if _, err := mllp.NewReader(c, 0).ReadFrame(); err == nil {
			messages.Add(1)
		}
	})
	c := client(t, &mllp.Client{Addr: addr})
	for range 10 {
		_, err := c.Do(t.Context(), []byte("hello"))
		failure(t, err, mllp.PeerClosed)
	}
	c.Close()
	require.Equal(t, int32(10), messages.Load())
}

func TestClientTellsAnswersApart(t *testing.T) {
	const ack = "MSH|ack"
	cases := []struct {
		name   string
		answer string
		hangUp bool
		kind   mllp.ErrorKind // "" if there is an answer
		part   string
		odd    []mllp.OddityKind
	}{
		{name: "an answer", answer: "\x0b" + ack + "\x1c\r"},
		{name: "an answer, and the end", answer: "\x0b" + ack + "\x1c\r", hangUp: true},
		{name: "nothing", kind: mllp.NoAnswer},
		{name: "the end", hangUp: true, kind: mllp.PeerClosed},
		{name: "half an answer", answer: "\x0bMSH", kind: mllp.BrokenFrame, part: "MSH"},
		{name: "half an answer, and the end", answer: "\x0bMSH", hangUp: true, kind: mllp.BrokenFrame, part: "MSH"},
		{name: "no final byte", answer: "\x0b" + ack + "\x1c", kind: mllp.BrokenFrame, part: ack + "\x1c",
			odd: []mllp.OddityKind{mllp.EndWithoutCR}},
		{name: "no framing", answer: ack, kind: mllp.NoAnswer, odd: []mllp.OddityKind{mllp.GarbageBefore}},
		{name: "no framing, and the end", answer: ack, hangUp: true, kind: mllp.PeerClosed, odd: []mllp.OddityKind{mllp.GarbageBefore}},
		{name: "an empty block", answer: "\x0b\x1c\r", kind: mllp.NoAnswer, odd: []mllp.OddityKind{mllp.EmptyBlock}},
		{name: "a release 2 acknowledgement alone", answer: "\x0b\x06\x1c\r", kind: mllp.NoAnswer, odd: []mllp.OddityKind{mllp.ReleaseTwoCommit}},
		{name: "a release 2 acknowledgement before", answer: "\x0b\x06\x1c\r\x0b" + ack + "\x1c\r", odd: []mllp.OddityKind{mllp.ReleaseTwoCommit}},
		{name: "garbage before", answer: "\r\n\x0b" + ack + "\x1c\r", odd: []mllp.OddityKind{mllp.GarbageBefore}},
		{name: "too large", answer: "\x0b" + strings.Repeat("x", 2000) + "\x1c\r", kind: mllp.TooLarge, part: strings.Repeat("x", 1000)},
		{name: "a TLS alert", answer: "\x15\x03\x03\x00\x02\x02\x46", kind: mllp.BrokenFrame, odd: []mllp.OddityKind{mllp.GarbageBefore}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			addr := peer(t, func(n int, nc *net.TCPConn) {
				mllp.NewReader(nc, 0).ReadFrame()
				nc.Write([]byte(c.answer))
				if !c.hangUp {
					io.Copy(io.Discard, nc)
				}
			})
			timeout := 10 * time.Second
			if c.kind != "" && !c.hangUp {
				timeout = 50 * time.Millisecond
			}
			cl := client(t, &mllp.Client{Addr: addr, MaxMessage: 1000, AnswerTimeout: timeout})
			r, err := cl.Do(t.Context(), []byte("hello"))
			var odd []mllp.Oddity
			if c.kind == "" {
				require.NoError(t, err)
				require.Equal(t, ack, string(r.Payload))
				odd = r.Oddities
			} else {
				e := failure(t, err, c.kind)
				require.Equal(t, addr, e.Addr)
				require.Equal(t, c.part, string(e.Partial))
				odd = e.Oddities
			}
			var kinds []mllp.OddityKind
			for _, o := range odd {
				kinds = append(kinds, o.Kind)
			}
			require.Equal(t, c.odd, kinds)
		})
	}
}

func TestClientBoundsEndlessGarbage(t *testing.T) {
	for name, unit := range hostile() {
		t.Run(name, func(t *testing.T) {
			addr := peer(t, func(n int, c *net.TCPConn) {
				mllp.NewReader(c, 0).ReadFrame()
				io.Copy(c, newEndless(unit))
			})
			c := client(t, &mllp.Client{Addr: addr, MaxMessage: 128 << 10, AnswerTimeout: time.Minute})
			_, err := c.Do(t.Context(), []byte("hello"))
			var fe *mllp.FrameError
			require.ErrorAs(t, err, &fe)
		})
	}
}

func TestClientNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	cases := []struct {
		name string
		c    *mllp.Client
		says string
	}{
		{"nobody listens", &mllp.Client{Addr: l.Addr().String()}, "nobody listens"},
		{"no such name", &mllp.Client{Addr: "nowhere.invalid:2575", Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}
		}}, `"nowhere.invalid" has no address`},
		{"no port", &mllp.Client{Addr: "127.0.0.1"}, "missing port"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.c.Do(t.Context(), []byte("hello"))
			e := failure(t, err, mllp.NoConnection)
			require.Contains(t, e.Error(), c.says)
			require.NotEmpty(t, e.Hint("fr"))
			_, err = c.c.Connect(t.Context())
			failure(t, err, mllp.NoConnection)
			failure(t, c.c.Probe(t.Context(), time.Second), mllp.NoConnection)
		})
	}
}

func TestClientProbe(t *testing.T) {
	say, hangUp := make(chan string), make(chan bool)
	addr := peer(t, func(n int, c *net.TCPConn) {
		r := mllp.NewReader(c, 0)
		for {
			if _, err := r.ReadFrame(); err != nil {
				return
			}
			c.Write([]byte("\x0bok\x1c\r"))
			select {
			case s := <-say:
				c.Write([]byte(s))
			case <-t.Context().Done(): // the test has failed
				return
			}
			select {
			case end := <-hangUp:
				if end {
					return
				}
			case <-t.Context().Done():
				return
			}
		}
	})
	c := client(t, &mllp.Client{Addr: addr})
	do(t, c, "1")
	require.NoError(t, c.Probe(t.Context(), 10*time.Millisecond))
	say <- "\x0bstray\x1c\r"
	require.NoError(t, c.Probe(t.Context(), 50*time.Millisecond))
	hangUp <- false
	require.Equal(t, mllp.Unsolicited, do(t, c, "2").Oddities[0].Kind)
	say <- ""
	hangUp <- true
	failure(t, c.Probe(t.Context(), 10*time.Second), mllp.PeerClosed)
}

func TestClientIsInterrupted(t *testing.T) {
	got := make(chan struct{}, 10)
	addr := peer(t, func(n int, c *net.TCPConn) {
		mllp.NewReader(c, 0).ReadFrame()
		got <- struct{}{}
		io.Copy(io.Discard, c)
	})
	t.Run("by its context", func(t *testing.T) {
		c := client(t, &mllp.Client{Addr: addr})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-got; cancel() }()
		_, err := c.Do(ctx, []byte("hello"))
		failure(t, err, mllp.Interrupted)
		require.ErrorIs(t, err, context.Canceled)
		_, err = c.Do(ctx, []byte("hello"))
		failure(t, err, mllp.Interrupted)
		_, err = c.Connect(ctx)
		failure(t, err, mllp.Interrupted)
	})
	t.Run("by a deadline", func(t *testing.T) {
		c := client(t, &mllp.Client{Addr: addr})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := c.Do(ctx, []byte("hello"))
		failure(t, err, mllp.Interrupted)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		<-got
	})
	t.Run("by Close", func(t *testing.T) {
		c := client(t, &mllp.Client{Addr: addr})
		go func() { <-got; c.Close() }()
		_, err := c.Do(t.Context(), []byte("hello"))
		failure(t, err, mllp.Interrupted)
		require.ErrorIs(t, err, net.ErrClosed)
	})
	t.Run("by Close while it connects", func(t *testing.T) {
		dialing := make(chan struct{})
		c := client(t, &mllp.Client{Addr: addr, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			close(dialing)
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		go func() { <-dialing; c.Close() }()
		_, err := c.Connect(t.Context())
		failure(t, err, mllp.Interrupted)
		require.ErrorIs(t, err, net.ErrClosed)
	})
	t.Run("while it waits for its turn", func(t *testing.T) {
		c := client(t, &mllp.Client{Addr: addr})
		first := make(chan error, 1)
		go func() {
			_, err := c.Do(context.Background(), []byte("hello"))
			first <- err
		}()
		<-got
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := c.Do(ctx, []byte("hello"))
		failure(t, err, mllp.Interrupted)
		c.Close()
		failure(t, <-first, mllp.Interrupted)
	})
}

func TestClientWorksAgainAfterClose(t *testing.T) {
	c := client(t, &mllp.Client{Addr: serve(t, &mllp.Server{})})
	require.NoError(t, c.Close(), "never opened")
	do(t, c, "first")
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	r := do(t, c, "second")
	require.Equal(t, uint64(2), r.Conn.ID)
	require.False(t, r.Reopened, "the caller closed it")
}

func TestClientIsSharedByGoroutines(t *testing.T) {
	c := client(t, &mllp.Client{Addr: serve(t, &mllp.Server{})})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for range 10 {
				r, err := c.Do(t.Context(), []byte(fmt.Sprint(i)))
				if err != nil || string(r.Payload) != fmt.Sprint("re:", i) {
					t.Errorf("%v, %v", r, err)
				}
			}
		})
	}
	all.Wait()
}

// An answer that comes before the message is whole is kept for the report.
func TestClientKeepsAnEarlyAnswer(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) {
		io.ReadFull(c, make([]byte, 10))
		c.Write([]byte("\x0btoo long for me\x1c\r"))
		c.CloseWrite()
		io.CopyN(io.Discard, c, 1<<20)
	})
	c := client(t, &mllp.Client{Addr: addr})
	_, err := c.Do(t.Context(), bytes.Repeat([]byte("x"), 64<<20))
	require.Equal(t, "too long for me", string(failure(t, err, mllp.PeerClosed).Partial))
}

func TestErrorsWithoutDetailsAreStillSentences(t *testing.T) {
	for _, kind := range []mllp.ErrorKind{
		mllp.NoConnection, mllp.HandshakeRefused, mllp.NoAnswer, mllp.PeerClosed, mllp.BrokenFrame,
		mllp.TooLarge, mllp.NotRead, mllp.Idle, mllp.Interrupted, mllp.Panicked, "other",
	} {
		e := &mllp.Error{Kind: kind, Addr: "peer:1"}
		failure(t, fmt.Errorf("wrapped: %w", e), kind)
		require.NotEqual(t, e.In("fr") == e.In("en"), kind != "other", kind)
		require.Empty(t, errors.Unwrap(e))
	}
}
