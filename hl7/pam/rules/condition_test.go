package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// TestConditions: a receiver refuses what the header announces with the codes
// of a rejection, whoever has found it, and everything else with those of an
// error.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		sample, edits string
		rule          string
		want          int
	}{
		{"A01", "MSH-9.1 = ORU", "hl7.msh-9.type", hl7.ConditionMessageType},
		{"A01", "MSH-9.3 = ADT_A05", "hl7.msh-9.structure", hl7.ConditionMessageType},
		{"A01", "MSH-9.2 = A99", "hl7.msh-9.event", hl7.ConditionEvent},
		{"A01", "MSH-9 = ADT^A08^ADT_A01", "fr.msh-9.a08", hl7.ConditionEvent},
		{"A01", "MSH-9.2 = Z80", "fr.msh-9.z80", hl7.ConditionEvent},
		{"A01", "MSH-11 = X", "hl7.msh-11.processing", hl7.ConditionProcessingID},
		{"A01/pam-2.5", "MSH-11 = X", "hl7.msh-11.processing", hl7.ConditionProcessingID},
		{"A01/2.3.1", "MSH-11 = X", "hl7.msh-11.processing", hl7.ConditionProcessingID},
		{"A01", "MSH-12.1 = 2.6", "iti.msh-12.version", hl7.ConditionVersion},
		{"A01/pam-2.5", "MSH-12 = 9.9", "iti.msh-12.version", hl7.ConditionVersion},
		{"A01/2.3.1", "MSH-12 = 2.3.9", "hl7.msh-12.version", hl7.ConditionVersion},
		{"A01", "MSH-12.2 =", "fr.msh-12.country", hl7.ConditionVersion},
		{"A01", "MSH-12.3 = 1.0", "fr.msh-12.pam", hl7.ConditionVersion},
		{"A01", "MSH-11 =", "iti.msh.required", hl7.ConditionRequired},
		{"A01", "MSH-9.2 =", "hl7.msh-9.components", hl7.ConditionRequired},
		{"A01", "PV1-2 = Q", "fr.table.closed", hl7.ConditionTable},
		{"A01", "- EVN", "hl7.segment.missing", hl7.ConditionSequence},
		{"A01", "EVN-2 = 2026-03-02", "hl7.type.format", hl7.ConditionDataType},
	} {
		t.Run(c.sample+" "+c.edits, func(t *testing.T) {
			r := judged(t, c.sample, c.edits)
			for i := range r.Findings {
				if f := &r.Findings[i]; f.Rule.ID == c.rule {
					require.Equal(t, c.want, f.Condition())
					return
				}
			}
			t.Fatal(list(r, rules.Info))
		})
	}
}

// judged judges a sample after edits, which "; " separates.
func judged(t *testing.T, sample, edits string) *rules.Report {
	t.Helper()
	built, err := rules.Example{Messages: []string{sample}, Edits: strings.Split(edits, "; ")}.Build()
	require.NoError(t, err)
	return judgedMessage(t, built[0])
}

func judgedMessage(t *testing.T, m *hl7.Message) *rules.Report {
	t.Helper()
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	var r rules.Report
	j.Message(&r, m)
	return &r
}

// TestProcessingMode: what table 0207 prints for the empty value is no code to
// be sent.
func TestProcessingMode(t *testing.T) {
	for _, sample := range []string{"A01", "A01/pam-2.5", "A01/2.3.1"} {
		r := judged(t, sample, "MSH-11.2 = Z")
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Rule.ID == "hl7.msh-11.processing" {
				require.Contains(t, f.Expected("en"), "T")
				require.NotContains(t, strings.ToLower(f.Expected("en")), "present")
			}
		}
		require.Contains(t, list(r, rules.Must), "must hl7.msh-11.processing MSH-11.2", sample)
	}
}
