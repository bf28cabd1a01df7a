package mllptest

import (
	"net"
	"time"
)

// Drip writes in small pieces, with a pause between them. Without a pause it
// shows receivers that take one read for one message; with one, those that
// never give up on a slow sender, or give up too soon.
type Drip struct {
	// Chunk is how many bytes are written at once; 0 is 1.
	Chunk int
	// Every is the time from the writing of one piece to that of the next, also
	// when they belong to two calls of Write.
	Every time.Duration
}

// Wrap returns c with the fault.
func (f Drip) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	var next time.Time
	c.write = func(p []byte) (total int, err error) {
		for len(p) > 0 && err == nil {
			if !next.IsZero() && f.Every > 0 {
				if err = c.waitUntil(next, &c.writeBy); err != nil {
					break
				}
			}
			next = time.Now().Add(f.Every)
			var n int
			n, err = c.put(p[:min(max(f.Chunk, 1), len(p))])
			total += n
			p = p[n:]
		}
		return total, err
	}
	return c
}
