package schema

import "slices"

// reconsider tries to tell a message in fewer findings by taking one segment
// out of the reading. What repair minimises does not know that a segment that
// is missing here and too many there is one fault and not two, so that it can
// prefer two other faults.
func (e *explainer) reconsider(strange []uint8) {
	const mostTried, longest = 8, 100
	if len(e.known) > longest {
		return
	}
	least, best := len(e.r.Findings), e.slots
	try := func(slots []int16) {
		if e.tell(slots); len(e.r.Findings) < least {
			least, best = len(e.r.Findings), slots
		}
	}
	var missing []uint32
	for _, f := range e.r.Findings {
		if f.Kind == SegmentMissing {
			missing = append(missing, e.g.keys[f.Slot.Number])
		}
	}
	tried := 0
	for k, key := range e.known {
		if slots := e.moved(k); slots != nil {
			try(slots)
			break
		}
		if tried < mostTried && slices.ContainsFunc(missing, func(m uint32) bool { return m == key || oneApart(m, key) }) {
			tried++
			try(e.without(k, strange))
		}
	}
	e.tell(best)
}

// without reads the message as if known segment k were one too many.
func (e *explainer) without(k int, strange []uint8) []int16 {
	rest := slices.Delete(slices.Clone(strange), k, k+1)
	rest[k] = min(rest[k]+strange[k], 100)
	slots := newRepair(e.g, e.gaps, rest).read(slices.Delete(slices.Clone(e.known), k, k+1))
	return slices.Insert(slots, k, -1)
}

// moved looks for a place where known segment k would make the message conform,
// and returns the reading in which it is missing there. A place is only tried
// where the segment can follow and everything before it conforms.
func (e *explainer) moved(k int) []int16 {
	state := len(e.g.slots)
	slots := make([]int16, 0, len(e.known))
	at := func(i int) uint32 {
		if i >= k {
			i++
		}
		return e.known[i]
	}
	for to := range len(e.known) {
		if there := e.g.successor(state, e.known[k]); there >= 0 && to != k {
			if tail := e.follow(there, to, at, slots); tail != nil {
				return slices.Insert(tail, k, -1)
			}
		}
		if to == len(e.known)-1 {
			break
		}
		if state = e.g.successor(state, at(to)); state < 0 {
			break
		}
		slots = append(slots, int16(state))
	}
	return nil
}

// follow appends to slots those of the segments from i on, all but one of the
// known, or returns nil when they do not conform.
func (e *explainer) follow(state, i int, at func(int) uint32, slots []int16) []int16 {
	slots = slices.Clone(slots)
	for ; i < len(e.known)-1; i++ {
		if state = e.g.successor(state, at(i)); state < 0 {
			return nil
		}
		slots = append(slots, int16(state))
	}
	if !e.g.last[state] {
		return nil
	}
	return slots
}
