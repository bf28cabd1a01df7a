package hospital

import (
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// This file is what happens to a patient in a ward. Each thing is for somebody
// who is there, and does nothing otherwise: a plan is drawn before anybody knows
// how it will go.

// transfer is A02 to another unit, announced by an A15 now and then.
func (s *stay) transfer() {
	if !s.open() || s.ward == nil {
		return
	}
	to := s.h.elsewhere(s.r, Ward, s.patient(), s.ward)
	if s.unit.unit.Kind == Ward && s.chance(0.08) {
		if intensive := s.h.elsewhere(s.r, Intensive, s.patient(), s.ward); intensive != nil {
			to = intensive
		}
	}
	if to == nil {
		return
	}
	if !s.chance(0.25) {
		s.unit = to
		s.moveTo(to)
		return
	}
	unit := to.pam()
	name := s.tell("A15", pam.Change{Unit: &unit, NoBed: true, Planned: s.until(s.h.now.Add(3 * time.Hour))})
	if name != "" && s.slip(0.2) {
		s.next(30*time.Minute, func(s *stay) { s.tell("A26", pam.Change{}) })
		return
	}
	s.next(between(s.r, time.Hour, 3*time.Hour), func(s *stay) {
		if to.free > 0 {
			s.unit = to
			s.moveTo(to)
			return
		}
		if name != "" {
			s.tell("A26", pam.Change{})
		}
	})
}

// moveTo is A02 to a ward with a free bed, or the mistake of saying so.
func (s *stay) moveTo(w *ward) {
	if s.slip(0.06) {
		s.wrongly(w)
		return
	}
	if c, found := s.lie(w, pam.Change{}); found {
		s.tell("A02", c)
	}
}

// wrongly is an A02 of somebody who has not moved, and the A12 that takes it back.
// Nobody else gets the bed meanwhile.
func (s *stay) wrongly(w *ward) {
	bed := w.take(s.r)
	if bed < 0 {
		return
	}
	was := s.unit
	own, housed := s.unit.pam(), w.pam()
	room, label := w.name(bed)
	name := s.tell("A02", pam.Change{Housing: &housed, Medical: &own, Care: &housed, Room: room, Bed: label})
	s.next(between(s.r, 5*time.Minute, 40*time.Minute), func(s *stay) {
		w.release(bed)
		if name != "" {
			s.tell("A12", pam.Change{})
		}
		s.unit = was
	})
}

// otherBed is A02 within the unit.
func (s *stay) otherBed() {
	if !s.open() || s.ward == nil {
		return
	}
	w := s.ward
	c, found := s.lie(w, pam.Change{})
	if found {
		s.tell("A02", pam.Change{Room: c.Room, Bed: c.Bed})
	}
}

// examined is the way to a technical platform and back (A09, A10), with the
// slips of those who tell it.
func (s *stay) examined() {
	if !s.open() || len(s.h.places) == 0 {
		return
	}
	place := s.h.places[s.r.IntN(len(s.h.places))]
	depart := func(s *stay) { s.tell("A09", pam.Change{Temporary: &place}) }
	arrive := func(s *stay) { s.tell("A10", pam.Change{Temporary: &place}) }
	if s.slip(0.03) {
		depart(s)
		s.then(5*time.Minute, func(s *stay) { s.tell("A33", pam.Change{}) })
		return
	}
	things := []func(*stay){arrive}
	if s.slip(0.03) {
		things = append(things, func(s *stay) { s.tell("A32", pam.Change{}) }, arrive)
	}
	depart(s)
	s.next(between(s.r, 10*time.Minute, 20*time.Minute), func(s *stay) {
		s.next(between(s.r, 30*time.Minute, 3*time.Hour), func(s *stay) {
			s.tell("A09", pam.Change{})
			s.next(10*time.Minute, func(s *stay) { s.tell("A10", pam.Change{}) })
		})
		s.then(5*time.Minute, things[1:]...)
		things[0](s)
	})
}

// otherDoctor is A54.
func (s *stay) otherDoctor() {
	if !s.open() {
		return
	}
	name := s.tell("A54", pam.Change{})
	if name != "" && s.slip(0.1) {
		s.next(15*time.Minute, func(s *stay) { s.tell("A55", pam.Change{}) })
	}
}

// leave is A21 and A22: some days at home, with the bed kept.
func (s *stay) leave() {
	if !s.open() || s.ward == nil {
		return
	}
	back := s.h.now.Add(between(s.r, 6*time.Hour, 44*time.Hour))
	name := s.tell("A21", pam.Change{Planned: s.until(back)})
	if name != "" && s.slip(0.06) {
		s.next(20*time.Minute, func(s *stay) { s.tell("A52", pam.Change{}) })
		return
	}
	if name == "" {
		return
	}
	s.next(back.Sub(s.h.now), func(s *stay) {
		s.tell("A22", pam.Change{})
		if s.slip(0.06) { // seen at the desk, but not back yet
			s.next(15*time.Minute, func(s *stay) {
				s.tell("A53", pam.Change{})
				s.next(between(s.r, time.Hour, 5*time.Hour), func(s *stay) { s.tell("A22", pam.Change{}) })
			})
		}
	})
}

// otherResponsibility is an A02 of nothing but the unit that answers for the
// medicine.
func (s *stay) otherResponsibility() {
	if !s.open() || s.ward == nil {
		return
	}
	other := s.h.pick(s.r, Ward, s.patient())
	if other == nil || other == s.unit {
		return
	}
	medical := other.pam()
	if s.j.Stay().Medical.Code == medical.Code {
		return
	}
	s.unit = other
	s.tell("A02", pam.Change{Medical: &medical})
}

// otherTariff is an A02 of nothing but the tariff.
func (s *stay) otherTariff() {
	if !s.open() {
		return
	}
	tariffs := []string{"20", "30", "43"}
	tariff := tariffs[s.r.IntN(len(tariffs))]
	if s.j.Stay().Tariff != tariff {
		s.tell("A02", pam.Change{Tariff: tariff})
	}
}

// otherClass is an inpatient who goes on as an outpatient for an hour, A07, and
// is one again, A06.
func (s *stay) otherClass() {
	if !s.open() || s.ward == nil || s.j.Stay().Class != "I" {
		return
	}
	w := s.h.pick(s.r, Consultation, s.patient())
	if w == nil {
		return
	}
	unit := w.pam()
	s.tell("A07", pam.Change{Class: "O", Unit: &unit})
	s.next(between(s.r, time.Hour, 4*time.Hour), func(s *stay) {
		s.tell("A06", s.here(pam.Change{Class: "I"}))
	})
}

// correct is Z99 on what was told last: another doctor, tariff, or minute.
func (s *stay) correct() {
	order := s.movements()
	if len(order) == 0 || !s.open() {
		return
	}
	m := order[len(order)-1]
	switch {
	case s.chance(0.4) && len(order) == 1:
		s.tell("Z99", pam.Change{Of: m.Step, Start: s.start(m.Start.Add(-time.Duration(30+s.r.IntN(25)) * time.Second))})
	case s.ward != nil && s.bed >= 0 && (m.Trigger == "A01" || m.Trigger == "A02" || m.Trigger == "A06"):
		if c, found := s.lie(s.ward, pam.Change{}); found {
			s.tell("Z99", pam.Change{Of: m.Step, Room: c.Room, Bed: c.Bed})
		}
	default:
		s.tell("Z99", pam.Change{Of: m.Step, Tariff: "20"})
	}
}

// movements are those that stand.
func (s *stay) movements() []pam.Movement {
	var all []pam.Movement
	for _, m := range s.j.Movements() {
		if !m.Cancelled {
			all = append(all, m)
		}
	}
	return all
}

// forgotten is a movement that is told late: an A02 in the past, ZBE-5 = Y, and
// sometimes that it never was (PAM.fr 5.3.7).
func (s *stay) forgotten() {
	order := s.movements()
	if !s.open() || s.ward == nil || len(order) < 2 {
		return
	}
	a, b := order[len(order)-2], order[len(order)-1]
	usual := func(t pam.Trigger) bool { return t == "A01" || t == "A02" || t == "A06" }
	if !usual(a.Trigger) || b.Trigger != "A02" || b.Start.Sub(a.Start) < time.Hour {
		return
	}
	tariff := "41"
	if a.Situation.Tariff == tariff {
		return
	}
	name := s.tell("A02", pam.Change{Start: s.start(a.Start.Add(b.Start.Sub(a.Start) / 2)), Tariff: tariff})
	if name != "" && s.slip(0.3) {
		s.next(20*time.Minute, func(s *stay) { s.tell("A12", pam.Change{Of: name}) })
	}
}

// forgottenAfterwards is the same when the patient has gone.
func (s *stay) forgottenAfterwards() {
	order := s.movements()
	if s.j.State() != pam.Closed || len(order) < 2 {
		return
	}
	a, b := order[len(order)-2], order[len(order)-1]
	if b.Start.Sub(a.Start) < 2*time.Hour || a.Trigger != "A01" && a.Trigger != "A02" && a.Trigger != "A06" {
		return
	}
	s.tell("A02", pam.Change{Start: s.start(a.Start.Add(time.Hour)), Tariff: "42"})
}
