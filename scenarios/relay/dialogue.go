package relay

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// maxOwed is how many messages of one side may wait for their acknowledgement;
// the oldest of more is told as not answered.
const maxOwed = 256

// errDry is what a stream's source says when there is nothing more for now.
var errDry = errors.New("relay: no more for now")

// A stream is what one side said, as the blocks that are in it.
type stream struct {
	rd    *mllp.Reader
	left  []byte // to be read
	ended bool
	blind bool  // what is in it cannot be read: TLS within what we carry
	held  int64 // bytes of the budget for a block that is not whole yet
}

// Read gives the Reader what there is.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.left) > 0 {
		n := copy(p, s.left)
		s.left = s.left[n:]
		return n, nil
	}
	if s.ended {
		return 0, io.EOF
	}
	return 0, errDry
}

// A past is a message that was answered, or waited too long.
type past struct {
	id  string // MSH-10
	err error  // what an answer to it is from now on: ErrAgain, ErrLate
}

// A dialogue is what both sides of a link said, as exchanges. It belongs to the
// goroutine of its tap.
type dialogue struct {
	l       *link
	side    [2]*stream
	waiting [2][]*Exchange // messages of each side that wait for an answer, oldest first
	past    [2][]past      // messages of each side that wait no longer
	gapped  bool           // something was dropped while messages waited: their order tells nothing
	answer  time.Duration  // how long they may
}

func newDialogue(l *link) *dialogue {
	d := &dialogue{l: l, answer: limit(l.r.AnswerTimeout, DefaultAnswerTimeout)}
	for s := range d.side {
		d.side[s] = new(stream)
		d.reset(Side(s))
	}
	return d
}

// reset begins a side anew, where something is missing.
func (d *dialogue) reset(from Side) {
	s := d.side[from]
	d.l.r.copies.give(s.held)
	s.held = 0
	s.rd = mllp.NewReader(s, d.l.r.MaxMessage)
}

// piece reads one piece.
func (d *dialogue) piece(p piece) {
	s, budget := d.side[p.from], &d.l.r.copies
	if p.gap {
		d.reset(p.from)
		d.gapped = true
		d.l.r.tell(Event{Kind: Gap, Conn: d.l.facts, Side: p.from})
	}
	if len(d.waiting[Near])+len(d.waiting[Far]) == 0 {
		d.gapped = false
	}
	if s.blind {
		budget.give(p.cost())
		return
	}
	s.left = p.data
	d.read(p.from, p.at)
	s.left = nil
	if s.rd.InBlock() {
		s.held += p.cost()
		return
	}
	budget.give(p.cost() + s.held)
	s.held = 0
}

// read reads the blocks that are there.
func (d *dialogue) read(from Side, at time.Time) {
	s := d.side[from]
	for !s.blind {
		f, err := s.rd.ReadFrame()
		switch {
		case err == nil:
			d.l.r.copies.give(s.held)
			s.held = 0
			d.block(from, at, f)
		case errors.Is(err, errDry):
			return
		default:
			d.broken(from, at, f, err)
			if s.ended {
				return
			}
			s.rd = mllp.NewReader(s, d.l.r.MaxMessage)
		}
	}
}

// broken tells of bytes that are no block.
func (d *dialogue) broken(from Side, at time.Time, f mllp.Frame, err error) {
	fe, ok := errors.AsType[*mllp.FrameError](err)
	if !ok && len(f.Oddities) == 0 {
		return // the good end
	}
	if ok && fe.Kind == mllp.FrameTLS {
		d.side[from].blind = true
	}
	d.l.r.tell(Event{Kind: NoBlock, Conn: d.l.facts, Side: from, Err: frameErr(fe), Oddities: f.Oddities})
	if len(f.Payload) == 0 || fe == nil || fe.Kind != mllp.FrameTruncated {
		return
	}
	x := d.exchange(from, at, f.Payload, f.Oddities)
	if x == nil {
		return
	}
	x.Err = fe
	d.over(x)
}

func frameErr(fe *mllp.FrameError) error {
	if fe == nil {
		return nil
	}
	return fe
}

// exchange begins an exchange with a copy of a message, nil if there is no
// memory for it.
func (d *dialogue) exchange(from Side, at time.Time, payload []byte, odd []mllp.Oddity) *Exchange {
	r := d.l.r
	x := &Exchange{Conn: d.l.facts, From: from, Time: at, Oddities: odd}
	if x.Message = x.copy(r, payload); x.Message == nil {
		r.dropped(1, len(payload))
		return nil
	}
	x.Header, _ = hl7.ParseHeader(x.Message)
	return x
}

// copy takes a copy of a block into an exchange.
func (x *Exchange) copy(r *Relay, payload []byte) []byte {
	cost := int64(len(payload)) + exchangeCost
	if !r.copies.take(cost) {
		return nil
	}
	x.cost += cost
	return append(make([]byte, 0, len(payload)), payload...)
}

// block is a whole block: the answer to a message of the other side, or a
// message.
func (d *dialogue) block(from Side, at time.Time, f mllp.Frame) {
	receipt, err := hl7.ReadAck(f.Payload)
	stray := d.stray(from.Other(), receipt)
	if stray == nil && (err == nil || !isMessage(f.Payload)) {
		if i := d.answeredBy(from.Other(), receipt); i >= 0 {
			d.pair(from, at, f, receipt, i)
			return
		}
	}
	x := d.exchange(from, at, f.Payload, f.Oddities)
	switch {
	case x == nil:
	case receipt != nil:
		x.Code, x.Err = receipt.Code, stray
		d.over(x) // an acknowledgement of something that passed elsewhere, or too long ago
	default:
		d.wait(x)
	}
}

