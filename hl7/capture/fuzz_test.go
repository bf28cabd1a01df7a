package capture_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/capture"
)

// pieces are what streams are made of; the seeds and the random streams of the
// tests are concatenations of them.
var pieces = []string{
	"MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\nPID|2\n", "MSH|^~\\&|C\r\nPID|3\r\n", "MSH$%~\\&$D", "MSH", "MSH|", "MSHX|", "MSH ",
	"PID|4", "FHS|^~\\&|\r", "BHS|\r", "BHS", "BTS|2\r", "FTS", "FTS\n", "BTSX",
	"\x0b", "\x1c", "\x1c\r", "\x1c\n", "\x06", "\x15", "\x0b\x06\x1c\r", "\x0b\x15\x1c\r", "\x0b\x1c\r", "\x0bMSH|^~\\&|E\r\x1c\r",
	"\x0bMSH|F\rNTE|1\rMSH|G\r\x1c\r", "\x0bBHS|\rMSH|H\rBTS|1\r\x1c\r", "\xef\xbb\xbf", "\xef\xbb", "\xff\xfe", "\r", "\n", "\r\n", " ", "\t", "\x00",
	"garbage", "<a/>", `{"a":1}`, "\x1f", "                 ",
}

// randomly returns a stream of n pieces.
func randomly(r *rand.Rand, n int) []byte {
	var b []byte
	for range n {
		b = append(b, pieces[r.IntN(len(pieces))]...)
	}
	return b
}

// chunks reads in chunks of random length.
type chunks struct {
	src  io.Reader
	rand *rand.Rand
}

func (c chunks) Read(p []byte) (int, error) {
	return c.src.Read(p[:min(len(p), c.rand.IntN(40))])
}

// checkAgainstOracle reads a stream in several ways and slowly.
func checkAgainstOracle(t *testing.T, in []byte, maxMessage int) {
	t.Helper()
	got, err := readAll(bytes.NewReader(in), maxMessage)
	require.NoError(t, err)
	for name, src := range map[string]io.Reader{
		"byte by byte":         iotest.OneByteReader(bytes.NewReader(in)),
		"in chunks":            chunks{bytes.NewReader(in), rand.New(rand.NewPCG(1, uint64(len(in))))},
		"with an early io.EOF": iotest.DataErrReader(bytes.NewReader(in)),
	} {
		again, err := readAll(src, maxMessage)
		require.NoError(t, err)
		require.Equal(t, got, again, "%s: %q", name, in)
	}
	if len(got) > 0 && (got[0].Kind == capture.KindCompressed || got[0].Kind == capture.KindPackets) {
		require.Len(t, got, 1)
		return
	}
	failing, err := readAll(io.MultiReader(bytes.NewReader(in), iotest.ErrReader(errors.New("disk"))), maxMessage)
	require.EqualError(t, err, "disk")
	require.GreaterOrEqual(t, len(failing)+1, len(got), "%q", in)

	for i := range got {
		switch got[i].Kind {
		case capture.KindUTF16, capture.KindXML, capture.KindJSON, capture.KindFHIR:
			got[i].Kind = capture.KindGarbage
		}
	}
	require.Equal(t, slowly(in, maxMessage), got, "%q", in)
}

func FuzzReader(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(randomly(r, 12), 30)
	}
	f.Add([]byte("\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a"), 0)
	f.Add([]byte("\x1f\x8b\x08"), 0)
	f.Fuzz(func(t *testing.T, in []byte, maxMessage int) {
		if len(in) > 2000 {
			t.Skip("the oracle is slow")
		}
		checkAgainstOracle(t, in, 1+(maxMessage&0xff))
	})
}

// TestRandomStreams checks streams of all the pieces, in any order, against the
// oracle.
func TestRandomStreams(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		maxMessage := 1000
		if r.IntN(4) == 0 {
			maxMessage = 1 + r.IntN(40)
		}
		checkAgainstOracle(t, randomly(r, 1+r.IntN(15)), maxMessage)
	}
}
