package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pamlab/pamlab/mllp"
)

// judge returns the checks of a step: what the acknowledgement owes, then what
// the step expects of it.
func (s *stage) judge(ctx context.Context, step *Step, out *outcome) []CheckInfo {
	switch {
	case out.received:
		return out.judged
	case out.visit != nil:
		return s.judgeVisit(ctx, step, out)
	case out.crowd && out.err == nil:
		return nil
	case out.parcel != nil && out.raw != nil:
		return s.judgeAnswers(ctx, step, out)
	}
	var checks []CheckInfo
	switch {
	case out.err != nil && s.unexplained(step, out):
		broken := s.broken(step, out.err)
		checks = append(checks, broken)
		if !broken.judged() {
			return checks // nothing can be said about the candidate
		}
	case out.receipt != nil && !out.probed:
		out.owed = s.judgeOwed(s.current.message, out.receipt, out.response.Oddities)
		checks = append(checks, out.owed...)
	}
	broken := len(checks) > 0 && out.receipt == nil
	for _, e := range step.Expect {
		if broken && (e.Target == TargetAck || e.Target == TargetConforms || e.Target == TargetLatency) {
			continue // told once, by the check that there is no acknowledgement
		}
		checks = append(checks, s.expect(ctx, e, out))
	}
	return checks
}

// unexplained reports whether an exchange that brought no acknowledgement is
// something that no expectation of the step speaks of.
func (s *stage) unexplained(step *Step, out *outcome) bool {
	switch {
	case out.response != nil && !out.probed:
		return true // something came that is no acknowledgement
	case step.Expects(TargetTLS) && (out.probed || step.strangeConnection()):
		return tlsOutcome(out) == ""
	case unreachable(out.err) || refused(out.err):
		return true
	}
	for _, e := range step.Expect {
		if e.Target == TargetAck {
			return true
		}
	}
	return !s.excused(step.Expect)
}

// strangeConnection reports a step that shows another identity than our usual
// one, speaks other TLS, or plain text: then a refusal may be what it is about. Our usual
// identity being refused is never a fault of the candidate's.
func (step *Step) strangeConnection() bool {
	return step.Connect.strange()
}

// excused reports whether a silence is expected: no acknowledgement, or a
// connection that is closed.
func (s *stage) excused(list []*Expectation) bool {
	for _, e := range list {
		switch e.Target {
		case TargetNoAck, TargetNoAccept:
			return true
		case TargetAnswers:
			if ok, _, err := e.Matcher.Match(ActualText("0"), s); ok && err == nil {
				return true
			}
		case TargetConnection:
			if ok, _, err := e.Matcher.Match(ActualText(ConnectionClosed), s); ok && err == nil {
				return true
			}
		}
		for _, alternative := range e.AnyOf {
			if s.excused(alternative) {
				return true
			}
		}
	}
	return false
}

