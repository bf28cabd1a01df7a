package sequence

import (
	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// original finds the movement that a correction or cancellation is about, and
// judges whether there is one.
func (s *step) original(st *stay, m movement) *movement {
	if m.id == "" {
		return s.unnamed(st)
	}
	old := st.find(m.id)
	zbe1 := s.field(s.zbe, 1)
	switch {
	case old == nil && st.begun:
		id := "seq.zbe-1.unknown"
		if m.trigger == "Z99" {
			id = "seq.z99.unknown"
		}
		s.find(id, rules.Must, zbe1)
		return nil
	case old == nil:
		s.find("seq.zbe-1.unseen", rules.Info, zbe1)
		return nil
	case old.cancelled:
		s.find("seq.zbe-1.cancelled", rules.Must, zbe1)
		return nil
	}
	if v := s.field(s.zbe, 6); len(v.Raw()) > 0 && string(v.Raw()) != old.trigger {
		s.find("seq.zbe-6.original", rules.Must, v, rules.Arg{Name: "want", Value: old.trigger})
	}
	return old
}

// unnamed finds what a cancellation without ZBE is about by its event.
func (s *step) unnamed(st *stay) *movement {
	if s.event.Kind != "cancel" || len(s.event.Cancels) == 0 {
		return nil
	}
	old := st.newest(s.event.Cancels...)
	if old == nil && st.begun {
		s.find("seq.cancel.unknown", rules.Should, hl7.Value{})
	}
	return old
}

// cancel judges a cancellation and takes the movement away.
func (s *step) cancel(p *patient, st *stay, m movement) {
	old := s.original(st, m)
	if old == nil {
		return
	}
	s.repeated(m, old)
	s.indicator(st, old.start, old, old.trigger)
	later := !expected(old.trigger) && st.laterThan(old.start, old)
	switch {
	case later && (old.trigger == "A06" || old.trigger == "A07"):
		s.find("seq.class.last", rules.Must, s.field(s.zbe, 1))
	case later && s.t.historicStrict:
		s.find("seq.cancel.historic", rules.Must, s.field(s.zbe, 1))
	case m.trigger == "A52":
		if back := st.newest("A22"); back != nil && compareMoments(back.start, old.start) >= 0 {
			s.find("seq.a52.return", rules.Should, hl7.Value{})
		}
	}
	if m.trigger == "A12" {
		s.restored(st, old, m)
	}
	old.cancelled = true
	s.spend(st, m)
	s.afterCancel(p, st, old, m)
}

// repeated judges what a cancellation has to say as the cancelled message did
// (PAM.fr 6.13.2; IHE ITI TF-2 3.30.5.2).
func (s *step) repeated(m movement, old *movement) {
	if v := s.field(s.zbe, 2); m.start != "" && len(v.Raw()) > 0 && compareMoments(m.start, old.start) != 0 {
		s.find("seq.zbe-2.cancelled", rules.Should, v, rules.Arg{Name: "want", Value: old.start})
	}
	exempt := m.trigger == "A52" || m.trigger == "A53" // the text wants the date of the cancellation there
	if !exempt && m.occurred != "" && old.occurred != "" && compareMoments(m.occurred, old.occurred) != 0 {
		s.find("seq.evn-6.cancelled", rules.Should, s.field(s.evn, 6), rules.Arg{Name: "want", Value: old.occurred})
	}
}

// restored judges where the cancelled transfer leaves the patient: where they
// were before it (PAM.fr 5.3.7; IHE ITI TF-2 3.31.7.12).
func (s *step) restored(st *stay, old *movement, m movement) {
	before := st.before(old)
	if before == nil || !st.begun {
		return
	}
	if before.housing != "" && m.housing != "" && m.housing != before.housing {
		s.find("seq.a12.previous", rules.Should, s.field(s.pv1, 3).Component(1), rules.Arg{Name: "want", Value: before.housing})
	}
	if before.medical != "" && m.medical != "" && m.medical != before.medical {
		s.find("seq.a12.previous", rules.Should, s.field(s.zbe, 7), rules.Arg{Name: "want", Value: before.medical})
	}
}

// spend takes the numbers of what was cancelled out of use (PAM.fr 5.4.1).
func (s *step) spend(st *stay, m movement) {
	switch m.trigger {
	case "A11":
		if st.admitted() != nil {
			return // one of several sessions; the visit goes on (PAM.fr 5.3.7)
		}
		st.spent = true
		visitOnly := string(s.field(s.pv1, 51).Raw()) == "V"
		if st.account != nil && !visitOnly && st.newest("A05") == nil {
			st.account.spent = true
		}
	case "A27":
		if st.newest("A05") == nil { // else the patient is expected as before
			s.spendAll(st)
		}
	case "A38":
		s.spendAll(st)
	}
}

func (s *step) spendAll(st *stay) {
	st.spent = true
	if st.account != nil && st.admitted() == nil {
		st.account.spent = true
	}
}

// afterCancel gives the stay the class that it had before.
func (s *step) afterCancel(p *patient, st *stay, old *movement, m movement) {
	if last := st.newest("A01", "A04", "A06", "A07"); last != nil {
		st.class = last.class
	}
	if old.trigger == "A06" || old.trigger == "A07" {
		st.class = m.class
	}
	if p.open == st && !st.open() {
		p.open = nil
	}
	if p.open == nil && st.open() && st.class == "I" {
		p.open = st
	}
}

// update judges a correction (Z99) and takes it into account.
func (s *step) update(p *patient, st *stay, m movement) {
	old := s.original(st, m)
	if old == nil {
		return
	}
	s.indicator(st, m.start, old, old.trigger)
	changed := m.class != "" && old.class != "" && m.class != old.class
	if changed && (old.trigger == "A06" || old.trigger == "A07") && st.laterThan(m.start, old) {
		s.find("seq.class.last", rules.Must, s.field(s.pv1, 2))
	}
	if m.start != "" && m.start != old.start {
		old.start, old.occurred = m.start, "" // which of the two dates a cancellation repeats, nobody says
	}
	if changed {
		if st.class == old.class && !st.laterThan(old.start, old) {
			st.class = m.class
		}
		old.class = m.class
	}
	if m.housing != "" {
		old.housing = m.housing
	}
	if m.medical != "" {
		old.medical = m.medical
	}
	s.keepState(p, st)
}

// keepState remembers whether the stay is the open one of the patient.
func (s *step) keepState(p *patient, st *stay) {
	switch {
	case st.open() && st.class == "I":
		p.open = st
	case p.open == st:
		p.open = nil
	}
}
