package pam

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Generator invents patients, stays and numbers. The same seed and the same
// instant give the same bytes on every platform. Names and addresses depend on
// the seed alone, so that a replayed run meets the same people; numbers depend
// on the instant too, so that a candidate which remembers yesterday's run does
// not take today's patient for an old one.
//
// A Generator and the journeys that use it belong to one goroutine.
type Generator struct {
	seed    uint64
	instant time.Time
	salt    uint64 // of the numbers: seed and instant
	counts  [sequences]uint64
	spent   map[string]bool // IPP that an A40 or A47 took out of use
	finess  authority       // the hospital in France
	apart   bool            // see Apart
}

// sequence is a series of numbers that never repeats within a generator.
type sequence int

const (
	patients   sequence = iota // IPP
	accounts                   // PID-18
	visits                     // PV1-19
	movements                  // ZBE-1
	contacts                   // NK1-33
	controls                   // MSH-10
	journeys                   // not written: seeds the choices of a journey
	renumbered                 // IPP of a second record, or after an A47
	sequences
)

// NewGenerator returns a generator. instant is the moment from which journeys
// count and before which patients are born; its location is the hospital's.
func NewGenerator(seed uint64, instant time.Time) *Generator {
	instant = instant.Truncate(time.Second)
	return &Generator{seed: seed, instant: instant, salt: mix(seed ^ mix(uint64(instant.Unix()))), finess: facilityFINESS}
}

// Advance moves the instant on, for a hospital that lives longer than a
// scenario: who is drawn from now on is as old on that day as the spec says, and
// the moments of a Change count from it. Numbers go on where they were.
func (g *Generator) Advance(instant time.Time) { g.instant = instant.Truncate(time.Second) }

// Facility names the hospital of all journeys of the generator from now on: its
// name, and its FINESS number, which is written where PAM.fr wants it.
func (g *Generator) Facility(name, finess string) {
	g.finess = authority{name, finess, facilityFINESS.kind}
}

// Apart keeps the numbers of the generator, and its control ids, from ever being
// those of another one that was not set apart and speaks for the same hospital. It
// has to be said before anything is drawn.
func (g *Generator) Apart() { g.apart = true }

// Instant returns the instant of the generator, to the second.
func (g *Generator) Instant() time.Time { return g.instant }

// ControlID returns a new message control id, MSH-10: 20 capitals and digits,
// never twice the same from one generator, and different between generators of
// another seed or instant but for a chance of one in 2^55.
func (g *Generator) ControlID() string {
	const width = 11
	id := make([]byte, 0, 20)
	first := byte('P')
	if g.apart {
		first = 'Q'
	}
	id = append(id, first)
	hash := strconv.AppendUint(make([]byte, 0, width), mix(g.salt)>>9, 36)
	for range width - len(hash) {
		id = append(id, '0')
	}
	for _, c := range hash {
		if c >= 'a' {
			c -= 'a' - 'A'
		}
		id = append(id, c)
	}
	g.counts[controls]++
	return string(fmt.Appendf(id, "%08d", g.counts[controls]))
}

// number returns the next number of a sequence: 10 digits of which the first
// tells the sequence, behind another digit where the generator was set apart. Consecutive numbers are far apart, as in a hospital that
// has other patients, and none comes back before a thousand million.
func (g *Generator) number(s sequence) string {
	const (
		space  = 1_000_000_000
		stride = 381_966_011 // coprime with space: every number is met
	)
	base := mix(g.salt+uint64(s)) % space
	n := (base + g.counts[s]%space*stride) % space
	g.counts[s]++
	if g.apart {
		return fmt.Sprintf("1%d%09d", 9-int(s), n)
	}
	return fmt.Sprintf("%d%09d", 9-int(s), n)
}

// stream returns the random choices of the nth thing of a sequence. They depend
// on the seed alone, and not on what was generated before.
func (g *Generator) stream(s sequence, n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(g.seed, mix(uint64(s))+n))
}

// dice returns the choices that must differ between runs of one seed.
func (g *Generator) dice(s sequence, n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(g.salt, mix(uint64(s))+n))
}

// mix is the finaliser of splitmix64: it spreads neighbouring seeds apart.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pick draws one of the texts.
func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// chance is true once in n.
func chance(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }
