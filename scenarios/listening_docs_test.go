package scenarios

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What docs/listen.md shows can be used.
func TestListenPageShowsWhatWorks(t *testing.T) {
	page, err := os.ReadFile("../docs/listen.md")
	require.NoError(t, err)
	parts := strings.Split(string(page), "```yaml\n")[1:]
	require.Len(t, parts, 2)
	for i, part := range parts {
		text, _, _ := strings.Cut(part, "```")
		if i == 0 {
			a, err := ParseAnswering("rules.yaml", []byte(text))
			require.NoError(t, err)
			require.Len(t, a.rules, 5)
			continue
		}
		list, err := ParseListening("devices.yaml", []byte(text))
		require.NoError(t, err)
		require.Len(t, list, 2)
	}
}
