package scenarios_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// gamBench is a reference GAM with its desk, and a player that it sends to.
type gamBench struct {
	c       *scenarios.Candidate
	l       net.Listener
	desk    *reference.Desk
	second  net.Listener // of harness.listeners
	prompts *prompts
}

// gamAtADesk starts a GAM that events are posted to.
func gamAtADesk(t *testing.T, bugs ...string) *gamBench {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	b := &gamBench{c: scenarios.NewCandidate(), l: l}
	b.c.Role, b.c.Limits.Receive, b.c.Limits.Ack = scenarios.GAM, 10*time.Second, 10*time.Second
	b.desk, err = reference.StartDesk(context.Background(), reference.GAMOptions{
		Addr: l.Addr().String(), Charset: hl7.UTF8, Partners: pam.Partners{
			SendingApplication: "GAM", SendingFacility: "CHU", ReceivingApplication: "DMN", ReceivingFacility: "CHU",
		},
		Every: 10 * time.Millisecond, Patience: 3 * time.Second, Logger: slog.New(slog.DiscardHandler), Bugs: bugs,
	})
	require.NoError(t, err)
	t.Cleanup(b.desk.Stop)
	http := httptest.NewServer(b.desk)
	t.Cleanup(http.Close)
	address, err := url.Parse(http.URL)
	require.NoError(t, err)
	b.c.Endpoints = map[string]scenarios.Endpoint{"events": {URL: address}}
	return b
}

// play plays steps at the GAM.
func (b *gamBench) play(t *testing.T, steps string) ([]scenarios.Event, scenarios.Summary) {
	t.Helper()
	s := loaded(t, "version: 1\nid: gam/receive\ntitle: gam\nrole: gam\nsteps:\n"+steps)
	var events []scenarios.Event
	journal := scenarios.NewJournal(discard{}, time.Now, func(e scenarios.Event) { events = append(events, e) })
	p := scenarios.Player{Candidate: b.c, Journal: journal, Seed: 1, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	if b.prompts != nil {
		p.Prompter = b.prompts
	}
	p.Listen = func(addr string) (net.Listener, error) {
		if addr == b.c.Harness.Listen {
			return b.l, nil
		}
		return b.second, nil
	}
	summary := p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{s}))
	return events, summary
}

const (
	admits     = "trigger: {endpoint: events, path: /events, body: {event: A01, patient: p1}}"
	transfers  = "trigger: {endpoint: events, path: /events, body: {event: A02, patient: p1}}"
	admitsTwo  = `trigger: {endpoint: events, path: /events, body: [{event: A01, patient: p2}, {event: A01, patient: p1}]}`
	bothEvents = `trigger: {endpoint: events, path: /events, body: [{event: A01, patient: p1}, {event: A02, patient: p1}]}`
)

