package hospital

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// ward is a unit with its beds.
type ward struct {
	unit  Unit
	taken []bool
	free  int
}

func newWard(u Unit) *ward { return &ward{unit: u, taken: make([]bool, u.Beds), free: u.Beds} }

// pam is the unit as messages write it.
func (w *ward) pam() pam.Unit { return pam.Unit{Code: w.unit.Code, Label: w.unit.Label} }

// take takes a free bed, -1 if there is none.
func (w *ward) take(r *rand.Rand) int {
	if w.free == 0 {
		return -1
	}
	n := r.IntN(len(w.taken))
	for w.taken[n] {
		n = (n + 1) % len(w.taken)
	}
	w.taken[n] = true
	w.free--
	return n
}

// release gives a bed back.
func (w *ward) release(bed int) {
	if bed >= 0 && w.taken[bed] {
		w.taken[bed] = false
		w.free++
	}
}

// name writes a bed: two stand in a room, at the door (P) and at the window (F).
func (w *ward) name(bed int) (room, label string) {
	room = fmt.Sprint(101 + bed/2)
	return room, room + []string{"P", "F"}[bed%2]
}

// takes reports whether the unit is for a patient at t.
func (w *ward) takes(p *pam.Patient, t time.Time) bool {
	age := t.Year() - p.Birth.Year() // to a year: no ward asks for a birthday
	switch w.unit.For {
	case "adults":
		return age >= 16
	case "elders":
		return age >= 70
	case "children":
		return age < 18
	case "women":
		return p.Sex == "F" && age >= 16
	}
	return true
}

// pick draws one of the wards of a kind that take the patient, nil if none does.
func (h *Hospital) pick(r *rand.Rand, k Kind, p *pam.Patient) *ward {
	var fit []*ward
	for _, w := range h.wards[k] {
		if w.takes(p, h.now) {
			fit = append(fit, w)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return fit[r.IntN(len(fit))]
}

// elsewhere draws another ward of a kind with a free bed that takes the patient.
func (h *Hospital) elsewhere(r *rand.Rand, k Kind, p *pam.Patient, not *ward) *ward {
	var fit []*ward
	for _, w := range h.wards[k] {
		if w != not && w.free > 0 && w.takes(p, h.now) {
			fit = append(fit, w)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return fit[r.IntN(len(fit))]
}
