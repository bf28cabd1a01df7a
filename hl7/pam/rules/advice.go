package rules

import (
	"regexp"
	"strings"
	"sync"
)

// Advice says in lang, "fr" or "en", what to do when the rule is broken,
// whatever the message: it is the hint with general words where
// [Finding.Hint] names the place and the value. What people read about a rule
// apart from a finding comes from here, never from Hint itself.
func (r *Rule) Advice(lang string) string {
	text := r.Hint.In(lang)
	if !strings.Contains(text, "{") {
		return text
	}
	words := inGeneral.EN
	if lang == "fr" {
		words = inGeneral.FR
	}
	return anyPlace().ReplaceAllLiteralString(words.Replace(text), "…")
}

// anyPlace is a place of a sentence that inGeneral has no words for.
var anyPlace = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[^{}]*\}`) })

// inGeneral puts words into the places of hints. What follows a command is a
// name for whoever types it; French articles melt into their prepositions.
var inGeneral = struct{ FR, EN *strings.Replacer }{
	FR: strings.NewReplacer(
		"explain {path}", "explain CHAMP", "explain {field}", "explain CHAMP", "explain {segment}", "explain SEGMENT",
		"explain {event}", "explain ÉVÉNEMENT", "explain {actual}", "explain ÉVÉNEMENT", "explain {table}", "explain TABLE", "explain {type}", "explain TYPE",
		"de {segment}", "du segment", "à {segment}", "au segment", "à {field}", "au champ", "à {path}", "au champ", "de {path}", "du champ",
		"envoyez {want}", "envoyez l'événement attendu",
		"{path}", "le champ", "{field}", "le champ", "{segment}", "le segment", "{event}", "cet événement", "{actual}", "cette valeur",
		"{want}", "la valeur attendue", "{max}", "le nombre permis", "{table}", "la table", "{type}", "le type",
	),
	EN: strings.NewReplacer(
		"explain {path}", "explain FIELD", "explain {field}", "explain FIELD", "explain {segment}", "explain SEGMENT",
		"explain {event}", "explain EVENT", "explain {actual}", "explain EVENT", "explain {table}", "explain TABLE", "explain {type}", "explain TYPE",
		"send {want}", "send the expected event",
		"{path}", "the field", "{field}", "the field", "{segment}", "the segment", "{event}", "this event", "{actual}", "this value",
		"{want}", "the expected value", "{max}", "as many as allowed", "{table}", "the table", "{type}", "the type",
	),
}
