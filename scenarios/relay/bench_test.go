package relay_test

import (
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/relay"
	"github.com/pamlab/pamlab/scenarios/store"
)

// BenchmarkAddedLatency measures exchanges through a relay that judges and
// stores, and directly, in turns, and reports both medians and what the relay
// adds:
//
//	go test -run '^$' -bench AddedLatency -benchtime 5000x ./scenarios/relay
func BenchmarkAddedLatency(b *testing.B) {
	for _, secure := range []bool{false, true} {
		name := "plain"
		if secure {
			name = "mutual TLS"
		}
		b.Run(name, func(b *testing.B) {
			server := &mllp.Server{Logger: slog.New(slog.DiscardHandler), Handler: mllp.HandlerFunc(acknowledge)}
			r := &relay.Relay{Judge: judge(b)}
			through, direct := &mllp.Client{}, &mllp.Client{}
			if secure {
				near, err := identity(b, "dmn").ServerConfig()
				require.NoError(b, err)
				far, err := identity(b, "gam").ClientConfig()
				require.NoError(b, err)
				server.TLSConfig, r.NearTLS, r.FarTLS, through.TLSConfig, direct.TLSConfig = near, near, far, far, far
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(b, err)
			served := make(chan struct{})
			go func() { defer close(served); _ = server.Serve(l) }()
			kept, err := store.Open(b.Context(), b.TempDir()+"/traffic.db", store.Options{})
			require.NoError(b, err)
			r.To, r.Store = l.Addr().String(), kept
			addr, stop := begin(b, r)
			through.Addr, direct.Addr = addr, l.Addr().String()

			message := sample(b, "A01")
			exchange := func(c *mllp.Client) time.Duration {
				begun := time.Now()
				_, err := c.Do(b.Context(), message)
				require.NoError(b, err)
				return time.Since(begun)
			}
			exchange(through)
			exchange(direct)
			var a, d []time.Duration
			for b.Loop() {
				a, d = append(a, exchange(through)), append(d, exchange(direct))
			}
			b.ReportMetric(median(a), "µs/through")
			b.ReportMetric(median(d), "µs/direct")
			b.ReportMetric(median(a)-median(d), "µs/added")

			require.NoError(b, through.Close())
			require.NoError(b, direct.Close())
			stop()
			require.NoError(b, kept.Close())
			require.NoError(b, server.Close())
			<-served
			require.NoError(b, server.Shutdown(b.Context()))
			stats := r.Stats()
			b.ReportMetric(float64(stats.Dropped+stats.NotStored), "lost")
		})
	}
}

func median(list []time.Duration) float64 {
	slices.Sort(list)
	return float64(list[len(list)/2]) / float64(time.Microsecond)
}
