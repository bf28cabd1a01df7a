package scenarios_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// spoiled plays a scenario with messages that are spoiled after they were built.
func spoiled(t *testing.T, c *scenarios.Candidate, path, value string, s *scenarios.Scenario) ([]scenarios.Event, scenarios.Summary) {
	t.Helper()
	var events []scenarios.Event
	journal := scenarios.NewJournal(io.Discard, time.Now, func(e scenarios.Event) { events = append(events, e) })
	p := scenarios.Player{Candidate: c, Journal: journal, Seed: 1, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	p.Spoil(func(m *hl7.Message) { require.NoError(t, m.Set(hl7.MustPath(path), value)) })
	summary := p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{s}))
	return events, summary
}

// A message that we built and that does not conform is our own fault: it is not
// sent, and everything about it is told.
func TestOurOwnFaultIsNotSent(t *testing.T) {
	s := scenario(t, "own/fault", "steps: [{id: one, send: A28, expect: {ack: AA}}, {id: two, send: A31}]\nalways: [{id: three, when: one.sent, send: A31}]\n")
	events, summary := spoiled(t, startDMN(t, reference.Options{}), "PV1-2", "Q", s)
	require.Equal(t, scenarios.ExitFault, summary.Exit)
	require.Equal(t, 1, summary.Counts[scenarios.Error])
	check := checksOf(events)["fr.pv1-2.identity"]
	require.Equal(t, scenarios.Error, check.Verdict)
	require.Equal(t, "sent.PV1-2", check.Name)
	require.Equal(t, "Q", check.Actual)
	require.NotEmpty(t, check.Spec)
	var reason *scenarios.Text
	var note string
	for _, e := range events {
		require.NotEqual(t, scenarios.MessageSent, e.Kind)
		switch {
		case e.Kind == scenarios.ScenarioFinished:
			reason = e.Result.Reason
		case e.Kind == scenarios.Note:
			note = e.Note.FR
		}
	}
	require.NotNil(t, reason)
	require.Contains(t, reason.FR, "règle fr.pv1-2.identity, PV1-2 : ")
	require.Contains(t, reason.EN, "rule fr.pv1-2.identity, PV1-2: ")
	require.Contains(t, note, "le message n'a pas été envoyé :\nMSH|")
	require.Contains(t, note, "\nPV1||Q")
}

// The order of our messages is judged too, until one of them is bent.
func TestOurOwnOrder(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		exit  int
	}{
		"one movement twice":     {"{id: one, send: A01}, {id: two, send: A02}", scenarios.ExitFault},
		"after one that is bent": {"{id: one, send: A01, set: {PV1-7: absent}}, {id: two, send: A02}", scenarios.ExitOK},
	} {
		t.Run(name, func(t *testing.T) {
			events, summary := spoiled(t, startDMN(t, reference.Options{Lenient: true}), "ZBE-1.1", "4711", scenario(t, "own/order", "steps: ["+c.steps+"]\n"))
			require.Equal(t, c.exit, summary.Exit)
			for rule, check := range checksOf(events) {
				require.Equal(t, check.Verdict == scenarios.Error, strings.HasPrefix(rule, "seq."), rule)
			}
		})
	}
}

