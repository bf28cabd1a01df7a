//go:build !unix

package mllp

import "net"

func newPollConn(nc net.Conn) *pollConn { return &pollConn{Conn: nc} }

// readNow waits a moment: this system has no other way that the standard
// library knows.
func (c *pollConn) readNow(p []byte) (int, error) { return c.readSoon(p) }
