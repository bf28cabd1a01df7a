package mllp_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// Every stream of the table is sent whole, and the sending side closed: the
// server answers each message in order, then closes, and goes on serving.
func TestServerAnswersEveryCase(t *testing.T) {
	for _, c := range mllptest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			s := &mllp.Server{MaxMessage: c.Max}
			w := watch(s)
			addr := serve(t, s)
			conn := dial(t, addr)
			_, err := conn.Write(c.Bytes)
			require.NoError(t, err)
			require.NoError(t, conn.CloseWrite())

			got := readAll(conn, 0)
			var want [][]byte
			for _, f := range c.Frames {
				want = append(want, append([]byte("re:"), f...))
			}
			require.Equal(t, want, got.Frames)

			reason := (<-w.closed).Err
			if c.End == "" {
				if reason != nil { // garbage at the very end
					require.NotEmpty(t, failure(t, reason, mllp.PeerClosed).Oddities)
				}
			} else {
				var fe *mllp.FrameError
				require.ErrorAs(t, reason, &fe)
				require.Equal(t, c.End, fe.Kind)
			}

			again := dial(t, addr)
			send(t, again, mllptest.First[:8])
			require.Equal(t, "re:"+mllptest.First[:8], receive(t, again))
		})
	}
}

func TestServerReportsOdditiesToTheHandler(t *testing.T) {
	got := make(chan []mllp.Oddity, 1)
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		got <- r.Oddities
		w.WriteMessage([]byte("ok"))
	})}
	conn := dial(t, serve(t, s))
	_, err := conn.Write([]byte("\r\n\x0bMSH|\x00\r\x1c\r"))
	require.NoError(t, err)
	require.Equal(t, "ok", receive(t, conn))
	require.Equal(t, []mllp.Oddity{
		{Kind: mllp.GarbageBefore, Offset: 0, Count: 2, Sample: []byte("\r\n")},
		{Kind: mllp.ControlByte, Offset: 7, Count: 1, Sample: []byte{0}},
	}, <-got)
}

func TestServerAnswersPipelinedMessagesInOrder(t *testing.T) {
	conn := dial(t, serve(t, &mllp.Server{}))
	var all []string
	for i := range 500 {
		all = append(all, strings.Repeat("x", i)+"|")
	}
	send(t, conn, all...)
	require.NoError(t, conn.CloseWrite())
	got := readAll(conn, 0)
	require.Len(t, got.Frames, len(all))
	for i, f := range got.Frames {
		require.Equal(t, "re:"+all[i], string(f))
	}
}

func TestServerReceivesAMessageAndAHalfThenTheRest(t *testing.T) {
	conn := dial(t, serve(t, &mllp.Server{}))
	stream := mllp.AppendFrame(mllp.AppendFrame(nil, []byte("one")), []byte("two"))
	_, err := conn.Write(stream[:8])
	require.NoError(t, err)
	require.Equal(t, "re:one", receive(t, conn))
	_, err = conn.Write(stream[8:])
	require.NoError(t, err)
	require.Equal(t, "re:two", receive(t, conn))
}

