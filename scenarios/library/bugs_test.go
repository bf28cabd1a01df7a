package library_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestEveryBugIsCaught plays the library at the reference DMN with each of its
// bugs in turn. What the matrix shows for a bug is how the shipped scenarios see
// it; a bug that none of them sees is a hole in the library.
//
// The suites about the wire and about certificates are long, and only played
// with the bugs of their layer: what a DMN makes of a message does not depend on
// either. Those that keep a machine busy are only played with the bugs that they
// were made for.
func TestEveryBugIsCaught(t *testing.T) {
	all := forRole(t, scenarios.DMN)
	matrix(t, reference.Bugs(), "bugs.golden", func(t *testing.T, bug reference.Bug) ([]scenarios.Event, string) {
		if bug.Name == "dies-on-empty-block" { // one play would spoil all others
			return playApart(t, bug, slices.DeleteFunc(concerned(bug, all), func(s *scenarios.Scenario) bool { return !strings.HasPrefix(s.ID, "mllp/") }))
		}
		c := candidate(t, "pam-fr-2.11", bug.Name)
		if bug.Name == "starves" {
			c.Limits.Handshake = answerLimit // it is never finished
		}
		return play(t, c, concerned(bug, all))
	})
}

// TestEveryBugOfAGAMIsCaught does the same with the reference GAM. The scenarios in
// which it is told what to send are played with the bugs of what it sends, and how:
// the former with those about content, the latter with those about order and
// recovery, each at a GAM of its own, as some are of no use afterwards. Those that
// look at TLS are played with its bugs.
func TestEveryBugOfAGAMIsCaught(t *testing.T) {
	list := usual(t)
	matrix(t, reference.GAMBugs(), "gam-bugs.golden", func(t *testing.T, bug reference.Bug) ([]scenarios.Event, string) {
		// about are those that look for faults of a layer, whether they tell somebody to send or not.
		about := func(layer string, told bool) []*scenarios.Scenario {
			return slices.DeleteFunc(slices.Clone(list), func(s *scenarios.Scenario) bool { return layerOf(s) != layer || tells(s) != told })
		}
		switch bug.Layer() {
		case reference.LayerTLS:
			c, listen := gamCandidate(t, bug.Name)
			events, console := playWith(t, c, about(reference.LayerTLS, false), listen)
			c, listen = deskCandidate(t, true, bug.Name)
			more, rest := playWith(t, c, about(reference.LayerTLS, true), listen)
			return append(events, more...), console + rest
		case reference.LayerWire:
			return each(t, about(reference.LayerWire, true), func(t *testing.T, p scenarios.Play) ([]scenarios.Event, string) {
				c, listen := deskCandidate(t, false, bug.Name)
				return playThese(t, c, []scenarios.Play{p}, listen)
			})
		}
		c, listen := deskCandidate(t, false, bug.Name)
		return playWith(t, c, about(reference.LayerMessage, true), listen)
	})
}

// layerOf is where the faults are that a scenario for a GAM looks for.
func layerOf(s *scenarios.Scenario) string {
	switch {
	case slices.Contains(s.Tags, "tls"):
		return reference.LayerTLS
	case slices.Contains(s.Tags, "order"), slices.Contains(s.Tags, "recovery"):
		return reference.LayerWire
	}
	return reference.LayerMessage
}

