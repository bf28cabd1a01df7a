package mllp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// cuts are the ways in which a case is written: in one piece, in those of its
// sender, byte by byte, and in two, cut at every byte boundary. The few long
// cases repeat themselves in the middle, where they are not cut.
func cuts(c mllptest.Case) [][][]byte {
	single := make([][]byte, len(c.Bytes))
	for i := range c.Bytes {
		single[i] = c.Bytes[i : i+1]
	}
	all := [][][]byte{{c.Bytes}, c.Pieces(), single}
	for at := 1; at < len(c.Bytes); at++ {
		if at > 300 && at < len(c.Bytes)-300 {
			continue
		}
		all = append(all, [][]byte{c.Bytes[:at], c.Bytes[at:]})
	}
	return all
}

// writeAll writes pieces until one is not taken.
func writeAll(w io.Writer, pieces [][]byte) {
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			return
		}
	}
}

// The server answers each message of each case, in order, and reports the same
// oddities and the same end, wherever the network has cut the bytes.
func TestServerIsIndifferentToCuts(t *testing.T) {
	for _, c := range mllptest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var odd []mllp.Oddity
				s := &mllp.Server{MaxMessage: c.Max, Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
					odd = append(odd, r.Oddities...)
					w.WriteMessage(append([]byte("re:"), r.Payload...))
				})}
				ended := watch(s).closed
				n := mllptest.NewNetwork()
				n.Pipe = mllptest.Pipe
				start(t, s, n)
				for _, pieces := range cuts(c) {
					odd = nil
					conn := dialInMemory(t, n)
					go func() {
						writeAll(conn, pieces)
						conn.(interface{ CloseWrite() error }).CloseWrite()
					}()
					got := readAll(conn, 0)
					conn.Close()
					reason := (<-ended).Err
					require.Equal(t, len(c.Frames), len(got.Frames), "in the pieces %q", pieces)
					for i, f := range got.Frames {
						require.Equal(t, "re:"+string(c.Frames[i]), string(f))
					}
					if e, ok := errors.AsType[*mllp.Error](reason); ok {
						odd = append(odd, e.Oddities...)
					}
					require.Equal(t, c.Oddities, withoutSamples(odd))
					fe, _ := errors.AsType[*mllp.FrameError](reason)
					if c.End == "" {
						require.Nil(t, fe)
					} else {
						require.NotNil(t, fe)
						require.Equal(t, c.End, fe.Kind)
					}
				}
			})
		})
	}
}

// The client takes the first message of a case for the answer, and tells what
// it did not get where there is none, wherever the network has cut the bytes.
func TestClientIsIndifferentToCuts(t *testing.T) {
	for _, c := range mllptest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			kind := map[mllp.FrameErrorKind]mllp.ErrorKind{"": mllp.PeerClosed, mllp.FrameTooLarge: mllp.TooLarge}[c.End]
			if kind == "" {
				kind = mllp.BrokenFrame
			}
			synctest.Test(t, func(t *testing.T) {
				var want []mllp.Oddity
				for i, pieces := range cuts(c) {
					n := peerInMemory(t, func(_ int, nc net.Conn) {
						mllp.NewReader(nc, 0).ReadFrame()
						writeAll(nc, pieces)
					})
					cl := &mllp.Client{Dial: n.Dial, MaxMessage: c.Max}
					r, err := cl.Do(t.Context(), []byte("hello"))
					require.NoError(t, cl.Close())
					n.Close()
					var got []mllp.Oddity
					if len(c.Frames) > 0 {
						require.NoError(t, err)
						require.Equal(t, string(c.Frames[0]), string(r.Payload))
						got = r.Oddities
					} else {
						e := failure(t, err, kind)
						got = e.Oddities
						require.Equal(t, c.Oddities, withoutSamples(got))
					}
					if i == 0 {
						f, _ := mllp.NewReader(bytes.NewReader(c.Bytes), c.Max).ReadFrame()
						want = f.Oddities
					}
					require.Equal(t, want, append([]mllp.Oddity(nil), got...))
				}
			})
		})
	}
}
