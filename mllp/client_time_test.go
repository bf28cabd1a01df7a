package mllp_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// peerInMemory plays f on every connection, and waits for all when the test
// ends.
func peerInMemory(t *testing.T, f func(n int, c net.Conn)) *mllptest.Network {
	t.Helper()
	network := mllptest.NewNetwork()
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; ; n++ {
			c, err := network.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				f(n, c)
			})
		}
	})
	t.Cleanup(func() { network.Close(); all.Wait() })
	return network
}

// silent reads everything and says nothing.
func silent(n int, c net.Conn) { io.Copy(io.Discard, c) }

// deaf does not even read.
func deaf(gone <-chan struct{}) func(int, net.Conn) {
	return func(int, net.Conn) { <-gone }
}

func TestClientTimeouts(t *testing.T) {
	const timeout = 7 * time.Second
	slow := func(piece string) func(int, net.Conn) {
		return func(n int, c net.Conn) {
			mllp.NewReader(c, 0).ReadFrame()
			for {
				if _, err := c.Write([]byte(piece)); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}
	}
	cases := []struct {
		name string
		peer func(int, net.Conn) // nil: one that does not read
		c    *mllp.Client
		kind mllp.ErrorKind
		want time.Duration
	}{
		{"no answer", silent, &mllp.Client{AnswerTimeout: timeout}, mllp.NoAnswer, timeout},
		{"no answer, default", silent, &mllp.Client{}, mllp.NoAnswer, mllp.DefaultAnswerTimeout},
		{"garbage without end", slow("x"), &mllp.Client{AnswerTimeout: timeout}, mllp.NoAnswer, timeout},
		{"empty blocks without end", slow("\x0b\x1c\r"), &mllp.Client{AnswerTimeout: timeout}, mllp.NoAnswer, timeout},
		{"an answer without end", slow("\x0b"), &mllp.Client{AnswerTimeout: timeout}, mllp.BrokenFrame, timeout},
		{"the peer does not read", nil, &mllp.Client{WriteTimeout: timeout}, mllp.NotRead, timeout},
		{"the peer does not read, default", nil, &mllp.Client{}, mllp.NotRead, mllp.DefaultWriteTimeout},
		{"no handshake", silent, &mllp.Client{HandshakeTimeout: timeout, TLSConfig: clientConfig(t, identity(t, "gam"))}, mllp.HandshakeRefused, timeout},
		{"no handshake, default", silent, &mllp.Client{TLSConfig: clientConfig(t, identity(t, "gam"))}, mllp.HandshakeRefused, mllp.DefaultHandshakeTimeout},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				play := c.peer
				if play == nil {
					gone := make(chan struct{})
					defer close(gone)
					play = deaf(gone)
				}
				c.c.Dial = peerInMemory(t, play).Dial
				client(t, c.c)
				begin := time.Now()
				_, err := c.c.Do(t.Context(), []byte("hello"))
				failure(t, err, c.kind)
				took := time.Since(begin)
				if c.kind == mllp.NotRead {
					require.GreaterOrEqual(t, took, c.want)
					require.LessOrEqual(t, took, c.want+c.want/4)
					return
				}
				require.Equal(t, c.want, took)
			})
		})
	}
}

func TestClientConnectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nobody := mllptest.NewNetwork()
		c := client(t, &mllp.Client{Addr: "10.0.0.1:2575", ConnectTimeout: 3 * time.Second, Dial: nobody.Dial})
		begin := time.Now()
		_, err := c.Connect(t.Context())
		e := failure(t, err, mllp.NoConnection)
		require.Contains(t, e.Hint("en"), "firewall")
		require.Equal(t, 3*time.Second, time.Since(begin))
	})
}

// An answer that comes too late must not become the answer to the next message.
func TestClientForgetsALateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := peerInMemory(t, func(n int, c net.Conn) {
			r := mllp.NewReader(c, 0)
			for {
				f, err := r.ReadFrame()
				if err != nil {
					return
				}
				if n == 1 {
					time.Sleep(time.Minute)
				}
				c.Write(mllp.AppendFrame(nil, f.Payload))
			}
		})
		c := client(t, &mllp.Client{Dial: network.Dial, AnswerTimeout: 10 * time.Second})
		_, err := c.Do(t.Context(), []byte("first"))
		require.Equal(t, 10*time.Second, failure(t, err, mllp.NoAnswer).Timeout)
		require.NoError(t, c.Probe(t.Context(), time.Second), "the connection is open still")
		r := do(t, c, "second")
		require.Equal(t, "second", string(r.Payload))
		require.True(t, r.Reopened)
	})
}

