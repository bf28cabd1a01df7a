package pam

import "slices"

// Trigger is a trigger event, MSH-9.2: "A01" … "A55", "Z99".
type Trigger string

// kind says what an event does to the log of movements of a visit.
type kind uint8

const (
	identity kind = iota // ITI-30: about the person, no movement
	insert               // adds a movement: ZBE-4 = INSERT
	cancel               // takes a movement back: ZBE-4 = CANCEL
	update               // corrects a movement: ZBE-4 = UPDATE
	tracking             // ITI-31 without a movement: temporary places
	account              // ITI-31 without a movement: whose account, and its number
)

// event is a row of the table of trigger events: what the two transactions know
// about an event, whether or not this package can build it yet.
type event struct {
	trigger Trigger
	name    Text
	// transaction is "ITI-30" or "ITI-31".
	transaction string
	kind        kind
	// cancels lists the events whose movement this one takes back.
	cancels []Trigger
	// v25 and v231 are the message structure, MSH-9.3, in HL7 2.5 and 2.3.1;
	// "" where that version has no such event.
	v25, v231 string
	// z lists the French segments that the event may carry (PAM.fr 5.2, 6.14 to
	// 6.19).
	z string
	// classes lists the PV1-2 with which the event may insert a movement
	// without a finding (PAM.fr 5.3.2, 5.3.5); "" for any.
	classes string
	// built tells that Journey.Message can make the message.
	built bool
}

// segmentAllowed reports whether a French Z segment has a place in the event.
func (e event) segmentAllowed(name string) bool {
	for rest := e.z; len(rest) >= 3; {
		if rest[:3] == name {
			return true
		}
		rest = rest[min(4, len(rest)):]
	}
	return false
}

// lookup finds the row of a trigger event.
func lookup(t Trigger) (event, bool) {
	for i := range events {
		if events[i].trigger == t {
			return events[i], true
		}
	}
	return event{}, false
}

// Triggers lists the trigger events of both transactions, those that this
// package builds and the others, ITI-30 first.
func Triggers() []Trigger {
	all := make([]Trigger, len(events))
	for i := range events {
		all[i] = events[i].trigger
	}
	return all
}

// ParseTrigger returns the trigger event written as in MSH-9.2, in capitals. An
// event of neither transaction is a *TriggerError that lists near names.
func ParseTrigger(s string) (Trigger, error) {
	if _, ok := lookup(Trigger(s)); !ok {
		return "", newTriggerError(s)
	}
	return Trigger(s), nil
}

// Name says in lang, "fr" or "en", what the event is about: "Admission
// hospitalisé". It is "" for an event of neither transaction.
func (t Trigger) Name(lang string) string {
	e, _ := lookup(t)
	return e.name.In(lang)
}

// Transaction returns "ITI-30", about the person, or "ITI-31", about accounts,
// visits and movements; "" for an event of neither.
func (t Trigger) Transaction() string {
	e, _ := lookup(t)
	return e.transaction
}

// Cancels lists the events that t takes back; none for other events.
func (t Trigger) Cancels() []Trigger {
	e, _ := lookup(t)
	return slices.Clone(e.cancels)
}
