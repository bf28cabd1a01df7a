package pam

import "math/rand/v2"

// declare draws the doctor whom the patient declared as theirs to the health
// insurance (médecin traitant). Not everybody has.
func (p *Patient) declare(r *rand.Rand) {
	d := drawDoctor(r)
	if !chance(r, 4) {
		p.declared = d
	}
}

// declares tells the declared doctor where the person is described. The role is
// new the first time and unchanged from then on.
func (j *Journey) declares(s *step) {
	who := &j.patient
	if s.subject != nil {
		who = s.subject
	}
	if who.declared.RPPS == "" || !s.takesContacts() {
		return
	}
	s.declared = "UC"
	if !who.announced {
		s.declared, who.announced = "AD", true
	}
}

// declaredDoctor writes ROL behind PD1: the lasting relation between a person
// and their doctor. ODRP is a role of the French table, and HL7 2.3.1 has no
// ROL there (PAM.fr 6.8.6).
func (w *writer) declaredDoctor() {
	if w.declared == "" || !w.frenchTables() {
		return
	}
	w.b.Segment("ROL").
		Field(2, w.declared).
		Field(3, "ODRP").
		Field(4, w.doctor(w.patient.declared))
}
