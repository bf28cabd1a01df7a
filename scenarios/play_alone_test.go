package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

// What takes much of the candidate is played when all the rest is over, one
// after the other, wherever it stands in the selection.
func TestAlone(t *testing.T) {
	p := startPeer(t, acknowledge)
	const steps = "steps:\n  - {id: one, send: A28, expect: {ack: AA}}\n"
	events, summary := journalOf(t.Context(), candidateAt(p.addr), 8,
		scenario(t, "x/heavy", "alone: true\n"+steps), scenario(t, "x/a", steps),
		scenario(t, "x/heavier", "alone: true\n"+steps), scenario(t, "x/b", steps))
	require.Equal(t, 4, summary.Counts[scenarios.Pass])
	open := map[string]bool{}
	var heavy []string
	for _, e := range events {
		switch e.Kind {
		case scenarios.ScenarioStarted:
			open[e.Scenario] = true
			if e.Scenario == "x/heavy" || e.Scenario == "x/heavier" {
				require.Len(t, open, 1, "something else is being played")
				heavy = append(heavy, e.Scenario)
			}
		case scenarios.ScenarioFinished:
			delete(open, e.Scenario)
		}
	}
	require.Equal(t, []string{"x/heavy", "x/heavier"}, heavy)
}
