package simulate

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// mostOrders bounds the letters that are remembered: as many that wait, and as many
// that are settled.
const mostOrders = 10_000

// orders puts messages that others write into the queues of a run, and remembers
// what became of them: a [reference.Outbox]. There is a letter for each destination
// of a message. What an earlier run left in the store is sent, and not known here.
type orders struct {
	run *run

	mu     sync.Mutex
	list   []*reference.Letter         // oldest first
	open   map[int64]*reference.Letter // those that wait, by their record
	taken  int64                       // messages
	failed error                       // of the store
}

// Room is how many messages it would take.
func (o *orders) Room() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return (mostOrders - len(o.open)) / len(o.run.queues)
}

// Post puts messages into the queues. Nobody hears what became of one before it is
// known here.
func (o *orders) Post(letters ...reference.Letter) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var records []*store.Record
	for i := range letters {
		for _, q := range o.run.queues {
			records = append(records, ordered(&letters[i], q.name))
		}
	}
	if err := o.run.Store.Enqueue(context.Background(), records...); err != nil {
		o.failed = err
		o.run.end(err) // as when the hospital cannot write
		return err
	}
	for i, rec := range records {
		l := letters[i/len(o.run.queues)]
		l.Destination, l.Message, l.State = rec.Destination, nil, string(rec.State)
		o.list, o.open[rec.ID] = append(o.list, &l), &l
	}
	o.taken += int64(len(letters))
	o.forget()
	for _, q := range o.run.queues {
		q.waiting.Add(int64(len(letters)))
		q.wake()
	}
	return nil
}

// ordered is a message for a destination.
func ordered(l *reference.Letter, destination string) *store.Record {
	rec := &store.Record{
		Time: time.Now(), Direction: store.Sent, ControlID: l.ControlID, Type: l.Event, Patient: alias(l.IPP, l.Message),
		Destination: destination, Message: l.Message,
	}
	if m, err := hl7.Parse(l.Message); err == nil {
		rec.Type = m.Header().Trigger // as a fault may have it
	}
	return rec
}

// forget drops the oldest of what is settled.
func (o *orders) forget() {
	surplus := len(o.list) - len(o.open) - mostOrders
	if surplus <= 0 {
		return
	}
	o.list = slices.DeleteFunc(o.list, func(l *reference.Letter) bool {
		if surplus == 0 || l.State == string(store.Waiting) {
			return false
		}
		surplus--
		return true
	})
}

// learn notes what became of a record, if it was ordered.
func (o *orders) learn(rec *store.Record) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.open[rec.ID]
	if l == nil {
		return
	}
	l.ControlID, l.State, l.Attempts, l.Ack, l.Error = rec.ControlID, string(rec.State), rec.Attempts, rec.Ack, rec.Error
	if rec.State != store.Waiting {
		delete(o.open, rec.ID)
	}
}

// Letters are copies of those that are wanted, oldest first.
func (o *orders) Letters(want func(*reference.Letter) bool) []reference.Letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []reference.Letter
	for _, l := range o.list {
		if want(l) {
			all = append(all, *l)
		}
	}
	return all
}
