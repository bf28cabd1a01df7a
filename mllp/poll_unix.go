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

func newPollConn(nc net.Conn) *pollConn {
	c := &pollConn{Conn: nc}
	if s, ok := nc.(syscall.Conn); ok {
		c.raw, _ = s.SyscallConn()
	}
	c.poll = func(fd uintptr) bool {
		c.got.n, c.got.err = syscall.Read(int(fd), c.got.p)
		c.got.done = true
		return true // do not wait, even if there was nothing
	}
	return c
}

// readNow takes what the kernel has.
func (c *pollConn) readNow(p []byte) (int, error) {
	if c.raw == nil {
		return c.readSoon(p)
	}
	got := &c.got
	got.p, got.done = p, false
	err := c.raw.Read(c.poll)
	if !got.done && errors.Is(err, os.ErrDeadlineExceeded) && !c.interrupted.Load() {
		c.arm(time.Time{}) // a deadline that has passed keeps RawConn from trying
		err = c.raw.Read(c.poll)
	}
	got.p = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(got.err, syscall.EAGAIN), errors.Is(got.err, syscall.EINTR):
		return 0, os.ErrDeadlineExceeded
	case got.err != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", got.err)}
	case got.n == 0:
		return 0, io.EOF
	}
	return got.n, nil
}
