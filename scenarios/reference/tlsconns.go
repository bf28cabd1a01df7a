package reference

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"sync"
)

// wrapping is a listener whose connections are wrapped.
type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (w *wrapping) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return w.wrap(c), nil
}

// listener puts those bugs into a listener that lie below TLS.
func (b *tlsBend) listener(l net.Listener, config *tls.Config) net.Listener {
	if b.on(closesOnRenewal) {
		l = &wrapping{l, b.renewals.wrap}
	}
	if b.on(wrongAlert, silentRefusal) {
		l = &wrapping{l, func(c net.Conn) net.Conn { return &alertConn{Conn: c, silent: b.on(silentRefusal)} }}
	}
	if b.on(speaksPlainToo) {
		return &wrapping{l, func(c net.Conn) net.Conn { return &eitherConn{Conn: c, config: config} }}
	}
	return l
}

// closeWrite half-closes what a wrapper wraps, so that its server can still let
// the peer read what was written last.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// Bytes of the record layer (RFC 8446 §5.1).
const (
	handshakeRecord = 22
	alertRecord     = 21
	internalError   = 80
)

// An eitherConn is the server's end of a connection that speaks TLS to whoever
// does, and plain text to whoever does that: its first byte tells. Only the
// goroutine that reads it writes to it.
type eitherConn struct {
	net.Conn
	config *tls.Config
	inner  net.Conn // nil until the first byte has come
}

func (c *eitherConn) Read(p []byte) (int, error) {
	if c.inner == nil {
		first := make([]byte, 1)
		if _, err := c.Conn.Read(first); err != nil {
			return 0, err
		}
		pushed := &pushedConn{Conn: c.Conn, back: first}
		if c.inner = pushed; first[0] == handshakeRecord {
			c.inner = tls.Server(pushed, c.config)
		}
	}
	return c.inner.Read(p)
}

func (c *eitherConn) Write(p []byte) (int, error) {
	if c.inner == nil {
		return c.Conn.Write(p)
	}
	return c.inner.Write(p)
}

// CloseWrite says goodbye in TLS before it half-closes.
func (c *eitherConn) CloseWrite() error {
	if secure, ok := c.inner.(*tls.Conn); ok {
		_ = secure.CloseWrite()
	}
	return closeWrite(c.Conn)
}

// A pushedConn gives bytes back that were read already.
type pushedConn struct {
	net.Conn
	back []byte
}

func (c *pushedConn) Read(p []byte) (int, error) {
	if len(c.back) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.back)
	c.back = c.back[n:]
	return n, nil
}

// An alertConn tampers with the alerts of a handshake that go out in the clear:
// those of TLS 1.2, and of TLS 1.3 until the server has answered. A write of
// crypto/tls ends with the alert.
type alertConn struct {
	net.Conn
	silent bool // none goes out; otherwise each is internal_error
}

func (c *alertConn) Write(p []byte) (int, error) {
	at, found := plainAlert(p)
	switch {
	case !found:
		return c.Conn.Write(p)
	case c.silent:
		if _, err := c.Conn.Write(p[:at]); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	bent := slices.Clone(p)
	bent[len(bent)-1] = internalError
	return c.Conn.Write(bent)
}

func (c *alertConn) CloseWrite() error { return closeWrite(c.Conn) }

// plainAlert finds the record of an alert of two bytes, fatal and unencrypted, at
// the end of whole records. An encrypted one is longer.
func plainAlert(records []byte) (at int, found bool) {
	for at < len(records) {
		head := records[at:]
		if len(head) < 5 {
			return 0, false
		}
		size := 5 + int(head[3])<<8 + int(head[4])
		if size == 7 && len(head) == 7 && head[0] == alertRecord && head[5] == 2 {
			return at, true
		}
		at += size
	}
	return 0, false
}

// renewals knows the connections of a server that closes all of them when its
// certificate is another.
type renewals struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
	last *x509.Certificate // of the handshake before
}

// wrap makes a connection known until it is closed.
func (r *renewals) wrap(c net.Conn) net.Conn {
	known := &renewedConn{Conn: c, from: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[known] = struct{}{}
	return known
}

// handshake closes all other connections if the certificate has changed.
func (r *renewals) handshake(here net.Conn, certificate *x509.Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := r.last != nil && !r.last.Equal(certificate)
	r.last = certificate
	if !changed {
		return
	}
	for c := range r.open {
		if c.RemoteAddr().String() != here.RemoteAddr().String() { // here may be wrapped
			_ = c.(*renewedConn).Conn.Close()
		}
	}
}

type renewedConn struct {
	net.Conn
	from *renewals
}

func (c *renewedConn) Close() error {
	c.from.mu.Lock()
	delete(c.from.open, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}

func (c *renewedConn) CloseWrite() error { return closeWrite(c.Conn) }
