package simulate

import (
	"context"
	"slices"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/store"
)

// How many messages go out before an answer is read, when a fault is on: so many, or
// more of one patient, whose messages are not parted.
const (
	atOnce     = 8
	mostAtOnce = 4 * atOnce
)

// burst sends a record, and those behind it, before any of them is answered.
func (q *queue) burst(ctx context.Context, first *store.Record) {
	list := q.following(first)
	if len(list) == 0 {
		return
	}
	receipts, err := q.exchanges(ctx, list)
	var left []*store.Record
	for i, rec := range list {
		switch {
		case i < len(receipts) && receipts[i] != nil:
			q.conclude(ctx, rec, receipts[i], true, nil)
		case q.comesAgain(rec, wasReached(err), err):
			left = append(left, rec)
		}
	}
	for _, rec := range slices.Backward(left) {
		q.again(rec)
	}
	if len(left) > 0 {
		q.breathe(ctx)
	}
}

// following are a record and those of which none waits for another time.
func (q *queue) following(first *store.Record) (list []*store.Record) {
	rec := first
	for {
		if q.goes(rec) {
			list = append(list, rec)
		}
		if len(q.ahead) == 0 || q.delays[q.ahead[0].Patient] != nil {
			return list
		}
		if n := len(list); n == mostAtOnce || n >= atOnce && q.ahead[0].Patient != rec.Patient {
			return list
		}
		rec = q.ahead[0]
		q.ahead[0], q.ahead = nil, q.ahead[1:]
	}
}

// exchanges writes messages and reads what is answered, as far as it comes: nil is
// no answer to the message of that place. failed is why there is not one for each.
func (q *queue) exchanges(ctx context.Context, list []*store.Record) (receipts []*hl7.Receipt, failed error) {
	began := time.Now()
	raw, _, err := q.client.Raw(ctx)
	if err != nil {
		for _, rec := range list {
			rec.Time, rec.Took = began, time.Since(began)
		}
		return nil, err
	}
	defer func() {
		if raw.Release(); failed != nil {
			_ = q.client.Close()
		}
	}()
	var all []byte
	for _, rec := range list {
		goesOut(rec, q.client, raw.Facts())
		all = mllp.AppendFrame(all, rec.Message)
	}
	ctx = context.WithoutCancel(ctx)
	if _, err := raw.Write(ctx, all, 0); err != nil {
		return nil, err
	}
	for _, rec := range list {
		response, err := raw.Receive(ctx, 0)
		if rec.Took = time.Since(rec.Time); err != nil {
			return receipts, err
		}
		receipt, wrong := q.read(rec, response)
		if wrong != nil {
			receipt, failed = nil, wrong
		}
		receipts = append(receipts, receipt)
	}
	return receipts, failed
}
