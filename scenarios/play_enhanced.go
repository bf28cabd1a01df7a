package scenarios

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// collectBoth reads the acknowledgements of the enhanced mode: that of the
// transport (CA, CE, CR) and that of the application (AA, AE, AR), which can come
// on another connection. One that is expected not to come is awaited as long as
// one that is.
func (s *stage) collectBoth(ctx context.Context, step *Step, out *outcome, broken error, elsewhere *station) {
	wait := step.Within
	if broken != nil {
		wait = settle
	}
	for s.listening(out) {
		var response *mllp.Response
		var err error
		if s.awaits(step, out) {
			response, err = out.raw.Receive(ctx, wait)
		} else {
			response, err = out.raw.More(ctx, settle)
		}
		if err != nil {
			s.unheard(step, out, err, broken)
			break
		}
		if response == nil {
			break
		}
		out.sort(s.heard(step, out, response), ViaSame)
	}
	if elsewhere != nil && out.via == ViaAny && ctx.Err() == nil {
		s.collectFar(ctx, step, out, elsewhere, broken == nil)
	}
	if len(out.answers) > 0 {
		out.err = nil
	}
}

// awaits reports whether something more may be due on the connection of the
// message.
func (s *stage) awaits(step *Step, out *outcome) bool {
	if out.commit == nil && (step.Expects(TargetAccept) || step.Expects(TargetAcceptConforms)) {
		return true
	}
	application := out.via == ViaAny && !step.Via.listens()
	if application && (step.Expects(TargetAck) || step.Expects(TargetNoAck) || step.Expects(TargetConforms) || step.Via == ViaSame) {
		return true
	}
	return len(out.answers) == 0 && !step.Via.listens()
}

// collectFar waits for the application acknowledgement that did not come at once
// on the connection of the message: elsewhere, or, where either will do, by turns
// on both.
func (s *stage) collectFar(ctx context.Context, step *Step, out *outcome, st *station, near bool) {
	wait := step.Within
	if wait == 0 {
		wait = s.player.Candidate.Limits.Ack
	}
	if step.Via != ViaEither {
		s.collectElsewhere(ctx, step, out, st, wait)
		return
	}
	for until := time.Now().Add(wait); out.via == ViaAny && ctx.Err() == nil && time.Now().Before(until); {
		s.collectElsewhere(ctx, step, out, st, settle)
		if out.via != ViaAny || !near {
			continue
		}
		response, err := out.raw.More(ctx, settle)
		if near = err == nil; response != nil {
			out.sort(s.heard(step, out, response), ViaSame)
		}
	}
}

// sort keeps an answer in its place: the first of each kind counts.
func (out *outcome) sort(a *answer, via Via) {
	commit := a.receipt != nil && strings.HasPrefix(string(a.receipt.Code), "C")
	switch {
	case commit && out.commit == nil:
		out.commit, out.late = a, out.via != ViaAny
	case !commit && out.via == ViaAny:
		out.response, out.receipt, out.via = a.response, a.receipt, via
	}
}

// collectElsewhere waits for the application acknowledgement on a connection that
// the candidate opens.
func (s *stage) collectElsewhere(ctx context.Context, step *Step, out *outcome, st *station, wait time.Duration) {
	late := time.NewTimer(wait)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-late.C:
			return
		case a := <-st.news:
			if a.state != "" {
				if a.state != mllp.StateNew {
					s.tellArrival(step, a, nil)
				}
				continue
			}
			s.tellMessage(step, a)
			receipt, err := hl7.ReadAck(a.message)
			if err != nil || !s.concerns(receipt) {
				continue // of something else
			}
			response := &mllp.Response{Payload: a.message, Oddities: a.oddities, Conn: a.conn}
			one := &answer{response: response, receipt: receipt}
			out.answers = append(out.answers, one)
			out.sort(one, ViaOther)
			if out.via != ViaAny {
				return
			}
		}
	}
}

// concerns reports whether an acknowledgement is one of the message of the step.
func (s *stage) concerns(receipt *hl7.Receipt) bool {
	m := s.current.message
	return m == nil || bytes.Equal([]byte(m.Header().ControlID), []byte(receipt.MessageID))
}

// committed is the outcome as if the commit acknowledgement were the only one.
func (out *outcome) committed() *outcome {
	v := *out
	v.response, v.receipt, v.owed = nil, nil, out.owedCommit
	if out.commit != nil {
		v.response, v.receipt = out.commit.response, out.commit.receipt
	}
	return &v
}

// judgeBoth is judge for the enhanced mode: what each acknowledgement owes, their
// order and their way, then what the step expects.
func (s *stage) judgeBoth(ctx context.Context, step *Step, out *outcome) []CheckInfo {
	var checks []CheckInfo
	if len(out.answers) == 0 && out.err != nil && s.unexplained(step, out) {
		broken, verdict := brokenExchange(out.err)
		checks = append(checks, broken)
		if verdict != Fail {
			return checks // nothing can be said about the candidate
		}
	}
	for _, a := range out.answers {
		checks = append(checks, s.judgeOne(out, a)...)
	}
	if out.late {
		checks = append(checks, CheckInfo{
			Name: "accept", Level: Must, Verdict: Fail, Expected: "accept, ack", Actual: "ack, accept", Spec: "IHE ITI TF-2 C.2.3",
			Message: &Text{
				FR: "l'acquittement de transport est venu après celui de l'application",
				EN: "the commit acknowledgement came after that of the application",
			},
		})
	}
	if step.Via != ViaAny && out.via != ViaAny {
		c := CheckInfo{Name: "ack.via", Level: Must, Verdict: Pass, Expected: string(step.Via), Actual: string(out.via), Source: sourceOf(step.viaPos)}
		if step.Via != ViaEither && out.via != step.Via {
			c.Verdict = Fail
		}
		checks = append(checks, c)
	}
	if out.receipt == nil && step.Via == ViaOther && !expects(step.Expect, TargetAck) {
		c, _ := brokenExchange(&mllp.Error{Kind: mllp.NoAnswer, Addr: s.player.Candidate.Harness.Listen})
		checks = append(checks, c)
	}
	for _, e := range step.Expect {
		if len(out.answers) == 0 && len(checks) > 0 && (e.Target == TargetAck || e.Target == TargetConforms || e.Target == TargetLatency) {
			continue // told once, by the check that there is no acknowledgement
		}
		checks = append(checks, s.expect(ctx, e, out))
	}
	return checks
}

// judgeOne judges what one of the acknowledgements owes.
func (s *stage) judgeOne(out *outcome, a *answer) []CheckInfo {
	if a.receipt == nil {
		c, _ := brokenExchange(a.err)
		return []CheckInfo{c}
	}
	owed := s.judgeOwed(s.current.message, a.receipt, a.response.Oddities)
	switch {
	case a == out.commit:
		for i := range owed {
			owed[i].Name = strings.Replace(owed[i].Name, string(TargetAck), string(TargetAccept), 1)
		}
		out.owedCommit = owed
	case a.receipt == out.receipt:
		out.owed = owed
	}
	return owed
}
