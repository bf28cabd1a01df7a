package pam

import "time"

// correct is Z99: it changes a movement in place and never adds or removes one.
func (j *Journey) correct(s *step) error {
	s.recorded = j.moment(s.change, 5*time.Minute)
	i, m, err := j.target(s, nil)
	if err != nil {
		return err
	}
	s.about, _ = lookup(m.Trigger)
	s.nature = m.Nature
	if err := j.checkCorrect(s, i, m); err != nil && !s.change.Force {
		return err
	}
	from := m.Situation
	j.amend(s, &m)
	if i >= 0 {
		ordered, state := j.log.ordered(), j.State()
		j.log[i] = m
		j.log.carry(i, from, m.Situation)
		if ordered && !j.log.ordered() && !s.change.Force {
			return refused(s, state,
				"à sa nouvelle date, « %s » ne serait plus à sa place parmi les autres mouvements",
				"at its new date %q would lose its place among the other movements", m.Step)
		}
	}
	s.movement = m
	s.dated(m)
	s.historic = j.log.historic(i)
	s.preadmitted = enters(m.Trigger) && j.log.preadmitted()
	return nil
}

// checkCorrect refuses what a correction cannot do.
func (j *Journey) checkCorrect(s *step, i int, m Movement) error {
	c := s.change
	other := c.Class != "" && c.Class != m.Situation.Class
	switch {
	case m.Cancelled:
		return refused(s, j.State(), "« %s » est annulé", "%q is cancelled", m.Step)
	case other && reclassifies(m.Trigger) && j.log.historic(i):
		return refused(s, j.State(),
			"la classe de « %s » ne se corrige plus : d'autres mouvements suivent, à annuler d'abord",
			"the class of %q is not corrected any more: other movements follow, to be cancelled first", m.Step)
	case other && enters(m.Trigger) && j.log.repeats(m.Start, c.Class) >= 0:
		return j.repeated(s, j.log.repeats(m.Start, c.Class))
	case other && !opens(m.Trigger) && !reclassifies(m.Trigger):
		return refused(s, j.State(),
			"la classe ne se corrige que sur A01, A04, A05, A06, A07 ou A14, et « %s » est un %s",
			"the class is corrected on A01, A04, A05, A06, A07 or A14 only, and %q is an %s", m.Step, m.Trigger)
	case c.Doctor != nil && m.Trigger != "A54" && !opens(m.Trigger):
		return refused(s, j.State(),
			"« %s » est un %s, qui ne nomme pas de médecin",
			"%q is an %s, which names no doctor", m.Step, m.Trigger)
	case c.Planned != 0 && !plans(m.Trigger):
		return refused(s, j.State(),
			"« %s » est un %s, qui n'est pas prévu",
			"%q is an %s, which is not planned", m.Step, m.Trigger)
	case (c.Deceased || c.LastVisit != nil) && m.Trigger != "A03":
		return refused(s, j.State(),
			"« %s » est un %s, qui n'est pas une sortie",
			"%q is an %s, which is no discharge", m.Step, m.Trigger)
	}
	return nil
}

// amend applies the change to the corrected movement and tells its nature: what
// was corrected, or what the movement was when only its date was.
func (j *Journey) amend(s *step, m *Movement) {
	if s.change.Start != nil {
		m.Start = j.gen.instant.Add(*s.change.Start)
	}
	if s.change.Planned != 0 {
		m.Planned = j.gen.instant.Add(s.change.Planned)
	}
	if s.change.LastVisit != nil {
		m.Continued = !*s.change.LastVisit
	}
	if m.Trigger == "A03" {
		j.died(s, m)
	}
	changed := &m.Situation
	if m.Trigger == "A15" {
		changed = &m.Pending
	}
	from := *changed
	*changed = j.stay.foldSituation(s.change.apply(from))
	switch what := nature(from, *changed); {
	case changed.Class != from.Class && (enters(m.Trigger) || m.Trigger == "A05"):
		s.nature = "C" // status corrected without a movement (PAM.fr 6.13.9)
	case changed.Class != from.Class:
		s.nature = ofClass(what)
	case changed.Doctor != from.Doctor:
		s.nature = orElse(what, "M")
	case m.Trigger == "A15" && what == "L":
	default:
		s.nature = orElse(what, m.Nature)
	}
}
