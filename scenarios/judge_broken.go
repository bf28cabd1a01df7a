package scenarios

import (
	"cmp"
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

// broken judges an exchange of a step that brought no acknowledgement. A candidate
// that answered in this play and is gone for a new connection is no longer one
// that could not be reached. Whether bent bytes, or a connection beside a crowd,
// have to be answered is for the step to say, by its level.
func (s *stage) broken(step *Step, err error) CheckInfo {
	c, _ := brokenExchange(err)
	gone := s.vanished(step, err)
	if gone {
		c.Verdict = Fail
		c.Message = &Text{
			FR: c.Message.FR + " ; il répondait plus tôt dans ce scénario",
			EN: c.Message.EN + "; it answered earlier in this scenario",
		}
	}
	if c.Verdict == Fail && (gone || step.Wire != nil) {
		c.Level = step.owed()
		c.Verdict, c.Unmet = c.Level.Broken(), c.Level == Info
	}
	return c
}

// vanished reports that a step asks for a new connection, as the one on which the
// candidate has answered before, and does not get it.
func (s *stage) vanished(step *Step, err error) bool {
	if step.Sanity || step.Connect == nil || step.strangeConnection() || !unreachable(err) && !refused(err) {
		return false
	}
	for _, before := range s.steps {
		if before.ack != nil {
			return true
		}
	}
	return false
}

// owed is the strictest level of what a step expects of an answer. Where it does
// not say, an answer is a MUST.
func (step *Step) owed() Level {
	strictest := Level("")
	for _, e := range step.Expect {
		if e.Target != TargetAck && e.Target != TargetAnswers {
			continue
		}
		if e.Level == Must || strictest == "" || strictest == Info {
			strictest = e.Level
		}
	}
	return cmp.Or(strictest, Must)
}

// judged reports a check that says something about the candidate.
func (c CheckInfo) judged() bool { return c.Verdict != Inconclusive && c.Verdict != Error }

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
