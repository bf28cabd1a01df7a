package sequence

import (
	"slices"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// account is an administrative file, PID-18.
type account struct {
	owner  *patient
	spent  bool // cancelled with its visit: never to be used again
	closed bool // PV1-41 = D was sent: no visit follows
}

// stay is a visit, PV1-19, and its log of movements.
type stay struct {
	patient   *patient
	account   *account // nil when no message named one
	class     string   // PV1-2
	begun     bool     // its first movement was seen
	spent     bool     // its number was cancelled and must not come again
	movements []movement
}

// movement is a dated change of the situation of a patient.
type movement struct {
	id, trigger, start, occurred string // ZBE-1, the event that inserted it, ZBE-2, EVN-6
	nature, housing, medical     string // ZBE-9, PV1-3.1, ZBE-7.10
	class                        string // PV1-2
	cancelled                    bool
}

// mostMovements bounds what is remembered of one stay; the first are forgotten.
const mostMovements = 512

// owner is the patient whom the stay belongs to by now.
func (st *stay) owner() *patient {
	if st.account != nil && st.account.owner != nil {
		return st.account.owner.root()
	}
	return st.patient.root()
}

// find returns the movement of an id, nil when there is none.
func (st *stay) find(id string) *movement {
	for i := len(st.movements) - 1; i >= 0; i-- {
		if st.movements[i].id == id {
			return &st.movements[i]
		}
	}
	return nil
}

// newest returns the last movement that was inserted by one of the events and
// was not cancelled.
func (st *stay) newest(triggers ...string) *movement {
	for i := len(st.movements) - 1; i >= 0; i-- {
		if m := &st.movements[i]; !m.cancelled && (len(triggers) == 0 || slices.Contains(triggers, m.trigger)) {
			return m
		}
	}
	return nil
}

// expected says of an event that the movement it inserts has not happened yet:
// PAM.fr does not order those.
func expected(trigger string) bool {
	return trigger == "A05" || trigger == "A14" || trigger == "A15" || trigger == "A16"
}

// laterThan says whether a movement begins after a moment; skip is not counted.
func (st *stay) laterThan(start string, skip *movement) bool {
	for i := range st.movements {
		m := &st.movements[i]
		if m != skip && !m.cancelled && !expected(m.trigger) && compareMoments(m.start, start) > 0 {
			return true
		}
	}
	return false
}

// before returns the movement that opened the period before another one; of two
// at one moment the one that was told first is the earlier.
func (st *stay) before(m *movement) *movement {
	var last *movement
	told := false // m was
	for i := range st.movements {
		o := &st.movements[i]
		if o == m {
			told = true
		}
		if o == m || o.cancelled || expected(o.trigger) || compareMoments(o.start, m.start) > 0 {
			continue
		}
		if told && o.start == m.start {
			continue
		}
		if last == nil || compareMoments(o.start, last.start) >= 0 {
			last = o
		}
	}
	return last
}

// admitted returns the movement by which the patient came, nil when they did not.
func (st *stay) admitted() *movement { return st.newest("A01", "A04") }

// closed says whether the last of coming and going was going.
func (st *stay) closed() bool {
	for i := len(st.movements) - 1; i >= 0; i-- {
		switch m := &st.movements[i]; {
		case m.cancelled:
		case m.trigger == "A03":
			return true
		case m.trigger == "A01" || m.trigger == "A04":
			return false
		}
	}
	return false
}

// open says whether the patient came and has not gone.
func (st *stay) open() bool { return st.admitted() != nil && !st.closed() }

// preAdmitted says whether the patient is expected and has not come.
func (st *stay) preAdmitted() bool { return st.newest("A05") != nil && st.admitted() == nil }

// encounter follows the messages about a stay.
func (s *step) encounter(p *patient, known bool) {
	key := s.firstOf(s.pv1, 19)
	if len(key) == 0 {
		if key = s.firstOf(s.pid, 18); len(key) == 0 {
			return // the rules on one message say what is missing
		}
	}
	st, ok := s.t.stays.get(key)
	if !ok {
		st = &stay{patient: p, begun: p.fresh && !s.t.stays.forgot || s.begins()}
		s.t.stays.put(key, st)
	}
	s.ofAccount(st, p, ok && (known || s.sameDomain(st.owner())))
	if !ok && !st.begun && s.action() == "INSERT" {
		s.find("seq.stay.unseen", rules.Info, s.field(s.pv1, 19))
	}
	if s.event.Kind == "tracking" {
		return
	}
	s.movement(p, st)
}

// begins says whether the event can be the first of a stay.
func (s *step) begins() bool {
	switch s.header.Trigger {
	case "A01", "A04", "A05", "A14":
		return s.action() == "INSERT"
	}
	return false
}

// sameDomain says whether the patient of the message has a number of the
// authority by which another patient is known: then they are not one person
// under the numbers of two authorities.
func (s *step) sameDomain(other *patient) bool {
	_, domain := s.named(mainNumber(s.field(s.pid, 3)))
	return domain != "" && domain == other.domain
}

// ofAccount ties the stay to its account and both to their patient.
func (s *step) ofAccount(st *stay, p *patient, known bool) {
	if key := s.firstOf(s.pid, 18); len(key) > 0 {
		a, ok := s.t.accounts.get(key)
		if !ok {
			a = &account{owner: p}
			s.t.accounts.put(key, a)
		}
		st.account = a
	}
	owner := st.owner()
	if owner == p.root() || !known {
		return
	}
	where := s.field(s.pv1, 19)
	if where.State() == hl7.Absent {
		where = s.field(s.pid, 18).Repetition(1)
	}
	s.find("seq.pv1-19.patient", rules.Must, where, rules.Arg{Name: "other", Value: owner.number})
}

// moveAccount gives an account to another patient (A44).
func (s *step) moveAccount(p *patient) {
	if s.header.Trigger != "A44" {
		return
	}
	field := s.field(s.mrg, 3).Repetition(1)
	if len(field.Raw()) == 0 {
		field = s.field(s.pid, 18).Repetition(1)
	}
	key := s.t.identifier(field, s.delims)
	if len(key) == 0 {
		return
	}
	a, ok := s.t.accounts.get(key)
	if !ok {
		a = &account{}
		s.t.accounts.put(key, a)
	}
	a.owner = p
}
