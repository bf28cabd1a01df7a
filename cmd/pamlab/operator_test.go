package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

func TestOperatorConfirms(t *testing.T) {
	for typed, done := range map[string]bool{"\n": true, "oui\n": true, "what?\ny\n": true, "n\n": false, "": false} {
		var out bytes.Buffer
		o := (&app{lang: "fr"}).newOperator(strings.NewReader(typed), &out, false)
		got := o.Prompt(t.Context(), scenarios.Instruction{
			Scenario: "gam/one", Case: "a", Step: "admit", Confirm: true, Until: time.Now().Add(time.Hour),
			Text: scenarios.Text{FR: "Admettez.\x1b[2J", EN: "Admit."},
		})
		require.Equal(t, done, got, "%q", typed)
		require.Contains(t, out.String(), "gam/one#a · admit\n  → Admettez.[2J\n")
	}
}

func TestOperatorCountsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		var out bytes.Buffer
		o := (&app{lang: "en"}).newOperator(strings.NewReader(""), &out, true)
		require.False(t, o.Prompt(ctx, scenarios.Instruction{Text: scenarios.Text{EN: "Admit."}, Until: time.Now().Add(65 * time.Second)}))
		for _, left := range []string{"1:05", "1:04", "1:03"} {
			require.Contains(t, out.String(), left)
		}
		require.True(t, strings.HasSuffix(out.String(), "\r\x1b[K"))
	})
}

// Nobody is asked where nobody can answer.
func TestNoOperatorWithoutATerminal(t *testing.T) {
	a := &app{stdin: strings.NewReader("\n"), stderr: &bytes.Buffer{}, getenv: func(string) (string, bool) { return "", false }}
	require.Nil(t, a.operator())
}
