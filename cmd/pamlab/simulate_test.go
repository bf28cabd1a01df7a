//go:build unix

package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// A process that is killed goes on exactly where it was: the device has each
// message once, in the order of the hospital, and what it was sent twice is what
// was on its way.
func TestSimulateIsKilled(t *testing.T) {
	t.Parallel()
	const runs, each = 2, 25
	var mu sync.Mutex
	var taken []string
	again, seen := 0, map[string]bool{}
	enough := make(chan struct{}, 10_000)
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{Options: reference.Options{
		Logger: slog.New(slog.DiscardHandler),
		Observe: func(x reference.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			if x.Code != hl7.AA {
				taken = append(taken, "refused "+x.ControlID)
			} else if !seen[x.ControlID] {
				taken = append(taken, x.ControlID)
			} else {
				again++
			}
			seen[x.ControlID] = true
			enough <- struct{}{}
		},
	}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "gam.db")
	for range runs {
		cmd := process(t, "simulate", "--to", dmn.Addr(), "--store", file, "--rate", "200/s", "--seed", "3", "--start", "2026-03-02T06:00:00Z", "-q")
		require.NoError(t, cmd.Start())
		for range each {
			select {
			case <-enough:
			case <-time.After(time.Minute): // of a process that does not send
				t.Fatal("no message came")
			}
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
	}
	cmd := process(t, "simulate", "--to", dmn.Addr(), "--store", file, "--rate", "max", "--count", "5", "-q")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	require.NoError(t, dmn.Stop(ctx))

	c, err := hospital.Default()
	require.NoError(t, err)
	h := hospital.New(c, hospital.Options{Seed: 3, Start: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)})
	var told []string
	for range taken {
		e, err := h.Next()
		require.NoError(t, err)
		told = append(told, e.ControlID)
	}
	require.Equal(t, told, taken)
	require.LessOrEqual(t, again, runs*64)
}
