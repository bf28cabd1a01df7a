package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// Side is one of the two ends of what is carried.
type Side uint8

// The sides: Near connected to the relay, Far is where the relay connected to.
const (
	Near Side = iota
	Far
)

// Other is the side opposite.
func (s Side) Other() Side { return 1 - s }

// String returns "near" or "far".
func (s Side) String() string { return [...]string{"near", "far"}[s&1] }

// Conn is what is known about a connection that is carried. It is not changed
// after it was told.
type Conn struct {
	ID       uint64
	Listener net.Addr                // where the near side connected to
	Addr     [2]net.Addr             // of each side; that of Far is nil when it was not reached
	TLS      [2]*tls.ConnectionState // of each side; nil in plain
}

// Peer names who is at a side: by the certificate, else by the address.
func (c *Conn) Peer(s Side) string {
	if t := c.TLS[s]; t != nil && len(t.PeerCertificates) > 0 {
		leaf := t.PeerCertificates[0]
		switch {
		case leaf.Subject.CommonName != "":
			return leaf.Subject.CommonName
		case len(leaf.DNSNames) > 0:
			return leaf.DNSNames[0]
		}
	}
	if c.Addr[s] == nil {
		return ""
	}
	addr := c.Addr[s].String()
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

// A link is one connection that is carried.
type link struct {
	r      *Relay
	ctx    context.Context
	cancel context.CancelFunc
	facts  *Conn
	raw    [2]net.Conn // sockets
	socket [2]*socket  // below TLS; nil in plain
	conn   [2]net.Conn // what is read and written: the socket, or TLS on it
	tap    *tap

	moved   atomic.Int64    // when the last bytes passed, as UnixNano
	writing [2]atomic.Int64 // since when they wait to be taken by a side; 0: they do not

	leaving bool // the relay closes, and nothing is owed
	broken  bool // what was written to the side that is gone was not taken
	gone    Side

	mu      sync.Mutex
	aborted bool
}

func newLink(r *Relay, nc net.Conn) *link {
	l := &link{r: r, facts: &Conn{Listener: nc.LocalAddr()}}
	l.facts.Addr[Near] = nc.RemoteAddr()
	l.raw[Near], l.conn[Near] = nc, nc
	l.ctx, l.cancel = context.WithCancel(r.ctx)
	l.tap = newTap(l)
	return l
}

// abort ends the link at once; it may be called by others.
func (l *link) abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.aborted = true
	l.cancel()
	for _, c := range l.raw {
		if c != nil {
			c.Close()
		}
	}
}

// have makes the far side's socket known to abort.
func (l *link) have(far net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.aborted {
		far.Close()
		return false
	}
	l.raw[Far], l.conn[Far] = far, far
	return true
}

func (l *link) run() {
	defer l.cancel()
	if err := l.open(); err != nil {
		l.notCarried(err)
		l.abort()
		return
	}
	l.r.tell(Event{Kind: Opened, Conn: l.facts})
	tapped := make(chan struct{})
	go func() { defer close(tapped); l.tap.run() }() // waited for below
	side, err := l.carry()
	l.tap.finish()
	<-tapped
	l.r.tell(Event{Kind: Ended, Conn: l.facts, Side: side, Err: err})
}

// An end is how one direction ended.
type end struct {
	from  Side
	wrote bool  // it was the writing to the other side that failed
	err   error // nil: the side has ended its sending in good order
}

// errTruncated is the end of a TLS stream that was not announced. It is carried
// over, and no fault of a connection between two messages: half the world leaves
// so.
var errTruncated = io.ErrUnexpectedEOF

// carry carries both directions until both have ended. It returns which side's
// fault ended it, if it was one.
func (l *link) carry() (Side, error) {
	ends := make(chan end, 2)
	l.moved.Store(time.Now().UnixNano())
	var pumps sync.WaitGroup
	for _, from := range []Side{Near, Far} {
		pumps.Go(func() { ends <- l.pump(from) })
	}
	side, err := l.supervise(ends)
	if l.leaving {
		l.endWriting(Near, true)
		l.endWriting(Far, true)
	}
	if l.broken {
		l.reset(l.gone.Other()) // what the network does to who writes to nobody
	}
	l.abort() // both directions have ended, or are to be
	pumps.Wait()
	return side, err
}

