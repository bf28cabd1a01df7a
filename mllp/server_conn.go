package mllp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	// lingerTime is how long a connection that this end closes is kept to let
	// the peer read what was written last. Closing a TCP connection while
	// received bytes are unread resets it, and a reset makes the peer lose the
	// answer, or the TLS alert, that it has not read yet.
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 256 << 10
)

// longAgo is a deadline that wakes a blocked read; never is a wait without end.
var longAgo = time.Unix(1, 0)

const never = 100 * 365 * 24 * time.Hour

// These end a connection that waits for its next block: the server is closing,
// or the wait was too long.
var (
	errShutdown = errors.New("server is closing")
	errIdle     = errors.New("idle")
)

// A serverConn is one connection of a Server. Its goroutine reads, calls the
// handler and writes, in turn. wake and abort may be called by others.
type serverConn struct {
	srv    *Server
	raw    net.Conn // as accepted
	nc     net.Conn // raw, or the TLS connection on it
	ctx    context.Context
	cancel context.CancelFunc
	facts  *Conn
	rd     Reader
	req    Request
	out    []byte // frame under construction, kept for the next

	idleSince  time.Time // opening, or the last answer
	deadline   time.Time // read deadline that is set; zero if it has to be set anew
	inBlock    bool      // blockSince is that of the block that is being received
	blockSince time.Time // its start
	writeBy    time.Time // write deadline that is set

	failed     error // first write error
	closeAfter bool
	aborted    atomic.Bool // by the server's Close
}

func (s *Server) newConn(base context.Context, nc net.Conn) *serverConn {
	c := &serverConn{srv: s, raw: nc, nc: nc}
	c.ctx, c.cancel = context.WithCancel(base)
	if s.TLSConfig != nil {
		c.nc = tls.Server(nc, s.TLSConfig)
	}
	c.facts = &Conn{ID: s.lastID.Add(1), RemoteAddr: nc.RemoteAddr(), LocalAddr: nc.LocalAddr()}
	c.rd.reset(c, s.MaxMessage)
	if s.TLSConfig == nil {
		// Here rather than on the connection's goroutine, whose stack would have to
		// grow for it and would stay so while the connection is idle.
		c.idleSince = time.Now()
		c.setDeadline(c.readLimit())
	}
	return c
}

// wake makes the connection notice that the server is closing.
func (c *serverConn) wake() { c.raw.SetReadDeadline(longAgo) }

// abort ends the connection at once.
func (c *serverConn) abort() {
	c.aborted.Store(true)
	c.cancel()
	c.raw.Close()
}

// run is the goroutine of a connection.
func (c *serverConn) run() {
	var err error
	linger := true
	defer func() {
		if p := recover(); p != nil {
			c.log(slog.LevelError, "mllp: handler panicked", "panic", p, "stack", string(debug.Stack()))
			err = &Error{Kind: Panicked, Addr: c.addr()}
		}
		c.close(linger)
		c.tell(StateClosed, err)
		c.cancel()
		c.srv.forget(c)
	}()
	c.tell(StateNew, nil)
	if err = c.handshake(); err != nil {
		c.logEnd("mllp: TLS handshake failed", err)
		c.tell(StateHandshakeFailed, err)
		return
	}
	c.tell(StateOpen, nil)
	c.log(slog.LevelDebug, "mllp: connection open")
	err, linger = c.exchanges()
	c.logEnd("mllp: connection ended", err)
}

// logEnd logs why a connection ended. That nobody had anything to say is no
// trouble; that somebody could not say it is.
func (c *serverConn) logEnd(msg string, err error) {
	e, failed := errors.AsType[*Error](err)
	switch {
	case !failed:
		c.log(slog.LevelDebug, msg)
	case e.Kind == Idle, e.Kind == Interrupted:
		c.log(slog.LevelDebug, msg, "error", err)
	default:
		c.log(slog.LevelWarn, msg, "error", err)
	}
}

// tell reports a state to the server's OnConn.
func (c *serverConn) tell(state ConnState, err error) {
	if f := c.srv.OnConn; f != nil {
		f(c.facts, state, err)
	}
}

func (c *serverConn) log(level slog.Level, msg string, args ...any) {
	l := c.srv.log()
	if l.Enabled(c.ctx, level) {
		l.Log(c.ctx, level, msg, append([]any{"conn", c.facts.ID, "peer", c.addr()}, args...)...)
	}
}

func (c *serverConn) addr() string { return c.facts.RemoteAddr.String() }

// handshake does the TLS handshake, if there is one to do.
func (c *serverConn) handshake() error {
	tc, ok := c.nc.(*tls.Conn)
	if !ok {
		return nil
	}
	timeout := limit(c.srv.HandshakeTimeout, DefaultHandshakeTimeout)
	c.raw.SetDeadline(deadline(timeout))
	err := errShutdown
	if !c.srv.closing.Load() { // after the deadline was set, so that wake is not undone unseen
		err = tc.Handshake()
	}
	if err != nil && c.srv.closing.Load() {
		return &Error{Kind: Interrupted, Addr: c.addr(), Err: errShutdown}
	}
	if err != nil {
		return handshakeError(err, c.addr(), timeout)
	}
	c.raw.SetDeadline(time.Time{})
	c.deadline = time.Time{}
	state := tc.ConnectionState()
	facts := *c.facts
	facts.TLS = &state
	c.facts = &facts
	c.idleSince = time.Now()
	return nil
}

// exchanges reads blocks and has them answered, until the connection is to be
// closed. It returns why (nil for the normal end) and whether the peer should
// be given time to read what was written.
func (c *serverConn) exchanges() (reason error, linger bool) {
	c.req.Conn, c.req.ctx = c.facts, c.ctx
	for {
		if err := c.rd.advance(); err != nil {
			return c.endOf(err)
		}
		c.handle()
		if c.failed != nil {
			return c.failed, false
		}
		if c.closeAfter || c.srv.closing.Load() {
			return nil, true
		}
	}
}

