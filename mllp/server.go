package mllp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of a Server whose own fields are zero.
const (
	DefaultMaxConns         = 4096
	DefaultMaxConnsPerAddr  = 2048
	DefaultMaxMemory        = 256 << 20
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultIdleTimeout      = 5 * time.Minute
	DefaultReadTimeout      = time.Minute // MLLP release 2 advises 40 s or more
	DefaultWriteTimeout     = 30 * time.Second
)

// A Server receives blocks and hands them to a Handler. Its fields are set
// before it serves and not changed afterwards; its methods may be called from
// any goroutine.
//
// Every wait has a limit. A zero limit stands for the default; a negative one
// for none.
type Server struct {
	Addr    string  // for ListenAndServe; "" is 127.0.0.1:2575
	Handler Handler // must not be nil

	// TLSConfig, if not nil, makes every connection speak TLS. See
	// [Files.ServerConfig] for one that requires a client certificate.
	TLSConfig *tls.Config

	MaxMessage int // longest payload in bytes; 0 is DefaultMaxMessage
	// MaxConns is how many connections are served at once. Further ones are not
	// accepted: they wait in the kernel's queue until one is closed, so a client
	// sees a slow server, never a broken one. 0 is DefaultMaxConns. A listener
	// holds one place while it waits for its next connection.
	MaxConns int
	// MaxConnsPerAddr is how many of them one address may have (one network of 64
	// bits with IPv6), so that one peer cannot take all. Further ones are closed at
	// once, without a word, and counted: see Stats. 0 is DefaultMaxConnsPerAddr;
	// negative is no limit.
	MaxConnsPerAddr int
	// MaxMemory is what messages that are being received may take, in bytes, on all
	// connections together; beside it, each connection has a few kilobytes. When it
	// is used up, the block that has been on its way for the longest time is given
	// up, and its connection closed. 0 is DefaultMaxMemory, or MaxMessage if that
	// is more.
	MaxMemory int
	// MaxHandshakes is how many TLS handshakes may compute at the same time; those
	// that wait for their peer do not count. The others wait. 0 is one for each
	// processor.
	MaxHandshakes int

	HandshakeTimeout time.Duration // for the whole TLS handshake
	IdleTimeout      time.Duration // from the last answer, or the opening, to the next StartBlock
	ReadTimeout      time.Duration // from StartBlock to the end of the block
	WriteTimeout     time.Duration // for one answer

	Logger *slog.Logger // nil is slog.Default(). Contents of messages are not logged.

	// OnConn, if not nil, is told about every connection. It is called on the
	// connection's goroutine, which waits for it.
	OnConn func(c *Conn, state ConnState, err error)
	// BaseContext, if not nil, gives the context from which those of the
	// requests of a listener are made; nil is context.Background().
	BaseContext func(net.Listener) context.Context

	once    sync.Once
	slots   chan struct{} // one element for each connection accepted
	shaking chan struct{} // one element for each handshake that computes
	memory  *memory
	stop    chan struct{} // closed when the server is closing
	drained chan struct{} // closed when the server is closing and no connection is left
	closing atomic.Bool
	lastID  atomic.Uint64

	mu        sync.Mutex
	listeners map[*net.Listener]struct{} // pointers, because a listener may be of a type that is no key
	conns     map[*serverConn]struct{}
	hosts     map[netip.Addr]int // connections of each
	refused   uint64             // by MaxConnsPerAddr
	running   sync.WaitGroup     // the goroutines of conns; added to under mu, while not closing

	ends, crowds quota // of warnings: about connections that ended badly, and that were refused
}

func (s *Server) init() {
	s.once.Do(func() {
		s.slots = make(chan struct{}, cmp.Or(max(s.MaxConns, 0), DefaultMaxConns))
		s.shaking = make(chan struct{}, cmp.Or(max(s.MaxHandshakes, 0), runtime.GOMAXPROCS(0)))
		s.memory = newMemory(cmp.Or(max(s.MaxMemory, 0), max(DefaultMaxMemory, s.MaxMessage+readBuffer)))
		s.hosts = map[netip.Addr]int{}
		s.ends.most, s.crowds.most = warnings, 1
		s.stop = make(chan struct{})
		s.drained = make(chan struct{})
		s.listeners = map[*net.Listener]struct{}{}
		s.conns = map[*serverConn]struct{}{}
	})
}

