package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

// lastWords is how long, after a failed write, a Client listens for the reason:
// a TLS alert, or an answer that came early.
const lastWords = time.Second

// A clientConn is one connection of a Client.
type clientConn struct {
	raw   *pollConn
	nc    net.Conn // raw, or the TLS connection on it
	rd    *Reader
	facts *Conn
	out   []byte

	exchanges int  // answers received
	owed      bool // an answer did not come in time
}

func newClientConn(nc net.Conn, id uint64, maxMessage int) *clientConn {
	c := &clientConn{raw: newPollConn(nc)}
	c.nc = c.raw
	c.rd = NewReader(c.raw, maxMessage)
	c.facts = &Conn{ID: id, RemoteAddr: nc.RemoteAddr(), LocalAddr: nc.LocalAddr()}
	return c
}

// handshake makes the connection a TLS one.
func (c *clientConn) handshake(ctx context.Context, cfg *tls.Config, timeout time.Duration) *Error {
	hctx, cancel := within(ctx, timeout)
	defer cancel()
	tc := tls.Client(c.raw, cfg)
	if err := tc.HandshakeContext(hctx); err != nil {
		c.raw.Close()
		return handshakeError(err, "", timeout)
	}
	state := tc.ConnectionState()
	c.nc, c.facts.TLS, c.rd.src = tc, &state, tc
	return nil
}

// handshakeError makes an Error of what a TLS handshake returned, at either end.
func handshakeError(err error, addr string, timeout time.Duration) *Error {
	e := &Error{Kind: HandshakeRefused, Addr: addr, Err: err}
	e.Alert, e.Remote, _ = Alert(err)
	if isTimeout(err) {
		e.Timeout = timeout
	}
	return e
}

// send writes one block. Like a Server, it gives the peer the time limit at
// least and a quarter more at most, so that not every message has to move the
// deadline.
func (c *clientConn) send(ctx context.Context, payload []byte, now time.Time, timeout time.Duration) *Error {
	c.raw.writeWithin(now, timeout)
	if err := ctx.Err(); err != nil { // the deadline may have undone that of interrupt
		return &Error{Kind: Interrupted, Err: err}
	}
	c.out = AppendFrame(c.out[:0], payload)
	_, err := c.nc.Write(c.out)
	if cap(c.out) > keepBuffer {
		c.out = nil
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{Kind: NotRead, Err: err, Timeout: timeout}
	}
	return c.lastWords(err)
}

// lastWords looks for the reason of a failed write: a server that refuses a
// certificate in TLS 1.3 sends its alert and closes, so that writing fails
// while the alert waits to be read.
func (c *clientConn) lastWords(werr error) *Error {
	c.raw.readUntil(time.Now().Add(lastWords))
	f, err := c.rd.ReadFrame()
	e := c.unanswered(f, err)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		e.Kind, e.Err = PeerClosed, werr
	}
	return e
}

// receive reads the answer.
func (c *clientConn) receive(ctx context.Context, timeout time.Duration) (Frame, *Error) {
	c.raw.readUntil(deadline(timeout))
	if err := ctx.Err(); err != nil { // the deadline may have undone that of interrupt
		return Frame{}, &Error{Kind: Interrupted, Err: err}
	}
	f, err := c.rd.ReadFrame()
	if err == nil {
		c.exchanges++
		return f, nil
	}
	e := c.unanswered(f, err)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		e.Timeout = timeout
	}
	return Frame{}, e
}

// quiet listens between two exchanges, for wait or, if that is 0, without
// waiting. nil means that the connection is open and at the start of a block.
// Whole blocks that came are counted as strays: they are no answer to a message
// that has not been sent.
func (c *clientConn) quiet(ctx context.Context, wait time.Duration, strays *tally) *Error {
	if wait == 0 {
		c.raw.polling = true
		defer func() { c.raw.polling = false }()
	} else {
		c.raw.readUntil(time.Now().Add(wait))
	}
	if err := ctx.Err(); err != nil {
		return &Error{Kind: Interrupted, Err: err}
	}
	for total := 0; ; {
		f, err := c.rd.ReadFrame()
		if ended := ctx.Err(); ended != nil {
			return &Error{Kind: Interrupted, Err: ended}
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) && !c.rd.InBlock() {
				return nil
			}
			return c.broken(f, err)
		}
		strays.add(Unsolicited, f.Start, len(f.Payload), f.Payload...)
		if total += len(f.Payload); total > c.rd.max {
			return &Error{Kind: BrokenFrame, Err: &FrameError{Kind: FrameGarbage, Offset: f.Start, Size: int64(c.rd.max)}}
		}
	}
}

// unanswered is broken for a message that was sent.
func (c *clientConn) unanswered(f Frame, err error) *Error {
	e := c.broken(f, err)
	e.answer = true
	e.plainFirst = c.facts.TLS == nil && c.exchanges == 0
	return e
}

// broken makes an Error of what ended reading.
func (c *clientConn) broken(f Frame, err error) *Error {
	e := &Error{Kind: PeerClosed, Err: err, Oddities: f.Oddities}
	if len(f.Payload) > 0 {
		e.Partial = append([]byte(nil), f.Payload...)
	}
	e.Alert, e.Remote, _ = Alert(err)
	fe, isFrame := errors.AsType[*FrameError](err)
	switch {
	case isFrame && fe.Kind == FrameTooLarge:
		e.Kind = TooLarge
	case isFrame:
		e.Kind = BrokenFrame
	case c.rd.InBlock():
		e.Kind = BrokenFrame
		if errors.Is(err, os.ErrDeadlineExceeded) {
			e.Err = c.rd.slow()
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.Kind = NoAnswer
	case e.Remote && c.exchanges == 0:
		e.Kind = HandshakeRefused
	}
	return e
}

// deadline is the time in d; 0 is never.
func deadline(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}
