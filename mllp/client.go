package mllp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// Limits of a Client whose own fields are zero, beside DefaultHandshakeTimeout
// and DefaultWriteTimeout. The answer's is the upper end of what MLLP release 2
// advises for a sender (5 to 30 s).
const (
	DefaultConnectTimeout = 10 * time.Second
	DefaultAnswerTimeout  = 30 * time.Second
	DefaultSettle         = 50 * time.Millisecond
)

// pollWait is how long "without waiting" lasts where it cannot be had.
const pollWait = time.Millisecond

// A Client sends messages to one address over one connection and waits for the
// answer to each before it sends the next. Its fields are set before use and
// not changed afterwards. Its methods may be called from any goroutine; those
// that use the connection wait for each other.
//
// The connection is opened when it is needed. A peer may close it between two
// messages (IHE ITI TF-2 C.2.1 allows the accepting side to); that is found
// out before the next message is written, and the connection opened again. A
// message is never written twice: once a byte of it was written, a failure is
// an error of Do, because nobody can know whether the peer has processed it.
//
// Every wait has a limit. A zero limit stands for the default; a negative one
// for none.
type Client struct {
	Addr string // host:port

	// TLSConfig, if not nil, makes the connection speak TLS. Its ServerName, if
	// empty, is taken from Addr. See [Files.ClientConfig].
	TLSConfig *tls.Config

	MaxMessage       int           // longest answer in bytes; 0 is DefaultMaxMessage
	ConnectTimeout   time.Duration // for opening the connection
	HandshakeTimeout time.Duration // for the TLS handshake
	WriteTimeout     time.Duration // for writing a message; may take a quarter more
	AnswerTimeout    time.Duration // from then to the end of the answer

	// Settle is how long the Client waits, once, before it first uses a
	// connection again, for a peer that closes its connection after each answer.
	// Such a peer is recognised by that, and from then on given the same time
	// after each of its answers: without it, the next message would race with
	// the closure, and be lost. Negative: do not wait.
	Settle time.Duration

	// Dial opens connections; nil is that of net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	start sync.Once
	turn  chan struct{} // holds one element while a method uses the fields that follow

	conn   *clientConn // nil if none is open
	lastID uint64
	habit  habit
	strays tally // found between exchanges, due with the next Response

	current sync.Mutex         // guards the following, for Close and for contexts that end
	open    *pollConn          // that of conn
	dialing context.CancelFunc // ends the opening of a connection
	busy    bool               // an exchange is in flight
	watched <-chan struct{}    // Done of the context that will call interrupt
	forget  func() bool        // makes it not do so
}

// habit is what is known about a peer's way with connections.
type habit uint8

const (
	unknown habit = iota
	keeps         // a connection was still open Settle after an answer
	closes        // a connection was closed after an answer
)

// A Response is the answer to a message.
type Response struct {
	Payload  []byte        // belongs to the caller
	Oddities []Oddity      // departures from the framing rules since the last exchange
	Conn     *Conn         // the connection it came on
	Latency  time.Duration // from the first byte written to the last byte read
	Reopened bool          // the connection of the previous exchange could not be used again, and a new one was opened
}

// Connect opens the connection, with its TLS handshake, unless it is open, and
// returns what is known about it. No message is sent: a TLS 1.3 server that
// refuses the client's certificate says so only afterwards; see Probe.
func (c *Client) Connect(ctx context.Context) (*Conn, error) {
	if err := c.lock(ctx); err != nil {
		return nil, err
	}
	defer c.unlock()
	if c.conn == nil {
		if err := c.connect(ctx); err != nil {
			return nil, err
		}
	}
	return c.conn.facts, nil
}

