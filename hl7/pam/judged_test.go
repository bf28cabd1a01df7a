package pam_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
)

// court holds what is built in a dialect against the catalogue: no rule may
// find a fault, nor give advice, in one message as in their order.
type court struct {
	settings rules.Settings
	judge    *rules.Judge
	report   rules.Report
	found    map[string]string // an example of each finding
}

func newCourt(t *testing.T, d pam.Dialect) *court {
	t.Helper()
	settings, err := rules.Settings{}.With("ins_environment", "test")
	require.NoError(t, err)
	judge, err := rules.New(rules.Options{Dialect: d.Name, Settings: settings})
	require.NoError(t, err)
	return &court{settings: settings, judge: judge, found: map[string]string{}}
}

// hear judges the messages of one tour.
func (c *court) hear(all []sent) {
	tracker := sequence.New(sequence.Options{Settings: c.settings})
	for _, s := range all {
		c.judge.Message(&c.report, s.message)
		tracker.Follow(&c.report)
		for i := range c.report.Findings {
			f := &c.report.Findings[i]
			if f.Level >= rules.Should && !permitted(s, f) {
				what := fmt.Sprintf("%v %s %s in %s", f.Level, f.Rule.ID, f.Path(), s.trigger)
				c.found[what] = s.name + "\n" + f.Message("en") + "\n" + show(s.message)
			}
		}
	}
}

func (c *court) verdict(t *testing.T) {
	t.Helper()
	for what, example := range c.found {
		t.Errorf("%s\n%s", what, example)
	}
}

// permitted are findings on what a test asked for, against the advice of the
// profile.
func permitted(s sent, f *rules.Finding) bool {
	switch f.Rule.ID {
	case "fr.mrg-1.ipp": // PAM.fr 4.1 would rather have a merge
		return s.trigger == "A47"
	case "fr.msh-18.latin1": // the walk goes through all character sets
		return true
	}
	return false
}
