package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLayersOfRules: a rule is one of those of a profile by its family, unless
// it says in which layers it is, or beside which others it is not.
func TestLayersOfRules(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		layers     []string
		want       bool
	}{
		{"family", "rule iti.a.b", []string{"hl7", "iti", "fr"}, true},
		{"family of another layer", "rule iti.a.b", []string{"hl7"}, false},
		{"HL7 everywhere", "rule hl7.a.b", []string{"hl7", "fr"}, true},
		{"in", "rule iti.a.b\nin fr", []string{"hl7", "fr"}, true},
		{"not in France", "rule iti.a.b\nnot-in fr", []string{"hl7", "iti", "fr"}, false},
		{"not in France, elsewhere", "rule iti.a.b\nnot-in fr", []string{"hl7", "iti"}, true},
		{"not in France, but of IHE", "rule iti.a.b\nnot-in fr", []string{"hl7"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := &folder{byID: map[string]*Rule{}, places: map[*Rule][]placed{}}
			require.NoError(t, all.read("test", c.rule+"\n"))
			require.Equal(t, c.want, all.rules[0].appliesTo(c.layers, "2.5", ""))
		})
	}
}
