package hospital

import (
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// This file is why people come, and what is planned for them when they do.

const day = 24 * time.Hour

// emergency is somebody who comes without being expected.
func (h *Hospital) emergency() {
	w := h.wards[Emergency][h.rng.IntN(len(h.wards[Emergency]))]
	p := h.someone(w)
	if !p.told && h.rng.IntN(3) == 0 && p.patient.Identity != pam.Provisional {
		p.patient.Identity = pam.Provisional // nobody has asked for papers yet
	}
	h.begin(p, w, func(s *stay) {
		s.meet(h.now)
		s.at(h.now.Add(pause), func(s *stay) { s.tell("A04", pam.Change{}) })
		if s.slip(0.012) { // went away before anybody saw them
			s.at(h.now.Add(between(s.r, 30*time.Minute, 2*time.Hour)), func(s *stay) { s.tell("A11", pam.Change{}) })
			return
		}
		s.seen(h.now.Add(between(s.r, time.Hour, 8*time.Hour)))
	})
}

// seen is what becomes of an emergency at the end of it.
func (s *stay) seen(t time.Time) {
	if s.chance(0.3) {
		s.at(s.h.now.Add(between(s.r, 15*time.Minute, time.Hour)), (*stay).betterKnown)
	}
	if s.chance(0.25) {
		s.at(s.h.now.Add(between(s.r, 20*time.Minute, time.Hour)), (*stay).examined)
	}
	switch {
	case s.chance(s.h.cfg.Mix.Hospitalised):
		s.at(t, (*stay).hospitalise)
	case s.chance(0.05) && len(s.h.wards[Consultation]) > 0:
		s.at(t, (*stay).toOutpatients)
	default:
		s.at(t, (*stay).goHome)
	}
}

// planned is an admission that is agreed on before it happens.
func (h *Hospital) planned() {
	w := h.wards[Ward][h.rng.IntN(len(h.wards[Ward]))]
	h.begin(h.someone(w), w, func(s *stay) {
		s.meet(h.now)
		coming := hour(s.r, h.now, workday(h.now, 2+s.r.IntN(12)), office)
		s.expect(coming)
	})
}

// expect announces an admission, and what becomes of it.
func (s *stay) expect(coming time.Time) {
	announced := s.h.now.Add(pause)
	expected := func(t pam.Trigger) func(*stay) {
		return func(s *stay) {
			s.tell(t, pam.Change{Planned: s.until(coming), NoBed: true})
		}
	}
	pendingOnly := s.chance(0.15)
	if pendingOnly {
		s.at(announced, expected("A14"))
	} else {
		s.at(announced, expected("A05"))
	}
	later := func(share float64) time.Time {
		return s.h.now.Add(time.Duration(share * float64(coming.Sub(s.h.now))))
	}
	switch {
	case s.slip(0.04): // a mistake, or the patient changed their mind
		cancel := pam.Trigger("A38")
		if pendingOnly {
			cancel = "A27"
		}
		s.at(later(0.6), func(s *stay) { s.tell(cancel, pam.Change{}) })
		return
	case !pendingOnly && s.chance(0.12):
		s.at(later(0.7), expected("A14"))
		if s.slip(0.2) {
			s.at(later(0.8), func(s *stay) { s.tell("A27", pam.Change{}) })
		}
	case s.slip(0.05): // another date
		coming = coming.Add(day)
		s.at(later(0.5), func(s *stay) { s.tell("Z99", pam.Change{Planned: s.until(coming)}) })
	}
	if s.chance(0.3) {
		s.at(later(0.3), (*stay).betterKnown)
	}
	s.at(coming, func(s *stay) { s.admit(0) })
}

// until is a date to come as a Change has it.
func (s *stay) until(t time.Time) time.Duration { return *s.start(t) }

// already is a patient of the hospital when its GAM begins to tell.
func (h *Hospital) already(w *ward) {
	h.begin(h.someone(w), w, func(s *stay) {
		s.meet(h.now)
		s.at(h.now.Add(pause), func(s *stay) { s.admit(0) })
	})
}

// daySurgery is an operation without a night in the hospital: announced some
// days before.
func (h *Hospital) daySurgery() {
	w := h.wards[Day][h.rng.IntN(len(h.wards[Day]))]
	h.begin(h.someone(w), w, func(s *stay) {
		s.meet(h.now)
		coming := hour(s.r, h.now, workday(h.now, 1+s.r.IntN(10)), mornings)
		s.at(h.now.Add(pause), func(s *stay) { s.tell("A05", pam.Change{Planned: s.until(coming), NoBed: true}) })
		if s.slip(0.05) {
			s.at(coming.Add(-12*time.Hour), func(s *stay) { s.tell("A38", pam.Change{}) })
			return
		}
		s.at(coming, func(s *stay) { s.operate(0) })
	})
}

// operate is the day of an operation.
func (s *stay) operate(tried int) {
	c, found := s.lie(s.unit, pam.Change{})
	if !found {
		s.wait(tried, s.operate)
		return
	}
	s.tell("A01", c)
	s.at(s.h.now.Add(between(s.r, 30*time.Minute, 2*time.Hour)), (*stay).examined)
	evening := s.h.now.Add(between(s.r, 5*time.Hour, 9*time.Hour))
	if s.chance(0.04) && len(s.h.wards[Ward]) > 0 { // has to stay for the night
		s.at(evening, func(s *stay) {
			if w := s.h.elsewhere(s.r, Ward, s.patient(), s.ward); w != nil {
				s.unit = w
				s.moveTo(w)
			}
		})
		s.leaveAt(evening.Add(day))
		return
	}
	s.leaveAt(evening)
}

// consultation is half an hour with a doctor, often by appointment.
func (h *Hospital) consultation() {
	w := h.wards[Consultation][h.rng.IntN(len(h.wards[Consultation]))]
	h.begin(h.someone(w), w, func(s *stay) {
		s.meet(h.now)
		come := h.now.Add(pause)
		if s.chance(0.4) {
			come = hour(s.r, h.now, workday(h.now, 1+s.r.IntN(14)), office)
			s.at(h.now.Add(pause), func(s *stay) { s.tell("A05", pam.Change{Planned: s.until(come)}) })
			if s.slip(0.08) {
				s.at(come.Add(-time.Hour), func(s *stay) { s.tell("A38", pam.Change{}) })
				return
			}
		}
		s.at(come, func(s *stay) { s.tell("A04", pam.Change{}) })
		if s.slip(0.01) {
			s.at(come.Add(30*time.Minute), func(s *stay) { s.tell("A11", pam.Change{}) })
			return
		}
		gone := come.Add(between(s.r, 20*time.Minute, 90*time.Minute))
		if s.chance(0.006) && len(h.wards[Ward]) > 0 {
			s.at(gone, (*stay).hospitalise)
			return
		}
		if s.slip(0.01) {
			s.at(gone.Add(-5*time.Minute), (*stay).correct)
		}
		s.leaveAt(gone)
	})
}

// series is a patient who comes again and again, under one visit number.
func (h *Hospital) series() {
	w := h.wards[Sessions][h.rng.IntN(len(h.wards[Sessions]))]
	h.begin(h.someone(w), w, func(s *stay) {
		s.meet(h.now)
		first := hour(s.r, h.now, workday(h.now, 2+s.r.IntN(5)), mornings)
		s.at(h.now.Add(pause), func(s *stay) { s.tell("A05", pam.Change{Planned: s.until(first)}) })
		n, at := 6+s.r.IntN(14), first
		for i := range n {
			last := i == n-1
			end := at.Add(between(s.r, time.Hour, 4*time.Hour))
			s.at(at, func(s *stay) { s.tell("A01", pam.Change{}) })
			s.at(end, func(s *stay) { s.tell("A03", pam.Change{LastVisit: &last}) })
			if i > 0 && !last && s.slip(0.01) { // that session did not take place
				s.at(end.Add(time.Hour), func(s *stay) {
					s.then(5*time.Minute,
						func(s *stay) { s.tell("A13", pam.Change{}) },
						func(s *stay) { s.tell("A11", pam.Change{}) })
				})
			}
			at = hour(s.r, at, workday(at, 2), mornings)
		}
	})
}

// monitoring is a patient who is watched over at home for some months.
func (h *Hospital) monitoring() {
	w := h.wards[Monitoring][h.rng.IntN(len(h.wards[Monitoring]))]
	h.begin(h.someone(w), w, func(s *stay) {
		s.meet(h.now)
		s.at(h.now.Add(pause), func(s *stay) { s.tell("A04", pam.Change{}) })
		months := 1 + s.r.IntN(6)
		for m := 1; m < months; m++ {
			s.at(hour(s.r, h.now, workday(h.now, 30*m), office), func(s *stay) {
				if s.chance(0.2) {
					s.tell("A54", pam.Change{})
					return
				}
				s.betterKnown()
			})
		}
		s.leaveAt(hour(s.r, h.now, workday(h.now, 30*months), office))
	})
}
