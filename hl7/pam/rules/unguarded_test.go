package rules

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// TestGuards: a rule that is passed over because of what the fields have, or
// have not, would have found nothing. The samples, with each field in turn left
// empty, or given what is nearly nothing.
func TestGuards(t *testing.T) {
	j, err := New(Options{})
	require.NoError(t, err)
	var r Report
	passedOver := 0
	for i, name := range Samples() {
		if i%4 != 0 { // events of a kind have the same rules
			continue
		}
		m, err := Sample(name)
		require.NoError(t, err)
		for seg := range m.Segments() {
			for n := 1; n <= min(seg.NumFields()+1, 48); n++ {
				if seg.Index() == 0 && (n <= 2 || n == 9 || n == 12) {
					continue
				}
				for _, value := range []string{"", `""`, "^", "~&", "^INS", `""^~x`} {
					changed := m.Clone()
					path := hl7.MustPath(fmt.Sprintf("%s[%d]-%d", seg.Name(), seg.Occurrence(), n))
					require.NoError(t, changed.Set(path, value))
					j.Message(&r, changed)
					passedOver += r.requireGuards(t)
				}
			}
		}
	}
	require.NotZero(t, passedOver)
}

// requireGuards runs the rules of a message that guards keep from running.
func (r *Report) requireGuards(t *testing.T) (passedOver int) {
	s := &r.scope
	for _, c := range r.rulesToRun() {
		count := func(rule *Rule) (n int) {
			s.enough = false
			s.judge(rule, func(hl7.Value) { n++ })
			return n
		}
		free := *c.rule
		free.body.first, free.body.own, free.body.at = nil, needs{}, needs{}
		if !s.mayFind(c.segments, c.first) {
			passedOver++
		}
		if a, b := count(&free), count(c.rule); a != b {
			t.Fatalf("%s finds %d, and %d without guards, in %q", c.rule.ID, b, a, s.m.Bytes())
		}
	}
	return passedOver
}
