package hospital

import (
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// This file is a stay in a ward, from the admission to the discharge.

// patient is who the patient is by now.
func (s *stay) patient() *pam.Patient { return &s.person.patient }

// admit is A01, when there is a bed: in the own unit, or as the guest of another.
func (s *stay) admit(tried int) {
	c, found := s.lie(s.unit, pam.Change{})
	if !found {
		if other := s.h.elsewhere(s.r, Ward, s.patient(), s.unit); other != nil {
			c, found = s.lie(other, pam.Change{})
		}
	}
	if !found {
		s.wait(tried, s.admit)
		return
	}
	s.tell("A01", c)
	if s.slip(0.008) { // it was somebody else, or another day
		s.next(between(s.r, 10*time.Minute, time.Hour), func(s *stay) {
			s.tell("A11", pam.Change{})
			s.leaveBed()
			if s.j.State() == pam.PreAdmitted {
				s.next(time.Hour, func(s *stay) { s.tell("A38", pam.Change{}) })
			}
		})
		s.plan = s.plan[:1]
		return
	}
	s.settle()
}

// wait tries again later; who has waited for long is sent home or elsewhere.
func (s *stay) wait(tried int, again func(int)) {
	const patience = 6
	switch {
	case tried < patience:
		s.next(2*time.Hour, func(*stay) { again(tried + 1) })
	case s.j.State() == pam.PreAdmitted:
		s.next(pause, func(s *stay) { s.tell("A38", pam.Change{}) })
	case s.j.State() == pam.AdmissionPending:
		s.next(pause, func(s *stay) {
			s.tell("A27", pam.Change{})
			if s.j.State() == pam.PreAdmitted {
				s.next(pause, func(s *stay) { s.tell("A38", pam.Change{}) })
			}
		})
	case s.open():
		s.next(pause, (*stay).goHome)
	}
}

// settle plans what happens between the arrival in a ward and the discharge.
func (s *stay) settle() {
	length := days(s.r, s.unit.unit.Days)
	gone := hour(s.r, s.h.now, max(1, int(length)), whenTired)
	time0 := s.h.now
	moment := func() time.Time {
		return time0.Add(time.Duration((0.03 + 0.9*s.r.Float64()) * float64(gone.Sub(time0))))
	}
	for range int(length/3 + s.r.Float64()) {
		s.at(moment(), s.happening())
	}
	if s.chance(0.35) {
		s.at(moment(), (*stay).betterKnown)
	}
	if s.slip(0.06) {
		s.at(time0.Add(between(s.r, 10*time.Minute, 3*time.Hour)), (*stay).correct)
	}
	if s.slip(0.025) {
		s.at(moment(), (*stay).records)
	}
	if s.chance(0.3) {
		s.at(gone.Add(-between(s.r, 4*time.Hour, 18*time.Hour)), func(s *stay) { s.announceLeaving(gone) })
	}
	s.leaveAt(gone)
}

// happening draws something that happens in a ward.
func (s *stay) happening() func(*stay) {
	type thing struct {
		weight int
		do     func(*stay)
	}
	things := []thing{
		{26, (*stay).transfer}, {18, (*stay).otherBed}, {30, (*stay).examined}, {10, (*stay).otherDoctor}, {8, (*stay).leave},
		{5, (*stay).otherResponsibility}, {3, (*stay).otherTariff}, {3, (*stay).forgotten}, {2, (*stay).otherClass},
	}
	sum := 0
	for _, t := range things {
		sum += t.weight
	}
	n := s.r.IntN(sum)
	for _, t := range things {
		if n -= t.weight; n < 0 {
			return t.do
		}
	}
	return (*stay).otherBed
}

// hospitalise is A06: an outpatient or emergency becomes an inpatient, when there
// is a bed.
func (s *stay) hospitalise() { s.hospitaliseOr(0) }

func (s *stay) hospitaliseOr(tried int) {
	kind := Ward
	if s.chance(0.06) && len(s.h.wards[Intensive]) > 0 {
		kind = Intensive
	}
	own := s.h.pick(s.r, kind, s.patient())
	if own == nil {
		s.goHome()
		return
	}
	was := s.unit
	s.unit = own
	if s.slip(0.012) { // the wrong door: taken back, and decided again
		s.misled(was)
		return
	}
	if s.slip(0.04) { // the bed is told afterwards
		unit := own.pam()
		s.tell("A06", pam.Change{Class: "I", Unit: &unit, NoBed: true})
		s.next(between(s.r, 10*time.Minute, time.Hour), func(s *stay) {
			if order := s.movements(); !s.open() || s.bed >= 0 || order[len(order)-1].Trigger != "A06" {
				return
			}
			if c, found := s.lie(own, pam.Change{}); found {
				s.tell("Z99", pam.Change{Room: c.Room, Bed: c.Bed})
			}
		})
		s.settle()
		return
	}
	c, found := s.lie(own, pam.Change{Class: "I"})
	if !found {
		if other := s.h.elsewhere(s.r, kind, s.patient(), own); other != nil {
			c, found = s.lie(other, pam.Change{Class: "I"})
		}
	}
	if !found {
		s.unit = was
		s.wait(tried, s.hospitaliseOr)
		return
	}
	s.tell("A06", c)
	s.settle()
}

// misled is an A06 that was cancelled, by an A07 (PAM.fr 5.3.5).
func (s *stay) misled(was *ward) {
	unit := s.unit.pam()
	name := s.tell("A06", pam.Change{Class: "I", Unit: &unit, NoBed: true})
	s.next(between(s.r, 5*time.Minute, 30*time.Minute), func(s *stay) {
		if name != "" {
			s.tell("A07", pam.Change{Of: name})
		}
		s.unit = was
		s.next(between(s.r, 20*time.Minute, 2*time.Hour), (*stay).goHome)
	})
}

// toOutpatients is A07: an emergency that goes on as a consultation.
func (s *stay) toOutpatients() {
	w := s.h.pick(s.r, Consultation, s.patient())
	if w == nil {
		s.goHome()
		return
	}
	was, unit := s.unit, w.pam()
	s.unit = w
	name := s.tell("A07", pam.Change{Class: "O", Unit: &unit})
	if name != "" && s.slip(0.1) {
		s.next(10*time.Minute, func(s *stay) {
			s.tell("A06", pam.Change{Of: name})
			s.unit = was
		})
	}
	s.leaveAt(s.h.now.Add(between(s.r, 45*time.Minute, 2*time.Hour)))
}

// goHome is the discharge of who lies in no bed.
func (s *stay) goHome() { s.discharge() }

// announceLeaving is A16, and sometimes that it was too early.
func (s *stay) announceLeaving(gone time.Time) {
	if !s.open() {
		return
	}
	name := s.tell("A16", pam.Change{Planned: s.until(gone.Add(pause))})
	if name != "" && s.slip(0.08) {
		s.next(20*time.Minute, func(s *stay) { s.tell("A25", pam.Change{}) })
	}
}

// leaveAt plans the discharge, and what may be wrong with it.
func (s *stay) leaveAt(t time.Time) { s.at(t, (*stay).discharge) }

// discharge is A03.
func (s *stay) discharge() {
	switch state := s.j.State(); {
	case state != pam.Open && state != pam.OnLeave:
		return
	case s.slip(0.012): // not yet: taken back, and told again later
		s.tell("A03", pam.Change{})
		s.next(between(s.r, 10*time.Minute, 2*time.Hour), func(s *stay) {
			s.tell("A13", pam.Change{})
			s.next(between(s.r, time.Hour, 20*time.Hour), (*stay).discharge)
		})
		return
	case s.unit.unit.Kind.bedded() && s.chance(0.012) || s.chance(0.0008):
		s.tell("A03", pam.Change{Deceased: true})
		s.person.dead = true
	default:
		s.tell("A03", pam.Change{})
	}
	left := s.h.now
	s.leaveBed()
	if s.slip(0.02) { // it was some minutes earlier
		s.next(between(s.r, 20*time.Minute, 5*time.Hour), func(s *stay) {
			s.tell("Z99", pam.Change{Start: s.start(left.Add(-20 * time.Second))})
		})
	}
	if s.slip(0.01) {
		s.next(between(s.r, 2*time.Hour, 2*day), (*stay).forgottenAfterwards)
	}
}
