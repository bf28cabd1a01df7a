package mllptest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// arrival is what a peer reads at once, and when.
type arrival struct {
	After time.Duration
	Bytes string
}

// receiver reads from a connection until it ends.
func receiver(c net.Conn) (arrivals func() ([]arrival, error)) {
	var (
		all   []arrival
		end   error
		start = time.Now()
		done  = make(chan struct{})
	)
	go func() {
		defer close(done)
		b := make([]byte, 1<<20)
		for end == nil {
			var n int
			if n, end = c.Read(b); n > 0 {
				all = append(all, arrival{time.Since(start), string(b[:n])})
			}
		}
	}()
	return func() ([]arrival, error) { <-done; return all, end }
}

// joined is the whole of what arrived.
func joined(all []arrival) string {
	var b strings.Builder
	for _, a := range all {
		b.WriteString(a.Bytes)
	}
	return b.String()
}

var a, b, c = string(mllp.AppendFrame(nil, []byte("A"))), string(mllp.AppendFrame(nil, []byte("B"))), string(mllp.AppendFrame(nil, []byte("C")))

// What arrives, of which writes, how it ends, and what Write says about it.
func TestFaultsActOnWhatIsWritten(t *testing.T) {
	s := time.Second
	cases := []struct {
		name   string
		fault  mllptest.Fault
		writes []string
		want   []arrival
		end    error // at the peer; nil is io.EOF
		fails  int   // the first write that fails, counted from 1; 0 is none
	}{
		{"none", mllptest.Faults{}, []string{"ab", "c"}, []arrival{{0, "ab"}, {0, "c"}}, nil, 0},
		{"latency", mllptest.Latency{Delay: s}, []string{"ab", "c"}, []arrival{{s, "ab"}, {2 * s, "c"}}, nil, 0},
		{"drip", mllptest.Drip{Every: s}, []string{"ab", "c"}, []arrival{{0, "a"}, {s, "b"}, {2 * s, "c"}}, nil, 0},
		{"drip, two at once", mllptest.Drip{Chunk: 2}, []string{"abc", "d"}, []arrival{{0, "ab"}, {0, "c"}, {0, "d"}}, nil, 0},
		{"cut at once", mllptest.Cut{}, []string{"ab", "c"}, nil, nil, 1},
		{"cut inside", mllptest.Cut{After: 3}, []string{"ab", "cd", "e"}, []arrival{{0, "ab"}, {0, "c"}}, nil, 2},
		{"cut at the end of a write", mllptest.Cut{After: 2}, []string{"ab", "c"}, []arrival{{0, "ab"}}, nil, 2},
		{"cut later", mllptest.Cut{After: 20}, []string{"ab", "c"}, []arrival{{0, "ab"}, {0, "c"}}, nil, 0},
		{"reset", mllptest.Reset{After: 3}, []string{"ab", "cd"}, []arrival{{0, "ab"}, {0, "c"}}, syscall.ECONNRESET, 2},
		{"reset later", mllptest.Reset{After: 1, Wait: s}, []string{"ab"}, []arrival{{0, "a"}}, syscall.ECONNRESET, 1},
		{"half-close", mllptest.HalfClose{After: 3}, []string{"ab", "cd"}, []arrival{{0, "ab"}, {0, "c"}}, nil, 2},
		{"half-close at the end", mllptest.HalfClose{After: 2}, []string{"ab"}, []arrival{{0, "ab"}}, nil, 0},
		{"stall", mllptest.Stall{After: 3, For: s}, []string{"ab", "cd", "e"}, []arrival{{0, "ab"}, {0, "c"}, {s, "d"}, {s, "e"}}, nil, 0},
		{"stall before the next write", mllptest.Stall{After: 2, For: s}, []string{"ab", "c"}, []arrival{{0, "ab"}, {s, "c"}}, nil, 0},
		{"flood", mllptest.Flood{At: 1, Bytes: []byte("xyz"), Size: 7}, []string{"ab", "c"}, []arrival{{0, "a"}, {0, "xyzxyzx"}, {0, "b"}, {0, "c"}}, nil, 0},
		{"flood at the end of a write", mllptest.Flood{At: 2, Size: 2}, []string{"ab", "c"}, []arrival{{0, "ab"}, {0, "xx"}, {0, "c"}}, nil, 0},
		{"corrupt", mllptest.Corrupt{At: 2, Byte: 'X'}, []string{"ab", "cd"}, []arrival{{0, "ab"}, {0, "Xd"}}, nil, 0},
		{"duplicate", mllptest.Duplicate{}, []string{a[:2], a[2:] + b[:1], b[1:]},
			[]arrival{{0, a[:2]}, {0, a[2:]}, {0, a}, {0, b[:1]}, {0, b[1:]}, {0, b}}, nil, 0},
		{"duplicate the second, twice", mllptest.Duplicate{Times: 2, Every: 2}, []string{a, b, c}, []arrival{{0, a}, {0, b}, {0, b}, {0, b}, {0, c}}, nil, 0},
		{"duplicate, the end cut in two", mllptest.Duplicate{}, []string{a[:3], a[3:]}, []arrival{{0, a[:3]}, {0, a[3:]}, {0, a}}, nil, 0},
		{"reorder", mllptest.Reorder{}, []string{a, b, c}, []arrival{{0, b + a}}, nil, 0},
		{"reorder in one write", mllptest.Reorder{Group: 3}, []string{a + b + c}, []arrival{{0, c + b + a}}, nil, 0},
		{"reorder, not for ever", mllptest.Reorder{Hold: s / 2}, []string{a, b, c, ""}, []arrival{{0, b + a}, {s / 2, c}}, nil, 0},
		{"two faults", mllptest.Faults{mllptest.Corrupt{At: 1, Byte: '-'}, mllptest.Drip{Every: s}}, []string{"abc"}, []arrival{{0, "a"}, {s, "-"}, {2 * s, "c"}}, nil, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := mllptest.Pipe()
				conn, arrivals := c.fault.Wrap(near), receiver(far)
				failed := 0
				for i, w := range c.writes {
					if w == "" {
						time.Sleep(time.Hour)
						continue
					}
					n, err := conn.Write([]byte(w))
					if err == nil {
						require.Equal(t, len(w), n)
						continue
					}
					require.ErrorIs(t, err, mllptest.ErrFault)
					require.ErrorIs(t, err, net.ErrClosed)
					require.Less(t, n, len(w))
					failed = i + 1
					break
				}
				require.Equal(t, c.fails, failed)
				conn.Close()
				got, end := arrivals()
				require.Equal(t, c.want, got)
				if c.end == nil {
					c.end = io.EOF
				}
				require.ErrorIs(t, end, c.end)
			})
		})
	}
}

func TestReorderShufflesAsItsSeedSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		order := func(seed uint64) string {
			near, far := mllptest.Pipe()
			conn, arrivals := mllptest.Reorder{Group: 20, Shuffle: seed}.Wrap(near), receiver(far)
			for i := range 20 {
				fmt.Fprintf(conn, "\x0b%c\x1c\r", 'a'+i)
			}
			conn.Close()
			got, _ := arrivals()
			return strings.NewReplacer("\x0b", "", "\x1c\r", "").Replace(joined(got))
		}
		require.Equal(t, order(1), order(1))
		require.NotEqual(t, order(1), order(2))
		require.Len(t, order(1), 20)
	})
}

func TestReorderLetsGoOnCloseWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mllptest.Pipe()
		conn, arrivals := mllptest.HalfClose{After: 4}.Wrap(mllptest.Reorder{}.Wrap(near)), receiver(far)
		_, err := io.WriteString(conn, a)
		require.NoError(t, err)
		got, end := arrivals()
		require.Equal(t, a, joined(got))
		require.Equal(t, io.EOF, end)
		conn.Close()
	})
}

func TestCorruptByChance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := bytes.Repeat([]byte{0}, 10_000)
		corrupt := func(seed uint64, piece int) string {
			near, far := mllptest.Pipe()
			conn, arrivals := mllptest.Corrupt{Rate: 0.01, Seed: seed}.Wrap(near), receiver(far)
			for i := 0; i < len(sent); i += piece {
				conn.Write(sent[i : i+piece])
			}
			conn.Close()
			got, _ := arrivals()
			return joined(got)
		}
		got := corrupt(1, 10_000)
		require.InDelta(t, 9_900, strings.Count(got, "\x00"), 50)
		require.Equal(t, got, corrupt(1, 10), "the pieces do not matter")
		require.NotEqual(t, got, corrupt(2, 10_000))
		require.Equal(t, make([]byte, 10_000), sent, "the caller's bytes are left alone")
	})
}

func TestLatencyJitters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delays := func(seed uint64) (all []time.Duration) {
			near, far := mllptest.Pipe()
			conn, arrivals := mllptest.Latency{Delay: time.Second, Jitter: time.Second, Seed: seed}.Wrap(near), receiver(far)
			for range 10 {
				start := time.Now()
				conn.Write([]byte("x"))
				all = append(all, time.Since(start))
			}
			conn.Close()
			arrivals()
			return all
		}
		for _, d := range delays(1) {
			require.GreaterOrEqual(t, d, time.Second)
			require.LessOrEqual(t, d, 2*time.Second)
		}
		require.Equal(t, delays(1), delays(1))
		require.NotEqual(t, delays(1), delays(2))
	})
}

func TestLatencyOfReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mllptest.Pipe()
		conn := mllptest.Latency{Delay: time.Second, Read: true}.Wrap(near)
		defer conn.Close()
		go func() {
			far.Write([]byte("hello"))
			far.Write([]byte("again"))
			far.Close()
		}()
		start, p := time.Now(), make([]byte, 3)

		conn.SetReadDeadline(start.Add(time.Second / 2))
		_, err := conn.Read(p)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second/2, time.Since(start))

		conn.SetReadDeadline(time.Time{})
		got := []arrival{}
		for {
			n, err := conn.Read(p)
			if err != nil {
				require.Equal(t, io.EOF, err)
				break
			}
			got = append(got, arrival{time.Since(start), string(p[:n])})
		}
		s := time.Second
		require.Equal(t, []arrival{{s, "hel"}, {2 * s, "lo"}, {3 * s, "aga"}, {4 * s, "in"}}, got)
	})
}

func TestStallOfReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mllptest.Pipe()
		conn := mllptest.Stall{After: 3, For: time.Second, Read: true}.Wrap(near)
		defer conn.Close()
		go func() {
			io.WriteString(far, "hello")
			far.Close()
		}()
		arrivals := receiver(conn)
		got, end := arrivals()
		require.Equal(t, []arrival{{0, "hel"}, {time.Second, "lo"}}, got)
		require.Equal(t, io.EOF, end)
	})
}

// waits are faults that wait for a long time in a call.
func waits() map[string]struct {
	fault mllptest.Fault
	call  func(net.Conn) error
} {
	write := func(c net.Conn) error { _, err := c.Write([]byte(a + b)); return err }
	read := func(c net.Conn) error { _, err := c.Read(make([]byte, 10)); return err }
	return map[string]struct {
		fault mllptest.Fault
		call  func(net.Conn) error
	}{
		"latency":         {mllptest.Latency{Delay: time.Hour}, write},
		"latency, read":   {mllptest.Latency{Delay: time.Hour, Read: true}, read},
		"drip":            {mllptest.Drip{Every: time.Hour}, write},
		"stall":           {mllptest.Stall{}, write},
		"stall, read":     {mllptest.Stall{Read: true}, read},
		"stall, so long":  {mllptest.Stall{For: time.Hour}, write},
		"flood":           {mllptest.Flood{}, write},
		"cut, not read":   {mllptest.Cut{After: 100}, write},
		"reorder":         {mllptest.Reorder{}, write},
		"duplicate":       {mllptest.Duplicate{}, write},
		"two, one inside": {mllptest.Faults{mllptest.Stall{}, mllptest.Corrupt{}}, write},
	}
}

// A peer that reads nothing of what is written, but a byte where a fault would
// not wait otherwise.
func waiting(name string, far net.Conn) {
	switch {
	case strings.HasSuffix(name, "read") && !strings.HasPrefix(name, "cut"):
		go far.Write([]byte("x"))
	case name == "drip":
		go far.Read(make([]byte, 1))
	}
}

func TestWaitsEndAtTheDeadline(t *testing.T) {
	for name, w := range waits() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := mllptest.Pipe()
				conn := w.fault.Wrap(near)
				waiting(name, far)
				start := time.Now()
				conn.SetDeadline(start.Add(time.Minute))
				go func() {
					time.Sleep(30 * time.Second)
					conn.SetDeadline(start.Add(2 * time.Minute)) // it is moved meanwhile
				}()
				require.ErrorIs(t, w.call(conn), os.ErrDeadlineExceeded)
				require.Equal(t, 2*time.Minute, time.Since(start))
				conn.Close()
				far.Close()
			})
		})
	}
}

// Close ends the call that waits, and the one that waits for that.
func TestWaitsEndWhenTheConnectionIsClosed(t *testing.T) {
	for name, w := range waits() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := mllptest.Pipe()
				conn := w.fault.Wrap(near)
				waiting(name, far)
				failed := make(chan error, 2)
				go func() { failed <- w.call(conn) }()
				go func() { failed <- w.call(conn) }()
				synctest.Wait()
				require.Empty(t, failed)
				conn.Close()
				for range 2 {
					err := <-failed
					require.True(t, errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe), "%v", err)
				}
				require.ErrorIs(t, conn.SetDeadline(time.Now()), io.ErrClosedPipe)
				far.Close()
			})
		})
	}
}

func TestADeadlineEndsTheWaitForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mllptest.Pipe()
		defer far.Close()
		conn := mllptest.Latency{Delay: time.Minute}.Wrap(near)
		start := time.Now()
		first := make(chan error)
		go func() {
			_, err := conn.Write([]byte("x"))
			first <- err
		}()
		synctest.Wait()
		conn.SetWriteDeadline(start.Add(time.Second))
		_, err := conn.Write([]byte("y"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.ErrorIs(t, <-first, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		conn.Close()
	})
}

// What a fault held back, and could not send, is not passed over in silence.
func TestReorderTellsWhatCouldNotBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mllptest.Pipe()
		conn := mllptest.Reorder{Hold: time.Second}.Wrap(near)
		_, err := io.WriteString(conn, a)
		require.NoError(t, err)
		far.Close()
		time.Sleep(time.Minute)
		_, err = io.WriteString(conn, b)
		require.ErrorIs(t, err, io.ErrClosedPipe)
		conn.Close()
	})
}

func TestHalfCloseSaysWhereItCannotBeHad(t *testing.T) {
	near, far := net.Pipe()
	go io.Copy(io.Discard, far)
	conn := mllptest.HalfClose{After: 2}.Wrap(near)
	defer conn.Close()
	_, err := io.WriteString(conn, "ab")
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorContains(t, err, "*net.pipe")
}
