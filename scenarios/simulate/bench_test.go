package simulate_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// BenchmarkRun is a hospital that tells as fast as it can, on one connection, a
// receiver that does nothing but acknowledge: made, queued, sent, answered and
// settled, each message. The receiver's work is counted in.
func BenchmarkRun(b *testing.B) {
	addr := sink(b)
	config, err := hospital.Default()
	require.NoError(b, err)
	source := hospital.New(config, hospital.Options{Seed: 1, Start: start})
	client := &mllp.Client{Addr: addr}
	b.ReportAllocs()
	b.ResetTimer()
	s, err := simulate.Run(b.Context(), simulate.Options{
		Store: open(b, store.Memory), Source: source, Place: simulate.Place{Seed: 1, Start: start, Fingerprint: "bench"},
		Destinations: []simulate.Destination{{Name: "sink", Client: client}},
		Count:        int64(b.N), Forget: true,
	})
	require.NoError(b, err)
	require.EqualValues(b, b.N, s.Destinations[0].Sent)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// sink is the address of a receiver that says AA to everything.
func sink(b *testing.B) string {
	b.Helper()
	server := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		if h, err := hl7.ParseHeader(r.Payload); err == nil {
			_ = w.WriteMessage(hl7.Ack{Code: hl7.AA, ControlID: "1"}.Append(nil, h))
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	b.Cleanup(func() {
		require.NoError(b, server.Shutdown(context.WithoutCancel(b.Context())))
		require.ErrorIs(b, <-served, mllp.ErrServerClosed)
	})
	return l.Addr().String()
}
