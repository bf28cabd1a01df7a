package reference

import "github.com/pamlab/pamlab/hl7"

// An event is what the DMN knows about a trigger event: which segments its
// messages owe, and what it does to the record.
type event struct {
	trigger string
	pv1     bool // a PV1 segment with a patient class
	stay    bool // … that names an account or a visit
	zbe     bool // a ZBE segment, where the dialect has French segments
	mrg     bool
	twoPIDs bool
	do      func(*registry, *notice) outcome
}

// An outcome says what became of a message that could be read.
type outcome struct {
	kind Outcome
	why  Text // of all but Applied

	code int          // of Refused
	at   hl7.Location // of Refused
}

func applied() outcome { return outcome{kind: Applied} }

func discarded(why Text) outcome { return outcome{kind: Discarded, why: why} }

// conflict is one of the contradictions that the specifications call an error.
func conflict(code int, at hl7.Location, why Text) outcome {
	return outcome{kind: Refused, code: code, at: at, why: why}
}

// eventOf returns what is known about a trigger event: all of ITI-30 and ITI-31
// (iti-30-31.md §3.1), whether or not this DMN is to support it.
func eventOf(trigger string) (event, bool) {
	e := event{trigger: trigger}
	switch trigger {
	case "A28", "A31":
		e.pv1, e.do = true, (*registry).register
	case "A40":
		e.mrg, e.do = true, (*registry).merge
	case "A47":
		e.mrg, e.do = true, (*registry).rename
	case "A44":
		e.mrg, e.do = true, (*registry).moveAccount
	case "A49":
		e.mrg, e.do = true, (*registry).renumberAccount
	case "A24":
		e.twoPIDs, e.do = true, (*registry).linkRecords
	case "A37":
		e.twoPIDs, e.do = true, (*registry).unlinkRecords
	default:
		e.pv1, e.stay = true, true
		e.do, e.zbe = movementEvent(trigger)
	}
	return e, e.do != nil
}

// movementEvent returns what an event of ITI-31 does and whether ZBE belongs to
// it (iti-30-31.md §6).
func movementEvent(trigger string) (do func(*registry, *notice) outcome, zbe bool) {
	switch trigger {
	case "A08":
		return (*registry).revise, false
	case "A01":
		return (*registry).admit, true
	case "A02", "A04", "A05", "A14":
		return (*registry).begin, true
	case "A06":
		return changingClass("A07"), true
	case "A07":
		return changingClass("A06"), true
	case "A03", "A21", "A54":
		return within(situation.open, noOpenStay), true
	case "A15", "A16":
		return within(situation.admitted, noAdmission), true
	case "A22":
		return within(situation.away, noLeave), true
	case "A09", "A10":
		return within(situation.open, noOpenStay), false
	case "A11":
		return (*registry).cancelAdmission, true
	case "Z99":
		return (*registry).correct, true
	case "A33":
		return cancelling("A09"), false
	case "A32":
		return cancelling("A10"), false
	}
	if cancelled := cancelledBy(trigger); cancelled != "" {
		return cancelling(cancelled), true
	}
	return nil, false
}

// cancelledBy returns the one event that a trigger event cancels, or "".
func cancelledBy(trigger string) string {
	switch trigger {
	case "A12":
		return "A02"
	case "A13":
		return "A03"
	case "A38":
		return "A05"
	case "A27":
		return "A14"
	case "A26":
		return "A15"
	case "A25":
		return "A16"
	case "A52":
		return "A21"
	case "A53":
		return "A22"
	case "A55":
		return "A54"
	}
	return ""
}

// allEvents lists every trigger event of eventOf.
func allEvents() []string {
	return []string{
		"A28", "A31", "A47", "A40", "A24", "A37",
		"A01", "A04", "A11", "A03", "A13", "A08", "A05", "A38", "A06", "A07", "A02", "A12",
		"A14", "A27", "A15", "A26", "A16", "A25", "A54", "A55", "A21", "A52", "A22", "A53", "A44", "A49",
		"A09", "A33", "A10", "A32", "Z99",
	}
}
