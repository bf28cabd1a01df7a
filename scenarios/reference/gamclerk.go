package reference

import (
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// A Clerk writes what a GAM is told over HTTP ([Clerk.ServeHTTP]): whom it is told
// of it invents, what happens to them becomes the message of the event, and an
// [Outbox] has it sent.
type Clerk struct {
	book   *book
	outbox Outbox
	mux    *http.ServeMux
}

// ClerkOptions say what the messages of a Clerk look like.
type ClerkOptions struct {
	// Generator invents the patients. It belongs to the Clerk from now on.
	Generator *pam.Generator

	// Dialect and Charset are those of the messages; the zero values are
	// pam-fr-2.11 and ASCII. Partners are MSH-3 to MSH-6.
	Dialect  pam.Dialect
	Charset  hl7.Charset
	Partners pam.Partners

	Bugs []string // names from GAMBugs, of which those about content count
}

// NewClerk returns a Clerk whose messages go into an outbox. The error is an
// *UnknownNameError.
func NewClerk(opt ClerkOptions, out Outbox) (*Clerk, error) {
	spoiler, err := NewSpoiler(opt.Bugs)
	if err != nil {
		return nil, err
	}
	if opt.Dialect.Name == "" {
		if opt.Dialect, err = pam.DialectByName(""); err != nil {
			return nil, err
		}
	}
	c := &Clerk{book: newBook(opt, spoiler), outbox: out}
	c.mux = c.routes()
	return c, nil
}

// An Outbox is where messages wait until their receiver has taken them. Its methods
// may be called from any goroutine.
type Outbox interface {
	// Room is how many letters it would take.
	Room() int
	// Post puts letters behind those of the same patients, all or none of them.
	Post(letters ...Letter) error
	// Letters are those that are wanted, oldest first.
	Letters(want func(*Letter) bool) []Letter
}

// A Letter is a message in an Outbox.
type Letter struct {
	ControlID   string `json:"control_id"`
	Event       string `json:"event"`
	Patient     string `json:"patient"` // what the Clerk was told to call them
	Step        string `json:"step"`
	Destination string `json:"destination,omitempty"` // where there may be several
	State       string `json:"state"`                 // waiting, sent or parked
	Attempts    int    `json:"attempts"`
	Ack         string `json:"ack,omitempty"`   // MSA-1 of the last answer
	Error       string `json:"error,omitempty"` // of the last attempt, or why it is parked

	Message []byte `json:"-"`
	IPP     string `json:"-"` // of the patient when they were first heard of, which no event changes
}

// The states of a letter.
const (
	waiting = "waiting" // it will be sent, again if need be
	taken   = "sent"    // acknowledged
	parked  = "parked"  // it must not be sent again as it is, or in vain too often
)

// A book knows the patients of a clerk. Its methods may be called from any
// goroutine.
type book struct {
	opt     ClerkOptions
	spoiler *Spoiler

	mu      sync.Mutex
	gen     *pam.Generator
	entries map[string]*entry
	order   []string // of their first mention
}

// mostPatients bounds a book; whoever was mentioned first is forgotten.
const mostPatients = 1000

// An entry is what a book knows of a patient.
type entry struct {
	name    string
	ipp     string // the first
	journey *pam.Journey
	steps   int
}

func newBook(opt ClerkOptions, s *Spoiler) *book {
	return &book{opt: opt, gen: opt.Generator, spoiler: s, entries: map[string]*entry{}}
}

var errKnown = badRequest("ce patient est déjà connu", "this patient is known already")

// enter makes a patient known. An existing one is an error, errKnown.
func (b *book) enter(name string, who pam.PatientSpec, where pam.StaySpec) (*entry, error) {
	if b.entries[name] != nil {
		return nil, errKnown
	}
	who.Letters, where.Letters = letters(b.opt.Charset), letters(b.opt.Charset)
	patient, err := b.gen.Patient(who)
	if err != nil {
		return nil, err
	}
	stay, err := b.gen.Stay(where)
	if err != nil {
		return nil, err
	}
	if len(b.order) == mostPatients {
		delete(b.entries, b.order[0])
		b.order = slices.Delete(b.order, 0, 1)
	}
	e := &entry{name: name, ipp: patient.IPP, journey: pam.NewJourney(b.gen, b.opt.Dialect, b.opt.Charset, b.opt.Partners, patient, stay)}
	b.entries[name], b.order = e, append(b.order, name)
	return e, nil
}

// write makes the message of an event.
func (b *book) write(q *eventRequest) (Letter, error) {
	trigger, err := pam.ParseTrigger(q.Event)
	if err != nil {
		return Letter{}, err
	}
	e := b.entries[q.Patient]
	if e == nil {
		if e, err = b.enter(q.Patient, q.Given.Patient.spec(), q.Given.Stay.spec()); err != nil {
			return Letter{}, err
		}
	}
	change := q.With.change()
	if q.With.NewStay != nil {
		spec := q.With.NewStay.spec()
		spec.Letters = letters(b.opt.Charset)
		if change.Stay, err = b.gen.Stay(spec); err != nil {
			return Letter{}, err
		}
	}
	e.steps++
	step := q.Step
	if step == "" {
		step = "s" + strconv.Itoa(e.steps)
	}
	m, err := e.journey.Message(step, trigger, change)
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Patient: q.Patient, Event: q.Event, Step: step, State: waiting, IPP: e.ipp}
	l.Message = b.spoiler.spoil(m)
	l.ControlID = m.Get("MSH-10")
	return l, nil
}

func (b *book) controlID() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gen.ControlID()
}
