package scenarios

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeEnv answers references by their text; nil values refuse every one.
type fakeEnv struct{ values map[string]string }

func (e *fakeEnv) Lookup(ref Ref) (string, error) {
	if e.values == nil {
		return "", errors.New("nothing was sent")
	}
	text, _, _ := strings.Cut(ref.Text, " + ")
	return e.values[text], nil
}

func (*fakeEnv) Now() time.Time   { return time.Date(2024, 3, 6, 14, 25, 30, 0, time.UTC) }
func (*fakeEnv) Start() time.Time { return time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC) }

func compile(t *testing.T, text string) Template {
	t.Helper()
	template, fault := compileTemplate(text, Source{}, func(int, int) Source { return Source{} })
	require.Nil(t, fault)
	return template
}

func TestTemplateRender(t *testing.T) {
	env := &fakeEnv{values: map[string]string{
		"patient.ipp": "123", "ward": "6270", "admission.sent.PID-3[.5=PI].1": "P1", "admission.ack.MSH-7": "202403061200",
		"seed": "42", "control_id": "C1",
	}}
	for name, c := range map[string]struct{ text, want string }{
		"no reference":          {"plain { text } }}", "plain { text } }}"},
		"empty":                 {"", ""},
		"variable":              {"{{ward}}", "6270"},
		"blanks":                {"a{{  ward }}b{{ward}}", "a6270b6270"},
		"patient":               {"{{patient.ipp}}^^^X", "123^^^X"},
		"path with a condition": {"{{admission.sent.PID-3[.5=PI].1}}", "P1"},
		"clock":                 {"{{now}}", "20240306142530"},
		"clock and duration":    {"{{now + 1h}} {{now - 2d}} {{now +90m}}", "20240306152530 20240304142530 20240306155530"},
		"start":                 {"{{start}}", "20240301080000"},
		"instant of a message":  {"{{admission.ack.MSH-7 + 1h30m}}", "202403061330"},
		"seed and control id":   {"{{seed}}-{{control_id}}", "42-C1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := compile(t, c.text).Render(env)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestTemplateRefs(t *testing.T) {
	refs := compile(t, "{{ward}} {{sent.MSH-10}} {{step-2.ack.ERR[2]-3.1}}").Refs()
	require.Len(t, refs, 3)
	require.Equal(t, RefName, refs[0].Kind)
	require.Equal(t, "", refs[1].Step)
	require.Equal(t, SideSent, refs[1].Side)
	require.Equal(t, "step-2", refs[2].Step)
	require.Equal(t, SideAck, refs[2].Side)
	require.Equal(t, "ERR[2]-3.1", refs[2].Path.String())
	_, ok := compile(t, "{{ward}}").Literal()
	require.False(t, ok)
}

func TestTemplateWithoutValue(t *testing.T) {
	_, err := compile(t, "x{{admission.ack.MSH-10}}").Render(&fakeEnv{})
	var bad *RefError
	require.ErrorAs(t, err, &bad)
	require.EqualError(t, err, "{{admission.ack.MSH-10}}: nothing was sent")
	_, err = compile(t, "{{ward + 1h}}").Render(&fakeEnv{values: map[string]string{"ward": "6270"}})
	require.NoError(t, err, "a year is a date")
	_, err = compile(t, "{{ward + 1h}}").Render(&fakeEnv{values: map[string]string{"ward": "north"}})
	require.ErrorAs(t, err, &bad)
	require.NotEmpty(t, bad.Hint("fr"))
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "+1h": time.Hour, "-2d": -48 * time.Hour, "1h30m": 90 * time.Minute,
		"0s": 0, "45000d": maxDuration, "1d1h1m1s1ms": 25*time.Hour + time.Minute + time.Second + time.Millisecond,
	} {
		got, err := parseDuration(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "+", "60", "1 h", "1.5h", "h", "1w", "45001d", "9223372036854775808ms", "--1h", "999999999999999999999d", "1H"} {
		_, err := parseDuration(text)
		require.Error(t, err, text)
	}
}
