package pam

import "time"

// A21 and A22 are a leave of absence: the patient goes and is expected back,
// PV2-47, while the stay and the bed remain (PAM.fr 5.1.4, 6.11.11).

// leave is A21.
func (j *Journey) leave(s *step) error {
	s.movement.Planned = j.plannedAt(s, 2*24*time.Hour)
	if s.change.Force {
		return nil
	}
	return j.present(s, Open)
}

// comeBack is A22, which repeats when the patient was expected.
func (j *Journey) comeBack(s *step) error {
	for _, i := range j.log.active() {
		if m := j.log[i]; m.Trigger == "A21" && !m.Start.After(s.movement.Start) {
			s.movement.Planned = m.Planned
		}
	}
	if s.change.Force {
		return nil
	}
	return j.present(s, OnLeave)
}