// Do sends payload as one block and returns the answer, the next block that
// comes. The error is an *Error.
func (c *Client) Do(ctx context.Context, payload []byte) (*Response, error) {
	if err := c.lock(ctx); err != nil {
		return nil, err
	}
	defer c.unlock()
	c.watch(ctx)
	defer c.unwatch()
	reopened, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := c.conn.send(ctx, payload, start, limit(c.WriteTimeout, DefaultWriteTimeout)); err != nil {
		return nil, c.fail(ctx, err)
	}
	f, failure := c.conn.receive(ctx, limit(c.AnswerTimeout, DefaultAnswerTimeout))
	if failure != nil {
		return nil, c.fail(ctx, failure)
	}
	r := &Response{
		Payload:  append([]byte(nil), f.Payload...),
		Oddities: append(c.strays, f.Oddities...),
		Conn:     c.conn.facts,
		Latency:  time.Since(start),
		Reopened: reopened,
	}
	c.strays = nil
	return r, nil
}

// Probe reports whether the connection is open: nil if it is after wait, an
// *Error if it was closed or refused until then, or if there is none. It is the
// way to learn that a TLS 1.3 server does not accept the client's certificate,
// and that a peer hangs up. Blocks that come meanwhile are kept for the
// Oddities of the next Response.
func (c *Client) Probe(ctx context.Context, wait time.Duration) error {
	if err := c.lock(ctx); err != nil {
		return err
	}
	defer c.unlock()
	if c.conn == nil {
		return &Error{Kind: NoConnection, Addr: c.Addr, Err: errNotOpen}
	}
	c.watch(ctx)
	defer c.unwatch()
	err := c.conn.quiet(ctx, wait, &c.strays)
	if err == nil {
		return nil
	}
	return c.fail(ctx, err)
}

var errNotOpen = errors.New("not open")

// Close closes the connection and lets go of the last context; an exchange in
// flight fails with Interrupted. The next Connect or Do opens a new connection.
func (c *Client) Close() error {
	c.current.Lock()
	if c.open != nil {
		c.open.hungUp.Store(true)
		c.open.Close()
	}
	if c.dialing != nil {
		c.dialing()
	}
	if c.forget != nil {
		c.forget()
	}
	c.watched, c.forget = nil, nil
	c.current.Unlock()
	c.lock(context.Background())
	defer c.unlock()
	c.drop()
	return nil
}

// lock waits for its turn.
func (c *Client) lock(ctx context.Context) error {
	c.start.Do(func() { c.turn = make(chan struct{}, 1) })
	select {
	case c.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Kind: Interrupted, Addr: c.Addr, Err: ctx.Err()}
	}
}

func (c *Client) unlock() { <-c.turn }

// watch makes every wait on the connection end when ctx does, until unwatch.
//
// The function that does it stays with a context from one exchange to the next:
// putting it there each time would cost a tenth of an exchange.
func (c *Client) watch(ctx context.Context) {
	c.current.Lock()
	defer c.current.Unlock()
	c.busy = true
	if c.watched == ctx.Done() {
		return
	}
	if c.forget != nil {
		c.forget()
	}
	c.watched, c.forget = ctx.Done(), nil
	if c.watched != nil {
		c.forget = context.AfterFunc(ctx, c.interrupt)
	}
}

// interrupt ends the waits of an exchange in flight.
func (c *Client) interrupt() {
	c.current.Lock()
	defer c.current.Unlock()
	if c.busy && c.open != nil {
		c.open.interrupt()
	}
}

// unwatch is called when an exchange is over.
func (c *Client) unwatch() {
	c.current.Lock()
	defer c.current.Unlock()
	c.busy = false
	if c.open != nil && c.open.interrupted.Load() {
		c.open.resume() // the exchange was over before it noticed
	}
}

// ready makes sure that a connection is open, and that nothing on it can be
// taken for the answer to the next message.
func (c *Client) ready(ctx context.Context) (reopened bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, &Error{Kind: Interrupted, Addr: c.Addr, Err: err}
	}
	if c.conn != nil {
		failure := c.usable(ctx)
		if failure == nil {
			return false, nil
		}
		if failure.Kind == HandshakeRefused || ctx.Err() != nil || c.conn.raw.hungUp.Load() {
			return false, c.fail(ctx, failure)
		}
		for _, o := range failure.Oddities {
			c.strays.add(o.Kind, o.Offset, o.Count, o.Sample...)
		}
		c.drop()
		reopened = true
	}
	return reopened, c.connect(ctx)
}

