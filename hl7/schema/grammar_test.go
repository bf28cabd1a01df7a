package schema_test

import (
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
