package reference

import (
	"context"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// A Desk is a GAM on demand, an admission desk: told over HTTP what happens to
// whom, its [Clerk] writes the message of the event, which can be any of both
// transactions, and the desk sends it. It speaks to one receiver, and over one
// connection, like a [GAM].
//
// A message waits in an [Outbox] in memory until the receiver has taken it. The
// messages of a patient keep their order. What found nobody, or no answer, or an
// AR, is sent again, the same bytes, after a pause that doubles; what was refused
// with AE is parked, because it would be refused again (PAM.fr 12, ITI TF-2
// C.2.3), and neither keeps another patient waiting. After a refusal the next
// messages of the same patient are sent: a receiver applies what it can.
type Desk struct {
	*Clerk
	line   line
	outbox *letterbox

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

func (d *Desk) open(opt GAMOptions) (err error) {
	if err = d.line.open(opt); err != nil {
		return err
	}
	d.outbox = newLetterbox(d.line.faults, d.line.opt.Every)
	d.Clerk, err = NewClerk(ClerkOptions{
		Generator: d.line.generator(), Dialect: d.line.dialect, Charset: opt.Charset, Partners: opt.Partners, Bugs: opt.Bugs,
	}, d.outbox)
	return err
}

func (d *Desk) begin(ctx context.Context) {
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
	defer d.line.hangUp()
	n := 1
	if d.line.faults.on(gamDoesNotWait) {
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
			c.Trigger, c.Patient = letters[i].Event, letters[i].Patient
			d.outbox.settle(letters[i], c, time.Now())
			d.line.tell(c)
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
	if l.Attempts > 0 && d.line.faults.on(gamNewIDOnRetry) {
		d.outbox.rename(l, d.book.controlID())
	}
	c := d.line.exchange(ctx, l.Message)
	foreign := c.Err == nil && c.Ack.MessageID != l.ControlID && !d.line.faults.on(gamTakesAnyAnswer)
	if foreign || d.line.faults.on(gamConnectionPerMessage) {
		_ = d.line.secure.Close() // the answer to it may still come, and is none to the next
	}
	return []Contact{c}
}

// burst writes several messages before it reads an answer.
func (d *Desk) burst(ctx context.Context, letters []*letter) []Contact {
	contacts := make([]Contact, len(letters))
	raw, _, err := d.line.secure.Raw(ctx)
	if err != nil {
		for i := range contacts {
			contacts[i].Err = err
		}
		return contacts
	}
	var all []byte
	for _, l := range letters {
		all = mllp.AppendFrame(all, l.Message)
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
		_ = d.line.secure.Close()
	}
	return contacts
}
