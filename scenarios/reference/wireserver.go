package reference

import (
	"cmp"
	"context"
	"net"
	"sync"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// A wireServer serves a DMN that takes messages off its connections as
// mllp.Server never would. It stands in the place of one, and has its settings.
// What it takes is bounded like there, unless the bug is that it is not.
type wireServer struct {
	set *mllp.Server // the settings; it does not serve
	dmn *DMN
	// serve answers a message: that of the DMN, or of who stands before it.
	serve func(context.Context, mllp.ResponseWriter, *mllp.Request)

	slots chan struct{} // one element for each connection
	stop  chan struct{} // closed when the server is closing

	mu       sync.Mutex
	lastID   uint64
	closing  bool
	listener net.Listener
	conns    map[*wireConn]struct{}
	running  sync.WaitGroup // the goroutines of conns; added to under mu, while not closing
}

func newWireServer(d *DMN, set *mllp.Server, serve func(context.Context, mllp.ResponseWriter, *mllp.Request)) *wireServer {
	if serve == nil {
		serve = func(ctx context.Context, w mllp.ResponseWriter, r *mllp.Request) { d.Serve(ctx, w, r, Ahead{}) }
	}
	return &wireServer{
		set: set, dmn: d, serve: serve,
		slots: make(chan struct{}, cmp.Or(max(set.MaxConns, 0), mllp.DefaultMaxConns)),
		stop:  make(chan struct{}),
		conns: map[*wireConn]struct{}{},
	}
}

// limit applies the rule for the time limits of an mllp.Server.
func limit(d, otherwise time.Duration) time.Duration {
	if d < 0 {
		return 100 * 365 * 24 * time.Hour
	}
	return cmp.Or(d, otherwise)
}

// Serve accepts connections from l, once, until the server is closed.
func (s *wireServer) Serve(l net.Listener) error {
	defer l.Close()
	if !s.listen(l) {
		return mllp.ErrServerClosed
	}
	base := context.Background()
	if s.set.BaseContext != nil {
		base = s.set.BaseContext(l)
	}
	for {
		select {
		case s.slots <- struct{}{}:
		case <-s.stop:
			return mllp.ErrServerClosed
		}
		nc, err := l.Accept()
		if err == nil && s.begin(base, nc) {
			continue
		}
		<-s.slots
		select {
		case <-s.stop:
			return mllp.ErrServerClosed
		default:
			return err
		}
	}
}

func (s *wireServer) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = l
	return !s.closing
}

// begin starts the goroutine of a connection; false when the server is closing.
func (s *wireServer) begin(base context.Context, nc net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		_ = nc.Close()
		return false
	}
	s.lastID++
	c := newWireConn(s, base, nc, s.lastID)
	s.conns[c] = struct{}{}
	s.running.Go(c.run)
	return true
}

// forget is the last act of a connection.
func (s *wireServer) forget(c *wireConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	<-s.slots
}

// close ends the service; each connection is told by f.
func (s *wireServer) close(f func(*wireConn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.closing = true
		close(s.stop)
	}
	if s.listener != nil {
		_ = s.listener.Close()
	}
	for c := range s.conns {
		f(c)
	}
}

func (s *wireServer) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// Shutdown lets each connection end the exchange that it is in.
func (s *wireServer) Shutdown(ctx context.Context) error {
	s.close((*wireConn).wake)
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends all connections at once.
func (s *wireServer) Close() error {
	s.close((*wireConn).abort)
	return nil
}
