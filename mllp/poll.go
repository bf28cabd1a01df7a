package mllp

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// A pollConn is a client's connection below TLS. It adds two things to a
// net.Conn.
//
// It can be read without waiting: while polling is set, Read takes what has
// arrived or fails with os.ErrDeadlineExceeded. So a Client learns, before it
// writes a message, whether the peer has closed the connection meanwhile; a
// message that goes into a closed connection may or may not have been
// processed, and can then not be sent again. Being below TLS, it lets
// crypto/tls look at the records that it has read ahead as well.
//
// And its deadlines cost nothing while all goes well: one that is set already
// is left alone while it can be, or until it fires, and moved then.
//
// All but interrupt is for one goroutine.
type pollConn struct {
	net.Conn
	polling     bool
	until       time.Time // time limit for reading; zero for none
	armed       time.Time // read deadline that is set, at until or before it; zero for none
	writeBy     time.Time // write deadline that is set; zero for none
	interrupted atomic.Bool
	hungUp      atomic.Bool // closed by the Client's Close

	raw  syscall.RawConn       // nil: the connection cannot be polled
	poll func(fd uintptr) bool // reads once from raw, into the following
	got  struct {
		p    []byte
		n    int
		err  error
		done bool
	}
}

// readUntil sets the time limit for reading.
func (c *pollConn) readUntil(t time.Time) {
	c.until = t
	if !t.IsZero() && (c.armed.IsZero() || t.Before(c.armed)) {
		c.arm(t)
	}
}

func (c *pollConn) arm(t time.Time) {
	c.armed = t
	c.Conn.SetReadDeadline(t)
}

// writeWithin makes sure that a write that begins now has the time d, and at
// most a quarter more. 0 is no limit.
func (c *pollConn) writeWithin(now time.Time, d time.Duration) {
	switch {
	case d > 0 && c.writeBy.Sub(now) < d:
		c.writeBy = now.Add(d + d/4)
		c.Conn.SetWriteDeadline(c.writeBy)
	case d == 0 && !c.writeBy.IsZero():
		c.writeBy = time.Time{}
		c.Conn.SetWriteDeadline(time.Time{})
	}
}

// interrupt ends reading and writing; resume, called when interrupt has
// returned, allows them again.
func (c *pollConn) interrupt() {
	c.interrupted.Store(true)
	c.Conn.SetDeadline(longAgo)
}

func (c *pollConn) resume() {
	c.Conn.SetDeadline(time.Time{})
	c.armed, c.writeBy = time.Time{}, time.Time{}
	c.interrupted.Store(false)
}

// Read reads within the limits. An error that matches os.ErrDeadlineExceeded
// says that the limit has passed, or that nothing was there when polling, or
// that reading was interrupted.
func (c *pollConn) Read(p []byte) (int, error) {
	if c.polling {
		return c.readNow(p)
	}
	for {
		n, err := c.Conn.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || c.interrupted.Load() {
			return n, err
		}
		if !c.until.IsZero() && !time.Now().Before(c.until) {
			return 0, err
		}
		c.arm(c.until) // it was set for an earlier exchange
		if c.interrupted.Load() {
			return 0, err
		}
	}
}

// readSoon is readNow for connections that cannot be polled.
func (c *pollConn) readSoon(p []byte) (int, error) {
	c.arm(time.Now().Add(pollWait))
	return c.Conn.Read(p)
}
