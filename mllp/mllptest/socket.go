package mllptest

import (
	"errors"
	"fmt"
	"net"
)

// below returns what a connection stands on, or nil: a *tls.Conn and the
// connections with faults have one.
func below(c net.Conn) net.Conn {
	if w, ok := c.(interface{ NetConn() net.Conn }); ok {
		return w.NetConn()
	}
	return nil
}

// socket is the lowest connection, which stands on none.
func socket(c net.Conn) net.Conn {
	for b := below(c); b != nil; b = below(c) {
		c = b
	}
	return c
}

// closeWrite ends the sending side of the first connection that can.
func closeWrite(c net.Conn) error {
	if w, ok := c.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return fmt.Errorf("mllptest: half-close of a %T: %w", c, errors.ErrUnsupported)
}

// reset closes the socket with a reset, if it is one of TCP or of Pipe.
func reset(c net.Conn) error {
	s := socket(c)
	switch s := s.(type) {
	case *net.TCPConn:
		// What is still to be sent is thrown away, and RST is sent instead of FIN.
		if err := s.SetLinger(0); err != nil {
			return err
		}
	case interface{ Reset() error }:
		return s.Reset()
	}
	return s.Close()
}
