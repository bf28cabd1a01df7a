package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// judge returns the checks of a step: what the acknowledgement owes, then what
// the step expects of it.
func (s *stage) judge(ctx context.Context, step *Step, out *outcome) []CheckInfo {
	var checks []CheckInfo
	switch {
	case out.err != nil && s.unexplained(step, out):
		broken, verdict := brokenExchange(out.err)
		checks = append(checks, broken)
		if verdict != Fail {
			return checks // nothing can be said about the candidate
		}
	case out.receipt != nil && !out.probed:
		checks = append(checks, judgeOwed(&answer{
			sent: s.sentHeader(), message: s.current.message, wire: out.response.Oddities, receipt: out.receipt, seen: s.seen,
		})...)
	}
	broken := len(checks) > 0 && out.receipt == nil
	for _, e := range step.Expect {
		if broken && (e.Target == TargetAck || e.Target == TargetLatency) {
			continue // told once, by the check that there is no acknowledgement
		}
		checks = append(checks, s.expect(ctx, e, out))
	}
	return checks
}

// unexplained reports whether an exchange that brought no acknowledgement is
// something that no expectation of the step speaks of.
func (s *stage) unexplained(step *Step, out *outcome) bool {
	if step.Expects(TargetTLS) && (out.probed || refused(out.err)) && !unreachable(out.err) {
		return false
	}
	if unreachable(out.err) || refused(out.err) {
		return true
	}
	for _, e := range step.Expect {
		if e.Target == TargetAck {
			return true
		}
	}
	return !step.Expects(TargetNoAck) && !step.Expects(TargetConnection)
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

// sentHeader is the MSH of what the step sent, as far as it has one.
func (s *stage) sentHeader() hl7.Header {
	if s.current.message == nil {
		return hl7.Header{}
	}
	return s.current.message.Header()
}

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
		if e.Target == TargetAck && out.receipt != nil {
			c.Field = pointedAt(out.receipt)
		}
	}
	return c
}

// expectAnyOf holds when all expectations of one alternative do.
func (s *stage) expectAnyOf(ctx context.Context, e *Expectation, out *outcome, c CheckInfo) CheckInfo {
	var fr, en []string
	for _, alternative := range e.AnyOf {
		verdict := Pass
		var each Text
		for i, one := range alternative {
			got := s.expect(ctx, one, out)
			verdict = verdict.Worse(got.Verdict)
			if i > 0 {
				each = Text{FR: each.FR + ", ", EN: each.EN + ", "}
			}
			each = Text{FR: each.FR + got.Name + " = " + got.wanted("fr"), EN: each.EN + got.Name + " = " + got.wanted("en")}
		}
		fr, en = append(fr, each.FR), append(en, each.EN)
		if verdict == Pass || verdict == Warn {
			c.Expected, c.Actual = each.EN, each.EN
			return c
		}
	}
	c.Expected = strings.Join(en, " | ")
	c.Wanted = &Text{FR: strings.Join(fr, " | "), EN: c.Expected}
	c.Verdict = e.Level.Broken()
	c.Actual = legible(ackCode(out))
	if out.receipt != nil {
		c.Field = pointedAt(out.receipt)
	}
	return c
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
	case TargetConnection:
		return ActualText(s.connection(ctx, out))
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
		if out.client.Probe(ctx, settle) != nil {
			out.connection = ConnectionClosed
		}
	}
	return out.connection
}

// tlsFact is what a handshake, or its refusal, shows.
func tlsFact(field string, out *outcome) Actual {
	switch field {
	case "outcome":
		return ActualText(tlsOutcome(out))
	case "alert":
		var e *mllp.Error
		if errors.As(out.err, &e) {
			return ActualText(e.Alert)
		}
		return ActualText("")
	}
	if out.conn == nil || out.conn.TLS == nil {
		return ActualText("")
	}
	info := tlsInfo(out.conn.TLS)
	switch field {
	case "version":
		return ActualText(info.Version)
	case "cipher":
		return ActualText(info.Cipher)
	case "peer.subject":
		return ActualText(info.PeerSubject)
	case "peer.fingerprint":
		return ActualText(info.PeerFingerprint)
	case "peer.not_after":
		if info.PeerNotAfter != nil {
			return ActualTime(*info.PeerNotAfter)
		}
	}
	return ActualText("")
}

// tlsOutcome says whether the connection carries messages. A candidate that
// took the handshake and only never answers has not refused it; one that was
// spoken to in plain text on its TLS port has to answer to have accepted.
func tlsOutcome(out *outcome) string {
	switch {
	case out.response != nil:
		return TLSAccepted
	case kindOf(out.err) == mllp.NoAnswer && !out.plain:
		return TLSAccepted
	case out.err == nil:
		return TLSAccepted
	}
	return TLSRefused
}
