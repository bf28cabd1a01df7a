package scenarios

import (
	"strconv"
	"strings"
)

// syntaxText puts a message of the YAML library into words that name the mistake
// behind it, in both languages.
func syntaxText(message string) Text {
	message = lineOfLibrary().ReplaceAllString(strings.TrimPrefix(message, "yaml: "), "")
	for _, known := range syntaxTexts() {
		if strings.Contains(message, known.library) {
			return known.text
		}
	}
	if name, found := unknownAnchor(message); found {
		return Textf("l'alias *%s ne renvoie à aucune ancre écrite avant lui",
			"the alias *%s refers to no anchor above it", name)
	}
	return Textf("ce n'est pas du YAML : %s", "this is no YAML: %s", message)
}

// unknownAnchor returns the name of an alias that has no anchor.
func unknownAnchor(message string) (name string, found bool) {
	_, rest, found := strings.Cut(message, "unknown anchor '")
	name, _, _ = strings.Cut(rest, "'")
	return name, found
}

var lineOfLibrary = expression(`^line (\d+): `)

// lineOf is the line that the library gives, 1 when it gives none.
func lineOf(message string) int {
	m := lineOfLibrary().FindStringSubmatch(strings.TrimPrefix(message, "yaml: "))
	if m == nil {
		return 1
	}
	line, err := strconv.Atoi(m[1])
	if err != nil {
		return 1
	}
	return line
}

type syntaxTranslation struct {
	library string
	text    Text
}

func syntaxTexts() []syntaxTranslation {
	return []syntaxTranslation{
		{"did not find expected key", Text{
			FR: "retrait inattendu, ou « : » oublié : une clé devait commencer ici",
			EN: "unexpected indentation, or a forgotten \":\": a key should start here",
		}},
		{"did not find expected '-' indicator", Text{
			FR: "retrait inattendu : un élément « - » de la liste devait commencer ici",
			EN: "unexpected indentation: a \"-\" item of the list should start here",
		}},
		{"did not find expected ',' or ']'", Text{
			FR: "cette liste [ … ] n'est pas fermée, ou une virgule manque",
			EN: "this list [ … ] is not closed, or a comma is missing",
		}},
		{"did not find expected ',' or '}'", Text{
			FR: "ce groupe { … } n'est pas fermé, ou une virgule manque ; une valeur qui contient un crochet s'écrit entre guillemets",
			EN: "this group { … } is not closed, or a comma is missing; a value with a bracket in it must be quoted",
		}},
		{"mapping values are not allowed in this context", Text{
			FR: "« : » inattendu : mettez la valeur entre guillemets, ou corrigez le retrait",
			EN: "unexpected \":\": quote the value, or correct the indentation",
		}},
		{"block sequence entries are not allowed in this context", Text{
			FR: "« - » inattendu : une liste commence à la ligne sous sa clé",
			EN: "unexpected \"-\": a list starts on the line below its key",
		}},
		{"found character that cannot start any token", Text{
			FR: "une valeur ne peut pas commencer par ce caractère : mettez-la entre guillemets",
			EN: "a value cannot start with this character: quote it",
		}},
		{"did not find expected alphabetic or numeric character", Text{
			FR: "une valeur qui commence par * ou & s'écrit entre guillemets",
			EN: "a value that starts with * or & must be quoted",
		}},
		{"could not find expected ':'", Text{
			FR: "« : » attendu après cette clé",
			EN: "expected \":\" after this key",
		}},
		{"found unexpected end of stream", Text{
			FR: "ce guillemet n'est jamais fermé",
			EN: "this quote is never closed",
		}},
		{"found unknown escape character", Text{
			FR: `entre guillemets doubles « \ » introduit un échappement : doublez-le, ou prenez des apostrophes`,
			EN: `in double quotes "\" starts an escape: double it, or use single quotes`,
		}},
		{"found a tab character where an indentation space is expected", Text{
			FR: "une tabulation dans le retrait",
			EN: "a tab in the indentation",
		}},
		{"did not find expected <document start>", Text{
			FR: "le document est déjà fini : rien ne peut suivre",
			EN: "the document ended above: nothing can follow",
		}},
		{"exceeded max depth", Text{
			FR: "imbrication trop profonde",
			EN: "nested too deeply",
		}},
		{"did not find expected node content", Text{
			FR: "une valeur était attendue ici",
			EN: "a value was expected here",
		}},
	}
}
