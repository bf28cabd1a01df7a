package draft

import (
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// A traitKind says what was found.
type traitKind string

const (
	aName      traitKind = "name"
	aBirth     traitKind = "birth"
	aNumber    traitKind = "number"
	aPhone     traitKind = "phone"
	anAddress  traitKind = "address"
	shortest             = 4 // letters and digits of a number that is searched for in the text; shorter ones are searched for in their fields
	partOfWord           = 5 // letters of a name that is searched for inside words, too
)

// Traits are what the original messages say about who people are, ready to be
// searched for.
type traits struct {
	words   map[string]traitKind // folded words, each a name or of an address
	parts   map[string]traitKind // folded letters that must not be in a word either
	lengths map[int]bool         // of them, in bytes
	numbers map[string]traitKind // letters and digits, folded
	births  map[string]bool      // YYYYMMDD
	spelt   map[string]traitKind // spellings of births, as they are searched for
	days    map[string]bool      // all days of all dates, YYYYMMDD
}

func newTraits() *traits {
	return &traits{
		words: map[string]traitKind{}, parts: map[string]traitKind{}, lengths: map[int]bool{}, numbers: map[string]traitKind{},
		births: map[string]bool{}, spelt: map[string]traitKind{}, days: map[string]bool{},
	}
}

// typeOf is the data type of a field, whatever the version of the message: the
// one that any version gives it, for a name in a field of v2.3.1 is one in v2.5.
func typesOf(seg string, n int) (list []string) {
	if t := ours()[seg][n]; t != "" {
		return []string{t}
	}
	for _, v := range schema.Versions() {
		def := v.Segment(seg)
		if def == nil {
			continue
		}
		if f := def.Field(n); f != nil && f.Type != nil {
			list = append(list, f.Type.Name)
		}
	}
	return list
}

// ours are the types of fields of segments that HL7 does not define, and of
// fields that HL7 calls a string and that hold a number or a date of birth.
var ours = sync.OnceValue(func() map[string]map[int]string {
	return map[string]map[int]string{
		"ZBE": {1: "EI"},
		"ZFV": {6: "XAD", 7: "CX", 8: "CX"},
		"ZFD": {1: "birth"},
		"PID": {7: "birth", 19: "number", 20: "number", 23: "place"},
		"NK1": {16: "birth"}, "GT1": {8: "birth", 12: "number"}, "IN1": {18: "birth", 36: "number", 49: "number"}, "IN2": {2: "number"},
		"ROL": {1: "EI"},
	}
})

// message takes the traits of a message.
func (t *traits) message(list []segment) {
	for _, s := range list {
		if s.name == "MSH" {
			continue
		}
		for n := 1; n < len(s.fields); n++ {
			if s.fields[n] == "" {
				continue
			}
			for _, typ := range typesOf(s.name, n) {
				for rep := range strings.SplitSeq(s.fields[n], "~") {
					t.value(typ, components(rep))
				}
			}
		}
	}
}

func (t *traits) value(typ string, parts []string) {
	switch typ {
	case "XPN":
		t.names(parts, 1, 2, 3)
	case "PPN", "XCN", "CN":
		t.number(part(parts, 1))
		t.names(parts, 2, 3, 4)
	case "NDL", "CNN":
		subs := append([]string{""}, strings.Split(part(parts, 1), "&")...)
		t.number(part(subs, 1))
		t.names(subs, 2, 3, 4)
	case "CX", "CK", "EI", "number":
		t.number(part(parts, 1))
	case "DLN":
		t.number(part(parts, 1))
	case "XAD", "AD":
		t.address(parts)
	case "XTN", "TN":
		t.phone(parts)
	case "birth":
		t.birth(unescape(first(part(parts, 1))))
	case "place":
		t.text(part(parts, 1), anAddress)
	case "TS", "DTM", "DT":
		if v := first(part(parts, 1)); len(v) >= 8 && digits(v[:8]) == v[:8] {
			t.days[v[:8]] = true
		}
	}
}

func (t *traits) names(parts []string, at ...int) {
	for _, n := range at {
		t.text(part(parts, n), aName)
	}
}

// common are words of names and addresses that say nothing about anybody.
var common = set(`DE DU DES LA LE LES L D ET EN AU AUX A SUR SOUS VAN VON DER DEN DA DOS EL AL BEN IBN SAINT SAINTE ST STE
	RUE AVENUE AV BD BOULEVARD PLACE ALLEE ALLEES CHEMIN ROUTE IMPASSE COURS QUAI SQUARE PASSAGE RESIDENCE BATIMENT BAT APPARTEMENT APPT
	ESCALIER ETAGE LIEU DIT BIS TER CEDEX HAMEAU LOTISSEMENT VILLA CITE ZONE LOT M MR MME MLLE DR PR`)

// set is a set of words. It is made when it is first asked for: a program that
// draws up no draft does not pay for it.
func set(list string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		m := map[string]bool{}
		for w := range strings.FieldsSeq(list) {
			m[w] = true
		}
		return m
	})
}

