package pam

import "slices"

// This file is about people who are in the hospital's books twice: which other
// record a step is about, and which numbers are not to be used any more.

// formerNumbers is MRG: the numbers that a message replaces, merges or takes away.
type formerNumbers struct {
	ipp, ins string // MRG-1, one of them
	account  string // MRG-3
}

// aboutNumbers reports whether the messages of an event say nothing but which
// numbers are whose: no contact, no visit, no French segment.
func aboutNumbers(t Trigger) bool {
	switch t {
	case "A24", "A37", "A40", "A44", "A47", "A49":
		return true
	}
	return false
}

// namesOther reports whether an event can be about another record.
func namesOther(t Trigger) bool {
	switch t {
	case "A24", "A37", "A40", "A44", "A28", "A31":
		return true
	}
	return false
}

// describe is A28 and A31: only the person.
func (j *Journey) describe(s *step) error {
	who := &j.patient
	if s.change.Other != nil || s.change.Second {
		other, err := j.counterpart(s, j.duplicate)
		if err != nil {
			return err
		}
		who, s.subject, j.other = other, other, other
	}
	known := slices.Contains(j.created, who.IPP)
	if s.event.trigger == "A28" && known && !s.change.Force {
		return refused(s, j.State(), "le patient a déjà été créé", "the patient has been created already")
	}
	if !known {
		j.created = append(slices.Clone(j.created), who.IPP)
	}
	who.updated = s.occurred
	return nil
}

// counterpart returns the other record of a step: the one that the change
// names, else the one of the last step that had one, else what draw makes.
func (j *Journey) counterpart(s *step, draw func() (*Patient, error)) (*Patient, error) {
	other := s.change.Other
	switch {
	case other == nil && (j.other == nil || j.gen.spent[j.other.IPP] || j.other.IPP == j.patient.IPP):
		return draw()
	case other == nil:
		other = j.other
	case other.IPP == j.patient.IPP:
		return nil, badValue("other", other.IPP, "c'est le patient du parcours lui-même", "that is the patient of the journey")
	case other.IPP == "":
		return nil, badValue("other", "", "sans numéro", "without a number")
	}
	return other.clone(), nil
}

// duplicate makes a second record of the patient: the same person under another
// number, as happens at night in an emergency room.
func (j *Journey) duplicate() (*Patient, error) {
	other := j.patient.clone()
	other.IPP = j.gen.number(renumbered)
	other.contact.ids = [2]string{j.gen.number(contacts), j.gen.number(contacts)}
	other.announced = false
	return other, nil
}

// stranger makes somebody else, of whom the hospital knows as much.
func (j *Journey) stranger() (*Patient, error) {
	return j.gen.Patient(PatientSpec{Identity: j.patient.Identity, Letters: j.patient.letters})
}

// clone copies a patient, whom nobody else changes then.
func (p *Patient) clone() *Patient {
	other := *p
	other.Given = slices.Clone(p.Given)
	return &other
}

// checkNumbers refuses a number that a merge or change took out of use (IHE ITI
// TF-2 3.30.6.4), in whatever journey of the generator that was.
func (j *Journey) checkNumbers(s *step) error {
	who := &j.patient
	if s.subject != nil {
		who = s.subject
	}
	numbers := []string{who.IPP, s.replaced.ipp}
	if s.linked != nil {
		numbers = append(numbers, s.linked.IPP)
	}
	for _, ipp := range numbers {
		if j.gen.spent[ipp] && !s.change.Force {
			return refused(s, j.State(),
				"le numéro %s ne sert plus : il a été fusionné ou remplacé",
				"number %s is out of use: it was merged or replaced", ipp)
		}
	}
	return nil
}

// spend takes an IPP out of use.
func (g *Generator) spend(ipp string) {
	if ipp == "" {
		return
	}
	if g.spent == nil {
		g.spent = map[string]bool{}
	}
	g.spent[ipp] = true
}

// numbers writes what aboutNumbers promises: two PID, or PID and MRG.
func (w *writer) numbers() {
	w.pid()
	if w.linked == nil {
		w.mrg()
		return
	}
	w.patient, w.second = w.linked, true
	w.pid()
}

// mrg writes MRG. Its identifiers name their authority as those of the PID do,
// or nobody could tell that they are of one kind (PAM.fr 4.1, IHE 3.30.6.4).
func (w *writer) mrg() {
	id := components(w.replaced.ipp, "", "", patientNumbers.component(w.fullPID()), "PI")
	if w.replaced.ins != "" {
		id = components(w.replaced.ins, "", "", insTest.component(true), "INS")
	}
	s := w.b.Segment("MRG").Field(1, id)
	if w.replaced.account != "" {
		s.Field(3, components(w.replaced.account, "", "", accountNumbers.component(w.fullPID()), "AN"))
	}
}
