package simulate

import (
	"context"
	"io"
	"time"
)

// Print has the messages written one after the other instead of sent: no
// outbox, no place. Destinations and Store are not used.
func Print(ctx context.Context, w io.Writer, o Options) (Summary, error) {
	r := &run{Options: o, place: o.Place, begin: time.Now()}
	c := &clock{pace: o.Pace, begin: r.begin, anchor: o.Place.Start}
	var end <-chan time.Time
	if r.For > 0 {
		t := time.NewTimer(r.For)
		defer t.Stop()
		end = t.C
	}
	for o.Count == 0 || r.told < o.Count {
		e, err := o.Source.Next()
		if err != nil {
			return r.summary(), err
		}
		if !r.until(ctx, c.due(e.At), end) {
			break
		}
		message := e.Message
		if o.Spoil != nil {
			message = o.Spoil(message)
		}
		if _, err := w.Write(message); err != nil {
			return r.summary(), err
		}
		r.place.pass(&e)
		r.told++
	}
	return r.summary(), nil
}
