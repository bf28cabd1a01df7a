package simulate

import "time"

// A Pace says when messages are due. The zero Pace is as fast as can be.
type Pace struct {
	// Every is the time between two messages, whatever the hour in the hospital.
	Every time.Duration
	// Speed is how much faster than ours the hospital's time goes.
	Speed float64
	// Real tells that the hospital's time is ours: a message is due when it says
	// that it happened. What fell due while nobody played is sent at once.
	Real bool
	// None tells that the hospital stands still: nothing goes out but orders.
	None bool
}

// clock is a Pace that has begun.
type clock struct {
	pace   Pace
	begin  time.Time // ours
	anchor time.Time // the hospital's, at begin
	n      int64     // events so far
}

// due is when the next event is to be told; the zero time is now.
func (c *clock) due(at time.Time) time.Time {
	c.n++
	switch {
	case c.pace.Real:
		return at
	case c.pace.Speed > 0:
		return c.begin.Add(time.Duration(float64(at.Sub(c.anchor)) / c.pace.Speed))
	case c.pace.Every > 0:
		return c.begin.Add(time.Duration(c.n-1) * c.pace.Every)
	}
	return time.Time{}
}
