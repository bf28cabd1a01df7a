package inspect

import (
	"context"
	"io"
	"os"
	"time"
)

// interruptible is a stream whose Read returns when the context ends. The one
// below may go on waiting, and nothing but its next byte wakes it: a terminal,
// a pipe whose other side is silent. While it waits, idle is called once: what
// was read before need not wait as well.
type interruptible struct {
	ctx  context.Context
	src  io.Reader
	idle func() error // called by the goroutine that reads
	read chan readResult

	prompt bool // the one below never waits
}

// patience is how long a stream may be silent before it is idle: longer than
// a disk needs, shorter than anybody watching notices.
const patience = 100 * time.Millisecond

type readResult struct {
	n   int
	err error
}

func newInterruptible(ctx context.Context, src io.Reader, idle func() error) *interruptible {
	return &interruptible{ctx: ctx, src: src, idle: idle, read: make(chan readResult, 1), prompt: isPrompt(src)}
}

// isPrompt says whether a stream is a file on a disk. Those that claim to be one
// and are empty are the kernel's, and some of them wait.
func isPrompt(src io.Reader) bool {
	f, ok := src.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// Read leaves p to the stream below when it returns the error of the context:
// nobody may look into p then, and nobody may call Read again.
func (r *interruptible) Read(p []byte) (int, error) {
	if r.prompt {
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		return r.src.Read(p)
	}
	go func() {
		n, err := r.src.Read(p)
		r.read <- readResult{n, err}
	}()
	silent := time.NewTimer(patience)
	defer silent.Stop()
	for {
		select {
		case got := <-r.read:
			return got.n, got.err
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		case <-silent.C:
			if err := r.idle(); err != nil {
				return 0, err
			}
		}
	}
}
