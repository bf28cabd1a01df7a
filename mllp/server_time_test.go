package mllp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// closedAfter waits until the peer closes the connection and returns how long
// that took.
func closedAfter(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	begin := time.Now()
	_, err := io.Copy(io.Discard, c)
	require.NoError(t, err)
	return time.Since(begin)
}

func TestServerIdleTimeout(t *testing.T) {
	const timeout = 5 * time.Minute
	cases := []struct {
		name string
		talk func(t *testing.T, c net.Conn)
		want time.Duration // from the end of talk
	}{
		{"from the opening", func(t *testing.T, c net.Conn) {}, timeout},
		{"from the last answer", func(t *testing.T, c net.Conn) {
			for range 3 {
				time.Sleep(timeout - time.Second)
				send(t, c, "hello")
				receive(t, c)
			}
		}, timeout},
		{"garbage does not put it off", func(t *testing.T, c net.Conn) {
			time.Sleep(timeout - time.Minute)
			c.Write([]byte("\r\n"))
		}, time.Minute},
		{"empty blocks do not put it off", func(t *testing.T, c net.Conn) {
			time.Sleep(timeout - time.Minute)
			c.Write([]byte("\x0b\x1c\r"))
		}, time.Minute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &mllp.Server{IdleTimeout: timeout}
				w := watch(s)
				conn := dialInMemory(t, serveInMemory(t, s))
				synctest.Wait()
				c.talk(t, conn)
				require.Equal(t, c.want, closedAfter(t, conn))
				e := failure(t, (<-w.closed).Err, mllp.Idle)
				require.Equal(t, timeout, e.Timeout)
			})
		})
	}
}

// An answer that takes long does not count as idleness, and neither does a
// handler that answers nothing.
func TestServerIdleTimeoutBeginsAfterTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{IdleTimeout: time.Minute, Handler: mllp.HandlerFunc(func(mllp.ResponseWriter, *mllp.Request) {
			time.Sleep(10 * time.Minute)
		})}
		conn := dialInMemory(t, serveInMemory(t, s))
		send(t, conn, "hello")
		require.Equal(t, 11*time.Minute, closedAfter(t, conn))
	})
}

func TestServerReadTimeout(t *testing.T) {
	const timeout = time.Minute
	cases := []struct {
		name string
		talk func(t *testing.T, c net.Conn)
		want time.Duration
	}{
		{"nothing after the start", func(t *testing.T, c net.Conn) {
			c.Write([]byte("\x0bMSH"))
		}, timeout},
		{"byte by byte", func(t *testing.T, c net.Conn) {
			c.Write([]byte("\x0b"))
			for range 50 {
				time.Sleep(time.Second)
				c.Write([]byte("x"))
			}
		}, timeout - 50*time.Second},
		{"end block without carriage return", func(t *testing.T, c net.Conn) {
			c.Write([]byte("\x0bMSH|a\r\x1c"))
		}, timeout},
		{"the second block has its own time", func(t *testing.T, c net.Conn) {
			c.Write([]byte("\x0ba"))
			time.Sleep(timeout - time.Second)
			go c.Write([]byte("\x1c\r\x0bb"))
			receive(t, c)
		}, timeout},
		{"a block begun again has not", func(t *testing.T, c net.Conn) {
			c.Write([]byte("\x0ba"))
			time.Sleep(timeout - time.Second)
			c.Write([]byte("\x0bb"))
		}, time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &mllp.Server{IdleTimeout: time.Hour, ReadTimeout: timeout}
				w := watch(s)
				conn := dialInMemory(t, serveInMemory(t, s))
				c.talk(t, conn)
				require.Equal(t, c.want, closedAfter(t, conn))
				var fe *mllp.FrameError
				require.ErrorAs(t, failure(t, (<-w.closed).Err, mllp.BrokenFrame), &fe)
				require.Equal(t, mllp.FrameSlow, fe.Kind)
			})
		})
	}
}

// The idle limit does not cut a block that was begun in time.
func TestServerReadTimeoutIsNotTheIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{IdleTimeout: 10 * time.Second, ReadTimeout: time.Minute}
		conn := dialInMemory(t, serveInMemory(t, s))
		time.Sleep(9 * time.Second)
		conn.Write([]byte("\x0bhel"))
		time.Sleep(50 * time.Second)
		go conn.Write([]byte("lo\x1c\r"))
		require.Equal(t, "re:hello", receive(t, conn))
		require.Equal(t, 10*time.Second, closedAfter(t, conn))
	})
}

func TestServerWithoutLimitsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{IdleTimeout: -1, ReadTimeout: -1, WriteTimeout: -1}
		conn := dialInMemory(t, serveInMemory(t, s))
		time.Sleep(1000 * time.Hour)
		conn.Write([]byte("\x0bhel"))
		time.Sleep(1000 * time.Hour)
		go conn.Write([]byte("lo\x1c\r"))
		time.Sleep(1000 * time.Hour)
		require.Equal(t, "re:hello", receive(t, conn))
	})
}

func TestServerDefaultsAreLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := dialInMemory(t, serveInMemory(t, &mllp.Server{}))
		require.Equal(t, mllp.DefaultIdleTimeout, closedAfter(t, conn))
	})
	synctest.Test(t, func(t *testing.T) {
		conn := dialInMemory(t, serveInMemory(t, &mllp.Server{}))
		conn.Write([]byte("\x0b"))
		require.Equal(t, mllp.DefaultReadTimeout, closedAfter(t, conn))
	})
}

