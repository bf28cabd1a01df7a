package simulate

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/store"
)

// Bounds of what a queue holds in memory; the rest is in the store.
const (
	window      = 128    // records that are read ahead
	mostDelayed = 1000   // records behind others of their patients that wait
	unsettled   = 32     // answers that are on their way to the disk
	mostRefused = 20_000 // movements that were refused
)

// queue sends the messages for one destination.
type queue struct {
	*run
	counters
	name   string
	client *mllp.Client
	plain  *mllp.Client // see Destination

	last atomic.Bool // nothing more is going to be enqueued
	bell chan struct{}

	cursor  int64 // the last record that was read
	ahead   []*store.Record
	delays  map[string]*delay // by patient
	delayed int
	refused refusals
	settle  chan Outcome

	lost    map[string]bool // patients who lose their next message, of a fault
	stopped bool            // by a fault
	pause   time.Duration   // after the last failure of the line
}

// delay is a patient whose first record waits to be sent again.
type delay struct {
	until   time.Time
	pause   time.Duration
	records []*store.Record
}

func (r *run) newQueue(ctx context.Context, d Destination) (*queue, error) {
	q := &queue{
		run: r, name: d.Name, client: d.Client, plain: d.Plain, bell: make(chan struct{}, 1), delays: map[string]*delay{},
		settle: make(chan Outcome, unsettled), lost: map[string]bool{},
	}
	n, err := r.Store.Count(ctx, store.Filter{Destination: d.Name, State: store.Waiting})
	if err != nil {
		return nil, err
	}
	q.waiting.Store(n)
	for rec, err := range r.Store.List(ctx, store.Filter{Destination: d.Name, State: store.Parked}) {
		if err != nil {
			return nil, err
		}
		q.refused.add(rec)
	}
	return q, nil
}

// wake tells the queue that there is something to do.
func (q *queue) wake() {
	select {
	case q.bell <- struct{}{}:
	default:
	}
}

// run sends until nothing more is coming, or ctx ends.
func (q *queue) work(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(q.settling)
	g.Go(func() error {
		defer close(q.settle)
		defer func() { _ = q.client.Close() }()
		return q.sending(ctx)
	})
	return g.Wait()
}

func (q *queue) sending(ctx context.Context) error {
	for ctx.Err() == nil {
		rec, wait, err := q.next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case rec != nil && q.Habits.DoesNotWait:
			q.burst(ctx, rec)
			continue
		case rec != nil:
			q.attempt(ctx, rec)
			continue
		case wait == 0 && q.last.Load() && len(q.delays) == 0 && len(q.bell) == 0:
			return nil
		}
		if !q.rest(ctx, wait) {
			return nil
		}
	}
	return nil
}

// rest waits for something to do, or so long; 0 is for ever.
func (q *queue) rest(ctx context.Context, wait time.Duration) bool {
	var over <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-q.bell:
	case <-over:
	case <-ctx.Done():
		return false
	}
	return true
}

// next returns the record that is to be sent next, or how long there is none; 0
// is until one is enqueued.
func (q *queue) next(ctx context.Context) (rec *store.Record, wait time.Duration, err error) {
	if q.stopped {
		return nil, 0, nil
	}
	if rec, wait = q.due(); rec != nil {
		return rec, 0, nil
	}
	for q.delayed < mostDelayed {
		if len(q.ahead) == 0 {
			if q.ahead, err = q.Store.Waiting(ctx, q.name, q.cursor, window); err != nil || len(q.ahead) == 0 {
				return nil, wait, err
			}
			q.cursor = q.ahead[len(q.ahead)-1].ID
			if q.Habits.WrongOrder {
				backwards(q.ahead)
			}
		}
		rec = q.ahead[0]
		q.ahead[0], q.ahead = nil, q.ahead[1:]
		d := q.delays[rec.Patient]
		if d == nil || q.Habits.Overtakes {
			return rec, 0, nil
		}
		d.records = append(d.records, rec)
		q.delayed++
	}
	return nil, wait, nil
}

// due returns a delayed record whose time has come, or how long there is none.
func (q *queue) due() (*store.Record, time.Duration) {
	var first *delay
	for _, d := range q.delays {
		if first == nil || d.until.Before(first.until) || d.until.Equal(first.until) && d.records[0].ID < first.records[0].ID {
			first = d
		}
	}
	if first == nil {
		return nil, 0
	}
	if wait := time.Until(first.until); wait > 0 {
		return nil, wait
	}
	return first.records[0], 0
}

// put makes a record wait, and its patient with it.
func (q *queue) put(rec *store.Record) {
	d := q.delays[rec.Patient]
	if d == nil {
		d = &delay{}
		q.delays[rec.Patient] = d
	}
	if !slices.Contains(d.records, rec) {
		d.records = append(d.records, rec) // the first, unless a fault is on
		q.delayed++
	}
	d.pause = min(max(2*d.pause, q.FirstPause), q.Longest)
	d.until = time.Now().Add(d.pause)
}

// done lets the next record of a patient go, after one that waited.
func (q *queue) done(rec *store.Record) {
	d := q.delays[rec.Patient]
	if d == nil || d.records[0] != rec {
		return
	}
	q.delayed--
	if d.records = d.records[1:]; len(d.records) == 0 {
		delete(q.delays, rec.Patient)
		return
	}
	d.until, d.pause = time.Time{}, 0
}

// settling writes what became of records, as many at once as there are, and then
// tells of it.
func (q *queue) settling() error {
	var failed error
	since := 0
	for outcome := range q.settle {
		list := q.gather(outcome)
		if failed != nil {
			continue // what was sent is sent again by the next run, rather than not known
		}
		records := make([]*store.Record, len(list))
		for i := range list {
			records[i] = list[i].Record
		}
		if failed = q.Store.Settle(context.Background(), records...); failed == nil {
			for _, outcome := range list {
				q.count(outcome.Record)
				q.orders.learn(outcome.Record)
				q.tell(outcome)
			}
			if since += len(list); q.Forget && since >= forgetAfter {
				since = 0
				_, failed = q.Store.Purge(context.Background(), time.Now().Add(-time.Second))
			}
		}
		if failed != nil {
			q.end(failed)
		}
	}
	return failed
}

// gather takes what else has been decided by now.
func (q *queue) gather(first Outcome) []Outcome {
	list := []Outcome{first}
	for len(list) < unsettled {
		select {
		case outcome, ok := <-q.settle:
			if !ok {
				return list
			}
			list = append(list, outcome)
		default:
			return list
		}
	}
	return list
}

// forgetAfter is how many messages are sent before those that were are purged,
// where they are to be forgotten.
const forgetAfter = 5000

// count adds a settled record to the summary, and makes room for another.
func (q *queue) count(rec *store.Record) {
	switch rec.State {
	case store.Done:
		q.sent.Add(1)
	case store.Parked:
		q.parked.Add(1)
	default:
		return
	}
	q.waiting.Add(-1)
	select {
	case q.room <- struct{}{}:
	default:
	}
}
