package mllptest

import (
	"math/rand/v2"
	"net"
	"slices"
	"time"
)

// Reorder makes blocks change places: an engine with several workers on one
// queue, which sends a discharge before the admission, or whose answers come in
// the order in which they were finished.
//
// A block ends with 0x1C 0x0D, whatever came before. Blocks are held back until
// there are enough of them, and then go out in one piece; Write says that all
// is well meanwhile. Who waits for an answer to each block before the next will
// wait in vain, unless Hold ends it.
type Reorder struct {
	// Group is how many blocks change places with each other: they go out in the
	// opposite order. 0 is 2.
	Group int
	// Shuffle, if it is not 0, is the seed of an order drawn by chance instead.
	Shuffle uint64
	// Hold is how long a block is held back at most, before what there is goes out
	// as it came; 0 is without limit. CloseWrite lets it go, too; what is held
	// when the connection is closed is lost, and so is a block without end.
	Hold time.Duration
}

// Wrap returns c with the fault.
func (f Reorder) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	r := &reorderer{conn: c, Reorder: f, chance: rand.New(rand.NewPCG(f.Shuffle, 0))}
	c.write, c.hurry = r.Write, r.hurry
	return c
}

type reorderer struct {
	*conn
	Reorder
	chance *rand.Rand
	all    blocks
	held   [][]byte
	since  *time.Timer // runs while something is held
}

func (r *reorderer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n, block := r.all.next(rest)
		rest = rest[n:]
		if block != nil {
			r.held = append(r.held, block)
		}
		if len(r.held) < max(r.Group, 2) {
			continue
		}
		if r.Shuffle != 0 {
			r.chance.Shuffle(len(r.held), func(i, j int) { r.held[i], r.held[j] = r.held[j], r.held[i] })
		} else {
			slices.Reverse(r.held)
		}
		if err := r.flush(); err != nil {
			return 0, err
		}
	}
	r.written += int64(len(p))
	if len(r.held) > 0 && r.Hold > 0 && r.since == nil {
		r.since = time.AfterFunc(r.Hold, r.hurry)
	}
	return len(p), nil
}

// flush sends what is held.
func (r *reorderer) flush() error {
	if r.since != nil {
		r.since.Stop()
		r.since = nil
	}
	out := slices.Concat(r.held...)
	r.held = nil
	if len(out) == 0 {
		return nil
	}
	_, err := r.Conn.Write(out)
	return err
}

// hurry sends what is held as it came.
func (r *reorderer) hurry() {
	if r.take(r.writing, &r.writeBy) != nil {
		return
	}
	defer func() { <-r.writing }()
	if err := r.flush(); err != nil && r.over == nil {
		r.over = err // the caller was told that it had gone out
	}
}
