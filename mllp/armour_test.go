package mllp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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

// lines counts what is logged.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	return len(p), nil
}

func (l *lines) with(text string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// addressed is a network in memory whose connections come from somewhere.
type addressed struct {
	*mllptest.Network
	next chan string
}

func (a addressed) Accept() (net.Conn, error) {
	c, err := a.Network.Accept()
	if err != nil {
		return nil, err
	}
	return from{c, <-a.next}, nil
}

type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr {
	addr, _ := net.ResolveTCPAddr("tcp", f.addr)
	return addr
}

// One address cannot take all the places; what it has too many of is closed at
// once, counted, and logged once in a while however many there are.
func TestServerLimitsConnectionsOfOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		s := &mllp.Server{MaxConnsPerAddr: 2, IdleTimeout: -1, Logger: slog.New(slog.NewTextHandler(log, nil))}
		w := watch(s)
		n := addressed{mllptest.NewNetwork(), make(chan string, 1)}
		start(t, s, n)
		connect := func(addr string) net.Conn {
			n.next <- addr
			c := dialInMemory(t, n.Network)
			synctest.Wait()
			return c
		}
		served := func(c net.Conn) bool {
			if _, err := c.Write(mllp.AppendFrame(nil, []byte("hello"))); err != nil {
				return false
			}
			return receive(t, c) == "re:hello"
		}
		first, second := connect("192.0.2.1:1"), connect("192.0.2.1:2")
		require.True(t, served(first))
		require.True(t, served(second))
		for range 50 {
			_, err := connect("192.0.2.1:3").Read(make([]byte, 1))
			require.Equal(t, io.EOF, err, "closed at once")
		}
		require.Equal(t, mllp.Stats{Conns: 2, Accepted: 2, Refused: 50}, s.Stats())
		require.Equal(t, 1, log.with("too many connections from one address"))
		require.True(t, served(connect("192.0.2.2:1")), "another address")
		require.True(t, served(second), "the others go on")

		first.Close()
		<-w.closed
		synctest.Wait()
		require.True(t, served(connect("[::ffff:192.0.2.1]:4")), "its place is free again, whatever its address is written like")
		require.False(t, served(connect("192.0.2.1:5")))

		time.Sleep(time.Minute)
		require.False(t, served(connect("192.0.2.1:5")))
		require.Equal(t, 2, log.with("too many connections from one address"))
		require.Equal(t, 1, log.with("not_logged=50"))

		require.True(t, served(connect("[2001:db8::1]:1")))
		require.True(t, served(connect("[2001:db8::2]:1")))
		require.False(t, served(connect("[2001:db8::3]:1")), "a network of its own is one peer")
		require.True(t, served(connect("[2001:db8:0:1::1]:1")))
	})
}

// A peer that makes every connection fail does not fill the log.
func TestServerLogsSoManyFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		s := &mllp.Server{Logger: slog.New(slog.NewTextHandler(log, nil))}
		n := serveInMemory(t, s)
		fail := func() {
			c := dialInMemory(t, n)
			c.Write([]byte("\x16\x03\x01"))
			io.Copy(io.Discard, c)
			c.Close()
		}
		for range 500 {
			fail()
		}
		synctest.Wait()
		require.Equal(t, 100, log.with("connection ended"))
		time.Sleep(time.Minute)
		fail()
		synctest.Wait()
		require.Equal(t, 101, log.with("connection ended"))
		require.Equal(t, 1, log.with("not_logged=400"))
	})
}

// begin opens a connection on which a block of some bytes is begun and not
// finished.
func begin(t *testing.T, n *mllptest.Network, size int) net.Conn {
	t.Helper()
	c := dialInMemory(t, n)
	go c.Write([]byte("\x0b" + strings.Repeat("x", size)))
	synctest.Wait()
	return c
}