// isMessage reports whether a block can be read as HL7: then it is no bad answer,
// but a message that crossed ours.
func isMessage(payload []byte) bool {
	_, err := hl7.ParseHeader(payload)
	return err == nil
}

// stray says why an acknowledgement is for no message that waits, nil if it may
// be.
func (d *dialogue) stray(of Side, receipt *hl7.Receipt) error {
	if receipt == nil {
		return nil
	}
	for _, p := range d.past[of] {
		if p.id == receipt.MessageID {
			return p.err
		}
	}
	return nil
}

// answeredBy finds the message of a side that is answered: the one whose MSH-10 is
// in MSA-2, else the oldest; -1 if there is none.
func (d *dialogue) answeredBy(of Side, receipt *hl7.Receipt) int {
	waiting := d.waiting[of]
	if receipt != nil && receipt.MessageID != "" {
		for i, x := range waiting {
			if x.Header.ControlID == receipt.MessageID {
				return i
			}
		}
	}
	if len(waiting) == 0 || d.gapped {
		return -1
	}
	return 0
}

// wait puts a message among those that wait for their answer.
func (d *dialogue) wait(x *Exchange) {
	// A message that is sent again is owed an answer again.
	d.past[x.From] = slices.DeleteFunc(d.past[x.From], func(p past) bool { return p.id == x.Header.ControlID })
	if none(x.Header) {
		d.over(x)
		return
	}
	list := append(d.waiting[x.From], x)
	if len(list) > maxOwed {
		d.unanswered(list[0])
		list = list[1:]
	}
	d.waiting[x.From] = list
}

// none reports whether the sender asked not to be answered at all.
func none(h hl7.Header) bool { return h.AcceptAck == "NE" && h.ApplicationAck == "NE" }

// pair gives a message its answer. One that was only accepted, and whose sender
// asked for more, goes on waiting.
func (d *dialogue) pair(from Side, at time.Time, f mllp.Frame, receipt *hl7.Receipt, i int) {
	list := d.waiting[from.Other()]
	x := list[i]
	answer := x.copy(d.l.r, f.Payload)
	if answer == nil {
		d.l.r.dropped(1, len(f.Payload))
	}
	x.Answer, x.AnswerOddities, x.Took = answer, f.Oddities, at.Sub(x.Time)
	if receipt != nil {
		x.Code = receipt.Code
		if receipt.Code == hl7.CA && x.Header.ApplicationAck != "" && x.Header.ApplicationAck != "NE" {
			x.accepted = true
			return
		}
	}
	d.waiting[from.Other()] = append(list[:i:i], list[i+1:]...)
	d.pass(x, ErrAgain)
	d.over(x)
}

// pass remembers for a while that a message waits no longer.
func (d *dialogue) pass(x *Exchange, err error) {
	list := d.past[x.From]
	if len(list) == maxOwed {
		list = slices.Delete(list, 0, maxOwed/2)
	}
	if id := x.Header.ControlID; id != "" {
		list = append(list, past{strings.Clone(id), err})
	}
	d.past[x.From] = list
}

// over hands an exchange on, or drops it when the judge is far behind.
func (d *dialogue) over(x *Exchange) {
	r := d.l.r
	select {
	case r.work <- x:
		r.figures.exchanges.Add(1)
	default:
		r.dropped(1, len(x.Message)+len(x.Answer))
		r.copies.give(x.cost)
		r.tell(Event{Kind: Gap, Side: x.From})
	}
}

func (d *dialogue) unanswered(x *Exchange) {
	if !x.accepted {
		d.l.r.figures.unanswered.Add(1)
		x.Err = ErrUnanswered
	}
	d.pass(x, ErrLate)
	d.over(x)
}

// owed reports whether a message waits for its answer, or a block for its end.
func (d *dialogue) owed() bool {
	for s := range d.side {
		if len(d.waiting[s]) > 0 || d.side[s].rd.InBlock() && !d.side[s].blind {
			return true
		}
	}
	return false
}

// expire gives up waiting for answers that are too late.
func (d *dialogue) expire(now time.Time) {
	for s, list := range d.waiting {
		for d.answer > 0 && len(list) > 0 && now.Sub(list[0].Time) >= d.answer {
			d.unanswered(list[0])
			list = list[1:]
		}
		d.waiting[s] = list
	}
}

// next is when expire has something to do; 0: nothing waits.
func (d *dialogue) next() time.Duration {
	var least time.Duration
	for _, list := range d.waiting {
		if len(list) == 0 || d.answer == 0 {
			continue
		}
		left := max(time.Until(list[0].Time.Add(d.answer)), 1)
		if least == 0 || left < least {
			least = left
		}
	}
	return least
}

// end tells what was left when the link ended.
func (d *dialogue) end() {
	for s, stream := range d.side {
		stream.ended = true
		d.read(Side(s), time.Now())
		d.l.r.copies.give(stream.held)
		stream.held = 0
	}
	for s, list := range d.waiting {
		for _, x := range list {
			d.unanswered(x)
		}
		d.waiting[s] = nil
	}
}