// usable returns nil if the open connection can carry the next message.
func (c *Client) usable(ctx context.Context) *Error {
	if c.conn.owed {
		return &Error{Kind: NoAnswer} // the answer to an earlier message may still come
	}
	used := c.conn.exchanges > 0
	wait := time.Duration(0)
	if used && c.habit != keeps {
		wait = limit(c.Settle, DefaultSettle)
	}
	err := c.conn.quiet(ctx, wait, &c.strays)
	switch {
	case err != nil && used:
		c.habit = closes
	case err == nil && wait > 0:
		c.habit = keeps
	}
	return err
}

// connect opens a connection.
func (c *Client) connect(ctx context.Context) error {
	dctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.publish(nil, cancel)
	conn, err := c.dial(dctx)
	if err != nil {
		c.publish(nil, nil)
		if dctx.Err() != nil {
			err = &Error{Kind: Interrupted, Err: cmp.Or(ctx.Err(), net.ErrClosed)}
		}
		err.Addr = c.Addr
		return err
	}
	c.conn = conn
	c.publish(conn.raw, nil)
	return nil
}

// publish tells Close, and the watch on a context, what there is to end.
func (c *Client) publish(open *pollConn, dialing context.CancelFunc) {
	c.current.Lock()
	defer c.current.Unlock()
	c.open, c.dialing = open, dialing
}

// drop closes the connection.
func (c *Client) drop() {
	if c.conn == nil {
		return
	}
	c.conn.nc.Close()
	c.conn = nil
	c.publish(nil, nil)
}

// fail ends an exchange. Only after NoAnswer does the connection stay open, for
// Probe; it will not carry another message.
func (c *Client) fail(ctx context.Context, err *Error) error {
	err.Addr = c.Addr
	if e := ctx.Err(); e != nil {
		err.Kind, err.Err = Interrupted, e
	} else if c.conn.raw.hungUp.Load() {
		err.Kind, err.Err = Interrupted, net.ErrClosed
	}
	if err.Kind == NoAnswer {
		c.conn.owed = true
	} else {
		c.drop()
	}
	err.Oddities = append(c.strays, err.Oddities...)
	c.strays = nil
	return err
}

// dial opens a connection and does the TLS handshake.
func (c *Client) dial(ctx context.Context) (*clientConn, *Error) {
	dctx, cancel := within(ctx, limit(c.ConnectTimeout, DefaultConnectTimeout))
	defer cancel()
	dial := c.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(dctx, "tcp", c.Addr)
	if err != nil {
		return nil, &Error{Kind: NoConnection, Err: err}
	}
	c.lastID++
	conn := newClientConn(nc, c.lastID, c.MaxMessage)
	if c.TLSConfig == nil {
		return conn, nil
	}
	return conn, conn.handshake(ctx, c.tlsConfig(), limit(c.HandshakeTimeout, DefaultHandshakeTimeout))
}

func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// tlsConfig is the configuration for one handshake: it knows whom it speaks to.
func (c *Client) tlsConfig() *tls.Config {
	t := c.TLSConfig.Clone()
	if t.ServerName == "" {
		host, _, err := net.SplitHostPort(c.Addr)
		t.ServerName = cmp.Or(host, c.Addr)
		if err != nil {
			t.ServerName = c.Addr
		}
	}
	if verify := t.VerifyConnection; verify != nil {
		name := t.ServerName
		t.VerifyConnection = func(s tls.ConnectionState) error {
			// crypto/tls leaves ServerName empty for an IP address, because none
			// is sent then; a callback that verifies needs it nevertheless.
			s.ServerName = cmp.Or(s.ServerName, name)
			return verify(s)
		}
	}
	return t
}
