package draft

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// A world is the people of a draft: a replacement for each original value, drawn
// when it is first needed, always the same afterwards, and nobody's who is known
// here.
type world struct {
	traits *traits
	rng    *rand.Rand
	gen    *pam.Generator
	days   int // by which dates are shifted

	made    map[string]string // original value, with its kind before it, to its replacement
	used    map[string]bool   // replacements
	places  map[string]pam.Place
	doctors map[string]pam.Doctor
	homes   map[string]pam.Address

	mails     int             // how many were tried
	codesSeen map[string]bool // whether it says nothing about anybody
}

func newWorld(t *traits, seed uint64) *world {
	w := &world{
		traits: t, rng: rand.New(rand.NewPCG(seed, 0x7d5e)), gen: pam.NewGenerator(seed, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)),
		made: map[string]string{}, used: map[string]bool{}, places: map[string]pam.Place{}, doctors: map[string]pam.Doctor{}, homes: map[string]pam.Address{},
		codesSeen: map[string]bool{},
	}
	w.days = w.shift()
	return w
}

// shift draws by how much dates are shifted: whole weeks, one to five years into
// the past, and so that no date becomes a date of birth of somebody.
func (w *world) shift() int {
	days := 0
	for range 200 {
		days = -7 * (53 + w.rng.IntN(208))
		clash := false
		for day := range w.traits.days {
			at, err := time.Parse("20060102", day)
			clash = clash || err == nil && w.traits.births[at.AddDate(0, 0, days).Format("20060102")]
		}
		if !clash {
			break
		}
	}
	return days
}

// date shifts a date in its own precision; what is none is left out.
func (w *world) date(value string) string {
	t, err := hl7.ParseTime(value, time.UTC)
	if err != nil {
		return ""
	}
	t.Time = t.AddDate(0, 0, w.days)
	if t.Year() < 1 {
		return ""
	}
	return t.String()
}

// free reports whether a replacement is nobody's, and takes it.
func (w *world) free(s string) bool {
	key := alphanumeric(s)
	if key == "" || w.used[key] || w.traits.has(s) || w.traits.numbers[key] != "" {
		return false
	}
	w.used[key] = true
	return true
}

// once returns the replacement of a value of a kind, and draws it when there is
// none yet. The value has been folded.
func (w *world) once(kind, value string, draw func() string) string {
	key := kind + ":" + value
	if s, ok := w.made[key]; ok {
		return s
	}
	s := draw()
	w.made[key] = s
	return s
}

// name replaces a family name or a given name. It is the same in capitals and
// without accents, so it is written as strict traits are.
func (w *world) name(original, sex string, family bool) string {
	return w.drawName(letters(original), sex, family)
}

// drawName draws a name for who is known by a key.
func (w *world) drawName(key, sex string, family bool) string {
	kind := "given"
	if family {
		kind = "family"
	}
	return w.once(kind, key, func() string {
		for range 30 {
			p := w.somebody(pam.PatientSpec{Sex: sex, Letters: "ascii"})
			s := p.Given[0]
			if family {
				s = p.Family
			}
			if s = fold(s); w.free(s) {
				return s
			}
		}
		return w.invented()
	})
}

// somebody draws a patient.
func (w *world) somebody(spec pam.PatientSpec) *pam.Patient {
	if spec.Sex != "F" && spec.Sex != "M" {
		spec.Sex = "F"
	}
	if spec.Letters == "" {
		spec.Letters = "latin1"
	}
	p, err := w.gen.Patient(spec)
	if err != nil {
		panic(err) // the words of the spec are ours
	}
	return p
}

// invented makes a name of syllables, when all names that are drawn belong to
// somebody.
func (w *world) invented() string {
	const consonants, vowels = "BDFGKLMNPRTVZ", "AEIOU"
	for n := 3; ; n++ {
		for range 100 {
			var b strings.Builder
			for range n {
				b.WriteByte(consonants[w.rng.IntN(len(consonants))])
				b.WriteByte(vowels[w.rng.IntN(len(vowels))])
			}
			if w.free(b.String()) {
				return b.String()
			}
		}
	}
}

// longestNumber is the most that is written of a number.
const longestNumber = 20

// number replaces a number by one of the same shape: a letter for a letter, a
// digit for a digit. Where no such one is left, it gets another shape.
func (w *world) number(original string) string {
	return w.once("number", fold(original), func() string {
		shape := []rune(fold(original))
		shape = shape[:min(len(shape), longestNumber)]
		for range 50 {
			if s := w.likeness(shape); w.free(s) {
				return s
			}
		}
		for {
			if s := strconv.FormatUint(w.rng.Uint64N(1e12), 10); w.free(s) {
				return s
			}
		}
	})
}

// likeness draws something of a shape.
func (w *world) likeness(shape []rune) string {
	b := make([]rune, len(shape))
	for i, r := range shape {
		switch {
		case r == '-' || r == '.' || r == '_' || r == '/':
			b[i] = r
		case r >= 'A' && r <= 'Z':
			b[i] = rune('A' + w.rng.IntN(26))
		default:
			b[i] = rune('0' + w.rng.IntN(10))
		}
	}
	return string(b)
}

