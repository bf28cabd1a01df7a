package reference

import (
	"slices"
	"time"
)

// A change is what a field says about the value that the receiver holds
// (HL7 v2.5 §2.5.3): nothing when it is empty, "forget it" when it is `""`, or
// a new value.
type change struct {
	said  bool
	value string
}

func (c change) to(old string) string {
	if c.said {
		return c.value
	}
	return old
}

func (c change) or(later change) change {
	if later.said {
		return later
	}
	return c
}

// A movement is what one inserting event changed. It keeps the changes and not
// their result, so that it stays right when a movement before it is cancelled,
// corrected or inserted.
type movement struct {
	keys    []string // each ZBE-1 with its authority; none without ZBE
	id      string   // the first ZBE-1.1
	trigger string
	start   string
	at      time.Time // start, as an instant; zero when it cannot be one

	historic, cancelled bool
	corrected           int

	class, location, temporary, pending, doctor change
}

// correct applies a Z99: what it says replaces what the movement said. A
// corrected date does not change the order of the stay, which only the sender
// knows (ZBE-5).
func (m *movement) correct(by *movement) {
	if by.start != "" {
		m.start, m.at = by.start, by.at
	}
	m.take(by)
	m.corrected++
}

// take adopts what another message says of the same movement.
func (m *movement) take(by *movement) {
	m.class = m.class.or(by.class)
	m.location = m.location.or(by.location)
	m.temporary = m.temporary.or(by.temporary)
	m.pending = m.pending.or(by.pending)
	m.doctor = m.doctor.or(by.doctor)
}

// A situation is what holds between two movements.
type situation struct {
	status           Status
	class            string
	location         string
	temporary        string
	doctor           string
	pendingTransfer  string
	pendingDischarge bool
	beforeLeave      Status
}

// after returns the situation that m leads to, iti-30-31.md §3.2 and §3.4.
func (s situation) after(m *movement) situation {
	s.class = m.class.to(s.class)
	s.doctor = m.doctor.to(s.doctor)
	if m.trigger != "A09" && m.trigger != "A10" {
		s.location = m.location.to(s.location)
	}
	switch m.trigger {
	case "A05":
		s.status = s.planned(PreAdmitted)
	case "A14":
		s.status = s.planned(AdmissionPending)
	case "A01", "A06":
		s.status = m.opened(s.class, Inpatient)
	case "A04", "A07":
		s.status = m.opened(s.class, Outpatient)
	case "A02":
		s.temporary, s.pendingTransfer = "", ""
		if !s.status.Open() {
			s.status = statusOfClass(s.class, Inpatient)
		}
	case "A03":
		s = situation{status: Discharged, class: s.class, location: s.location, doctor: s.doctor}
	case "A15":
		s.pendingTransfer = m.pending.to("")
		if s.pendingTransfer == "" {
			s.pendingTransfer = "?"
		}
	case "A16":
		s.pendingDischarge = true
	case "A21":
		s.status, s.beforeLeave = OnLeave, s.status
	case "A22":
		s.status, s.beforeLeave = s.returned(), ""
	case "A09":
		s = s.departed(m)
	case "A10":
		s = s.arrived(m)
	}
	return s
}

// planned returns the status after a pre-admission or a pending admission: the
// announcement of a stay does not end one that has begun.
func (s situation) planned(status Status) Status {
	if s.status.Open() {
		return s.status
	}
	return status
}

func (s situation) returned() Status {
	if s.beforeLeave.Open() && s.beforeLeave != OnLeave {
		return s.beforeLeave
	}
	return statusOfClass(s.class, Inpatient)
}

// admitted reports whether an admission is open: what forbids another A01. An
// outpatient or emergency visit does not.
func (s situation) admitted() bool {
	return s.status == Inpatient || s.status == OnLeave && s.beforeLeave != Outpatient
}

// departed applies an A09: towards PV1-11, or PV1-42, or PV1-3.
func (s situation) departed(m *movement) situation {
	switch {
	case m.temporary.said:
		s.temporary = m.temporary.value
	case m.pending.said:
		s.temporary = m.pending.value
	default:
		s.location = m.location.to(s.location)
	}
	return s
}

