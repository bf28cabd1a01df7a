package sequence

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// TestRulesExist: every rule that the tracker names is in the catalogue, and
// every one of the catalogue is named here. A name that is not there would be a
// rule that finds nothing, in silence.
func TestRulesExist(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	name := regexp.MustCompile(`"(seq\.[a-z0-9.-]+)"`)
	named := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range name.FindAllStringSubmatch(string(text), -1) {
			named[found[1]] = true
			require.NotNil(t, rules.ByID(found[1]), "%s names %s", file, found[1])
		}
	}
	for _, r := range rules.Catalogue() {
		if r.Family() == "seq" {
			require.True(t, named[r.ID], r.ID)
		}
	}
}
