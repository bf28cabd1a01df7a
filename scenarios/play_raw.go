package scenarios

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// answer is one block that came back.
type answer struct {
	response *mllp.Response
	receipt  *hl7.Receipt // nil when it is no acknowledgement
	err      error        // why not
}

// raw reports a step whose exchange is not one block for one block.
func (step *Step) raw() bool {
	return step.Wire != nil || step.Send.Kind == SendBurst || step.Expects(TargetAnswers) || step.enhanced()
}

// exchangeRaw writes a parcel and reads what comes back. A connection that was
// bent is closed when the step has been judged; one of a sender that does not
// read is held until the play ends.
func (s *stage) exchangeRaw(ctx context.Context, step *Step, p *parcel) (*outcome, error) {
	out := &outcome{client: s.client, parcel: p}
	raw, reopened, err := s.client.Raw(ctx)
	if err != nil {
		out.err = err
		s.tellFailure(step, err)
		return out, nil
	}
	out.raw, out.conn = raw, raw.Facts()
	if !s.opened || reopened {
		s.tellConnection(step, out.conn, reopened)
		s.opened = true
	}
	out.done = func() {
		switch {
		case step.Wire == nil && out.err == nil && out.connection != ConnectionClosed:
			raw.Release()
			return
		case step.Wire != nil && step.Wire.Mute:
			s.aside = append(s.aside, raw)
		default:
			_ = raw.Close()
		}
		s.opened = false
	}
	var elsewhere *station
	if step.Via.listens() {
		if elsewhere, err = s.openStation(ctx, &Connect{}); err != nil {
			return out, err
		}
		defer elsewhere.close()
	}
	out.wrote = true
	var extra time.Duration
	if p.wire != nil && p.wire.Fault != nil {
		fault, takes := p.wire.Fault.make(p.length())
		raw.Wrap(func(nc net.Conn) net.Conn { return fault.Wrap(nc) })
		extra = takes
	}
	written, err := s.writeParcel(ctx, raw, p, extra)
	s.tellParcel(step, p, written)
	switch {
	case err != nil && kindOf(err) == mllp.Interrupted:
		out.err = err
	case p.wire.deaf():
		s.tellDeaf(step, p, written, err)
	case step.enhanced():
		s.collectBoth(ctx, step, out, err, elsewhere)
	default:
		s.collect(ctx, step, out, err)
	}
	return out, nil
}

// writeParcel writes the bytes in their pieces, and as often as the step says. An
// end that the step itself has made is no error.
func (s *stage) writeParcel(ctx context.Context, raw *mllp.RawConn, p *parcel, extra time.Duration) (written int64, err error) {
	times := 1
	if p.wire != nil {
		times = max(p.wire.Repeat, 1)
	}
	piece := make([]byte, p.piece())
	for range times {
		for r := p.reader(); ; {
			n, end := io.ReadFull(r, piece)
			if n > 0 {
				if written > 0 && p.wire != nil && !pause(ctx, p.wire.Every) {
					return written, &mllp.Error{Kind: mllp.Interrupted, Err: ctx.Err()}
				}
				m, err := raw.Write(ctx, piece[:n], extra)
				if written += int64(m); err != nil {
					return written, p.planned(err)
				}
			}
			if end != nil {
				break
			}
		}
	}
	return written, nil
}

// planned returns nil for the error of a write that the step's own fault has
// ended.
func (p *parcel) planned(err error) error {
	if p.wire == nil || p.wire.Fault == nil {
		return err
	}
	if errors.Is(err, mllptest.ErrFault) || p.wire.Fault.Kind == FaultStall && kindOf(err) == mllp.NotRead {
		return nil
	}
	return err
}

