package scenarios_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// checksOf are the checks of a play by their rule.
func checksOf(events []scenarios.Event) map[string]scenarios.CheckInfo {
	checks := map[string]scenarios.CheckInfo{}
	for _, e := range events {
		if e.Kind == scenarios.Checked {
			checks[e.Check.Rule] = *e.Check
		}
	}
	return checks
}

// Every acknowledgement is judged by the rules of the catalogue, and what it
// keeps is shown too.
func TestAcknowledgementsAreJudgedByTheCatalogue(t *testing.T) {
	for name, c := range map[string]struct {
		send       string
		bugs       string
		conforming string // settings
		want       map[string]scenarios.Verdict
		without    []string
	}{
		"accepted": {
			send: "send: A28",
			want: map[string]scenarios.Verdict{
				"mllp.framing": scenarios.Pass, "ack.type": scenarios.Pass, "ack.code": scenarios.Pass, "ack.message-id": scenarios.Pass,
				"ack.own-id": scenarios.Pass, "ack.swap": scenarios.Pass, "ack.version": scenarios.Pass,
			},
			without: []string{"ack.err", "ack.err-form"},
		},
		"refused": {
			send: "send: A28, set: {MSH-9.1: QZZ}",
			want: map[string]scenarios.Verdict{"ack.err": scenarios.Pass, "ack.err-form": scenarios.Pass, "ack.err-class": scenarios.Pass},
		},
		"to no message": {
			send:    `send: {raw: "nothing that could be read"}`,
			want:    map[string]scenarios.Verdict{"ack.type": scenarios.Pass, "ack.err": scenarios.Pass},
			without: []string{"ack.message-id", "ack.swap", "ack.trigger", "hl7.field.missing"},
		},
		"a must": {
			send: "send: A28", bugs: "wrong-msa2",
			want: map[string]scenarios.Verdict{"ack.message-id": scenarios.Fail, "ack.own-id": scenarios.Pass},
		},
		"a should": {
			send: "send: A28", bugs: "fills-msa3",
			want: map[string]scenarios.Verdict{"ack.msa-text": scenarios.Warn},
		},
		"form": {
			send: "send: A28", bugs: "forgets-cr",
			want: map[string]scenarios.Verdict{"hl7.form.no-terminator": scenarios.Warn, "mllp.framing": scenarios.Pass},
		},
		"a setting": {
			send: "send: A28", bugs: "ack-trigger", conforming: "tolerant=on",
			want: map[string]scenarios.Verdict{"ack.structure": scenarios.Pass},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bugs, err := reference.ParseBugs(c.bugs)
			require.NoError(t, err)
			candidate := startDMN(t, reference.Options{Bugs: bugs})
			if name, value, ok := strings.Cut(c.conforming, "="); ok {
				candidate.Conformance, err = candidate.Conformance.With(name, value)
				require.NoError(t, err)
			}
			events, _ := journalOf(t.Context(), candidate, 1, scenario(t, "ack/owed", "steps: [{id: one, "+c.send+"}]\n"))
			checks := checksOf(events)
			for rule, verdict := range c.want {
				require.Contains(t, checks, rule)
				check := checks[rule]
				require.Equal(t, verdict, check.Verdict, rule)
				require.NotEmpty(t, check.Spec, rule)
				require.Equal(t, verdict != scenarios.Pass || check.Unmet, check.Message != nil, rule)
			}
			for _, rule := range c.without {
				require.NotContains(t, checks, rule)
			}
			for rule := range checks {
				if strings.HasPrefix(rule, "ack.") {
					require.NotNil(t, rules.ByID(rule), rule)
				}
			}
			if name == "a must" {
				require.Equal(t, "ack.MSA-2", checks["ack.message-id"].Name)
				require.Equal(t, "MSH-10", checks["ack.message-id"].Field)
				require.Contains(t, checks["ack.message-id"].Message.FR, "MSA-2")
			}
		})
	}
}
