//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// A runReport is what a run tells of its plays, as far as it is looked at here.
type runReport struct {
	Scenarios []struct {
		ID, Case string
		Verdict  scenarios.Verdict
		Steps    []struct {
			Checks []struct {
				Name, Rule string
				Verdict    scenarios.Verdict
			}
		}
	}
}

// faultyToo is a chain whose folder has the faulty identities of TLS as well.
func faultyToo(t *testing.T) *chain {
	c := newChain(t)
	_, err := pki.Bad(c.dir, pki.BadOptions{})
	require.NoError(t, err)
	return c
}

// run has a hospital with bugs live in one process, and plays scenarios at it in
// another, over mutual TLS. The hospital goes on with its own life meanwhile.
func (c *chain) run(t *testing.T, bugs string, ids ...string) (code int, told runReport, screen string) {
	t.Helper()
	at := freePort(t).String() // the run listens there, play after play
	gam := begin(t, slices.Concat(
		[]string{"simulate", "--to", at, "--http", "127.0.0.1:0", "--rate", "20/s", "--timeout", "3s", "--pause", "20ms", "-q", "--bugs", bugs, "--lang", "en"},
		[]string{"--tls-server-name", "dmn.test", "--tls-crl", c.at("crl.pem")}, c.identity("--tls", "gam"),
	)...)
	orders := strings.TrimPrefix(gam.await(t, 1, "orders: "), "orders: ")
	dir := t.TempDir()
	file, report := filepath.Join(dir, "candidate.yaml"), filepath.Join(dir, "report.json")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil,
		"candidate: {role: gam}\nharness: {listen: %q}\nendpoints: {events: %q}\nlimits: {receive: 6s}\ntls: {ca: %q, cert: %q, key: %q}\n",
		at, orders, c.at("ca.pem"), c.at("dmn.pem"), c.at("dmn-key.pem")), 0o600))
	run := begin(t, append([]string{"run", "--role", "gam", "--no-input", "-c", file, "--report", "json=" + report, "--lang", "en"}, ids...)...)
	run.end(t, nil, scenarios.ExitOK, scenarios.ExitFailed, scenarios.ExitUnjudged)
	gam.end(t, os.Interrupt, scenarios.ExitOK, scenarios.ExitFailed, scenarios.ExitUnjudged)
	data, err := os.ReadFile(report)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &told))
	return run.ProcessState.ExitCode(), told, strings.Join(run.lines, "\n")
}

// The scenarios for a GAM pass at a hospital that lives in another process. What does
// not is played again: the machine may have stood still.
func TestRunAtAHospital(t *testing.T) {
	t.Parallel()
	c := faultyToo(t)
	code, told, screen := c.run(t, "")
	require.Greater(t, len(told.Scenarios), 40)
	const attempts = 3
	for attempt := 1; code != scenarios.ExitOK && attempt < attempts; attempt++ {
		t.Logf("once more after\n%s", screen)
		code, told, screen = c.run(t, "", told.unpassed()...)
	}
	require.Equal(t, scenarios.ExitOK, code, screen)
	require.Empty(t, told.unpassed(), screen)
}

