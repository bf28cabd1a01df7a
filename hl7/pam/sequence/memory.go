package sequence

import "hash/maphash"

// memory is a map of bounded size that forgets what it has not been asked for
// since the longest time. It does so by generations: when the young half is
// full it becomes the old one, and what is asked for in the old half moves to
// the young. That costs a map look-up, no list and no time stamps.
//
// Of a key only its hash is kept, of 64 bits: identifiers are long, there are
// many, and that two of a million have one hash happens once in ten million
// runs.
type memory[V any] struct {
	young, old map[uint64]V
	half       int
	forgot     bool // something was dropped: what is not here may have been
}

func newMemory[V any](size int) memory[V] {
	return memory[V]{young: map[uint64]V{}, half: max(size/2, 1)}
}

// get looks a key up.
func (m *memory[V]) get(key []byte) (V, bool) { return m.find(hashOf(key)) }

func hashOf(key []byte) uint64 { return maphash.Bytes(seed, key) }

// find looks a key up by its hash.
func (m *memory[V]) find(hash uint64) (V, bool) {
	if v, ok := m.young[hash]; ok {
		return v, true
	}
	v, ok := m.old[hash]
	if ok {
		m.keep(hash, v)
	}
	return v, ok
}

// mostKey bounds an identifier in bytes. HL7 gives them a few dozen; what is
// longer is a fault of its message, and not worth the room to remember it.
const mostKey = 256

// put remembers a value under a key.
func (m *memory[V]) put(key []byte, v V) {
	if len(key) <= mostKey {
		m.keep(hashOf(key), v)
	}
}

// swap remembers a value under a key and returns the one before.
func (m *memory[V]) swap(key []byte, v V) (before V, seen bool) {
	hash := hashOf(key)
	if before, seen = m.find(hash); len(key) <= mostKey {
		m.keep(hash, v)
	}
	return before, seen
}

func (m *memory[V]) keep(hash uint64, v V) {
	if _, known := m.young[hash]; !known && len(m.young) >= m.half {
		m.forgot = m.forgot || len(m.old) > 0
		m.old, m.young = m.young, map[uint64]V{}
	}
	m.young[hash] = v
}

// len is how many values are kept; one that moved to the young half counts
// twice until the old one is dropped.
func (m *memory[V]) len() int { return len(m.young) + len(m.old) }

// remove forgets a key.
func (m *memory[V]) remove(key []byte) {
	hash := hashOf(key)
	delete(m.young, hash)
	delete(m.old, hash)
}
