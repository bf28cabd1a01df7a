package mllp

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// slowIndexControl is what indexControl is meant to be.
func slowIndexControl(b []byte) int {
	for i, c := range b {
		if c < 0x20 && c != '\r' {
			return i
		}
	}
	return len(b)
}

// Every byte at every place, in surroundings that could mislead the arithmetic.
func TestIndexControlFindsEveryByteEverywhere(t *testing.T) {
	for _, around := range []byte{'A', '\r', ' ', 0x7f, 0x80, 0xff} {
		for length := 0; length < 70; length += 3 {
			for at := range length {
				b := bytes.Repeat([]byte{around}, length)
				for c := range 256 {
					b[at] = byte(c)
					if want := slowIndexControl(b); indexControl(b) != want {
						t.Fatalf("% x: %d, want %d", b, indexControl(b), want)
					}
				}
			}
		}
	}
}

func TestIndexControlOnRandomBytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	few := []byte("\r\r\r\x00\x1f\x20\x80\xffAB")
	for range 20_000 {
		b := make([]byte, rnd.IntN(100))
		for i := range b {
			b[i] = few[rnd.IntN(len(few))]
		}
		require.Equal(t, slowIndexControl(b), indexControl(b), "% x", b)
	}
}
