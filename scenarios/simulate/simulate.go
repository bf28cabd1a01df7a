package simulate

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// Limits of Options whose own are zero.
const (
	DefaultBacklog    = 10_000
	DefaultFirstPause = time.Second
	DefaultLongest    = 30 * time.Second
	DefaultAttempts   = 8
	DefaultDrain      = 10 * time.Second
)

// A Destination is a receiver.
type Destination struct {
	Name   string // of its queue in the store, and in lines
	Client *mllp.Client
	Plain  *mllp.Client // tried where Client is turned away, of a fault; nil: nothing is
}

// Options say what is played, where it goes, and for how long.
type Options struct {
	Store        *store.Store
	Source       Source // at its beginning
	Place        Place  // seed, start and fingerprint of the source
	Destinations []Destination

	Pace  Pace
	For   time.Duration // 0: until the context ends
	Count int64         // messages of this run; 0: no end
	// Drain is how long messages that wait are still sent afterwards.
	Drain time.Duration

	Backlog    int           // messages that may wait for a destination
	FirstPause time.Duration // before something is tried again; it doubles
	Longest    time.Duration // such a pause
	Attempts   int           // after which a message is parked that a receiver answers with AR, or not at all

	Forget bool // what was sent, soon: for a store in memory

	Spoil  func([]byte) []byte // changes what is sent, for tests of receivers; nil: nothing
	Habits Habits              // faults of sending, for the same

	// Orders, if not nil, has things happen beside the life of the hospital, until
	// its context ends: what it posts goes out as all else does. When it returns,
	// the run is over.
	Orders func(context.Context, reference.Outbox) error

	// Observe is told what became of each attempt to send, by one destination at a
	// time; nil: nobody.
	Observe func(Outcome)
}

// An Outcome is what became of an attempt to have a message taken.
type Outcome struct {
	Destination string
	Record      *store.Record  // as it was settled, or as it waits
	Err         error          // of the line: the message waits
	Why         scenarios.Text // it waits or is parked
}

// A Summary is what became of a run.
type Summary struct {
	Told         int64 // messages that the hospital told in this run
	Ordered      int64 // messages that somebody else did
	Until        time.Time
	Destinations []Tally
	Elsewhere    int64 // messages that wait in the store for destinations that this run has not
}

// waiting is how many messages are left for the destinations of the run.
func (s *Summary) waiting() (n int64) {
	for _, d := range s.Destinations {
		n += d.Waiting
	}
	return n
}

// A Tally is what became of the messages for a destination.
type Tally struct {
	Name                  string
	Sent, Parked, Retries int64 // in this run
	Waiting               int64 // that are left
}

// run is a run.
type run struct {
	Options
	place  Place
	begin  time.Time
	told   int64
	queues []*queue
	room   chan struct{} // told when a queue has become shorter
	end    context.CancelCauseFunc
	orders *orders    // nil when nobody gives any
	line   sync.Mutex // of Observe
}

// Run plays until its time is over, its messages are told, or ctx ends: then it
// finishes the exchanges in flight and returns what became of it all. An error
// is one of the store or of the source, or a *PlaceError.
func Run(ctx context.Context, o Options) (Summary, error) {
	r := &run{Options: o, place: o.Place, room: make(chan struct{}, 1)}
	r.Backlog, r.Attempts = cmp.Or(o.Backlog, DefaultBacklog), cmp.Or(o.Attempts, DefaultAttempts)
	r.FirstPause, r.Longest, r.Drain = cmp.Or(o.FirstPause, DefaultFirstPause), cmp.Or(o.Longest, DefaultLongest), cmp.Or(o.Drain, DefaultDrain)
	if err := r.resume(ctx); err != nil {
		return Summary{}, err
	}
	for _, d := range o.Destinations {
		q, err := r.newQueue(ctx, d)
		if err != nil {
			return Summary{}, err
		}
		r.queues = append(r.queues, q)
	}
	if o.Orders != nil {
		r.orders = &orders{run: r, open: map[int64]*reference.Letter{}}
	}
	r.begin = time.Now()
	ctx, r.end = context.WithCancelCause(ctx) // by a queue that cannot write, too
	defer r.end(nil)
	g, ctx := errgroup.WithContext(ctx)
	sending, enough := context.WithCancel(ctx)
	defer enough()
	for _, q := range r.queues {
		g.Go(func() error { return q.work(sending) })
	}
	var drained *time.Timer
	g.Go(func() error {
		err := r.live(ctx)
		for _, q := range r.queues {
			q.last.Store(true)
			q.wake()
		}
		if err == nil && ctx.Err() == nil {
			drained = time.AfterFunc(r.Drain, enough)
		} else {
			enough()
		}
		return err
	})
	err := g.Wait()
	if drained != nil {
		drained.Stop()
	}
	s := r.summary()
	left, failed := o.Store.Count(context.WithoutCancel(ctx), store.Filter{State: store.Waiting})
	s.Elsewhere = left - s.waiting()
	return s, errors.Join(err, failed)
}

// resume brings the source to where the store says that it was.
func (r *run) resume(ctx context.Context) error {
	before, err := ReadPlace(ctx, r.Store)
	if err != nil || before == nil {
		return err
	}
	if before.Seed != r.place.Seed || before.Fingerprint != r.place.Fingerprint || !before.Start.Equal(r.place.Start) {
		return &PlaceError{}
	}
	r.place = *before
	if r.Pace.None {
		return nil
	}
	return liveUpTo(ctx, r.Source, before)
}

