package scenarios_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

// TestConformsInItsDialect: what a step says of its message holds in the
// dialects that the scenario allows, or in that of the candidate, and who forgot
// to say which reads what to add.
func TestConformsInItsDialect(t *testing.T) {
	const (
		head  = "version: 1\nid: own/nature\ntitle: {fr: a, en: a}\nrole: dmn\ngiven: {patient: {new: patient}, stay: {class: I}}\n"
		steps = "steps:\n  - {id: one, send: A01, set: {ZBE-9: X}, conforms: {breaks: [fr.zbe-9.table]}}\n"
	)
	for _, c := range []struct {
		name, text, dialect string
		says, hint          string
	}{
		{name: "of France only", text: head + "dialects: [pam-fr-2.11]\n" + steps},
		{name: "for a candidate of France", text: head + steps, dialect: "pam-fr-2.11"},
		{
			name: "for all", text: head + steps,
			says: "does not break rule fr.zbe-9.table (pam-2.5)", hint: "add \"dialects: [pam-fr-2.11",
		},
		{name: "for another candidate", text: head + steps, dialect: "pam-2.5", says: "(pam-2.5)"},
		{
			name: "wrong everywhere", text: head + strings.Replace(steps, "ZBE-9: X", "ZBE-9: HMS", 1),
			says: "does not break rule fr.zbe-9.table (pam-fr-2.11)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			sel := scenarios.Selector{Library: fstest.MapFS{"own/nature.yaml": {Data: []byte(c.text)}}, Dialect: c.dialect}
			_, err := sel.Select(nil, nil)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			problems, ok := errors.AsType[scenarios.Problems](err)
			require.True(t, ok, err)
			require.Contains(t, problems[0].In("en"), c.says)
			require.Contains(t, problems[0].Hint("en"), c.hint)
			require.Equal(t, c.hint == "", problems[0].Hint("fr") == "")
		})
	}
}
