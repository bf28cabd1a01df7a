package pam

import "slices"

// link is A24 and A37: two records are of one person, or are not after all.
// Both live on, nothing moves from one to the other (IHE ITI TF-2 3.30.6.6-7).
func (j *Journey) link(s *step) error {
	other, err := j.counterpart(s, j.duplicate)
	if err != nil {
		return err
	}
	pair := pairOf(&j.patient, other)
	linked := slices.Contains(j.links, pair)
	s.linked, j.other = other, other
	if s.event.trigger == "A37" {
		if !linked && !s.change.Force {
			return refused(s, j.State(), "les deux identités ne sont pas chaînées", "the two records are not linked")
		}
		j.links = slices.DeleteFunc(slices.Clone(j.links), func(p string) bool { return p == pair })
		return nil
	}
	if linked && !s.change.Force {
		return refused(s, j.State(), "les deux identités sont déjà chaînées", "the two records are linked already")
	}
	j.links = append(slices.Clone(j.links), pair)
	return nil
}

// pairOf names two records, whichever comes first.
func pairOf(a, b *Patient) string { return min(a.IPP, b.IPP) + " " + max(a.IPP, b.IPP) }
