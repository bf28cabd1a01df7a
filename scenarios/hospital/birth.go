package hospital

import (
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// delivery is a birth: the mother comes, mostly announced, and one patient more
// leaves than came.
func (h *Hospital) delivery() {
	w := h.wards[Maternity][h.rng.IntN(len(h.wards[Maternity]))]
	if w.free == 0 {
		return // to the hospital of the next town
	}
	mother := h.someone(&ward{unit: Unit{For: "women"}})
	if age := h.now.Year() - mother.patient.Birth.Year(); age > 48 {
		h.remember(mother)
		mother = h.newcomer(pam.PatientSpec{Sex: "F", Born: h.now.AddDate(-18-h.rng.IntN(26), -h.rng.IntN(12), 0).Format("2006-01-02"), Letters: "latin1"})
	}
	h.begin(mother, w, func(s *stay) {
		s.meet(h.now)
		s.at(h.now.Add(pause), func(s *stay) {
			c, found := s.lie(s.unit, pam.Change{})
			if !found {
				return
			}
			s.tell("A01", c)
			born := h.now.Add(between(s.r, time.Hour, 18*time.Hour))
			gone := hour(s.r, born, max(1, int(days(s.r, s.unit.unit.Days))), whenTired)
			s.at(born, func(s *stay) {
				children := 1
				if s.chance(0.016) {
					children = 2
				}
				h.children(s, children, gone)
			})
			if s.chance(0.2) {
				s.at(born.Add(day/2), (*stay).otherBed)
			}
			s.leaveAt(gone)
		})
	})
}

// children are the newborn: each has a stay of their own beside the mother's bed,
// and an identity that is not settled before the register office has written them
// in.
func (h *Hospital) children(mother *stay, n int, gone time.Time) {
	if mother.ward == nil {
		return
	}
	housed := mother.ward
	room, _ := housed.name(mother.bed)
	first := h.newcomer(pam.PatientSpec{Identity: pam.Provisional, Family: mother.j.Patient().Family, Born: h.now.Format("2006-01-02"), BirthPlace: "france", Letters: "latin1", Twin: n > 1})
	all := []*person{first}
	if n > 1 {
		twin := h.gen.Twin(&first.patient)
		if h.numbers.give(twin.INS) { // else one cot is enough
			all = append(all, &person{patient: *twin, name: twin.IPP})
		}
	}
	for i, child := range all {
		child.patient.Address = mother.j.Patient().Address
		h.begin(child, housed, func(s *stay) {
			s.meet(h.now.Add(between(s.r, 5*time.Minute, 40*time.Minute)))
			s.at(h.now.Add(between(s.r, time.Hour, 2*time.Hour)), func(s *stay) {
				s.tell("A01", pam.Change{Room: room, Bed: room + "B" + []string{"1", "2"}[i]})
			})
			s.at(h.now.Add(between(s.r, day, 2*day)), (*stay).betterKnown)
			s.leaveAt(gone.Add(time.Duration(i+1) * pause))
			s.at(gone.Add(between(s.r, 2*day, 6*day)), (*stay).betterKnown)
		})
	}
}
