package library_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

// attempts is how often something that is played on real sockets, with limits of
// real time, may come out otherwise: the machines that play it are shared, and may
// stand still for seconds. What is wrong is wrong every time.
const attempts = 3

// hold plays scenarios and requires of each play the verdict that want tells. Those
// that came out otherwise are played again.
func hold(t *testing.T, list []*scenarios.Scenario, want func(name string) scenarios.Verdict, play func([]*scenarios.Scenario) ([]scenarios.Event, string)) {
	t.Helper()
	for attempt := 1; ; attempt++ {
		events, console := play(list)
		got := verdicts(events)
		require.Len(t, got, len(scenarios.Plays(list)), "a play is missing\n%s", console)
		wrong := slices.DeleteFunc(slices.Sorted(maps.Keys(got)), func(name string) bool { return got[name] == want(name) })
		if len(wrong) == 0 {
			return
		}
		for i, name := range wrong {
			wrong[i] = fmt.Sprintf("%s: %s, expected %s", name, got[name], want(name))
		}
		require.Less(t, attempt, attempts, "%q\n%s", wrong, console)
		t.Logf("once more: %q", wrong)
		list = slices.DeleteFunc(slices.Clone(list), func(s *scenarios.Scenario) bool {
			return !slices.ContainsFunc(scenarios.Plays([]*scenarios.Scenario{s}), func(p scenarios.Play) bool {
				name := playName(s.ID, p.Case.ID)
				return got[name] != want(name)
			})
		})
	}
}

// playName names a play as verdicts does.
func playName(scenario, row string) string {
	if row == "" {
		return scenario
	}
	return scenario + "#" + row
}

func always(v scenarios.Verdict) func(string) scenarios.Verdict {
	return func(string) scenarios.Verdict { return v }
}
