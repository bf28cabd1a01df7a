package schema

import "math"

// A message that does not conform is read as a conforming one to which little
// has happened: segments were left out, others put in. Of all the ways to read
// it so, repair finds one that costs least, by dynamic programming over the
// slots: cost[p] is what it costs to have read the segments so far and to be at
// slot p. A segment then moves from p to a slot of its name, leaving out the
// required segments between the two; or it stays where it is, as one too many.
//
// What the readings cost decides what people are told about a message that
// admits several. A segment that was moved is one left out and one put in, so
// that has to be cheaper than to declare two others superfluous; one left out
// is a better explanation than one put in; and a run of equal segments in the
// wrong place is one fault. Where the message has a segment of unknown name, one
// that is missing in the same place is hardly a fault of its own.
const (
	costMissing   = 3
	costMisspelt  = 1
	costForbidden = 2 // in the very place where it is marked ~
	costExtra     = 5
	costRun       = 6 // several equal ones in a row
	costNever     = math.MaxInt32 / 2
)

// window bounds the memory of repair: longer messages are read in parts, each
// of which begins where the best reading of the one before it ended.
const window = 512

// step is how a state was reached, for tracing the reading back.
type step struct {
	how  uint8
	from uint8 // the state before, of a segment that took a slot
}

const (
	tookSlot uint8 = iota
	extra          // the state did not change
	extraRun       // nor since the beginning of this run of equal segments
	spareRun       // nor since the first of this run
)

// repair returns the slot of each segment, -1 for those that are too many.
type repair struct {
	g     *grammar
	gaps  *gapTable
	cost  []int32
	next  []int32
	start []int32 // cost before the run of equal segments
	one   []int32 // cost after the first of them
	steps []step  // a row of states for each segment of the window
	slots []int16

	strange []uint8 // how many segments of unknown name stand before each segment, and at the end
}

func newRepair(g *grammar, gaps *gapTable, strange []uint8) *repair {
	n, segments := len(g.slots)+1, len(strange)-1
	costs := make([]int32, 4*n)
	return &repair{
		g: g, gaps: gaps,
		cost: costs[:n], next: costs[n : 2*n], start: costs[2*n : 3*n], one: costs[3*n:],
		steps: make([]step, min(segments, window)*n),
		slots: make([]int16, segments), strange: strange,
	}
}

// read reads all segments; each key is of a name that the structure has.
func (r *repair) read(keys []uint32) []int16 {
	state := len(r.g.slots) // the start
	for from := 0; from < len(keys); from += window {
		to := min(from+window, len(keys))
		state = r.readWindow(keys[from:to], from, state, to == len(keys))
	}
	return r.slots
}

func (r *repair) readWindow(keys []uint32, from, state int, ends bool) int {
	for p := range r.cost {
		r.cost[p] = costNever
	}
	r.cost[state] = 0
	run := 0 // where the run began
	for i, key := range keys {
		if i == 0 || key != keys[i-1] {
			run = i
			copy(r.start, r.cost)
		}
		r.advance(i, key, r.strange[from+i])
		if i == run {
			copy(r.one, r.cost)
		}
		if i > run && (i+1 == len(keys) || keys[i+1] != key) {
			r.endRun(i, key)
		}
	}
	best := r.best(ends)
	r.trace(keys, r.slots[from:from+len(keys)], best)
	return best
}

// advance reads one segment.
func (r *repair) advance(i int, key uint32, strange uint8) {
	n := len(r.cost)
	steps := r.steps[i*n : (i+1)*n]
	for p := range n {
		r.next[p] = r.cost[p] + costExtra
		steps[p] = step{how: extra}
	}
	for j, k := range r.g.keys {
		if k != key {
			continue
		}
		forbidden := int32(0)
		if r.g.slots[j].Max == 0 {
			forbidden = costForbidden
		}
		gaps := r.gaps.to(j)
		for p, c := range r.cost {
			c += leftOut(gaps[p], strange) + forbidden
			if p == j {
				c -= forbidden // one more of what was told already
			}
			// Of equal readings the one that goes on where it is: a GT1 between two
			// IN1 is one fault of the GT1, not of the IN1 before it.
			if c <= r.next[j] && gaps[p] != never && (c < r.next[j] || steps[j].how == extra || p == j) {
				r.next[j], steps[j] = c, step{tookSlot, uint8(p)}
			}
		}
	}
	r.cost, r.next = r.next, r.cost
}

// leftOut is what a gap costs in which unknown segments stand.
func leftOut(gap, strange uint8) int32 {
	misspelt := min(gap, strange)
	return int32(misspelt)*costMisspelt + int32(gap-misspelt)*costMissing
}

// endRun considers, at the end of a run of equal segments, that the whole run
// or all but its first segment were one fault.
func (r *repair) endRun(i int, key uint32) {
	n := len(r.cost)
	steps := r.steps[i*n : (i+1)*n]
	for p := range n {
		if c := r.start[p] + costRun; c < r.cost[p] {
			r.cost[p], steps[p] = c, step{how: extraRun}
		}
		if p < len(r.g.keys) && r.g.keys[p] == key {
			if c := r.one[p] + costExtra; c <= r.cost[p] {
				r.cost[p], steps[p] = c, step{how: spareRun}
			}
		}
	}
}

// best returns the state to end in.
func (r *repair) best(ends bool) int {
	best, least := 0, int32(math.MaxInt32)
	for p, c := range r.cost {
		if ends {
			c += leftOut(r.gaps.to(len(r.g.slots))[p], r.strange[len(r.strange)-1])
		}
		if c < least {
			best, least = p, c
		}
	}
	return best
}

// trace writes down the slots of the reading that ends in a state.
func (r *repair) trace(keys []uint32, slots []int16, state int) {
	n := len(r.cost)
	for i := len(keys) - 1; i >= 0; {
		switch s := r.steps[i*n+state]; s.how {
		case tookSlot:
			slots[i], state = int16(state), int(s.from)
			i--
		case extra:
			slots[i] = -1
			i--
		default:
			run := i
			for run > 0 && keys[run-1] == keys[i] {
				run--
			}
			if s.how == spareRun {
				run++
			}
			for ; i >= run; i-- {
				slots[i] = -1
			}
		}
	}
}
