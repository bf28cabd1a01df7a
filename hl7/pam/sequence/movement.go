package sequence

import (
	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// action is ZBE-4, or what the event does where there is no ZBE.
func (s *step) action() string {
	switch a := s.raw(s.zbe, 4); string(a) { // a constant costs no copy
	case "":
	case "INSERT":
		return "INSERT"
	case "CANCEL":
		return "CANCEL"
	case "UPDATE":
		return "UPDATE"
	default:
		return string(a)
	}
	switch s.event.Kind {
	case "insert":
		return "INSERT"
	case "cancel":
		return "CANCEL"
	case "update":
		return "UPDATE"
	}
	return ""
}

// told is the movement as the message tells it. Its texts share one string: a
// tracker keeps many of them.
func (s *step) told() movement {
	domain := s.part(s.zbe, 1, 3)
	if len(domain) == 0 {
		domain = s.part(s.zbe, 1, 2)
	}
	values := [...][]byte{
		s.part(s.zbe, 1, 1), domain, momentOf(s.raw(s.zbe, 2)), momentOf(s.raw(s.evn, 6)),
		s.part(s.zbe, 9, 1), s.part(s.pv1, 3, 1), s.part(s.zbe, 7, 10), s.raw(s.pv1, 2),
	}
	var ends [len(values)]int
	room := s.t.key[:0]
	for i, v := range values {
		if len(v) > mostKey {
			v, values[i] = nil, nil
		}
		room = append(room, v...)
		if i == 0 && len(v) > 0 {
			room = append(room, '^') // between the number and its domain
		}
		ends[i] = len(room)
	}
	s.t.key = room
	text := string(room)
	m := movement{
		trigger: s.header.Trigger, id: text[:ends[1]], start: text[ends[1]:ends[2]], occurred: text[ends[2]:ends[3]],
		nature: text[ends[3]:ends[4]], housing: text[ends[4]:ends[5]], medical: text[ends[5]:ends[6]], class: text[ends[6]:ends[7]],
	}
	if len(values[0]) == 0 {
		m.id = ""
	}
	if m.start == "" {
		m.start = m.occurred
	}
	return m
}

// movement follows a movement that is inserted, corrected or cancelled.
func (s *step) movement(p *patient, st *stay) {
	m := s.told()
	switch s.action() {
	case "INSERT":
		s.insert(p, st, m)
	case "CANCEL":
		s.cancel(p, st, m)
	case "UPDATE":
		s.update(p, st, m)
	}
	if string(s.raw(s.pv1, 41)) == "D" && st.account != nil {
		st.account.closed = true
	}
}

// insert judges and adds a new movement.
func (s *step) insert(p *patient, st *stay, m movement) {
	if m.id != "" && s.reused(st, m) {
		return
	}
	historic := string(s.raw(s.zbe, 5)) == "Y"
	if s.beforeEntry(st, m) {
		s.find("seq.zbe-2.entry", rules.Should, s.field(s.zbe, 2))
	} else {
		s.indicator(st, m.start, nil, m.trigger)
	}
	switch m.trigger {
	case "A01", "A04":
		s.admit(p, st, m, historic)
	case "A05", "A14":
		s.numbers(st)
	case "A06", "A07":
		s.changeClass(st, m)
	case "A03":
		s.discharge(st, historic)
	case "A16":
		if st.closed() {
			s.find("seq.a16.order", rules.Should, hl7.Value{})
		}
	case "A22":
		if leave := st.newest("A21", "A22"); st.begun && !historic && (leave == nil || leave.trigger == "A22") {
			s.find("seq.a22.leave", rules.Should, hl7.Value{})
		}
	case "A02":
		s.bedAtAdmission(st, m)
	}
	s.afterDischarge(st, m, historic)
	s.sameTime(st, m)
	if !expected(m.trigger) && (!historic || st.class == "") {
		st.class = m.class
	}
	if len(st.movements) == mostMovements {
		st.movements = append(st.movements[:0], st.movements[1:]...)
		st.begun = false
	}
	st.movements = append(st.movements, m)
	s.keepState(p, st)
}

// beforeEntry says whether a movement begins before the patient came: the first
// movement of a stay is the entry (PAM.fr 5.1.4).
func (s *step) beforeEntry(st *stay, m movement) bool {
	switch m.trigger {
	case "A02", "A03", "A06", "A07", "A21", "A22", "A54":
	default:
		return false
	}
	entered := false
	for i := range st.movements {
		switch o := &st.movements[i]; {
		case o.cancelled || o.trigger != "A01" && o.trigger != "A04":
		case compareMoments(m.start, o.start) >= 0:
			return false
		default:
			entered = true
		}
	}
	return entered && m.start != ""
}

// reused judges ZBE-1 of a new movement and says that it is none: one movement
// may be told in several messages (PAM.fr 5.3.1).
func (s *step) reused(st *stay, m movement) bool {
	key := append(s.t.key[:0], m.id...)
	s.t.key = key
	other, seen := s.t.moves.get(key)
	if !seen {
		s.t.moves.put(key, st)
		return false
	}
	zbe1 := s.field(s.zbe, 1)
	if old := other.find(m.id); other == st && old != nil && !old.cancelled && old.start == m.start {
		s.find("seq.zbe-1.shared", rules.Info, zbe1)
		return true
	}
	s.find("seq.zbe-1.reused", rules.Must, zbe1)
	return other == st
}

// indicator judges ZBE-5: Y as soon as a later movement of the stay is known
// (PAM.fr 6.13.5).
func (s *step) indicator(st *stay, start string, self *movement, trigger string) {
	raw := s.raw(s.zbe, 5)
	if start == "" || expected(trigger) || len(raw) == 0 {
		return
	}
	later := st.laterThan(start, self)
	switch {
	case string(raw) == "N" && later:
		s.find("seq.zbe-5.indicator", rules.Must, s.field(s.zbe, 5), rules.Arg{Name: "want", Value: "Y"})
	case string(raw) == "Y" && !later && st.begun && !s.sameMoment(st, start, self):
		s.find("seq.zbe-5.indicator", rules.Must, s.field(s.zbe, 5), rules.Arg{Name: "want", Value: "N"})
	}
}

// sameMoment says whether another movement begins at the very moment: which of
// the two is the later one, nobody can tell from here.
func (s *step) sameMoment(st *stay, start string, self *movement) bool {
	for i := range st.movements {
		if m := &st.movements[i]; m != self && !m.cancelled && compareMoments(m.start, start) == 0 {
			return true
		}
	}
	return false
}

// admit judges A01 and A04.
func (s *step) admit(p *patient, st *stay, m movement, historic bool) {
	s.numbers(st)
	switch {
	case historic:
	case st.open() && m.trigger == "A01", m.class == "I" && p.elsewhere(st):
		s.find("seq.a01.open", rules.Must, s.field(s.pv1, 19))
	}
	if st.account != nil && st.account.closed && !historic {
		s.find("seq.pv1-41.closed", rules.Should, s.field(s.pid, 18))
	}
	s.confirm(st, m)
}

// confirm judges the admission that confirms a pre-admission: A01 for an
// inpatient, A04 for the others, and PV1-5 tells that it does (PAM.fr 6.10.4,
// CP 2013-078).
func (s *step) confirm(st *stay, m movement) {
	pre := s.field(s.pv1, 5)
	if !st.preAdmitted() {
		if pre.State() == hl7.Present && st.begun && !s.knownAccount(pre) {
			s.find("seq.pv1-5.unexpected", rules.Should, pre)
		}
		return
	}
	want := "A01"
	if c := m.class; c == "O" || c == "E" {
		want = "A04"
	}
	if m.trigger != want && m.class != "V" && m.class != "R" {
		s.find("seq.a05.confirm", rules.Must, hl7.Value{}, rules.Arg{Name: "want", Value: want})
	}
	if s.r.Profile().PAM != "" && pre.State() != hl7.Present {
		s.find("seq.pv1-5.missing", rules.Must, pre)
	}
}

// knownAccount says whether an identifier is that of an account, whatever visit
// it was announced with.
func (s *step) knownAccount(v hl7.Value) bool {
	_, ok := s.t.accounts.get(s.t.identifier(v.Repetition(1), s.delims))
	return ok
}

// numbers judges whether the numbers of a new stay were spent by a cancellation
// (PAM.fr 5.4.1).
func (s *step) numbers(st *stay) {
	switch {
	case st.spent:
		s.find("seq.pv1-19.reused", rules.Must, s.field(s.pv1, 19))
	case st.account != nil && st.account.spent:
		s.find("seq.pid-18.reused", rules.Must, s.field(s.pid, 18))
	}
}

// transitions are the changes of class of PAM.fr 5.3.5: from, to, by which event.
var transitions = map[string]string{
	"EI": "A06", "ER": "A06", "EO": "A07", "IE": "A07", "IR": "A06", "IO": "A07", "RE": "A07", "RI": "A06", "RO": "A07",
	"OE": "A07", "OI": "A06", "OR": "A06", "NE": "A07", "NI": "A06", "NR": "A06", "NO": "A07",
}

// changeClass judges A06 and A07.
func (s *step) changeClass(st *stay, m movement) {
	class := s.field(s.pv1, 2)
	switch {
	case st.begun && st.admitted() == nil && st.newest("A05", "A14") != nil:
		s.find("seq.class.pre-admission", rules.Must, hl7.Value{})
	case st.class == "" || m.class == "" || s.r.Profile().PAM == "":
	case st.class == "V" || m.class == "V":
		s.find("seq.class.monitoring", rules.Should, class, rules.Arg{Name: "from", Value: st.class})
	case transitions[st.class+m.class] != m.trigger:
		s.find("seq.class.transition", rules.Must, class, rules.Arg{Name: "from", Value: st.class})
	}
}

// discharge judges A03.
func (s *step) discharge(st *stay, historic bool) {
	if st.begun && !historic && !st.open() {
		s.find("seq.a03.admission", rules.Should, hl7.Value{})
	}
}

// bedAtAdmission judges a transfer that only assigns the bed of the admission:
// that is a correction of the admission (PAM.fr 5.1.4).
func (s *step) bedAtAdmission(st *stay, m movement) {
	if a := st.admitted(); a != nil && m.nature == "L" && m.start != "" && a.start == m.start {
		s.find("seq.a02.bed", rules.Should, s.field(s.zbe, 9))
	}
}

// afterDischarge judges what happens to a patient who has left (PAM.fr 5.1.4).
func (s *step) afterDischarge(st *stay, m movement, historic bool) {
	switch m.trigger {
	case "A02", "A06", "A07", "A21", "A22", "A54":
	default:
		return
	}
	if out := st.newest("A03"); out != nil && st.closed() && !historic && compareMoments(m.start, out.start) >= 0 {
		s.find("seq.zbe-2.discharged", rules.Should, s.field(s.zbe, 2))
	}
}

// sameTime judges two movements of one nature under one medical responsibility
// at one moment (PAM.fr 5.3.4).
func (s *step) sameTime(st *stay, m movement) {
	if m.nature == "" || m.medical == "" || m.start == "" || expected(m.trigger) {
		return
	}
	for i := len(st.movements) - 1; i >= 0; i-- {
		o := &st.movements[i]
		if !o.cancelled && !expected(o.trigger) && o.start == m.start && o.nature == m.nature && o.medical == m.medical {
			s.find("seq.zbe-2.same-time", rules.Should, s.field(s.zbe, 2))
			return
		}
	}
}
