package pam

import (
	"cmp"
	"slices"
	"time"
)

// State is where a stay is in its life (PAM.fr 5.1, 5.4).
type State string

// The states of a stay, told from the movements that have not been cancelled.
const (
	None             State = "none"              // nothing was sent
	PreAdmitted      State = "pre-admitted"      // A05
	AdmissionPending State = "admission-pending" // A14: the admission has been decided
	Open             State = "open"              // A01 or A04, and what may follow
	OnLeave          State = "on-leave"          // A21, until A22
	Closed           State = "closed"            // A03
	Cancelled        State = "cancelled"         // everything was cancelled: its numbers are spent
)

// Name says in lang, "fr" or "en", what the state means.
func (s State) Name(lang string) string {
	return map[State]Text{
		None:             {"aucun mouvement", "no movement"},
		PreAdmitted:      {"préadmis", "pre-admitted"},
		AdmissionPending: {"en attente d'admission", "admission pending"},
		Open:             {"en cours", "open"},
		OnLeave:          {"en absence provisoire", "on leave"},
		Closed:           {"terminé", "closed"},
		Cancelled:        {"annulé", "cancelled"},
	}[s].In(lang)
}

// Movement is a dated change of the situation of a patient within a stay. It
// opens a period that lasts until the next movement (PAM.fr 5.1.4).
type Movement struct {
	Step      string    // name of the step that inserted it
	ID        string    // ZBE-1.1
	Trigger   Trigger   // that inserted it
	Start     time.Time // ZBE-2
	Planned   time.Time // when what it announces is expected, see Change.Planned
	Nature    string    // ZBE-9
	Situation Situation // from Start on
	Pending   Situation // to which a pending transfer, A15, will lead
	Deceased  bool      // a discharge because the patient died
	Continued bool      // a discharge after which other visits of the account follow
	Cancelled bool
}

// log is the movements of one stay in the order in which they were inserted.
type log []Movement

// state tells the state of the stay.
func (l log) state() State {
	order := l.active()
	switch {
	case len(l) == 0:
		return None
	case len(order) == 0:
		return Cancelled
	}
	return l.walk(order)
}

// stateAt tells the state of the stay at a moment, after the movements of that
// moment.
func (l log) stateAt(t time.Time) State {
	order := l.active()
	n, _ := slices.BinarySearchFunc(order, t, func(i int, t time.Time) int {
		if l[i].Start.After(t) {
			return 1
		}
		return -1
	})
	return l.walk(order[:n])
}

// walk tells the state to which movements lead.
func (l log) walk(order []int) State {
	state := None
	for _, i := range order {
		state = state.after(l[i].Trigger)
	}
	return state
}

// after tells the state to which an event leads. What a test forced leads
// somewhere too: whoever is moved is there.
func (s State) after(t Trigger) State {
	switch {
	case t == "A05":
		return PreAdmitted
	case t == "A14":
		return AdmissionPending
	case t == "A03":
		return Closed
	case t == "A21":
		return OnLeave
	case t == "A01" || t == "A04" || t == "A22":
		return Open
	case s == OnLeave, s != None && (pending(t) || t == "A54"):
		return s
	}
	return Open
}

// active returns the indices of the movements that were not cancelled, in the
// order in which they happened.
func (l log) active() []int {
	order := make([]int, 0, len(l))
	for i := range l {
		if !l[i].Cancelled {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(l[a].Start.UnixNano(), l[b].Start.UnixNano())
	})
	return order
}

// last returns the index of the last active movement, -1 if there is none.
func (l log) last() int {
	if order := l.active(); len(order) > 0 {
		return order[len(order)-1]
	}
	return -1
}

// before returns the index of the active movement that movement i followed, -1
// if it was the first or is not in the log; i itself may have been cancelled.
func (l log) before(i int) int {
	if i < 0 {
		return -1
	}
	previous := -1
	for _, j := range l.active() {
		if j == i || l[j].Start.After(l[i].Start) {
			break
		}
		previous = j
	}
	return previous
}