// unpassed are the scenarios that did not pass, but for those of other dialects.
func (r *runReport) unpassed() (ids []string) {
	for _, play := range r.Scenarios {
		if play.Verdict != scenarios.Pass && play.ID != "gam/without-zbe" {
			ids = append(ids, play.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// someBugs are played every time, one of each kind, and a scenario that sees each:
// what is said, in which order, what comes again, TLS. PAMLAB_EVERY_BUG=1, which is
// `make gam-bugs`, plays all bugs and all scenarios that see them, some minutes; with
// -update it writes down what they found.
var someBugs = map[string]string{
	"gam-ins-without-vali": "gam/ins", "gam-wrong-order": "gam/order", "gam-never-retries": "gam/rejected", "gam-plain-fallback": "tls/gam-plain",
}

// With each bug of a GAM, the scenarios fail that the matrix of the library names,
// where the same GAM is played in memory; and what they find is written down, by the
// rules that are broken and the expectations that are not met.
func TestRunAtAHospitalWithBugs(t *testing.T) {
	t.Parallel()
	const file = "testdata/findings.golden"
	matrix := rowsOf(t, "../../scenarios/library/testdata/gam-bugs.golden")
	want, err := os.ReadFile(file)
	require.True(t, err == nil || *update, "%v", err)
	if os.Getenv("PAMLAB_EVERY_BUG") == "" {
		c := newChain(t)
		for bug, scenario := range someBugs {
			row := c.findings(t, bug, map[string]scenarios.Verdict{scenario: scenarios.Fail}, string(want))
			require.Contains(t, matrix[bug], scenario)
			_, of, _ := strings.Cut("\n"+string(want), "\n"+bug+"\n")
			_, found, _ := strings.Cut(row, "\n")
			require.Contains(t, of, found)
		}
		return
	}
	c := faultyToo(t)
	var all strings.Builder
	for _, bug := range reference.GAMBugs() {
		require.NotEmpty(t, matrix[bug.Name], bug.Name)
		all.WriteString(c.findings(t, bug.Name, matrix[bug.Name], string(want)))
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(all.String()), 0o644))
		return
	}
	require.Equal(t, string(want), all.String())
}

// findings plays the scenarios that see a bug, and tells what they found. What does
// not come out as it is known is played again: the machine may have stood still.
func (c *chain) findings(t *testing.T, bug string, seen map[string]scenarios.Verdict, known string) (row string) {
	t.Helper()
	var ids []string
	for name := range seen {
		ids = append(ids, strings.TrimSuffix(strings.TrimSuffix(name, "/*"), "#*"))
	}
	const attempts = 3
	for attempt := 1; ; attempt++ {
		_, told, screen := c.run(t, bug, slices.Sorted(slices.Values(ids))...)
		row, wrong := told.row(bug, seen)
		_, found, _ := strings.Cut(row, "\n")
		if len(wrong) == 0 && (*update || strings.Contains(known, found)) || attempt == attempts {
			require.Empty(t, wrong, "%s\n%s", bug, screen)
			return row
		}
		t.Logf("%s: once more after %q and\n%s", bug, wrong, row)
	}
}

// row is what the plays found of a bug, and which of them came out otherwise than
// the matrix says.
func (r *runReport) row(bug string, seen map[string]scenarios.Verdict) (row string, wrong []string) {
	lines := map[string]bool{}
	for _, play := range r.Scenarios {
		if play.Verdict == scenarios.NotApplicable {
			continue // of another dialect
		}
		folder, _, _ := strings.Cut(play.ID, "/")
		verdict := seen[folder+"/*"]
		for _, name := range []string{play.ID, play.ID + "#*", play.ID + "#" + play.Case} {
			if v, ok := seen[name]; ok {
				verdict = v
			}
		}
		if play.Verdict != verdict {
			wrong = append(wrong, fmt.Sprintf("%s#%s: %s, expected %s", play.ID, play.Case, play.Verdict, verdict))
		}
		found := map[string]bool{}
		for _, step := range play.Steps {
			for _, check := range step.Checks {
				if check.Verdict == verdict && check.Name != "latency" {
					found[cmp.Or(check.Rule, check.Name)] = true
				}
			}
		}
		name := strings.TrimSuffix(play.ID+"#"+play.Case, "#")
		lines[fmt.Sprintf("  %-5s %-40s %s\n", play.Verdict, name, strings.Join(slices.Sorted(maps.Keys(found)), " "))] = true
	}
	return bug + "\n" + strings.Join(slices.Sorted(maps.Keys(lines)), ""), wrong
}

// rowsOf reads a matrix of bugs: which scenarios see which, and how.
func rowsOf(t *testing.T, file string) map[string]map[string]scenarios.Verdict {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	rows, bug := map[string]map[string]scenarios.Verdict{}, ""
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, " ") {
			bug = words[0]
			rows[bug] = map[string]scenarios.Verdict{}
			continue
		}
		if verdict := scenarios.Verdict(words[0]); verdict == scenarios.Fail || verdict == scenarios.Warn {
			for _, name := range words[1:] {
				rows[bug][name] = verdict
			}
		}
	}
	return rows
}
