package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/scenarios"
)

// nbsp is the space that French puts before : ; ! ?, inside « » and before a unit:
// no line may break there. Counts of things ("1 échec") and English keep to plain
// spaces, which people can search for.
const nbsp = "\u00a0"

// Word returns the word for a verdict as people read it: "échec" or "failed".
// Machine-readable reports use the verdict itself.
func Word(v scenarios.Verdict, lang string) string { return word(v, lang, 1) }

func word(v scenarios.Verdict, lang string, n int) string {
	w, known := verdictWords[v]
	if !known {
		return Visible(string(v))
	}
	if lang == "fr" {
		return w.fr.of(n, lang)
	}
	return w.en.of(n, lang)
}

// noun is a word in the singular and in the plural.
type noun struct{ one, many string }

// of returns the form that goes with n. French counts zero as one.
func (w noun) of(n int, lang string) string {
	if n == 1 || (n == 0 && lang == "fr") {
		return w.one
	}
	return w.many
}

var verdictWords = map[scenarios.Verdict]struct{ fr, en noun }{
	scenarios.Pass:           {noun{"réussi", "réussis"}, noun{"passed", "passed"}},
	scenarios.Warn:           {noun{"réserve", "réserves"}, noun{"warning", "warnings"}},
	scenarios.Fail:           {noun{"échec", "échecs"}, noun{"failed", "failed"}},
	scenarios.Inconclusive:   {noun{"non concluant", "non concluants"}, noun{"inconclusive", "inconclusive"}},
	scenarios.NotApplicable:  {noun{"sans objet", "sans objet"}, noun{"not applicable", "not applicable"}},
	scenarios.Known:          {noun{"écart connu", "écarts connus"}, noun{"known", "known"}},
	scenarios.UnexpectedPass: {noun{"corrigé" + nbsp + "?", "corrigés" + nbsp + "?"}, noun{"fixed?", "fixed?"}},
	scenarios.Error:          {noun{"erreur interne", "erreurs internes"}, noun{"internal error", "internal errors"}},
}

// verdictColumn has room for the longest verdict word of either language, and
// the space behind it.
const verdictColumn = len("not applicable") + 2

// ExitMeaning says in one sentence, without a final period, what an exit code of
// a run means; "" for a code that no run returns.
func ExitMeaning(code int, lang string) string {
	var t scenarios.Text
	switch code {
	case scenarios.ExitOK:
		t = scenarios.Text{FR: "toutes les exigences jouées sont satisfaites", EN: "every requirement that was played is met"}
	case scenarios.ExitFailed:
		t = scenarios.Text{FR: "le candidat ne satisfait pas à au moins une exigence", EN: "the candidate does not meet at least one requirement"}
	case scenarios.ExitUsage:
		t = scenarios.Text{FR: "la ligne de commande n’est pas comprise", EN: "the command line was not understood"}
	case scenarios.ExitUnusable:
		t = scenarios.Text{FR: "un fichier est inutilisable, ou rien n’a été jugé", EN: "a file is unusable, or nothing was judged"}
	case scenarios.ExitUnjudged:
		t = scenarios.Text{FR: "au moins un scénario n’a pas pu être jugé", EN: "at least one scenario could not be judged"}
	case scenarios.ExitFault:
		t = scenarios.Text{FR: "pamlab est en faute, pas le candidat", EN: "pamlab is at fault, not the candidate"}
	case scenarios.ExitInterrupted:
		t = scenarios.Text{FR: "exécution interrompue, rapports écrits", EN: "the run was interrupted, its reports are written"}
	}
	return t.In(lang)
}

// disclaimer is what every report of ours says about itself.
func disclaimer(lang string) string {
	return scenarios.Text{
		FR: "Préparation, pas un certificat" + nbsp + ": seule la plateforme officielle certifie.",
		EN: "Preparation, not a certificate: only the official platform certifies.",
	}.In(lang)
}

// quoted puts text between the quotation marks of the language.
func quoted(text, lang string) string {
	if lang == "fr" {
		return "«" + nbsp + text + nbsp + "»"
	}
	return "“" + text + "”"
}

// count is a number with its noun: "1 scénario", "12 scénarios".
func count(n int, lang string, fr, en noun) string {
	w := en
	if lang == "fr" {
		w = fr
	}
	return strconv.Itoa(n) + " " + w.of(n, lang)
}

func countScenarios(n int, lang string) string {
	return count(n, lang, noun{"scénario", "scénarios"}, noun{"scenario", "scenarios"})
}

// lasted words a duration the way a person says it: "<1 ms", "41 ms", "1,24 s",
// "2 min 03 s".
func lasted(ms float64, lang string) string {
	space, point := " ", "."
	if lang == "fr" {
		space, point = nbsp, ","
	}
	switch {
	case ms < 1:
		return "<1" + space + "ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + space + "ms"
	case ms < 59_995:
		return strings.Replace(strconv.FormatFloat(ms/1000, 'f', 2, 64), ".", point, 1) + space + "s"
	}
	s := int(ms/1000 + 0.5)
	return fmt.Sprintf("%d%smin%s%02d%ss", s/60, space, space, s%60, space)
}
