package sequence_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
)

// follow returns what the tracker says of the messages of an example, of the
// last one apart.
func follow(t *testing.T, e rules.Example) (before, last []string) {
	t.Helper()
	messages, err := e.Build()
	require.NoError(t, err)
	var settings rules.Settings
	for _, text := range e.Settings {
		name, value, _ := strings.Cut(text, "=")
		settings, err = settings.With(name, value)
		require.NoError(t, err)
	}
	j, err := rules.New(rules.Options{Settings: settings})
	require.NoError(t, err)
	tracker := sequence.New(sequence.Options{Settings: settings})
	for i, m := range messages {
		var r rules.Report
		j.Message(&r, m)
		r.Findings = r.Findings[:0]
		tracker.Follow(&r)
		for _, f := range r.Findings {
			if i == len(messages)-1 {
				last = append(last, f.Rule.ID)
			} else if f.Level > rules.Info {
				before = append(before, f.Rule.ID)
			}
		}
	}
	return before, last
}

// TestExamples: the bad example of each rule raises that rule at its last
// message and nothing else, the good one raises nothing.
func TestExamples(t *testing.T) {
	tested := 0
	for _, r := range rules.Catalogue() {
		if r.Family() != "seq" && r.ID != "ack.unique-id" {
			continue
		}
		tested++
		t.Run(r.ID, func(t *testing.T) {
			before, last := follow(t, r.Good)
			require.Empty(t, before, "good")
			require.Empty(t, last, "good")
			before, last = follow(t, r.Bad)
			require.Empty(t, before, "bad, before the last")
			require.Equal(t, []string{r.ID}, slices.Compact(last), "bad")
		})
	}
	require.Greater(t, tested, 30)
}
