package pam

import (
	"slices"
	"strings"
)

// tell applies what a step makes known about the person. Whoever learns more
// sends it with A31 or with any message of the stay; an INS that was sent is
// taken back or replaced with A47 only (PAM.fr 4.4).
func (j *Journey) tell(s *step) error {
	spec, p := *s.change.Patient, j.patient
	if err := spec.checkChange(); err != nil {
		return err
	}
	p.Given = slices.Clone(p.Given)
	p.Identity = orElse(spec.Identity, p.Identity)
	p.Sex = orElse(spec.Sex, p.Sex)
	if err := checkSex(p.Identity, p.Sex); err != nil {
		return err
	}
	if spec.Born != "" {
		birth, err := j.gen.readBirth(spec.Born, 0)
		if err != nil {
			return err
		}
		p.Birth = birth
	}
	if spec.BirthPlace != "" {
		j.gen.birthPlace(&p, spec.BirthPlace, j.rng)
	}
	if err := p.setNames(spec); err != nil {
		return err
	}
	p.foldTo(p.letters)
	if err := p.checkStrict(); err != nil {
		return err
	}
	p.INS = p.nir()
	sent := j.dialect.ins && j.patient.hasINS() && !j.clock.IsZero() && s.event.trigger != "A47"
	if sent && p.INS != j.patient.INS && !s.change.Force {
		return refused(s, j.State(),
			"ces traits changent l'INS envoyé, ce que seul A47 peut faire",
			"these traits change the INS that was sent, which is for A47 only")
	}
	if sent && !p.hasINS() && !s.change.Force {
		return refused(s, j.State(),
			"un INS envoyé se retire par A47",
			"an INS that was sent is taken back with A47")
	}
	j.patient = p
	return nil
}

// checkChange is check for what becomes known later.
func (s PatientSpec) checkChange() error {
	if s.Twin || s.LongName || s.Letters != "" {
		return badValue("patient", strings.Join(s.onlyAtFirst(), ", "),
			"ne se change pas après la création", "cannot change after the creation")
	}
	sex := s.Sex
	s.Sex = ""
	if err := s.check(); err != nil {
		return err
	}
	return word("patient.sex", sex)
}

func (s PatientSpec) onlyAtFirst() []string {
	var fields []string
	for _, f := range [...]struct {
		name string
		set  bool
	}{{"twin", s.Twin}, {"long_name", s.LongName}, {"letters", s.Letters != ""}} {
		if f.set {
			fields = append(fields, f.name)
		}
	}
	return fields
}
