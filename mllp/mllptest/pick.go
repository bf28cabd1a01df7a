package mllptest

import (
	"context"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// A Pick says which connections of a [Dialer] or [Listener] are given the
// fault. All its conditions must hold; the zero Pick takes every connection.
// What it says of a connection depends only on the connection's number, so that
// a test is the same on every run.
type Pick struct {
	Nth    int     // only this one, counted from 1; 0 is any
	Every  int     // only each Every-th: with 3, the third, sixth and so on; 0 is any
	Chance float64 // only with this chance, from 0 to 1; 0 is always
	Seed   uint64  // what the chance is drawn from
}

// Takes reports whether the n-th connection, counted from 1, is picked.
func (p Pick) Takes(n int) bool {
	switch {
	case p.Nth > 0 && n != p.Nth:
		return false
	case p.Every > 0 && n%p.Every != 0:
		return false
	case p.Chance > 0:
		return rand.New(rand.NewPCG(p.Seed, uint64(n))).Float64() < p.Chance
	}
	return true
}

// A Dialer opens connections that have a fault. Its method DialContext can be
// given to whoever dials, for instance as the Dial of an mllp.Client.
type Dialer struct {
	Fault Fault // nil is none
	Pick  Pick
	// Dial opens the connections; nil is net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	count atomic.Int64
}

// DialContext opens a connection. Only those that could be opened are counted.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dial := d.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	c, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return give(c, d.Fault, d.Pick, &d.count), nil
}

// A Listener accepts connections that have a fault.
type Listener struct {
	net.Listener
	Fault Fault // nil is none
	Pick  Pick

	count atomic.Int64
}

// Accept waits for a connection.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return give(c, l.Fault, l.Pick, &l.count), nil
}

// give counts a connection, and wraps it if it is its turn.
func give(c net.Conn, f Fault, p Pick, count *atomic.Int64) net.Conn {
	if n := count.Add(1); f == nil || !p.Takes(int(n)) {
		return c
	}
	return f.Wrap(c)
}
