package schema

import (
	"slices"

	"github.com/pamlab/pamlab/hl7"
)

// A Match is the outcome of holding a message against a [Structure]. The zero
// Match is ready to use. Using one again for the next message saves its
// allocations: then a message that conforms costs none. A Match is for one
// goroutine at a time.
type Match struct {
	// Places has an entry for each segment of the message.
	Places []Place
	// Findings are in the order of the message. There are none when it conforms.
	Findings []Finding

	keys   []uint32
	groups [maxGroups]int32 // how many of each group have begun
}

// A Place says where in the structure a segment stands.
type Place struct {
	Slot     int // its index in [Structure.Slots]; -1 when it has none
	Instance int // which of its group's repetitions it is in, from 1, counted over the message
}

// Match holds a message against the structure. It works in time linear in the
// number of segments, whatever they are.
func (s *Structure) Match(m *hl7.Message, into *Match) {
	into.reset()
	separator := m.Delimiters().Field
	for i := range m.NumSegments() {
		raw := m.Segment(i).Raw()
		if len(raw) > 3 && raw[3] == separator {
			raw = raw[:3]
		}
		into.keys = append(into.keys, packName(raw))
	}
	if g := s.use(); !g.run(into) {
		s.explain(into)
	}
	locate(m, into.Findings)
}

// MatchNames is [Structure.Match] for the names of the segments alone. Its
// findings have no offsets.
func (s *Structure) MatchNames(names []string, into *Match) {
	into.reset()
	for _, name := range names {
		into.keys = append(into.keys, packName(name))
	}
	if g := s.use(); !g.run(into) {
		s.explain(into)
	}
	occurrences(names, into.Findings)
}

func (r *Match) reset() {
	r.Places, r.Findings, r.keys = r.Places[:0], r.Findings[:0], r.keys[:0]
}

// run follows a message that conforms, from each segment to its successor. It
// stops and returns false at the first fault. Z segments that the structure does
// not have are told and passed over: they disturb nothing.
func (g *grammar) run(r *Match) bool {
	if len(g.slots) == 0 {
		return false
	}
	clear(r.groups[:g.groups])
	r.groups[0] = 1
	state, count := len(g.slots), 0
	for at, key := range r.keys {
		list := g.next[g.first[state]:g.first[state+1]]
		i := slices.IndexFunc(list, func(s successor) bool { return s.key == key })
		if i < 0 {
			if key&0xff != 'Z' || slices.Contains(g.keys, key) || len(r.Findings) == limit {
				return false
			}
			r.Places = append(r.Places, Place{Slot: -1})
			r.Findings = append(r.Findings, Finding{Kind: SegmentLocal, Segment: at, Count: 1})
			continue
		}
		next := int(list[i].slot)
		if next != state {
			count = 0
		}
		if count++; g.slots[next].Max > 1 && count > g.slots[next].Max {
			return false
		}
		state = next
		r.place(g, state, list[i].same)
	}
	return g.last[state]
}

// successor returns the slot that a segment takes after slot state, or -1.
func (g *grammar) successor(state int, key uint32) int {
	for _, s := range g.next[g.first[state]:g.first[state+1]] {
		if s.key == key {
			return int(s.slot)
		}
	}
	return -1
}

// place notes where a segment stands. A segment that does not continue the
// group of the one before it begins a repetition of its own.
func (r *Match) place(g *grammar, slot int, same bool) {
	group := g.nodes[g.leaf[slot]].group
	if group != 0 && !same {
		r.groups[group]++
	}
	r.Places = append(r.Places, Place{slot, int(r.groups[group])})
}
