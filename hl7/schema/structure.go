package schema

import (
	"fmt"
	"sync"
)

// A Structure is the grammar of a message: which segments it has, in which
// order, how often, in which groups. HL7's own come from [Version.Structure],
// others from [Compile]. A Structure is immutable and safe for concurrent use;
// it must not be copied.
type Structure struct {
	Name     string // "ADT_A01"
	Notation string // what it was compiled from, see [Compile]

	once    sync.Once
	grammar *grammar
	err     error

	gapsOnce sync.Once
	gaps     *gapTable // what repairs cost; made for the first message that needs one
}

// A Slot is one place for a segment in a [Structure]. A segment name may have
// several slots: ROL stands after the patient, after the visit and in groups.
type Slot struct {
	Number  int    // its index in [Structure.Slots]
	Segment string // the segment that belongs there
	Group   string // its groups, outermost first: "INSURANCE", "A/B"; "" at the top level
	Usage   Usage  // NotUsed for a segment that must not be there
	Min     int
	Max     int // Unbounded, 0 where Usage is NotUsed
}

// Compile reads the grammar of a message in the notation of IHE and of the
// French extension:
//
//	MSH SFT* EVN PID PD1? ROL* NK1*(RE) PV1 ~PV2 ZBE PROCEDURE{ PR1 ROL* }* ACC?(C)
//
// A segment stands for itself once, with ? for none or once, * for any number,
// + for at least once, [1..5] for bounds. Braces make a group; a name that
// touches them names it, otherwise it is called after its first segment. A usage may
// follow in parentheses; ~ marks a segment that must not be there.
//
// Grammars have to be deterministic, as all those of HL7 are: from the name of
// the next segment alone it has to follow which slot it takes. The error is a
// [*NotationError].
func Compile(name, notation string) (*Structure, error) {
	s := &Structure{Name: name, Notation: notation}
	if _, err := s.compiled(); err != nil {
		return nil, err
	}
	return s, nil
}

// compiled compiles the grammar when it is first needed: of the structures of
// three versions, a program that validates a message needs one.
func (s *Structure) compiled() (*grammar, error) {
	s.once.Do(func() { s.grammar, s.err = compile(s.Notation) })
	return s.grammar, s.err
}

// use is compiled for what cannot fail: Compile has reported errors, and a test
// compiles the structures of all versions.
func (s *Structure) use() *grammar {
	g, err := s.compiled()
	if err != nil {
		return &grammar{}
	}
	return g
}

// Slots returns all slots in the order of the grammar. The slice must not be
// modified.
func (s *Structure) Slots() []Slot { return s.use().slots }

// Has says whether a segment of that name has a slot in the structure.
func (s *Structure) Has(segment string) bool {
	key := packName(segment)
	for _, k := range s.use().keys {
		if k == key {
			return key != 0
		}
	}
	return false
}

// Limits of a grammar. HL7's largest has 25 slots and 2 groups.
const (
	maxSlots  = 200
	maxGroups = 32
	maxDepth  = 8
)

// grammar is a compiled Structure. The tree of items lies flat in nodes, in the
// order of the text, node 0 being the whole message.
//
// For matching, the tree has been turned into the successors of each slot: what
// may follow a segment without anything required being left out. Because the
// grammar is deterministic no two successors have the same name, and a message
// conforms when each segment is a successor of the one before it.
type grammar struct {
	slots []Slot
	keys  []uint32 // the packed name of each slot
	leaf  []int16  // the node of each slot
	nodes []node

	first []uint32 // bounds in successors: those of slot n begin at first[n], those of the start at first[len(slots)]
	next  []successor
	last  []bool // whether the message may end after slot n; the last entry is the start

	groups int // how many groups there are, with the message itself as group 0
}

type successor struct {
	key  uint32
	slot int16
	same bool // it stays in the group it is in, rather than beginning another
}

