package alike_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/alike"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		want       int
	}{
		{"equal", "A01", "A01", 0},
		{"nothing", "", "", 0},
		{"added", "send", "sends", 1},
		{"dropped", "send", "sed", 1},
		{"changed", "A01", "A02", 1},
		{"swapped", "send", "sedn", 1},
		{"from nothing", "", "abc", 3},
		{"letters, not bytes", "é", "e", 1},
		{"everything", "abc", "xyz", 3},
		{"endless", strings.Repeat("a", alike.Longest+1), "a", alike.Longest},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, alike.Distance(c.a, c.b))
			require.Equal(t, c.want, alike.Distance(c.b, c.a))
		})
	}
}
