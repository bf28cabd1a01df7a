package relay_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/relay"
)

// keys are the identities of this package's tests.
var keys = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relay-")
	if err == nil {
		_, err = pki.Init(dir, pki.Options{})
	}
	return dir, err
})

// identity is the TLS of one end.
func identity(t testing.TB, name string) mllp.Files {
	t.Helper()
	dir, err := keys()
	require.NoError(t, err)
	at := func(n string) string { return filepath.Join(dir, n) }
	return mllp.Files{CA: at("ca.pem"), Cert: at(name + ".pem"), Key: at(name + "-key.pem"), ServerName: "dmn.test"}
}

// A wire is what an end saw.
type wire struct {
	read  []byte
	end   string // eof, cut (an end that TLS did not announce), reset, other
	wrote []byte
}

// endOf names how reading ended.
func endOf(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	case err == nil, errors.Is(err, io.EOF):
		return "eof"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	}
	return err.Error()
}

// A socket tells whether the peer closed it before TLS had ended.
type socket struct {
	net.Conn
	ended atomic.Bool
}

func (s *socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if err == io.EOF {
		s.ended.Store(true)
	}
	return n, err
}

// between connects two ends through a relay, or, with via nil, with each other.
func between(t *testing.T, secure bool, through bool) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	addr := l.Addr().String()
	var config, server *tls.Config
	if secure {
		config, err = identity(t, "gam").ClientConfig()
		require.NoError(t, err)
		server, err = identity(t, "dmn").ServerConfig()
		require.NoError(t, err)
	}
	if through {
		r := &relay.Relay{To: addr, NearTLS: server, FarTLS: config, Judge: judge(t)}
		addr, _ = begin(t, r)
	}
	near, err = net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { near.Close() })
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			c = nil
		} else if secure {
			tc := tls.Server(&socket{Conn: c}, server)
			if tc.Handshake() == nil {
				c = tc
			}
		}
		accepted <- c
	}()
	if secure {
		tc := tls.Client(near, config)
		require.NoError(t, tc.Handshake())
		near = tc
	}
	far = <-accepted
	require.NotNil(t, far)
	t.Cleanup(func() { far.Close() })
	return near, far
}

// talk writes pieces from one end through a fault while the other end reads all
// there is, says something back when it has read the end, and returns what each
// saw.
func talk(t *testing.T, near, far net.Conn, f mllptest.Fault, pieces [][]byte) (n, fr wire) {
	t.Helper()
	back := mllp.AppendFrame(nil, []byte(mllptest.Second))
	deadline := time.Now().Add(10 * time.Second)
	_ = near.SetReadDeadline(deadline)
	_ = far.SetReadDeadline(deadline)
	var both sync.WaitGroup
	both.Go(func() {
		data, err := io.ReadAll(far)
		fr.read, fr.end = data, endOf(err)
		if tc, ok := far.(*tls.Conn); ok && fr.end == "eof" && tc.NetConn().(*socket).ended.Load() {
			fr.end = "cut"
		}
		if _, err := far.Write(back); err == nil {
			fr.wrote = back
		}
		far.Close()
	})
	sender := near
	if f != nil {
		sender = f.Wrap(near)
	}
	for _, p := range pieces {
		if _, err := sender.Write(p); err != nil {
			break
		}
	}
	if c, ok := sender.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	} else if c, ok := near.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	data, err := io.ReadAll(near)
	n.read, n.end = data, endOf(err)
	both.Wait()
	return n, fr
}

// Whatever a sender does to its bytes, the receiver reads the same with a relay
// between them as without, and so does the sender of the answer.
func TestBytesAreUnchangedUnderEveryFault(t *testing.T) {
	block := mllp.AppendFrame(nil, []byte(mllptest.First))
	pieces := [][]byte{block, block[:7], block[7:], []byte("\r\nnoise"), append(bytes.Clone(block), block...)}
	half := int64(len(block) + 20)
	faults := []struct {
		name  string
		fault mllptest.Fault
	}{
		{"none", nil},
		{"latency", mllptest.Latency{Delay: time.Millisecond}},
		{"drip", mllptest.Drip{Chunk: 13}},
		{"cut", mllptest.Cut{After: half}},
		{"reset", mllptest.Reset{After: half, Wait: 50 * time.Millisecond}},
		{"half-close", mllptest.HalfClose{After: half}},
		{"half-close abrupt", mllptest.HalfClose{After: half, Abrupt: true}},
		{"flood", mllptest.Flood{At: 10, Size: 300 << 10, Bytes: []byte("0123456789abcdef\x0b\x1c")}},
		{"corrupt", mllptest.Corrupt{Rate: 0.01, Seed: 3}},
		{"duplicate", mllptest.Duplicate{}},
		{"reorder", mllptest.Reorder{}},
		{"stall", mllptest.Stall{After: half, For: 20 * time.Millisecond}},
	}
	ends := map[string][2]string{"none": {"eof", "eof"}, "cut": {"eof", "cut"}, "reset": {"reset", "reset"}, "half-close abrupt": {"eof", "cut"}}
	for _, secure := range []bool{false, true} {
		for _, f := range faults {
			name := f.name + ", plain"
			if secure {
				name = f.name + ", mutual TLS"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				near, far := between(t, secure, false)
				wantNear, wantFar := talk(t, near, far, f.fault, pieces)
				near, far = between(t, secure, true)
				gotNear, gotFar := talk(t, near, far, f.fault, pieces)
				require.Equal(t, string(wantFar.read), string(gotFar.read))
				require.Equal(t, wantFar.end, gotFar.end)
				if want := ends[f.name]; want != [2]string{} {
					require.Equal(t, want[map[bool]int{true: 1}[secure]], gotFar.end)
				}
				if f.name != "reset" && f.name != "cut" { // the sender has gone
					require.Equal(t, string(wantNear.read), string(gotNear.read))
					require.Equal(t, wantNear.end, gotNear.end)
				}
			})
		}
	}
}

// The named byte streams pass as they are, in their pieces, and what is read in
// them is what the table says.
func TestEveryWireCasePasses(t *testing.T) {
	for _, c := range mllptest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			near, far, w, stop := piped(t, func(r *relay.Relay) { r.MaxMessage = c.Max })
			go func() {
				for _, p := range c.Pieces() {
					_, _ = near.Write(p)
				}
				_ = near.(interface{ CloseWrite() error }).CloseWrite()
			}()
			got, err := io.ReadAll(far)
			require.NoError(t, err)
			require.Equal(t, string(c.Bytes), string(got))
			far.Close()
			_, _ = io.ReadAll(near)
			near.Close()
			stop()
			var read [][]byte
			for _, x := range w.exchanges {
				var fe *mllp.FrameError
				if !errors.As(x.Err, &fe) {
					read = append(read, x.Message)
				}
			}
			if c.End == "" || c.End == mllp.FrameTruncated {
				require.Equal(t, len(c.Frames), len(read))
				for i := range read {
					require.Equal(t, string(c.Frames[i]), string(read[i]))
				}
			}
		})
	}
}