// arrived applies an A10: at a temporary place (PV1-11) or back at a permanent
// one (PV1-3).
func (s situation) arrived(m *movement) situation {
	if m.temporary.said {
		s.temporary = m.temporary.value
		return s
	}
	s.temporary = ""
	s.location = m.location.to(s.location)
	return s
}

// opened returns the status that an opening movement leads to: the one of its
// event, until a Z99 says that the patient was admitted under the wrong class
// (ZBE-9 = C, pam-fr.md SC-07).
func (m *movement) opened(class string, byEvent Status) Status {
	if m.corrected == 0 {
		return byEvent
	}
	return statusOfClass(class, byEvent)
}

// statusOfClass returns the status that a patient class stands for, otherwise
// when the class does not tell.
func statusOfClass(class string, otherwise Status) Status {
	switch class {
	case "I", "R":
		return Inpatient
	case "O", "E":
		return Outpatient
	}
	return otherwise
}

// A stay is a list of movements in the order of the stay. Its situation is
// never written by an event but worked out from the movements that are not
// cancelled, starting from base: what is left of movements that were forgotten,
// or what an A02 told about an admission that was never received.
type stay struct {
	visit, account           Identifier
	admittedAt, dischargedAt string
	base                     situation
	movements                []*movement
	now                      situation // of all movements, kept by settle
}

// settle works the situation out again, after any change of the movements.
func (s *stay) settle() {
	now := s.base
	for _, m := range s.movements {
		if !m.cancelled {
			now = now.after(m)
		}
	}
	if now.status == "" && len(s.movements) > 0 {
		now.status = Cancelled
	}
	s.now = now
}

// insert puts m at the end, or where its date wants it when it is historic, and
// forgets the oldest movement when there are more than max.
func (s *stay) insert(m *movement, max int) {
	at := len(s.movements)
	if m.historic && !m.at.IsZero() {
		for i, other := range s.movements {
			if other.at.After(m.at) {
				at = i
				break
			}
		}
	}
	s.movements = slices.Insert(s.movements, at, m)
	for len(s.movements) > max {
		if oldest := s.movements[0]; !oldest.cancelled {
			s.base = s.base.after(oldest)
		}
		s.movements = slices.Delete(s.movements, 0, 1)
	}
	s.settle()
}

// find returns the movement in force with one of these identifiers, inserted by
// one of the triggers, any trigger when none is given; or nil.
func (s *stay) find(keys []string, triggers ...string) *movement {
	for _, m := range s.movements {
		if m.inForce(triggers) && m.named(keys) {
			return m
		}
	}
	return nil
}

// last returns the newest movement in force, inserted by one of the triggers, any
// trigger when none is given; or nil.
func (s *stay) last(triggers ...string) *movement {
	for _, m := range slices.Backward(s.movements) {
		if m.inForce(triggers) {
			return m
		}
	}
	return nil
}

// named reports whether one of the identifiers is the movement's: systems that
// work together give it one each (PAM.fr 5.4.2).
func (m *movement) named(keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(m.keys, key) })
}

func (m *movement) inForce(triggers []string) bool {
	return !m.cancelled && (len(triggers) == 0 || slices.Contains(triggers, m.trigger))
}

// cancel undoes target. A current admission takes everything that followed it
// along: a transfer has no meaning in a stay that never was. The message tells
// where the patient is from now on (PV1-3, PV1-7), and is believed: the
// movement that is in force again adopts it. In a stay of which nothing is left
// the patient is nowhere.
func (s *stay) cancel(target *movement, restored *movement) {
	target.cancelled = true
	if opens := target.trigger == "A01" || target.trigger == "A04"; opens && !restored.historic {
		for _, m := range s.movements[slices.Index(s.movements, target):] {
			m.cancelled = true
		}
	}
	s.settle()
	if restored.historic || s.now.status == Cancelled {
		return
	}
	if m := s.last(); m != nil {
		m.location = m.location.or(restored.location)
		m.doctor = m.doctor.or(restored.doctor)
	} else {
		s.base.location = restored.location.to(s.base.location)
	}
	s.settle()
}
