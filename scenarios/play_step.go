package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
)

// outcome is what came of connecting, sending, or both.
type outcome struct {
	conn     *mllp.Conn     // the connection, nil when there is none
	response *mllp.Response // nil when no whole block came back
	receipt  *hl7.Receipt   // nil when what came back is no acknowledgement
	err      error          // why there is no receipt
	wrote    bool           // the message was written, at least in part
	probed   bool           // the step only connects; what was exchanged is our own probe
	plain    bool           // the step connects without TLS
	// closesAnyway: the candidate hangs up whoever shows up, so that hanging up
	// says nothing about the identity that was shown.
	closesAnyway bool

	// answers are all blocks that came back, of a step that reads more than one;
	// response and receipt are those of the first.
	answers    []*answer
	parcel     *parcel // what such a step wrote
	short      error   // why there are fewer answers than there could be
	raw        *mllp.RawConn
	commit     *answer     // the commit acknowledgement, of the enhanced mode
	late       bool        // it came after the application acknowledgement
	owedCommit []CheckInfo // of it
	via        Via         // the way of the application acknowledgement
	visit      *visit      // of a step that accepts
	crowd      bool        // of a step that only opens connections
	renewed    bool        // the candidate shows another certificate than before
	done       func()      // when the step has been judged

	received bool        // a step that waits, asks or has others act: judged are its checks
	judged   []CheckInfo // of such a step
	verdict  Verdict     // of the steps of any_order
	absent   *Text       // why the optional message may be left out: it did not come
	letter   *letter     // that is judged
	http     *callResult // of a trigger or a probe

	owed       []CheckInfo  // of the acknowledgement, whatever the step expects
	client     *mllp.Client // that the exchange went through
	connection string       // open or closed, once it was looked at
}

// step plays one step. The reason goes with a verdict that no check explains. A
// step that cannot be built is the scenario's fault, unless it is optional.
func (s *stage) step(ctx context.Context, step *Step, optional bool) (verdict Verdict, unusable bool, reason *Text) {
	started := s.player.now()
	s.write(Event{Kind: StepStarted, Step: step.ID, Subject: &SubjectInfo{
		Title: step.Title, Source: sourceOf(step.Pos), Spec: step.spec(s.script.Scenario),
	}})
	record := &stepRecord{step: step}
	s.current = record
	s.steps[step.ID] = record
	defer func() {
		record.verdict = verdict
		s.write(Event{Kind: StepFinished, Step: step.ID, Result: &ResultInfo{
			Verdict: verdict, Reason: reason, DurationMS: milliseconds(s.player.now().Sub(started)),
		}})
	}()

	if ctx.Err() != nil {
		return Inconclusive, false, s.cutShort(ctx) // before a movement is made that nobody would hear of
	}
	out, err := s.do(ctx, step, record)
	if out != nil && out.client != s.client {
		defer out.client.Close()
	}
	if out != nil && out.done != nil {
		defer out.done()
	}
	if b, ok := errors.AsType[*blocked](err); ok {
		return Inconclusive, false, &b.Text
	}
	if own, ok := errors.AsType[*unfit](err); ok {
		return Error, false, s.withhold(step, own)
	}
	switch {
	case errors.Is(err, pam.ErrNotApplicable), err != nil && optional:
		return NotApplicable, false, textOf(err)
	case err != nil:
		return Inconclusive, true, textAt(step.Pos, err)
	case ctx.Err() != nil && out.receipt == nil:
		return Inconclusive, false, s.cutShort(ctx)
	}
	for _, c := range s.judge(ctx, step, out) {
		if step.Sanity && c.Verdict == Fail {
			c.Verdict, reason = Inconclusive, insane()
		}
		s.check(step, c)
		verdict = verdict.Worse(c.Verdict)
	}
	verdict = verdict.Worse(out.verdict)
	if out.absent != nil && (verdict == "" || verdict == Pass) {
		return NotApplicable, false, out.absent
	}
	if verdict == "" {
		verdict = Pass
	}
	if verdict == Pass || verdict == Warn {
		if err := s.capture(step, record); err != nil {
			verdict = Fail
			if step.Sanity {
				verdict = Inconclusive
			}
			return verdict, false, textOf(err)
		}
	}
	return verdict, false, reason
}

// insane is why a play whose sanity exchange did not succeed judges nobody.
func insane() *Text {
	return &Text{
		FR: "l'échange témoin n'a pas réussi : rien ne peut être dit du candidat",
		EN: "the sanity exchange did not succeed: nothing can be said about the candidate",
	}
}

