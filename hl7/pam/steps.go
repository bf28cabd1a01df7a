package pam

import (
	"slices"
	"strings"
	"time"
)

// insert adds the movement of an event that inserts one.
func (j *Journey) insert(s *step) error {
	start, recorded := j.when(s.change)
	s.recorded = recorded
	s.movement = Movement{Step: s.name, Trigger: s.event.trigger, Start: start, Nature: "HMS"}
	from := j.stay.Situation
	if i := j.log.at(start); i >= 0 {
		from = j.log[i].Situation
	}
	s.prior, s.movement.Situation = from, j.stay.foldSituation(s.change.apply(from))
	if err := j.happen(s); err != nil {
		return err
	}
	if err := j.checkPlace(s); err != nil && !s.change.Force {
		return err
	}
	s.dated(s.movement)
	s.movement.ID = j.gen.number(movements)
	s.nature = s.movement.Nature
	j.log = append(j.log, s.movement)
	last := len(j.log) - 1
	j.log.carry(last, s.prior, s.movement.Situation)
	if s.historic = j.log.historic(last); !s.historic && !pending(s.event.trigger) && s.event.trigger != "A54" {
		j.tracks = nil // the patient is somewhere else now
	}
	return nil
}

// happen fills in the movement of a step and refuses what cannot happen.
func (j *Journey) happen(s *step) error {
	switch t := s.event.trigger; {
	case t == "A02":
		return j.transfer(s)
	case t == "A03":
		return j.discharge(s)
	case reclassifies(t):
		return j.reclassify(s)
	case t == "A15" || t == "A16":
		return j.announce(s)
	case t == "A21":
		return j.leave(s)
	case t == "A22":
		return j.comeBack(s)
	case t == "A54":
		return j.handOver(s)
	}
	return j.enter(s)
}

// enter is A01, A04, A05 and A14: the beginning of a visit, or its announcement.
func (j *Journey) enter(s *step) error {
	state, t, class := j.State(), s.event.trigger, s.movement.Situation.Class
	confirms := enters(t) && (state == PreAdmitted || state == AdmissionPending)
	decided := t == "A14" && state == PreAdmitted
	session := s.movement.session() && j.log.stateAt(s.movement.Start) == Closed
	s.bedAnew(j)
	s.preadmitted = enters(t) && j.log.preadmitted()
	if expects(t) {
		s.movement.Planned = j.plannedAt(s, 7*24*time.Hour)
	}
	switch {
	case s.change.Force:
		return nil
	case state != None && !confirms && !decided && !session:
		return refused(s, state, "le séjour est déjà : %s", "the state of the stay is already: %s", state)
	case !strings.Contains(s.event.classes, class):
		return refused(s, state,
			"la classe %s n'y entre pas, mais %s",
			"class %s does not enter by it, but %s does", class, strings.Join(strings.Split(s.event.classes, ""), ", "))
	}
	return nil
}

// plannedAt is when what the step announces is expected: as it says, or a while
// after it.
func (j *Journey) plannedAt(s *step, while time.Duration) time.Time {
	if s.change.Planned != 0 {
		return j.gen.instant.Add(s.change.Planned)
	}
	return s.movement.Start.Add(while)
}

// present refuses a movement of somebody who was not there when it happened, or
// whose stay was not in one of the states.
func (j *Journey) present(s *step, states ...State) error {
	start, state := s.movement.Start, j.State()
	then := j.log.stateAt(start)
	switch {
	case slices.Contains(states, then):
		return nil
	case start.Before(j.log.entered(start)):
		return refused(s, state, "le patient n'était pas encore là", "the patient was not there yet")
	case then != state:
		return refused(s, state, "le séjour était alors : %s", "the state of the stay was then: %s", then)
	}
	return refused(s, state, "le séjour est : %s", "the state of the stay is: %s", then)
}

// transfer is A02: another unit, room or bed, of the step or, if it names none,
// the one that an A15 announced or another unit of the hospital.
func (j *Journey) transfer(s *step) error {
	to := &s.movement.Situation
	if !s.change.moves() {
		*to = j.elsewhere(s, *to)
	}
	s.bedAnew(j)
	s.movement.Nature = nature(s.prior, *to)
	if s.change.Force {
		s.movement.Nature = orElse(s.movement.Nature, "HMS")
		return nil
	}
	if err := j.present(s, Open); err != nil {
		return err
	}
	if to.Class != s.prior.Class {
		return refused(s, j.State(),
			"une mutation ne change pas la classe du patient : A06, A07 ou Z99 le font",
			"a transfer does not change the patient class: A06, A07 or Z99 do")
	}
	return j.checkChange(s)
}