func TestServerServesManyConnections(t *testing.T) {
	addr := serve(t, &mllp.Server{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			r := mllp.NewReader(conn, 0)
			for range 20 {
				conn.Write(mllp.AppendFrame(nil, []byte("hello")))
				if f, err := r.ReadFrame(); err != nil || string(f.Payload) != "re:hello" {
					t.Errorf("%q, %v", f.Payload, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestServerTellsAboutConnections(t *testing.T) {
	s := &mllp.Server{}
	w := watch(s)
	conn := dial(t, serve(t, s))
	send(t, conn, "hello")
	require.Equal(t, "re:hello", receive(t, conn))
	conn.Close()
	e := <-w.closed
	require.NoError(t, e.Err)
	require.Equal(t, []mllp.ConnState{mllp.StateNew, mllp.StateOpen, mllp.StateClosed}, w.states(1))
	require.Equal(t, conn.LocalAddr().String(), e.Conn.RemoteAddr.String())
	require.Equal(t, conn.RemoteAddr().String(), e.Conn.LocalAddr.String())
	require.Nil(t, e.Conn.TLS)
}

func TestServerWritesRawBytes(t *testing.T) {
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		w.WriteRaw([]byte("\x0bno end"))
		w.CloseAfter()
	})}
	conn := dial(t, serve(t, s))
	send(t, conn, "hello")
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Equal(t, "\x0bno end", string(all))
}

// A TCP connection that is closed while received bytes are unread is reset, and
// a reset overtakes the answer. The server must not do that to its client.
func TestServerClosesWithoutLosingTheAnswer(t *testing.T) {
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		w.WriteMessage([]byte("answer"))
		w.CloseAfter()
	})}
	addr := serve(t, s)
	for range 20 {
		conn := dial(t, addr)
		send(t, conn, "first", strings.Repeat("unread", 10_000))
		all, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "\x0banswer\x1c\r", string(all))
		conn.Close()
	}
}

func TestServerSurvivesAPanic(t *testing.T) {
	var log bytes.Buffer
	s := &mllp.Server{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
			if string(r.Payload) == "secret" {
				panic("out of paper")
			}
			w.WriteMessage([]byte("ok"))
		})}
	w := watch(s)
	addr := serve(t, s)
	other := dial(t, addr)
	send(t, other, "hello")
	require.Equal(t, "ok", receive(t, other))

	conn := dial(t, addr)
	send(t, conn, "secret")
	_, err := conn.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	conn.Close()
	failure(t, (<-w.closed).Err, mllp.Panicked)
	require.Contains(t, log.String(), "out of paper")
	require.Contains(t, log.String(), "TestServerSurvivesAPanic", "the stack")
	require.NotContains(t, log.String(), "secret", "contents do not belong in logs")

	send(t, other, "hello")
	require.Equal(t, "ok", receive(t, other))
}

func TestServerSaysThatTheClientSpeaksTLS(t *testing.T) {
	s := &mllp.Server{}
	w := watch(s)
	config, err := identity(t, "gam").ClientConfig()
	require.NoError(t, err)
	c := &mllp.Client{Addr: serve(t, s), TLSConfig: config}
	_, err = c.Do(t.Context(), []byte("hello"))
	failure(t, err, mllp.HandshakeRefused)
	e := failure(t, (<-w.closed).Err, mllp.BrokenFrame)
	require.Contains(t, e.Error(), "speaks TLS on a plain connection")
	require.Contains(t, e.Hint("fr"), "TLS")
}

// The connections above the limit wait in the kernel's queue.
func TestServerLimitsConnections(t *testing.T) {
	s := &mllp.Server{MaxConns: 2}
	w := watch(s)
	addr := serve(t, s)
	first, second := dial(t, addr), dial(t, addr)
	send(t, first, "1")
	require.Equal(t, "re:1", receive(t, first))
	send(t, second, "2")
	require.Equal(t, "re:2", receive(t, second))

	third := dial(t, addr)
	send(t, third, "3")
	require.Empty(t, w.states(3), "the third was accepted")
	first.Close()
	require.Equal(t, uint64(1), (<-w.closed).ID)
	require.Equal(t, "re:3", receive(t, third))
	require.Equal(t, []mllp.ConnState{mllp.StateNew, mllp.StateOpen}, w.states(3))
}

func TestServerShutdownWithAConnectionWaiting(t *testing.T) {
	s := &mllp.Server{MaxConns: 1}
	addr := serve(t, s)
	first := dial(t, addr)
	send(t, first, "1")
	require.Equal(t, "re:1", receive(t, first))
	second := dial(t, addr)
	send(t, second, "2")
	require.NoError(t, s.Shutdown(t.Context()))
}

