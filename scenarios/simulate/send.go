package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/store"
)

// errNotTheAnswer is an answer that is none to the message.
var errNotTheAnswer = errors.New("the answer is not one to this message")

// attempt tries to have a record taken, once, and decides what becomes of it.
func (q *queue) attempt(ctx context.Context, rec *store.Record) {
	if q.goes(rec) {
		receipt, reached, err := q.exchange(ctx, rec)
		q.conclude(ctx, rec, receipt, reached, err)
	}
}

// goes makes a record ready to be sent, or parks it: false.
func (q *queue) goes(rec *store.Record) bool {
	if id, rests := q.refused.under(rec); rests {
		q.park(rec, scenarios.Textf("repose sur le message %d, refusé", "rests upon message %d, which was refused", id))
		return false
	}
	if q.lost[rec.Patient] {
		delete(q.lost, rec.Patient)
		q.park(rec, scenarios.Text{FR: "perdu, comme le veut le défaut", EN: "lost, as the fault wants"})
		return false
	}
	if rec.Attempts > 0 {
		q.retries.Add(1)
		if q.Habits.NewIDOnRetry {
			renumber(rec)
		}
	}
	return true
}

// conclude decides what becomes of a record after an attempt.
func (q *queue) conclude(ctx context.Context, rec *store.Record, receipt *hl7.Receipt, reached bool, err error) {
	switch {
	case err != nil && ctx.Err() != nil && !reached:
		q.put(rec) // it waits in the store; the run is over
	case err != nil:
		q.fail(ctx, rec, reached, err)
	default:
		q.pause = 0
		q.answered(rec, receipt)
	}
}

// exchange sends a message and reads its answer, in the clear where TLS fails and a
// fault has it so.
func (q *queue) exchange(ctx context.Context, rec *store.Record) (receipt *hl7.Receipt, reached bool, err error) {
	receipt, reached, err = q.through(ctx, q.client, rec)
	if err != nil && !reached && q.plain != nil && ctx.Err() == nil {
		receipt, reached, err = q.through(ctx, q.plain, rec)
		_ = q.plain.Close()
	}
	return receipt, reached, err
}

// through is an exchange over one of the clients. Once a connection stands the
// exchange is finished even if the run is over, so that its end is known.
func (q *queue) through(ctx context.Context, client *mllp.Client, rec *store.Record) (receipt *hl7.Receipt, reached bool, err error) {
	began := time.Now()
	conn, err := client.Connect(ctx)
	if err != nil {
		rec.Time, rec.Took = began, time.Since(began)
		return nil, false, err
	}
	goesOut(rec, client, conn)
	response, err := client.Do(context.WithoutCancel(ctx), rec.Message)
	rec.Took = time.Since(rec.Time)
	if err != nil {
		_ = client.Close() // what still comes is no answer to the next message
		if reached = wasReached(err); !reached {
			rec.Attempts--
		}
		return nil, reached, err
	}
	if receipt, err = q.read(rec, response); err != nil || q.Habits.ConnectionPerMessage {
		_ = client.Close()
	}
	return receipt, true, err
}

// goesOut notes where a message goes.
func goesOut(rec *store.Record, client *mllp.Client, conn *mllp.Conn) {
	rec.Connection, rec.Peer = int64(conn.ID), client.Addr
	if conn.TLS != nil && len(conn.TLS.PeerCertificates) > 0 {
		rec.Peer = conn.TLS.PeerCertificates[0].Subject.CommonName
	}
	rec.Time = time.Now()
	rec.Attempts++
}

// wasReached reports whether a message may have come to the receiver all the same.
func wasReached(err error) bool {
	var failed *mllp.Error
	known := errors.As(err, &failed)
	return !known || failed.Kind != mllp.NoConnection && failed.Kind != mllp.HandshakeRefused
}

// read notes the answer to a message.
func (q *queue) read(rec *store.Record, response *mllp.Response) (*hl7.Receipt, error) {
	rec.Answer = response.Payload
	receipt, err := hl7.ReadAck(response.Payload)
	if err == nil && receipt.MessageID != rec.ControlID && !q.Habits.TakesAnyAnswer {
		err = errNotTheAnswer
	}
	return receipt, err
}

// fail is an attempt after which nobody knows whether the message was taken, or
// before which nobody was there. Everything waits, and the same message is sent
// again, unless it is this message that the receiver cannot cope with.
func (q *queue) fail(ctx context.Context, rec *store.Record, reached bool, err error) {
	switch {
	case !q.comesAgain(rec, reached, err):
	case reached && q.Habits.Overtakes:
		q.put(rec)
	default:
		q.again(rec)
		q.breathe(ctx)
	}
}

