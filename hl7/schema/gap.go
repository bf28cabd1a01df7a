package schema

// never is the gap between slots of which the second cannot follow the first.
const never = 255

// gapTable says for each pair of states how many required segments and groups
// are left out when the second follows the first. The state after the last slot
// is the start of the message as a first, its end as a second.
type gapTable struct {
	n    int
	gaps []uint8 // column after column: those to state j at j*n
}

func (t *gapTable) to(j int) []uint8 { return t.gaps[j*t.n : (j+1)*t.n] }

func (s *Structure) gapTable() *gapTable {
	s.gapsOnce.Do(func() {
		g := s.use()
		n := len(g.slots) + 1
		s.gaps = &gapTable{n, make([]uint8, n*n)}
		for j := range n {
			column := s.gaps.to(j)
			for p := range n {
				column[p] = g.way(p, j, nil)
			}
		}
	})
	return s.gaps
}

// way goes from state p to state j over as few required nodes as possible and
// returns how many it left out, or never. It calls visit with each of them.
//
// From p it climbs: out of its group, and out of the group around that. Where
// a group holds both p and j, it can go forward to j within it; where the group
// repeats, it can begin another repetition and go to j from its beginning.
func (g *grammar) way(p, j int, visit func(at int16)) uint8 {
	end := len(g.slots)
	switch {
	case p == end && j == end:
		return g.over(1, g.nodes[0].end, visit)
	case p == end:
		return g.descend(0, j, 1, visit)
	case p == j && (g.slots[p].Max == Unbounded || g.slots[p].Max != 1):
		return 0
	}
	best, turn, again := uint8(never), int16(0), false
	left := uint8(0)
	for at := g.leaf[p]; at > 0; {
		n := &g.nodes[at]
		up := n.parent
		if j == end && up == 0 {
			best, turn = left+g.over(n.end, g.nodes[0].end, nil), at
			break
		}
		if j != end && up < g.leaf[j] && g.leaf[j] < g.nodes[up].end {
			if g.leaf[j] >= n.end {
				if c := left + g.descend(up, j, n.end, nil); c < best {
					best, turn, again = c, at, false
				}
			}
			if g.nodes[up].max == Unbounded {
				if c := left + g.over(n.end, g.nodes[up].end, nil) + g.descend(up, j, up+1, nil); c < best {
					best, turn, again = c, at, true
				}
			}
		}
		left += g.over(n.end, g.nodes[up].end, nil)
		at = up
	}
	if best != never && visit != nil {
		g.walk(p, j, turn, again, visit)
	}
	return best
}

// walk visits what way leaves out when it turns at a node.
func (g *grammar) walk(p, j int, turn int16, again bool, visit func(int16)) {
	at := g.leaf[p]
	for ; at != turn; at = g.nodes[at].parent {
		g.over(g.nodes[at].end, g.nodes[g.nodes[at].parent].end, visit)
	}
	up := g.nodes[at].parent
	switch {
	case j == len(g.slots):
		g.over(g.nodes[at].end, g.nodes[0].end, visit)
	case again:
		g.over(g.nodes[at].end, g.nodes[up].end, visit)
		g.descend(up, j, up+1, visit)
	default:
		g.descend(up, j, g.nodes[at].end, visit)
	}
}

// over passes the siblings from one node up to another.
func (g *grammar) over(from, to int16, visit func(int16)) uint8 {
	count := uint8(0)
	for c := from; c < to; c = g.nodes[c].end {
		if g.nodes[c].need > 0 {
			count++
			if visit != nil {
				visit(c)
			}
		}
	}
	return count
}

// descend goes to slot j within the group up, beginning at its child from.
func (g *grammar) descend(up int16, j int, from int16, visit func(int16)) uint8 {
	count, leaf := uint8(0), g.leaf[j]
	for c := from; c < g.nodes[up].end; {
		n := &g.nodes[c]
		switch {
		case c == leaf:
			return count
		case c < leaf && leaf < n.end: // into the group
			up, c = c, c+1
			continue
		case n.need > 0:
			count++
			if visit != nil {
				visit(c)
			}
		}
		c = n.end
	}
	return count
}