func TestReceive(t *testing.T) {
	for _, test := range []struct {
		name, steps string
		verdicts    []string
		says        string
	}{
		{"a message", `
  - {id: one, ` + admits + `, receive: A01, expect: {received: {PV1-2: I, MSH-9.2: A01}, status: 202, conforms: strict}}
`, []string{"one: pass"}, ""},
		{"what it does not have", `
  - {id: one, ` + admits + `, receive: A01, expect: {received: {PV1-2: {in: [O, E]}}}}
`, []string{"one: fail"}, "received.PV1-2"},
		{"a chain of two", `
  - {id: one, ` + admits + `, receive: A01, capture: {account: received.PID-18.1}}
  - {id: two, ` + transfers + `, receive: {event: A02, match: {PID-18.1: "{{account}}"}}, expect: {session: kept, since: {under: 1m}}}
`, []string{"one: pass", "two: pass"}, ""},
		{"one that comes between two steps", `
  - {id: one, ` + bothEvents + `, receive: A01}
  - {id: two, receive: A02}
`, []string{"one: pass", "two: pass"}, ""},
		{"a refusal, and the same again", `
  - {id: one, ` + admits + `, receive: A01, reply: {code: AR, error: {code: 207, text: later}}}
  - {id: two, receive: {event: A01, match: {MSH-10: {same_as: one.received.MSH-10}}}}
`, []string{"one: pass", "two: pass"}, ""},
		{"parked after a refusal for good", `
  - {id: one, ` + admits + `, receive: A01, reply: AE}
  - {id: two, receive: {count: 0, within: 100ms}}
`, []string{"one: pass", "two: pass"}, ""},
		{"cut before the answer, and the same on another connection", `
  - {id: one, ` + admits + `, receive: A01, reply: {close: before}}
  - {id: two, receive: A01, expect: {session: reopened, received: {MSH-10: "{{one.received.MSH-10}}"}}}
`, []string{"one: pass", "two: pass"}, ""},
		{"silence that is broken", `
  - {id: one, ` + bothEvents + `, receive: A01}
  - {id: two, receive: {count: 0, within: 5s}}
`, []string{"one: pass", "two: fail"}, "a message came where none may come"},
		{"one that is not awaited", `
  - {id: one, ` + bothEvents + `, receive: A01}
  - {id: two, receive: {count: 0, event: A03, within: 1s}}
`, []string{"one: pass", "two: pass", "rest#: fail"}, "received.unexpected"},
		{"another than the one", `
  - {id: one, ` + bothEvents + `, receive: A01}
  - {id: two, receive: {event: A03, within: 1s}}
`, []string{"one: pass", "two: fail"}, "MSH-9.2: expected A03, found A02"},
		{"another before the one", `
  - {id: one, ` + bothEvents + `, receive: {event: A02, within: 5s}}
`, []string{"one: fail"}, "received.unexpected"},
		{"an optional one that comes", `
  - {id: one, ` + bothEvents + `, receive: A01, optional: true}
  - {id: two, receive: A02}
`, []string{"one: pass", "two: pass"}, ""},
		{"an optional one that does not", `
  - {id: one, ` + admits + `, receive: A28, optional: true}
  - {id: two, receive: A01}
`, []string{"one: not-applicable", "two: pass"}, ""},
		{"in any order", `
  - id: both
    ` + bothEvents + `
    any_order:
      - {id: later, receive: A02, expect: {received: {MSH-9.2: A02}}, capture: {a: received.MSH-10}}
      - {id: first, receive: A01}
      - {id: never, receive: A28, optional: true}
`, []string{"later: pass", "first: pass", "never: not-applicable", "both: pass"}, ""},
		{"one of several is missing", `
  - id: both
    ` + admits + `
    any_order: [{id: first, receive: A01}, {id: second, receive: {event: A02, within: 200ms}}]
`, nil, "second"},
		{"about somebody else", `
  - {id: one, ` + admitsTwo + `, receive: {match: {PID-3.1: "{{nobody}}"}, within: 1s}}
`, []string{"one: fail"}, "PID-3.1: expected 0000, found"},
		{"two of them", `
  - {id: one, ` + admitsTwo + `, receive: {event: A01, patient: any, count: 2}, expect: {received: {MSH-9.2: A01}}}
`, []string{"one: pass"}, ""},
		{"a program that cannot", `
  - {id: one, trigger: {endpoint: events, path: /nothing}, receive: A01}
`, []string{"one: inconclusive"}, "404"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := gamAtADesk(t)
			steps := strings.ReplaceAll(test.steps, "{{nobody}}", "0000")
			if test.name == "one of several is missing" {
				b.c.Limits.Receive = 300 * time.Millisecond
			}
			events, _ := b.play(t, steps)
			if test.verdicts != nil {
				require.Equal(t, test.verdicts, stepVerdicts(events), brokenChecks(events))
			}
			if test.says != "" {
				require.Contains(t, fmt.Sprint(brokenChecks(events), stepVerdicts(events)), test.says)
			}
		})
	}
}

// hand sends messages by hand, as a GAM that does what it is told.
type hand struct {
	client  *mllp.Client
	journey *pam.Journey
}

