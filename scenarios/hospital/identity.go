package hospital

import (
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// This file is who people are: what the office learns of them, and what it has to
// put right when it learned it wrongly.

// meet plans what is told of a person who comes: that they exist, or what has
// become of them since.
func (s *stay) meet(t time.Time) {
	p := s.person
	switch {
	case !p.told:
		p.told = true
		s.at(t, func(s *stay) { s.tell("A28", pam.Change{}) })
	case s.chance(0.3):
		s.at(t, (*stay).betterKnown)
	}
}

// betterKnown is A31: the identity goes one step from provisional to qualified
// (PAM.fr 4.4), or the address has changed.
func (s *stay) betterKnown() {
	p := s.j.Patient()
	next := map[string][]string{
		pam.Provisional: {pam.Retrieved, pam.Validated},
		pam.Retrieved:   {pam.Qualified},
		pam.Validated:   {pam.Qualified},
	}[p.Identity]
	if len(next) == 0 || s.chance(0.2) {
		s.tell("A31", pam.Change{})
		return
	}
	s.tell("A31", pam.Change{Patient: &pam.PatientSpec{Identity: next[s.r.IntN(len(next))]}})
}

// records is something wrong with the records of a patient.
func (s *stay) records() {
	switch n := s.r.IntN(100); {
	case n < 35:
		s.merge()
	case n < 55:
		s.link()
	case n < 70:
		s.moveAccount()
	default:
		s.otherINS()
	}
}

// second tells of another record of the patient, as is made at night when nobody
// looks for the first: the same person, of whom less is certain.
func (s *stay) second() *pam.Patient {
	p := s.j.Patient()
	other := s.h.newcomer(pam.PatientSpec{Identity: pam.Provisional, Letters: "latin1"}).patient
	other.Sex = p.Sex
	other.Family, other.Given, other.UsedFamily, other.UsedGiven = p.Family, p.Given, p.UsedFamily, p.UsedGiven
	other.Birth, other.BirthPlace, other.BirthRank = p.Birth, p.BirthPlace, p.BirthRank
	other.INS, other.Address, other.Phone, other.Mobile, other.Email = p.INS, p.Address, p.Phone, p.Mobile, p.Email
	s.tell("A28", pam.Change{Other: &other})
	return &other
}

// merge is A40: the second record goes into the first, or the other way round
// when no more was known of the first.
func (s *stay) merge() {
	other := s.second()
	keep := s.j.Patient().Identity != pam.Provisional || s.chance(0.5)
	s.then(15*time.Minute, func(s *stay) { s.tell("A40", pam.Change{Other: other, Keep: keep}) })
}

// link is A24, and A37 when it turns out that two records were two people.
func (s *stay) link() {
	other := s.second()
	apart := s.chance(0.4)
	s.then(15*time.Minute, func(s *stay) {
		s.tell("A24", pam.Change{Other: other})
		if apart {
			s.next(time.Hour, func(s *stay) { s.tell("A37", pam.Change{Other: other}) })
		}
	})
}

// moveAccount is A44: the stay was opened for somebody else, with whom it goes on.
func (s *stay) moveAccount() {
	if !s.open() {
		return
	}
	spec := spec(s.r, s.unit.unit.For)
	if sex := s.j.Patient().Sex; spec.Sex == "" {
		spec.Sex = sex
	}
	other := s.h.newcomer(spec)
	other.told = true
	s.tell("A28", pam.Change{Other: &other.patient})
	s.then(15*time.Minute, func(s *stay) {
		was := *s.person
		was.patient = s.j.Patient()
		s.tell("A44", pam.Change{Other: &other.patient})
		s.h.remember(&was)
		s.person = &person{patient: s.j.Patient(), name: s.person.name, told: true}
	})
}

// otherINS is A47: the INS is another one, was somebody else's, or is not certain
// any more (PAM.fr 4.4.2 to 4.4.4).
func (s *stay) otherINS() {
	p := s.j.Patient()
	if p.Identity != pam.Qualified || p.INS == "" {
		s.betterKnown()
		return
	}
	what := []string{"ins", "ins-deleted", "ins-downgraded"}[s.r.IntN(3)]
	if what != "ins-downgraded" && !s.h.numbers.give(following(p.INS)) {
		what = "ins-downgraded"
	}
	s.tell("A47", pam.Change{Identifier: what})
	if what == "ins-downgraded" {
		s.then(2*time.Hour, (*stay).betterKnown)
	}
}
