package hospital

import (
	"cmp"
	"container/heap"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// Options say when the hospital opens, by which seed it lives, and in what
// language its GAM speaks.
type Options struct {
	Seed  uint64
	Start time.Time // its offset from UTC is that of all dates

	Dialect  pam.Dialect  // the zero value is pam-fr-2.11
	Charset  hl7.Charset  // the zero value is UTF-8
	Partners pam.Partners // MSH-3 to MSH-6
}

// An Event is one thing that the GAM tells.
type Event struct {
	At      time.Time // when it was recorded, MSH-7
	Patient string    // the IPP under which the patient of the stay came: it stays through merges
	Trigger pam.Trigger
	Message []byte // belongs to the caller

	ControlID string // MSH-10
}

// A Hospital is one life of a hospital. It belongs to one goroutine.
type Hospital struct {
	cfg *Config
	opt Options
	gen *pam.Generator
	rng *rand.Rand // of arrivals and of who comes

	now   time.Time
	tasks tasks
	count uint64 // of tasks: those of one second happen in the order in which they were planned
	stays uint64

	wards  map[Kind][]*ward
	places []pam.Unit
	pool   []*person // who may come again

	numbers *numbers

	told []Event // and not yet taken
	err  error
}

// New opens a hospital. Nothing has happened yet.
func New(c *Config, o Options) *Hospital {
	if o.Dialect.Name == "" {
		o.Dialect, _ = pam.DialectByName("")
	}
	o.Charset = cmp.Or(o.Charset, hl7.UTF8)
	_, offset := o.Start.Zone()
	o.Start = o.Start.Truncate(time.Second).In(time.FixedZone("", offset))
	h := &Hospital{
		cfg: c, opt: o, gen: pam.NewGenerator(o.Seed, o.Start), now: o.Start,
		rng: rand.New(rand.NewPCG(o.Seed, 0x686f73706974616c)), wards: map[Kind][]*ward{}, numbers: newNumbers(),
	}
	h.gen.Facility(c.Name, c.FINESS)
	for _, p := range c.Poles {
		for _, u := range p.Units {
			h.wards[u.Kind] = append(h.wards[u.Kind], newWard(u))
		}
	}
	for _, u := range c.Places {
		h.places = append(h.places, pam.Unit{Code: u.Code, Label: u.Label})
	}
	h.midnight()
	h.open()
	for _, a := range arrivals(c) {
		h.await(a, o.Start)
	}
	return h
}

// Events are what happens, in the order of its time, without end. An error, a
// fault of ours, ends it.
func (h *Hospital) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := h.Next()
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Next lives until something is told.
func (h *Hospital) Next() (Event, error) {
	for len(h.told) == 0 {
		if h.err == nil && len(h.tasks) == 0 {
			h.err = fmt.Errorf("hospital: nothing will happen any more")
		}
		if h.err != nil {
			return Event{}, h.err
		}
		t := heap.Pop(&h.tasks).(task)
		h.now = t.at
		t.do()
	}
	e := h.told[0]
	h.told = append(h.told[:0], h.told[1:]...)
	return e, nil
}

// midnight moves the instant of the generator on, by which ages are counted. It
// is never the moment of an event: a Change whose moment is the instant has none.
func (h *Hospital) midnight() {
	y, m, d := h.now.Date()
	h.gen.Advance(time.Date(y, m, d, 0, 0, 0, 0, h.now.Location()))
	h.at(time.Date(y, m, d+1, 0, 0, 0, 0, h.now.Location()), h.midnight)
}

// task is something that happens.
type task struct {
	at    time.Time
	count uint64
	do    func()
}

// at plans a task.
func (h *Hospital) at(t time.Time, do func()) {
	if t.Before(h.now) {
		t = h.now
	}
	h.count++
	heap.Push(&h.tasks, task{t.Truncate(time.Second), h.count, do})
}

// tasks is a heap of what will happen, the next first.
type tasks []task

func (t tasks) Len() int { return len(t) }
func (t tasks) Less(i, j int) bool {
	if !t[i].at.Equal(t[j].at) {
		return t[i].at.Before(t[j].at)
	}
	return t[i].count < t[j].count
}
func (t tasks) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *tasks) Push(x any)   { *t = append(*t, x.(task)) }
func (t *tasks) Pop() any {
	old := *t
	last := old[len(old)-1]
	old[len(old)-1] = task{}
	*t = old[:len(old)-1]
	return last
}