// ins replaces an INS by one of the test authority with its key: the sex as it
// was, the month of the shifted birth, the new place of birth, an order beyond
// what a month brings to registers.
func (w *world) ins(original, birth string) string {
	number := alphanumeric(original)
	if len(number) < 13 || number[0] < '1' || number[0] > '8' {
		return ""
	}
	return w.once("ins", number[:13], func() string {
		month := number[1:5]
		if b := w.date(birth); len(b) >= 6 && len(birth) >= 6 && birth[2:6] == month {
			month = b[2:6]
		} else if b := w.date("19" + month + "15"); b != "" {
			month = b[2:6]
		}
		town := w.place(number[5:10]).Code
		for order := 901; order < 999; order++ {
			key, err := pam.INSKey(number[:1] + month + town + strconv.Itoa(order))
			if err != nil {
				return ""
			}
			if s := number[:1] + month + town + strconv.Itoa(order) + key; w.free(s) {
				return s
			}
		}
		return ""
	})
}

// place replaces a place of birth, which is known by its INSEE code, or by its
// name where there is none: one abroad by one abroad, one overseas by one there.
func (w *world) place(original string) pam.Place {
	key := alphanumeric(original)
	if p, ok := w.places[key]; ok {
		return p
	}
	kind := "france"
	switch {
	case strings.HasPrefix(key, "99"):
		kind = "abroad"
	case strings.HasPrefix(key, "97"), strings.HasPrefix(key, "98"):
		kind = "overseas"
	case strings.HasPrefix(key, "2A"), strings.HasPrefix(key, "2B"):
		kind = "corsica"
	}
	p := pam.Place{}
	for range 60 {
		p = w.somebody(pam.PatientSpec{BirthPlace: kind}).BirthPlace
		if !w.traits.has(p.Name) && !w.traits.has(p.Code) {
			w.places[key] = p
			return p
		}
	}
	p.Name = w.invented()
	for w.traits.has(p.Code) || w.traits.numbers[p.Code] != "" {
		p.Code = p.Code[:2] + strconv.Itoa(1000 + w.rng.IntN(1000))[1:]
	}
	w.places[key] = p
	return p
}

// home replaces an address.
func (w *world) home(original string) pam.Address {
	key := alphanumeric(original)
	if a, ok := w.homes[key]; ok {
		return a
	}
	var a pam.Address
	for range 60 {
		a = w.somebody(pam.PatientSpec{}).Address
		if !w.traits.has(a.Street + "|" + a.Extra + "|" + a.City + "|" + a.PostalCode) {
			w.homes[key] = a
			return a
		}
	}
	a = pam.Address{Street: strconv.Itoa(1+w.rng.IntN(90)) + " RUE " + w.invented(), City: w.invented(), PostalCode: a.PostalCode}
	for w.traits.has(a.PostalCode) {
		a.PostalCode = strconv.Itoa(1000 + w.rng.IntN(94000) + 100000)[1:]
	}
	w.homes[key] = a
	return a
}

// phone replaces a telephone number by one of those kept for fiction.
func (w *world) phone(original string) string {
	return w.once("phone", digits(original), func() string {
		s := ""
		for range 1000 {
			p := w.somebody(pam.PatientSpec{})
			if s = p.Phone; strings.HasPrefix(digits(original), "06") || strings.HasPrefix(digits(original), "07") || strings.HasPrefix(digits(original), "336") {
				s = p.Mobile
			}
			if w.free(s) {
				return s
			}
		}
		return ""
	})
}

// mail replaces a mail address.
func (w *world) mail(original string) string {
	return w.once("mail", fold(original), func() string {
		for range 10_000 {
			w.mails++
			if s := "patient" + strconv.Itoa(w.mails) + "@example.org"; w.free(s) {
				return s
			}
		}
		return ""
	})
}

// doctor replaces a practitioner, who is known by the number, or the name.
func (w *world) doctor(number, family, given string) pam.Doctor {
	key := "id:" + alphanumeric(number)
	if key == "id:" {
		key = "name:" + letters(family) + "^" + letters(given)
	}
	if d, ok := w.doctors[key]; ok {
		return d
	}
	var d pam.Doctor
	for range 200 {
		stay, err := w.gen.Stay(pam.StaySpec{})
		if err != nil {
			panic(err) // nothing was asked
		}
		if d = stay.Doctor; !w.used[d.RPPS] && !w.traits.has(d.RPPS) {
			break
		}
	}
	w.used[d.RPPS] = true
	d.Family, d.Given = w.drawName(key, "M", true), w.drawName(key, "F", false)
	w.doctors[key] = d
	return d
}

// ordinal numbers values of a kind in the order in which they come.
func (w *world) ordinal(kind, value string) string {
	return w.once(kind, value, func() string {
		n := 1
		for w.used[kind+strconv.Itoa(n)] {
			n++
		}
		w.used[kind+strconv.Itoa(n)] = true
		return strconv.Itoa(n)
	})
}

// ofTraits is what is known of a person from the message that is being written.
type ofTraits struct {
	sex   string
	birth string
}

func sexOf(s string) string {
	if s == "M" {
		return s
	}
	return "F"
}