// All messages in flight together take no more than they may, however many
// connections there are; who has been at it for the longest time has to go, and
// the good peer gets through.
func TestServerBoundsItsMemory(t *testing.T) {
	const limit = 1 << 20
	synctest.Test(t, func(t *testing.T) {
		s := &mllp.Server{MaxMemory: limit, MaxMessage: 800 << 10, Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
			w.WriteMessage([]byte(fmt.Sprint(len(r.Payload))))
		})}
		w := watch(s)
		n := serveInMemory(t, s)
		small := dialInMemory(t, n)
		for range 200 {
			begin(t, n, 100<<10) // 128 KiB each
			require.LessOrEqual(t, s.Stats().Memory, int64(limit))
			time.Sleep(time.Millisecond)
		}
		require.EqualValues(t, 192, s.Stats().Overloaded)
		for i := range 192 {
			e := <-w.closed
			require.EqualValues(t, i+2, e.ID, "the oldest first")
			f := failure(t, e.Err, mllp.Overloaded)
			require.NotEmpty(t, f.Hint("fr"))
		}
		require.Empty(t, w.closed)

		send(t, small, "hello") // needs nothing
		require.Equal(t, "5", receive(t, small))
		good := dialInMemory(t, n)
		go send(t, good, strings.Repeat("y", 700<<10))
		require.Equal(t, fmt.Sprint(700<<10), receive(t, good))
		require.LessOrEqual(t, s.Stats().Memory, int64(limit))

		time.Sleep(2 * time.Minute) // those that are left have had their time
		require.Equal(t, 2, s.Stats().Conns)
		require.Zero(t, s.Stats().Memory, "all was given back")
	})
}

// A message that is complete is not taken away from its handler: who needs
// memory waits for it, within the time of its own block.
func TestServerWaitsForMemoryThatHandlersHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		s := &mllp.Server{MaxMemory: 1 << 20, ReadTimeout: time.Minute, Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
			if r.Payload[0] == 'a' {
				<-finish
			}
			w.WriteMessage(r.Payload[:1])
		})}
		w := watch(s)
		n := serveInMemory(t, s)
		busy := dialInMemory(t, n)
		send(t, busy, strings.Repeat("a", 900<<10))
		synctest.Wait()

		late := begin(t, n, 600<<10)
		time.Sleep(59 * time.Second)
		require.Zero(t, s.Stats().Overloaded)
		time.Sleep(time.Second)
		e := <-w.closed
		failure(t, e.Err, mllp.Overloaded)
		require.EqualValues(t, 2, e.ID)
		late.Close()

		patient := begin(t, n, 600<<10)
		close(finish)
		require.Equal(t, "a", receive(t, busy))
		go patient.Write([]byte("\x1c\r"))
		require.Equal(t, "x", receive(t, patient))
	})
}

func TestServerRefusesABlockThatNeverFits(t *testing.T) {
	s := &mllp.Server{MaxMemory: 64 << 10}
	w := watch(s)
	conn := dial(t, serve(t, s))
	conn.Write([]byte("\x0b" + strings.Repeat("x", 200<<10)))
	failure(t, (<-w.closed).Err, mllp.Overloaded)
}

// handshakes is a server with one place for handshakes, and its configuration.
func handshakes(t *testing.T) (*mllp.Server, *tls.Config) {
	config := serverConfig(t, identity(t, "dmn"))
	return &mllp.Server{TLSConfig: config, MaxHandshakes: 1}, config
}

// Only so many handshakes compute at once.
func TestServerLimitsHandshakes(t *testing.T) {
	s, config := handshakes(t)
	client := &tls.Config{InsecureSkipVerify: true, Certificates: load(t, identity(t, "gam"))}
	now := time.Now() // a bubble has its own time, in which no certificate is valid
	config.Time = func() time.Time { return now }
	synctest.Test(t, func(t *testing.T) {
		begun, proceed := make(chan struct{}, 2), make(chan struct{})
		own := config.GetConfigForClient
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			begun <- struct{}{}
			<-proceed
			return own(hello)
		}
		n := serveInMemory(t, s)
		done := make(chan error, 2)
		for range 2 {
			c := tls.Client(dialInMemory(t, n), client)
			go func() { done <- c.Handshake() }()
		}
		synctest.Wait()
		require.Len(t, begun, 1)
		close(proceed)
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		require.Len(t, begun, 2)
	})
}

