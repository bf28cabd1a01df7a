package mllp_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// What comes between two exchanges is no answer to the second.
func TestClientDoesNotTakeAStrayBlockForTheAnswer(t *testing.T) {
	talk := func(c net.Conn) {
		r := mllp.NewReader(c, 0)
		for {
			f, err := r.ReadFrame()
			if err != nil {
				return
			}
			answer := append([]byte("re:"), f.Payload...)
			c.Write(mllp.AppendFrame(mllp.AppendFrame(nil, answer), []byte("stray")))
		}
	}
	addrs := map[string]string{
		"plain": peer(t, func(n int, c *net.TCPConn) { talk(c) }),
		"TLS": peer(t, func(n int, c *net.TCPConn) {
			tc := tls.Server(c, serverConfig(t, identity(t, "dmn")))
			talk(tc)
		}),
	}
	for name, addr := range addrs {
		t.Run(name, func(t *testing.T) {
			c := client(t, &mllp.Client{Addr: addr})
			if name == "TLS" {
				c.TLSConfig = clientConfig(t, identity(t, "gam"))
			}
			require.Empty(t, do(t, c, "0").Oddities)
			for i := 1; i < 20; i++ {
				r := do(t, c, fmt.Sprint(i))
				require.Equal(t, fmt.Sprint("re:", i), string(r.Payload))
				require.False(t, r.Reopened)
				require.Len(t, r.Oddities, 1)
				require.Equal(t, mllp.Unsolicited, r.Oddities[0].Kind)
				require.Equal(t, "stray", string(r.Oddities[0].Sample))
			}
		})
	}
}

// A TLS record that was read ahead with the answer is looked at as well.
func TestClientFindsAStrayBlockInTheNextRecord(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) {
		var wire gather
		wire.Conn = c
		tc := tls.Server(&wire, serverConfig(t, identity(t, "dmn")))
		r := mllp.NewReader(tc, 0)
		for {
			f, err := r.ReadFrame()
			if err != nil {
				return
			}
			wire.hold = true
			tc.Write(mllp.AppendFrame(nil, f.Payload))
			tc.Write(mllp.AppendFrame(nil, []byte("stray")))
			wire.release()
		}
	})
	c := client(t, &mllp.Client{Addr: addr, TLSConfig: clientConfig(t, identity(t, "gam"))})
	do(t, c, "first")
	for range 20 {
		r := do(t, c, "next")
		require.Equal(t, "next", string(r.Payload))
		require.Len(t, r.Oddities, 1)
		require.Equal(t, mllp.Unsolicited, r.Oddities[0].Kind)
	}
}

// gather makes one write of several.
type gather struct {
	net.Conn
	hold bool
	buf  bytes.Buffer
}

func (g *gather) Write(p []byte) (int, error) {
	if g.hold {
		return g.buf.Write(p)
	}
	return g.Conn.Write(p)
}

func (g *gather) release() {
	g.hold = false
	g.buf.WriteTo(g.Conn)
}

// A block that was begun before the message cannot be told from its answer.
func TestClientReopensInTheMiddleOfAStrayBlock(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) {
		r := mllp.NewReader(c, 0)
		for {
			f, err := r.ReadFrame()
			if err != nil {
				return
			}
			c.Write(append(mllp.AppendFrame(nil, f.Payload), "\x0bstray"...))
		}
	})
	c := client(t, &mllp.Client{Addr: addr})
	do(t, c, "first")
	r := do(t, c, "second")
	require.Equal(t, "second", string(r.Payload))
	require.True(t, r.Reopened)
}

func TestClientReportsALineFeedAfterEachAnswer(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) {
		r := mllp.NewReader(c, 0)
		for {
			f, err := r.ReadFrame()
			if err != nil {
				return
			}
			c.Write(append(mllp.AppendFrame(nil, f.Payload), '\n'))
		}
	})
	c := client(t, &mllp.Client{Addr: addr})
	require.Empty(t, do(t, c, "first").Oddities)
	for range 5 {
		r := do(t, c, "next")
		require.False(t, r.Reopened)
		require.Len(t, r.Oddities, 1)
		require.Equal(t, mllp.GarbageBefore, r.Oddities[0].Kind)
		require.Equal(t, "\n", string(r.Oddities[0].Sample))
	}
}
