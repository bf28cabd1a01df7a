package report_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

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