// limit applies the rule for the time limits of a Server or a Client.
func limit(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return max(d, 0)
}

func (s *Server) log() *slog.Logger {
	if s.Logger == nil {
		return slog.Default()
	}
	return s.Logger
}

// ListenAndServe listens on Addr and serves. It returns ErrServerClosed after
// Shutdown or Close, and any other error at once.
func (s *Server) ListenAndServe() error {
	if s.closing.Load() {
		return ErrServerClosed
	}
	addr := cmp.Or(s.Addr, "127.0.0.1:2575")
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// Serve accepts connections from l and serves them, each on a goroutine of its
// own. It closes l when it returns. It returns ErrServerClosed after Shutdown
// or Close, without waiting for the connections: Shutdown does. After any other
// error, the connections that are open go on.
func (s *Server) Serve(l net.Listener) error {
	s.init()
	defer l.Close()
	if s.Handler == nil {
		return errors.New("mllp: the server has no Handler")
	}
	if !s.track(&l) {
		return ErrServerClosed
	}
	defer s.untrack(&l)
	base := context.Background()
	if s.BaseContext != nil {
		base = s.BaseContext(l)
	}
	for delay := time.Duration(0); ; {
		if !s.acquire() {
			return ErrServerClosed
		}
		nc, err := l.Accept()
		if err == nil {
			delay = 0
			s.serve(base, nc)
			continue
		}
		<-s.slots
		if s.closing.Load() {
			return ErrServerClosed
		}
		if !temporary(err) {
			return err
		}
		delay = min(max(2*delay, 5*time.Millisecond), time.Second)
		s.log().Warn("mllp: accept failed, trying again", "error", err, "delay", delay)
		if !s.pause(delay) {
			return ErrServerClosed
		}
	}
}

// temporary reports whether accepting may succeed later: the process has run
// out of file descriptors, or the peer has gone already.
func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}

// acquire waits until a further connection may be served.
func (s *Server) acquire() bool {
	select {
	case s.slots <- struct{}{}:
		return true
	case <-s.stop:
		return false
	}
}

func (s *Server) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}

func (s *Server) track(l *net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) untrack(l *net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// serve starts the goroutine of a connection, or closes it.
func (s *Server) serve(base context.Context, nc net.Conn) {
	if s.start(base, nc) {
		return
	}
	nc.Close()
	<-s.slots
	if !s.closing.Load() {
		s.warn(&s.crowds, "mllp: too many connections from one address", "peer", nc.RemoteAddr().String(), "refused", s.Stats().Refused)
	}
}

// start starts the goroutine of a connection, if there is a place for it.
func (s *Server) start(base context.Context, nc net.Conn) bool {
	c := s.newConn(nc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() || !s.admit(c) {
		return false
	}
	c.begin(base, s.lastID.Add(1))
	s.conns[c] = struct{}{}
	s.running.Go(c.run)
	return true
}

// forget is the last act of a connection, on its goroutine.
func (s *Server) forget(c *serverConn) {
	<-s.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.dismiss(c)
	s.checkDrained()
}

func (s *Server) checkDrained() {
	if !s.closing.Load() || len(s.conns) > 0 {
		return
	}
	select {
	case <-s.drained:
	default:
		close(s.drained)
	}
}

// close begins the end: no more connections are accepted, and f is told of
// every one that is left.
func (s *Server) close(f func(*serverConn)) {
	s.init()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing.Swap(true) {
		close(s.stop)
	}
	for l := range s.listeners {
		(*l).Close()
	}
	for c := range s.conns {
		f(c)
	}
	s.checkDrained()
}

// Shutdown stops accepting, closes the idle connections, lets every exchange
// in flight finish (a block that was begun is received, handled and answered)
// and then closes its connection. It returns when the last connection is
// closed and its goroutine has ended, or with the context's error when ctx ends
// before; Close then ends what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.close((*serverConn).wake)
	select {
	case <-s.drained:
		s.running.Wait() // for the last of them to leave forget
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close stops accepting, closes all connections and ends the contexts of their
// requests. It does not wait for the handlers; Shutdown after it does.
func (s *Server) Close() error {
	s.close((*serverConn).abort)
	return nil
}