// check writes a check down.
func (s *stage) check(step *Step, c CheckInfo) {
	if c.Spec == "" {
		c.Spec = step.spec(s.script.Scenario)
	}
	s.write(Event{Kind: Checked, Step: step.ID, Check: &c})
}

// withhold tells about a message that was not sent, with its content: nobody
// else has seen it.
func (s *stage) withhold(step *Step, own *unfit) *Text {
	for _, c := range own.checks {
		s.check(step, c)
	}
	shown := legible(strings.ReplaceAll(strings.TrimSuffix(string(own.message), "\r"), "\r", "\n"))
	s.write(Event{Kind: Note, Step: step.ID, Note: &Text{
		FR: "le message n'a pas été envoyé :\n" + shown, EN: "the message was not sent:\n" + shown,
	}})
	return &own.Text
}

// cutShort says why a step was not judged: the user, or the scenario's timeout.
func (s *stage) cutShort(ctx context.Context) *Text {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Text{FR: "le scénario a dépassé sa durée", EN: "the scenario took longer than it may"}
	}
	return interruptedText()
}

// do connects and sends as the step says. The error is a fault of the scenario
// or of our own identity, never of the candidate: that is in the outcome.
func (s *stage) do(ctx context.Context, step *Step, record *stepRecord) (*outcome, error) {
	switch {
	case step.Accept != nil:
		s.closeInbox()
		return s.welcome(ctx, step)
	case step.Receive != nil, len(step.AnyOrder) > 0:
		return s.await(ctx, step, record)
	case step.Probe != nil:
		return s.question(ctx, step, record)
	case step.Trigger != nil && (step.Operator == nil || s.programmed(step)):
		return s.trigger(ctx, step, record)
	case step.Operator != nil:
		return s.ask(ctx, step)
	}
	if step.Connect != nil && step.Connect.Crowd > 0 {
		out, err := s.crowd(ctx, step)
		if err != nil || out.err != nil || !step.sends() {
			return out, err
		}
	}
	if !step.sends() {
		return s.tryConnection(ctx, step)
	}
	if step.Connect != nil && step.Connect.Crowd == 0 {
		if err := s.reconnect(step); err != nil {
			return nil, err
		}
	}
	items, err := s.items(step, record)
	if err != nil {
		return nil, err
	}
	first := item{}
	if len(items) > 0 {
		first = items[0]
	}
	record.message = first.message
	var out *outcome
	if step.raw() {
		if out, err = s.exchangeRaw(ctx, step, s.pack(step, items)); err != nil {
			return out, err
		}
	} else {
		out = s.exchange(ctx, s.client, step, first.data, first.message)
	}
	record.ack = out.receipt
	if out.wrote {
		record.sent = first.data
	}
	return out, nil
}

// reconnect hangs up, and has the next exchange open a connection as the step
// says.
func (s *stage) reconnect(step *Step) error {
	client, err := s.newClient(*step.Connect)
	if err != nil {
		return err
	}
	_ = s.client.Close()
	s.client, s.opened = client, false
	return nil
}

