package explain

import (
	"bytes"

	"github.com/pamlab/pamlab/hl7"
)

// step is a segment of the good message and the one of the bad message that
// stands for it, by their indexes; -1 where there is none.
type step struct{ good, bad int }

// side returns the segment of one of the two messages, and that of the other one.
func (s step) side(bad bool) (own, other int) {
	if bad {
		return s.bad, s.good
	}
	return s.good, s.bad
}

// compare aligns the segments of two messages: as many as possible that are
// alike, and between those the ones of the same name.
func compare(good, bad *hl7.Message) []step {
	n, m := good.NumSegments(), bad.NumSegments()
	same := func(i, j int) bool { return bytes.Equal(good.Segment(i).Raw(), bad.Segment(j).Raw()) }
	weight := func(i, j int) int {
		switch {
		case same(i, j):
			return 2 * (n + m)
		case good.Segment(i).Name() == bad.Segment(j).Name():
			return 1
		}
		return 0
	}
	best := make([][]int, n+1) // of what is behind i and j
	for i := range best {
		best[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if w := weight(i, j); w > 0 {
				best[i][j] = max(best[i][j], best[i+1][j+1]+w)
			}
		}
	}
	var steps []step
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && weight(i, j) > 0 && best[i][j] == best[i+1][j+1]+weight(i, j):
			steps = append(steps, step{i, j})
			i, j = i+1, j+1
		case j == m || i < n && best[i][j] == best[i+1][j]:
			steps = append(steps, step{i, -1})
			i++
		default:
			steps = append(steps, step{-1, j})
			j++
		}
	}
	return steps
}

// differing is the part of a segment that differs from another one, from a
// delimiter to a delimiter.
func differing(raw, other []byte) (from, to int) {
	const delimiters = `|^~\&`
	for from < min(len(raw), len(other)) && raw[from] == other[from] {
		from++
	}
	to = len(raw)
	for k := len(other); to > from && k > from && raw[to-1] == other[k-1]; k-- {
		to--
	}
	from = bytes.LastIndexAny(raw[:from], delimiters) + 1
	if i := bytes.IndexAny(raw[to:], delimiters); i >= 0 {
		return from, to + i
	}
	return from, len(raw)
}