// checkChange refuses a movement after which all is as before.
func (j *Journey) checkChange(s *step) error {
	if s.movement.Nature != "" {
		return nil
	}
	return refused(s, j.State(),
		"rien ne change : ni unité, ni chambre, ni lit, ni tarif",
		"nothing changes: no unit, room, bed or tariff")
}

// elsewhere is where a patient goes whom nobody sends to a certain place: where
// a pending transfer wants them, or another unit for their class.
func (j *Journey) elsewhere(s *step, from Situation) Situation {
	if i := j.log.awaited(s.movement.Start); i >= 0 && s.event.trigger == "A02" {
		to := j.log[i].Pending
		to.Class, to.Doctor = from.Class, from.Doctor
		return to
	}
	others := j.otherUnits(from)
	if len(others) == 0 {
		return from
	}
	unit := pick(j.rng, others).Unit
	return j.drawn(Change{Unit: &unit}.apply(from))
}

// drawn takes the accents off what was drawn, for a stay that has none or never
// said so.
func (j *Journey) drawn(x Situation) Situation {
	st := Stay{letters: orElse(j.stay.letters, "ascii")}
	return st.foldSituation(x)
}

// otherUnits lists the units of the hospital for patients of a situation's
// class, where they are not already.
func (j *Journey) otherUnits(from Situation) []hospitalUnit {
	var others []hospitalUnit
	for _, u := range data().units[from.Class] {
		if u.Code != from.Housing.Code {
			others = append(others, u)
		}
	}
	return others
}

// discharge is A03: the end of the visit, or of the patient. A patient who does
// not come back from a leave is discharged without a return.
func (j *Journey) discharge(s *step) error {
	j.died(s, &s.movement)
	s.movement.Continued = s.change.LastVisit != nil && !*s.change.LastVisit
	if s.change.Force {
		return nil
	}
	if err := j.present(s, Open, OnLeave); err != nil {
		return err
	}
	for _, i := range j.log.active() {
		m := j.log[i]
		if !m.Start.After(s.movement.Start) {
			continue
		}
		if m.session() {
			break
		}
		return refused(s, j.State(),
			"la sortie précéderait le mouvement « %s »",
			"the discharge would come before movement %q", m.Step)
	}
	return nil
}

// died notes the death that a discharge, or its correction, tells.
func (j *Journey) died(s *step, m *Movement) {
	if s.change.Deceased {
		m.Deceased = true
		j.patient.revived = false
	}
	if m.Deceased {
		j.patient.death = m.Start
	}
}

// bedAnew draws a room and bed when the patient lies down in another unit.
func (s *step) bedAnew(j *Journey) {
	to := &s.movement.Situation
	if !s.change.NoBed && to.Room == "" && to.Bed == "" && to.Housing.Code != s.prior.Housing.Code {
		to.Room, to.Bed = drawBed(j.rng, to.Class)
	}
}

// checkPlace refuses a movement that has no place among the others: before the
// patient came, or at the moment of another one, with which it would be one
// movement (PAM.fr 5.1.4, 5.3.1, 5.3.4). An expected patient may come at once.
func (j *Journey) checkPlace(s *step) error {
	order := j.log.active()
	if len(order) == 0 {
		return nil
	}
	if first := j.log[order[0]]; s.movement.Start.Before(first.Start) {
		return refused(s, j.State(),
			"le mouvement précéderait « %s », par lequel le séjour commence",
			"the movement would come before %q, which begins the stay", first.Step)
	}
	if !j.dialect.zbe && j.log.at(s.movement.Start) != j.log.last() {
		return refused(s, j.State(),
			"sans ZBE rien ne dirait que le mouvement est passé",
			"without ZBE nothing would tell that the movement is a past one")
	}
	if m := j.log[j.log.at(s.movement.Start)]; m.Start.Equal(s.movement.Start) && !expects(m.Trigger) {
		return refused(s, j.State(),
			"« %s » est à cette date : ce serait le même mouvement, que Z99 corrige",
			"%q is at that moment: it would be the same movement, which Z99 corrects", m.Step)
	}
	return nil
}
