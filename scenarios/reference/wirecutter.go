package reference

import (
	"bytes"

	"github.com/pamlab/pamlab/mllp"
)

// A cutter finds messages in the bytes of a connection, as a device does that has
// not understood what ends them. Without bugs it finds what mllp.Reader does.
type cutter struct {
	faults
	buf    []byte // what is still to be looked at; inside a block, from behind its start
	seen   int    // inside: so much of it was looked at
	inside bool
	ended  bool // a block has just ended with FS alone: CR or LF may come late
}

// A cut is a message, or bytes that stand outside any.
type cut struct {
	bytes   []byte
	message bool
}

func (c *cutter) add(b []byte) { c.buf = append(c.buf, b...) }

// forget drops what has come of a block and of all behind it.
func (c *cutter) forget() { c.buf, c.seen, c.inside = nil, 0, false }

// next returns the next cut; false when there is none yet. It is valid until the
// next add.
func (c *cutter) next() (cut, bool) {
	if !c.inside {
		if before := c.begin(); len(before) > 0 {
			return cut{bytes: before}, true
		}
	}
	for c.inside {
		i := bytes.IndexAny(c.buf[c.seen:], "\x0b\x1c")
		if i < 0 {
			c.seen = len(c.buf)
			break
		}
		at := c.seen + i
		if c.buf[at] == mllp.StartBlock {
			c.restart(at)
			continue
		}
		size := c.end(c.buf[at+1:])
		if size == 0 { // CR may be on its way
			c.seen = at
			break
		}
		c.seen = at + 1
		if size > 0 {
			found := cut{bytes: c.buf[:at:at], message: true}
			c.buf, c.seen, c.inside, c.ended = c.buf[at+size:], 0, false, size == 1
			return found, true
		}
	}
	return cut{}, false
}

// begin finds the start of a block, and returns what stands before it.
func (c *cutter) begin() (before []byte) {
	if c.ended && len(c.buf) > 0 {
		if c.ended = false; c.buf[0] == mllp.CarriageReturn || c.buf[0] == '\n' {
			c.buf = c.buf[1:]
		}
	}
	at := bytes.IndexByte(c.buf, mllp.StartBlock)
	if c.on(noStartNeeded) {
		if first := len(c.buf) - len(bytes.TrimLeft(c.buf, "\r\n ")); first < len(c.buf) && first != at {
			before, c.buf, c.inside = c.buf[:first], c.buf[first:], true
			return before
		}
	}
	if at < 0 {
		before, c.buf = c.buf, nil
		return before
	}
	before, c.buf, c.inside = c.buf[:at], c.buf[at+1:], true
	return before
}

// restart meets a start byte inside a block.
func (c *cutter) restart(at int) {
	if c.on(mergesUnterminated) {
		c.seen = at + 1
		return
	}
	c.buf, c.seen = c.buf[at+1:], 0
}

// end tells how many bytes an end of block has that begins with FS: 0 when that
// hangs on what has not come yet, and less for none.
func (c *cutter) end(behind []byte) int {
	switch {
	case len(behind) == 0 && c.on(takesLFEnd, splitsOnFS):
		return 1
	case len(behind) == 0:
		return 0
	case behind[0] == mllp.CarriageReturn:
		return 2
	case behind[0] == '\n' && c.on(takesLFEnd):
		return 2
	case behind[0] == mllp.StartBlock && c.on(takesLFEnd), c.on(splitsOnFS):
		return 1
	}
	return -1
}
