package relay

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/store"
)

// Limits of a Relay whose own fields are zero.
const (
	DefaultMaxConns         = 1024
	DefaultMaxCopies        = 64 << 20
	DefaultConnectTimeout   = 10 * time.Second
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultIdleTimeout      = 24 * time.Hour
	DefaultStallTimeout     = 5 * time.Minute
	DefaultAnswerTimeout    = time.Minute
)

// ErrClosed is what Serve returns after Shutdown or Close.
var ErrClosed = errors.New("relay: closed")

// A Relay carries connections to another address. Its fields are set before it
// serves and not changed afterwards; its methods may be called from any
// goroutine.
//
// Every wait has a limit. A zero limit stands for the default; a negative one
// for none.
type Relay struct {
	// To is the far side, host:port.
	To string
	// Dial opens the connections to it; nil is net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	NearTLS *tls.Config // for the connections that are accepted; nil is plain TCP
	FarTLS  *tls.Config // for those that are opened; nil is plain TCP

	MaxConns   int   // connections carried at once; further ones wait to be accepted
	MaxCopies  int64 // bytes that copies may take until they are judged and stored
	MaxMessage int   // longest payload that is judged; 0 is mllp.DefaultMaxMessage. Longer ones pass unread.

	ConnectTimeout   time.Duration // for reaching the far side
	HandshakeTimeout time.Duration // for one TLS handshake
	IdleTimeout      time.Duration // while nothing passes in either direction
	StallTimeout     time.Duration // while one side does not read, or after one of them has ended
	AnswerTimeout    time.Duration // after which a message is told as not answered; nothing is done about it

	// Judge holds messages and acknowledgements against the rules; nil does not.
	Judge *rules.Judge
	// Store keeps each exchange; nil does not.
	Store Store
	// Observe, if not nil, is told about each exchange when it is over, and Told
	// about everything else that happens. Neither holds the traffic up. Each is
	// called from one goroutine at a time, but not from the same.
	Observe func(*Exchange)
	Told    func(Event)
	// Logger gets connections that failed and what was dropped, never contents;
	// nil is slog.Default().
	Logger *slog.Logger

	once    sync.Once
	slots   chan struct{}
	stop    chan struct{} // closed when the relay is closing
	dead    chan struct{} // closed when what is left is to be given up
	drained chan struct{} // closed when everything has ended
	ctx     context.Context
	cancel  context.CancelFunc
	copies  budget
	work    chan *Exchange // to be judged
	keep    chan *Exchange // to be stored
	events  chan Event
	workers sync.WaitGroup // the judge and the store
	told    chan struct{}  // closed when all events were told
	closing atomic.Bool
	lastID  atomic.Uint64
	figures figures

	mu        sync.Mutex
	listeners map[*net.Listener]struct{}
	links     map[*link]struct{}
	running   sync.WaitGroup // of links; added to under mu, while not closing
	ending    bool           // the goroutine that waits for all others was started
}

// A Store keeps records: a *store.Store.
type Store interface {
	AddAll(ctx context.Context, rs ...*store.Record) error
}

// How many exchanges may wait for the judge, and for the store, and how many
// events to be told. What the messages take is bounded by MaxCopies.
const (
	maxWaiting = 1 << 14
	maxEvents  = 1 << 10
)

func (r *Relay) init() {
	r.once.Do(func() {
		r.slots = make(chan struct{}, cmp.Or(max(r.MaxConns, 0), DefaultMaxConns))
		r.stop, r.dead, r.drained = make(chan struct{}), make(chan struct{}), make(chan struct{})
		r.ctx, r.cancel = context.WithCancel(context.Background())
		r.copies.most = cmp.Or(max(r.MaxCopies, 0), DefaultMaxCopies)
		r.work, r.keep = make(chan *Exchange, maxWaiting), make(chan *Exchange, maxWaiting)
		r.events, r.told = make(chan Event, maxEvents), make(chan struct{})
		r.listeners, r.links = map[*net.Listener]struct{}{}, map[*link]struct{}{}
		r.workers.Go(r.judgeAll)
		r.workers.Go(r.storeAll)
		go func() { defer close(r.told); r.tellAll() }() // waited for by close
	})
}

// limit applies the rule for time limits; 0 is none.
func limit(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return max(d, 0)
}

func (r *Relay) log() *slog.Logger {
	if r.Logger == nil {
		return slog.Default()
	}
	return r.Logger
}

