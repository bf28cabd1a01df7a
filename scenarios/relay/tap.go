package relay

import (
	"sync"
	"time"
)

// pieceCost is what a piece takes beside its bytes.
const pieceCost = 96

// A piece is a copy of what was carried at once.
type piece struct {
	from Side
	at   time.Time
	data []byte
	gap  bool // something before it was dropped
}

func (p piece) cost() int64 { return int64(len(p.data)) + pieceCost }

// A tap is where a link leaves its copies, and the goroutine that reads them. To
// leave one never waits for anything but the lock, which is held for a moment.
type tap struct {
	l *link

	mu     sync.Mutex
	queue  []piece
	gap    [2]bool
	ended  bool
	busy   bool          // something was left, or is owed an answer
	silent chan struct{} // closed when it is not busy; nil: nobody waits for that
	wake   chan struct{}
}

func newTap(l *link) *tap { return &tap{l: l, wake: make(chan struct{}, 1)} }

// offer leaves a copy of b, or drops it.
func (t *tap) offer(from Side, at time.Time, b []byte) {
	r := t.l.r
	p := piece{from: from, at: at}
	cost := int64(len(b)) + pieceCost
	if !r.copies.take(cost) {
		t.mu.Lock()
		t.gap[from] = true
		t.mu.Unlock()
		r.dropped(1, len(b))
		return
	}
	p.data = append(make([]byte, 0, len(b)), b...)
	t.mu.Lock()
	p.gap, t.gap[from] = t.gap[from], false
	t.queue = append(t.queue, p)
	t.busy = true
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// finish says that nothing more comes.
func (t *tap) finish() {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// quiet returns a channel that is closed when nothing is owed an answer any more.
func (t *tap) quiet() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.silent == nil {
		t.silent = make(chan struct{})
		if !t.busy {
			close(t.silent)
		}
	}
	return t.silent
}

// take takes all pieces that were left.
func (t *tap) take() (list []piece, ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list, t.queue = t.queue, nil
	return list, t.ended
}

// settle notes whether anything is owed an answer, if nothing was left meanwhile.
func (t *tap) settle(owed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) > 0 || owed {
		return
	}
	if t.busy && t.silent != nil {
		close(t.silent)
	}
	t.busy = false
}

// run reads the pieces, until the link has ended and the last was read.
func (t *tap) run() {
	d := newDialogue(t.l)
	timer := time.NewTimer(0)
	<-timer.C
	defer timer.Stop()
	for {
		list, ended := t.take()
		for _, p := range list {
			d.piece(p)
		}
		if len(list) > 0 {
			continue
		}
		if ended {
			d.end()
			return
		}
		d.expire(time.Now())
		t.settle(d.owed())
		if next := d.next(); next > 0 {
			timer.Reset(next)
		}
		select {
		case <-t.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}
