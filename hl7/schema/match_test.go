package schema_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/schema"
)

// french are grammars as profiles write them: named and unnamed groups, usages,
// segments that must not be there.
var french = map[string]string{
	"A01": "MSH SFT* EVN PID PD1? ROL* NK1*(RE) PV1 PV2? ZBE ZFA? ZFP? ZFV? ZFM? ZFD? ROL* DB1* OBX* AL1* DG1* DRG? { PR1 ROL* }* GT1* { IN1 IN2? IN3? ROL* }* ACC?(C) UB1? UB2? PDA?",
	"A03": "MSH SFT* EVN PID PD1? ROL* NK1* PV1 PV2? ZBE ZFV? ZFM? ROL* DB1* AL1* DG1* DRG? { PR1 ROL* }* OBX* GT1* { IN1 IN2? IN3? ROL* }* ACC? PDA?",
	"A11": "MSH SFT* EVN PID PD1? PV1 PV2? ZBE DB1* OBX* ~DG1",
	"A28": "MSH SFT* EVN PID PD1? ROL* NK1*(RE) PV1 ~PV2 ZFA? ZFD? ZFS*(C) ~ROL DB1* OBX* AL1* DG1* DRG? { PR1 ROL* }* GT1* { IN1 IN2? IN3? ROL* }* ACC? UB1? UB2?",
	"A40": "MSH SFT* EVN { PID PD1? MRG ~PV1 }",
	"A44": "MSH SFT* EVN { PID PD1? MRG }+",
	"A24": "MSH SFT* EVN PID ~PD1 ~PV1 ~DB1 PID ~PD1 ~PV1 ~DB1",
	"few": "MSH OBX[0..5] NTE[1..3] { AL1 { DG1 PR1? }+ ACC }*",
}

