package mllptest

import "net"

// Cut closes the connection in the middle of what is written, as a process does
// that dies: the socket is closed, and over TLS nothing is said about it before
// (no close_notify). The peer reads what was written, and then the end.
//
// A kernel that still holds bytes which nobody has read on this side makes a
// reset of it; read them first where that matters.
type Cut struct {
	// After is how many bytes are written first. The connection is closed as soon
	// as they are; with 0, at the first Write, and nothing of it goes out.
	After int64
}

// Wrap returns c with the fault.
func (f Cut) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	c.write = func(p []byte) (int, error) {
		return c.until(p, f.After, "cut", func() error {
			c.release(c.over)
			return socket(nc).Close()
		})
	}
	return c
}
