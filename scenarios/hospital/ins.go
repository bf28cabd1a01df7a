package hospital

import (
	"strconv"

	"github.com/pamlab/pamlab/hl7/pam"
)

// numbers remembers which national numbers were given, in a room that does not
// grow: a bit for each hash. Whoever draws a number whose bit is set, though
// perhaps by another number, draws again. Ten years of 500 beds set a hundredth
// of the bits.
type numbers struct{ bits []uint64 }

const numberBits = 26

func newNumbers() *numbers { return &numbers{make([]uint64, 1<<(numberBits-6))} }

// give reports whether a number was free, and takes it.
func (n *numbers) give(ins string) bool {
	h := fnv(ins) >> (64 - numberBits)
	free := n.bits[h>>6]&(1<<(h&63)) == 0
	n.bits[h>>6] |= 1 << (h & 63)
	return free
}

// fnv is FNV-1a, spread over the upper bits: the same on every platform.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 29
	return h * 0x9e3779b97f4a7c15
}

// following is the INS that an A47 will give to somebody: the next order of birth
// (see pam.Journey), "" where there is none.
func following(ins string) string {
	const from, to, first, last = 10, 13, 901, 998
	if len(ins) < to {
		return ""
	}
	order, err := strconv.Atoi(ins[from:to])
	if err != nil {
		return ""
	}
	if order++; order > last || order < first {
		order = first
	}
	number := ins[:from] + strconv.Itoa(order)
	key, err := pam.INSKey(number)
	if err != nil {
		return ""
	}
	return number + key
}
