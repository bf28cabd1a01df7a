package mllptest

import (
	"bytes"

	"github.com/pamlab/pamlab/mllp"
)

// blocks cuts a stream after each end of a block, however it was written.
type blocks struct {
	part []byte // the block that is not finished
}

// next takes the first n bytes of p: up to the end of the next block, which it
// returns whole, or all of them. What stands between two blocks belongs to the
// second.
func (b *blocks) next(p []byte) (n int, whole []byte) {
	end := []byte{mllp.EndBlock, mllp.CarriageReturn}
	if bytes.HasSuffix(b.part, end[:1]) && bytes.HasPrefix(p, end[1:]) {
		n = 1
	} else if i := bytes.Index(p, end); i >= 0 {
		n = i + len(end)
	}
	if n == 0 {
		b.part = append(b.part, p...)
		return len(p), nil
	}
	whole = append(b.part, p[:n]...)
	b.part = nil
	return n, whole
}
