package mllp_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// reading is all that can be read from a stream.
type reading struct {
	Frames   [][]byte
	Starts   []int64
	Oddities []mllp.Oddity
	Partial  []byte
	Err      string
	End      mllp.FrameErrorKind
}

func readAll(src io.Reader, limit int) reading {
	var got reading
	r := mllp.NewReader(src, limit)
	for {
		f, err := r.ReadFrame()
		got.Oddities = append(got.Oddities, f.Oddities...)
		if err == nil {
			got.Frames = append(got.Frames, bytes.Clone(f.Payload))
			got.Starts = append(got.Starts, f.Start)
			continue
		}
		got.Partial = bytes.Clone(f.Payload)
		got.Err = err.Error()
		if fe, ok := errors.AsType[*mllp.FrameError](err); ok {
			got.End = fe.Kind
		}
		return got
	}
}

// withoutSamples leaves what the table of cases says of oddities.
func withoutSamples(odd []mllp.Oddity) []mllp.Oddity {
	var all []mllp.Oddity
	for _, o := range odd {
		o.Sample = nil
		all = append(all, o)
	}
	return all
}

func TestReaderReadsEveryCase(t *testing.T) {
	for _, c := range mllptest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			got := readAll(bytes.NewReader(c.Bytes), c.Max)
			require.Equal(t, c.Frames, got.Frames)
			require.Equal(t, c.Oddities, withoutSamples(got.Oddities))
			require.Equal(t, c.End, got.End)
		})
	}
}

// How the network cuts the bytes must make no difference: not to the frames,
// not to what is reported about them.
func TestReaderIsIndifferentToCuts(t *testing.T) {
	for _, c := range mllptest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			whole := readAll(bytes.NewReader(c.Bytes), c.Max)
			require.Equal(t, whole, readAll(iotest.OneByteReader(bytes.NewReader(c.Bytes)), c.Max), "byte by byte")
			require.Equal(t, whole, readAll(iotest.DataErrReader(bytes.NewReader(c.Bytes)), c.Max), "last bytes together with io.EOF")
			for cut := range min(len(c.Bytes), 2000) {
				two := io.MultiReader(bytes.NewReader(c.Bytes[:cut]), bytes.NewReader(c.Bytes[cut:]))
				require.Equal(t, whole, readAll(two, c.Max), "cut after %d bytes", cut)
			}
		})
	}
}

func TestReaderTellsWhereAFrameStarts(t *testing.T) {
	got := readAll(strings.NewReader("??\x0bA\x1c\r\n\x0b\x0bB\x1c\r"), 0)
	require.Equal(t, []int64{2, 8}, got.Starts)
}

func TestReaderKeepsSamplesShort(t *testing.T) {
	got := readAll(strings.NewReader(strings.Repeat("g", 1000)+"\x0b"+strings.Repeat("l", 1000)+"\x0bA\x1c\r"), 0)
	require.Equal(t, []mllp.Oddity{
		{Kind: mllp.GarbageBefore, Offset: 0, Count: 1000, Sample: bytes.Repeat([]byte("g"), 64)},
		{Kind: mllp.RestartInside, Offset: 2001, Count: 1000, Sample: bytes.Repeat([]byte("l"), 64)},
	}, got.Oddities)
}

func TestReaderHandsOutWhatHadComeWithTheError(t *testing.T) {
	cases := []struct {
		name, stream, partial string
	}{
		{"cut in the payload", "\x0bMSH|a", "MSH|a"},
		{"cut after the end block", "\x0bMSH|a\r\x1c", "MSH|a\r\x1c"},
		{"too large", "\x0b12345678901234567890\x1c\r", "1234567890"},
		{"between blocks", "\x0ba\x1c\r??", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.partial, string(readAll(strings.NewReader(c.stream), 10).Partial))
		})
	}
}

func TestReaderErrorIsFinal(t *testing.T) {
	r := mllp.NewReader(strings.NewReader("\x0b123456789\x1c\r\x0bA\x1c\r"), 5)
	_, first := r.ReadFrame()
	_, second := r.ReadFrame()
	require.Error(t, first)
	require.Same(t, first, second)
}

func TestReaderTruncationIsUnexpectedEOF(t *testing.T) {
	_, err := mllp.NewReader(strings.NewReader("\x0bA"), 0).ReadFrame()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = mllp.NewReader(strings.NewReader("A"), 0).ReadFrame()
	require.Equal(t, io.EOF, err)
}

// After a read deadline the caller may want to wait a little longer.
func TestReaderGoesOnAfterATemporaryError(t *testing.T) {
	stream := "??\x0bMSH|\x00a\x1c\r\x0bB\x1c\r"
	whole := readAll(strings.NewReader(stream), 0)
	for cut := range len(stream) {
		src := io.MultiReader(strings.NewReader(stream[:cut]), &once{err: os.ErrDeadlineExceeded}, strings.NewReader(stream[cut:]))
		r := mllp.NewReader(src, 0)
		var got reading
		timeouts := 0
		for {
			f, err := r.ReadFrame()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				timeouts++
				continue
			}
			got.Oddities = append(got.Oddities, f.Oddities...)
			if err != nil {
				got.Err = err.Error()
				break
			}
			got.Frames = append(got.Frames, bytes.Clone(f.Payload))
			got.Starts = append(got.Starts, f.Start)
		}
		require.Equal(t, 1, timeouts)
		require.Equal(t, whole, got, "cut after %d bytes", cut)
	}
}

// once fails one time, and is then at its end.
type once struct{ err error }

func (o *once) Read([]byte) (int, error) {
	if err := o.err; err != nil {
		o.err = nil
		return 0, err
	}
	return 0, io.EOF
}

