package library_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/library"
	"github.com/pamlab/pamlab/scenarios/reference"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestEveryBugIsCaught plays the whole library at the reference DMN with each of
// its bugs in turn. What the matrix shows for a bug is how the shipped scenarios
// see it; a bug that none of them sees is a hole in the library.
func TestEveryBugIsCaught(t *testing.T) {
	all, err := library.All()
	require.NoError(t, err)
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("bugs", func(t *testing.T) {
		for _, bug := range reference.Bugs() {
			t.Run(bug.Name, func(t *testing.T) {
				t.Parallel()
				events, console := play(t, candidate(t, "pam-fr-2.11", bug.Name), all)
				row, worst := row(bug.Name, verdicts(events))
				mu.Lock()
				rows[bug.Name] = row
				mu.Unlock()
				caught := worst == scenarios.Fail || worst == scenarios.Warn
				require.True(t, caught, "no scenario catches %s\n%s", bug.Name, console)
			})
		}
	})
	var names []string
	for name := range rows {
		names = append(names, name)
	}
	slices.Sort(names)
	var matrix strings.Builder
	for _, name := range names {
		matrix.WriteString(rows[name])
	}
	golden(t, filepath.Join("testdata", "bugs.golden"), matrix.String())
}

// row is a line of the matrix: the bug, then the scenarios that saw it.
func row(bug string, got map[string]scenarios.Verdict) (line string, worst scenarios.Verdict) {
	byVerdict := map[scenarios.Verdict][]string{}
	for name, verdict := range got {
		byVerdict[verdict] = append(byVerdict[verdict], name)
		worst = worst.Worse(verdict)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", bug)
	for _, verdict := range slices.Backward(scenarios.Verdicts()) {
		if names := byVerdict[verdict]; len(names) > 0 && verdict != scenarios.Pass {
			slices.Sort(names)
			fmt.Fprintf(&b, "  %-13s %s\n", verdict, strings.Join(names, " "))
		}
	}
	return b.String(), worst
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
