package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// TestShifted: fields that all stand one place too early, or too late, are one
// fault, told at the place where it begins.
func TestShifted(t *testing.T) {
	sample := func(name string) string {
		m, err := rules.Sample(name)
		require.NoError(t, err)
		return string(m.Bytes())
	}
	for _, c := range []struct {
		name, sample, before, after string
		want                        string
		says                        string
	}{
		{"ZBE too early from 3 on", "A01", "20260302100000||INSERT|", "20260302100000|INSERT|", "must hl7.segment.shifted ZBE-3", "one place too early"},
		{"ZBE too late from 3 on", "A01", "20260302100000||INSERT|", "20260302100000|||INSERT|", "must hl7.segment.shifted ZBE-4", "one place too late"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(sample(c.sample), c.before, c.after, 1)
			require.NotEqual(t, sample(c.sample), text)
			m, err := hl7.Parse([]byte(text))
			require.NoError(t, err)
			j, err := rules.New(rules.Options{})
			require.NoError(t, err)
			var r rules.Report
			j.Message(&r, m)
			require.Equal(t, []string{c.want}, list(&r, rules.Should))
			for _, f := range r.Findings {
				if f.Level >= rules.Should {
					require.Contains(t, f.Message("en"), c.says)
				}
			}
		})
	}
}
