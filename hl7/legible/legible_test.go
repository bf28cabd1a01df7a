package legible_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/legible"
)

func TestLine(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain", `MSH|^~\&|x`, `MSH|^~\&|x`},
		{"French", "Élodie « à » 2 €", "Élodie « à » 2 €"},
		{"framing", "\x0bMSH\x1c\r", "␋MSH␜␍"},
		{"line ends and tabs", "a\tb\nc", "a␉b␊c"},
		{"a terminal's escape", "\x1b[31m\x07\x7f", "␛[31m␇␡"},
		{"zero", "a\x00b", "a␀b"},
		{"Latin-1 announced as UTF-8", "caf\xe9", "caf‹E9›"},
		{"half a character", "a\xe2\x82", "a‹E2›‹82›"},
		{"a surrogate", "\xed\xa0\x80", "‹ED›‹A0›‹80›"},
		{"C1", "\u0085\u009b", "‹U+0085›‹U+009B›"},
		{"text that runs backwards", "a\u202eb\u2066", "a‹U+202E›b‹U+2066›"},
		{"what XML forbids", "\ufffe\uffff", "‹U+FFFE›‹U+FFFF›"},
		{"a byte order mark", "\ufeffa", "‹U+FEFF›a"},
		{"separators", "\u2028\u2029", "‹U+2028›‹U+2029›"},
		{"beyond the basic plane", "😀𝒳", "😀𝒳"},
		{"a replacement character that was there", "\ufffd", "\ufffd"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := legible.Line(test.in)
			require.Equal(t, test.want, got)
			require.True(t, utf8.ValidString(got))
			require.Equal(t, got, legible.Line(got), "what is visible stays as it is")
		})
	}
}

func TestFold(t *testing.T) {
	tests := []struct {
		name  string
		in    string
		width int
		words bool
		want  []string
	}{
		{"no bound", "a b c", 0, true, []string{"a b c"}},
		{"fits", "a b c", 5, true, []string{"a b c"}},
		{"at a space", "one two three", 8, true, []string{"one two", "three"}},
		{"a space just behind", "one two", 3, true, []string{"one", "two"}},
		{"a word too long", "abcdefgh ij", 4, true, []string{"abcd", "efgh", "ij"}},
		{"to the letter", "ab cd", 3, false, []string{"ab ", "cd"}},
		{"two columns a rune", "医医医", 4, false, []string{"医医", "医"}},
		{"one rune a line at least", "医医", 1, false, []string{"医", "医"}},
		{"combining marks take no room", "e\u0301e\u0301", 2, false, []string{"e\u0301e\u0301"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, legible.Fold(test.in, test.width, test.words)) })
	}
}

func TestClip(t *testing.T) {
	require.Equal(t, "abc", legible.Clip("abc", 3))
	require.Equal(t, "ab…", legible.Clip("abcd", 3))
	require.Equal(t, "…", legible.Clip("abcd", 1))
	require.Empty(t, legible.Clip("abcd", 0))
	require.Equal(t, "医…", legible.Clip("医医", 3))
}
