package schema

import (
	"slices"

	"github.com/pamlab/pamlab/hl7"
)

// explainer turns the reading that [repair] found into findings, so that each
// fault of the sender is told once.
type explainer struct {
	g     *grammar
	r     *Match
	gaps  *gapTable
	known []uint32 // the keys of the segments that the structure has
	slots []int16  // their slots
	notes []note   // beside r.Findings

	state int // the slot of the last segment that has one, or the start
	gap   int // counts the segments that have a slot: findings of the same gap lie between the same two
	count int // how many in a row are in the state's slot
	taken []int32
}

// note is what is known about a finding while the others are collected.
type note struct {
	gap   int
	known int   // index in known of the segment before which one is missing
	after int16 // the state in which a segment was too many
	told  bool  // the finding is part of another
}

// explain reads a message that does not conform.
func (s *Structure) explain(into *Match) {
	g := s.use()
	if len(g.slots) == 0 {
		return
	}
	e := explainer{g: g, r: into, gaps: s.gapTable(), taken: make([]int32, len(g.slots))}
	strange := []uint8{0}
	for _, key := range into.keys {
		switch last := len(strange) - 1; {
		case slices.Contains(g.keys, key):
			e.known, strange = append(e.known, key), append(strange, 0)
		case key&0xff != 'Z' && strange[last] < 100:
			strange[last]++
		}
	}
	e.tell(newRepair(g, e.gaps, strange).read(e.known))
	if len(e.r.Findings) > 1 {
		e.reconsider(strange)
	}
}

// tell fills the match with the findings of a reading.
func (e *explainer) tell(slots []int16) {
	e.slots, e.state, e.gap, e.count = slots, len(e.g.slots), 0, 0
	e.notes = e.notes[:0]
	clear(e.taken)
	e.walk()
	e.join()
	e.classify()
	e.finish()
}

// walk goes through the message and collects what is missing and what is too
// many.
func (e *explainer) walk() {
	e.r.Places, e.r.Findings = e.r.Places[:0], e.r.Findings[:0]
	clear(e.r.groups[:])
	e.r.groups[0] = 1
	k := 0
	for i, key := range e.r.keys {
		switch {
		case k == len(e.known) || key != e.known[k]:
			e.r.Places = append(e.r.Places, Place{Slot: -1})
			e.add(Finding{Kind: SegmentUnknown, Segment: i, Count: 1}, note{gap: e.gap})
		case e.slots[k] < 0:
			e.r.Places = append(e.r.Places, Place{Slot: -1})
			e.tooMany(i, k)
			k++
		default:
			e.take(i, k)
			k++
		}
	}
	e.missing(len(e.r.keys), k, len(e.g.slots))
}

func (e *explainer) add(f Finding, n note) {
	if len(e.r.Findings) < limit {
		e.r.Findings, e.notes = append(e.r.Findings, f), append(e.notes, n)
	}
}

// missing adds what is left out before segment i, which is in slot j.
func (e *explainer) missing(i, k, j int) {
	if e.gaps.to(j)[e.state] == 0 {
		return
	}
	e.g.way(e.state, j, func(at int16) {
		for e.g.nodes[at].slot < 0 { // of a group, its first required segment
			for at++; e.g.nodes[at].need == 0; at = e.g.nodes[at].end {
			}
		}
		slot := &e.g.slots[e.g.nodes[at].slot]
		e.add(Finding{Kind: SegmentMissing, Segment: i, Slot: slot, Count: 1}, note{gap: e.gap, known: k})
	})
}

// take notes segment i, the k-th known, in its slot.
func (e *explainer) take(i, k int) {
	j := int(e.slots[k])
	e.missing(i, k, j)
	slot := &e.g.slots[j]
	repeats := slot.Max != 1 && j == e.state
	from := int16(-1)
	if e.state < len(e.g.slots) && (j > e.state || repeats) {
		from = e.g.nodes[e.g.leaf[e.state]].group
	}
	if e.count++; !repeats {
		e.count = 1
	}
	e.state = j
	e.r.place(e.g, j, from == e.g.nodes[e.g.leaf[j]].group)
	e.taken[j]++
	e.gap++
	switch {
	case slot.Max == 0:
		e.beyond(SegmentForbidden, i, slot)
	case slot.Max > 1 && e.count > slot.Max:
		e.beyond(SegmentRepeated, i, slot)
	}
}

