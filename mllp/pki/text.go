package pki

// Text is what a person reads, in the two languages that pamlab speaks.
type Text struct {
	FR, EN string
}

// In returns the text in French ("fr") or English.
func (t Text) In(lang string) string { return pick(lang, t.FR, t.EN) }
