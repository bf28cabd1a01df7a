package rules_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

var update = flag.Bool("update", false, "write golden files, and the rules into docs/coverage.md, anew")

// requirements are the families of requirements that PAM.fr was taken apart
// into, and how many each has: GEN-001 to GEN-024.
var requirements = []struct {
	family string
	count  int
}{
	{"GEN", 24}, {"EVN", 8}, {"PID", 18}, {"INS", 18}, {"IDN", 10}, {"PV1", 15}, {"PV2", 5}, {"ZBE", 17}, {"SEQ", 14}, {"NK1", 4}, {"ROL", 3}, {"ACC", 1},
	{"OBX", 2}, {"ZFA", 1}, {"ZFP", 1}, {"ZFV", 1}, {"ZFM", 1}, {"ZFD", 1}, {"ZFS", 2}, {"COV", 5}, {"ACK", 4}, {"TYP", 8},
}

// requirementIDs returns all of them in order.
func requirementIDs() []string {
	var ids []string
	for _, r := range requirements {
		for n := 1; n <= r.count; n++ {
			ids = append(ids, fmt.Sprintf("%s-%03d", r.family, n))
		}
	}
	return ids
}

// coveredBy returns the ids of the rules that answer for each requirement.
func coveredBy() map[string][]string {
	by := map[string][]string{}
	for _, r := range rules.Catalogue() {
		for _, id := range r.Covers {
			by[id] = append(by[id], r.ID)
		}
	}
	for _, ids := range by {
		slices.Sort(ids)
	}
	return by
}

// coverageRow is a line of the first table of docs/coverage.md: requirement,
// what it asks for, rules, reason.
var coverageRow = regexp.MustCompile(`(?m)^\| ([A-Z0-9]{3}-\d{3}) \| (.+?) \|(.*?)\| (.*)\|$`)

// TestCoverage: each requirement stands in docs/coverage.md once, with the rules
// of the catalogue that answer for it, or with the reason why none does.
func TestCoverage(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "coverage.md")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	by := coveredBy()
	document := coverageRow.ReplaceAllStringFunc(string(data), func(row string) string {
		part := coverageRow.FindStringSubmatch(row)
		names := ""
		if ids := by[part[1]]; len(ids) > 0 {
			names = "`" + strings.Join(ids, "` `") + "` "
		}
		return fmt.Sprintf("| %s | %s | %s| %s|", part[1], part[2], names, part[4])
	})
	if *update && document != string(data) {
		require.NoError(t, os.WriteFile(path, []byte(document), 0o644))
		data = []byte(document)
	}
	require.Equal(t, document, string(data), "go test ./hl7/pam/rules -run TestCoverage -update writes the rules into the page")

	var listed []string
	for _, part := range coverageRow.FindAllStringSubmatch(document, -1) {
		listed = append(listed, part[1])
		require.False(t, len(by[part[1]]) == 0 && strings.TrimSpace(part[4]) == "", "%s has neither a rule nor a reason", part[1])
	}
	require.Equal(t, requirementIDs(), listed)
	for _, name := range regexp.MustCompile("`(?:hl7|iti|fr|ins|seq|ack)(?:\\.[a-z0-9-]+)+`").FindAllString(document, -1) {
		id := strings.Trim(name, "`")
		require.NotNil(t, rules.ByID(id), "the page names a rule that does not exist: %s", id)
	}
}

// TestCoveredRequirementsExist: no rule answers for what nobody asks.
func TestCoveredRequirementsExist(t *testing.T) {
	ids := requirementIDs()
	require.Len(t, ids, 163)
	for _, r := range rules.Catalogue() {
		for i, id := range r.Covers {
			require.Contains(t, ids, id, r.ID)
			require.NotContains(t, r.Covers[:i], id, "%s covers %s twice", r.ID, id)
		}
	}
}