func TestReaderGivesUpOnAReaderThatReadsNothing(t *testing.T) {
	_, err := mllp.NewReader(idle{}, 0).ReadFrame()
	require.ErrorIs(t, err, io.ErrNoProgress)
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestReaderPassesOtherErrorsOn(t *testing.T) {
	broken := errors.New("cable cut")
	r := mllp.NewReader(io.MultiReader(strings.NewReader("\x0bA"), iotest.ErrReader(broken)), 0)
	f, err := r.ReadFrame()
	require.Equal(t, broken, err)
	require.Equal(t, "A", string(f.Payload))
	require.True(t, r.InBlock())
}

// hostile streams have no end, and no message.
func hostile() map[string]string {
	return map[string]string{
		"garbage":                     "x",
		"NULs":                        "\x00",
		"start blocks":                "\x0b",
		"empty blocks":                "\x0b\x1c\r",
		"release 2 acknowledgements":  "\x0b\x06\x1c\r",
		"end blocks inside":           "\x1c",
		"a block without end":         "MSH|^~\\&|",
		"control bytes":               "\x01\x02",
		"blocks begun again":          "\x0bMSH|^~\\&|A|B|C|D",
		"blocks ended without return": "\x0bMSH|^~\\&|A|B|C|D\x1c",
	}
}

func TestReaderIsBoundedOnEndlessStreams(t *testing.T) {
	const limit = 256 << 10
	for name, unit := range hostile() {
		t.Run(name, func(t *testing.T) {
			src := newEndless(unit)
			r := mllp.NewReader(src, limit)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := r.ReadFrame()
			runtime.ReadMemStats(&after)
			require.ErrorAs(t, err, new(*mllp.FrameError))
			require.LessOrEqual(t, len(f.Oddities), 6)
			require.Less(t, src.n, 3*limit, "bytes taken")
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8*limit), "bytes allocated")
		})
	}
}

// endless repeats a unit for ever.
type endless struct {
	unit, rest string
	n          int
}

func newEndless(unit string) *endless {
	return &endless{unit: strings.Repeat(unit, 1+4096/len(unit)), rest: "\x0b"}
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if e.rest == "" {
			e.rest = e.unit
		}
		k := copy(p[n:], e.rest)
		e.rest = e.rest[k:]
		n += k
	}
	e.n += n
	return n, nil
}

// A quadratic reader needs many minutes for this; ours needs some milliseconds.
func TestReaderIsLinear(t *testing.T) {
	const limit = 1 << 20
	for name, unit := range hostile() {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := mllp.NewReader(&small{r: newEndless(unit)}, limit).ReadFrame()
			require.Error(t, err)
			require.Less(t, time.Since(start), 20*time.Second)
		})
	}
}

// small reads what an Ethernet segment holds.
type small struct{ r io.Reader }

func (s *small) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 1460)]) }

func TestReaderForgetsALargeBuffer(t *testing.T) {
	const size = 8 << 20
	large := mllp.AppendFrame(nil, bytes.Repeat([]byte("x"), size))
	r := mllp.NewReader(io.MultiReader(bytes.NewReader(large), strings.NewReader("\x0bA\x1c\r")), 0)
	f, err := r.ReadFrame()
	require.NoError(t, err)
	require.Len(t, f.Payload, size)
	f, err = r.ReadFrame()
	require.NoError(t, err)
	require.Equal(t, "A", string(f.Payload))
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	require.Less(t, mem.HeapAlloc, uint64(size), "the buffer of the large message is still held")
	runtime.KeepAlive(r)
}

func TestReaderDoesNotAllocatePerFrame(t *testing.T) {
	frame := mllp.AppendFrame(nil, []byte(mllptest.First))
	r := mllp.NewReader(newEndless(string(frame)), 0)
	for range 10 {
		_, err := r.ReadFrame()
		require.NoError(t, err)
	}
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := r.ReadFrame(); err != nil {
			t.Fatal(err)
		}
	}))
}

// FuzzReader holds every stream against itself, cut in another way.
func FuzzReader(f *testing.F) {
	for _, c := range mllptest.Cases() {
		f.Add(c.Bytes, uint16(c.Max), uint64(1))
	}
	f.Fuzz(func(t *testing.T, stream []byte, limit uint16, seed uint64) {
		whole := readAll(bytes.NewReader(stream), int(limit))
		cut := readAll(&chopper{rest: stream, rnd: rand.New(rand.NewPCG(seed, 0))}, int(limit))
		require.Equal(t, whole, cut)
		require.Equal(t, whole, readAll(iotest.OneByteReader(bytes.NewReader(stream)), int(limit)))
		require.Equal(t, whole, readAll(iotest.DataErrReader(&chopper{rest: stream, rnd: rand.New(rand.NewPCG(seed, 1))}), int(limit)))
		total := 0
		for _, p := range whole.Frames {
			total += len(p) + 3
			require.NotEmpty(t, p)
			require.NotContains(t, string(p), "\x0b")
			require.NotContains(t, string(p), "\x1c\r")
		}
		require.LessOrEqual(t, total, len(stream))
		for _, o := range whole.Oddities {
			require.LessOrEqual(t, len(o.Sample), 64)
			require.NotEmpty(t, o.In("fr"))
		}
	})
}

// chopper reads pieces of random length.
type chopper struct {
	rest []byte
	rnd  *rand.Rand
}

func (c *chopper) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.rest[:1+c.rnd.IntN(min(len(c.rest), 17))])
	c.rest = c.rest[n:]
	return n, nil
}

func TestAppendFrameAppends(t *testing.T) {
	require.Equal(t, "x\x0bMSH\x1c\r", string(mllp.AppendFrame([]byte("x"), []byte("MSH"))))
}
