//go:build unix

package mllp

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// A pollConn is a connection that can be read without waiting. A Client uses
// it to learn, before it writes a message, whether the peer has closed the
// connection meanwhile: a message that goes into a closed connection may or
// may not have been processed, and can then not be sent again.
//
// While polling is set, Read takes what the kernel has, or fails with
// os.ErrDeadlineExceeded. It lies below TLS, so that what crypto/tls has read
// ahead is looked at as well.
type pollConn struct {
	net.Conn
	polling bool
	raw     syscall.RawConn // nil: the connection has no file descriptor
	p       []byte
	n       int
	err     error
	read    func(fd uintptr) bool
}

func newPollConn(nc net.Conn) *pollConn {
	c := &pollConn{Conn: nc}
	if s, ok := nc.(syscall.Conn); ok {
		c.raw, _ = s.SyscallConn()
	}
	c.read = func(fd uintptr) bool {
		c.n, c.err = syscall.Read(int(fd), c.p)
		return true // done, even if there was nothing to read
	}
	return c
}

func (c *pollConn) Read(p []byte) (int, error) {
	if !c.polling {
		return c.Conn.Read(p)
	}
	if c.raw == nil {
		c.Conn.SetReadDeadline(time.Now().Add(pollWait))
		return c.Conn.Read(p)
	}
	c.p = p
	err := c.raw.Read(c.read)
	c.p = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(c.err, syscall.EAGAIN), errors.Is(c.err, syscall.EINTR):
		return 0, os.ErrDeadlineExceeded
	case c.err != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", c.err)}
	case c.n == 0:
		return 0, io.EOF
	}
	return c.n, nil
}
