package pam

import (
	"slices"
	"strings"
	"time"
)

// insert adds the movement of A01, A02, A03, A04 or A05.
func (j *Journey) insert(s *step) error {
	start, recorded := j.when(s.change)
	s.recorded = recorded
	s.movement = Movement{Step: s.name, Trigger: s.event.trigger, Start: start, Nature: "HMS"}
	from := j.stay.Situation
	if i := j.log.at(start); i >= 0 {
		from = j.log[i].Situation
	}
	s.prior, s.movement.Situation = from, j.stay.foldSituation(s.change.apply(from))
	var err error
	switch s.event.trigger {
	case "A02":
		err = j.transfer(s)
	case "A03":
		err = j.discharge(s)
	default:
		err = j.enter(s)
	}
	if err != nil {
		return err
	}
	if err := j.checkPlace(s); err != nil && !s.change.Force {
		return err
	}
	s.dated(s.movement)
	s.movement.ID = j.gen.number(movements)
	s.nature = s.movement.Nature
	j.log = append(j.log, s.movement)
	s.historic = j.log.historic(len(j.log) - 1)
	return nil
}

// enter is A01, A04 and A05: the beginning of a visit.
func (j *Journey) enter(s *step) error {
	state, class := j.State(), s.movement.Situation.Class
	confirms := s.event.trigger != "A05" && state == PreAdmitted
	s.bedAnew(j)
	s.preadmitted = confirms
	if s.event.trigger == "A05" {
		s.movement.Planned = s.movement.Start.AddDate(0, 0, 7)
		if s.change.Planned != 0 {
			s.movement.Planned = j.gen.instant.Add(s.change.Planned)
		}
	}
	switch {
	case s.change.Force:
		return nil
	case state != None && !confirms:
		return refused(s, state, "le séjour est déjà : %s", "the state of the stay is already: %s", state)
	case !strings.Contains(s.event.classes, class):
		return refused(s, state,
			"la classe %s n'y entre pas, mais %s",
			"class %s does not enter by it, but %s does", class, strings.Join(strings.Split(s.event.classes, ""), ", "))
	}
	return nil
}

