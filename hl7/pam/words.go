package pam

import "slices"

// The identity statuses of RNIV 1, as scenarios write them (PAM.fr 4.4, 6.6.15).
const (
	Qualified   = "qualified"   // PID-32 = VALI, the INS is sent
	Validated   = "validated"   // PID-32 = VALI, no INS
	Retrieved   = "retrieved"   // PID-32 = PROV, the INS is known and kept back
	Provisional = "provisional" // PID-32 = PROV, no INS
)

// vocabulary is a field of the specs and the words that it takes.
type vocabulary struct {
	field string
	words []string
}

// vocabularies holds the words in the order in which people should read them;
// the first is what an empty field means, where the field has a fixed meaning.
var vocabularies = [...]vocabulary{
	{"patient.identity", []string{Qualified, Validated, Retrieved, Provisional}},
	{"patient.sex", []string{"F", "M", "U"}},
	{"patient.birth_place", []string{"france", "corsica", "overseas", "abroad"}},
	{"patient.born", []string{"adult", "elder", "child", "newborn"}},
	{"patient.letters", []string{"latin1", "latin9", "ascii"}},
	{"stay.class", []string{"I", "O", "E", "R", "V"}},
	{"identifier", []string{newINS, insDeleted, insDowngraded, newIPP}},
	{"stay.letters", []string{"latin1", "latin9", "ascii"}},
}

// KnownFields lists the fields of the specs that take a word of a list, named
// as in scenarios: "patient.identity", "stay.class" …
func KnownFields() []string {
	names := make([]string, len(vocabularies))
	for i, v := range vocabularies {
		names[i] = v.field
	}
	return names
}

// KnownValues lists the words that a field of KnownFields takes, the default
// first; nil for any other field. "patient.born" also takes a date.
func KnownValues(field string) []string {
	for _, v := range vocabularies {
		if v.field == field {
			return slices.Clone(v.words)
		}
	}
	return nil
}

// word checks a word of a spec; the empty word is always allowed.
func word(field, value string) error {
	if value == "" || slices.Contains(KnownValues(field), value) {
		return nil
	}
	return badWord(field, value)
}