// pause waits; false when ctx has ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// collect reads the answers: as many as can be due, then for a moment whether
// more come. broken is why not all could be written: what the candidate has said
// until then counts all the same.
func (s *stage) collect(ctx context.Context, step *Step, out *outcome, broken error) {
	due := step.due(out.parcel)
	wait := step.Within
	if broken != nil {
		wait = settle
	}
	for s.listening(out) {
		var response *mllp.Response
		var err error
		if more := len(out.answers) >= due; more {
			response, err = out.raw.More(ctx, settle)
		} else {
			response, err = out.raw.Receive(ctx, wait)
		}
		if err != nil {
			s.unheard(step, out, err, broken)
			break
		}
		if response == nil {
			break
		}
		s.heard(step, out, response)
	}
	if len(out.answers) > 0 {
		first := out.answers[0]
		out.response, out.receipt, out.err = first.response, first.receipt, first.err
	}
}

// listening reports whether one more answer can be kept: a candidate that never
// stops must not fill the memory.
func (s *stage) listening(out *outcome) bool {
	const most = 8 // messages of the greatest length
	size := 0
	for _, a := range out.answers {
		size += len(a.response.Payload)
	}
	return len(out.answers) < maxAnswers && size < most*max(s.player.Candidate.Limits.Message, 1<<20)
}

// heard adds an answer to the outcome.
func (s *stage) heard(step *Step, out *outcome, response *mllp.Response) *answer {
	a := &answer{response: response}
	a.receipt, a.err = hl7.ReadAck(response.Payload)
	out.answers = append(out.answers, a)
	s.tellAnswer(step, response, a.receipt)
	return a
}

// unheard keeps why nothing more comes: that there is no answer at all is the
// outcome of the step, anything else is told by what is missing.
func (s *stage) unheard(step *Step, out *outcome, err, broken error) {
	if broken != nil && kindOf(err) == mllp.NoAnswer {
		err = broken
	}
	if kindOf(err) == mllp.PeerClosed {
		out.connection = ConnectionClosed
	}
	out.short = err
	if len(out.answers) == 0 {
		out.err = err
	}
	s.tellFailure(step, err)
}

// due is how many answers there can be before nothing more is waited for.
func (step *Step) due(p *parcel) int {
	n := max(len(p.items), 1)
	if w := p.wire; w != nil && w.Fault != nil && w.Fault.Kind == FaultDuplicate {
		n *= 1 + w.Fault.Times
	}
	return max(n, mostExpected(step.Expect))
}

// mostExpected is the largest number of answers that expectations speak of.
func mostExpected(list []*Expectation) int {
	most := 0
	for _, e := range list {
		if e.Target == TargetAnswers {
			for _, t := range e.Matcher.templates() {
				text, _ := t.Literal()
				n, _ := strconv.Atoi(text)
				most = max(most, n)
			}
		}
		for _, alternative := range e.AnyOf {
			most = max(most, mostExpected(alternative))
		}
	}
	return most
}

// tellParcel writes down what was sent: the first message with what became of
// the bytes, then the others.
func (s *stage) tellParcel(step *Step, p *parcel, written int64) {
	first := &MessageInfo{}
	if len(p.items) > 0 {
		first = messageInfo(p.items[0])
	}
	if p.wire != nil {
		first.Wire = &WireInfo{How: p.wire.How(), Written: written, Raw: p.raw()}
	}
	s.write(Event{Kind: MessageSent, Step: step.ID, Message: first})
	for i := 1; i < len(p.items); i++ {
		s.write(Event{Kind: MessageSent, Step: step.ID, Message: messageInfo(p.items[i])})
	}
}

// tellDeaf says how far the candidate let us write.
func (s *stage) tellDeaf(step *Step, p *parcel, written int64, err error) {
	if !p.wire.Mute {
		return
	}
	total := p.length() * int64(max(p.wire.Repeat, 1))
	note := Textf("%d octets écrits sur %d, sans rien lire", "%d bytes written of %d, without reading anything", written, total)
	if err != nil {
		note.FR, note.EN = note.FR+" ; "+inLang(err, "fr"), note.EN+"; "+inLang(err, "en")
	}
	s.write(Event{Kind: Note, Step: step.ID, Note: &note})
}
