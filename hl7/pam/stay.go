package pam

import (
	"math/rand/v2"
	"strconv"
)

// Unit is a functional unit (UF), the smallest part of a hospital that can be
// responsible for a patient.
type Unit struct {
	Code  string // PV1-3.1, ZBE-7.10, ZBE-8.10
	Label string // ZBE-7.1, ZBE-8.1
}

// StaySpec says what a stay should be like. Whatever is empty is drawn.
type StaySpec struct {
	// Class is a word of KnownValues("stay.class"), PV1-2: I inpatient,
	// O outpatient, E emergency, R recurring sessions, V remote monitoring.
	// "" is I.
	Class string
	// Unit houses the patient, and answers for medicine and care unless Medical
	// or Care say otherwise.
	Unit          Unit
	Medical, Care Unit
	// Room and Bed are drawn, a bed for inpatients only.
	Room, Bed string
	// Letters is as in PatientSpec: latin1, latin9 or ascii.
	Letters string
}

// Doctor is an invented practitioner.
type Doctor struct {
	// RPPS is 11 digits with their check digit, in the range 8997 of the test
	// cards, where no practitioner is.
	RPPS          string
	Family, Given string
}

// Situation is where a patient is and who answers for them: what a movement
// changes.
type Situation struct {
	Class     string // PV1-2
	Housing   Unit   // PV1-3.1
	Medical   Unit   // ZBE-7
	Care      Unit   // ZBE-8
	Room, Bed string // PV1-3.2, PV1-3.3
	Doctor    Doctor // PV1-7
	Tariff    string // PV1-20.1, a code of the hospital; "" where nobody said
}

// Stay is an invented visit. Journeys work on their own copy.
type Stay struct {
	Account string // PID-18
	Visit   string // PV1-19
	Situation
	Reason string // PV2-12

	letters string
}

// Lengths of HL7 for what a spec may give.
const (
	mostCode  = 20 // PL-1 to PL-3
	mostLabel = 50 // XON-1
)

// Stay invents a stay. A word that cannot be used, or a code or label longer
// than its field, is a *SpecError.
func (g *Generator) Stay(spec StaySpec) (*Stay, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	r := g.stream(visits, g.counts[visits])
	st := &Stay{letters: orElse(spec.Letters, "latin1")}
	st.Class = orElse(spec.Class, "I")
	st.Housing = pick(r, data().units[st.Class]).Unit
	st.Reason = pick(r, data().reasons[st.Class])
	st.Room, st.Bed = drawBed(r, st.Class)
	st.Doctor = drawDoctor(r)
	if spec.Unit.Code != "" {
		st.Housing = spec.Unit
	}
	st.Medical, st.Care = st.Housing, st.Housing
	if spec.Medical.Code != "" {
		st.Medical = spec.Medical
	}
	if spec.Care.Code != "" {
		st.Care = spec.Care
	}
	st.Room, st.Bed = orElse(spec.Room, st.Room), orElse(spec.Bed, st.Bed)
	st.Reason = st.fold(st.Reason)
	st.Situation = st.foldSituation(st.Situation)
	st.Account, st.Visit = g.number(accounts), g.number(visits)
	return st, nil
}

func (s StaySpec) check() error {
	if err := word("stay.class", s.Class); err != nil {
		return err
	}
	if err := word("stay.letters", s.Letters); err != nil {
		return err
	}
	if err := checkUnits(&s.Unit, &s.Medical, &s.Care); err != nil {
		return err
	}
	return checkBed(s.Room, s.Bed)
}

// checkUnits refuses codes and labels that their fields cannot hold; a label
// without a code names no unit.
func checkUnits(units ...*Unit) error {
	for _, u := range units {
		switch {
		case u == nil || *u == Unit{}:
		case u.Code == "":
			return noUnit(*u)
		case len([]rune(u.Code)) > mostCode:
			return badValue("stay.unit.code", u.Code, "20 caractères au plus (PL-1)", "at most 20 characters (PL-1)")
		case len([]rune(u.Label)) > mostLabel:
			return badValue("stay.unit.label", u.Label, "50 caractères au plus (XON-1)", "at most 50 characters (XON-1)")
		}
	}
	return nil
}

func noUnit(u Unit) error {
	return badValue("stay.unit", u.Label, "une unité a un code", "a unit has a code")
}

func checkBed(room, bed string) error {
	for _, s := range [...]string{room, bed} {
		if len([]rune(s)) > mostCode {
			return badValue("stay.room", s, "20 caractères au plus (PL-2, PL-3)", "at most 20 characters (PL-2, PL-3)")
		}
	}
	return nil
}

// fold takes the accents off a text when the stay has ASCII letters only.
func (s *Stay) fold(text string) string {
	if s.letters == "ascii" {
		return plain(text)
	}
	return text
}

func (s *Stay) foldSituation(x Situation) Situation {
	for _, text := range []*string{
		&x.Housing.Label, &x.Medical.Label, &x.Care.Label, &x.Doctor.Family, &x.Doctor.Given,
	} {
		*text = s.fold(*text)
	}
	return x
}

// drawBed draws a room and bed for inpatients and a box, chair or consulting
// room for those who do not sleep there. Nobody monitored at home has either.
func drawBed(r *rand.Rand, class string) (room, bed string) {
	number, letter := 100*(1+r.IntN(4))+1+r.IntN(30), pick(r, []string{"P", "F"})
	switch class {
	case "I":
		return itoa(number), itoa(number) + letter
	case "E":
		return "BOX" + itoa(number%100), ""
	case "R":
		return "POSTE" + itoa(number%100), ""
	case "O":
		return "CS" + itoa(number%100), ""
	}
	return "", ""
}

// drawDoctor draws a practitioner whose number is of the test range.
func drawDoctor(r *rand.Rand) Doctor {
	d := data()
	given := pick(r, [][]string{d.women, d.men})
	number := "8997" + itoa(1_000_000 + r.IntN(1_000_000))[1:]
	return Doctor{
		RPPS:   number + luhn(number),
		Family: shortName(r, d.families),
		Given:  shortName(r, given),
	}
}

// luhn returns the check digit that an RPPS number ends with.
func luhn(number string) string {
	sum := 0
	for i := range len(number) {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return itoa((10 - sum%10) % 10)
}

func itoa(n int) string { return strconv.Itoa(n) }
