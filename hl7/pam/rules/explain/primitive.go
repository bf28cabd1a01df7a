package explain

import (
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// writing says how values of a format are written, with an example.
type writing struct {
	how     pam.Text
	example string
}

var writings = map[schema.Format]writing{
	schema.FormatText: {pam.Text{FR: `texte libre ; | ^ & ~ \ s'y écrivent \F\ \S\ \T\ \R\ \E\, un saut de ligne \.br\`,
		EN: `free text; | ^ & ~ \ are written \F\ \S\ \T\ \R\ \E\, a line break \.br\`}, `Patient à jeun\.br\Allergie : pénicilline`},
	schema.FormatString: {pam.Text{FR: `texte sans espace au début ; | ^ & ~ \ s'y écrivent \F\ \S\ \T\ \R\ \E\`,
		EN: `text without a blank at its beginning; | ^ & ~ \ are written \F\ \S\ \T\ \R\ \E\`}, `CHIRURGIE DIGESTIVE`},
	schema.FormatCode: {pam.Text{FR: "un code, tel que la table du champ l'écrit, majuscules comprises",
		EN: "a code as the table of the field writes it, capitals included"}, `VALI`},
	schema.FormatSequence: {pam.Text{FR: "un nombre de 1 à 4 chiffres, sans signe", EN: "a number of 1 to 4 digits, without a sign"}, `1`},
	schema.FormatNumber: {pam.Text{FR: "un nombre : un signe s'il le faut, des chiffres, un point pour les décimales ; ni virgule ni espace",
		EN: "a number: a sign if need be, digits, a point before decimals; no comma and no blank"}, `72.5`},
	schema.FormatDate:     {pam.Text{FR: "une date AAAA[MM[JJ]]", EN: "a date YYYY[MM[DD]]"}, `20260302`},
	schema.FormatTime:     {pam.Text{FR: "une heure HH[MM[SS[.SSSS]]][+/-ZZZZ]", EN: "a time HH[MM[SS[.SSSS]]][+/-ZZZZ]"}, `1005`},
	schema.FormatDateTime: {pam.Text{FR: "une date AAAA[MM[JJ[HH[MM[SS]]]]][+/-ZZZZ]", EN: "a date YYYY[MM[DD[HH[MM[SS]]]]][+/-ZZZZ]"}, `20260302100500`},
	schema.FormatPairedTime: {pam.Text{FR: "une date AAAA[MM[JJ[HHMM[SS]]]][+/-ZZZZ]", EN: "a date YYYY[MM[DD[HHMM[SS]]]][+/-ZZZZ]"},
		`20260302100500`},
	schema.FormatVaries: {pam.Text{FR: "selon le type que nomme OBX-2 : NM pour un nombre, ST pour un texte, CE pour un code",
		EN: "by the type that OBX-2 names: NM for a number, ST for a text, CE for a code"}, `72.5`},
}

// written says how a value of a primitive type is written.
func (a asker) written(format schema.Format) Section {
	s := Section{}
	w, ok := writings[format]
	if !ok {
		return s
	}
	s.fact(a.text("s'écrit", "is written"), w.how.In(a.lang))
	s.fact(a.text("exemple", "example"), w.example)
	return s
}

// form adds to a section how a value is written, where that is more than a text
// or a code.
func (a asker) form(s *Section, format schema.Format) {
	switch format {
	case schema.FormatText, schema.FormatString, schema.FormatCode:
	default:
		s.Facts = append(s.Facts, a.written(format).Facts...)
	}
}
