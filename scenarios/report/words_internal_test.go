package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/legible"
)

func TestLasted(t *testing.T) {
	tests := []struct {
		ms     float64
		en, fr string
	}{
		{0, "<1 ms", "<1\u00a0ms"},
		{0.999, "<1 ms", "<1\u00a0ms"},
		{1, "1 ms", "1\u00a0ms"},
		{999.4, "999 ms", "999\u00a0ms"},
		{999.5, "1.00 s", "1,00\u00a0s"},
		{1_240, "1.24 s", "1,24\u00a0s"},
		{59_994, "59.99 s", "59,99\u00a0s"},
		{59_996, "1 min 00 s", "1\u00a0min\u00a000\u00a0s"},
		{123_000, "2 min 03 s", "2\u00a0min\u00a003\u00a0s"},
		{7_260_000, "121 min 00 s", "121\u00a0min\u00a000\u00a0s"},
	}
	for _, test := range tests {
		require.Equal(t, test.en, lasted(test.ms, "en"))
		require.Equal(t, test.fr, lasted(test.ms, "fr"))
	}
}

func TestShellWord(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"an id", "encounter/admission-2", "encounter/admission-2"},
		{"a row", "charset/accents#ISO-8859-15", "charset/accents#ISO-8859-15"},
		{"a row with a space", "a/b#row 2", "'a/b#row 2'"},
		{"a quote", "l'essai", `'l'\''essai'`},
		{"what a shell would run", "$(rm)", "'$(rm)'"},
		{"a comment", "#a", "'#a'"},
		{"nothing", "", "''"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, shellWord(test.in)) })
	}
}

// TestWindow: whatever is cut away, the marked part stays in sight and the line
// within its width.
func TestWindow(t *testing.T) {
	pieces := []string{"", "é", "0123456789", strings.Repeat("ab医", 20)}
	for width := 34; width < 120; width += 7 {
		b := &block{page: page{width: width}}
		for _, before := range pieces {
			for _, marked := range pieces {
				for _, after := range pieces {
					x, y, z := b.window(before, marked, after)
					require.LessOrEqual(t, legible.Columns(x+y+z), b.room(), "%q %q %q", x, y, z)
					require.Equal(t, marked == "", y == "")
					if legible.Columns(before+marked+after) <= b.room() {
						require.Equal(t, before+marked+after, x+y+z)
					}
				}
			}
		}
	}
}
