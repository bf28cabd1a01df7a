package hospital

import (
	"fmt"
	"math/rand/v2"

	"github.com/pamlab/pamlab/hl7/pam"
)

// person is somebody whom the hospital knows.
type person struct {
	patient pam.Patient
	name    string // Event.Patient: the first IPP
	told    bool   // an A28 was sent
	dead    bool
}

// someone draws who comes to a unit: one who was here before, or somebody new.
func (h *Hospital) someone(w *ward) *person {
	if h.rng.Float64() < h.cfg.Returning {
		const tries = 12
		for range min(tries, len(h.pool)) {
			i := h.rng.IntN(len(h.pool))
			p := h.pool[i]
			if w.takes(&p.patient, h.now) {
				last := len(h.pool) - 1
				h.pool[i], h.pool[last] = h.pool[last], nil
				h.pool = h.pool[:last]
				return p
			}
		}
	}
	return h.newcomer(spec(h.rng, w.unit.For))
}

// spec draws what a newcomer of a unit is like. In an emergency not much may be
// known of them, see stay.meet.
func spec(r *rand.Rand, whom string) pam.PatientSpec {
	s := pam.PatientSpec{Letters: "latin1"}
	switch n := r.IntN(100); {
	case n < 55:
		s.Identity = pam.Qualified
	case n < 70:
		s.Identity = pam.Validated
	case n < 85:
		s.Identity = pam.Retrieved
	default:
		s.Identity = pam.Provisional
	}
	switch whom {
	case "children":
		s.Born = "child"
	case "elders":
		s.Born = "elder"
	case "women":
		s.Sex, s.Born = "F", "adult"
	case "adults":
		s.Born = []string{"adult", "adult", "elder"}[r.IntN(3)]
	}
	s.LongName = r.IntN(400) == 0
	return s
}

// newcomer invents somebody whose national number nobody else has.
func (h *Hospital) newcomer(s pam.PatientSpec) *person {
	const tries = 100
	for range tries {
		p, err := h.gen.Patient(s)
		if err != nil {
			h.fail(err)
			return &person{}
		}
		if p.INS == "" || h.numbers.give(p.INS) {
			return &person{patient: *p, name: p.IPP}
		}
	}
	h.fail(fmt.Errorf("hospital: no national number is left for %+v", s))
	return &person{}
}

// remember lets a person go, who may come again. Of more people than the
// hospital remembers, somebody is forgotten.
func (h *Hospital) remember(p *person) {
	switch {
	case p.dead || h.cfg.Population == 0:
	case len(h.pool) < h.cfg.Population:
		h.pool = append(h.pool, p)
	default:
		h.pool[h.rng.IntN(len(h.pool))] = p
	}
}

// fail ends the simulation.
func (h *Hospital) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}