// node is a segment or a group.
type node struct {
	min, max int
	parent   int16
	end      int16 // the node after all that is in this one
	slot     int16 // of a segment; -1 for a group
	group    int16 // of a group: its number; of a segment: that of the group it is in
	depth    int16
	need     int16 // 1 when leaving the node out leaves something required out
	before   int16 // the sum of need over what stands before it in the same group
	inside   int16 // of a group: the sum of need over what is in it
	name     string
}

// wanted is true where something may stand, false for segments marked ~.
func (n *node) wanted() bool { return n.max != 0 }

// finish computes from the tree all the rest.
func (g *grammar) finish() error {
	for i := len(g.nodes) - 1; i >= 0; i-- {
		n := &g.nodes[i]
		inside := int16(0)
		for c := int16(i) + 1; n.slot < 0 && c < n.end; c = g.nodes[c].end {
			g.nodes[c].before = inside
			inside += g.nodes[c].need
		}
		n.inside = inside
		if n.min > 0 && (n.slot >= 0 || inside > 0) {
			n.need = 1
		}
	}
	g.first = make([]uint32, 0, len(g.slots)+2)
	g.last = make([]bool, 0, len(g.slots)+1)
	for p := range len(g.slots) + 1 {
		g.first = append(g.first, uint32(len(g.next)))
		g.last = append(g.last, g.addSuccessors(p))
		if twice, ok := g.ambiguous(p); ok {
			return fmt.Errorf("%w: %s", errAmbiguous, twice)
		}
	}
	g.first = append(g.first, uint32(len(g.next)))
	return nil
}

// addSuccessors adds what may follow slot p, or begin the message for p beyond
// the slots, and reports whether the message may end there.
func (g *grammar) addSuccessors(p int) (last bool) {
	if p == len(g.slots) {
		return g.addFirst(0, 0)
	}
	home := g.nodes[g.leaf[p]].group
	if slot := &g.slots[p]; slot.Max == Unbounded || slot.Max > 1 {
		g.add(g.leaf[p], true)
	}
	for at := g.leaf[p]; at > 0; {
		up := g.nodes[at].parent
		blocked := false
		for c := g.nodes[at].end; c < g.nodes[up].end && !blocked; c = g.nodes[c].end {
			blocked = !g.addFirst(c, home)
		}
		if blocked {
			return false
		}
		if at = up; g.nodes[at].max == Unbounded {
			g.addFirst(at, -1)
		}
	}
	return true
}

// addFirst adds what node i may begin with, and reports whether it may be empty.
// Segments of group home continue that group.
func (g *grammar) addFirst(i, home int16) bool {
	n := &g.nodes[i]
	if n.slot >= 0 {
		if n.wanted() {
			g.add(i, n.group == home)
		}
		return n.need == 0
	}
	for c := i + 1; c < n.end; c = g.nodes[c].end {
		if !g.addFirst(c, home) {
			return n.need == 0
		}
	}
	return true
}

func (g *grammar) add(i int16, same bool) {
	slot := g.nodes[i].slot
	g.next = append(g.next, successor{g.keys[slot], slot, same})
}

// ambiguous returns a name that two successors of slot p, the last computed,
// have in common.
func (g *grammar) ambiguous(p int) (string, bool) {
	list := g.next[g.first[p]:]
	for i := range list {
		for k := range i {
			if list[i].key == list[k].key {
				return g.slots[list[i].slot].Segment, true
			}
		}
	}
	return "", false
}

// packName packs the three characters of a segment name, or returns 0 for what
// is no segment name.
func packName[T string | []byte](name T) uint32 {
	if len(name) != 3 || !isUpper(name[0]) || !isNameByte(name[1]) || !isNameByte(name[2]) {
		return 0
	}
	return uint32(name[0]) | uint32(name[1])<<8 | uint32(name[2])<<16
}

func isNameByte(c byte) bool { return isUpper(c) || isDigit(c) }
