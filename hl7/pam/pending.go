package pam

import "time"

// A14, A15 and A16 announce an admission, a transfer and a discharge. They are
// movements from the moment at which they are announced, ZBE-2; when the thing
// itself is to happen is EVN-3, and EVN-6 stays empty (PAM.fr 5.3.6, 6.4).

// pending reports whether an event announces another one that is to confirm it.
func pending(t Trigger) bool { return t == "A14" || t == "A15" || t == "A16" }

// announce is A15, with the place to come in PV1-42, and A16. The patient stays
// where they are.
func (j *Journey) announce(s *step) error {
	to, here := s.movement.Situation, s.prior
	s.movement.Situation = here
	if s.event.trigger == "A16" {
		s.movement.Planned = j.plannedAt(s, 24*time.Hour)
	} else {
		if !s.change.moves() {
			to = j.elsewhere(s, to)
		}
		s.movement.Situation = to
		s.bedAnew(j)
		s.movement.Pending, s.movement.Situation = s.movement.Situation, here
		s.movement.Planned = j.plannedAt(s, 4*time.Hour)
		s.movement.Nature = pendingNature(here, s.movement.Pending)
	}
	if s.change.Force {
		s.movement.Nature = orElse(s.movement.Nature, "HMS")
		return nil
	}
	if err := j.present(s, Open); err != nil {
		return err
	}
	if !hospitalised(here.Class) {
		return refused(s, j.State(),
			"la classe %s n'est pas celle d'un hospitalisé, et aucun autre n'est en attente",
			"class %s is no inpatient's, and nobody else is pending", here.Class)
	}
	return j.checkChange(s)
}

// pendingNature is the ZBE-9 of a transfer to come. L speaks of the bed of PV1-3,
// which a patient who waits for one does not have.
func pendingNature(from, to Situation) string {
	n := nature(from, to)
	if n == "L" && from.Room+from.Bed == "" {
		return "HMS"
	}
	return n
}

// awaited returns the index of the pending transfer at t that nobody has
// carried out yet, -1 if there is none.
func (l log) awaited(t time.Time) int {
	found := -1
	for _, i := range l.active() {
		switch m := l[i]; {
		case m.Start.After(t):
			return found
		case m.Trigger == "A15":
			found = i
		case m.Trigger == "A02" || reclassifies(m.Trigger):
			found = -1
		}
	}
	return found
}
