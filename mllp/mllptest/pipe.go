package mllptest

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Pipe makes a connection in memory, and returns its two ends. It is what
// net.Pipe is (a Write waits until the other end has read it), and can do two
// things more that TCP can: an end has the methods CloseWrite and Reset.
func Pipe() (net.Conn, net.Conn) {
	there, thereEnd := net.Pipe()
	back, backEnd := net.Pipe()
	reset := new(atomic.Bool)
	return &pipeEnd{in: backEnd, out: there, reset: reset}, &pipeEnd{in: thereEnd, out: back, reset: reset}
}

// A pipeEnd is an end of Pipe: one end of a net.Pipe for each direction.
type pipeEnd struct {
	in, out net.Conn
	reset   *atomic.Bool // by either end
	gone    atomic.Bool  // by this end
}

func (p *pipeEnd) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	if err == io.EOF && p.reset.Load() && !p.gone.Load() {
		err = &net.OpError{Op: "read", Net: "pipe", Addr: p.RemoteAddr(), Err: syscall.ECONNRESET}
	}
	return n, err
}

func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.Write(b) }

// CloseWrite lets the other end read the end of the stream.
func (p *pipeEnd) CloseWrite() error { return p.out.Close() }

// Close closes both directions.
func (p *pipeEnd) Close() error {
	p.out.Close()
	return p.in.Close()
}

// Reset closes the connection so that the other end's Read fails with
// ECONNRESET.
func (p *pipeEnd) Reset() error {
	p.gone.Store(true)
	p.reset.Store(true)
	return p.Close()
}

func (p *pipeEnd) LocalAddr() net.Addr  { return pipeAddr{} }
func (p *pipeEnd) RemoteAddr() net.Addr { return pipeAddr{} }

func (p *pipeEnd) SetReadDeadline(t time.Time) error  { return p.in.SetReadDeadline(t) }
func (p *pipeEnd) SetWriteDeadline(t time.Time) error { return p.out.SetWriteDeadline(t) }
func (p *pipeEnd) SetDeadline(t time.Time) error {
	p.in.SetReadDeadline(t)
	return p.out.SetWriteDeadline(t)
}
