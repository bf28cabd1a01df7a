package inspect

import (
	"context"
	"io"
)

// interruptible is a stream whose Read returns when the context ends. The one
// below may go on waiting, and nothing but its next byte wakes it: a terminal,
// a pipe whose other side is silent.
type interruptible struct {
	ctx  context.Context
	src  io.Reader
	read chan readResult
}

type readResult struct {
	n   int
	err error
}

func newInterruptible(ctx context.Context, src io.Reader) *interruptible {
	return &interruptible{ctx: ctx, src: src, read: make(chan readResult, 1)}
}

// Read leaves p to the stream below when it returns the error of the context:
// nobody may look into p then, and nobody may call Read again.
func (r *interruptible) Read(p []byte) (int, error) {
	go func() {
		n, err := r.src.Read(p)
		r.read <- readResult{n, err}
	}()
	select {
	case got := <-r.read:
		return got.n, got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