// at returns the index of the active movement whose period contains t, -1 if t
// is before all of them.
func (l log) at(t time.Time) int {
	found := -1
	for _, i := range l.active() {
		if l[i].Start.After(t) {
			break
		}
		found = i
	}
	return found
}

// historic reports whether an active movement comes after movement i, ZBE-5;
// nothing comes after a movement that is not in the log, -1.
func (l log) historic(i int) bool {
	last := l.last()
	return i >= 0 && last >= 0 && last != i && !l[last].Start.Before(l[i].Start)
}

// ordered reports whether the entry comes first, the discharge last or before
// another session, each leave before its return, and no two movements at one
// moment, but for an expected patient who comes at once.
func (l log) ordered() bool {
	order := l.active()
	state := None
	for n, i := range order {
		m, before := l[i], state
		state = state.after(m.Trigger)
		if n == 0 {
			continue
		}
		last := l[order[n-1]]
		session := last.Trigger == "A03" && m.session()
		switch {
		case last.Trigger == "A03" && !session,
			opens(m.Trigger) && !expects(last.Trigger) && !session,
			m.Trigger == "A22" && before != OnLeave,
			m.Trigger == "A21" && before == OnLeave,
			last.Start.Equal(m.Start) && !expects(last.Trigger):
			return false
		}
	}
	return true
}

// session reports whether the movement begins one of several sessions that share
// a visit number (PAM.fr 5.3.7).
func (m Movement) session() bool { return m.Trigger == "A01" && m.Situation.Class == "R" }

// next returns the index of the active movement that followed movement i, -1 if
// it was the last or is not in the log; i itself may have been cancelled.
func (l log) next(i int) int {
	if i < 0 {
		return -1
	}
	found := -1
	for _, k := range slices.Backward(l.active()) {
		if k == i || l[k].Start.Before(l[i].Start) || l[k].Start.Equal(l[i].Start) && k < i {
			break
		}
		found = k
	}
	return found
}

// latest returns the index of the last active movement of one of the triggers,
// -1 if there is none.
func (l log) latest(triggers []Trigger) int {
	found := -1
	for _, i := range l.active() {
		if slices.Contains(triggers, l[i].Trigger) {
			found = i
		}
	}
	return found
}

// named returns the index of the movement that a step inserted, the latest if
// several did; -1 if none did.
func (l log) named(step string) int {
	for i := len(l) - 1; i >= 0; i-- {
		if l[i].Step == step {
			return i
		}
	}
	return -1
}

// entered returns when the patient came, who was there at t: the start of the
// last admission until then, or else of the first; zero before it.
func (l log) entered(t time.Time) time.Time {
	var came time.Time
	for _, i := range l.active() {
		if m := l[i]; enters(m.Trigger) && (came.IsZero() || !m.Start.After(t)) {
			came = m.Start
		}
	}
	return came
}

// carry hands on what changed at movement i, from one situation to another, to
// the movements after it that took it over from there: a leave does not move
// anybody, a transfer does not name a doctor.
func (l log) carry(i int, from, to Situation) {
	if i < 0 || from == to {
		return
	}
	place, class, doctor := true, true, true
	for k := l.next(i); k >= 0; k = l.next(k) {
		m := &l[k]
		if opens(m.Trigger) {
			return
		}
		place = place && m.Trigger != "A02" && !reclassifies(m.Trigger)
		class = class && !reclassifies(m.Trigger)
		doctor = doctor && m.Trigger != "A54"
		was := m.Situation
		if place {
			m.Situation = to
			m.Situation.Class, m.Situation.Doctor = was.Class, was.Doctor
		}
		if class && from.Class != to.Class {
			m.Situation.Class = to.Class
		}
		if doctor && from.Doctor != to.Doctor {
			m.Situation.Doctor = to.Doctor
		}
	}
}

// preadmitted reports whether a pre-admission stands.
func (l log) preadmitted() bool { return l.latest([]Trigger{"A05"}) >= 0 }