// What a step bends or forces is the author's business, and so is what is sent
// again.
func TestBentOnPurpose(t *testing.T) {
	for name, steps := range map[string]string{
		"set":   "{id: one, send: A28, set: {PV1-2: Q}}",
		"again": "{id: one, send: A28, set: {PV1-2: Q}}, {id: two, send: {again: one}}",
		"force": "{id: one, send: A03, with: {force: true}}",
		"raw":   `{id: one, send: {raw: "MSH|^~\\&|A|B|C|D|20260302||ADT^A28|1|P|2.5\r"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, summary := journalOf(t.Context(), startDMN(t, reference.Options{}), 1, scenario(t, "bent/"+name, "steps: ["+steps+"]\n"))
			require.Equal(t, scenarios.ExitOK, summary.Exit)
		})
	}
}

// conforms: what a step says of its message is looked at when the run knows it.
func TestConformsAtTheRun(t *testing.T) {
	const bent = "set: {PV1-2: \"{{class}}\"}"
	for name, c := range map[string]struct {
		step, class string
		want        scenarios.Verdict
		english     string // part of what is said
	}{
		"true":            {"conforms: true", "N", scenarios.Pass, ""},
		"not true":        {"conforms: true", "Q", scenarios.Error, "rule fr.pv1-2.identity, PV1-2: "},
		"strict":          {"conforms: strict", "N", scenarios.Pass, ""},
		"false":           {"conforms: false", "Q", scenarios.Pass, ""},
		"not false":       {"conforms: false", "N", scenarios.Error, "the message conforms"},
		"breaks":          {"conforms: {breaks: [fr.pv1-2.identity]}", "Q", scenarios.Pass, ""},
		"breaks not":      {"conforms: {breaks: [fr.pv1-2.identity]}", "N", scenarios.Error, "does not break rule fr.pv1-2.identity"},
		"breaks another":  {"conforms: {breaks: [hl7.field.missing]}", "Q", scenarios.Error, "rule fr.pv1-2.identity, PV1-2: "},
		"breaks one more": {"conforms: {breaks: [fr.pv1-2.identity, hl7.field.missing]}", "Q", scenarios.Error, "does not break rule hl7.field.missing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scenario(t, "conforms/run", "vars: {class: \"{{candidate.release}}\"}\nsteps: [{id: one, send: A28, "+bent+", "+c.step+"}]\n")
			candidate := startDMN(t, reference.Options{})
			candidate.Release = c.class
			events, summary := journalOf(t.Context(), candidate, 1, s)
			require.Equal(t, c.want == scenarios.Error, summary.Exit == scenarios.ExitFault)
			var said strings.Builder
			for _, e := range events {
				if e.Kind == scenarios.Checked && e.Check.Verdict == scenarios.Error {
					require.NotNil(t, e.Check.Source, "it stands in the scenario")
				}
				if e.Kind == scenarios.StepFinished {
					require.Equal(t, c.want, e.Result.Verdict)
					if e.Result.Reason != nil {
						said.WriteString(e.Result.Reason.EN)
					}
				}
			}
			require.Contains(t, said.String(), c.english)
		})
	}
}

// Our messages are judged with the settings of the candidate file.
func TestSettingsJudgeOurMessages(t *testing.T) {
	s := scenario(t, "own/settings", "steps: [{id: one, send: A28}]\n")
	candidate := startDMN(t, reference.Options{})
	var err error
	candidate.Conformance, err = candidate.Conformance.With("ins_environment", "production")
	require.NoError(t, err)
	_, summary := journalOf(t.Context(), candidate, 1, s)
	require.Equal(t, scenarios.ExitFault, summary.Exit, "an INS of the test authority is none of the production authority")
}

// ack: {conforms: strict} makes a SHOULD of the acknowledgement count.
func TestStrictAcknowledgement(t *testing.T) {
	s := scenario(t, "ack/strict", "steps: [{id: one, send: A28, expect: {ack: {code: AA, conforms: strict}}}]\n")
	for bug, want := range map[string]scenarios.Verdict{"": scenarios.Pass, "fills-msa3": scenarios.Fail, "never-answers": scenarios.Fail} {
		t.Run(bug, func(t *testing.T) {
			bugs, err := reference.ParseBugs(bug)
			require.NoError(t, err)
			candidate := startDMN(t, reference.Options{Bugs: bugs})
			candidate.Limits.Ack = 200 * time.Millisecond
			events, _ := journalOf(t.Context(), candidate, 1, s)
			for _, e := range events {
				if e.Kind == scenarios.Checked && e.Check.Name == "ack.conforms" {
					require.Equal(t, want, e.Check.Verdict)
					require.Equal(t, map[string]string{"": "", "fills-msa3": "ack.msa-text"}[bug], e.Check.Actual)
				}
				if e.Kind == scenarios.ScenarioFinished {
					require.Equal(t, want, e.Result.Verdict)
				}
			}
		})
	}
}

func TestConformsLoads(t *testing.T) {
	s, err := scenarios.Load(filepath.FromSlash("testdata/lang/good/conforms.yaml"))
	require.NoError(t, err)
	steps := s.Cases[0].Steps
	require.Equal(t, scenarios.ConformsStrict, steps[1].Conforms.Want)
	require.Equal(t, []string{"fr.table.closed"}, steps[2].Conforms.Breaks)
	require.True(t, steps[0].Expects(scenarios.TargetConforms))
}
