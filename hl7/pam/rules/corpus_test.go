package rules_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/capture"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/internal/corpus"
)

// judgeFile judges the messages of a file, and calls each for what can be read.
func judgeFile(t *testing.T, j *rules.Judge, path string, each func(*rules.Report)) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	in := capture.NewReader(bytes.NewReader(data), 0)
	var r rules.Report
	for {
		found, err := in.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			continue
		}
		m, err := hl7.Parse(found.Data)
		if err != nil {
			continue
		}
		j.Message(&r, m)
		each(&r)
	}
}

// unfilled is a place in the text of a finding that nothing was put into.
var unfilled = regexp.MustCompile(`\{[a-z.]+\}`)

// TestCorpus: whatever others send, the judge does not panic, says something
// readable in both languages, and no rule is told twice of one place.
func TestCorpus(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(corpus.Dir(t), "*", "*.hl7"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 227)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	for _, path := range paths {
		judgeFile(t, j, path, func(r *rules.Report) {
			told := map[string]bool{}
			for i := range r.Findings {
				f := &r.Findings[i]
				for _, lang := range []string{"fr", "en"} {
					require.NotEmpty(t, f.Message(lang), f.Rule.ID)
					text := strings.ReplaceAll(f.Message(lang), f.Actual(), "") + f.Hint(lang) + f.Expected(lang)
					require.NotRegexp(t, unfilled, text, "%s in %s", f.Rule.ID, filepath.Base(path))
				}
				key := f.Rule.ID + " " + f.Path()
				require.False(t, told[key], "%s: told twice: %s", filepath.Base(path), key)
				told[key] = true
			}
		})
	}
}

// TestFrenchCorpus holds what is said of the French messages to what was looked
// at by hand (docs/coverage.md): for each file, the rules at must and how often.
func TestFrenchCorpus(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(corpus.Dir(t), "pam-fr", "*.hl7"))
	require.NoError(t, err)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	var found strings.Builder
	for _, path := range paths {
		counts := map[string]int{}
		judgeFile(t, j, path, func(r *rules.Report) {
			for _, f := range r.Findings {
				if f.Level == rules.Must {
					counts[f.Rule.ID]++
				}
			}
		})
		found.WriteString(filepath.Base(path))
		for _, id := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&found, " %s×%d", id, counts[id])
		}
		found.WriteByte('\n')
	}
	golden := filepath.Join("testdata", "corpus-pam-fr.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(found.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	lines, wanted := strings.Split(found.String(), "\n"), strings.Split(string(want), "\n")
	require.Len(t, lines, len(wanted))
	for i := range lines { // one by one: the whole would be unreadable
		require.Equal(t, wanted[i], lines[i])
	}
}

// TestOfficialSamples: what is said of the two national samples, all of it. The
// ZBE of the discharge has a field too many, and that is one finding.
func TestOfficialSamples(t *testing.T) {
	dir := corpus.Dir(t)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	for file, want := range map[string][]string{
		"ans-sgl-a01-admission.hl7": {
			"must ins.pid-3.dates PID-3[2].7",
			"must fr.pv1-3.housing PV1-3.1",
			"should fr.pid-25.single PID-25",
			"should fr.pv1-44.admission PV1-44",
			"should fr.ei-4.missing ZBE-1.4",
			"should fr.zbe-2.event-time ZBE-2",
		},
		"ans-sgl-a03-sortie.hl7": {
			"must ins.pid-3.dates PID-3[2].7",
			"must fr.pv1-3.housing PV1-3.1",
			"must hl7.segment.shifted ZBE-3",
			"should fr.pid-25.single PID-25",
			"should fr.ei-4.missing ZBE-1.4",
		},
	} {
		judgeFile(t, j, filepath.Join(dir, "pam-fr", file), func(r *rules.Report) {
			require.ElementsMatch(t, want, list(r, rules.Should), file)
		})
	}
}

// TestLineFeeds: a message whose lines end with LF has one finding for it.
func TestLineFeeds(t *testing.T) {
	m, err := rules.Sample("A01/2.3.1")
	require.NoError(t, err)
	m, err = hl7.Parse(bytes.ReplaceAll(m.Bytes(), []byte("\r"), []byte("\n")))
	require.NoError(t, err)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	var r rules.Report
	j.Message(&r, m)
	require.Equal(t, []string{"must hl7.form.line-feed MSH"}, list(&r, rules.Should))
}
