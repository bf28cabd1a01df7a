package reference

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
)

// A Desk is a GAM on demand, an admission desk whose clerk is a program: told over
// HTTP what happens to whom ([Desk.ServeHTTP]), it sends the message of the event,
// which can be any of both transactions. It speaks to one receiver, and over one
// connection, like a [GAM].
//
// A message waits in an outbox in memory until the receiver has taken it. The
// messages of a patient keep their order. What found nobody, or no answer, or an
// AR, is sent again, the same bytes, after a pause that doubles; what was refused
// with AE is parked, because it would be refused again (PAM.fr 12, ITI TF-2
// C.2.3), and neither keeps another patient waiting. After a refusal the next
// messages of the same patient are sent: a receiver applies what it can.
type Desk struct {
	line
	outbox *letterbox
	book   *book
	mux    *http.ServeMux

	stop context.CancelFunc
	task sync.WaitGroup
}

// StartDesk opens a desk until Stop is called or ctx ends. Stop is due in both
// cases. [GAMOptions].Every is the first pause before a message is sent again. The
// error is an *UnknownNameError or an *mllp.FileError.
func StartDesk(ctx context.Context, opt GAMOptions) (*Desk, error) {
	d := &Desk{}
	if err := d.open(opt); err != nil {
		return nil, err
	}
	d.begin(ctx)
	return d, nil
}

func (d *Desk) begin(ctx context.Context) {
	d.outbox = newLetterbox(d.faults, d.opt.Every)
	d.book = newBook(&d.line)
	d.mux = d.routes()
	ctx, d.stop = context.WithCancel(ctx)
	d.task.Go(func() { d.run(ctx) })
}

// Pending tells how many messages still wait, and how many are parked.
func (d *Desk) Pending() (waiting, parked int) { return d.outbox.pending() }

// Stop ends the exchange in flight and closes the connection; what still waits is
// lost. A second Stop does nothing.
func (d *Desk) Stop() {
	d.stop()
	d.task.Wait()
}

// atOnce is how many messages the bug gam-does-not-wait writes before it reads.
const atOnce = 8

// run empties the outbox until ctx ends.
func (d *Desk) run(ctx context.Context) {
	defer d.hangUp()
	n := 1
	if d.faults.on(gamDoesNotWait) {
		n = atOnce
	}
	for ctx.Err() == nil {
		letters, until := d.outbox.next(time.Now(), n)
		if len(letters) == 0 {
			d.idle(ctx, until)
			continue
		}
		for i, c := range d.deliver(ctx, letters) {
			if ctx.Err() != nil {
				return
			}
			c.Trigger, c.Patient = letters[i].event, letters[i].patient
			d.outbox.settle(letters[i], c, time.Now())
			d.tell(c)
		}
	}
}

// idle waits for a message, or until an instant, if it is one.
func (d *Desk) idle(ctx context.Context, until time.Time) {
	var late <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		late = t.C
	}
	select {
	case <-ctx.Done():
	case <-late:
	case <-d.outbox.wake:
	}
}

// deliver sends letters, of which there is one unless a bug is on.
func (d *Desk) deliver(ctx context.Context, letters []*letter) []Contact {
	if len(letters) > 1 {
		return d.burst(ctx, letters)
	}
	l := letters[0]
	if l.attempts > 0 && d.faults.on(gamNewIDOnRetry) {
		d.outbox.rename(l, d.book.controlID())
	}
	c := d.exchange(ctx, l.body)
	foreign := c.Err == nil && c.Ack.MessageID != l.id && !d.faults.on(gamTakesAnyAnswer)
	if foreign || d.faults.on(gamConnectionPerMessage) {
		_ = d.secure.Close() // the answer to it may still come, and is none to the next
	}
	return []Contact{c}
}

// burst writes several messages before it reads an answer.
func (d *Desk) burst(ctx context.Context, letters []*letter) []Contact {
	contacts := make([]Contact, len(letters))
	raw, _, err := d.secure.Raw(ctx)
	if err != nil {
		for i := range contacts {
			contacts[i].Err = err
		}
		return contacts
	}
	var all []byte
	for _, l := range letters {
		all = mllp.AppendFrame(all, l.body)
	}
	_, err = raw.Write(ctx, all, 0)
	for i := range contacts {
		contacts[i] = Contact{Conn: raw.Facts(), Err: err}
		if err != nil {
			continue
		}
		var response *mllp.Response
		if response, err = raw.Receive(ctx, 0); err != nil {
			contacts[i].Err = err
			continue
		}
		contacts[i].Ack, contacts[i].Err = hl7.ReadAck(response.Payload)
	}
	if raw.Release(); err != nil {
		_ = d.secure.Close()
	}
	return contacts
}

// A book knows the patients of a desk. Its methods may be called from any
// goroutine.
type book struct {
	line    *line
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
	journey *pam.Journey
	steps   int
}

func newBook(l *line) *book {
	return &book{line: l, gen: l.generator(), spoiler: newSpoiler(l.faults), entries: map[string]*entry{}}
}

var errKnown = badRequest("ce patient est déjà connu", "this patient is known already")

// enter makes a patient known. An existing one is an error, errKnown.
func (b *book) enter(name string, who pam.PatientSpec, where pam.StaySpec) (*entry, error) {
	if b.entries[name] != nil {
		return nil, errKnown
	}
	who.Letters, where.Letters = b.line.letters(), b.line.letters()
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
	e := &entry{name: name, journey: pam.NewJourney(b.gen, b.line.dialect, b.line.opt.Charset, b.line.opt.Partners, patient, stay)}
	b.entries[name], b.order = e, append(b.order, name)
	return e, nil
}

func (b *book) controlID() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gen.ControlID()
}
