package scenarios

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func about(t *testing.T, trigger, family string) *hl7.Message {
	t.Helper()
	m, err := hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|20260302||ADT^" + trigger + "|1|P|2.5\rPID|||1^^^X^PI||" + family + "\r"))
	require.NoError(t, err)
	return m
}

func TestAnswering(t *testing.T) {
	a, err := ParseAnswering("rules.yaml", []byte(`
rules:
  - event: [A01, A02]
    match: {PID-5.1: {in: [UN, DEUX]}}
    reply: {code: AE, error: {code: 204, field: "PID-3[2].1", user: inconnu}, after: 2s}
  - event: A01
    times: 2
    reply: {code: AR, text: plus tard}
  - match: {PID-5.1: MUET}
    reply: never
  - event: A03
    reply: {close: before}
  - event: A04
    reply: {wrong: twice}
`))
	require.NoError(t, err)
	r := a.Choose(about(t, "A02", "DEUX"))
	require.Equal(t, hl7.AE, r.Code)
	require.Equal(t, 2*time.Second, r.After)
	require.Equal(t, []hl7.AckError{{
		Code: 204, User: "inconnu", Location: hl7.Location{Segment: "PID", Occurrence: 1, Field: 3, Repetition: 2, Component: 1},
	}}, r.AckErrors())
	for range 2 {
		r = a.Choose(about(t, "A01", "TROIS"))
		require.Equal(t, hl7.AR, r.Code)
		require.Equal(t, []hl7.AckError{{Code: hl7.ConditionInternal, User: "plus tard"}}, r.AckErrors())
	}
	require.Nil(t, a.Choose(about(t, "A01", "TROIS")), "twice is enough")
	require.True(t, a.Choose(about(t, "A31", "MUET")).Silent)
	require.Equal(t, CloseBefore, a.Choose(about(t, "A03", "X")).Close)
	require.Equal(t, WrongTwice, a.Choose(about(t, "A04", "X")).Wrong)
	require.Nil(t, a.Choose(about(t, "A05", "X")))
	require.Nil(t, a.Choose(nil), "what cannot be read fits no condition")
}

// Every fault of a table is told, with its place.
func TestAnsweringFaults(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", ``, "rules.yaml: the file is empty"},
		{"no rules", "rules: []", "rules.yaml:1:8: it takes 1 to 1000 rules"},
		{"no reply", "rules:\n  - event: A01", `rules.yaml:2:5: the key "reply" is missing`},
		{"unknown key", "rules:\n  - evnt: A01\n    reply: AA", `rules.yaml:2:5: unknown key "evnt"`},
		{"unknown code", "rules:\n  - reply: AX", `rules.yaml:2:12: unknown value "AX"`},
		{"a mode", "rules:\n  - reply: CA", "rules.yaml:2:12: the mode, enhanced or not, is the one that the message asks for"},
		{"a bad path", "rules:\n  - match: {PID5: X}\n    reply: AE", "rules.yaml:2:16:"},
		{"a reference", "rules:\n  - match: {PID-5.1: \"{{patient.family}}\"}\n    reply: AE", "this value comes from a scenario, and here there is none"},
		{"a template as text", "rules:\n  - reply: {code: AE, text: \"{{patient.family}}\"}", "there is no scenario here"},
		{"an error without refusal", "rules:\n  - reply: {error: {code: 204}}", "an error goes with a refusal"},
		{"never reached", "rules:\n  - reply: AA\n  - reply: AE", "rules.yaml:3:5: this rule is never used: that of line 2 takes every message"},
		{"times", "rules:\n  - times: 0\n    reply: AA", `"times" counts messages, from 1 on`},
		{"of a play", "rules:\n  - reply: {wrong: other-message-id}", `"other-message-id" exists in scenarios only`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseAnswering("rules.yaml", []byte(tt.text))
			require.ErrorContains(t, err, tt.want)
			var problems Problems
			require.ErrorAs(t, err, &problems)
		})
	}
}

func FuzzAnswering(f *testing.F) {
	f.Add("rules:\n  - event: A01\n    match: {PID-5.1: {in: [A, B]}}\n    times: 2\n    reply: {code: AE, error: {code: 204, field: PID-3}}")
	f.Add("rules:\n  - reply: never")
	m, err := hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|20260302||ADT^A01|1|P|2.5\rPID|||1^^^X^PI||A\r"))
	require.NoError(f, err)
	f.Fuzz(func(_ *testing.T, text string) {
		a, err := ParseAnswering("rules.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, m := range []*hl7.Message{m, nil} {
			if r := a.Choose(m); r != nil {
				_ = r.AckErrors()
			}
		}
	})
}
