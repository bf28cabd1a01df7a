package store

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// memoryBytes is how much a store in memory keeps unless Options.MaxBytes says
// otherwise.
const memoryBytes = 512 << 20

// memory is a store that is gone when it is closed. SQLite in memory would do the
// work of a disk for the sake of none. When it is full, the oldest records are
// forgotten, since it promises nothing for later; what waits to be sent is not.
type memory struct {
	most int64

	mu      sync.Mutex
	records []*Record // by ID; nobody else has them
	last    int64
	size    int64
	values  map[string][]byte
}

func newMemory(most int64) *memory {
	if most <= 0 {
		most = memoryBytes
	}
	return &memory{most: most, values: map[string][]byte{}}
}

// overhead is about what a record takes beside its messages.
const overhead = 600

func (r *Record) size() int64 { return overhead + int64(len(r.Memo)+len(r.Message)+len(r.Answer)) }

// clone copies a record with its messages, which belong to the caller.
func (r *Record) clone() *Record {
	c := *r
	c.Findings = slices.Clone(r.Findings)
	c.Memo, c.Message, c.Answer = bytes.Clone(r.Memo), bytes.Clone(r.Message), bytes.Clone(r.Answer)
	return &c
}

// add keeps records. With waiting they are to be sent, and keep their messages
// until they are.
func (m *memory) add(rs []*Record, noContent, waiting bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var wanted int64
	for _, r := range rs {
		wanted += r.size()
	}
	if !m.makeRoom(wanted) {
		return &Error{Kind: Full, Path: Memory}
	}
	for _, r := range rs {
		m.last++
		r.ID = m.last
		if waiting {
			r.State = Waiting
		}
		kept := *r
		if noContent && !waiting {
			kept.Message, kept.Answer = nil, nil
		}
		c := kept.clone()
		m.size += c.size()
		m.records = append(m.records, c)
	}
	return nil
}

// makeRoom forgets the oldest records.
func (m *memory) makeRoom(wanted int64) bool {
	for m.size+wanted > m.most {
		if len(m.records) == 0 || m.records[0].State == Waiting {
			return false
		}
		m.size -= m.records[0].size()
		m.records[0] = nil
		m.records = m.records[1:]
	}
	return true
}

// find returns the place of the first record with an id, or where it would be.
func (m *memory) find(id int64) (int, bool) {
	return slices.BinarySearchFunc(m.records, id, func(r *Record, id int64) int { return int(r.ID - id) })
}

func (m *memory) get(id int64) (*Record, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.find(id)
	if !ok {
		return nil, false
	}
	return m.records[i].clone(), true
}

// page returns copies of the next records of a filter, at most most of them.
func (m *memory) page(f Filter, most int) (page []*Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _ := m.find(f.After + 1)
	for size := int64(0); i < len(m.records) && len(page) < most && size < pageBytes; i++ {
		if r := m.records[i]; f.matches(r) {
			page = append(page, r.clone())
			size += r.size()
		}
	}
	return page
}

func (m *memory) count(f Filter) (n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.records {
		if f.matches(r) {
			n++
		}
	}
	return n
}

// settle writes what Settle does; the id of a record that is not there, else 0.
func (m *memory) settle(rs []*Record, noContent bool) (missing int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rs {
		if _, ok := m.find(r.ID); !ok {
			return r.ID
		}
	}
	for _, r := range rs {
		i, _ := m.find(r.ID)
		kept := m.records[i]
		m.size -= kept.size()
		kept.Time, kept.State, kept.Ack, kept.Attempts, kept.Error = r.Time, r.State, r.Ack, r.Attempts, r.Error
		kept.Verdict, kept.Findings, kept.Took, kept.Peer, kept.Connection = r.Verdict, slices.Clone(r.Findings), r.Took, r.Peer, r.Connection
		switch {
		case noContent && r.State == Done:
			kept.Message, kept.Answer = nil, nil
		case r.Answer != nil && !noContent:
			kept.Answer = bytes.Clone(r.Answer)
		}
		m.size += kept.size()
	}
	return 0
}

func (m *memory) purge(before time.Time) (n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = slices.DeleteFunc(m.records, func(r *Record) bool {
		if !r.Time.Before(before) || r.State == Waiting {
			return false
		}
		m.size -= r.size()
		n++
		return true
	})
	return n
}

func (m *memory) setState(key string, value []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = slices.Concat(value)
}

func (m *memory) state(key string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.values[key])
}

func (m *memory) lastID() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// matches is where, for records at hand.
func (f Filter) matches(r *Record) bool {
	same := func(want, have string) bool { return want == "" || want == have }
	return same(f.Type, r.Type) && same(f.Patient, r.Patient) && same(f.Verdict, r.Verdict) && same(f.Ack, r.Ack) && same(f.ControlID, r.ControlID) &&
		same(f.Destination, r.Destination) && same(string(f.State), string(r.State)) && same(string(f.Direction), string(r.Direction)) &&
		(f.Since.IsZero() || !r.Time.Before(f.Since)) && (f.Until.IsZero() || r.Time.Before(f.Until)) && r.ID > f.After
}