// A peer that falls silent in the middle of its handshake keeps nobody waiting.
func TestSilentHandshakesHoldNoPlace(t *testing.T) {
	s, _ := handshakes(t)
	addr := serve(t, s)
	config := clientConfig(t, identity(t, "gam"))
	for range 20 {
		c := dial(t, addr)
		quiet := tls.Client(&hangsUp{Conn: c}, config)
		require.Error(t, quiet.Handshake())
	}
	_, err := connect(t, addr, config)
	require.NoError(t, err)
}

// hangsUp gives up reading after it has written.
type hangsUp struct{ net.Conn }

func (d *hangsUp) Read([]byte) (int, error) { return 0, errors.New("deaf") }
func (d *hangsUp) Close() error             { return nil }

// A handshake must not bring more than certificates take.
func TestServerBoundsHandshakes(t *testing.T) {
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	w := watch(s)
	addr := serve(t, s)
	pair := load(t, identity(t, "gam"))[0]
	for range 400 {
		pair.Certificate = append(pair.Certificate, pair.Certificate[0])
	}
	config := clientConfig(t, identity(t, ""))
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	_, err := connect(t, addr, config)
	require.Error(t, err)
	e := failure(t, (<-w.closed).Err, mllp.HandshakeRefused)
	require.Contains(t, e.In("fr"), "plus de 128 Kio")
	require.NotEmpty(t, e.Hint("fr"))
	_, err = connect(t, addr, clientConfig(t, identity(t, "gam")))
	require.NoError(t, err)
	require.Zero(t, s.Stats().Memory)
}

// Under load, from many clients at once, Shutdown loses no message: whatever was
// handled was answered, and what a client has an answer to was handled once.
func TestShutdownUnderLoadLosesNothing(t *testing.T) {
	configs := map[string]struct{ server, client *tls.Config }{
		"plain": {},
		"TLS":   {serverConfig(t, identity(t, "dmn")), clientConfig(t, identity(t, "gam"))},
	}
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			handled := map[string]int{}
			warm := make(chan struct{}, 1<<20)
			s := &mllp.Server{TLSConfig: config.server, Logger: slog.New(slog.DiscardHandler), Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
				mu.Lock()
				handled[string(r.Payload)]++
				mu.Unlock()
				w.WriteMessage(append([]byte("AA:"), r.Payload...))
				warm <- struct{}{}
			})}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan error, 1)
			go func() { served <- s.Serve(l) }()

			const clients = 40
			answered := make([][]string, clients)
			var all sync.WaitGroup
			for i := range clients {
				all.Go(func() {
					c := &mllp.Client{Addr: l.Addr().String(), TLSConfig: config.client}
					defer c.Close()
					for k := range 100_000 {
						id := fmt.Sprintf("%d-%d-%s", i, k, bytes.Repeat([]byte("x"), i*100))
						r, err := c.Do(context.Background(), []byte(id))
						if err != nil {
							return
						}
						if string(r.Payload) != "AA:"+id {
							t.Errorf("another answer: %.20q", r.Payload)
							return
						}
						answered[i] = append(answered[i], id)
					}
				})
			}
			for range 20 * clients {
				<-warm
			}
			require.NoError(t, s.Shutdown(context.Background()))
			require.ErrorIs(t, <-served, mllp.ErrServerClosed)
			all.Wait()
			total := 0
			for _, ids := range answered {
				for _, id := range ids {
					require.Equal(t, 1, handled[id], "%.20s", id)
					total++
				}
			}
			require.Len(t, handled, total, "handled without an answer")
		})
	}
}
