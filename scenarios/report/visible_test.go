package report_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

func TestVisible(t *testing.T) {
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
			got := report.Visible(test.in)
			require.Equal(t, test.want, got)
			require.True(t, utf8.ValidString(got))
			require.Equal(t, got, report.Visible(got), "what is visible stays as it is")
		})
	}
}

// TestWords: every verdict has a word of its own in both languages, in the words
// that the documentation uses.
func TestWords(t *testing.T) {
	french := map[scenarios.Verdict]string{
		scenarios.Pass: "réussi", scenarios.Fail: "échec", scenarios.Warn: "réserve",
		scenarios.Inconclusive: "non concluant", scenarios.NotApplicable: "sans objet",
		scenarios.Known: "écart connu", scenarios.UnexpectedPass: "corrigé\u00a0?", scenarios.Error: "erreur interne",
	}
	seen := map[string]bool{}
	for _, v := range scenarios.Verdicts() {
		require.Equal(t, french[v], report.Word(v, "fr"))
		require.NotEmpty(t, report.Word(v, "en"))
		require.False(t, seen[report.Word(v, "en")])
		seen[report.Word(v, "en")] = true
	}
	require.Equal(t, "odd␛", report.Word("odd\x1b", "fr"), "a verdict of a later version is shown as it is")
}

func TestExitMeaning(t *testing.T) {
	for _, code := range []int{0, 1, 2, 3, 4, 5, 130} {
		require.NotEmpty(t, report.ExitMeaning(code, "fr"))
		require.NotEqual(t, report.ExitMeaning(code, "fr"), report.ExitMeaning(code, "en"))
	}
	require.Empty(t, report.ExitMeaning(77, "en"))
}
