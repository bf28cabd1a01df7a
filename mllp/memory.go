package mllp

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// errNoMemory ends a connection for which no buffer is left.
var errNoMemory = errors.New("no memory left for it")

// A memory shares out what the buffers of a Server's connections may take
// together, beyond the few kilobytes that each needs anyway.
//
// When it is used up, who has been sending one block for the longest time loses
// its place: a peer that means well is done soon, and one that holds memory
// without end is the first to go, however many there are of it. A connection
// whose message is complete is never taken away from its handler; who wants
// memory then waits for it, within the time that its block has.
type memory struct {
	max  int64
	used atomic.Int64 // written under mu
	lost atomic.Uint64

	mu      sync.Mutex
	holders map[*holder]struct{} // those with bytes
	changed chan struct{}        // closed, and replaced, when bytes were given back or a place lost
}

// A holder is a connection's part of a memory. bytes is changed by the
// connection's goroutine alone, so that it may read it without the lock.
type holder struct {
	bytes     int64
	since     time.Time // when it began what it receives
	receiving bool      // it may lose its place
	lost      bool
	end       io.Closer // ends the connection, without waiting
}

func newMemory(limit int) *memory {
	return &memory{max: int64(limit), holders: map[*holder]struct{}{}, changed: make(chan struct{})}
}

// pressed reports whether idle connections should give back what they can. One
// half is so kept for those that have something to send.
func (m *memory) pressed() bool { return m.used.Load() > m.max/2 }

// resize gives or takes back bytes, until h holds as many. It waits for others
// to give back, until ctx ends. The error says that h shall end.
func (m *memory) resize(ctx context.Context, h *holder, bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		switch {
		case h.lost && bytes > 0:
			return errNoMemory
		case bytes <= h.bytes || m.used.Load()-h.bytes+bytes <= m.max:
			m.set(h, bytes)
			return nil
		case bytes > m.max:
			return m.refuse(h)
		}
		if oldest := m.oldest(h); oldest == h {
			return m.refuse(h)
		} else if oldest != nil {
			oldest.lost = true
			oldest.end.Close()
			m.lost.Add(1)
			m.broadcast() // it may be waiting in here
		}
		if !m.wait(ctx) {
			return m.refuse(h)
		}
	}
}

// refuse takes its place away from who asks for more.
func (m *memory) refuse(h *holder) error {
	if !h.lost {
		h.lost = true
		m.lost.Add(1)
	}
	return errNoMemory
}

// try is resize without waiting.
func (m *memory) try(h *holder, bytes int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h.lost && bytes > 0 || bytes > h.bytes && m.used.Load()-h.bytes+bytes > m.max {
		return false
	}
	m.set(h, bytes)
	return true
}

// give takes back all that h holds.
func (m *memory) give(h *holder) {
	if h.bytes > 0 {
		m.try(h, 0)
	}
}

// set notes what h holds.
func (m *memory) set(h *holder, bytes int64) {
	m.used.Add(bytes - h.bytes)
	if bytes < h.bytes {
		m.broadcast()
	}
	if h.bytes = bytes; bytes > 0 {
		m.holders[h] = struct{}{}
	} else {
		delete(m.holders, h)
	}
}

// oldest is who loses its place so that h can go on: h itself if it began
// first, nil if there is none or one is on its way out already.
func (m *memory) oldest(h *holder) *holder {
	var first *holder
	for o := range m.holders {
		if o.lost {
			return nil
		}
		if o.receiving && (first == nil || o.since.Before(first.since)) {
			first = o
		}
	}
	if first != nil && h.bytes > 0 && h.since.Before(first.since) {
		return h
	}
	return first
}

// wait waits until something has changed; false if ctx has ended before.
func (m *memory) wait(ctx context.Context) bool {
	changed := m.changed
	m.mu.Unlock()
	defer m.mu.Lock()
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

func (m *memory) broadcast() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// mark notes whether h is receiving, and since when. It returns false if h has
// lost its place: then it must not go on.
func (m *memory) mark(h *holder, receiving bool, since time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	h.receiving, h.since = receiving, since
	return !h.lost
}
