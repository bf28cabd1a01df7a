package pam

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PatientSpec says what a patient should be like. Whatever is empty is drawn;
// what is given does not change what is drawn for the rest.
type PatientSpec struct {
	// Identity is a word of KnownValues("patient.identity"); "" is qualified.
	Identity string
	// Sex is F, M or U. An INS needs F or M, so U goes with validated and
	// provisional identities only.
	Sex string
	// Twin asks for one of two, PID-24 and PID-25. Generator.Twin makes the other.
	Twin bool
	// Born is a date, YYYY-MM-DD or YYYYMMDD, a year, or an age in a word:
	// adult, elder, child, newborn.
	Born string
	// BirthPlace is a word of KnownValues("patient.birth_place"): france (the
	// mainland), corsica, overseas, abroad.
	BirthPlace string
	// Family is the birth name. Given holds the birth given names, separated by
	// spaces, the first one first: "Noël Zoé", "Marie-Claude Anne".
	Family, Given string
	// UsualName is the family name that the patient goes by, when it is another.
	UsualName string
	// LongName asks for names as long as the fields hold.
	LongName bool
	// Letters bounds the letters of names and addresses: latin1, which every
	// character set but ASCII can write; latin9, with an œ, which ISO 8859-1
	// cannot; ascii, without accents.
	Letters string
}

// Place is where somebody was born.
type Place struct {
	Name    string // commune or town
	Code    string // INSEE code: a commune, or 99xxx for a foreign country
	Country string // ISO 3166-1 alpha-3
}

// Address is where somebody lives, in France.
type Address struct{ Street, Extra, PostalCode, City string }

// Patient is an invented person. Journeys work on their own copy.
type Patient struct {
	Identity string // word of KnownValues("patient.identity")
	IPP      string // number in the hospital, PID-3 of type PI
	// INS is the national number of the test authority with its key, "" for a
	// patient of unknown sex. It is sent only when Identity is Qualified.
	INS string

	Family     string   // birth name
	Given      []string // birth given names, never empty
	UsedFamily string   // "" when it is the birth name
	UsedGiven  string   // "" when it is the first birth given name

	Sex        string    // F, M or U
	Birth      time.Time // the day, at midnight in the hospital
	BirthPlace Place
	BirthRank  int // among twins, from 1; 0 for a single birth

	Address Address
	Phone   string // digits, of the numbers reserved for fiction
	Mobile  string
	Email   string

	verbatim bool // the names were typed in a spec while the identity was provisional
	letters  string
	order    int // of the birth in the commune and month: last digits of the NIR
	marital  string
	living   string
	document identityDocument
	query    time.Time // of the INSi teleservice
	sms      bool
	dmp      dmpStatus
	job      string // ZFP-2
	contact  contact

	declared  Doctor    // médecin traitant; zero when there is none
	announced bool      // that doctor was told about
	updated   time.Time // PID-33
	death     time.Time // PID-29; zero while alive
	revived   bool      // a discharge by death was cancelled
}

// identityDocument is what was shown to validate an identity: ZFD-7 and ZFD-8.
type identityDocument struct {
	kind   string
	expiry time.Time
}

// dmpStatus is the shared medical record of the patient: ZFA.
type dmpStatus struct {
	state    string
	feeding  string // ZFA-9
	reading  string // ZFA-11
	recorded time.Time
}

// contact is a person to call: NK1.
type contact struct {
	ids           [2]string // as the one to call, and as the trusted person
	family, given string
	sex           string
	relation      string // table 0063
	phone         string
	trusted       bool // also the trusted person, who belongs to the stay
}

// Patient invents a patient. A word or date that cannot be used is a *SpecError.
func (g *Generator) Patient(spec PatientSpec) (*Patient, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	n := g.counts[patients]
	r, dice := g.stream(patients, n), g.dice(patients, n)
	p := &Patient{
		Identity: orElse(spec.Identity, Qualified),
		Sex:      orElse(spec.Sex, pick(r, []string{"F", "M"})),
		letters:  orElse(spec.Letters, "latin1"),
		updated:  g.instant,
	}
	if err := g.born(p, spec.Born, r, dice); err != nil {
		return nil, err
	}
	g.birthPlace(p, spec.BirthPlace, r)
	g.twin(p, spec.Twin, r)
	p.name(spec, r)
	if err := p.setNames(spec); err != nil {
		return nil, err
	}
	p.live(r)
	g.administer(p, r)
	p.declare(r)
	p.foldTo(p.letters)
	p.IPP, p.contact.ids = g.number(patients), [2]string{g.number(contacts), g.number(contacts)}
	p.order = 901 + dice.IntN(98)
	p.INS = p.nir()
	return p, nil
}

