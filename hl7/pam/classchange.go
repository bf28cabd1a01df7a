package pam

import (
	"slices"
	"time"
)

// A06 and A07 change the class of a patient who is there, and insert a movement
// each time. They also cancel each other: the opposite event, with the ZBE-1 of
// the movement and ZBE-4 = CANCEL, takes it back (PAM.fr 5.3.5). They never
// confirm a pre-admission, which is for A01 and A04 (CP 2013-078).

// reclassify is A06 and A07 that insert.
func (j *Journey) reclassify(s *step) error {
	to, from := &s.movement.Situation, s.prior.Class
	if s.change.Class == "" {
		to.Class = j.otherClass(s)
	}
	if !s.change.moves() && to.Class != from {
		*to = j.elsewhere(s, *to)
	}
	s.bedAnew(j)
	s.movement.Nature = ofClass(nature(s.prior, *to))
	if s.change.Force {
		return nil
	}
	if err := j.present(s, Open); err != nil {
		return err
	}
	return j.checkTransition(s, from, to.Class)
}

// otherClass is the class that the event leads to when the step names none: the
// first of its classes that the patient does not have.
func (j *Journey) otherClass(s *step) string {
	first, second := s.event.classes[:1], s.event.classes[1:]
	if s.prior.Class == first {
		return second
	}
	return first
}

// checkTransition refuses a change of class that is not in the table of PAM.fr
// 5.3.5.
func (j *Journey) checkTransition(s *step, from, to string) error {
	known := []string{"E", "I", "R", "O"}
	leads := Trigger("A07")
	if hospitalised(to) {
		leads = "A06"
	}
	switch {
	case from == to:
		return refused(s, j.State(), "le patient est déjà de classe %s", "the patient has class %s already", to)
	case !slices.Contains(known, from) || !slices.Contains(known, to):
		return refused(s, j.State(),
			"aucun événement ne mène de la classe %s à la classe %s",
			"no event leads from class %s to class %s", from, to)
	case j.log.repeats(s.movement.Start, to) >= 0:
		return j.repeated(s, j.log.repeats(s.movement.Start, to))
	case leads != s.event.trigger:
		return refused(s, j.State(),
			"c'est %s qui mène à la classe %s",
			"it is %s that leads to class %s", leads, to)
	}
	return nil
}

// repeats returns the index of the next change of class after t when it is one
// to class, and would change nothing any more; otherwise -1.
func (l log) repeats(t time.Time, class string) int {
	for _, i := range l.active() {
		m := l[i]
		if m.Start.After(t) && (reclassifies(m.Trigger) || enters(m.Trigger)) {
			if reclassifies(m.Trigger) && m.Situation.Class == class {
				return i
			}
			return -1
		}
	}
	return -1
}

// repeated refuses a class that a later movement changes to.
func (j *Journey) repeated(s *step, i int) error {
	return refused(s, j.State(),
		"« %s » mène déjà à cette classe, plus tard",
		"%q leads to that class already, later", j.log[i].Step)
}

// ofClass is the ZBE-9 of a change of class: what changes beside it, and at
// least the conditions of care, whose kind (PV1-21) goes with the class. C is
// for the correction of a class without a movement.
func ofClass(nature string) string {
	switch nature {
	case "":
		return "D"
	case "L":
		return "LD"
	}
	return nature
}
