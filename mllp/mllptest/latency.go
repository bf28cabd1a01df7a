package mllptest

import (
	"math/rand/v2"
	"net"
	"time"
)

// Latency makes everything come late: a distant site, a satellite, a VPN. Each
// Write waits before its bytes go out, so a connection carries no more than one
// Write at a time; how long that takes is what an exchange of MLLP notices.
type Latency struct {
	// Delay is how long each Write waits, before anything of it goes out.
	Delay time.Duration
	// Jitter is how much longer it waits at most: evenly distributed, drawn from
	// Seed. Every connection draws the same sequence.
	Jitter time.Duration
	Seed   uint64
	// Read delays what is read, and not what is written: bytes are handed out
	// that long after they have come. None is lost when a read deadline passes
	// meanwhile.
	Read bool
}

// Wrap returns c with the fault.
func (f Latency) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	chance := rand.New(rand.NewPCG(f.Seed, 0))
	delay := func() time.Duration {
		if f.Jitter <= 0 {
			return f.Delay
		}
		return f.Delay + time.Duration(chance.Int64N(int64(f.Jitter)+1))
	}
	if f.Read {
		c.read = (&late{conn: c, delay: delay}).Read
		return c
	}
	c.write = func(p []byte) (int, error) {
		if err := c.wait(delay(), &c.writeBy); err != nil {
			return 0, err
		}
		return c.put(p)
	}
	return c
}

// late keeps what has come until it is due.
type late struct {
	*conn
	delay func() time.Duration
	rest  []byte
	due   time.Time
	err   error // came with rest
}

func (l *late) Read(p []byte) (int, error) {
	if len(l.rest) == 0 && l.err == nil && len(p) > 0 {
		n, err := l.Conn.Read(p)
		if n == 0 {
			return 0, err
		}
		l.rest, l.err, l.due = append(l.rest[:0], p[:n]...), err, time.Now().Add(l.delay())
	}
	if len(l.rest) > 0 {
		if err := l.waitUntil(l.due, &l.readBy); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	if l.rest = l.rest[n:]; len(l.rest) > 0 {
		return n, nil
	}
	err := l.err
	l.err = nil
	return n, err
}
