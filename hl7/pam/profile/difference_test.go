package profile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

var update = flag.Bool("update", false, "write the golden files")

// TestDifferences holds what each profile changes in the one before it against
// a file that people can read.
func TestDifferences(t *testing.T) {
	chain := []string{"pam-2.5", "pam-fr-2.7", "pam-fr-2.8", "pam-fr-2.9", "pam-fr-2.10", "pam-fr-2.11.0", "pam-fr-2.11.1", "pam-fr-2.11.2"}
	for i, name := range chain {
		before := &profile.Profile{Version: schema.V25()}
		if i > 0 {
			before = load(t, chain[i-1])
		}
		compare(t, name, difference(before, load(t, name)))
	}
	compare(t, "adt-2.3.1", difference(&profile.Profile{Version: schema.V231()}, load(t, "adt-2.3.1")))
	compare(t, "adt-2.3.1+pid-2.5.1", difference(load(t, "adt-2.3.1"), load(t, "adt-2.3.1+pid-2.5.1")))
	compare(t, "pam-fr-2.3.1", difference(load(t, "adt-2.3.1"), load(t, "pam-fr-2.3.1")))
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "differences", name+".txt")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, name)
}

// difference lists what is new (+), gone (-) and different (was → is).
func difference(before, after *profile.Profile) string {
	old, now := listing(before), listing(after)
	var lines []string
	for key, is := range now {
		switch was, there := old[key]; {
		case !there:
			lines = append(lines, fmt.Sprintf("+ %s: %s", key, is))
		case was != is:
			lines = append(lines, fmt.Sprintf("  %s: %s → %s", key, was, is))
		}
	}
	for key, was := range old {
		if _, there := now[key]; !there {
			lines = append(lines, fmt.Sprintf("- %s: %s", key, was))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	return strings.Join(lines, "\n") + "\n"
}

// listing is all that a profile says, a line for each thing.
func listing(p *profile.Profile) map[string]string {
	all := map[string]string{}
	for _, trigger := range p.Events() {
		e := p.Event(trigger)
		all["event "+trigger] = fmt.Sprintf("%s %s %s %v cancels %v", e.Structure, e.Transaction, e.Kind, e.Actions, e.Cancels)
		all["grammar "+trigger] = e.Grammar.Notation
		all["classes "+trigger] = fmt.Sprintf("%q, tolerated %q", e.Classes, e.TolerateClasses)
	}
	for _, s := range p.Version.Segments() {
		for i := range s.Fields {
			f := &s.Fields[i]
			all[fmt.Sprintf("field %s-%02d", s.Name, i+1)] = fmt.Sprintf("%s %d %s %d..%d %s", f.Type.Name, f.Length, f.Usage, f.Min, f.Max, number4(f.Table))
		}
	}
	for _, d := range p.Version.Types() {
		for i := range d.Components {
			c := &d.Components[i]
			all[fmt.Sprintf("type %s.%02d", d.Name, i+1)] = fmt.Sprintf("%s %d %s %s", c.Type.Name, c.Length, c.Usage, number4(c.Table))
		}
	}
	for _, table := range p.Version.Tables() {
		var codes []string
		for _, c := range table.Codes {
			codes = append(codes, c.Value)
		}
		text := strings.Join(codes, " ")
		if len(codes) > 60 {
			text = fmt.Sprintf("%d codes, %s to %s", len(codes), codes[0], codes[len(codes)-1])
		}
		all["table "+table.Number] = fmt.Sprintf("%s: %s", table.Kind, text)
	}
	return all
}

func number4(t *schema.Table) string {
	if t == nil {
		return "-"
	}
	return t.Number
}
