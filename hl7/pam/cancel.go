package pam

import (
	"slices"
	"time"
)

// cancel takes back a movement. ZBE carries the cancelled movement, PV1 the
// situation that is restored: for a past movement, the one before it (PAM.fr
// 5.3.7). What was only announced has changed nothing, so the patient stays
// where they are.
func (j *Journey) cancel(s *step) error {
	s.recorded = j.moment(s.change, 5*time.Minute)
	if reclassifies(s.event.trigger) && j.dialect.french == "" {
		return notApplicable(s.event.trigger, j.dialect, Text{
			FR: "hors de France, un changement de classe ne s'annule pas : l'événement contraire ou Z99",
			EN: "a change of class is cancelled in France only: the opposite event, or Z99, instead",
		})
	}
	i, m, err := j.target(s, s.event.cancels)
	if err != nil {
		return err
	}
	s.nature, s.historic = m.Nature, j.log.historic(i)
	if err := j.checkCancel(s, i, m); err != nil && !s.change.Force {
		return err
	}
	s.dated(m)
	s.left = time.Time{} // the patient is back
	s.movement = m
	before := j.log.before(i)
	if i >= 0 {
		j.log[i].Cancelled = true
	}
	if pending(m.Trigger) && m.Trigger != "A14" {
		before = j.log.last()
		s.historic = s.historic && j.dialect.french != ""
	}
	if before >= 0 {
		s.movement.Situation = j.log[before].Situation
		j.log.carry(i, m.Situation, s.movement.Situation)
	}
	s.nature = bedless(s.nature, s.movement.Situation)
	s.preadmitted = s.event.trigger == "A11" && j.log.preadmitted()
	if m.Deceased {
		j.patient.death, j.patient.revived = time.Time{}, true
	}
	return nil
}

// bedless is the ZBE-9 of a cancellation that leads back to a place without room
// and bed: L speaks of those of PV1-3.
func bedless(nature string, to Situation) string {
	switch {
	case to.Room+to.Bed != "":
	case nature == "L":
		return "H"
	case nature == "LD":
		return "D"
	}
	return nature
}

// dated sets the dates of the message from those of the movement it is about.
// What is announced is planned and did not occur yet; a leave did, and has an
// end (PAM.fr 5.3.6, 6.4, 6.11.11).
func (s *step) dated(m Movement) {
	switch t := m.Trigger; {
	case pending(t) || expects(t):
		s.planned = m.Planned
		return
	case t == "A03":
		s.left = m.Start
	case t == "A21" || t == "A22":
		s.back = m.Planned
	}
	s.occurred = m.Start
}

// checkCancel refuses to cancel what others rest upon. France also cancels past
// movements (PAM.fr 5.3.7); IHE only the current ones, one that is still
// pending among them.
func (j *Journey) checkCancel(s *step, i int, m Movement) error {
	switch {
	case m.Cancelled:
		return refused(s, j.State(), "« %s » est déjà annulé", "%q is cancelled already", m.Step)
	case !s.historic:
		return nil
	case j.log.restedUpon(i):
		return refused(s, j.State(),
			"d'autres mouvements suivent « %s » : les annuler d'abord, le dernier en premier",
			"other movements follow %q: cancel them first, the last one first", m.Step)
	case j.dialect.french == "" && !pending(m.Trigger):
		return refused(s, j.State(),
			"« %s » n'est plus le dernier mouvement, et IHE PAM n'annule que celui-là",
			"%q is no longer the last movement, and IHE PAM cancels no other", m.Step)
	}
	return nil
}

// restedUpon reports whether movement i has to stand for those after it: an
// entry for all of its stay or session, a change of class for all that follows
// (PAM.fr 5.3.5), a leave for its return, an announcement for what it announced.
func (l log) restedUpon(i int) bool {
	rests := map[Trigger]Trigger{"A21": "A22", "A15": "A02", "A16": "A03"}
	m := l[i]
	switch next := l.next(i); {
	case next < 0:
		return false
	case enters(m.Trigger) || m.Trigger == "A03":
		return !l[next].session()
	case expects(m.Trigger) || reclassifies(m.Trigger):
		return true
	}
	for k := l.next(i); k >= 0; k = l.next(k) {
		switch l[k].Trigger {
		case m.Trigger:
			return false
		case rests[m.Trigger]:
			return true
		}
	}
	return false
}

// target finds the movement that is cancelled or corrected and its index in the
// log. With Force there is always one: another one than the event allows, or
// one that never was, with index -1.
func (j *Journey) target(s *step, triggers []Trigger) (int, Movement, error) {
	state, of, i := j.State(), s.change.Of, -1
	switch {
	case of != "":
		i = j.log.named(of)
	case triggers == nil:
		i = j.log.last()
	default:
		i = j.log.latest(triggers)
	}
	switch {
	case i < 0 && s.change.Force:
		return -1, j.phantom(s, triggers), nil
	case i < 0 && of != "":
		return 0, Movement{}, refused(s, state, "l'étape « %s » n'a inséré aucun mouvement", "step %q inserted no movement", of)
	case i < 0:
		return 0, Movement{}, refused(s, state, "rien à annuler ou à corriger, le séjour est : %s",
			"there is nothing to cancel or correct, the state of the stay is: %s", state)
	case triggers != nil && !slices.Contains(triggers, j.log[i].Trigger) && !s.change.Force:
		return 0, Movement{}, refused(s, state, "« %s » est un %s", "%q is an %s", j.log[i].Step, j.log[i].Trigger)
	}
	return i, j.log[i], nil
}

// phantom is a movement that was never sent, for a message that cancels or
// corrects what its receiver cannot know.
func (j *Journey) phantom(s *step, triggers []Trigger) Movement {
	trigger := Trigger("A02")
	if len(triggers) > 0 {
		trigger = triggers[0]
	}
	return Movement{
		Step: s.change.Of, ID: j.gen.number(movements), Trigger: trigger, Start: s.recorded.Add(-time.Hour),
		Planned: s.recorded.AddDate(0, 0, 7), Nature: "HMS", Situation: j.Stay().Situation,
	}
}