// Twin invents the other one of a multiple birth: same parents, day, place and
// address, the next rank, other given names. p becomes a twin if it was none.
func (g *Generator) Twin(p *Patient) *Patient {
	r := g.stream(patients, g.counts[patients])
	if p.BirthRank == 0 {
		p.BirthRank = 1
	}
	other := *p
	other.BirthRank = p.BirthRank%2 + 1
	other.Sex = pick(r, []string{"F", "M"})
	other.Given = drawGiven(r, other.Sex, 1+r.IntN(3), p.first())
	other.UsedFamily, other.UsedGiven, other.verbatim = "", "", false
	other.foldTo(other.letters)
	other.reach(r)
	other.IPP, other.contact.ids = g.number(patients), [2]string{g.number(contacts), g.number(contacts)}
	other.order = p.order + other.BirthRank - p.BirthRank
	other.INS = other.nir()
	return &other
}

func (s PatientSpec) check() error {
	for _, w := range [...]struct{ field, value string }{
		{"patient.identity", s.Identity},
		{"patient.sex", s.Sex},
		{"patient.birth_place", s.BirthPlace},
		{"patient.letters", s.Letters},
	} {
		if err := word(w.field, w.value); err != nil {
			return err
		}
	}
	return checkSex(orElse(s.Identity, Qualified), s.Sex)
}

// checkSex refuses an unknown sex where an INS, known or sent, needs one
// (PAM.fr 6.6.5).
func checkSex(identity, sex string) error {
	if sex == "U" && (identity == Qualified || identity == Retrieved) {
		return badValue("patient.sex", sex,
			"une identité qualifiée ou récupérée vient d'INSi, qui donne F ou M",
			"a qualified or retrieved identity comes from INSi, which says F or M")
	}
	return nil
}

// setNames puts the names of a spec in place of the drawn ones.
func (p *Patient) setNames(spec PatientSpec) error {
	if spec.Family != "" {
		p.Family = spec.Family
	}
	if spec.Given != "" {
		if p.Given = strings.Fields(spec.Given); len(p.Given) == 0 {
			return badValue("patient.given", spec.Given, "aucun prénom", "no given name")
		}
	}
	if spec.UsualName != "" {
		p.UsedFamily = spec.UsualName
	}
	if spec.Family != "" || spec.Given != "" {
		p.verbatim = p.Identity == Provisional
		return p.checkStrict()
	}
	return nil
}

// checkStrict refuses names that cannot be strict traits for an identity whose
// names have to be.
func (p *Patient) checkStrict() error {
	if p.Identity == Provisional {
		return nil
	}
	if name := p.lax(); name != "" {
		return badValue("patient.family", name,
			"un trait strict s'écrit en lettres latines, avec trait d'union et apostrophe",
			"a strict trait is written in Latin letters, hyphen and apostrophe")
	}
	return nil
}

// strictly reports whether the birth names can be written as strict traits.
func (p *Patient) strictly() bool { return p.lax() == "" }

// lax returns the first of the birth names that cannot be a strict trait.
func (p *Patient) lax() string {
	for _, name := range append([]string{p.Family}, p.Given...) {
		if !isStrict(strict(name)) {
			return name
		}
	}
	return ""
}

// foldTo takes the accents off every text when only ASCII letters are wanted.
func (p *Patient) foldTo(letters string) {
	if letters != "ascii" {
		return
	}
	p.Given = slices.Clone(p.Given)
	for i := range p.Given {
		p.Given[i] = plain(p.Given[i])
	}
	for _, text := range []*string{
		&p.Family, &p.UsedFamily, &p.UsedGiven, &p.BirthPlace.Name, &p.contact.family, &p.contact.given,
		&p.Address.Street, &p.Address.Extra, &p.Address.City, &p.declared.Family, &p.declared.Given,
	} {
		*text = plain(*text)
	}
}

// nir builds the national number of the test authority from the traits, with
// its key: sex, year and month of birth, INSEE code, order. Orders from 900 are
// beyond what a month brings to most registers.
func (p *Patient) nir() string {
	if p.Sex != "F" && p.Sex != "M" {
		return ""
	}
	sex := byte('1')
	if p.Sex == "F" {
		sex = '2'
	}
	number := string(sex) + p.Birth.Format("0601") + p.BirthPlace.Code + strconv.Itoa(p.order)
	key, err := INSKey(number)
	if err != nil {
		return ""
	}
	return number + key
}

// first returns the first given name.
func (p *Patient) first() string {
	if len(p.Given) == 0 {
		return ""
	}
	return p.Given[0]
}

// age returns the whole years of the patient on the day of t.
func (p *Patient) age(t time.Time) int {
	years := t.Year() - p.Birth.Year()
	if p.Birth.AddDate(years, 0, 0).After(t) {
		years--
	}
	return years
}

// hasINS reports whether the INS goes with the identity.
func (p *Patient) hasINS() bool { return p.Identity == Qualified && p.INS != "" }

// status returns the code of the identity, PID-32.
func (p *Patient) status() string {
	if p.Identity == Qualified || p.Identity == Validated {
		return "VALI"
	}
	return "PROV"
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func drawGiven(r *rand.Rand, sex string, n int, not string) []string {
	all := data().men
	if sex == "F" {
		all = data().women
	}
	var given []string
	for len(given) < n {
		if name := pick(r, all); name != not && !slices.Contains(given, name) {
			given = append(given, name)
		}
	}
	return given
}
