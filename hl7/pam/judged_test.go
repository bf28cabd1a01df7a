package pam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
)

// TestToursAreConformant: whatever the seed, the dialect and the event, no rule
// of the catalogue finds a fault, nor advice, in what is built, in one message
// as in their order.
func TestToursAreConformant(t *testing.T) {
	settings, err := rules.Settings{}.With("ins_environment", "test")
	require.NoError(t, err)
	for _, d := range pam.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			judge, err := rules.New(rules.Options{Dialect: d.Name, Settings: settings})
			require.NoError(t, err)
			var report rules.Report
			found := map[string]string{}
			for seed := range seeds() {
				tracker := sequence.New(sequence.Options{Settings: settings})
				for _, s := range tour(t, seed, d, hl7.UTF8) {
					judge.Message(&report, s.message)
					tracker.Follow(&report)
					for i := range report.Findings {
						f := &report.Findings[i]
						if f.Level >= rules.Should && !permitted(s, f) {
							what := fmt.Sprintf("%v %s %s in %s", f.Level, f.Rule.ID, f.Path(), s.trigger)
							found[what] = s.name + "\n" + f.Message("en") + "\n" + strings.ReplaceAll(string(s.message.Bytes()), "\r", "\n")
						}
					}
				}
			}
			for what, example := range found {
				t.Errorf("%s\n%s", what, example)
			}
		})
	}
}

// permitted are findings on what a test asked for, against the advice of the
// profile.
func permitted(s sent, f *rules.Finding) bool {
	return s.trigger == "A47" && f.Rule.ID == "fr.mrg-1.ipp" // PAM.fr 4.1 would rather have a merge
}
