package store

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// However many come and go at the same time, there are never two: also when one
// has opened the file that another is taking away.
func TestOwnersTakeTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dmn.db")
	var inside, turns atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for turns.Load() < 500 {
				o, err := own(path)
				if e, ok := errors.AsType[*Error](err); ok && e.Kind == Owned {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two at once")
				}
				turns.Add(1)
				inside.Add(-1)
				if err := o.leave(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
