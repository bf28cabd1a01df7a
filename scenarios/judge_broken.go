package scenarios

import (
	"errors"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// brokenExchange says what an exchange that brought no acknowledgement means: a
// candidate that could not be reached was not judged, one that was reached and
// did not answer as it must has failed.
func brokenExchange(err error) (CheckInfo, Verdict) {
	c := CheckInfo{Name: "ack", Rule: "ack.received", Level: Must, Expected: "ACK", Spec: "IHE ITI TF-2 C.2.3"}
	var e *mllp.Error
	var h *hl7.Error
	verdict := Error
	switch {
	case errors.As(err, &h):
		verdict = Fail
		c.Actual, c.Message = "?", &Text{FR: h.In("fr"), EN: h.In("en")}
		c.Hint = hintText(h)
	case errors.As(err, &e):
		verdict = Fail
		switch e.Kind {
		case mllp.NoConnection, mllp.HandshakeRefused, mllp.Interrupted:
			verdict = Inconclusive
		}
		c.Actual, c.Message = string(e.Kind), &Text{FR: e.In("fr"), EN: e.In("en")}
		for _, o := range e.Oddities {
			if told(o.Kind, e.Kind) {
				continue
			}
			c.Message.FR += " ; " + o.In("fr")
			c.Message.EN += "; " + o.In("en")
		}
		if len(e.Partial) > 0 {
			c.Actual += ": " + legible(string(e.Partial[:min(len(e.Partial), maxExcerpt)]))
		}
		c.Hint = hintText(e)
	default:
		c.Actual, c.Message = err.Error(), &Text{FR: err.Error(), EN: err.Error()}
	}
	c.Verdict = verdict
	return c, verdict
}

// told reports an oddity that the sentence of the error speaks of itself.
func told(odd mllp.OddityKind, kind mllp.ErrorKind) bool {
	if kind == mllp.BrokenFrame || kind == mllp.TooLarge {
		return false
	}
	return odd == mllp.GarbageBefore || odd == mllp.EmptyBlock || odd == mllp.ReleaseTwoCommit
}

// maxExcerpt bounds what a report shows of an answer that is none.
const maxExcerpt = 120

func hintText(e interface{ Hint(string) string }) *Text {
	t := Text{FR: e.Hint("fr"), EN: e.Hint("en")}
	if t.IsZero() {
		return nil
	}
	return &t
}