// A client that never reads must not hold its connection for ever.
func TestServerWriteTimeout(t *testing.T) {
	const timeout = 20 * time.Second
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 2)
		s := &mllp.Server{WriteTimeout: timeout, Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
			failed <- w.WriteMessage([]byte("answer"))
			failed <- w.WriteRaw([]byte("more"))
		})}
		w := watch(s)
		conn := dialInMemory(t, serveInMemory(t, s))
		begin := time.Now()
		send(t, conn, "hello")
		e := <-w.closed
		took := time.Since(begin)
		require.GreaterOrEqual(t, took, timeout)
		require.LessOrEqual(t, took, timeout+timeout/4)
		require.Equal(t, timeout, failure(t, e.Err, mllp.NotRead).Timeout)
		failure(t, <-failed, mllp.NotRead)
		failure(t, <-failed, mllp.NotRead)
	})
}

func TestServerWriteTimeoutIsForEachAnswer(t *testing.T) {
	const timeout = 20 * time.Second
	synctest.Test(t, func(t *testing.T) {
		conn := dialInMemory(t, serveInMemory(t, &mllp.Server{WriteTimeout: timeout, IdleTimeout: time.Hour}))
		for range 10 {
			send(t, conn, "hello")
			time.Sleep(timeout - time.Millisecond)
			require.Equal(t, "re:hello", receive(t, conn))
			time.Sleep(timeout / 3)
		}
	})
}

func TestServerHandshakeTimeout(t *testing.T) {
	config, err := identity(t, "dmn").ServerConfig()
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{TLSConfig: config, HandshakeTimeout: 7 * time.Second}
		w := watch(s)
		conn := dialInMemory(t, serveInMemory(t, s))
		go conn.Write([]byte("\x16\x03\x01"))
		require.Equal(t, 7*time.Second, closedAfter(t, conn))
		e := failure(t, (<-w.closed).Err, mllp.HandshakeRefused)
		require.Equal(t, 7*time.Second, e.Timeout)
		require.Equal(t, []mllp.ConnState{mllp.StateNew, mllp.StateHandshakeFailed, mllp.StateClosed}, w.states(1))
	})
}

func TestServerShutdownLetsABlockBeFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{ReadTimeout: time.Minute}
		conn := dialInMemory(t, serveInMemory(t, s))
		conn.Write([]byte("\x0bhel"))
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- s.Shutdown(context.Background()) }()
		time.Sleep(30 * time.Second)
		require.Empty(t, down)
		go conn.Write([]byte("lo\x1c\r"))
		require.Equal(t, "re:hello", receive(t, conn))
		require.Zero(t, closedAfter(t, conn))
		require.NoError(t, <-down)
	})
}

func TestServerShutdownStillLimitsABlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{ReadTimeout: time.Minute}
		conn := dialInMemory(t, serveInMemory(t, s))
		conn.Write([]byte("\x0bhel"))
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, s.Shutdown(context.Background()))
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestServerShutdownEndsHandshakes(t *testing.T) {
	config, err := identity(t, "dmn").ServerConfig()
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{TLSConfig: config}
		w := watch(s)
		dialInMemory(t, serveInMemory(t, s))
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, s.Shutdown(context.Background()))
		require.Zero(t, time.Since(begin))
		failure(t, (<-w.closed).Err, mllp.Interrupted)
	})
}

func TestServerShutdownGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) { <-r.Context().Done() })}
		conn := dialInMemory(t, serveInMemory(t, s))
		send(t, conn, "hello")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(begin))
	})
}

// busyListener fails a number of times, as when file descriptors have run out,
// before it accepts.
type busyListener struct {
	*mllptest.Network
	failures atomic.Int32
	err      error
}

func (l *busyListener) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, l.err
	}
	return l.Network.Accept()
}

func TestServerAcceptsAgainAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &busyListener{Network: mllptest.NewNetwork(), err: &net.OpError{Op: "accept", Err: os.NewSyscallError("accept", syscall.EMFILE)}}
		l.failures.Store(10)
		begin := time.Now()
		start(t, &mllp.Server{}, l)
		conn := dialInMemory(t, l.Network)
		send(t, conn, "hello")
		require.Equal(t, "re:hello", receive(t, conn))
		// 5, 10, 20 … 640 ms, then twice the largest pause.
		require.Equal(t, 1275*time.Millisecond+2*time.Second, time.Since(begin))
	})
}

func TestServerClosesDuringThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &busyListener{Network: mllptest.NewNetwork(), err: &net.OpError{Op: "accept", Err: os.NewSyscallError("accept", syscall.EMFILE)}}
		l.failures.Store(1 << 30)
		s := &mllp.Server{}
		start(t, s, l)
		time.Sleep(time.Minute)
		begin := time.Now()
		require.NoError(t, s.Shutdown(t.Context()))
		require.Zero(t, time.Since(begin))
	})
}

func TestServerReturnsOtherAcceptErrors(t *testing.T) {
	broken := errors.New("listener broken")
	l := &busyListener{Network: mllptest.NewNetwork(), err: broken}
	l.failures.Store(1)
	require.Equal(t, broken, (&mllp.Server{Handler: echo}).Serve(l))
}
