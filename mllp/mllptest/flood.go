package mllptest

import (
	"bytes"
	"net"
)

// floodPiece is about how much of a flood is written at once, and held.
const floodPiece = 32 << 10

// Flood puts far more into the stream than anybody expects: a message without
// end, megabytes of garbage, the same block a million times. It happens inside
// the Write that reaches At, which returns when all of it has been written. No
// more than a few kilobytes of it are held at any time.
type Flood struct {
	// At is how many bytes are written before it. What the Write holds beyond
	// them goes out after the flood.
	At int64
	// Bytes are repeated to make it up; none is "x". A block of AppendFrame makes
	// a flood of messages.
	Bytes []byte
	// Size is how many bytes there are in all; 0 is without end: until the
	// connection fails or is closed, or the write deadline passes.
	Size int64
}

// Wrap returns c with the fault.
func (f Flood) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	flooded := false
	c.write = func(p []byte) (int, error) {
		n, err := 0, error(nil)
		if head := c.split(p, f.At); head > 0 {
			n, err = c.put(p[:head])
		}
		if err == nil && !flooded && c.written >= f.At {
			flooded = true
			err = f.pour(c.Conn)
		}
		if err != nil || n == len(p) {
			return n, err
		}
		m, err := c.put(p[n:])
		return n + m, err
	}
	return c
}

// pour writes the flood.
func (f Flood) pour(to net.Conn) error {
	unit := f.Bytes
	if len(unit) == 0 {
		unit = []byte{'x'}
	}
	// Whole units, so that the next piece goes on where this one ends.
	piece := bytes.Repeat(unit, 1+floodPiece/len(unit))
	for left := f.Size; f.Size <= 0 || left > 0; left -= int64(len(piece)) {
		if f.Size > 0 {
			piece = piece[:min(left, int64(len(piece)))]
		}
		if _, err := to.Write(piece); err != nil {
			return err
		}
	}
	return nil
}
