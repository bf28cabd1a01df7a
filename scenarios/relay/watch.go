package relay

import (
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
		j.exchange(x)
		if r.Observe != nil {
			r.Observe(x)
		}
		if r.Store == nil {
			r.copies.give(x.cost)
			continue
		}
		select {
		case r.keep <- x:
		case <-r.dead:
			r.figures.notStored.Add(1)
			r.copies.give(x.cost)
		}
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
		if j.judge != nil {
			x.Verdict = "fail"
		}
	} else {
		x.Patient = store.Alias(store.Identifier(m))
	}
	if j.judge == nil {
		return
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

// storeAll stores exchanges. A store that fails costs what it did not take, and
// is asked again with the next.
func (r *Relay) storeAll() {
	for x := range r.keep {
		err := r.Store.Add(r.ctx, r.record(x))
		r.copies.give(x.cost)
		if err != nil {
			r.figures.notStored.Add(1)
			r.tell(Event{Kind: NotKept, Err: err, Count: 1})
			continue
		}
		r.figures.stored.Add(1)
	}
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
