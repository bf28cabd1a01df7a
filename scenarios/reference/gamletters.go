package reference

import (
	"slices"
	"strings"
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

// Why a letter waits or is parked, besides what the network says.
const (
	notOurs = "the acknowledgement is of another message"
	refused = "refused, and not to be sent again unchanged"
	givenUp = "given up after too many attempts"
	lost    = "lost"
)

// A letter is a Letter in a letterbox.
type letter struct {
	Letter
	due time.Time // of the next attempt
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

// Room is how many letters it would take.
func (o *letterbox) Room() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return mostWaiting - o.waiting
}

// Post puts letters at the end of the queue of their patients.
func (o *letterbox) Post(letters ...Letter) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, posted := range letters {
		l := &letter{Letter: posted}
		if l.State = waiting; o.lose[l.Patient] {
			delete(o.lose, l.Patient)
			l.State, l.Error = parked, lost
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
	return nil
}

// forget drops the oldest of what is settled.
func (o *letterbox) forget() {
	surplus := len(o.letters) - o.waiting - mostSettled
	if surplus <= 0 {
		return
	}
	o.letters = slices.DeleteFunc(o.letters, func(l *letter) bool {
		if surplus == 0 || l.State == waiting {
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
		if l.State != waiting || behind[l.Patient] {
			continue
		}
		if l.due.After(now) {
			behind[l.Patient] = !o.faults.on(gamOvertakes)
			if until.IsZero() || l.due.Before(until) {
				until = l.due
			}
			continue
		}
		behind[l.Patient] = n == 1
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
	l.Attempts++
	l.Error = ""
	var code hl7.AckCode
	switch {
	case c.Err != nil:
		l.Error = c.Err.Error()
	case c.Ack.MessageID != l.ControlID && !o.faults.on(gamTakesAnyAnswer):
		l.Error = notOurs
	default:
		code = c.Ack.Code
	}
	if c.Err == nil {
		l.Ack = string(c.Ack.Code)
	}
	switch {
	case l.Error != "", code == hl7.AR, code == hl7.CR:
		o.later(l, c.Conn != nil, now)
	case code.Positive():
		l.State = taken
	default:
		o.refused(l, now)
	}
	if l.State != waiting {
		o.waiting--
	}
}

// later has a letter tried again, which is the right thing to do when nobody was
// there, nobody answered, or the receiver said that the moment is wrong.
func (o *letterbox) later(l *letter, reached bool, now time.Time) {
	switch {
	case o.faults.on(gamNeverRetries):
		l.State = parked
		return
	case reached && l.Attempts >= mostAttempts:
		l.State, l.Error = parked, strings.TrimSuffix(givenUp+": "+l.Error, ": ")
		return
	}
	l.due = now.Add(o.pause(l.Attempts))
	if !reached {
		o.hold = l.due
		l.Attempts = min(l.Attempts, mostAttempts/2) // who is not there turns nobody away
	}
}

// refused parks a letter: the same content would be refused again.
func (o *letterbox) refused(l *letter, now time.Time) {
	if o.faults.on(gamResendsRefused) && l.Attempts < mostAttempts {
		l.due = now.Add(o.pause(l.Attempts))
		return
	}
	l.State, l.Error = parked, refused
	if o.faults.on(gamStopsAfterRefusal) {
		o.stopped = true
	}
	if !o.faults.on(gamLosesAfterRefusal) {
		return
	}
	for _, next := range o.letters {
		if next.Patient == l.Patient && next.State == waiting && next != l {
			next.State, next.Error = parked, lost
			o.waiting--
			return
		}
	}
	o.lose[l.Patient] = true
}

// pause is how long to wait after so many attempts.
func (o *letterbox) pause(attempts int) time.Duration {
	return min(o.every<<min(attempts-1, 16), longestPause)
}

// rename gives a letter another MSH-10, as the bug gam-new-id-on-retry has it.
func (o *letterbox) rename(l *letter, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.ControlID, l.Message = id, overwrite(l.Message, "MSH-10", []byte(id))
}

func (o *letterbox) pending() (left, aside int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.letters {
		if l.State == parked {
			aside++
		}
	}
	return o.waiting, aside
}

// Letters are copies of those that are wanted, oldest first.
func (o *letterbox) Letters(want func(*Letter) bool) []Letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []Letter
	for _, l := range o.letters {
		if want(&l.Letter) {
			all = append(all, l.Letter)
		}
	}
	return all
}