// Serve accepts connections from l and carries each to the far side. It closes l
// when it returns. It returns ErrClosed after Shutdown or Close, without waiting
// for the connections: Shutdown does. After any other error, the connections
// that are open go on.
func (r *Relay) Serve(l net.Listener) error {
	r.init()
	defer l.Close()
	if !r.track(&l) {
		return ErrClosed
	}
	defer r.untrack(&l)
	for delay := time.Duration(0); ; {
		if !r.acquire() {
			return ErrClosed
		}
		nc, err := l.Accept()
		if err == nil {
			delay = 0
			r.start(nc)
			continue
		}
		<-r.slots
		if r.closing.Load() {
			return ErrClosed
		}
		if !temporary(err) {
			return err
		}
		delay = min(max(2*delay, 5*time.Millisecond), time.Second)
		r.log().Warn("relay: accept failed, trying again", "error", err, "delay", delay)
		if !r.pause(delay) {
			return ErrClosed
		}
	}
}

// temporary reports whether accepting may succeed later: the process has run
// out of file descriptors, or the peer has gone already.
func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}

func (r *Relay) acquire() bool {
	select {
	case r.slots <- struct{}{}:
		return true
	case <-r.stop:
		return false
	}
}

func (r *Relay) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.stop:
		return false
	}
}

func (r *Relay) track(l *net.Listener) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing.Load() {
		return false
	}
	r.listeners[l] = struct{}{}
	return true
}

func (r *Relay) untrack(l *net.Listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.listeners, l)
}

// start carries a connection, on goroutines of its own.
func (r *Relay) start(nc net.Conn) {
	l := newLink(r, nc)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing.Load() {
		nc.Close()
		<-r.slots
		return
	}
	l.facts.ID = r.lastID.Add(1)
	r.links[l] = struct{}{}
	r.running.Go(func() {
		l.run()
		<-r.slots
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.links, l)
	})
}

// close begins the end, and sees to it that somebody waits for it.
func (r *Relay) close() {
	r.init()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closing.Swap(true) {
		close(r.stop)
	}
	for l := range r.listeners {
		(*l).Close()
	}
	if r.ending {
		return
	}
	r.ending = true
	go func() { // Shutdown waits for it
		r.running.Wait()
		close(r.work) // the judge closes keep
		r.workers.Wait()
		close(r.events)
		<-r.told
		r.cancel()
		close(r.drained)
	}()
}

// Shutdown stops accepting, lets the exchanges in flight finish, closes each
// connection when it owes nothing, judges and stores what was copied, and
// returns when all of that is done, or with the context's error when ctx ends
// before; Close then ends what is left.
func (r *Relay) Shutdown(ctx context.Context) error {
	r.close()
	select {
	case <-r.drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close stops accepting, closes all connections and gives up what was not yet
// judged and stored. It does not wait for the goroutines; Shutdown after it does.
func (r *Relay) Close() error {
	r.close()
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.dead:
	default:
		close(r.dead)
	}
	r.cancel()
	for l := range r.links {
		l.abort()
	}
	return nil
}

// Stats are figures of a Relay since it began.
type Stats struct {
	Conns    int    // open now
	Accepted uint64 // in all
	Refused  uint64 // of them, those whose near side did not prove who it is
	Failed   uint64 // those that did not get through to the far side
	ToFar    uint64 // bytes carried from the near side to the far side
	ToNear   uint64 // and back

	Exchanges  uint64 // that were seen
	Stored     uint64
	NotStored  uint64 // because the store failed, or the relay was closed before
	Dropped    uint64 // pieces that were carried and not looked at, because MaxCopies was used up or the judge is behind
	BytesLost  uint64 // in them
	Unanswered uint64 // messages
	Memory     int64  // that copies take now
}

type figures struct {
	refused, failed, toFar, toNear, exchanges, stored, notStored, dropped, bytesLost, unanswered atomic.Uint64
}

// Stats returns the figures of the moment.
func (r *Relay) Stats() Stats {
	r.init()
	r.mu.Lock()
	open := len(r.links)
	r.mu.Unlock()
	f := &r.figures
	return Stats{
		Conns: open, Accepted: r.lastID.Load(), Refused: f.refused.Load(), Failed: f.failed.Load(), ToFar: f.toFar.Load(), ToNear: f.toNear.Load(),
		Exchanges: f.exchanges.Load(), Stored: f.stored.Load(), NotStored: f.notStored.Load(),
		Dropped: f.dropped.Load(), BytesLost: f.bytesLost.Load(), Unanswered: f.unanswered.Load(), Memory: r.copies.used.Load(),
	}
}

// A budget is memory that is shared.
type budget struct {
	most int64
	used atomic.Int64
}

// take takes n bytes if they are there.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) <= b.most {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// handshakeError is that of package mllp, which has the words for it.
func handshakeError(err error, addr string, timeout time.Duration) error {
	e := &mllp.Error{Kind: mllp.HandshakeRefused, Addr: addr, Err: err}
	e.Alert, e.Remote, _ = mllp.Alert(err)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		e.Timeout = timeout
	}
	return e
}
