package pam

import "strings"

// Text is a sentence or a name in the two languages that people read.
type Text struct{ FR, EN string }

// In returns the text in lang, "fr" or "en"; any other language is English.
func (t Text) In(lang string) string {
	if lang == "fr" {
		return t.FR
	}
	return t.EN
}

// IsZero reports whether there is no text at all.
func (t Text) IsZero() bool { return t == Text{} }

// said is what every error of this package can tell: what happened and, when
// something can be done about it, what.
type said struct{ what, hint Text }

// Error returns the sentence in English.
func (s said) Error() string { return s.what.EN }

// In returns the sentence in lang, "fr" or "en".
func (s said) In(lang string) string { return s.what.In(lang) }

// Hint returns what to do about it in lang, "" when there is nothing to say.
func (s said) Hint(lang string) string { return s.hint.In(lang) }

// list writes words as people enumerate them: a, b or c.
func list(words []string, or string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + or + " " + words[last]
}
