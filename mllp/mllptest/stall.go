package mllptest

import (
	"net"
	"time"
)

// Stall stops in the middle of a message and keeps the connection open: a
// sender that hangs, a cable that was pulled out. With Read it is a peer that
// takes nothing any more, so that whatever is sent to it fills the buffers
// between the two.
type Stall struct {
	// After is how many bytes are written first, or read.
	After int64
	// For is how long it lasts. It happens once, and is over as well when a
	// deadline has ended the wait; then all goes on as it should. 0 is for ever:
	// each call waits until the connection is closed or its deadline passes.
	For time.Duration
	// Read stalls reading, and not writing.
	Read bool
}

// Wrap returns c with the fault.
func (f Stall) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	stalled := false
	stall := func(by *alarm) error {
		if stalled {
			return nil
		}
		d := f.For
		if d <= 0 {
			d = forever
		} else {
			stalled = true
		}
		return c.wait(d, by)
	}
	c.write = func(p []byte) (int, error) {
		n, err := 0, error(nil)
		if head := c.split(p, f.After); head > 0 {
			n, err = c.put(p[:head])
		}
		if err != nil || n == len(p) {
			return n, err
		}
		if err := stall(&c.writeBy); err != nil {
			return n, err
		}
		m, err := c.put(p[n:])
		return n + m, err
	}
	if f.Read {
		c.write = nil
		c.read = func(p []byte) (int, error) {
			if left := f.After - c.got; left > 0 {
				p = p[:min(int64(len(p)), left)]
			} else if err := stall(&c.readBy); err != nil {
				return 0, err
			}
			n, err := c.Conn.Read(p)
			c.got += int64(n)
			return n, err
		}
	}
	return c
}
