package mllp_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// When Shutdown returns, the goroutine of the last connection has ended: what
// the handler used may be torn down. Many rounds, because a goroutine that is
// about to end does so soon.
func TestShutdownWaitsForTheGoroutines(t *testing.T) {
	buf := make([]byte, 1<<20)
	for range 500 {
		s := &mllp.Server{Handler: echo, Logger: slog.New(slog.DiscardHandler)}
		n := mllptest.NewNetwork()
		served := make(chan error, 1)
		go func() { served <- s.Serve(n) }()
		for range 4 {
			c, err := n.Dial(t.Context(), "", "")
			require.NoError(t, err)
			send(t, c, "hello")
			receive(t, c)
			defer c.Close()
		}
		require.NoError(t, s.Shutdown(context.Background()))
		stacks := string(buf[:runtime.Stack(buf, true)])
		require.ErrorIs(t, <-served, mllp.ErrServerClosed)
		if strings.Contains(stacks, "mllp.(*serverConn)") || strings.Contains(stacks, "mllp.(*Server).forget") {
			require.Fail(t, "a connection's goroutine outlives Shutdown", stacks)
		}
	}
}