// Settle is paid once, to get to know the peer.
func TestClientSettlesOnce(t *testing.T) {
	answer := func(n int, c net.Conn) {
		r := mllp.NewReader(c, 0)
		for {
			f, err := r.ReadFrame()
			if err != nil {
				return
			}
			c.Write(mllp.AppendFrame(nil, f.Payload))
		}
	}
	cases := []struct {
		name   string
		settle time.Duration
		first  time.Duration // that the second message waits
	}{
		{"default", 0, mllp.DefaultSettle},
		{"given", time.Second, time.Second},
		{"none", -1, time.Millisecond}, // a pipe cannot be polled
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cl := client(t, &mllp.Client{Dial: peerInMemory(t, answer).Dial, Settle: c.settle})
				begin := time.Now()
				do(t, cl, "1")
				require.Zero(t, time.Since(begin))
				do(t, cl, "2")
				require.Equal(t, c.first, time.Since(begin))
				begin = time.Now()
				do(t, cl, "3")
				require.Equal(t, time.Millisecond, time.Since(begin))
			})
		})
	}
}

// A peer that hangs up a moment after its answer.
func TestClientSettlesForAPeerThatClosesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := peerInMemory(t, func(n int, c net.Conn) {
			f, err := mllp.NewReader(c, 0).ReadFrame()
			if err != nil {
				return
			}
			c.Write(mllp.AppendFrame(nil, f.Payload))
			time.Sleep(mllp.DefaultSettle / 2)
		})
		c := client(t, &mllp.Client{Dial: network.Dial})
		begin := time.Now()
		for i := range 5 {
			r := do(t, c, "hello")
			require.Equal(t, i > 0, r.Reopened)
		}
		require.Equal(t, 4*mllp.DefaultSettle/2, time.Since(begin))
	})
}

func TestClientCloseInterruptsAnExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, &mllp.Client{Dial: peerInMemory(t, silent).Dial})
		time.AfterFunc(time.Second, func() { c.Close() })
		begin := time.Now()
		_, err := c.Do(t.Context(), []byte("hello"))
		failure(t, err, mllp.Interrupted)
		require.ErrorIs(t, err, net.ErrClosed)
		require.Equal(t, time.Second, time.Since(begin))
	})
}

// The context of one exchange ends nothing in the next, also if it is the same
// one again, or a child of it.
func TestClientContextsFollowEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := peerInMemory(t, func(n int, c net.Conn) {
			r := mllp.NewReader(c, 0)
			for {
				f, err := r.ReadFrame()
				if err != nil {
					return
				}
				time.Sleep(time.Second)
				c.Write(mllp.AppendFrame(nil, f.Payload))
			}
		})
		c := client(t, &mllp.Client{Dial: network.Dial, Settle: -1})
		first, cancel := context.WithCancel(t.Context())
		second, cancelSecond := context.WithTimeout(t.Context(), time.Hour)
		defer cancelSecond()
		for _, ctx := range []context.Context{first, first, context.WithValue(first, c, nil), context.Background(), first, second} {
			r, err := c.Do(ctx, []byte("hello"))
			require.NoError(t, err)
			require.Equal(t, uint64(1), r.Conn.ID)
		}
		cancel() // while nothing is in flight
		synctest.Wait()
		r, err := c.Do(second, []byte("hello"))
		require.NoError(t, err)
		require.Equal(t, uint64(1), r.Conn.ID)
		_, err = c.Do(first, []byte("hello"))
		failure(t, err, mllp.Interrupted)
		time.Sleep(time.Hour) // second ends too
		r, err = c.Do(t.Context(), []byte("hello"))
		require.NoError(t, err)
		require.Equal(t, uint64(1), r.Conn.ID)

		again, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		_, err = c.Do(again, []byte("hello"))
		failure(t, err, mllp.Interrupted)
	})
}

func TestClientContextEndsEveryWait(t *testing.T) {
	config := clientConfig(t, identity(t, "gam"))
	cases := []struct {
		name string
		c    mllp.Client
		deaf bool
	}{
		{name: "for the answer"},
		{name: "for the write", deaf: true},
		{name: "for the handshake", c: mllp.Client{TLSConfig: config}},
	}
	for i := range cases {
		t.Run(cases[i].name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cases[i].c
				play := silent
				if cases[i].deaf {
					gone := make(chan struct{})
					defer close(gone)
					play = deaf(gone)
				}
				c.Dial = peerInMemory(t, play).Dial
				client(t, c)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				_, err := c.Do(ctx, []byte("hello"))
				failure(t, err, mllp.Interrupted)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Second, time.Since(begin))
			})
		})
	}
	t.Run("for a probe", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := client(t, &mllp.Client{Dial: peerInMemory(t, silent).Dial})
			_, err := c.Connect(t.Context())
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin := time.Now()
			failure(t, c.Probe(ctx, time.Hour), mllp.Interrupted)
			require.Equal(t, time.Second, time.Since(begin))
		})
	})
}
