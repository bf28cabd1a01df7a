package pam

// moveAccount is A44: the account, and with it the stay, was opened for the
// wrong person. PID is the right one, with whom the journey goes on; MRG is the
// former one and the account (IHE ITI TF-2 3.31.7.25).
func (j *Journey) moveAccount(s *step) error {
	if err := j.checkAccount(s); err != nil {
		return err
	}
	other, err := j.counterpart(s, j.stranger)
	if err != nil {
		return err
	}
	s.replaced = formerNumbers{ipp: s.former.IPP, account: j.stay.Account}
	j.patient, j.other = *other, s.former.clone()
	j.patient.updated = s.recorded
	return nil
}

// renumberAccount is A49, which France advises against: the account gets another
// number (PAM.fr 5.1.2). MRG-1, which cannot be empty, is the patient.
func (j *Journey) renumberAccount(s *step) error {
	if err := j.checkAccount(s); err != nil {
		return err
	}
	s.replaced = formerNumbers{ipp: j.patient.IPP, account: j.stay.Account}
	j.stay.Account = j.gen.number(accounts)
	return nil
}

// checkAccount refuses an account that nobody was told about, or whose number is
// spent.
func (j *Journey) checkAccount(s *step) error {
	state := j.State()
	if (state == None || state == Cancelled) && !s.change.Force {
		return refused(s, state, "le séjour est : %s", "the state of the stay is: %s", state)
	}
	return nil
}
