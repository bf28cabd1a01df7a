package pam

// A54 changes the attending doctor, PV1-7, and nothing else. ROL says from when
// the new one answers for the patient (IHE 3.31.7.19).

// handOver is A54.
func (j *Journey) handOver(s *step) error {
	to := &s.movement.Situation
	if s.change.Doctor == nil {
		to.Doctor = drawDoctor(j.rng)
		*to = j.drawn(*to)
	}
	s.movement.Nature = "M"
	if s.change.Force {
		return nil
	}
	if err := j.present(s, Open, OnLeave); err != nil {
		return err
	}
	if to.Doctor == s.prior.Doctor {
		return refused(s, j.State(),
			"le médecin responsable est déjà %s %s",
			"the attending doctor is %s %s already", to.Doctor.Given, to.Doctor.Family)
	}
	return nil
}

// register draws the number of a doctor who was named without one.
func (j *Journey) register(s *step) {
	if d := s.change.Doctor; d != nil && d.RPPS == "" {
		with := *d
		with.RPPS = drawDoctor(j.rng).RPPS
		s.change.Doctor = &with
	}
}

// check refuses a doctor without a name, or whom PV1-7 cannot hold.
func (d *Doctor) check() error {
	const longest = 15
	switch {
	case d == nil:
		return nil
	case d.Family == "":
		return badValue("doctor", d.RPPS, "un médecin a un nom", "a doctor has a name")
	case len(d.RPPS) > longest:
		return badValue("doctor.rpps", d.RPPS, "15 caractères au plus (XCN-1)", "at most 15 characters (XCN-1)")
	}
	return nil
}

// rol writes ROL of the new attending doctor. UP is the action that IHE wants
// there: the role was already held, by another.
func (w *writer) rol() {
	if w.about.trigger != "A54" || w.event.kind == cancel {
		return
	}
	w.b.Segment("ROL").
		Field(2, "UP").
		Field(3, "AT").
		Field(4, w.doctor(w.movement.Situation.Doctor)).
		Field(5, stamp(w.movement.Start))
}
