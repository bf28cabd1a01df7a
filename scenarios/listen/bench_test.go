package listen_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/listen"
	"github.com/pamlab/pamlab/scenarios/store"
)

// conns is how many connections the figures are about.
const conns = 32

// BenchmarkListen is messages received, judged, stored and acknowledged, each of
// 32 connections waiting for its answer. "fsync" is what the disk allows a server
// that does nothing but append as many bytes to a file and sync it for all who
// wait, before it answers.
func BenchmarkListen(b *testing.B) {
	for _, path := range []string{filepath.Join(b.TempDir(), "bench.db"), store.Memory} {
		b.Run(filepath.Base(path), func(b *testing.B) {
			kept := openStore(b, path, store.Options{})
			s, stop := start(b, listen.Options{Store: kept, Validate: true}, listen.Listener{Name: "dmn"})
			flood(b, s.Addrs()[0])
			stop()
		})
	}
	b.Run("fsync", benchmarkFsync)
}

func benchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "bench.log"))
	require.NoError(b, err)
	defer f.Close()
	type wish struct {
		bytes []byte
		done  chan error
	}
	queue, gone := make(chan wish, 2*conns), make(chan struct{})
	go func() {
		defer close(gone)
		for first := range queue {
			waiting, room := []wish{first}, []byte(nil)
			for more := true; more && len(queue) > 0; {
				var next wish
				if next, more = <-queue; more {
					waiting = append(waiting, next)
				}
			}
			for _, w := range waiting {
				room = append(room, w.bytes...)
			}
			_, err := f.Write(room)
			if err == nil {
				err = f.Sync()
			}
			for _, w := range waiting {
				w.done <- err
			}
		}
	}()
	server := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		h, err := hl7.ParseHeader(r.Payload)
		if err != nil {
			return
		}
		answer := hl7.Ack{Code: hl7.AA, ControlID: "1"}.Append(nil, h)
		x := wish{append(bytes.Clone(r.Payload), answer...), make(chan error, 1)}
		queue <- x
		if <-x.done == nil {
			_ = w.WriteMessage(answer)
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	flood(b, l.Addr().String())
	require.NoError(b, server.Shutdown(context.Background()))
	require.ErrorIs(b, <-served, mllp.ErrServerClosed)
	close(queue)
	<-gone
}

// flood sends b.N messages on all connections together.
func flood(b *testing.B, addr string) {
	b.Helper()
	template := with(b, sample(b, "A31"), "CONTROLID")
	clients := make([]*mllp.Client, conns)
	for i := range clients {
		clients[i] = client(b, addr)
		send(b, clients[i], bytes.Replace(template, []byte("CONTROLID"), fmt.Appendf(nil, "W%08d", i), 1))
	}
	var senders sync.WaitGroup
	b.ResetTimer()
	for i, c := range clients {
		senders.Go(func() {
			message := bytes.Replace(template, []byte("CONTROLID"), []byte("         "), 1)
			at := bytes.Index(message, []byte("         "))
			for n := i; n < b.N; n += conns {
				copy(message[at:], fmt.Appendf(nil, "%09d", n))
				r, err := c.Do(b.Context(), message)
				if err != nil || !bytes.Contains(r.Payload, []byte("MSA|AA|")) {
					b.Errorf("message %d: %v", n, err)
					return
				}
			}
		})
	}
	senders.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
