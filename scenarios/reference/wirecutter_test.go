package reference

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// cuts are the messages that a cutter finds in bytes that come so many at a time,
// but for what is nobody's message.
func cuts(f faults, stream []byte, size int) (found [][]byte) {
	c := &cutter{faults: f}
	for part := range slices.Chunk(stream, size) {
		c.add(part)
		for got, ok := c.next(); ok; got, ok = c.next() {
			if b := got.bytes; got.message && len(b) > 0 && string(b) != "\x06" && string(b) != "\x15" {
				found = append(found, slices.Clone(b))
			}
		}
	}
	return found
}

// Without bugs a cutter finds what mllp.Reader does, wherever the bytes are cut.
func TestCutterFindsWhatAReaderDoes(t *testing.T) {
	for _, c := range mllptest.Cases() {
		if c.End == mllp.FrameTooLarge || c.End == mllp.FrameTLS {
			continue // limits are the connection's, and TLS is garbage like any other
		}
		for _, size := range []int{1, 2, 3, 7, 100, len(c.Bytes) + 1} {
			require.Equal(t, c.Frames, cuts(nil, c.Bytes, size), "%s, %d at a time", c.Name, size)
		}
	}
}

// Whatever comes, a cutter comes to an end and holds no more than it was given.
func FuzzCutter(f *testing.F) {
	for _, c := range mllptest.Cases() {
		f.Add(c.Bytes, byte(3))
	}
	f.Fuzz(func(t *testing.T, stream []byte, size byte) {
		for _, bug := range []string{"", mergesUnterminated, takesLFEnd, splitsOnFS, noStartNeeded} {
			total := 0
			for _, b := range cuts(faults{bug: true}, stream, int(size)+1) {
				total += len(b)
			}
			require.LessOrEqual(t, total, len(stream), bug)
		}
	})
}
