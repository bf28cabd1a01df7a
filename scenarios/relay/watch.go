package relay

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/scenarios/store"
)

// judgeAll judges and tells exchanges, and hands them to the store.
func (r *Relay) judgeAll() {
	defer close(r.keep)
	j := &judgement{judge: r.Judge}
	for x := range r.work {
		if !r.gone() {
			r.judgeOne(j, x)
		}
		if r.Store == nil {
			r.copies.give(x.cost)
			continue
		}
		select {
		case r.keep <- x:
		default:
			r.figures.notStored.Add(1)
			r.copies.give(x.cost)
			r.tell(Event{Kind: NotKept, Err: ErrBehind, Count: 1})
		}
	}
}

// gone reports whether what is left is to be given up.
func (r *Relay) gone() bool {
	select {
	case <-r.dead:
		return true
	default:
		return false
	}
}

// judgeOne judges and tells an exchange. A judge that stumbles over a message must
// not take the traffic with it.
func (r *Relay) judgeOne(j *judgement, x *Exchange) {
	defer func() {
		if p := recover(); p != nil {
			*j = judgement{judge: r.Judge}
			r.log().Error("relay: judging an exchange panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	j.exchange(x)
	if r.Observe != nil {
		r.Observe(x)
	}
}

// A judgement is what judging needs again and again.
type judgement struct {
	judge  *rules.Judge
	report rules.Report
}

// exchange judges a message and its answer.
func (j *judgement) exchange(x *Exchange) {
	m, err := hl7.Parse(x.Message)
	if err != nil {
		if x.Err == nil {
			x.Err = err
		}
	} else {
		x.Patient = store.Alias(store.Identifier(m))
	}
	if j.judge == nil {
		return
	}
	if x.Err != nil && !errors.Is(x.Err, ErrAgain) && !errors.Is(x.Err, ErrLate) {
		x.Verdict = "fail"
	}
	if m != nil {
		j.judge.Message(&j.report, m)
		j.take(x, false)
	}
	if x.Answer == nil {
		return
	}
	answer, err := hl7.Parse(x.Answer)
	if err != nil {
		if x.Err == nil {
			x.Err = err
		}
		x.Verdict = "fail"
		return
	}
	j.judge.Ack(&j.report, answer, m)
	j.take(x, true)
}

// take keeps what the report says.
func (j *judgement) take(x *Exchange, answer bool) {
	x.Verdict = worse(x.Verdict, j.report.Verdict(false))
	for i := range j.report.Findings {
		f := &j.report.Findings[i]
		x.Findings = append(x.Findings, Finding{Rule: f.Rule.ID, Level: f.Level, Path: f.Path(), Answer: answer})
	}
}

// worse is the worse of two verdicts.
func worse(a, b string) string {
	grave := map[string]int{"": 0, "pass": 1, "warn": 2, "fail": 3}
	if grave[b] > grave[a] {
		return b
	}
	return a
}

// batch is how many exchanges are stored at once.
const batch = 256

// storeAll stores exchanges, in their order: one after the other while there are
// few, many at once when the disk is behind. A store that fails costs what it did
// not take, and is asked again with what comes next.
func (r *Relay) storeAll() {
	records, cost := make([]*store.Record, 0, batch), int64(0)
	for x := range r.keep {
		records, cost = append(records[:0], r.record(x)), x.cost
	gather:
		for len(records) < batch {
			select {
			case x, ok := <-r.keep:
				if !ok {
					break gather
				}
				records, cost = append(records, r.record(x)), cost+x.cost
			default:
				break gather
			}
		}
		r.keepAll(records)
		r.copies.give(cost)
		clear(records)
	}
}

// keepAll stores records: together, or, if one of them is not taken, each by
// itself.
func (r *Relay) keepAll(records []*store.Record) {
	if r.gone() {
		r.figures.notStored.Add(uint64(len(records)))
		return
	}
	err := r.Store.AddAll(r.ctx, records...)
	if err == nil {
		r.figures.stored.Add(uint64(len(records)))
		return
	}
	if len(records) > 1 && !lost(err) {
		for i := range records {
			r.keepAll(records[i : i+1])
		}
		return
	}
	r.figures.notStored.Add(uint64(len(records)))
	r.tell(Event{Kind: NotKept, Err: err, Count: len(records)})
}

// lost reports whether an error would be that of any other record, too.
func lost(err error) bool {
	if errors.Is(err, context.Canceled) {
		return true
	}
	e, ok := errors.AsType[*store.Error](err)
	return ok && e.Kind != store.NotFound
}

// record is what is stored of an exchange.
func (r *Relay) record(x *Exchange) *store.Record {
	rec := &store.Record{
		Time: x.Time, Direction: store.Received, Listener: addrOf(x.Conn.Listener), Peer: x.Conn.Peer(x.From), Connection: int64(x.Conn.ID),
		ControlID: x.Header.ControlID, Type: x.Header.Trigger, Patient: x.Patient, Verdict: x.Verdict,
		Ack: string(x.Code), Destination: r.To, Took: x.Took.Round(time.Microsecond), Message: x.Message, Answer: x.Answer,
	}
	if x.From == Far {
		rec.Direction, rec.Destination = store.Sent, addrOf(x.Conn.Addr[Near])
	}
	if x.Err != nil {
		rec.Error = x.Err.Error()
	}
	seen := map[string]bool{}
	for _, f := range x.Findings {
		if f.Level >= rules.Should && !seen[f.Rule] {
			seen[f.Rule] = true
			rec.Findings = append(rec.Findings, f.Rule)
		}
	}
	return rec
}
