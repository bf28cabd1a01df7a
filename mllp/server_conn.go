package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
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
	gate   *gate    // between the two
	ctx    context.Context
	cancel context.CancelFunc
	facts  *Conn
	host   netip.Addr // counted for it; not valid if it was not
	hold   holder     // of the server's memory
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

func (s *Server) newConn(nc net.Conn) *serverConn {
	return &serverConn{srv: s, raw: nc, nc: nc, facts: &Conn{RemoteAddr: nc.RemoteAddr(), LocalAddr: nc.LocalAddr()}}
}

// begin makes the connection ready to run.
func (c *serverConn) begin(base context.Context, id uint64) {
	s := c.srv
	c.facts.ID = id
	c.ctx, c.cancel = context.WithCancel(base)
	c.hold.end = c.raw
	if s.TLSConfig != nil {
		c.gate = &gate{Conn: c.raw, c: c}
		c.nc = tls.Server(c.gate, s.TLSConfig)
	}
	c.rd.reset(c, s.MaxMessage)
	c.rd.room = c
	if s.TLSConfig == nil {
		// Here rather than on the connection's goroutine, whose stack would have to
		// grow for it and would stay so while the connection is idle.
		c.idleSince = time.Now()
		c.setDeadline(c.readLimit())
	}
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
		c.srv.memory.give(&c.hold)
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
		c.srv.warn(&c.srv.ends, msg, "conn", c.facts.ID, "peer", c.addr(), "error", err)
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
		err = c.shake(tc, timeout)
	}
	if err != nil && c.srv.closing.Load() {
		return &Error{Kind: Interrupted, Addr: c.addr(), Err: errShutdown}
	}
	if errors.Is(err, errNoMemory) {
		return &Error{Kind: Overloaded, Addr: c.addr(), Err: err}
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

// shake does the handshake behind the gate.
func (c *serverConn) shake(tc *tls.Conn, timeout time.Duration) error {
	if c.gate == nil { // the listener's own TLS
		return tc.Handshake()
	}
	defer c.gate.finish()
	begin := time.Now()
	c.gate.until = after(begin, timeout)
	c.srv.memory.mark(&c.hold, true, begin)
	err := tc.Handshake()
	if c.lostPlace() {
		return errNoMemory
	}
	return err
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
		if !c.handle() {
			return &Error{Kind: Overloaded, Addr: c.addr(), Err: errNoMemory}, false
		}
		if c.failed != nil {
			return c.failed, false
		}
		if c.closeAfter || c.srv.closing.Load() {
			return nil, true
		}
	}
}

// handle has the handler answer the block that the Reader holds. It returns
// false if the connection has lost its place just before.
func (c *serverConn) handle() bool {
	now := time.Now()
	if c.hold.bytes > 0 && !c.srv.memory.mark(&c.hold, false, now) {
		return false
	}
	c.idleSince, c.inBlock = now, false
	c.req.Payload, c.req.Oddities, c.req.Received = c.rd.frame.Payload, c.rd.frame.Oddities, now
	c.srv.Handler.ServeMLLP(responseWriter{c}, &c.req)
	if c.idleSince == now {
		c.idleSince = time.Now() // no answer was written
	}
	return true
}

// endOf turns the error that ended reading into the reason that is reported.
func (c *serverConn) endOf(err error) (reason error, linger bool) {
	f := c.rd.soFar()
	if errors.Is(err, errShutdown) || err == io.EOF && len(f.Oddities) == 0 {
		return nil, false
	}
	// Not cloned: the Reader is done, and many large copies at once would double
	// what the server takes.
	e := &Error{Kind: PeerClosed, Addr: c.addr(), Err: err, Partial: f.Payload, Oddities: f.Oddities}
	switch {
	case errors.Is(err, errIdle):
		e.Kind, e.Timeout = Idle, limit(c.srv.IdleTimeout, DefaultIdleTimeout)
		return e, false
	case c.aborted.Load() && !c.rd.InBlock():
		return nil, false // it waited for the next block
	case c.aborted.Load():
		e.Kind, e.Err = Interrupted, errShutdown
		return e, false
	case c.lostPlace():
		e.Kind, e.Err = Overloaded, errNoMemory
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
		if c.hold.bytes > 0 && !c.srv.memory.mark(&c.hold, c.rd.InBlock(), c.blockSince) {
			return 0, errNoMemory
		}
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

// grow is what the Reader asks before its buffer grows.
func (c *serverConn) grow(size int) error {
	if size <= readBuffer {
		size = 0
	}
	until := c.readLimit()
	c.srv.memory.mark(&c.hold, c.rd.InBlock(), c.blockSince)
	return c.take(int64(size), until)
}

func (c *serverConn) scarce() bool { return c.srv.memory.pressed() }

// take makes the connection's part of the memory as large as said, or gives up
// at some time.
func (c *serverConn) take(bytes int64, until time.Time) error {
	if c.srv.memory.try(&c.hold, bytes) {
		return nil
	}
	ctx, cancel := context.WithDeadline(c.ctx, until)
	defer cancel()
	return c.srv.memory.resize(ctx, &c.hold, bytes)
}

// lostPlace reports whether the connection has to end for want of memory.
func (c *serverConn) lostPlace() bool {
	m := c.srv.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	return c.hold.lost
}

func (c *serverConn) tooLate() error {
	if c.rd.InBlock() {
		return c.rd.slow()
	}
	return errIdle
}