// comesAgain says what came of a failed attempt: the record is to be sent again, or
// parked.
func (q *queue) comesAgain(rec *store.Record, reached bool, err error) bool {
	rec.Error = err.Error()
	switch {
	case q.Habits.NeverRetries:
		q.park(rec, scenarios.Textf("abandonné, comme le veut le défaut : %[1]s", "given up, as the fault wants: %[1]s", rec.Error))
		return false
	case reached && rec.Attempts >= q.Attempts:
		q.park(rec, scenarios.Textf("sans réponse en %d essais : %s", "no answer in %d attempts: %s", rec.Attempts, rec.Error))
		return false
	}
	q.report(Outcome{Record: copied(rec), Err: err})
	return true
}

// breathe is the pause after a fault of the line, longer each time.
func (q *queue) breathe(ctx context.Context) {
	q.pause = min(max(2*q.pause, q.FirstPause), q.Longest)
	timer := time.NewTimer(q.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// again makes a record the next one.
func (q *queue) again(rec *store.Record) {
	if d := q.delays[rec.Patient]; d != nil && d.records[0] == rec {
		d.until = time.Time{}
		return
	}
	q.ahead = slices.Insert(q.ahead, 0, rec)
}

// answered does what an answer asks for.
func (q *queue) answered(rec *store.Record, receipt *hl7.Receipt) {
	rec.Ack = string(receipt.Code)
	switch code := receipt.Code; {
	case code.Positive():
		rec.State, rec.Error = store.Done, ""
		q.finish(Outcome{Record: rec})
	case (code == hl7.AE || code == hl7.CE) && !q.Habits.ResendsRefused:
		if q.Habits.LosesAfterRefusal {
			q.lost[rec.Patient] = true
		}
		q.stopped = q.Habits.StopsAfterRefusal
		q.refuse(rec, scenarios.Textf("refusé : %s", "refused: %s", reason(receipt)))
	case never(receipt):
		q.refuse(rec, scenarios.Textf("rejeté définitivement : %s", "rejected for good: %s", reason(receipt)))
	case q.Habits.NeverRetries || rec.Attempts >= q.Attempts:
		q.refuse(rec, scenarios.Textf("rejeté en %d essais : %s", "rejected in %d attempts: %s", rec.Attempts, reason(receipt)))
	default: // AR, CR, and what is no code
		why := scenarios.Textf("rejeté pour l'instant : %s", "rejected for now: %s", reason(receipt))
		rec.Error = why.EN
		q.put(rec)
		q.report(Outcome{Record: copied(rec), Why: why})
	}
}

// never reports whether a rejection says that the message will not be taken
// later either: its header is not what the receiver speaks (ITI TF-2 C.2.3).
func never(receipt *hl7.Receipt) bool {
	if receipt.Code != hl7.AR && receipt.Code != hl7.CR {
		return false
	}
	return slices.ContainsFunc(receipt.Errors, func(e hl7.AckError) bool {
		return e.Code >= hl7.ConditionMessageType && e.Code <= hl7.ConditionVersion
	})
}

// reason is what a receiver said, by its codes: texts may quote the message.
func reason(receipt *hl7.Receipt) string {
	for _, e := range receipt.Errors {
		if e.Code > 0 {
			return fmt.Sprintf("%s, condition %d", receipt.Code, e.Code)
		}
	}
	return string(receipt.Code)
}

// refuse parks a record, and remembers the movement that nobody will know.
func (q *queue) refuse(rec *store.Record, why scenarios.Text) {
	q.park(rec, why)
	q.refused.add(rec)
}

// park takes a record out of the queue, for somebody to look at.
func (q *queue) park(rec *store.Record, why scenarios.Text) {
	rec.State, rec.Error = store.Parked, why.EN
	q.finish(Outcome{Record: rec, Why: why})
}

// finish takes a record out of the queue. It is not changed any more.
func (q *queue) finish(o Outcome) {
	q.done(o.Record)
	q.report(o)
}

// report has an outcome written, and then told.
func (q *queue) report(o Outcome) {
	o.Destination = q.name
	q.settle <- o
}

// copied is a record as it is now: the queue goes on changing its own.
func copied(rec *store.Record) *store.Record {
	c := *rec
	return &c
}