// items makes the messages of a step, each of which is what the step says of it
// and may be sent.
func (s *stage) items(step *Step, record *stepRecord) ([]item, error) {
	if step.Send == nil {
		return casePieces(step.Wire.Case), nil
	}
	var items []item
	add := func(data []byte, message *hl7.Message, err error) error {
		if err != nil {
			return err
		}
		if err := s.guard(data, message); err != nil {
			return err
		}
		kept, err := s.conformity(step, record, data, message)
		for _, c := range kept {
			s.check(step, c)
		}
		items = append(items, item{data, message})
		return err
	}
	if step.Send.Kind != SendBurst {
		err := add(s.compose(step))
		return items, err
	}
	for i, t := range step.Send.Burst {
		if err := add(s.build(step, burstID(step, i), t)); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// burstID names the movement of one message of a burst. No step is called so.
func burstID(step *Step, i int) string { return fmt.Sprintf("%s#%d", step.ID, i+1) }

// exchange sends a message and reads its acknowledgement.
func (s *stage) exchange(ctx context.Context, client *mllp.Client, step *Step, data []byte, m *hl7.Message) *outcome {
	out := &outcome{client: client}
	sent := messageInfo(item{data, m})
	if step.Within > 0 {
		usual := client.AnswerTimeout
		client.AnswerTimeout = step.Within
		defer func() { client.AnswerTimeout = usual }()
	}
	if _, out.err = client.Connect(ctx); out.err != nil {
		s.tellFailure(step, out.err)
		return out
	}
	out.wrote = true
	s.write(Event{Kind: MessageSent, Step: step.ID, Message: sent})
	out.response, out.err = client.Do(ctx, data)
	if out.err != nil {
		s.tellFailure(step, out.err)
		return out
	}
	out.conn = out.response.Conn
	s.peer = certificateOf(out.conn)
	if !s.opened || out.response.Reopened {
		s.tellConnection(step, out.conn, out.response.Reopened)
		s.opened = true
	}
	out.receipt, out.err = hl7.ReadAck(out.response.Payload)
	s.tellAnswer(step, out.response, out.receipt)
	return out
}

// tryConnection opens a connection of its own and looks what the candidate makes
// of it. In TLS 1.3 a client's handshake is over before the server has judged
// its certificate, so a probe is sent: a message of a type that nobody knows,
// without a patient. Any answer to it, a refusal too, shows that the connection
// carries messages.
func (s *stage) tryConnection(ctx context.Context, step *Step) (*outcome, error) {
	client, err := s.newClient(*step.Connect)
	if err != nil {
		return nil, err
	}
	out := &outcome{client: client, probed: true, plain: client.TLSConfig == nil && s.player.Candidate.TLS != nil}
	conn, err := client.Connect(ctx)
	if err == nil && step.Connect.Renewed {
		conn, err = s.untilRenewed(ctx, client, out)
	}
	if err != nil {
		out.err = err
		s.tellFailure(step, err)
		out.closesAnyway = hungUp(err) && s.hangsUpOnUs(ctx)
		return out, nil
	}
	out.conn = conn
	s.tellConnection(step, conn, false)
	probe := s.probe()
	s.write(Event{Kind: MessageSent, Step: step.ID, Message: &MessageInfo{Type: probeType, Data: probe}})
	if out.response, out.err = client.Do(ctx, probe); out.err != nil {
		s.tellFailure(step, out.err)
		out.closesAnyway = hungUp(out.err) && s.hangsUpOnUs(ctx)
		return out, nil
	}
	out.receipt, _ = hl7.ReadAck(out.response.Payload)
	s.tellAnswer(step, out.response, out.receipt)
	return out, nil
}

// hangsUpOnUs reports whether the candidate closes the connection on the probe
// of our usual identity too.
func (s *stage) hangsUpOnUs(ctx context.Context) bool {
	client, err := s.newClient(Connect{})
	if err != nil {
		return true
	}
	defer client.Close()
	_, err = client.Do(ctx, s.probe())
	return err != nil && kindOf(err) != mllp.NoAnswer
}

const probeType = "QZZ^Z00"

// probe is a well-formed message that means nothing.
func (s *stage) probe() []byte {
	c := s.player.Candidate
	b := hl7.NewBuilder(hl7.StandardDelimiters())
	b.Segment("MSH").
		Text(3, c.Harness.Application).Text(4, c.Harness.Facility).
		Text(5, c.Application).Text(6, c.Facility).
		Text(7, hl7.FormatTime(s.player.Instant, hl7.PrecisionSecond)).
		Field(9, probeType).Text(10, "PROBE").Text(11, "P").Text(12, c.Dialect.Version)
	data, err := b.Bytes(hl7.UTF8)
	if err != nil {
		return []byte("MSH|^~\\&|||||||" + probeType + "|PROBE|P|2.5\r")
	}
	return data
}

// capture keeps the values that later steps ask for.
func (s *stage) capture(step *Step, record *stepRecord) error {
	for _, c := range step.Capture {
		if c.Side == SideJSON {
			found := c.JSON.actual(record.json)
			if value := found.first(); record.called && value.state == hl7.Present {
				s.names[c.Name] = value.text
				continue
			}
			return errNoValue{Textf("la réponse n'a pas de valeur à garder pour « %s »", "the answer has no value to keep for %q", c.Name)}
		}
		value, err := s.messageValue(Ref{Kind: RefMessage, Step: step.ID, Side: c.Side, Path: c.Path})
		if err != nil {
			return err
		}
		s.names[c.Name] = value
	}
	return nil
}

// spec is what demands the step, or the whole scenario.
func (step *Step) spec(s *Scenario) string {
	if step.Spec != "" {
		return step.Spec
	}
	return s.Spec
}

// settle is how long an open connection is watched for a candidate that is
// about to close it.
const settle = 200 * time.Millisecond
