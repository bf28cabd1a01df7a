package mllptest

import (
	"errors"
	"fmt"
	"net"
)

// A Fault is one way in which a connection can misbehave.
type Fault interface {
	// Wrap returns a connection that does what c does, with the fault. c is not
	// to be used any more, but through it: what Wrap returns has the method
	// NetConn, which gives c back, and closing it closes c.
	Wrap(c net.Conn) net.Conn
}

// Faults are several faults on one connection. The first is nearest to the
// network: what the last makes of the bytes goes to the one before it.
type Faults []Fault

// Wrap wraps c in all of them.
func (f Faults) Wrap(c net.Conn) net.Conn {
	for _, one := range f {
		c = one.Wrap(c)
	}
	return c
}

// ErrFault is matched by the errors of a connection that a fault has ended, so
// that a test can tell them from those of the network.
var ErrFault = errors.New("mllptest: ended by a fault")

// ended is the error of a Write that a fault did not let through.
func ended(how string, after int64, reason error) error {
	return fmt.Errorf("%w: %s after %d bytes: %w", ErrFault, how, after, reason)
}
