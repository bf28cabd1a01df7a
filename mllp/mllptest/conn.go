package mllptest

import (
	"net"
	"os"
	"sync"
	"time"
)

// forever is a wait that only a deadline or Close ends.
const forever = -1

// A conn is a connection with a fault, which is its functions write and read.
// Each direction is for one call at a time; further ones wait for their turn.
// A turn is taken from a channel, and not from a mutex, so that Close ends the
// wait for it, and a bubble of testing/synctest knows it for a wait.
type conn struct {
	net.Conn
	write func(p []byte) (int, error) // nil: that of Conn
	read  func(p []byte) (int, error) // nil: that of Conn
	hurry func()                      // if not nil, called before Conn is closed for sending, or altogether

	writing, reading turn
	writeBy, readBy  alarm
	closed           chan struct{}
	closing          sync.Once
	why              error // of closed, set before

	written int64 // bytes that Write has let through: with the turn of writing
	got     int64 // bytes that Read has handed out: with the turn of reading
	over    error // why nothing can be written any more: with the turn of writing
}

// turn holds one element while it is taken.
type turn chan struct{}

func newConn(nc net.Conn) *conn {
	c := &conn{Conn: nc, closed: make(chan struct{}), writing: make(turn, 1), reading: make(turn, 1)}
	c.writeBy.moved, c.readBy.moved = make(chan struct{}), make(chan struct{})
	return c
}

// NetConn returns the connection that was wrapped.
func (c *conn) NetConn() net.Conn { return c.Conn }

func (c *conn) Write(p []byte) (int, error) {
	if c.write == nil {
		return c.Conn.Write(p)
	}
	if err := c.take(c.writing, &c.writeBy); err != nil {
		return 0, err
	}
	defer func() { <-c.writing }()
	if c.over != nil {
		return 0, c.over
	}
	return c.write(p)
}

func (c *conn) Read(p []byte) (int, error) {
	if c.read == nil {
		return c.Conn.Read(p)
	}
	if err := c.take(c.reading, &c.readBy); err != nil {
		return 0, err
	}
	defer func() { <-c.reading }()
	return c.read(p)
}

// put writes as it stands, and counts.
func (c *conn) put(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written += int64(n)
	return n, err
}

// Close closes the connection, and ends every wait of the fault.
func (c *conn) Close() error {
	c.release(net.ErrClosed)
	return c.Conn.Close()
}

// release ends every wait, with an error.
func (c *conn) release(why error) {
	c.closing.Do(func() {
		c.why = why
		close(c.closed)
	})
}

// CloseWrite ends the sending side. The error matches errors.ErrUnsupported
// where the wrapped connection cannot.
func (c *conn) CloseWrite() error {
	if c.hurry != nil {
		c.hurry()
	}
	return closeWrite(c.Conn)
}

func (c *conn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return c.Conn.SetDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writeBy.set(t)
	return c.Conn.SetWriteDeadline(t)
}

// split returns how many bytes of p, which are about to be written, come before
// the offset at.
func (c *conn) split(p []byte, at int64) int {
	return int(min(max(at-c.written, 0), int64(len(p))))
}

// until writes what of p comes before the offset after. When that many bytes
// have been written it calls end, and nothing more is let through.
func (c *conn) until(p []byte, after int64, how string, end func() error) (int, error) {
	n, err := 0, error(nil)
	if head := c.split(p, after); head > 0 {
		if n, err = c.put(p[:head]); err != nil {
			return n, err
		}
	}
	if c.written < after {
		return n, nil
	}
	c.over = ended(how, c.written, net.ErrClosed)
	if err := end(); err != nil {
		c.over = ended(how, c.written, err)
	}
	if n == len(p) && len(p) > 0 {
		return n, nil
	}
	return n, c.over
}

// take waits for a turn.
func (c *conn) take(t turn, by *alarm) error {
	select {
	case <-c.closed:
		return c.why
	default:
	}
	for {
		at, moved := by.get()
		late, stop := timer(at)
		select {
		case <-c.closed:
			stop()
			return c.why
		case t <- struct{}{}:
			stop()
			return nil
		case <-moved:
			stop()
		case <-late:
			return os.ErrDeadlineExceeded
		}
	}
}

// wait waits for d, which may be forever.
func (c *conn) wait(d time.Duration, by *alarm) error {
	if d == forever {
		return c.waitUntil(time.Time{}, by)
	}
	if d <= 0 {
		return nil
	}
	return c.waitUntil(time.Now().Add(d), by)
}

// waitUntil waits for a moment; the zero time never comes.
func (c *conn) waitUntil(t time.Time, by *alarm) error {
	done, stop := timer(t)
	defer stop()
	for {
		at, moved := by.get()
		late, stopLate := timer(at)
		select {
		case <-c.closed:
			stopLate()
			return c.why
		case <-done:
			stopLate()
			return nil
		case <-moved:
			stopLate()
		case <-late:
			return os.ErrDeadlineExceeded
		}
	}
}

// timer gives a channel that tells when t has come, and what stops it. That of
// the zero time tells nothing.
func timer(t time.Time) (<-chan time.Time, func() bool) {
	if t.IsZero() {
		return nil, func() bool { return true }
	}
	tm := time.NewTimer(time.Until(t))
	return tm.C, tm.Stop
}

// An alarm is a deadline that may be moved while somebody waits for it.
type alarm struct {
	mu    sync.Mutex
	at    time.Time
	moved chan struct{} // closed when at changes, and replaced
}

func (a *alarm) set(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = t
	close(a.moved)
	a.moved = make(chan struct{})
}

func (a *alarm) get() (time.Time, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at, a.moved
}
