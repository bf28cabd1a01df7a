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
	None        State = "none"         // nothing was sent
	PreAdmitted State = "pre-admitted" // A05
	Open        State = "open"         // A01 or A04, and what may follow
	Closed      State = "closed"       // A03
	Cancelled   State = "cancelled"    // everything was cancelled: its numbers are spent
)

// Name says in lang, "fr" or "en", what the state means.
func (s State) Name(lang string) string {
	return map[State]Text{
		None:        {"aucun mouvement", "no movement"},
		PreAdmitted: {"préadmis", "pre-admitted"},
		Open:        {"en cours", "open"},
		Closed:      {"terminé", "closed"},
		Cancelled:   {"annulé", "cancelled"},
	}[s].In(lang)
}

// Movement is a dated change of the situation of a patient within a stay. It
// opens a period that lasts until the next movement (PAM.fr 5.1.4).
type Movement struct {
	Step      string    // name of the step that inserted it
	ID        string    // ZBE-1.1
	Trigger   Trigger   // that inserted it
	Start     time.Time // ZBE-2
	Planned   time.Time // of a pre-admission: when the patient is expected
	Nature    string    // ZBE-9
	Situation Situation // from Start on
	Deceased  bool      // a discharge because the patient died
	Cancelled bool
}

// log is the movements of one stay in the order in which they were inserted.
type log []Movement

// state tells the state of the stay.
func (l log) state() State {
	last := l.last()
	switch {
	case len(l) == 0:
		return None
	case last < 0:
		return Cancelled
	}
	switch l[last].Trigger {
	case "A05":
		return PreAdmitted
	case "A03":
		return Closed
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

// ordered reports whether the entry comes first, the discharge last, and no two
// movements at one moment, but for an expected patient who comes at once.
func (l log) ordered() bool {
	order := l.active()
	for n := 1; n < len(order); n++ {
		a, b := l[order[n-1]], l[order[n]]
		if a.Trigger == "A03" || opens(b.Trigger) && a.Trigger != "A05" || a.Start.Equal(b.Start) && a.Trigger != "A05" {
			return false
		}
	}
	return true
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

// entered returns when the patient came: the start of the admission, zero
// before it.
func (l log) entered() time.Time {
	for _, i := range l.active() {
		if t := l[i].Trigger; t == "A01" || t == "A04" {
			return l[i].Start
		}
	}
	return time.Time{}
}

// preadmitted reports whether a pre-admission stands.
func (l log) preadmitted() bool { return l.latest([]Trigger{"A05"}) >= 0 }
