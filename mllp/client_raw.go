package mllp

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// A RawConn is a connection of a Client on which any bytes can be written, and
// blocks be read one by one: for laboratories, which have to send what is no
// block, several blocks at once, half a block, and look what comes back.
//
// Waits have the limits of the Client. A RawConn is for one goroutine.
type RawConn struct {
	client  *Client
	conn    *clientConn
	strays  tally     // found before, due with the next Response
	written time.Time // when the last byte was
	unheard bool      // nothing was received since, nor waited for
	bent    bool
	closed  bool
}

// Raw takes the open connection out of the Client, or opens one if there is none
// that can be used. The Client goes on with another one; see Release.
func (c *Client) Raw(ctx context.Context) (r *RawConn, reopened bool, err error) {
	if err := c.lock(ctx); err != nil {
		return nil, false, err
	}
	defer c.unlock()
	c.watch(ctx)
	defer c.unwatch()
	if reopened, err = c.ready(ctx); err != nil {
		return nil, false, err
	}
	r = &RawConn{client: c, conn: c.conn, strays: c.strays}
	c.conn, c.strays = nil, nil
	c.publish(nil, nil)
	return r, reopened, nil
}

// Release gives the connection back to the Client, which uses it for its next
// message. One that was wrapped or closed, or on which an answer may still come
// (nobody has received, or waited for, anything since the last Write) is closed
// instead; so is any when the Client has another one by now.
func (r *RawConn) Release() {
	c := r.client
	if c.lock(context.Background()) != nil {
		return
	}
	defer c.unlock()
	if r.closed || r.bent || r.unheard || r.conn.owed || r.conn.rd.InBlock() || c.conn != nil {
		_ = r.Close()
		return
	}
	r.closed = true
	c.conn = r.conn
	c.publish(c.conn.raw, nil)
}

// Facts returns what is known about the connection.
func (r *RawConn) Facts() *Conn { return r.conn.facts }

// Wrap puts something between the RawConn and its connection, such as a fault of
// package mllptest. The connection is that of TLS, if TLS is spoken; the method
// NetConn of either leads down to the socket. What is read still comes from the
// connection itself.
func (r *RawConn) Wrap(wrap func(net.Conn) net.Conn) {
	nc := r.conn.nc
	if nc == net.Conn(r.conn.raw) {
		nc = r.conn.raw.Conn // it can be half-closed and reset, its deadlines are the same
	}
	r.conn.nc, r.bent = wrap(nc), true
}

// NetConn returns the connection that is polled.
func (c *pollConn) NetConn() net.Conn { return c.Conn }

// Write writes bytes as they are. extra is added to the limit: what a fault on
// the connection takes for itself. The error is an *Error: NotRead if the bytes
// were not taken in time, else PeerClosed. Its cause is that of the connection,
// or of what was wrapped around it. What the peer has said before can still be
// received.
func (r *RawConn) Write(ctx context.Context, b []byte, extra time.Duration) (int, error) {
	if d := limit(r.client.WriteTimeout, DefaultWriteTimeout); d > 0 {
		r.conn.raw.writeBy = time.Now().Add(d + extra)
		_ = r.conn.nc.SetWriteDeadline(r.conn.raw.writeBy)
	}
	defer r.watch(ctx)()
	n, err := r.conn.nc.Write(b)
	r.written, r.unheard = time.Now(), true
	switch {
	case err == nil:
		return n, nil
	case ctx.Err() != nil:
		return n, r.fail(ctx, &Error{Kind: Interrupted, Err: err})
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, r.fail(ctx, &Error{Kind: NotRead, Err: err, Timeout: limit(r.client.WriteTimeout, DefaultWriteTimeout)})
	}
	return n, r.fail(ctx, &Error{Kind: PeerClosed, Err: err})
}

// Receive returns the next block that comes within wait; 0 is the limit of the
// Client, AnswerTimeout. Latency counts from the last byte written. The error is
// an *Error; after NoAnswer, Receive may be called again.
func (r *RawConn) Receive(ctx context.Context, wait time.Duration) (*Response, error) {
	defer r.watch(ctx)()
	if wait == 0 {
		wait = limit(r.client.AnswerTimeout, DefaultAnswerTimeout)
	}
	f, failure := r.conn.receive(ctx, wait)
	if failure != nil {
		r.conn.owed = true
		return nil, r.fail(ctx, failure)
	}
	r.unheard = false
	oddities := append(r.strays, f.Oddities...)
	r.strays = nil
	return &Response{
		Payload: append([]byte(nil), f.Payload...), Oddities: oddities, Conn: r.conn.facts, Latency: time.Since(r.written),
	}, nil
}

// More returns a block that comes within wait when none is due, or nil.
func (r *RawConn) More(ctx context.Context, wait time.Duration) (*Response, error) {
	owed := r.conn.owed
	response, err := r.Receive(ctx, wait)
	if failed, ok := errors.AsType[*Error](err); ok && failed.Kind == NoAnswer {
		r.conn.owed, r.unheard = owed, false
		return nil, nil
	}
	return response, err
}

// watch ends the waits on the connection when ctx ends, until the function that
// it returns is called.
func (r *RawConn) watch(ctx context.Context) func() {
	nc := r.conn.nc
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	return func() { stop() }
}

func (r *RawConn) fail(ctx context.Context, e *Error) error {
	e.Addr = r.client.Addr
	if err := ctx.Err(); err != nil {
		e.Kind, e.Err = Interrupted, err
	}
	return e
}

// Close closes the connection. It may be called more than once.
func (r *RawConn) Close() error {
	r.closed = true
	return r.conn.nc.Close()
}
