package relay

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// notCarried tells why there is nothing to carry, unless that is Close's doing.
func (l *link) notCarried(err error) {
	if l.ctx.Err() != nil {
		return
	}
	e := Event{Kind: NotCarried, Conn: l.facts, Side: Far, Err: err}
	if l.r.NearTLS != nil && l.facts.TLS[Near] == nil {
		e.Kind, e.Side = Refused, Near
		l.r.figures.refused.Add(1)
	} else {
		l.r.figures.failed.Add(1)
	}
	l.r.tell(e)
}

// open makes the two ends ready. The near side proves who it is before anybody
// is connected to for its sake.
func (l *link) open() error {
	r := l.r
	if r.NearTLS != nil {
		if err := l.shake(Near, tls.Server(l.below(Near), r.NearTLS)); err != nil {
			return err
		}
	}
	timeout := limit(r.ConnectTimeout, DefaultConnectTimeout)
	ctx, cancel := within(l.ctx, timeout)
	defer cancel()
	dial := r.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	far, err := dial(ctx, "tcp", r.To)
	if err != nil {
		e := &mllp.Error{Kind: mllp.NoConnection, Addr: r.To, Err: err}
		if ctx.Err() == context.DeadlineExceeded {
			e.Err, e.Timeout = context.DeadlineExceeded, timeout
		}
		return e
	}
	if !l.have(far) {
		return ErrClosed
	}
	l.facts.Addr[Far] = far.RemoteAddr()
	if r.FarTLS == nil {
		return nil
	}
	return l.shake(Far, tls.Client(l.below(Far), farConfig(r.FarTLS, r.To)))
}

// A socket is what TLS is spoken on. crypto/tls makes no difference between an
// end that was announced, by close_notify, and one that was not, if it comes
// between two records; whoever is told of it does.
type socket struct {
	net.Conn
	ended atomic.Bool // the peer closed the socket, and TLS had not ended before
}

func (s *socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if errors.Is(err, io.EOF) {
		s.ended.Store(true)
	}
	return n, err
}

// below is what TLS with a side is spoken on.
func (l *link) below(s Side) net.Conn {
	l.socket[s] = &socket{Conn: l.raw[s]}
	return l.socket[s]
}

// farConfig tells a configuration whom it connects to, unless it knows.
func farConfig(c *tls.Config, to string) *tls.Config {
	c = c.Clone()
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(to)
	}
	if verify := c.VerifyConnection; verify != nil {
		name := c.ServerName
		c.VerifyConnection = func(s tls.ConnectionState) error {
			s.ServerName = cmp.Or(s.ServerName, name) // crypto/tls leaves out IP addresses, which are never sent
			return verify(s)
		}
	}
	return c
}

func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// shake does the TLS handshake with a side.
func (l *link) shake(s Side, c *tls.Conn) error {
	timeout := limit(l.r.HandshakeTimeout, DefaultHandshakeTimeout)
	ctx, cancel := within(l.ctx, timeout)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		addr := l.r.To
		if s == Near {
			addr = l.facts.Addr[Near].String()
		}
		return handshakeError(err, addr, timeout)
	}
	state := c.ConnectionState()
	l.facts.TLS[s], l.conn[s] = &state, c
	return nil
}
