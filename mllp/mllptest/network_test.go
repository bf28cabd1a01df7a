package mllptest_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/mllptest"
)

func TestNetworkConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := mllptest.NewNetwork()
		defer n.Close()
		go func() {
			c, err := n.Accept()
			if err == nil {
				c.Write([]byte("hello"))
				c.Close()
			}
		}()
		c, err := n.Dial(t.Context(), "tcp", "anywhere:1")
		require.NoError(t, err)
		defer c.Close()
		b := make([]byte, 5)
		_, err = c.Read(b)
		require.NoError(t, err)
		require.Equal(t, "hello", string(b))
		require.Equal(t, "pipe", n.Addr().String())
		require.Equal(t, "pipe", n.Addr().Network())
	})
}

func TestNetworkDialEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := mllptest.NewNetwork()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := n.Dial(ctx, "tcp", "")
		require.ErrorIs(t, err, context.DeadlineExceeded)

		done := make(chan error)
		go func() {
			_, err := n.Accept()
			done <- err
		}()
		require.NoError(t, n.Close())
		require.NoError(t, n.Close())
		require.ErrorIs(t, <-done, net.ErrClosed)
		_, err = n.Dial(t.Context(), "tcp", "")
		require.ErrorIs(t, err, net.ErrClosed)
	})
}
