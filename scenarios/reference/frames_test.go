package reference

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// The DMN answers each block of every wire case once, with an acknowledgement,
// in whatever pieces it comes, and goes on serving others.
func TestEveryWireCaseIsAnswered(t *testing.T) {
	r := start(t, ServerOptions{})
	n := 0
	for _, c := range mllptest.Cases() {
		single := make([][]byte, len(c.Bytes))
		for i := range c.Bytes {
			single[i] = c.Bytes[i : i+1]
		}
		if c.Max > 0 {
			continue // the limits of this server are others
		}
		for name, pieces := range map[string][][]byte{"in one piece": {c.Bytes}, "in its pieces": c.Pieces(), "byte by byte": single} {
			t.Run(c.Name+", "+name, func(t *testing.T) {
				conn, err := net.Dial("tcp", r.Addr())
				require.NoError(t, err)
				defer conn.Close()
				require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
				for _, p := range pieces {
					_, err := conn.Write(p)
					require.NoError(t, err)
				}
				require.NoError(t, conn.(*net.TCPConn).CloseWrite())
				answers := mllp.NewReader(conn, 0)
				for i := 0; ; i++ {
					f, err := answers.ReadFrame()
					require.Empty(t, f.Oddities)
					if err != nil {
						require.Equal(t, io.EOF, err)
						require.Equal(t, len(c.Frames), i, "answers")
						break
					}
					_, err = hl7.ReadAck(f.Payload)
					require.NoError(t, err)
				}
			})
		}
		n++
		do(t, client(t, r.Addr(), nil), adt(v25, "A01", "9").moved("9"))
	}
	require.Greater(t, n, 60)
}