func kindOf(err error) mllp.ErrorKind {
	var e *mllp.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func unreachable(err error) bool { return kindOf(err) == mllp.NoConnection }
func refused(err error) bool     { return kindOf(err) == mllp.HandshakeRefused }

// expect judges one expectation.
func (s *stage) expect(ctx context.Context, e *Expectation, out *outcome) CheckInfo {
	c := CheckInfo{Name: e.Name(), Level: e.Level, Verdict: Pass, Source: sourceOf(e.Pos)}
	if !e.Because.IsZero() {
		because := e.Because
		c.Message = &because
	}
	ok := false
	var expected Text
	var err error
	switch e.Target {
	case TargetAnyOf:
		return s.expectAnyOf(ctx, e, out, c)
	case TargetNoAck:
		expected, ok = Text{FR: "aucun acquittement", EN: "no acknowledgement"}, out.response == nil
		c.Actual = ackCode(out)
	case TargetNoAccept:
		expected, ok = Text{FR: "aucun acquittement de transport", EN: "no commit acknowledgement"}, out.commit == nil
		c.Actual = ackCode(out.committed())
	case TargetAcceptConforms:
		expected = Text{FR: "aucune règle rompue, pas même un SHOULD", EN: "no rule broken, not even a SHOULD"}
		c.Actual, ok = broken(out.committed())
	case TargetReceivedConforms:
		expected = Text{FR: "aucune règle rompue, pas même un SHOULD", EN: "no rule broken, not even a SHOULD"}
		c.Actual, ok = rulesOf(out.owed)
	case TargetConforms:
		expected = Text{FR: "aucune règle rompue, pas même un SHOULD", EN: "no rule broken, not even a SHOULD"}
		c.Actual, ok = broken(out)
	case TargetAccept:
		if out.commit == nil || out.commit.receipt == nil {
			c.Actual = "-"
			_, expected, err = e.Matcher.Match(ActualText(""), s)
			break
		}
		actual := e.Actual(out.commit.receipt.Message)
		c.Actual = actual.String()
		ok, expected, err = e.Matcher.Match(actual, s)
	case TargetAck:
		if out.receipt == nil { // absent, and anything but AA, are not said of an answer that never came
			c.Actual = ackCode(out)
			_, expected, err = e.Matcher.Match(ActualText(""), s)
			break
		}
		fallthrough
	default:
		actual := s.actual(ctx, e, out)
		c.Actual = actual.String()
		ok, expected, err = e.Matcher.Match(actual, s)
	}
	c.Expected, c.Actual = legible(expected.EN), legible(c.Actual)
	if expected.FR != expected.EN {
		c.Wanted = &expected
	}
	switch {
	case err != nil:
		c.Verdict, c.Message = Inconclusive, textOf(err)
	case !ok:
		c.Verdict, c.Unmet = e.Level.Broken(), e.Level == Info
		switch {
		case e.Target == TargetSent, e.Target == TargetReceived:
			c.Field = e.Field
		case e.Target == TargetAck && out.receipt != nil:
			c.Field = pointedAt(out.receipt)
		}
	}
	return c
}

// expectAnyOf holds when all expectations of one alternative do; a SHOULD in it
// that is unmet still warns. When none does, it tells what the alternative that
// came nearest lacked.
func (s *stage) expectAnyOf(ctx context.Context, e *Expectation, out *outcome, c CheckInfo) CheckInfo {
	var fr, en []string
	var nearest []CheckInfo // what was unmet
	for i, alternative := range e.AnyOf {
		verdict := Pass
		var unmet []CheckInfo
		var wantedFR, wantedEN []string
		for _, one := range alternative {
			got := s.expect(ctx, one, out)
			verdict = verdict.Worse(got.Verdict)
			if got.Verdict != Pass {
				unmet = append(unmet, got)
			}
			wantedFR = append(wantedFR, got.Name+" = "+got.wanted("fr"))
			wantedEN = append(wantedEN, got.Name+" = "+got.wanted("en"))
		}
		fr, en = append(fr, strings.Join(wantedFR, ", ")), append(en, strings.Join(wantedEN, ", "))
		if verdict == Pass || verdict == Warn {
			c.Verdict, c.Expected, c.Actual = verdict, en[i], en[i]
			if verdict == Warn {
				c.Actual = whatWasFound(unmet)
			}
			return c
		}
		if i == 0 || len(unmet) < len(nearest) {
			nearest = unmet
		}
	}
	c.Expected = strings.Join(en, " | ")
	c.Wanted = &Text{FR: strings.Join(fr, " | "), EN: c.Expected}
	c.Verdict = e.Level.Broken()
	c.Actual = whatWasFound(nearest)
	if out.receipt != nil {
		c.Field = pointedAt(out.receipt)
	}
	return c
}

// whatWasFound tells what unmet expectations found.
func whatWasFound(unmet []CheckInfo) string {
	var list []string
	for _, c := range unmet {
		list = append(list, c.Name+" = "+c.Actual)
	}
	return strings.Join(list, ", ")
}

// wanted is what a check expected, for people.
func (c *CheckInfo) wanted(lang string) string {
	if c.Wanted != nil {
		return c.Wanted.In(lang)
	}
	return c.Expected
}

// legible keeps a text as it is when it is valid UTF-8, and otherwise shows each
// byte that is not as \xE9: JSON would make every one of them the same
// replacement character.
func legible(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02X`, s[0])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// broken names the rules that an acknowledgement breaks, the level of a SHOULD
// included, and says whether it breaks none.
func broken(out *outcome) (ids string, none bool) {
	if out.receipt == nil {
		return ackCode(out), false
	}
	return rulesOf(out.owed)
}

// rulesOf names the rules that checks found broken, and says whether there is none.
func rulesOf(owed []CheckInfo) (ids string, none bool) {
	var list []string
	for _, c := range owed {
		if c.Verdict != Pass && !slices.Contains(list, c.Rule) {
			list = append(list, c.Rule)
		}
	}
	return strings.Join(list, ", "), len(list) == 0
}

// ackCode says in a word what came back.
func ackCode(out *outcome) string {
	switch {
	case out.receipt != nil && len(out.receipt.Errors) > 0:
		m := out.receipt.Message
		code := m.Get("ERR-3.1")
		if code == "" {
			code = m.Get("ERR-1.4")
		}
		return string(out.receipt.Code) + ", ERR " + code
	case out.receipt != nil:
		return string(out.receipt.Code)
	case out.err != nil && kindOf(out.err) != "":
		return string(kindOf(out.err))
	case out.response != nil:
		return "?"
	}
	return "-"
}

// actual is what an expectation finds.
func (s *stage) actual(ctx context.Context, e *Expectation, out *outcome) Actual {
	switch e.Target {
	case TargetAck:
		if out.receipt == nil {
			return ActualText("")
		}
		return e.Actual(out.receipt.Message)
	case TargetSent:
		if s.current.message == nil {
			return ActualText("")
		}
		return e.Actual(s.current.message)
	case TargetLatency:
		if out.response == nil {
			return ActualText("")
		}
		return ActualDuration(out.response.Latency)
	case TargetReceived:
		if s.current.received == nil {
			return ActualText("")
		}
		return e.Actual(s.current.received)
	case TargetSince:
		return s.since(out.letter)
	case TargetStatus:
		if out.http == nil {
			return ActualText("")
		}
		return ActualText(strconv.Itoa(out.http.status))
	case TargetJSON:
		if out.http == nil {
			return ActualText("")
		}
		return e.JSON.actual(out.http.document)
	case TargetMessage:
		if out.visit.message {
			return ActualText(MessageCame)
		}
		return ActualText(NoMessage)
	case TargetAnswers:
		return ActualText(strconv.Itoa(len(out.answers)))
	case TargetConnection:
		return ActualText(s.connection(ctx, out))
	case TargetSession:
		if out.letter != nil {
			return out.letter.session()
		}
		return session(out)
	default:
		return tlsFact(e.Field, out)
	}
}

// connection looks whether the candidate kept the connection. An answer that
// never came says nothing by itself, so it is asked.
func (s *stage) connection(ctx context.Context, out *outcome) string {
	if out.connection != "" {
		return out.connection
	}
	out.connection = ConnectionOpen
	switch kindOf(out.err) {
	case mllp.PeerClosed, mllp.HandshakeRefused, mllp.NoConnection:
		out.connection = ConnectionClosed
	case mllp.NoAnswer, "":
		if s.probed(ctx, out) != nil {
			out.connection = ConnectionClosed
		}
	}
	return out.connection
}

// probed listens whether the connection is open.
func (s *stage) probed(ctx context.Context, out *outcome) error {
	if out.raw == nil {
		return out.client.Probe(ctx, settle)
	}
	_, err := out.raw.More(ctx, settle)
	return err
}