// handle has the handler answer the block that the Reader holds.
func (c *serverConn) handle() {
	now := time.Now()
	c.idleSince, c.inBlock = now, false
	c.req.Payload, c.req.Oddities, c.req.Received = c.rd.frame.Payload, c.rd.frame.Oddities, now
	c.srv.Handler.ServeMLLP(responseWriter{c}, &c.req)
	if c.idleSince == now {
		c.idleSince = time.Now() // no answer was written
	}
}

// endOf turns the error that ended reading into the reason that is reported.
func (c *serverConn) endOf(err error) (reason error, linger bool) {
	f := c.rd.soFar()
	if errors.Is(err, errShutdown) || err == io.EOF && len(f.Oddities) == 0 {
		return nil, false
	}
	e := &Error{Kind: PeerClosed, Addr: c.addr(), Err: err, Partial: bytes.Clone(f.Payload), Oddities: f.Oddities}
	switch {
	case errors.Is(err, errIdle):
		e.Kind, e.Timeout = Idle, limit(c.srv.IdleTimeout, DefaultIdleTimeout)
		return e, false
	case c.aborted.Load() && !c.rd.InBlock():
		return nil, false // it waited for the next block
	case c.aborted.Load():
		e.Kind, e.Err = Interrupted, errShutdown
		return e, false
	}
	if fe, ok := errors.AsType[*FrameError](err); ok {
		e.Kind = BrokenFrame
		if fe.Kind == FrameTooLarge {
			e.Kind = TooLarge
		}
		return e, fe.Kind != FrameTruncated
	}
	if f.Payload != nil {
		e.Kind = BrokenFrame
	}
	e.Alert, e.Remote, _ = Alert(err)
	return e, false
}

// Read feeds the Reader; it is where the read deadlines are kept. Setting one
// costs a lock and a timer, so a deadline that is too early is left alone until
// it fires; then the true limit is computed and, if need be, set.
func (c *serverConn) Read(p []byte) (int, error) {
	for {
		want := c.readLimit()
		if c.deadline.IsZero() || want.Before(c.deadline) {
			c.setDeadline(want)
		}
		// After the deadline was set, so that wake is not undone unseen.
		if c.srv.closing.Load() && !c.rd.InBlock() {
			return 0, errShutdown
		}
		n, err := c.nc.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		c.deadline = time.Time{}
		if !time.Now().Before(want) {
			return 0, c.tooLate()
		}
	}
}

func (c *serverConn) setDeadline(t time.Time) {
	c.deadline = t
	c.raw.SetReadDeadline(t)
}

// readLimit is the time by which the awaited bytes must come: the next block,
// counted from the last answer, or the end of this one, counted from its start.
// Bytes that bring neither do not put it off.
func (c *serverConn) readLimit() time.Time {
	if !c.rd.InBlock() {
		c.inBlock = false
		return after(c.idleSince, limit(c.srv.IdleTimeout, DefaultIdleTimeout))
	}
	if !c.inBlock {
		c.inBlock, c.blockSince = true, time.Now()
	}
	return after(c.blockSince, limit(c.srv.ReadTimeout, DefaultReadTimeout))
}

func after(t time.Time, d time.Duration) time.Time {
	if d == 0 {
		d = never
	}
	return t.Add(d)
}

func (c *serverConn) tooLate() error {
	if c.rd.InBlock() {
		return c.rd.slow()
	}
	return errIdle
}

// write sends b, once and whole. It is given WriteTimeout at least and a
// quarter more at most, so that not every answer has to move the deadline.
func (c *serverConn) write(b []byte) error {
	if c.failed != nil {
		return c.failed
	}
	c.idleSince = time.Now()
	timeout := limit(c.srv.WriteTimeout, DefaultWriteTimeout)
	if timeout > 0 && c.writeBy.Sub(c.idleSince) < timeout {
		c.writeBy = c.idleSince.Add(timeout + timeout/4)
		c.raw.SetWriteDeadline(c.writeBy)
	}
	if _, err := c.nc.Write(b); err != nil {
		e := &Error{Kind: PeerClosed, Addr: c.addr(), Err: err}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			e.Kind, e.Timeout = NotRead, timeout
		case c.aborted.Load():
			e.Kind, e.Err = Interrupted, errShutdown
		}
		c.failed = e
		return e
	}
	return nil
}

// close ends the connection. With linger, the peer first gets a moment to read
// what was written last.
func (c *serverConn) close(linger bool) {
	half, ok := c.raw.(interface{ CloseWrite() error })
	switch {
	case c.failed != nil:
		c.raw.Close() // no close_notify: it could not be written either
		return
	case !linger || !ok:
		c.nc.Close()
		return
	}
	if tc, ok := c.nc.(*tls.Conn); ok {
		tc.CloseWrite()
	}
	half.CloseWrite()
	c.raw.SetReadDeadline(time.Now().Add(lingerTime))
	io.CopyN(io.Discard, c.raw, lingerBytes)
	c.raw.Close()
}

// A responseWriter is the ResponseWriter of a connection.
type responseWriter struct{ c *serverConn }

func (w responseWriter) WriteMessage(payload []byte) error {
	c := w.c
	c.out = AppendFrame(c.out[:0], payload)
	err := c.write(c.out)
	if cap(c.out) > keepBuffer {
		c.out = nil
	}
	return err
}

func (w responseWriter) WriteRaw(b []byte) error { return w.c.write(b) }

func (w responseWriter) CloseAfter() { w.c.closeAfter = true }
