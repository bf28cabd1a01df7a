package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/store"
)

// full is a record with messages of usual length.
func full(n int) *store.Record {
	r := record(n)
	r.Message, r.Answer = bytes.Repeat([]byte("A"), 1100), bytes.Repeat([]byte("B"), 180)
	return r
}

const senders = 32

// BenchmarkAdd is one record of each of 32 goroutines at a time; BenchmarkFsync,
// what the disk allows: as many bytes appended and synced by one goroutine for
// all who wait.
func BenchmarkAdd(b *testing.B) {
	for name, path := range map[string]string{"file": filepath.Join(b.TempDir(), "bench.db"), "memory": store.Memory} {
		b.Run(name, func(b *testing.B) {
			s := open(b, path, store.Options{})
			together(b, func() error { return s.Add(b.Context(), full(1)) })
		})
	}
}

func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "bench.log"))
	require.NoError(b, err)
	defer f.Close()
	queue, gone := make(chan chan error, 2*senders), make(chan struct{})
	go func() {
		defer close(gone)
		var waiting []chan error
		chunk := bytes.Repeat([]byte("C"), 1500)
		for first := range queue {
			waiting = append(waiting[:0], first)
			for more := true; more && len(queue) > 0; {
				var next chan error
				if next, more = <-queue; more {
					waiting = append(waiting, next)
				}
			}
			_, err := f.Write(bytes.Repeat(chunk, len(waiting)))
			if err == nil {
				err = f.Sync()
			}
			for _, done := range waiting {
				done <- err
			}
		}
	}()
	together(b, func() error {
		done := make(chan error, 1)
		queue <- done
		return <-done
	})
	close(queue)
	<-gone
}

// together has senders goroutines do something b.N times in all.
func together(b *testing.B, do func() error) {
	var wg sync.WaitGroup
	b.ResetTimer()
	for sender := range senders {
		wg.Go(func() {
			for n := sender; n < b.N; n += senders {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
