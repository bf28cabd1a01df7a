package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/store"
)

// The variables by which this program becomes the child that is killed.
const (
	childVariable = "PAMLAB_STORE_CHILD" // the file that it adds to
	childFrom     = "PAMLAB_STORE_FROM"  // the first number that it gives
)

// child adds records from many goroutines until it is killed. It tells the number
// of each one once Add has returned, and of each that is in an outbox once Settle
// has.
func child(path string) int {
	from, err := strconv.Atoi(os.Getenv(childFrom))
	if err != nil {
		return 2
	}
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	var mu sync.Mutex
	next := from
	number := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				n := number()
				if err := s.Add(ctx, full(n)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Printf("M%d\n", n) // one write: a line comes whole or not at all
			}
		})
	}
	wg.Go(func() {
		for {
			r := full(number())
			if s.EnqueueWith(ctx, "made", []byte(r.ControlID), r) != nil {
				return
			}
			fmt.Printf("E%d\n", r.ID)
			if r.State = store.Done; s.Settle(ctx, r) != nil {
				return
			}
			fmt.Printf("S%d\n", r.ID)
		}
	})
	wg.Wait()
	return 4
}

// kills is how often the child is killed: a handful, or as many as
// PAMLAB_KILLS says (make kill-soak).
func kills(t *testing.T) int {
	if text := os.Getenv("PAMLAB_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	return 3
}

// Nothing that Add returned for is lost by kill -9, whenever it comes. (That a
// loss of power loses nothing either is SQLite's promise, by synchronous=FULL.)
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dmn.db")
	told := map[string]bool{} // M: control ids; E: ids that were enqueued; S: ids that were settled
	from := 0
	for life := range kills(t) {
		for _, word := range oneLife(t, path, from, 20+13*life%97) {
			told[word] = true
		}
		from += 100_000
		checkSurvivors(t, path, told)
	}
	require.Greater(t, len(told), kills(t)*20)
}

// oneLife runs the child, kills it after it has told a number of things, and
// returns all it told.
func oneLife(t *testing.T, path string, from, after int) (told []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+path, fmt.Sprintf("%s=%d", childFrom, from))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if told = append(told, lines.Text()); len(told) == after {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait() // killed
	require.GreaterOrEqual(t, len(told), after, "the child ended by itself")
	return told
}

func checkSurvivors(t *testing.T, path string, told map[string]bool) {
	t.Helper()
	s, err := store.Open(t.Context(), path, store.Options{MustExist: true})
	require.NoError(t, err, "a store that was killed can be opened")
	defer s.Close()
	there := map[string]bool{}
	for r, err := range s.List(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		require.Equal(t, full(1).Message, r.Message, "whole")
		if r.State == store.Done && r.Attempts == 2 && r.Destination == "dmn" {
			there["S"+strconv.FormatInt(r.ID, 10)] = true
		}
		there["E"+strconv.FormatInt(r.ID, 10)] = true
		require.False(t, there[r.ControlID], "%s is there once", r.ControlID)
		there[r.ControlID] = true
	}
	for word := range told {
		require.True(t, there[word], "%s was told and is lost", word)
	}
	if made, err := s.State(t.Context(), "made"); err == nil && made != nil {
		require.True(t, there[string(made)], "the program's value and what was made go together")
	}
}

// A disk that is full gives its error to everybody who shares the transaction,
// leaves nothing of it, and does no harm: with room again, all goes on.
func TestFullDisk(t *testing.T) {
	path := file(t)
	s := open(t, path, store.Options{MaxBytes: 128 << 10})
	var mu sync.Mutex
	stored := map[string]bool{}
	var failures []error
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for n := range 40 {
				r := full(sender*100 + n)
				err := s.Add(t.Context(), r)
				mu.Lock()
				if err == nil {
					stored[r.ControlID] = true
				} else {
					failures = append(failures, err)
					if r.ID != 0 {
						t.Error("an id though it failed")
					}
				}
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	require.NotEmpty(t, stored)
	require.NotEmpty(t, failures)
	for _, err := range failures {
		var full *store.Error
		require.ErrorAs(t, err, &full)
		require.Equal(t, store.Full, full.Kind)
	}
	all := list(t, s, store.Filter{})
	require.Len(t, all, len(stored))
	for _, r := range all {
		require.True(t, stored[r.ControlID])
	}
	n, err := s.Purge(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(len(stored)), n)
	require.NoError(t, s.Add(t.Context(), full(1)))
}

// A job that fails for a reason of its own does not spoil those beside it.
func TestOneFailsAlone(t *testing.T) {
	for _, path := range []string{store.Memory, file(t)} {
		s := open(t, path, store.Options{})
		var senders sync.WaitGroup
		for n := range 32 {
			senders.Go(func() {
				if n%2 == 0 {
					if err := s.Add(t.Context(), record(n)); err != nil {
						t.Error(err)
					}
					return
				}
				var missing *store.Error
				if err := s.Settle(t.Context(), &store.Record{ID: 10_000}); !errors.As(err, &missing) || missing.Kind != store.NotFound {
					t.Error(err)
				}
			})
		}
		senders.Wait()
		require.Len(t, list(t, s, store.Filter{}), 16)
	}
}

// A call that is withdrawn before it was taken is not written.
func TestWithdrawn(t *testing.T) {
	s := open(t, file(t), store.Options{Queue: 1})
	var senders sync.WaitGroup
	for n := range 64 {
		senders.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if n%2 == 1 {
				cancel()
			}
			defer cancel()
			r := record(n)
			err := s.Add(ctx, r)
			_, gone := s.Get(t.Context(), r.ID)
			switch {
			case err == nil && gone != nil:
				t.Error("stored and not there")
			case err != nil && !errors.Is(err, context.Canceled):
				t.Error(err)
			case err != nil && r.ID != 0:
				t.Error("an id though it was withdrawn")
			}
		})
	}
	senders.Wait()
	require.GreaterOrEqual(t, len(list(t, s, store.Filter{})), 32)
}

// Files that are not ours are left alone.
func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name string
		make func(t *testing.T, path string)
		kind store.ErrorKind
	}{
		{"text", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("a letter\n", 1000)), 0o644))
		}, store.Foreign},
		{"another program's database", func(t *testing.T, path string) { database(t, path, "CREATE TABLE letters (a)") }, store.Foreign},
		{"an application of its own", func(t *testing.T, path string) { database(t, path, "PRAGMA application_id=42") }, store.Foreign},
		{"a later version", func(t *testing.T, path string) {
			database(t, path, "PRAGMA application_id=1885433196; PRAGMA user_version=99")
		}, store.TooNew},
		{"a folder", func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) }, store.Foreign},
		{"nothing", func(*testing.T, string) {}, store.Missing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.name)
			tt.make(t, path)
			before, _ := os.ReadFile(path)
			_, err := store.Open(t.Context(), path, store.Options{MustExist: true})
			var e *store.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tt.kind, e.Kind)
			for _, lang := range []string{"fr", "en"} {
				require.NotEmpty(t, e.In(lang))
				require.NotEmpty(t, e.Hint(lang))
			}
			after, _ := os.ReadFile(path)
			require.True(t, bytes.Equal(before, after), "not a byte of it is changed")
		})
	}
}