// live lets the hospital live, and takes orders meanwhile.
func (r *run) live(ctx context.Context) error {
	if r.orders == nil {
		return r.produce(ctx)
	}
	ctx, over := context.WithCancel(ctx)
	defer over()
	taken := make(chan error, 1)
	go func() {
		defer over()
		taken <- r.Orders(ctx, r.orders)
	}()
	err := r.produce(ctx)
	over()
	return errors.Join(err, <-taken, r.orders.failed)
}

// batch is how many messages are written at once when they are due at once.
const batch = 256

// produce lets the hospital live, and writes what it tells.
func (r *run) produce(ctx context.Context) error {
	c := &clock{pace: r.Pace, begin: r.begin, anchor: r.place.At}
	if c.anchor.IsZero() {
		c.anchor = r.place.Start
	}
	var end <-chan time.Time
	if r.For > 0 {
		t := time.NewTimer(r.For)
		defer t.Stop()
		end = t.C
	}
	if r.Pace.None {
		select {
		case <-ctx.Done():
		case <-end:
		}
		return nil
	}
	var pending []hospital.Event
	for r.Count == 0 || r.told+int64(len(pending)) < r.Count {
		e, err := r.Source.Next()
		if err != nil {
			return err
		}
		due := c.due(e.At)
		if r.For > 0 && due.Sub(r.begin) >= r.For {
			return r.write(ctx, pending) // the event is told again by the next run
		}
		if len(pending) > 0 && (len(pending) >= batch || time.Now().Before(due)) {
			if err := r.write(ctx, pending); err != nil {
				return err
			}
			pending = pending[:0]
		}
		if !r.until(ctx, due, end) || !r.spacious(ctx, end) {
			return r.write(ctx, pending)
		}
		pending = append(pending, e)
	}
	return r.write(ctx, pending)
}

// until waits for a moment. It reports false when the run is over before.
func (r *run) until(ctx context.Context, t time.Time, end <-chan time.Time) bool {
	var due <-chan time.Time
	if wait := time.Until(t); !t.IsZero() && wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	} else {
		now := make(chan time.Time)
		close(now)
		due = now
	}
	select {
	case <-ctx.Done():
		return false
	case <-end:
		return false
	default:
	}
	select {
	case <-due:
		return true
	case <-ctx.Done():
	case <-end:
	}
	return false
}

// spacious waits until there is room in every queue. It reports false when the
// run is over before.
func (r *run) spacious(ctx context.Context, end <-chan time.Time) bool {
	for {
		full := false
		for _, q := range r.queues {
			full = full || q.waiting.Load() >= int64(r.Backlog)
		}
		if !full {
			return true
		}
		select {
		case <-r.room:
		case <-ctx.Done():
			return false
		case <-end:
			return false
		}
	}
}

// write puts events into the queues, and the place behind them, as a whole. It
// does so even when the run has been ended: what was told is told.
func (r *run) write(ctx context.Context, events []hospital.Event) error {
	if len(events) == 0 {
		return nil
	}
	place := r.place
	var records []*store.Record
	for i := range events {
		e := &events[i]
		place.pass(e)
		rec := r.record(e)
		for _, q := range r.queues {
			to := rec
			to.Destination = q.name
			records = append(records, &to)
		}
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.Store.EnqueueWith(ctx, placeKey, place.bytes(), records...); err != nil {
		return err
	}
	r.place = place
	r.told += int64(len(events))
	for _, q := range r.queues {
		q.waiting.Add(int64(len(events)))
		q.wake()
	}
	return nil
}

// record is an event as it goes out: with the faults that were asked for.
func (r *run) record(e *hospital.Event) store.Record {
	rec := store.Record{
		Time: time.Now(), Direction: store.Sent, ControlID: e.ControlID, Type: string(e.Trigger), Patient: alias(e.Patient, e.Message), Message: e.Message,
	}
	if r.Spoil == nil {
		return rec
	}
	rec.Message = r.Spoil(e.Message)
	if m, err := hl7.Parse(rec.Message); err == nil {
		h := m.Header()
		rec.ControlID, rec.Type = h.ControlID, h.Trigger
	}
	return rec
}

// alias is what a receiver's store calls the patient too, but for one thing: it
// stays when records are merged, because order hangs on it.
func alias(ipp string, message []byte) string {
	m, err := hl7.Parse(message)
	if err != nil {
		return store.Alias(ipp)
	}
	_, authority, _ := strings.Cut(store.Identifier(m), "^")
	return store.Alias(ipp + "^" + authority)
}

func (r *run) summary() Summary {
	s := Summary{Told: r.told, Until: r.place.At}
	if r.orders != nil {
		s.Ordered = r.orders.taken
	}
	for _, q := range r.queues {
		s.Destinations = append(s.Destinations, Tally{
			Name: q.name, Sent: q.sent.Load(), Parked: q.parked.Load(), Retries: q.retries.Load(), Waiting: q.waiting.Load(),
		})
	}
	return s
}

// tell passes an outcome on.
func (r *run) tell(o Outcome) {
	if r.Observe == nil {
		return
	}
	r.line.Lock()
	defer r.line.Unlock()
	r.Observe(o)
}

// counters of a queue, which the summary reads.
type counters struct{ waiting, sent, parked, retries atomic.Int64 }
