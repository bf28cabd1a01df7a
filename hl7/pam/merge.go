package pam

import "slices"

// merge is A40: two records become one. PID is the record that stays, MRG-1 the
// number of the one that goes and is never to be used again. The journey goes on
// as the patient who stays, with the stay, if there is one (IHE ITI TF-2
// 3.30.6.4; PAM.fr 2.2, 4.1).
func (j *Journey) merge(s *step) error {
	other, err := j.counterpart(s, j.duplicate)
	if err != nil {
		return err
	}
	stays, goes := other, &s.former
	if s.change.Keep {
		stays, goes = goes, stays
	}
	s.replaced.ipp, s.gone = goes.IPP, goes.IPP
	j.patient, j.other = *stays.clone(), nil
	j.patient.updated = s.recorded
	if !slices.Contains(j.created, stays.IPP) {
		j.created = append(slices.Clone(j.created), stays.IPP)
	}
	return nil
}
