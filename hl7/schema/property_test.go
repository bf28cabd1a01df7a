package schema_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/schema"
)

func TestConformingSequencesHaveNoFinding(t *testing.T) {
	all := grammars(t)
	r := rand.New(rand.NewPCG(1, 2))
	var m schema.Match
	for _, name := range sortedKeys(all) {
		s := all[name]
		o := oracle(s.Notation)
		for range 100 {
			names := random(r, s.Notation)
			require.True(t, accepts(o, names), "%s: %v", name, names)
			s.MatchNames(names, &m)
			require.Empty(t, m.Findings, "%s: %v", name, names)
			require.Len(t, m.Places, len(names))
			for i, p := range m.Places {
				require.Equal(t, names[i], s.Slots()[p.Slot].Segment)
			}
		}
	}
}

// fault is a way to break a message.
type fault struct {
	name  string
	kind  schema.Kind // what it is told as, unless another fault gives the same message
	apply func(r *rand.Rand, s *schema.Structure, names []string) []string
}

var faults = []fault{
	{"missing", schema.SegmentMissing, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
		return remove(names, r.IntN(len(names)))
	}},
	{"repeated", schema.SegmentRepeated, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
		i := r.IntN(len(names))
		return insert(names, i, names[i])
	}},
	{"misplaced", schema.SegmentMisplaced, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
		i := r.IntN(len(names))
		return insert(remove(names, i), r.IntN(len(names)), names[i])
	}},
	{"misspelt", schema.SegmentUnknown, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
		i := r.IntN(len(names))
		return insert(remove(names, i), i, "QQQ")
	}},
	{"unknown", schema.SegmentUnknown, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
		return insert(names, r.IntN(len(names)+1), "QQQ")
	}},
	{"local", schema.SegmentLocal, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
		return insert(names, r.IntN(len(names)+1), "ZQQ")
	}},
	{"forbidden", schema.SegmentForbidden, func(r *rand.Rand, s *schema.Structure, names []string) []string {
		for i := range s.Slots() {
			if slot := &s.Slots()[i]; slot.Usage == schema.NotUsed && r.IntN(2) == 0 {
				for at, name := range names {
					if name == s.Slots()[i-1].Segment {
						return insert(names, at+1, slot.Segment)
					}
				}
			}
		}
		return names
	}},
}

func remove(names []string, i int) []string {
	return append(slices.Clone(names[:i]), names[i+1:]...)
}

func insert(names []string, i int, name string) []string {
	return slices.Insert(slices.Clone(names), i, name)
}

// repairs says whether doing what a finding asks for makes the message conform.
// That is what makes a finding a true one, whatever was done to the message.
func repairs(o *regexp.Regexp, names []string, f schema.Finding) bool {
	without := slices.Clone(names)
	if f.Kind != schema.SegmentMissing {
		without = slices.Delete(without, f.Segment, f.Segment+f.Count)
	}
	switch f.Kind {
	case schema.SegmentMissing:
		return accepts(o, insert(names, f.Segment, f.Slot.Segment))
	case schema.SegmentRepeated, schema.SegmentForbidden, schema.SegmentLocal:
		return accepts(o, without)
	case schema.SegmentUnknown:
		if f.Expected == nil {
			return accepts(o, without)
		}
		for i := range len(without) + 1 {
			if accepts(o, insert(without, i, f.Expected.Segment)) {
				return true
			}
		}
	case schema.SegmentMisplaced:
		moved := names[f.Segment : f.Segment+f.Count]
		for i := range len(without) + 1 {
			if accepts(o, slices.Insert(slices.Clone(without), i, moved...)) {
				return true
			}
		}
	}
	return false
}

// TestOneFaultIsOneFinding breaks conforming messages in one place each. Many a
// broken message can be explained by another single fault than the one that was
// made (PID PID MRG: a PID too many, or an MRG too few), which is as good.
func TestOneFaultIsOneFinding(t *testing.T) {
	all := grammars(t)
	r := rand.New(rand.NewPCG(3, 6))
	var m schema.Match
	asMade, told := map[string]int{}, map[string]int{}
	for _, name := range sortedKeys(all) {
		s := all[name]
		o := oracle(s.Notation)
		for n := range 350 {
			names := random(r, s.Notation)
			f := faults[n%len(faults)]
			broken := f.apply(r, s, slices.Clone(names))
			if accepts(o, broken) {
				continue
			}
			s.MatchNames(broken, &m)
			require.Len(t, m.Places, len(broken))
			if len(m.Findings) != 1 || !repairs(o, broken, m.Findings[0]) {
				t.Fatalf("%s, %s:\n%v\n%v%s", name, f.name, names, broken, list(m.Findings))
			}
			told[f.name]++
			if m.Findings[0].Kind == f.kind {
				asMade[f.name]++
			}
		}
	}
	for _, f := range faults {
		require.Greater(t, asMade[f.name]*100, told[f.name]*84, "%s: %d of %d", f.name, asMade[f.name], told[f.name])
	}
}

func list(findings []schema.Finding) (s string) {
	for _, f := range findings {
		s += fmt.Sprintf("\n%v %v at %d (%d) slot %+v expected %+v", f.Kind, f.Location, f.Segment, f.Count, f.Slot, f.Expected)
	}
	return s
}
