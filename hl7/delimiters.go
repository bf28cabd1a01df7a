package hl7

import "bytes"

// Delimiters are the characters that structure a message, as its MSH-1 and
// MSH-2 declare them (HL7 v2.5 §2.5.4). A delimiter that MSH-2 leaves out is 0,
// and then the message has none: no byte of it separates anything.
type Delimiters struct {
	Field        byte // MSH-1
	Component    byte // MSH-2, in this order
	Repetition   byte
	Escape       byte
	Subcomponent byte
	Truncation   byte // from v2.7 on; 0 in earlier versions
}

// StandardDelimiters returns |^~\&, the ones that HL7 recommends and IHE
// requires receivers to support (ITI TF-2 Appendix C).
func StandardDelimiters() Delimiters {
	return Delimiters{Field: '|', Component: '^', Repetition: '~', Escape: '\\', Subcomponent: '&'}
}

// EncodingCharacters returns the content of MSH-2.
func (d Delimiters) EncodingCharacters() string {
	var b [5]byte
	n := 0
	for _, c := range d.encoding() {
		if c == 0 {
			break
		}
		b[n] = c
		n++
	}
	return string(b[:n])
}

func (d Delimiters) encoding() [5]byte {
	return [5]byte{d.Component, d.Repetition, d.Escape, d.Subcomponent, d.Truncation}
}

// code is the letter that stands for the delimiter c inside an escape
// sequence, or 0 when c is no delimiter.
func (d Delimiters) code(c byte) byte {
	switch {
	case c == 0:
		return 0
	case c == d.Field:
		return 'F'
	case c == d.Component:
		return 'S'
	case c == d.Repetition:
		return 'R'
	case c == d.Escape:
		return 'E'
	case c == d.Subcomponent:
		return 'T'
	case c == d.Truncation:
		return 'P'
	}
	return 0
}

// decode is the inverse of code: the delimiter a letter stands for, or 0.
func (d Delimiters) decode(code byte) byte {
	switch code {
	case 'F':
		return d.Field
	case 'S':
		return d.Component
	case 'R':
		return d.Repetition
	case 'E':
		return d.Escape
	case 'T':
		return d.Subcomponent
	case 'P':
		return d.Truncation
	}
	return 0
}

// complete fills in the delimiters that are missing, so that an answer can be
// written to a sender whose MSH-2 is too short.
func (d Delimiters) complete() Delimiters {
	if d.Field == 0 {
		return StandardDelimiters()
	}
	for _, p := range []*byte{&d.Component, &d.Repetition, &d.Escape, &d.Subcomponent} {
		for _, c := range []byte(`^~\&$%`) {
			if *p == 0 && d.code(c) == 0 {
				*p = c
			}
		}
	}
	return d
}

const beginEN, beginFR = `begin the message with MSH|^~\&|`, `commencez le message par MSH|^~\&|`

var (
	sayEndsAfterMSH = phrase{
		en: "the input ends after MSH", fr: "l'entrée s'arrête après MSH",
		hintEN: beginEN, hintFR: beginFR}
	sayNoEncoding = phrase{
		en: "MSH-2 is empty: the message does not say how its components are separated", fr: "MSH-2 est vide : le message ne dit pas comment ses composants sont séparés",
		hintEN: beginEN, hintFR: beginFR}
	sayLongEncoding = phrase{
		en: "MSH-2 has more than five characters (%s): the field separator of MSH-1 does not come back after it", fr: "MSH-2 a plus de cinq caractères (%s) : le séparateur de champs de MSH-1 ne revient pas après lui",
		hintEN: beginEN, hintFR: beginFR}
	sayBadDelimiter = phrase{
		en: "%s cannot be a delimiter: it has to be a printable ASCII character, no letter, digit, blank or quotation mark", fr: "%s ne peut pas être un délimiteur : il faut un caractère ASCII imprimable, ni lettre, ni chiffre, ni espace, ni guillemet",
		hintEN: beginEN, hintFR: beginFR}
	sayTwiceDelimiter = phrase{
		en: "%s stands for two different delimiters", fr: "%s sert pour deux délimiteurs différents",
		hintEN: beginEN, hintFR: beginFR}
)

// readDelimiters reads MSH-1 and MSH-2 of the MSH segment that begins at
// data[at].
func readDelimiters(data []byte, at int) (Delimiters, *Error) {
	var d Delimiters
	msh1, msh2 := Location{Segment: "MSH", Occurrence: 1, Field: 1}, Location{Segment: "MSH", Occurrence: 1, Field: 2}
	switch {
	case at+3 >= len(data):
		return d, fail(KindDelimiters, at+3, sayEndsAfterMSH).at(msh1)
	case !isDelimiter(data[at+3]):
		return d, fail(KindDelimiters, at+3, sayBadDelimiter, excerpt(data[at+3:at+4])).at(msh1)
	}
	d.Field = data[at+3]
	rest := data[at+4 : min(at+4+6, len(data))]
	if n := bytes.IndexAny(rest, "\r\n"); n >= 0 {
		rest = rest[:n]
	}
	if n := bytes.IndexByte(rest, d.Field); n >= 0 {
		rest = rest[:n]
	}
	switch {
	case len(rest) == 0:
		return d, fail(KindDelimiters, at+4, sayNoEncoding).at(msh2)
	case len(rest) > 5:
		return d, fail(KindDelimiters, at+4, sayLongEncoding, excerpt(data[at+4:])).at(msh2)
	}
	slots := [5]*byte{&d.Component, &d.Repetition, &d.Escape, &d.Subcomponent, &d.Truncation}
	for i, c := range rest {
		if !isDelimiter(c) {
			return d, fail(KindDelimiters, at+4+i, sayBadDelimiter, excerpt(rest[i:i+1])).at(msh2)
		}
		if d.code(c) != 0 {
			return d, fail(KindDelimiters, at+4+i, sayTwiceDelimiter, excerpt(rest[i:i+1])).at(msh2)
		}
		*slots[i] = c
	}
	return d, nil
}

// isDelimiter says whether c may separate: the quotation mark may not, because
// "" is a value; letters and digits may not, because segment names and escape
// sequences are made of them.
func isDelimiter(c byte) bool {
	switch {
	case c <= ' ' || c >= 0x7f || c == '"':
		return false
	case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		return false
	}
	return true
}