// beyond adds segment i, which is in its slot and yet not wanted, to the finding
// about the one before it, or as a finding of its own.
func (e *explainer) beyond(kind Kind, i int, slot *Slot) {
	if last := len(e.r.Findings) - 1; last >= 0 {
		if f := &e.r.Findings[last]; f.Kind == kind && f.Slot == slot && f.Segment+f.Count == i {
			f.Count++
			return
		}
	}
	e.add(Finding{Kind: kind, Segment: i, Slot: slot, Max: slot.Max, Count: 1}, note{gap: e.gap})
}

// tooMany notes segment i, which has no slot where it stands. Equal ones in a
// row are one finding.
func (e *explainer) tooMany(i, k int) {
	if last := len(e.r.Findings) - 1; k > 0 && e.slots[k-1] < 0 && e.known[k] == e.known[k-1] && last >= 0 {
		if f := &e.r.Findings[last]; f.Kind == SegmentMisplaced && f.Segment+f.Count == i {
			f.Count++
			return
		}
	}
	e.add(Finding{Kind: SegmentMisplaced, Segment: i, Count: 1}, note{gap: e.gap, known: k, after: int16(e.state)})
}

// join puts together what is one fault: a segment that is missing in one place
// and too many in another; one that is missing where an unknown one stands,
// which is then a misspelt one; two of a group that changed places.
func (e *explainer) join() {
	tooMany := map[uint32][]int{}
	unknown := map[int][]int{}
	for i := range e.r.Findings {
		f := &e.r.Findings[i]
		switch gap := e.notes[i].gap; {
		case f.Kind == SegmentMisplaced:
			key := e.r.keys[f.Segment]
			tooMany[key] = append(tooMany[key], i)
		case f.Kind == SegmentUnknown && e.r.keys[f.Segment]&0xff == 'Z':
			f.Kind = SegmentLocal
		case f.Kind == SegmentUnknown:
			unknown[gap] = append(unknown[gap], i)
		}
	}
	for i := range e.r.Findings {
		f := &e.r.Findings[i]
		if f.Kind != SegmentMissing {
			continue
		}
		key := e.g.keys[f.Slot.Number]
		switch {
		case len(tooMany[key]) > 0:
			e.r.Findings[tooMany[key][0]].Slot = f.Slot
			tooMany[key] = tooMany[key][1:]
			e.notes[i].told = true
		case len(unknown[e.notes[i].gap]) > 0:
			list := unknown[e.notes[i].gap]
			e.r.Findings[list[0]].Expected = f.Slot
			unknown[e.notes[i].gap] = list[1:]
			e.notes[i].told = true
		case e.inPlaceOf(i):
			e.notes[i].told = true
		case e.swapped(e.notes[i].known, f.Slot):
			f.Kind, f.Slot = SegmentMisplaced, &e.g.slots[e.slots[e.notes[i].known]]
			e.notes[i].after = -1
		}
	}
}

// inPlaceOf looks, beside the missing segment of finding i, for one too many
// whose name differs in one character: PD1 written for PV1.
func (e *explainer) inPlaceOf(i int) bool {
	missing := e.g.keys[e.r.Findings[i].Slot.Number]
	for k := i - 1; k >= 0 && e.notes[k].gap == e.notes[i].gap; k-- {
		f := &e.r.Findings[k]
		if f.Kind == SegmentMisplaced && f.Expected == nil && f.Slot == nil && f.Count == 1 && oneApart(e.r.keys[f.Segment], missing) {
			f.Expected = e.r.Findings[i].Slot
			return true
		}
	}
	return false
}

// oneApart says whether two packed names differ in one character.
func oneApart(a, b uint32) bool {
	x, different := a^b, 0
	for ; x != 0; x >>= 8 {
		if x&0xff != 0 {
			different++
		}
	}
	return different == 1
}

