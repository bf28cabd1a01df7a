package pam

// What an A47 does, as Change.Identifier has it (PAM.fr 4.1, 4.4).
const (
	newINS        = "ins"
	insDeleted    = "ins-deleted"
	insDowngraded = "ins-downgraded"
	newIPP        = "ipp"
)

// renumber is A47: an identifier is replaced, or the INS is taken back. PID is
// the patient as they are from now on, MRG-1 the identifier that was.
func (j *Journey) renumber(s *step) error {
	j.patient.updated = s.recorded
	what := j.identifier(s)
	if what == newIPP {
		s.replaced.ipp, s.gone = s.former.IPP, s.former.IPP
		j.patient.IPP = j.gen.number(renumbered)
		j.created = append(j.created[:len(j.created):len(j.created)], j.patient.IPP)
		return nil
	}
	if !j.dialect.ins {
		return notApplicable(s.event.trigger, j.dialect, Text{
			FR: "l'INS n'y est pas envoyé",
			EN: "the INS is not sent there",
		})
	}
	if err := j.checkINS(s); err != nil {
		return err
	}
	s.replaced.ins = s.former.INS
	if what == newINS {
		return j.renewINS(s)
	}
	return j.withdrawINS(s, what)
}

// identifier is what the A47 changes. Who does not say it gets the INS changed,
// or taken back when the new status goes without one, and the IPP where there
// is no INS.
func (j *Journey) identifier(s *step) string {
	switch c := s.change; {
	case c.Identifier != "":
		return c.Identifier
	case !j.dialect.ins || !s.former.hasINS():
		return newIPP
	case c.Patient == nil || c.Patient.Identity == "" || c.Patient.Identity == Qualified:
		return newINS
	case c.Patient.Identity == Retrieved:
		return insDowngraded
	}
	return insDeleted
}

// checkINS refuses to change or delete an INS that was never sent.
func (j *Journey) checkINS(s *step) error {
	if s.former.INS == "" {
		return badValue("identifier", s.change.Identifier,
			"sans sexe connu le patient n'a pas d'INS", "a patient of unknown sex has no INS")
	}
	if !s.former.hasINS() && !s.change.Force {
		return refused(s, j.State(),
			"l'identité n'est pas qualifiée : son INS n'a pas été envoyé",
			"the identity is not qualified: its INS was not sent")
	}
	return nil
}

// renewINS gives the INS of the corrected traits or, when they are as they were,
// another number for them (PAM.fr 4.4.2).
func (j *Journey) renewINS(s *step) error {
	p := &j.patient
	if p.Identity != Qualified && !s.change.Force {
		return badValue("patient.identity", p.Identity,
			"un INS ne s'envoie qu'avec une identité qualifiée", "an INS is sent with a qualified identity only")
	}
	if p.INS == s.former.INS {
		p.reorder()
	}
	return nil
}

// withdrawINS deletes the INS. Downgraded, it is still known and kept back
// (PAM.fr 4.4.4); deleted, it was somebody else's, and the identity has to be
// verified anew, unless the change gives it another status (4.4.3).
func (j *Journey) withdrawINS(s *step, what string) error {
	p, told := &j.patient, ""
	if s.change.Patient != nil {
		told = s.change.Patient.Identity
	}
	status := orElse(told, Provisional)
	if what == insDowngraded {
		status = orElse(told, Retrieved)
	}
	if status == Qualified || (status == Retrieved) != (what == insDowngraded) {
		return badValue("patient.identity", status,
			"ne va pas avec « "+what+" »", "does not go with \""+what+"\"")
	}
	p.Identity, s.withdrawn = status, true
	if what == insDeleted {
		p.reorder()
	}
	return nil
}

// reorder gives the patient another place among those born there that month,
// and so another INS.
func (p *Patient) reorder() {
	const first, last = 901, 998
	if p.order++; p.order > last || p.order < first {
		p.order = first
	}
	p.INS = p.nir()
}