// transfer is A02: another unit, room or bed, of the step or, if it names none,
// another unit of the hospital.
func (j *Journey) transfer(s *step) error {
	state := j.State()
	to := &s.movement.Situation
	if others := j.otherUnits(s.prior); !s.change.moves() && len(others) > 0 {
		unit := pick(j.rng, others).Unit
		*to = j.stay.foldSituation(Change{Unit: &unit}.apply(*to))
	}
	s.bedAnew(j)
	s.movement.Nature = nature(s.prior, *to)
	switch {
	case s.change.Force:
		s.movement.Nature = orElse(s.movement.Nature, "HMS")
		return nil
	case state != Open && !(state == Closed && j.log[j.log.last()].Start.After(s.movement.Start)):
		return refused(s, state, "le séjour est : %s", "the state of the stay is: %s", state)
	case s.movement.Start.Before(j.log.entered()):
		return refused(s, state, "le patient n'était pas encore là", "the patient was not there yet")
	case to.Class != s.prior.Class:
		return refused(s, state,
			"une mutation ne change pas la classe du patient : A06, A07 ou Z99 le font",
			"a transfer does not change the patient class: A06, A07 or Z99 do")
	case s.movement.Nature == "":
		return refused(s, state,
			"rien ne change : ni unité, ni chambre, ni lit",
			"nothing changes: no unit, room or bed")
	}
	return nil
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

// discharge is A03: the end of the visit, or of the patient.
func (j *Journey) discharge(s *step) error {
	state := j.State()
	j.died(s, &s.movement)
	if s.change.Force {
		return nil
	}
	if state != Open {
		return refused(s, state, "le séjour est : %s", "the state of the stay is: %s", state)
	}
	if last := j.log.last(); s.movement.Start.Before(j.log[last].Start) {
		return refused(s, state,
			"la sortie précéderait le mouvement « %s »",
			"the discharge would come before movement %q", j.log[last].Step)
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
	if to.Room == "" && to.Bed == "" && to.Housing.Code != s.prior.Housing.Code {
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
	if m := j.log[j.log.at(s.movement.Start)]; m.Start.Equal(s.movement.Start) && m.Trigger != "A05" {
		return refused(s, j.State(),
			"« %s » est à cette date : ce serait le même mouvement, que Z99 corrige",
			"%q is at that moment: it would be the same movement, which Z99 corrects", m.Step)
	}
	return nil
}

// cancel takes back the movement of A11, A12, A13 or A38. ZBE carries the
// cancelled movement, PV1 the situation that is restored.
func (j *Journey) cancel(s *step) error {
	s.recorded = j.moment(s.change, 5*time.Minute)
	i, m, err := j.target(s, s.event.cancels)
	if err != nil {
		return err
	}
	s.nature, s.historic = m.Nature, j.log.historic(i)
	if err := j.checkCancel(s, m); err != nil && !s.change.Force {
		return err
	}
	s.dated(m)
	s.left = time.Time{} // the patient is back
	s.movement = m
	if before := j.log.before(i); before >= 0 {
		s.movement.Situation = j.log[before].Situation
	}
	if i >= 0 {
		j.log[i].Cancelled = true
	}
	s.preadmitted = s.event.trigger == "A11" && j.log.preadmitted()
	if m.Deceased {
		j.patient.death, j.patient.revived = time.Time{}, true
	}
	return nil
}

// dated sets the dates of the message from those of the movement it is about.
// A pre-admission is planned and did not occur yet.
func (s *step) dated(m Movement) {
	switch m.Trigger {
	case "A05":
		s.planned = m.Planned
	case "A03":
		s.occurred, s.left = m.Start, m.Start
	default:
		s.occurred = m.Start
	}
}

// checkCancel refuses to cancel what others rest upon. France also cancels a
// past transfer (PAM.fr 5.3.7); IHE only the current movement.
func (j *Journey) checkCancel(s *step, m Movement) error {
	switch {
	case m.Cancelled:
		return refused(s, j.State(), "« %s » est déjà annulé", "%q is cancelled already", m.Step)
	case s.historic && m.Trigger != "A02":
		return refused(s, j.State(),
			"d'autres mouvements suivent « %s » : les annuler d'abord, le dernier en premier",
			"other movements follow %q: cancel them first, the last one first", m.Step)
	case s.historic && j.dialect.french == "":
		return refused(s, j.State(),
			"« %s » n'est plus le dernier mouvement, et IHE PAM n'annule que celui-là",
			"%q is no longer the last movement, and IHE PAM cancels no other", m.Step)
	}
	return nil
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

// correct is Z99: it changes a movement in place and never adds or removes one.
func (j *Journey) correct(s *step) error {
	s.recorded = j.moment(s.change, 5*time.Minute)
	i, m, err := j.target(s, nil)
	if err != nil {
		return err
	}
	s.about, _ = lookup(m.Trigger)
	s.nature = m.Nature
	if err := j.checkCorrect(s, m); err != nil && !s.change.Force {
		return err
	}
	j.amend(s, &m)
	if i >= 0 {
		ordered := j.log.ordered()
		j.log[i] = m
		if ordered && !j.log.ordered() && !s.change.Force {
			return refused(s, j.State(),
				"à sa nouvelle date, « %s » ne serait plus à sa place entre l'entrée et la sortie",
				"at its new date %q would lose its place between entry and discharge", m.Step)
		}
	}
	s.movement = m
	s.dated(m)
	s.historic = j.log.historic(i)
	s.preadmitted = (m.Trigger == "A01" || m.Trigger == "A04") && j.log.preadmitted()
	return nil
}

// checkCorrect refuses what a correction cannot do.
func (j *Journey) checkCorrect(s *step, m Movement) error {
	c := s.change
	switch {
	case m.Cancelled:
		return refused(s, j.State(), "« %s » est annulé", "%q is cancelled", m.Step)
	case c.Class != "" && c.Class != m.Situation.Class && !opens(m.Trigger):
		return refused(s, j.State(),
			"la classe ne se corrige que sur A01, A04 ou A05, et « %s » est un %s",
			"the class is corrected on A01, A04 or A05 only, and %q is an %s", m.Step, m.Trigger)
	case c.Planned != 0 && m.Trigger != "A05":
		return refused(s, j.State(),
			"« %s » est un %s, qui n'est pas prévu",
			"%q is an %s, which is not planned", m.Step, m.Trigger)
	case c.Deceased && m.Trigger != "A03":
		return refused(s, j.State(),
			"« %s » est un %s, qui n'est pas une sortie",
			"%q is an %s, which is no discharge", m.Step, m.Trigger)
	}
	return nil
}

// amend applies the change to the corrected movement and tells its nature: what
// was corrected, or what the movement was when only its date was.
func (j *Journey) amend(s *step, m *Movement) {
	from := m.Situation
	m.Situation = j.stay.foldSituation(s.change.apply(from))
	if s.change.Start != nil {
		m.Start = j.gen.instant.Add(*s.change.Start)
	}
	if s.change.Planned != 0 {
		m.Planned = j.gen.instant.Add(s.change.Planned)
	}
	if m.Trigger == "A03" {
		j.died(s, m)
	}
	s.nature = orElse(nature(from, m.Situation), m.Nature)
	if m.Situation.Class != from.Class {
		s.nature = "C" // status corrected without a movement (PAM.fr 6.13.9)
	}
}