// grammars returns the structures of all versions and the French ones.
func grammars(t testing.TB) map[string]*schema.Structure {
	t.Helper()
	all := map[string]*schema.Structure{}
	for _, v := range schema.Versions() {
		for _, s := range v.Structures() {
			all[v.Name+" "+s.Name] = s
		}
	}
	for name, notation := range french {
		s, err := schema.Compile(name, notation)
		require.NoError(t, err, name)
		all["fr "+name] = s
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var (
	usageMark   = regexp.MustCompile(`\([A-Z]+\)`)
	bounds      = regexp.MustCompile(`\[(\d)\.\.(\d)\]`)
	forbidden   = regexp.MustCompile(`~[A-Z][A-Z0-9]{2}`)
	groupName   = regexp.MustCompile(`[A-Z_]+\{`)
	segmentName = regexp.MustCompile(`\b[A-Z][A-Z0-9]{2}\b`)
)

// oracle is another implementation of the same language: the regular
// expression that a grammar is.
func oracle(notation string) *regexp.Regexp {
	s := usageMark.ReplaceAllString(notation, "")
	s = forbidden.ReplaceAllString(s, "")
	s = groupName.ReplaceAllString(s, "{")
	s = bounds.ReplaceAllString(s, "<$1,$2>")
	s = segmentName.ReplaceAllString(s, "($0 )")
	s = strings.NewReplacer("{", "(", "}", ")", " )", "_)", " ", "", "<", "{", ">", "}").Replace(s)
	return regexp.MustCompile("^" + strings.ReplaceAll(s, "_", " ") + "$")
}

func accepts(o *regexp.Regexp, names []string) bool {
	return o.MatchString(strings.Join(names, " ") + " ")
}

// random returns a message that conforms to the structure, by a walk over its
// notation.
func random(r *rand.Rand, notation string) []string {
	text := strings.NewReplacer(" {", " - {", "{", " { ", "}", " }").Replace(usageMark.ReplaceAllString(notation, ""))
	tokens := strings.Fields(text)
	var names []string
	for i := 0; i < len(tokens); {
		names, i = randomItem(r, tokens, i, names)
	}
	return names
}

func times(r *rand.Rand, token string) int {
	switch {
	case strings.HasSuffix(token, "]"):
		b := bounds.FindStringSubmatch(token)
		low, high := int(b[1][0]-'0'), int(b[2][0]-'0')
		return low + r.IntN(high-low+1)
	case strings.HasSuffix(token, "?"):
		return r.IntN(2)
	case strings.HasSuffix(token, "*"):
		return r.IntN(4)
	case strings.HasSuffix(token, "+"):
		return 1 + r.IntN(3)
	}
	return 1
}

func randomItem(r *rand.Rand, tokens []string, i int, names []string) ([]string, int) {
	token := tokens[i]
	if i+1 == len(tokens) || tokens[i+1] != "{" {
		for range times(r, token) {
			if token[0] != '~' {
				names = append(names, token[:3])
			}
		}
		return names, i + 1
	}
	i++ // past the name of the group
	end, depth := i+1, 1
	for ; depth > 0; end++ {
		switch tokens[end][0] {
		case '{':
			depth++
		case '}':
			depth--
		}
	}
	for range times(r, tokens[end-1]) {
		for k := i + 1; k < end-1; {
			names, k = randomItem(r, tokens, k, names)
		}
	}
	return names, end
}

func TestConformingSequencesHaveNoFinding(t *testing.T) {
	all := grammars(t)
	r := rand.New(rand.NewPCG(1, 2))
	var m schema.Match
	for _, name := range sortedKeys(all) {
		s := all[name]
		o := oracle(s.Notation)
		for range 200 {
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
	kinds []schema.Kind // what it may be told as
	apply func(r *rand.Rand, s *schema.Structure, names []string) []string
}

var faults = []fault{
	{"missing", []schema.Kind{schema.SegmentMissing}, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
		return slices.Delete(names, 0, 0+1)[:0:0]
	}},
}

func remove(names []string, i int) []string {
	return append(slices.Clone(names[:i]), names[i+1:]...)
}

func insert(names []string, i int, name string) []string {
	return slices.Insert(slices.Clone(names), i, name)
}

func init() {
	faults = []fault{
		{"missing", []schema.Kind{schema.SegmentMissing}, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
			return remove(names, r.IntN(len(names)))
		}},
		{"repeated", []schema.Kind{schema.SegmentRepeated}, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
			i := r.IntN(len(names))
			return insert(names, i, names[i])
		}},
		{"misplaced", []schema.Kind{schema.SegmentMisplaced}, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
			i := r.IntN(len(names))
			return insert(remove(names, i), r.IntN(len(names)), names[i])
		}},
		{"misspelt", []schema.Kind{schema.SegmentUnknown}, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
			i := r.IntN(len(names))
			return insert(remove(names, i), i, "QQQ")
		}},
		{"unknown", []schema.Kind{schema.SegmentUnknown}, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
			return insert(names, r.IntN(len(names)+1), "QQQ")
		}},
		{"local", []schema.Kind{schema.SegmentLocal}, func(r *rand.Rand, _ *schema.Structure, names []string) []string {
			return insert(names, r.IntN(len(names)+1), "ZQQ")
		}},
		{"forbidden", []schema.Kind{schema.SegmentForbidden}, func(r *rand.Rand, s *schema.Structure, names []string) []string {
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

func TestOneFaultIsOneFinding(t *testing.T) {
	all := grammars(t)
	r := rand.New(rand.NewPCG(3, 4))
	var m schema.Match
	right, total := map[string]int{}, map[string]int{}
	bad := 0
	for _, name := range sortedKeys(all) {
		s := all[name]
		o := oracle(s.Notation)
		for n := range 1500 {
			names := random(r, s.Notation)
			f := faults[n%len(faults)]
			broken := f.apply(r, s, slices.Clone(names))
			if accepts(o, broken) {
				continue
			}
			s.MatchNames(broken, &m)
			said := fmt.Sprintf("%s, %s:\n%v\n%v", name, f.name, names, broken)
			for _, x := range m.Findings {
				said += fmt.Sprintf("\n%v %v at %d (%d) slot %+v expected %+v", x.Kind, x.Location, x.Segment, x.Count, x.Slot, x.Expected)
			}
			if len(m.Findings) != 1 || !repairs(o, broken, m.Findings[0]) {
				bad++
				if bad < 12 {
					t.Errorf("BAD %s", said)
				}
				continue
			}
			total[f.name]++
			if slices.Contains(f.kinds, m.Findings[0].Kind) {
				right[f.name]++
			}
		}
	}
	t.Log(bad, right, total)
}
