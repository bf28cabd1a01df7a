package reference

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// Bounds of a letterbox: how much it takes before somebody reads, how much it
// remembers of what is settled, how often the receiver itself may turn a message
// away, and how far apart attempts may come to lie.
const (
	mostWaiting  = 10_000
	mostSettled  = 10_000
	mostAttempts = 10
	longestPause = time.Minute
)

// The states of a letter.
const (
	waiting = "waiting" // it will be sent, again if need be
	taken   = "sent"    // acknowledged
	parked  = "parked"  // it must not be sent again as it is, or in vain too often
)

var (
	errOutboxFull = badRequest("la boîte d'envoi est pleine", "the outbox is full")
	errNotOurs    = errors.New("the acknowledgement is of another message")
	errRefused    = errors.New("refused, and not to be sent again unchanged")
	errGivenUp    = errors.New("given up after too many attempts")
	errLost       = errors.New("lost")
)

// A letter is a message in a letterbox.
type letter struct {
	id, patient, event, step string

	body     []byte
	state    string
	attempts int // that reached the receiver, or nobody
	ack      hl7.AckCode
	err      error     // of the last attempt, or why it is parked
	due      time.Time // of the next attempt
}

// A letterbox holds messages until the receiver has taken them: in order for each
// patient, and what one patient waits for keeps no other waiting.
type letterbox struct {
	faults faults
	every  time.Duration // the first pause after a failure; it doubles

	mu      sync.Mutex
	letters []*letter // oldest first
	waiting int
	hold    time.Time // nobody is there until then: it is no use to try
	lose    map[string]bool
	stopped bool          // by the bug gam-stops-after-refusal
	wake    chan struct{} // holds one token when something was posted
}

func newLetterbox(f faults, every time.Duration) *letterbox {
	return &letterbox{faults: f, every: every, lose: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// room reports, as an error, that so many letters are too many.
func (o *letterbox) room(n int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting+n > mostWaiting {
		return errOutboxFull
	}
	return nil
}

// post puts letters at the end of the queue of their patients.
func (o *letterbox) post(letters ...*letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range letters {
		if l.state = waiting; o.lose[l.patient] {
			delete(o.lose, l.patient)
			l.state, l.err = parked, errLost
		} else {
			o.waiting++
		}
		o.letters = append(o.letters, l)
	}
	o.forget()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// forget drops the oldest of what is settled.
func (o *letterbox) forget() {
	surplus := len(o.letters) - o.waiting - mostSettled
	if surplus <= 0 {
		return
	}
	o.letters = slices.DeleteFunc(o.letters, func(l *letter) bool {
		if surplus == 0 || l.state == waiting {
			return false
		}
		surplus--
		return true
	})
}

// next is what can be sent now, at most n letters; without any, until when there
// is nothing to do, zero for ever.
func (o *letterbox) next(now time.Time, n int) (ready []*letter, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped {
		return nil, time.Time{}
	}
	if o.hold.After(now) {
		return nil, o.hold
	}
	behind := map[string]bool{} // patients who have a letter that comes first
	for _, l := range o.inOrder() {
		if l.state != waiting || behind[l.patient] {
			continue
		}
		if l.due.After(now) {
			behind[l.patient] = !o.faults.on(gamOvertakes)
			if until.IsZero() || l.due.Before(until) {
				until = l.due
			}
			continue
		}
		behind[l.patient] = n == 1
		if ready = append(ready, l); len(ready) == n {
			break
		}
	}
	return ready, until
}

// inOrder are the letters, the one that goes first before the others.
func (o *letterbox) inOrder() []*letter {
	if !o.faults.on(gamWrongOrder) {
		return o.letters
	}
	turned := slices.Clone(o.letters)
	slices.Reverse(turned)
	return turned
}

// settle draws the conclusions from an attempt.
func (o *letterbox) settle(l *letter, c Contact, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.attempts++
	l.err = c.Err
	reached := c.Conn != nil
	if c.Err == nil {
		l.ack = c.Ack.Code
		if c.Ack.MessageID != l.id && !o.faults.on(gamTakesAnyAnswer) {
			l.err = errNotOurs
		}
	}
	switch {
	case l.err != nil, l.ack == hl7.AR, l.ack == hl7.CR:
		o.later(l, reached, now)
	case l.ack.Positive():
		l.state = taken
	default:
		o.refused(l, now)
	}
	if l.state != waiting {
		o.waiting--
	}
}

// later has a letter tried again, which is the right thing to do when nobody was
// there, nobody answered, or the receiver said that the moment is wrong.
func (o *letterbox) later(l *letter, reached bool, now time.Time) {
	switch {
	case o.faults.on(gamNeverRetries):
		l.state = parked
		return
	case reached && l.attempts >= mostAttempts:
		l.state, l.err = parked, errors.Join(errGivenUp, l.err)
		return
	}
	l.due = now.Add(o.pause(l.attempts))
	if !reached {
		o.hold = l.due
		l.attempts = min(l.attempts, mostAttempts/2) // who is not there turns nobody away
	}
}

// refused parks a letter: the same content would be refused again.
func (o *letterbox) refused(l *letter, now time.Time) {
	if o.faults.on(gamResendsRefused) && l.attempts < mostAttempts {
		l.due = now.Add(o.pause(l.attempts))
		return
	}
	l.state, l.err = parked, errRefused
	if o.faults.on(gamStopsAfterRefusal) {
		o.stopped = true
	}
	if !o.faults.on(gamLosesAfterRefusal) {
		return
	}
	for _, next := range o.letters {
		if next.patient == l.patient && next.state == waiting && next != l {
			next.state, next.err = parked, errLost
			o.waiting--
			return
		}
	}
	o.lose[l.patient] = true
}

// pause is how long to wait after so many attempts.
func (o *letterbox) pause(attempts int) time.Duration {
	return min(o.every<<min(attempts-1, 16), longestPause)
}

// rename gives a letter another MSH-10, as the bug gam-new-id-on-retry has it.
func (o *letterbox) rename(l *letter, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.id, l.body = id, overwrite(l.body, "MSH-10", []byte(id))
}

func (o *letterbox) pending() (left, aside int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.letters {
		if l.state == parked {
			aside++
		}
	}
	return o.waiting, aside
}

// view are copies of the letters that are wanted, oldest first.
func (o *letterbox) view(want func(*letter) bool) []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []letter
	for _, l := range o.letters {
		if want(l) {
			all = append(all, *l)
		}
	}
	return all
}
