package draft

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/pamlab/pamlab/scenarios"
)

// A Leak is a place of a draft where a trait of somebody was found. What was
// found is not in it.
type Leak struct {
	Kind string // name, birth, number, phone, address
	Line int    // of the draft, from 1
}

// A LeakError is a draft that was not given out.
type LeakError struct {
	Leaks []Leak
}

// Error returns the English sentence.
func (e *LeakError) Error() string { return e.In("en") }

var kindNames = map[traitKind]scenarios.Text{
	aName: {FR: "nom", EN: "name"}, aBirth: {FR: "date de naissance", EN: "date of birth"}, aNumber: {FR: "identifiant", EN: "identifier"},
	aPhone: {FR: "téléphone ou adresse électronique", EN: "telephone or mail address"}, anAddress: {FR: "adresse", EN: "address"},
}

// In returns the sentence in "fr" or "en".
func (e *LeakError) In(lang string) string {
	var places []string
	for i, l := range e.Leaks {
		if i == 5 {
			places = append(places, "…")
			break
		}
		if l.Line == 0 {
			places = append(places, kindNames[traitKind(l.Kind)].In(lang))
			continue
		}
		places = append(places, fmt.Sprintf(scenarios.Text{FR: "%s ligne %d", EN: "%s in line %d"}.In(lang), kindNames[traitKind(l.Kind)].In(lang), l.Line))
	}
	return scenarios.Text{
		FR: "le scénario n'est pas écrit : il y resterait un trait d'identité d'origine (",
		EN: "the scenario is not written: an original identity trait would be left in it (",
	}.In(lang) + strings.Join(places, ", ") + ")"
}

// Hint says what to do about it.
func (*LeakError) Hint(lang string) string {
	return scenarios.Text{
		FR: "un code gardé tel quel, ou un mot du scénario, est aussi le nom de quelqu'un : enregistrez moins de messages, ou d'autres",
		EN: "a code that is kept as it is, or a word of the scenario, is somebody's name as well: record fewer messages, or others",
	}.In(lang)
}

// scaffold are the words that a draft has whoever it is about: those of the
// language, of HL7 and of this package. That one of them is also somebody's name
// is not found out here, but the table lets no name pass.
var scaffold = set(`VERSION ID TITLE FR EN TAGS GIVEN CHARSET STEPS SEND RAW AGAIN EXPECT ACK ACCEPT NONE DESCRIPTION RECORDED TRAFFIC DRAFT ROLE DMN
	HARNESS APPLICATION FACILITY CANDIDATE CONTROL SENT MSH EVN PID PD ROL NK PV MRG ZBE ZFA ZFP ZFV ZFM ZFD ZFS ADT ISO INS NIR FRA FRANCE IHE PAM
	UNICODE UTF ASIP SANTE RPPS ETAB UF AA AE AR CA CE CR INSERT UPDATE CANCEL MESSAGE ENREGISTRE SCENARIO STEP S A P`)

// search looks for the traits in a text; one leak a line and kind.
func (t *traits) search(text string) []Leak {
	var leaks []Leak
	n := 0
	for line := range strings.Lines(text) {
		n++
		for _, kind := range t.inLine(line) {
			leaks = append(leaks, Leak{Kind: string(kind), Line: n})
		}
	}
	return leaks
}

// has reports whether a text has a trait in it.
func (t *traits) has(text string) bool { return len(t.inLine(text)) > 0 }

func (t *traits) inLine(line string) []traitKind {
	found := map[traitKind]bool{}
	folded := fold(line)
	t.inWords(folded, found)
	t.inNumbers(folded, found)
	var list []traitKind
	for _, k := range []traitKind{aName, aBirth, aNumber, aPhone, anAddress} {
		if found[k] {
			list = append(list, k)
		}
	}
	return list
}

func (t *traits) inWords(folded string, found map[traitKind]bool) {
	var rest strings.Builder // without the scaffold, and without what stands within names
	word := func(w string) {
		if scaffold()[w] {
			rest.WriteByte('|')
			return
		}
		if kind, ok := t.words[w]; ok {
			found[kind] = true
		}
		rest.WriteString(w)
	}
	var w []rune
	for _, r := range folded + "|" {
		if unicode.IsLetter(r) {
			w = append(w, r)
			continue
		}
		if len(w) > 0 {
			word(string(w))
			w = w[:0]
		}
		if r != ' ' && r != '-' && r != '\'' && r != '.' && r != '_' {
			rest.WriteByte('|')
		}
	}
	for stretch := range strings.SplitSeq(rest.String(), "|") {
		for n := range t.lengths {
			for i := 0; i+n <= len(stretch); i++ {
				if kind, ok := t.parts[stretch[i:i+n]]; ok {
					found[kind] = true
				}
			}
		}
	}
}

// spacedDigits is a number as people write long ones.
var spacedDigits = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]+(?:[ .,/-][0-9]+)+`) })

// inNumbers looks for numbers and dates, however they are spaced.
func (t *traits) inNumbers(folded string, found map[traitKind]bool) {
	for token := range strings.FieldsFuncSeq(folded, func(r rune) bool { return strings.ContainsRune("|^~&{}\"\n", r) }) {
		whole := alphanumeric(token)
		if kind, ok := t.numbers[whole]; ok && len(whole) >= shortest {
			found[kind] = true
		}
		runs := strings.FieldsFunc(token, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, run := range runs {
			if kind, ok := t.numbers[run]; ok && len(run) >= shortest {
				found[kind] = true
			}
		}
		for _, row := range spacedDigits().FindAllString(token, -1) {
			if kind, ok := t.numbers[digits(row)]; ok {
				found[kind] = true
			}
		}
		t.inDigits(digits(token), found)
		for i := 2; i < len(runs); i++ { // a date has three parts, whatever stands between them
			if kind, ok := t.spelt[" "+runs[i-2]+" "+runs[i-1]+" "+runs[i]+" "]; ok {
				found[kind] = true
			}
		}
	}
}

// inDigits looks for long numbers and for dates within a row of digits.
func (t *traits) inDigits(row string, found map[traitKind]bool) {
	for i := 0; i+8 <= len(row); i++ {
		if kind, ok := t.spelt[row[i:i+8]]; ok {
			found[kind] = true
		}
		for _, n := range []int{8, 9, 10, 11, 13, 15} {
			if i+n <= len(row) {
				if kind, ok := t.numbers[row[i:i+n]]; ok {
					found[kind] = true
				}
			}
		}
	}
}
