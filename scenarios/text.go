package scenarios

import "fmt"

// Text is what a person reads, in the two languages that pamlab speaks.
type Text struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// Textf formats both languages with the same arguments.
func Textf(fr, en string, args ...any) Text {
	return Text{FR: fmt.Sprintf(fr, args...), EN: fmt.Sprintf(en, args...)}
}

// In returns the text in lang, "fr" or "en". A text given in one language only
// is returned in that one: a title in the wrong language beats none.
func (t Text) In(lang string) string {
	if (lang == "fr" || t.EN == "") && t.FR != "" {
		return t.FR
	}
	return t.EN
}

// IsZero reports whether there is no text at all.
func (t Text) IsZero() bool { return t.FR == "" && t.EN == "" }
