package scenarios

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// visit is what came of waiting for a candidate to connect.
type visit struct {
	came    bool   // somebody connected
	outcome string // TLSAccepted, TLSRefused, or "" when that cannot be told
	message bool
	refused bool // in plain text, of which it may think better
	within  time.Duration
	offer   *Offer // what of TLS we spoke
}

// welcome lets the candidate connect and waits until it is known what it makes
// of us: it sends a message, which is answered; it refuses us; or time is up. A
// connection that it opens and closes without a word is no answer by itself, so
// the next one is awaited.
func (s *stage) welcome(ctx context.Context, step *Step) (*outcome, error) {
	limits := s.player.Candidate.Limits
	v := &visit{within: step.Accept.Within, offer: step.Accept.Offer}
	if v.within == 0 {
		v.within = limits.Receive
	}
	out := &outcome{client: s.client, visit: v, plain: step.Accept.Plain}
	shown := step.Accept.connect()
	st, err := s.openStation(ctx, shown)
	if err != nil {
		return nil, err
	}
	defer st.close()
	late := time.NewTimer(v.within)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return out, nil
		case <-late.C:
			return out, nil
		case a := <-st.news:
			if a.state == "" {
				s.tellMessage(step, a)
				v.came, v.message, v.outcome, out.conn, out.err = true, true, TLSAccepted, a.conn, nil
				return out, nil
			}
			if a.state != mllp.StateNew && (a.state != mllp.StateOpen || a.conn.TLS != nil || st.server.TLSConfig == nil) {
				s.tellArrival(step, a, shown)
			}
			if a.state == mllp.StateHandshakeFailed && hungUp(a.err) && !a.begun {
				continue // it has not even asked who we are
			}
			switch {
			case !v.note(a, out) || v.refused:
			case !out.plain:
				return out, nil
			default: // it may yet fall back to plain text
				v.refused = true
				late.Reset(min(v.within, regret))
			}
		}
	}
}

// regret is how long a candidate that spoke TLS where we do not is given to send
// its message in the clear.
const regret = time.Second

// note learns from a connection that has changed its state, and reports whether
// nothing more has to be awaited.
func (v *visit) note(a arrival, out *outcome) bool {
	v.came = true
	switch a.state {
	case mllp.StateOpen:
		out.conn, v.outcome = a.conn, TLSAccepted // until it hangs up
		if out.plain {
			v.outcome = TLSRefused // until it sends
		}
	case mllp.StateHandshakeFailed:
		out.err = a.err
		if v.outcome = ""; alerted(a.err) || hungUp(a.err) || v.offer != nil && nothingShared(a.err) {
			v.outcome = TLSRefused
		}
		_, clear := errors.AsType[tls.RecordHeaderError](a.err)
		return !clear // what comes in plain text to our TLS is no answer to it
	case mllp.StateClosed:
		out.err, v.outcome = a.err, TLSRefused
		if alerted(a.err) {
			return true
		}
		frame, ok := errors.AsType[*mllp.FrameError](a.err)
		return ok && frame.Kind == mllp.FrameTLS // it speaks TLS, and we do not
	}
	return false
}

// nothingShared reports a handshake that we ended because the candidate offers
// nothing of what we were to speak: that is its refusal.
func nothingShared(err error) bool {
	e, ok := errors.AsType[*mllp.Error](err)
	return ok && !e.Remote && (e.Alert == "protocol_version" || e.Alert == "handshake_failure" || e.Alert == "insufficient_security")
}

// showsNothing reports a handshake that we ended because the candidate has no
// certificate.
func showsNothing(err error) bool {
	e, ok := errors.AsType[*mllp.Error](err)
	return ok && !e.Remote && e.Alert == "certificate_required"
}

// judgeVisit judges what the candidate made of us. Who never came was not judged,
// and neither was who we turned away ourselves, unless it showed no certificate.
func (s *stage) judgeVisit(ctx context.Context, step *Step, out *outcome) []CheckInfo {
	v := out.visit
	address := s.player.Candidate.Harness.Listen
	c := CheckInfo{Name: "connection", Level: Must, Verdict: Inconclusive, Expected: address, Actual: "-"}
	switch {
	case !v.came:
		c.Message = &Text{
			FR: fmt.Sprintf("personne ne s'est connecté à %s en %s", address, v.within),
			EN: fmt.Sprintf("nobody connected to %s within %s", address, v.within),
		}
		c.Hint = &Text{
			FR: "déclenchez un envoi du candidat vers harness.listen pendant que l'étape attend, ou allongez « within »",
			EN: `have the candidate send to harness.listen while the step waits, or make "within" longer`,
		}
		return []CheckInfo{c}
	case v.outcome == "" && step.Expects(TargetTLS):
		broken, _ := brokenExchange(out.err)
		broken.Name, broken.Rule, broken.Verdict, broken.Spec = "connection", "", Inconclusive, ""
		if showsNothing(out.err) {
			broken.Verdict = Fail // authentication is mutual
		}
		return []CheckInfo{broken}
	}
	var checks []CheckInfo
	for _, e := range step.Expect {
		checks = append(checks, s.expect(ctx, e, out))
	}
	return checks
}