// swapped says whether known segment k stands before the first of its group
// when it belongs behind it: IN2 IN1 for IN1 IN2.
func (e *explainer) swapped(k int, missing *Slot) bool {
	if k+1 >= len(e.slots) || e.slots[k] < 0 || int(e.slots[k+1]) != missing.Number || e.slots[k] <= e.slots[k+1] {
		return false
	}
	group := func(slot int16) int16 { return e.g.nodes[e.g.leaf[slot]].group }
	own := e.slots[k]
	if group(own) != group(e.slots[k+1]) {
		return false
	}
	for _, slot := range e.slots[k+2:] {
		switch {
		case slot < 0:
		case slot == own:
			return e.g.slots[own].Max == Unbounded
		case slot > own || slot <= int16(missing.Number):
			return true
		}
	}
	return true
}

// classify tells segments that there are too many of from those that are in
// the wrong place: it is misplaced if somewhere a slot for it is free.
func (e *explainer) classify() {
	for i := range e.r.Findings {
		f := &e.r.Findings[i]
		if f.Kind != SegmentMisplaced || f.Slot != nil {
			continue
		}
		f.Slot = e.slotFor(e.r.keys[f.Segment], e.notes[i].after)
		switch {
		case f.Slot.Max == 0:
			f.Kind = SegmentForbidden
		case e.full(f.Slot, e.notes[i].after):
			f.Kind, f.Max = SegmentRepeated, f.Slot.Max
		}
	}
}

// slotFor returns the slot that a segment too many is told about: the one that
// it follows if that is its own, one that is free, the first, or, where every
// one is marked ~, the first of those.
func (e *explainer) slotFor(key uint32, after int16) *Slot {
	if int(after) < len(e.g.slots) && e.g.keys[after] == key {
		return &e.g.slots[after]
	}
	var first *Slot
	for j, k := range e.g.keys {
		if k != key {
			continue
		}
		slot := &e.g.slots[j]
		if slot.Max != 0 && !e.full(slot, after) {
			return slot
		}
		if first == nil || first.Max == 0 {
			first = slot
		}
	}
	return first
}

// full says whether every repetition of the slot's group has its segment.
func (e *explainer) full(slot *Slot, after int16) bool {
	switch {
	case slot.Max == Unbounded || slot.Max == 0:
		return false
	case int(after) == slot.Number:
		return true
	}
	instances := e.r.groups[e.g.nodes[e.g.leaf[slot.Number]].group]
	return e.taken[slot.Number] > 0 && e.taken[slot.Number] >= instances
}

// finish drops what is part of another finding and puts the rest in order.
func (e *explainer) finish() {
	kept := e.r.Findings[:0]
	for i, f := range e.r.Findings {
		if !e.notes[i].told {
			kept = append(kept, f)
		}
	}
	slices.SortStableFunc(kept, func(a, b Finding) int { return a.Segment - b.Segment })
	e.r.Findings = kept
}

// locate gives the findings on a message their places in it.
func locate(m *hl7.Message, findings []Finding) {
	var seen map[string]int
	at := 0
	for i := range findings {
		f := &findings[i]
		if f.Kind != SegmentMissing {
			s := m.Segment(f.Segment)
			last := m.Segment(f.Segment + f.Count - 1)
			f.Location, f.Offset = s.Location(), s.Offset()
			f.Size = last.Offset() + len(last.Raw()) - s.Offset()
			continue
		}
		if seen == nil {
			seen = map[string]int{}
		}
		for ; at < f.Segment; at++ {
			s := m.Segment(at)
			seen[s.Name()] = s.Occurrence()
		}
		f.Location = hl7.Location{Segment: f.Slot.Segment, Occurrence: seen[f.Slot.Segment] + 1}
		f.Offset = len(m.Bytes())
		if f.Segment < m.NumSegments() {
			f.Offset = m.Segment(f.Segment).Offset()
		}
	}
}

// occurrences is locate for names alone.
func occurrences(names []string, findings []Finding) {
	seen := map[string]int{}
	at := 0
	for i := range findings {
		f := &findings[i]
		for ; at < f.Segment; at++ {
			seen[names[at]]++
		}
		f.Location.Segment = ""
		if f.Kind == SegmentMissing {
			f.Location.Segment = f.Slot.Segment
		} else {
			f.Location.Segment = names[f.Segment]
		}
		f.Location.Occurrence = seen[f.Location.Segment] + 1
	}
}
