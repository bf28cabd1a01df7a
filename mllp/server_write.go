package mllp

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"time"
)

// write sends b, once and whole. It is given WriteTimeout at least and a
// quarter more at most, so that not every answer has to move the deadline.
func (c *serverConn) write(b []byte) error {
	if c.failed != nil {
		return c.failed
	}
	c.idleSince = time.Now()
	timeout := limit(c.srv.WriteTimeout, DefaultWriteTimeout)
	if timeout > 0 && c.writeBy.Sub(c.idleSince) < timeout {
		c.writeBy = c.idleSince.Add(timeout + timeout/4)
		c.raw.SetWriteDeadline(c.writeBy)
	}
	if _, err := c.nc.Write(b); err != nil {
		e := &Error{Kind: PeerClosed, Addr: c.addr(), Err: err}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			e.Kind, e.Timeout = NotRead, timeout
		case c.aborted.Load():
			e.Kind, e.Err = Interrupted, errShutdown
		}
		c.failed = e
		return e
	}
	return nil
}

// close ends the connection. With linger, the peer first gets a moment to read
// what was written last.
func (c *serverConn) close(linger bool) {
	half, ok := c.raw.(interface{ CloseWrite() error })
	switch {
	case c.failed != nil:
		c.raw.Close() // no close_notify: it could not be written either
		return
	case !linger || !ok:
		c.nc.Close()
		return
	}
	if tc, ok := c.nc.(*tls.Conn); ok {
		tc.CloseWrite()
	}
	half.CloseWrite()
	c.raw.SetReadDeadline(time.Now().Add(lingerTime))
	io.CopyN(io.Discard, c.raw, lingerBytes)
	c.raw.Close()
}

// A responseWriter is the ResponseWriter of a connection.
type responseWriter struct{ c *serverConn }

func (w responseWriter) WriteMessage(payload []byte) error {
	c := w.c
	c.out = AppendFrame(c.out[:0], payload)
	err := c.write(c.out)
	if cap(c.out) > keepBuffer {
		c.out = nil
	}
	return err
}

func (w responseWriter) WriteRaw(b []byte) error { return w.c.write(b) }

func (w responseWriter) CloseAfter() { w.c.closeAfter = true }
