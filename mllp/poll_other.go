//go:build !unix

package mllp

import (
	"net"
	"time"
)

// A pollConn is a connection that can be read nearly without waiting: see the
// implementation for Unix systems.
type pollConn struct {
	net.Conn
	polling bool
}

func newPollConn(nc net.Conn) *pollConn { return &pollConn{Conn: nc} }

func (c *pollConn) Read(p []byte) (int, error) {
	if c.polling {
		c.Conn.SetReadDeadline(time.Now().Add(pollWait))
	}
	return c.Conn.Read(p)
}