func newHand(t *testing.T, addr string, seed uint64) *hand {
	t.Helper()
	gen := pam.NewGenerator(seed, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	patient, err := gen.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	stay, err := gen.Stay(pam.StaySpec{})
	require.NoError(t, err)
	h := &hand{
		client:  &mllp.Client{Addr: addr, AnswerTimeout: 5 * time.Second},
		journey: pam.NewJourney(gen, pam.Dialects()[0], hl7.UTF8, scenarios.NewCandidate().Partners(), patient, stay),
	}
	t.Cleanup(func() { _ = h.client.Close() })
	return h
}

// message makes the message of an event.
func (h *hand) message(t *testing.T, event pam.Trigger) []byte {
	t.Helper()
	m, err := h.journey.Message(string(event), event, pam.Change{})
	require.NoError(t, err)
	return append([]byte(nil), m.Bytes()...)
}

// send sends and returns the code of the answer, or the kind of the error.
func (h *hand) send(data []byte) string {
	response, err := h.client.Do(context.Background(), data)
	if err != nil {
		if failed, ok := err.(*mllp.Error); ok {
			return string(failed.Kind)
		}
		return err.Error()
	}
	receipt, err := hl7.ReadAck(response.Payload)
	if err != nil {
		return "garbage"
	}
	return string(receipt.Code)
}

// byHand plays steps while act sends by hand.
func byHand(t *testing.T, c *scenarios.Candidate, steps string, act func(addr string)) []scenarios.Event {
	t.Helper()
	events, _ := asGAM(t, c, "steps:\n"+steps, act)
	return events
}

func TestReplies(t *testing.T) {
	for _, test := range []struct{ reply, want string }{
		{"AA", "AA"}, {"AE", "AE"}, {"AR", "AR"}, {"{code: AE, text: no}", "AE"}, {"{after: 20ms}", "AA"},
		{"{close: before}", string(mllp.PeerClosed)}, {"{close: after}", "AA"}, {"never", string(mllp.PeerClosed)},
		{"{wrong: garbage}", "garbage"}, {"{wrong: no-msa}", "garbage"}, {"{wrong: cut}", string(mllp.BrokenFrame)},
		{"{wrong: no-frame}", string(mllp.PeerClosed)}, {"{wrong: message-id}", "AA"}, {"{wrong: twice}", "AA"},
	} {
		t.Run(test.reply, func(t *testing.T) {
			t.Parallel()
			got := ""
			events := byHand(t, scenarios.NewCandidate(), "  - {id: one, receive: A01, reply: "+test.reply+"}\n", func(addr string) {
				h := newHand(t, addr, 1)
				h.client.AnswerTimeout = time.Second
				got = h.send(h.message(t, "A01"))
			})
			require.Equal(t, []string{"one: pass"}, stepVerdicts(events), brokenChecks(events))
			require.Equal(t, test.want, got)
		})
	}
}

// Wrong answers are wrong in what they say they are.
func TestWrongReplies(t *testing.T) {
	for wrong, look := range map[string]func(sent, ack *hl7.Message){
		"message-id":       func(sent, ack *hl7.Message) { require.NotEqual(t, sent.Get("MSH-10"), ack.Get("MSA-2")) },
		"other-message-id": func(_, ack *hl7.Message) { require.Equal(t, "NONE", ack.Get("MSA-2")) },
		"no-swap":          func(sent, ack *hl7.Message) { require.Equal(t, sent.Get("MSH-3"), ack.Get("MSH-3")) },
		"code":             func(_, ack *hl7.Message) { require.Equal(t, "ZZ", ack.Get("MSA-1")) },
	} {
		var sent, ack *hl7.Message
		byHand(t, scenarios.NewCandidate(), "  - {id: one, receive: A01, reply: {wrong: "+wrong+"}}\n", func(addr string) {
			h := newHand(t, addr, 1)
			data := h.message(t, "A01")
			sent, _ = hl7.Parse(data)
			if response, err := h.client.Do(context.Background(), data); err == nil {
				ack, _ = hl7.Parse(response.Payload)
			}
		})
		require.NotNil(t, ack, wrong)
		look(sent, ack)
	}
}

// An ERR has what the step says, and can quote the message.
func TestReplyWithAnError(t *testing.T) {
	var ack *hl7.Message
	byHand(t, scenarios.NewCandidate(), `  - id: one
    receive: A01
    reply: {code: AE, error: {code: 204, field: PID-3, text: "no {{received.MSH-10}}", severity: W, diagnostic: d, user: u}}
`, func(addr string) {
		h := newHand(t, addr, 1)
		if response, err := h.client.Do(context.Background(), h.message(t, "A01")); err == nil {
			ack, _ = hl7.Parse(response.Payload)
		}
	})
	require.NotNil(t, ack)
	require.Equal(t, "204", ack.Get("ERR-3.1"))
	require.Equal(t, "no "+ack.Get("MSA-2"), ack.Get("ERR-3.2"))
	require.Equal(t, []string{"PID", "3", "W", "d", "u"}, []string{ack.Get("ERR-2.1"), ack.Get("ERR-2.3"), ack.Get("ERR-4"), ack.Get("ERR-7"), ack.Get("ERR-8")})
}

// Messages about others are accepted and disturb nobody, before the play knows its
// patient and after.
func TestReceiveLeavesOthersAlone(t *testing.T) {
	var codes []string
	events := byHand(t, scenarios.NewCandidate(), `  - {id: one, receive: {event: A01, match: {PV1-2: I}}}
  - {id: two, receive: A02}
`, func(addr string) {
		mine, other := newHand(t, addr, 1), newHand(t, addr, 2)
		for _, step := range []struct {
			h     *hand
			event pam.Trigger
		}{{other, "A28"}, {mine, "A01"}, {other, "A31"}, {mine, "A02"}} {
			codes = append(codes, step.h.send(step.h.message(t, step.event)))
		}
	})
	require.Equal(t, []string{"one: pass", "two: pass"}, stepVerdicts(events), brokenChecks(events))
	require.Equal(t, []string{"AA", "AA", "AA", "AA"}, codes)
}

// What comes about others over the same connection does not say whether a message of
// the play came over that of the one before.
func TestSessionOfOthersIsNotCounted(t *testing.T) {
	events := byHand(t, scenarios.NewCandidate(), `  - {id: one, receive: {event: A01, match: {PV1-2: I}}, reply: {code: AA, close: after}}
  - {id: two, receive: A02, expect: {session: reopened}}
  - {id: three, receive: A03, expect: {session: kept}}
`, func(addr string) {
		mine, other := newHand(t, addr, 1), newHand(t, addr, 2)
		other.client = mine.client
		for _, step := range []struct {
			h     *hand
			event pam.Trigger
		}{{mine, "A01"}, {other, "A28"}, {mine, "A02"}, {other, "A31"}, {mine, "A03"}} {
			step.h.send(step.h.message(t, step.event))
		}
	})
	require.Equal(t, []string{"one: pass", "two: pass", "three: pass"}, stepVerdicts(events), brokenChecks(events))
}

// What came about a patient before the play knew whom it is about counts.
func TestReceiveLooksBack(t *testing.T) {
	events := byHand(t, scenarios.NewCandidate(), "  - {id: one, receive: A01}\n", func(addr string) {
		h := newHand(t, addr, 1)
		h.send(h.message(t, "A28"))
		h.send(h.message(t, "A01"))
	})
	require.Equal(t, []string{"one: fail"}, stepVerdicts(events))
	require.Contains(t, brokenChecks(events)[0], "received.unexpected")
}

// A message is judged by the rules, and by those on order: one MSH-10 for two
// messages.
func TestReceiveJudgesByTheRules(t *testing.T) {
	bent := func(t *testing.T, data []byte) []byte {
		m, err := hl7.Parse(data)
		require.NoError(t, err)
		require.NoError(t, m.Set(hl7.MustPath("PV1-2"), ""))
		return m.Bytes()
	}
	for conforms, verdict := range map[string]string{"": "fail", ", expect: {conforms: off}": "pass"} {
		events := byHand(t, scenarios.NewCandidate(), "  - {id: one, receive: A01"+conforms+"}\n", func(addr string) {
			h := newHand(t, addr, 1)
			h.send(bent(t, h.message(t, "A01")))
		})
		require.Equal(t, []string{"one: " + verdict}, stepVerdicts(events), brokenChecks(events))
	}
	events := byHand(t, scenarios.NewCandidate(), "  - {id: one, receive: A01}\n  - {id: two, receive: A02}\n", func(addr string) {
		h := newHand(t, addr, 1)
		first := h.message(t, "A01")
		second, err := hl7.Parse(h.message(t, "A02"))
		require.NoError(t, err)
		header, err := hl7.ParseHeader(first)
		require.NoError(t, err)
		require.NoError(t, second.Set(hl7.MustPath("MSH-10"), header.ControlID))
		h.send(first)
		h.send(second.Bytes())
	})
	require.Equal(t, []string{"one: pass", "two: fail"}, stepVerdicts(events))
	require.Contains(t, fmt.Sprint(brokenChecks(events)), "MSH-10")
}

func TestReceiveOnSeveralListeners(t *testing.T) {
	b := gamAtADesk(t)
	second, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer second.Close()
	b.second = second
	b.c.Harness.Listeners = map[string]scenarios.Listener{"second": {Addr: second.Addr().String()}}
	h := newHand(t, b.l.Addr().String(), 1)
	one, two := h.message(t, "A01"), h.message(t, "A02")
	var sent sync.WaitGroup
	sent.Go(func() {
		elsewhere := &hand{client: &mllp.Client{Addr: second.Addr().String()}}
		defer elsewhere.client.Close()
		if h.send(one) == "AA" {
			elsewhere.send(two)
		}
	})
	const steps = "  - {id: one, receive: A01}\n  - {id: two, receive: {event: A02, listener: second}}\n"
	events, _ := b.play(t, steps)
	sent.Wait()
	require.Equal(t, []string{"one: pass", "two: pass"}, stepVerdicts(events), brokenChecks(events))

	b.c.Harness.Listeners = nil
	_, summary := b.play(t, steps)
	require.Equal(t, 1, summary.Counts[scenarios.NotApplicable])
}

func TestReceiveOverTLS(t *testing.T) {
	c, _ := tlsDMN(t)
	c.Limits.Handshake = 5 * time.Second
	events, _ := asGAM(t, c, `steps:
  - {id: one, receive: {patient: any}, expect: {conforms: off, tls: {version: "1.3", peer: {subject: {matches: dmn}}}}}
  - {id: two, accept: {present: foreign}, expect: {tls: refused}}
`, emitter(c, nil))
	require.Equal(t, []string{"one: pass", "two: pass"}, stepVerdicts(events), brokenChecks(events))
}

func TestReceiveFromNobody(t *testing.T) {
	events, summary := asGAM(t, scenarios.NewCandidate(), "steps:\n  - {id: one, receive: {event: A01, within: 20ms}}\n", func(string) {})
	require.Equal(t, scenarios.ExitUnjudged, summary.Exit)
	require.Contains(t, brokenChecks(events)[0], "this message did not come within 20ms")
}

// prompts is a person who does as they are told, or does not.
type prompts struct {
	mu    sync.Mutex
	told  []scenarios.Instruction
	does  bool
	react func()
}

func (p *prompts) Prompt(ctx context.Context, i scenarios.Instruction) bool {
	p.mu.Lock()
	p.told = append(p.told, i)
	p.mu.Unlock()
	if p.react != nil {
		p.react()
	}
	if !i.Confirm {
		<-ctx.Done()
	}
	return p.does
}

func TestOperator(t *testing.T) {
	const steps = `  - id: one
    operator: {fr: "Admettez {{patient.family}}.", en: "Admit {{patient.family}}."}
    receive: A01
  - {id: two, operator: Look., title: x}
`
	b := gamAtADesk(t)
	_, summary := b.play(t, steps)
	require.Equal(t, 1, summary.Counts[scenarios.NotApplicable], "nobody is there")

	for does, verdict := range map[bool]string{true: "pass", false: "inconclusive"} {
		b := gamAtADesk(t)
		b.prompts = &prompts{does: does}
		h := newHand(t, b.l.Addr().String(), 1)
		message := h.message(t, "A01")
		var once sync.Once
		b.prompts.react = func() { once.Do(func() { h.send(message) }) }
		events, _ := b.play(t, steps)
		require.Equal(t, []string{"one: pass", "two: " + verdict}, stepVerdicts(events), brokenChecks(events))
		require.Len(t, b.prompts.told, 2)
		require.Regexp(t, "^Admit [^{}]+\\.$", b.prompts.told[0].Text.EN)
		require.Equal(t, []bool{false, true}, []bool{b.prompts.told[0].Confirm, b.prompts.told[1].Confirm})
	}
}

// A program does what a person would have to, where there is one.
func TestTriggerInThePlaceOfAnOperator(t *testing.T) {
	const steps = "  - {id: one, operator: Admit., " + admits + ", receive: A01}\n"
	b := gamAtADesk(t)
	events, _ := b.play(t, steps)
	require.Equal(t, []string{"one: pass"}, stepVerdicts(events), brokenChecks(events))
	b.c.Endpoints = nil
	_, summary := b.play(t, steps)
	require.Equal(t, 1, summary.Counts[scenarios.NotApplicable])
}
