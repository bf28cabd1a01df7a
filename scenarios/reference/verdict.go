package reference

import "github.com/pamlab/pamlab/hl7"

// Outcome says what became of a message.
type Outcome string

// The outcomes. A discarded message is acknowledged with AA like an applied one:
// the profile calls it no error (iti-30-31.md §3.2).
const (
	Applied   Outcome = "applied"
	Discarded Outcome = "discarded" // understood, but it contradicts the record and changes nothing
	Repeated  Outcome = "repeated"  // received before: answered as before, not applied again
	Refused   Outcome = "refused"   // AE or AR
	Ignored   Outcome = "ignored"   // an acknowledgement, which is never acknowledged
)

// A verdict is what is answered to a message, before it is written down.
type verdict struct {
	outcome Outcome
	reason  Text
	code    hl7.AckCode // "" answers nothing
	errors  []hl7.AckError
}

// final reports whether the same message gets this answer for ever.
func (v verdict) final() bool { return v.code == hl7.AA || v.code == hl7.AE }

// again returns the verdict for a message that comes a second time.
func (v verdict) again() verdict {
	v.outcome = Repeated
	return v
}

func reject(code int, at hl7.Location, reason Text) verdict {
	return refuse(hl7.AR, reason, ackError(code, at, reason.EN))
}

func refuse(code hl7.AckCode, reason Text, found ...hl7.AckError) verdict {
	return verdict{outcome: Refused, reason: reason, code: code, errors: found}
}

// verdict turns what happened to the record into an answer. That a message was
// discarded is said beside the AA, as a warning (pam-fr.md §12, Q-30).
func (o outcome) verdict() verdict {
	switch o.kind {
	case Refused:
		return refuse(hl7.AE, o.why, ackError(o.code, o.at, o.why.EN))
	case Discarded:
		note := ackError(hl7.ConditionAccepted, hl7.Location{}, o.why.EN)
		note.Severity = "W"
		return verdict{outcome: Discarded, reason: o.why, code: hl7.AA, errors: []hl7.AckError{note}}
	}
	return verdict{outcome: Applied, code: hl7.AA}
}
