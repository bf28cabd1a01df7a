package scenarios

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// judgeAnswers is judge for a step that can have several answers. Each is judged
// by what any acknowledgement owes, and in a burst, where each belongs to a
// message, by what the step expects of it too; otherwise that concerns the first.
func (s *stage) judgeAnswers(ctx context.Context, step *Step, out *outcome) []CheckInfo {
	if step.enhanced() {
		return s.judgeBoth(ctx, step, out)
	}
	var checks []CheckInfo
	if len(out.answers) == 0 && out.err != nil && s.unexplained(step, out) {
		broken := s.broken(step, out.err)
		checks = append(checks, broken)
		if !broken.judged() {
			return checks // nothing can be said about the candidate
		}
	}
	burst := step.Send != nil && step.Send.Kind == SendBurst
	for i, a := range out.answers {
		view, message := out.view(i)
		if a.receipt == nil {
			c, _ := brokenExchange(a.err)
			checks = append(checks, numbered(i, c)...)
			continue
		}
		if step.Wire.garbles() && namesNothing(a.receipt) {
			message = nil
		}
		view.owed = s.judgeOwed(message, a.receipt, a.response.Oddities)
		checks = append(checks, numbered(i, view.owed...)...)
		if i == 0 {
			out.owed = view.owed
		}
		if burst {
			s.of(message, a.receipt, func() {
				checks = append(checks, numbered(i, s.expectAll(ctx, step, view, TargetAck, TargetConforms, TargetLatency)...)...)
			})
		}
	}
	checks = append(checks, s.judgeCount(step, out, burst)...)
	for _, e := range step.Expect {
		told := e.Target == TargetAck || e.Target == TargetConforms || e.Target == TargetLatency
		if told && (burst || len(checks) > 0 && out.receipt == nil) {
			continue // of each answer, or by the check that there is none
		}
		checks = append(checks, s.expect(ctx, e, out))
	}
	return checks
}

// namesNothing reports a refusal without MSA-2: whose message had no MSH that
// could be read gets no other (mllp-ack-tls.md §2.3).
func namesNothing(r *hl7.Receipt) bool { return r.MessageID == "" && !r.Code.Positive() }

// expectAll judges what a step expects of some targets.
func (s *stage) expectAll(ctx context.Context, step *Step, out *outcome, targets ...Target) []CheckInfo {
	var checks []CheckInfo
	for _, e := range step.Expect {
		for _, t := range targets {
			if e.Target == t {
				checks = append(checks, s.expect(ctx, e, out))
			}
		}
	}
	return checks
}

// of has a message and its acknowledgement stand for those of the step, while f
// runs.
func (s *stage) of(message *hl7.Message, receipt *hl7.Receipt, f func()) {
	record := s.current
	m, ack := record.message, record.ack
	record.message, record.ack = message, receipt
	f()
	record.message, record.ack = m, ack
}

// view is the outcome as if the i-th answer were the only one, and the message
// that it belongs to: the one that it names, else the one at its place.
func (out *outcome) view(i int) (*outcome, *hl7.Message) {
	v, a := *out, out.answers[i]
	v.response, v.receipt, v.err = a.response, a.receipt, a.err
	items := out.parcel.items
	if len(items) == 1 {
		return &v, items[0].message
	}
	if w := out.parcel.wire; a.receipt != nil && w != nil && (w.Case != "" || w.Fault != nil) {
		for _, it := range items { // they need not come in this order
			if it.message != nil && it.message.Header().ControlID == a.receipt.Message.Get("MSA-2") {
				return &v, it.message
			}
		}
	}
	if i < len(items) {
		return &v, items[i].message
	}
	return &v, nil
}

// judgeCount judges whether there are as many answers as messages, when nobody
// has bent them and the step says nothing of it.
func (s *stage) judgeCount(step *Step, out *outcome, burst bool) []CheckInfo {
	if !burst || step.Wire != nil || len(out.answers) == 0 || step.Expects(TargetAnswers) || len(out.answers) == len(out.parcel.items) {
		return nil
	}
	c := CheckInfo{
		Name: string(TargetAnswers), Rule: "ack.received", Level: Must, Verdict: Fail, Spec: "IHE ITI TF-2 C.2.3",
		Expected: strconv.Itoa(len(out.parcel.items)), Actual: strconv.Itoa(len(out.answers)),
		Message: &Text{FR: "chaque message est acquitté, une fois", EN: "each message is acknowledged, once"},
	}
	if out.short != nil {
		c.Message.FR, c.Message.EN = c.Message.FR+" ; "+inLang(out.short, "fr"), c.Message.EN+"; "+inLang(out.short, "en")
	}
	return []CheckInfo{c}
}

// numbered names checks after the answer that they are about: ack#2.MSA-1. Those
// of the first have their usual names.
func numbered(i int, checks ...CheckInfo) []CheckInfo {
	if i == 0 {
		return checks
	}
	for k := range checks {
		name, rest, found := strings.Cut(checks[k].Name, ".")
		checks[k].Name = fmt.Sprintf("%s#%d", name, i+1)
		if found {
			checks[k].Name += "." + rest
		}
	}
	return checks
}
