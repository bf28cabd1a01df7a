package reference

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"sync"

	"github.com/pamlab/pamlab/hl7"
)

// An answerKey stands for one message of one sender: MSH-3, MSH-4 and MSH-10
// with all that follows MSH, and not MSH itself, whose date a sender may renew
// when it sends again. A control id that comes back with another content is
// another message: a sender that counts badly must not lose a movement for it.
type answerKey [sha256.Size]byte

func keyOf(h hl7.Header, payload []byte) answerKey {
	hash := sha256.New()
	for _, part := range []string{h.SendingApplication, h.SendingFacility, h.ControlID, h.Type, h.Trigger} {
		hash.Write([]byte(part))
		hash.Write([]byte{'\r'})
	}
	if i := bytes.IndexAny(payload, "\r\n"); i >= 0 {
		hash.Write(payload[i:])
	}
	return answerKey(hash.Sum(nil))
}

// answers remembers what was answered, so that a message that is sent again,
// because its sender never saw the answer, is answered again and not applied
// again (mllp-ack-tls.md §1.3). When there are more than max, the oldest are
// forgotten. It is safe for concurrent use.
type answers struct {
	mu      sync.Mutex
	max     int
	entries map[answerKey]*list.Element // of *answer
	order   *list.List                  // oldest in front
}

// An answer is one that was given or, until done is closed, that somebody is
// working on.
type answer struct {
	key   answerKey
	done  chan struct{}
	given verdict // valid once done is closed
}

func newAnswers(max int) *answers {
	return &answers{max: max, entries: map[answerKey]*list.Element{}, order: list.New()}
}

// claim returns the answer given before to the same message, waiting for the
// one that is being worked on. When there is none it returns an answer for the
// caller to settle. The error is ctx's.
func (a *answers) claim(ctx context.Context, key answerKey) (mine *answer, given *verdict, err error) {
	for {
		current, first := a.enter(key)
		if first {
			return current, nil, nil
		}
		select {
		case <-current.done:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		if current.given.final() {
			return nil, &current.given, nil
		}
	}
}

func (a *answers) enter(key answerKey) (current *answer, first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.entries[key]; e != nil {
		return e.Value.(*answer), false
	}
	current = &answer{key: key, done: make(chan struct{})}
	a.entries[key] = a.order.PushBack(current)
	if a.order.Len() > a.max {
		a.remove(a.order.Front())
	}
	return current, true
}

func (a *answers) remove(e *list.Element) {
	delete(a.entries, e.Value.(*answer).key)
	a.order.Remove(e)
}

// settle gives an answer to those who wait for it and to those who will ask. A
// rejection (AR) is not remembered: it invites to send again later.
func (a *answers) settle(mine *answer, v verdict) {
	mine.given = v
	if !v.final() {
		a.mu.Lock()
		if e := a.entries[mine.key]; e != nil && e.Value == mine {
			a.remove(e)
		}
		a.mu.Unlock()
	}
	close(mine.done)
}