func TestServerShutdownFinishesTheExchange(t *testing.T) {
	begun, finish := make(chan string, 2), make(chan struct{})
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		begun <- string(r.Payload)
		<-finish
		if r.Context().Err() != nil {
			t.Error("the context ended before the exchange")
		}
		w.WriteMessage([]byte("done"))
	})}
	addr := serve(t, s)
	idle, busy := dial(t, addr), dial(t, addr)
	send(t, busy, "work", "too late")
	require.Equal(t, "work", <-begun)

	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	_, err := idle.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err, "the idle connection is closed at once")
	select {
	case <-down:
		t.Fatal("Shutdown did not wait")
	default:
	}
	close(finish)
	all, err := io.ReadAll(busy)
	require.NoError(t, err)
	require.Equal(t, "\x0bdone\x1c\r", string(all))
	busy.Close()
	require.NoError(t, <-down)
	require.Empty(t, begun, "the next message was begun")
	_, err = net.Dial("tcp", addr)
	require.Error(t, err)
}

func TestServerCloseEndsTheContexts(t *testing.T) {
	begun := make(chan struct{})
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		close(begun)
		<-r.Context().Done()
		if w.WriteMessage([]byte("late")) == nil {
			t.Error("wrote to a closed connection")
		}
	})}
	w := watch(s)
	conn := dial(t, serve(t, s))
	send(t, conn, "work")
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Shutdown(ctx), context.Canceled)
	require.NoError(t, s.Close())
	require.NoError(t, s.Shutdown(t.Context()))
	failure(t, (<-w.closed).Err, mllp.Interrupted)
}

func TestServerCloseEndsIdleConnections(t *testing.T) {
	s := &mllp.Server{}
	w := watch(s)
	conn := dial(t, serve(t, s))
	send(t, conn, "hello")
	require.Equal(t, "re:hello", receive(t, conn))
	require.NoError(t, s.Close())
	require.NoError(t, (<-w.closed).Err, "nothing was in flight")
}

func TestServerCloseInterruptsABlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{}
		w := watch(s)
		conn := dialInMemory(t, serveInMemory(t, s))
		conn.Write([]byte("\x0bhalf"))
		synctest.Wait()
		require.NoError(t, s.Close())
		failure(t, (<-w.closed).Err, mllp.Interrupted)
	})
}

func TestServerNeedsAHandler(t *testing.T) {
	require.ErrorContains(t, (&mllp.Server{Addr: "127.0.0.1:0"}).ListenAndServe(), "Handler")
}

func TestServerIsClosedForGood(t *testing.T) {
	s := &mllp.Server{Handler: echo, Addr: "127.0.0.1:0"}
	require.NoError(t, s.Shutdown(t.Context()))
	require.ErrorIs(t, s.ListenAndServe(), mllp.ErrServerClosed)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorIs(t, s.Serve(l), mllp.ErrServerClosed)
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed, "the listener is closed")
}

func TestServerListenAndServeReportsATakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	err = (&mllp.Server{Handler: echo, Addr: l.Addr().String()}).ListenAndServe()
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, "listen", op.Op)
}

func TestServerContextComesFromTheBase(t *testing.T) {
	type key struct{}
	s := &mllp.Server{
		BaseContext: func(net.Listener) context.Context { return context.WithValue(context.Background(), key{}, "base") },
		Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
			w.WriteMessage([]byte(r.Context().Value(key{}).(string)))
		})}
	conn := dial(t, serve(t, s))
	send(t, conn, "who?")
	require.Equal(t, "base", receive(t, conn))
}

func TestServerStampsRequests(t *testing.T) {
	got := make(chan mllp.Request, 1)
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) { got <- *r })}
	conn := dial(t, serve(t, s))
	before := time.Now()
	send(t, conn, "hello")
	r := <-got
	require.WithinRange(t, r.Received, before, time.Now())
	require.Equal(t, uint64(1), r.Conn.ID)
}

// unhashable is a listener that cannot be the key of a map, as others make them.
type unhashable struct {
	net.Listener
	_ []int
}

func TestServerTakesListenersOfAnyType(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	start(t, &mllp.Server{}, unhashable{Listener: l})
	c := dial(t, l.Addr().String())
	send(t, c, "one")
	require.Equal(t, "re:one", receive(t, c))
}
