package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/scenarios"
)

// messageFile writes a message of the catalogue, changed, many times into a file.
func messageFile(t *testing.T, times int, edits ...string) string {
	t.Helper()
	list, err := rules.Example{Messages: []string{"A01"}, Edits: edits}.Build()
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "messages.hl7")
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat(string(list[0].Bytes()), times)), 0o600))
	return name
}

// head is a reader of the output that goes away after some writes.
type head struct {
	left int
	err  error
}

func (h *head) Write(p []byte) (int, error) {
	if h.left--; h.left < 0 {
		return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: h.err}
	}
	return len(p), nil
}

// A reader that goes away is no fault; a full disk is one, told once and with
// the name of who tells it. What was judged until then decides the exit code.
func TestValidateWhenTheOutputFails(t *testing.T) {
	good, bad, nothing := messageFile(t, 200), messageFile(t, 200, "ZBE-9 = X"), messageFile(t, 0)
	for _, format := range []string{"text", "json", "ndjson", "sarif", "junit"} {
		for _, c := range []struct {
			name, file, lang string
			err              error
			code             int
			stderr           string
		}{
			{"all is well so far", good, "en", syscall.EPIPE, scenarios.ExitOK, ""},
			{"one failed", bad, "en", syscall.EPIPE, scenarios.ExitFailed, ""},
			{"one is unreadable", nothing, "en", syscall.EPIPE, scenarios.ExitUnusable,
				"pamlab: " + nothing + ": no message in this file\nhint: a message begins with MSH|^~\\&\n"},
			{"no room", good, "en", syscall.ENOSPC, scenarios.ExitUnusable, "pamlab: the standard output: no space left on device\n"},
			{"no room, in French", good, "fr", syscall.ENOSPC, scenarios.ExitUnusable, "pamlab: la sortie standard : no space left on device\n"},
		} {
			t.Run(format+", "+c.name, func(t *testing.T) {
				var stderr strings.Builder
				code := run(t.Context(), []string{"validate", c.file, "--format", format, "--lang", c.lang}, nil, &head{0, c.err}, &stderr, noEnv)
				require.Equal(t, c.code, code)
				require.Equal(t, c.stderr, stderr.String())
			})
		}
	}
}

func noEnv(string) (string, bool) { return "", false }

// What is interrupted says so, how far it came, and leaves a report that can be read.
func TestValidateInterrupted(t *testing.T) {
	message, err := os.ReadFile(messageFile(t, 1))
	require.NoError(t, err)
	for _, c := range []struct{ format, lang, stdout, stderr string }{
		{"text", "en", "\ninterrupted: 1 message(s) judged\n", ""},
		{"text", "fr", "\ninterrompu : 1 message(s) jugé(s)\n", ""},
		{"sarif", "en", `"executionSuccessful":false`, "pamlab: interrupted: 1 message(s) judged\n"},
		{"ndjson", "fr", `"verdict":"pass"`, "pamlab: interrompu : 1 message(s) jugé(s)\n"},
	} {
		t.Run(c.format+" "+c.lang, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			in, other := io.Pipe()
			defer other.Close()
			go func() { fmt.Fprintf(other, "\x0b%s\x1c\r", message) }()
			out := &watched{end: cancel}
			var stderr strings.Builder
			code := run(ctx, []string{"validate", "-", "--format", c.format, "--lang", c.lang}, in, out, &stderr, noEnv)
			require.Equal(t, scenarios.ExitInterrupted, code)
			require.Contains(t, out.text.String(), c.stdout)
			require.Equal(t, c.stderr, stderr.String())
		})
	}
}

// watched is an output that ends the run when the message has come out.
type watched struct {
	text strings.Builder
	end  func()
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	w.end()
	return n, err
}

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		name, lang, want string
		read, size       int64
	}{
		{"unknown", "en", "64 MiB read, 32 MiB/s", 64 << 20, 0},
		{"unknown", "fr", "64 Mio lus, 32 Mio/s", 64 << 20, 0},
		{"known", "en", "64 MiB of 256 read (25%), 32 MiB/s", 64 << 20, 256 << 20},
		{"known", "fr", "64 Mio lus sur 256 (25 %), 32 Mio/s", 64 << 20, 256 << 20},
		{"grown", "en", "64 MiB of 32 read (100%), 32 MiB/s", 64 << 20, 32 << 20},
	} {
		t.Run(c.name+" "+c.lang, func(t *testing.T) {
			a := &app{lang: c.lang}
			require.Equal(t, c.want, a.progressLine(c.read, c.size, 2*time.Second))
		})
	}
}

// The sizes of files and folders are known, those of streams and of what is
// missing are not; nobody else is kept from being judged.
func TestSources(t *testing.T) {
	name := messageFile(t, 2)
	info, err := os.Stat(name)
	require.NoError(t, err)
	a := &app{lang: "en"}
	list, size := a.sources([]string{name, filepath.Dir(name), filepath.Join(t.TempDir(), "missing")})
	require.Len(t, list, 3)
	require.Equal(t, 2*info.Size(), size)
	list, size = a.sources([]string{name, "-", "-"})
	require.Len(t, list, 2)
	require.Zero(t, size)
}
