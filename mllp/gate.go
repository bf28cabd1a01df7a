package mllp

import (
	"errors"
	"net"
	"os"
	"time"
)

const (
	// maxHandshake bounds what a peer may send before the TLS handshake is done.
	// A chain of certificates with a hundred names each takes a quarter of it.
	maxHandshake = 128 << 10
	// handshakeBytes are not worth counting: a usual handshake has fewer.
	handshakeBytes = 16 << 10
)

var errHandshakeTooLong = errors.New("handshake too long")

// A gate is a server's connection below TLS. During the handshake it lets a
// connection compute only while it holds one of the server's few places for
// that, and takes the place back while the connection waits for its peer. So a
// thousand peers that open connections at once do not stand between the others
// and the processors, and one that falls silent holds no place.
//
// It counts what comes as well, because crypto/tls keeps it: a peer that never
// shows its whole certificate must not fill the memory.
type gate struct {
	net.Conn
	c      *serverConn
	open   bool // the handshake is over
	inside bool // holds a place
	until  time.Time
	bytes  int
}

// enter waits for a place.
func (g *gate) enter() error {
	select {
	case g.c.srv.shaking <- struct{}{}:
		g.inside = true
		return nil
	default:
	}
	wait := never
	if !g.until.IsZero() {
		wait = time.Until(g.until)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case g.c.srv.shaking <- struct{}{}:
		g.inside = true
		return nil
	case <-timer.C:
		return os.ErrDeadlineExceeded
	case <-g.c.srv.stop:
		return errShutdown
	}
}

// leave gives the place back, if there is one.
func (g *gate) leave() {
	if g.inside {
		g.inside = false
		<-g.c.srv.shaking
	}
}

// finish ends the gate's work.
func (g *gate) finish() {
	g.leave()
	g.open = true
	if g.bytes > handshakeBytes {
		g.c.srv.memory.give(&g.c.hold)
	}
}

func (g *gate) Read(p []byte) (int, error) {
	if g.open {
		return g.Conn.Read(p)
	}
	g.leave()
	n, err := g.Conn.Read(p)
	if n == 0 {
		return n, err
	}
	if g.bytes += n; g.bytes > maxHandshake {
		return 0, errHandshakeTooLong
	}
	if g.bytes > handshakeBytes {
		if err := g.c.take(int64(g.bytes), g.until); err != nil {
			return 0, err
		}
	}
	if err := g.enter(); err != nil {
		return 0, err
	}
	return n, err
}

func (g *gate) Write(p []byte) (int, error) {
	if g.open {
		return g.Conn.Write(p)
	}
	g.leave()
	n, err := g.Conn.Write(p)
	if err != nil {
		return n, err
	}
	return n, g.enter()
}
