package mllptest

import (
	"errors"
	"net"
)

// HalfClose ends the sending side in the middle of what is written, or after
// it; what the peer answers can still be read. Clients do that which read their
// answers to the end, such as those made of netcat.
//
// It calls CloseWrite. Of a *tls.Conn that sends close_notify, and the socket is
// then closed for sending as well. Where there is no CloseWrite, Write fails
// with an error that matches errors.ErrUnsupported.
type HalfClose struct {
	// After is how many bytes are written first. The sending side is closed as
	// soon as they are; with 0, at the first Write, and nothing of it goes out.
	After int64
	// Abrupt leaves out, over TLS, close_notify: the stream is truncated, which a
	// careful peer must not take for its end.
	Abrupt bool
}

// Wrap returns c with the fault.
func (f HalfClose) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	c.write = func(p []byte) (int, error) {
		n, err := c.until(p, f.After, "half-closed", func() error { return f.close(nc) })
		if errors.Is(c.over, errors.ErrUnsupported) {
			err = c.over // that it did not happen must not go unseen
		}
		return n, err
	}
	return c
}

// close ends the sending side, of TLS first.
func (f HalfClose) close(nc net.Conn) error {
	if f.Abrupt {
		return closeWrite(socket(nc))
	}
	if err := closeWrite(nc); err != nil {
		return err
	}
	// close_notify leaves the socket as it is. Where that was closed just now, or
	// cannot be, there is nothing to add.
	_ = closeWrite(socket(nc))
	return nil
}