// supervise waits for the ends of both directions, and looks after the limits.
func (l *link) supervise(ends <-chan end) (side Side, err error) {
	idle := limit(l.r.IdleTimeout, DefaultIdleTimeout)
	stall := limit(l.r.StallTimeout, DefaultStallTimeout)
	stop, open := l.r.stop, 2
	var quiet <-chan struct{}
	timer := time.NewTimer(l.until(idle, stall, open))
	defer timer.Stop()
	for open > 0 {
		select {
		case e := <-ends:
			open--
			if err == nil {
				side, err = l.fault(e)
			}
			if !l.passOn(e, open) {
				return side, err
			}
		case <-timer.C:
			if l.until(idle, stall, open) <= 0 {
				return side, l.overdue(idle, stall)
			}
		case <-stop:
			stop, quiet = nil, l.tap.quiet()
		case <-quiet:
			quiet, l.leaving = nil, true
			for _, c := range l.raw { // what is being written is written to its end
				c.SetReadDeadline(longAgo)
			}
		}
		timer.Reset(l.until(idle, stall, open))
	}
	return side, err
}

// until is how long nothing may happen from now on.
func (l *link) until(idle, stall time.Duration, open int) time.Duration {
	now := time.Now()
	least := 24 * time.Hour
	at := func(since int64, d time.Duration) {
		if d > 0 && since > 0 {
			least = min(least, time.Unix(0, since).Add(d).Sub(now))
		}
	}
	at(l.moved.Load(), idle)
	if open < 2 {
		at(l.moved.Load(), stall)
	}
	for s := range l.writing {
		at(l.writing[s].Load(), stall)
	}
	if stall > 0 { // a write may begin to wait right now
		least = min(least, stall)
	}
	return least
}

// overdue says which limit was passed.
func (l *link) overdue(idle, stall time.Duration) error {
	for s := range l.writing {
		if l.writing[s].Load() > 0 {
			return &mllp.Error{Kind: mllp.NotRead, Addr: addrOf(l.facts.Addr[s]), Timeout: stall}
		}
	}
	if time.Since(time.Unix(0, l.moved.Load())) < idle {
		idle = stall // one side has ended, and the other does not
	}
	return &mllp.Error{Kind: mllp.Idle, Addr: addrOf(l.facts.Addr[Near]), Timeout: idle}
}

func addrOf(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// fault says whose fault an end is, nil if it is nobody's.
func (l *link) fault(e end) (Side, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.err == nil || errors.Is(e.err, errTruncated) || l.aborted || l.leaving && errors.Is(e.err, os.ErrDeadlineExceeded) {
		return e.from, nil
	}
	side := e.from
	if e.wrote {
		side = e.from.Other()
	}
	fault := &mllp.Error{Kind: mllp.PeerClosed, Addr: addrOf(l.facts.Addr[side]), Err: e.err}
	fault.Alert, fault.Remote, _ = mllp.Alert(e.err)
	if fault.Remote {
		fault.Kind = mllp.HandshakeRefused // which in TLS 1.3 shows at the first read
	}
	return side, fault
}

// passOn makes the end of one direction that of the other side as well, as the
// network would have. It returns false if that leaves nothing to carry.
func (l *link) passOn(e end, open int) bool {
	to := e.from.Other()
	switch {
	case e.wrote:
		// The side that was written to is gone. What it said before may still be on
		// its way back; its own end, which comes now, ends the rest.
		l.raw[to].SetReadDeadline(time.Now().Add(lastWords))
		l.broken, l.gone = true, to
		return open > 0
	case l.leaving:
		return open > 0
	case e.err == nil:
		return l.endWriting(to, true)
	case errors.Is(e.err, errTruncated):
		return l.endWriting(to, false)
	case isReset(e.err):
		l.reset(to)
		return false
	}
	return false
}

// longAgo is a deadline that wakes a blocked read.
var longAgo = time.Unix(1, 0)

// lastWords is how long a side that takes no more may go on speaking.
const lastWords = time.Second

// endWriting ends the sending to a side: the good way over TLS, with
// close_notify, or by the end of the socket alone. It returns false if the
// connection cannot be closed for one direction.
func (l *link) endWriting(to Side, announced bool) bool {
	if c, ok := l.conn[to].(*tls.Conn); ok && announced {
		_ = c.CloseWrite() // if it fails, the side has gone, which reading from it will tell
	}
	c, ok := l.raw[to].(interface{ CloseWrite() error })
	if ok {
		_ = c.CloseWrite()
	}
	return ok
}
