//go:build unix

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A hospital that lives in another process is judged by what it sends, without
// anybody who tells it to.
func TestRunAtASimulation(t *testing.T) {
	for _, tt := range []struct {
		bug  string
		code int
		says string
	}{
		{"", 0, `passed +gam/stream `},
		{"gam-ins-without-vali", 1, `failed +gam/stream (?s:.*)PID-32`},
		{"gam-no-zbe", 1, `failed +gam/stream (?s:.*)segment ZBE is missing`},
		{"gam-forgets-charset", 1, `failed +gam/stream (?s:.*)MSH-18`},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			t.Parallel()
			at := freePort(t).String() // the run listens there
			cmd := process(t, "simulate", "--to", at, "--rate", "max", "--count", "30", "--seed", "7", "--start", "2026-03-02T06:00:00Z", "-q", "--bugs", tt.bug)
			require.NoError(t, cmd.Start())
			defer func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}()
			var out bytes.Buffer
			code := run(t.Context(), []string{"run", "gam/stream", "--role", "gam", "--set", "harness.listen=" + at, "--lang", "en"},
				strings.NewReader(""), &out, &out, func(string) (string, bool) { return "", false })
			require.Equal(t, tt.code, code, "%s", out.String())
			require.Regexp(t, tt.says, out.String())
		})
	}
}