// text takes the words of a name or an address, and a name as a whole.
func (t *traits) text(component string, kind traitKind) {
	for sub := range strings.SplitSeq(component, "&") {
		value := fold(unescape(sub))
		if value == `""` {
			continue
		}
		for _, w := range words(value) {
			if n := len([]rune(w)); n >= 2 && !common()[w] {
				t.words[w] = kind
				if n >= partOfWord && kind == aName {
					t.part(w)
				}
			}
		}
		if whole := letters(value); kind == aName && len([]rune(whole)) >= partOfWord {
			t.part(whole)
		}
		if kind == anAddress {
			for n := range strings.FieldsFuncSeq(value, func(r rune) bool { return !unicode.IsDigit(r) }) {
				if len(n) >= shortest {
					t.numbers[n] = kind
				}
			}
		}
	}
}

// part takes a name that must not be part of a word either.
func (t *traits) part(name string) {
	t.parts[name] = aName
	t.lengths[len(name)] = true
}

func (t *traits) number(component string) {
	if n := alphanumeric(unescape(first(component))); n != "" {
		t.numbers[n] = aNumber
		if len(n) == 15 { // an INS, which is often written without its key
			t.numbers[n[:13]] = aNumber
		}
	}
}

func (t *traits) address(parts []string) {
	for _, n := range []int{1, 2, 3, 5, 9} {
		t.text(part(parts, n), anAddress)
	}
}

func (t *traits) phone(parts []string) {
	for n := 1; n < len(parts); n++ {
		v := unescape(parts[n])
		if user, _, ok := strings.Cut(v, "@"); ok {
			if whole := alphanumeric(v); len(whole) >= shortest {
				t.numbers[whole] = aPhone
			}
			if u := alphanumeric(user); len(u) >= partOfWord {
				t.numbers[u] = aPhone
			}
			continue
		}
		if d := digits(v); len(d) >= 6 {
			t.numbers[d] = aPhone
			if national, ok := strings.CutPrefix(d, "33"); ok && len(d) == 11 {
				t.numbers["0"+national] = aPhone
			} else if rest, ok := strings.CutPrefix(d, "0"); ok && len(d) == 10 {
				t.numbers["33"+rest] = aPhone
			}
		}
	}
}

// birth takes a date of birth in every spelling that people use.
func (t *traits) birth(value string) {
	d, err := hl7.ParseTime(value, time.UTC)
	if err != nil || d.Precision < hl7.PrecisionDay {
		return // a year is nobody's
	}
	t.births[d.Format("20060102")] = true
	t.days[d.Format("20060102")] = true
	for _, layout := range []string{"20060102", "02012006", "01022006"} {
		t.spelt[d.Format(layout)] = aBirth
	}
	for _, layout := range []string{"2006 01 02", "02 01 2006", "2 1 2006", "02 01 06", "01 02 2006", "2006 1 2"} {
		t.spelt[" "+d.Format(layout)+" "] = aBirth
	}
	day := d.Format("2")
	for _, month := range months[d.Month()-1] {
		t.spelt[" "+day+" "+month+" "+d.Format("2006")+" "] = aBirth
		t.spelt[" "+month+" "+day+" "+d.Format("2006")+" "] = aBirth
	}
}

var months = [12][]string{
	{"JANVIER", "JANUARY", "JAN", "JANV"}, {"FEVRIER", "FEBRUARY", "FEB", "FEV", "FEVR"}, {"MARS", "MARCH", "MAR"}, {"AVRIL", "APRIL", "APR", "AVR"},
	{"MAI", "MAY"}, {"JUIN", "JUNE", "JUN"}, {"JUILLET", "JULY", "JUL", "JUIL"}, {"AOUT", "AUGUST", "AUG"}, {"SEPTEMBRE", "SEPTEMBER", "SEP", "SEPT"},
	{"OCTOBRE", "OCTOBER", "OCT"}, {"NOVEMBRE", "NOVEMBER", "NOV"}, {"DECEMBRE", "DECEMBER", "DEC"},
}
