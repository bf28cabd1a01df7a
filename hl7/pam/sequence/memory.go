package sequence

// memory is a map of bounded size that forgets what it has not been asked for
// since the longest time. It does so by generations: when the young half is
// full it becomes the old one, and what is asked for in the old half moves to
// the young. That costs a map look-up, no list and no time stamps.
type memory[V any] struct {
	young, old map[string]V
	half       int
}

func newMemory[V any](size int) memory[V] {
	return memory[V]{young: map[string]V{}, half: max(size/2, 1)}
}

// get looks a key up.
func (m *memory[V]) get(key []byte) (V, bool) {
	if v, ok := m.young[string(key)]; ok {
		return v, true
	}
	v, ok := m.old[string(key)]
	if ok {
		m.put(key, v)
	}
	return v, ok
}

// mostKey bounds a key in bytes. HL7 gives identifiers a few dozen; what is
// longer is a fault of its message, and not worth the room to remember it.
const mostKey = 256

// put remembers a value under a key.
func (m *memory[V]) put(key []byte, v V) {
	if len(key) > mostKey {
		return
	}
	if _, known := m.young[string(key)]; !known && len(m.young) >= m.half {
		m.old, m.young = m.young, make(map[string]V, m.half)
	}
	m.young[string(key)] = v
}

// len is how many values are kept; one that moved to the young half counts
// twice until the old one is dropped.
func (m *memory[V]) len() int { return len(m.young) + len(m.old) }

// remove forgets a key.
func (m *memory[V]) remove(key []byte) {
	delete(m.young, string(key))
	delete(m.old, string(key))
}
