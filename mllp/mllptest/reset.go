package mllptest

import (
	"errors"
	"net"
	"time"
)

// Reset resets the connection in the middle of what is written, as a firewall
// does that has lost its memory, or a machine that was switched off and on. The
// peer's next Read fails (ECONNRESET), and what it had not read is lost to it.
//
// It reaches the TCP socket below a *tls.Conn or other faults. Elsewhere the
// connection is closed, unless it is one of [Pipe].
type Reset struct {
	// After is how many bytes are written first. The connection is reset as soon
	// as they are; with 0, at the first Write, and nothing of it goes out.
	After int64
	// Wait is the time between the last byte and the reset: time for the peer to
	// read it, because a kernel throws away what it has when a reset comes.
	Wait time.Duration
}

// Wrap returns c with the fault.
func (f Reset) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	c.write = func(p []byte) (int, error) {
		return c.until(p, f.After, "reset", func() error {
			if err := c.wait(f.Wait, &c.writeBy); errors.Is(err, net.ErrClosed) {
				return err
			}
			c.release(c.over)
			return reset(nc)
		})
	}
	return c
}
