//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// second runs a command that has to end by itself; one that does not is killed.
func second(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	cmd := process(t, args...)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the exit code says it
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		<-ended
		t.Fatalf("%q goes on beside the first: %s", args, &both)
	}
	return cmd.ProcessState.ExitCode(), both.String()
}

// Two programs do not write to one store, whatever they are; those who look at it
// or purge it are welcome, and so is the next one when the first was killed.
func TestOneProgramWritesToAStore(t *testing.T) {
	dir := t.TempDir()
	file, nobody := filepath.Join(dir, "dmn.db"), "127.0.0.1:"+silentPeer(t)
	m := message(t, 1)
	for life := range 2 {
		l := listenProcess(t, "--store", file)
		client := &mllp.Client{Addr: l.addr}
		_, err := client.Do(t.Context(), m.Bytes())
		require.NoError(t, err)
		for _, args := range [][]string{
			{"listen", "--addr", "127.0.0.1:0", "--store", file},
			{"listen", "--addr", "127.0.0.1:0", "--store", filepath.Join(dir, ".", "..", filepath.Base(dir), "dmn.db"), "--lang", "fr"},
			{"record", "--listen", "127.0.0.1:0", "--to", nobody, "--store", file},
			{"simulate", "--to", nobody, "--store", file},
		} {
			code, out := second(t, args...)
			require.Equal(t, scenarios.ExitUnusable, code, "%q: %s", args, out)
			whose := fmt.Sprintf("another pamlab writes to it (process %d)", l.cmd.Process.Pid)
			hint := "hint: "
			if args[len(args)-1] == "fr" {
				whose, hint = fmt.Sprintf("un autre pamlab y écrit (processus %d)", l.cmd.Process.Pid), "conseil : "
			}
			require.Contains(t, out, whose)
			require.Contains(t, out, hint)
		}
		for _, args := range [][]string{{"list"}, {"show", fmt.Sprint(2*life + 1)}, {"export"}, {"purge", "--older", "1h"}} {
			code, out, errs := pamlab(t, append(append([]string{"messages"}, args...), "--store", file)...)
			require.Equal(t, scenarios.ExitOK, code, out+errs)
		}
		code, out, errs := pamlab(t, "messages", "purge", "--older", "0s", "--store", file)
		require.Equal(t, scenarios.ExitOK, code, out+errs)
		_, err = client.Do(t.Context(), m.Bytes()) // it still writes
		require.NoError(t, err)
		code, out, errs = pamlab(t, "messages", "list", "--store", file)
		require.Equal(t, scenarios.ExitOK, code, errs)
		require.Contains(t, out, controlID(t, m.Bytes()))
		require.NoError(t, client.Close())
		l.kill()
	}
}

// A second `simulate` would send everything twice.
func TestTwoSimulationsDoNotShareAnOutbox(t *testing.T) {
	came := make(chan string, 16)
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{Options: reference.Options{
		Logger:  slog.New(slog.DiscardHandler),
		Observe: func(x reference.Exchange) { came <- x.ControlID },
	}})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, dmn.Stop(ctx))
	})
	line := []string{"simulate", "--to", dmn.Addr(), "--store", filepath.Join(t.TempDir(), "gam.db")}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	first := &recording{head: make(chan string, 1), code: make(chan int, 1)}
	first.begin(ctx, append(slices.Clone(line), "--rate", "1/h"))
	select {
	case <-came: // it has begun
	case <-first.code:
		t.Fatal(first.out.String())
	}
	line = append(line, "--rate", "max", "--count", "3")
	code, out := second(t, line...)
	require.Equal(t, scenarios.ExitUnusable, code, out)
	require.Empty(t, came)
	stop()
	require.Equal(t, scenarios.ExitOK, <-first.code)
	code, out = second(t, line...)
	require.Equal(t, scenarios.ExitOK, code, out)
	require.Len(t, came, 3)
}