// matrix is long, and what it shows is none of the race detector's business: the
// gate plays it without, and the same servers and players with it elsewhere.
func matrix(t *testing.T, bugs []reference.Bug, file string, play func(t *testing.T, bug reference.Bug) ([]scenarios.Event, string)) {
	if underRace {
		t.Skip("the matrix of bugs is played without the race detector")
	}
	file = filepath.Join("testdata", file)
	known, err := os.ReadFile(file)
	require.True(t, err == nil || *update, "%v", err)
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("bugs", func(t *testing.T) {
		for _, bug := range bugs {
			t.Run(bug.Name, func(t *testing.T) {
				t.Parallel()
				var line, console string
				var worst scenarios.Verdict
				for attempt := 0; attempt < attempts; attempt++ {
					var events []scenarios.Event
					events, console = play(t, bug)
					got := verdicts(events)
					delete(got, byChance[bug.Name])
					line, worst = row(bug.Name, got)
					if *update || bytes.Contains(known, []byte(line)) {
						break
					}
				}
				mu.Lock()
				rows[bug.Name] = line
				mu.Unlock()
				if why := unseen[bug.Name]; why != "" {
					require.Equal(t, scenarios.Pass, worst, "a scenario sees it now: %s\n%s", why, line)
					return
				}
				caught := worst == scenarios.Fail || worst == scenarios.Warn
				require.True(t, caught, "no scenario catches %s\n%s", bug.Name, console)
			})
		}
	})
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		all.WriteString(rows[name])
	}
	golden(t, file, all.String())
}

// unseen are the bugs that no scenario can see, and why.
var unseen = map[string]string{"buffers-answers": "what a DMN keeps in its memory does not show outside"}

// byChance are plays that may see a bug when the machine is busy, and are not told
// in the matrix: half a second of silence between bytes that follow each other.
var byChance = map[string]string{"drops-slow": "mllp/pieces#bytes"}

// heavy are scenarios of many connections or bytes, each with the bug that it
// shows.
var heavy = map[string]string{"mllp/crowd": "starves", "mllp/endless": "swallows-everything"}

// playApart gives each play a DMN of its own.
func playApart(t *testing.T, bug reference.Bug, list []*scenarios.Scenario) (events []scenarios.Event, console string) {
	return each(t, list, func(t *testing.T, p scenarios.Play) ([]scenarios.Event, string) {
		return playThese(t, candidate(t, "pam-fr-2.11", bug.Name), []scenarios.Play{p}, nil)
	})
}

// each lets plays go on side by side.
func each(t *testing.T, list []*scenarios.Scenario, play func(*testing.T, scenarios.Play) ([]scenarios.Event, string)) (events []scenarios.Event, console string) {
	var mu sync.Mutex
	t.Run("apart", func(t *testing.T) {
		for _, p := range scenarios.Plays(list) {
			t.Run(p.Scenario.ID+"#"+p.Case.ID, func(t *testing.T) {
				t.Parallel()
				seen, shown := play(t, p)
				mu.Lock()
				defer mu.Unlock()
				events, console = append(events, seen...), console+shown
			})
		}
	})
	return events, console
}

// concerned are the scenarios that a bug is held against.
func concerned(bug reference.Bug, all []*scenarios.Scenario) []*scenarios.Scenario {
	return slices.DeleteFunc(slices.Clone(all), func(s *scenarios.Scenario) bool {
		switch suite, _, _ := strings.Cut(s.ID, "/"); {
		case heavy[s.ID] != "":
			return bug.Name != heavy[s.ID]
		case s.ID == "tls/anonymous", s.ID == "mllp/burst":
			return false
		case suite == "tls":
			return bug.Layer() != reference.LayerTLS
		case suite == "mllp":
			return bug.Layer() != reference.LayerWire
		}
		return false
	})
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
		if names := together(byVerdict[verdict], got); len(names) > 0 && verdict != scenarios.Pass {
			fmt.Fprintf(&b, "  %-13s %s\n", verdict, strings.Join(names, " "))
		}
	}
	return b.String(), worst
}

// together sorts the names of plays. Those of one folder, or of one scenario, are
// told as one when all of them are there, and more than one: ack/*, tls/refused#*.
func together(names []string, all map[string]scenarios.Verdict) []string {
	complete := func(prefix string) bool {
		played := 0
		for name := range all {
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			if played++; !slices.Contains(names, name) {
				return false
			}
		}
		return played > 1
	}
	short := map[string]bool{}
	for _, name := range names {
		folder, _, _ := strings.Cut(name, "/")
		scenario, _, rows := strings.Cut(name, "#")
		switch {
		case complete(folder + "/"):
			name = folder + "/*"
		case rows && complete(scenario+"#"):
			name = scenario + "#*"
		}
		short[name] = true
	}
	return slices.Sorted(maps.Keys(short))
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
