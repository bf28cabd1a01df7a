package mllptest

import (
	"bytes"
	"math/rand/v2"
	"net"
)

// Corrupt changes bytes on their way: a gateway that recodes characters, a
// terminal server that eats control bytes, memory that forgets. Around the
// connection below TLS it breaks the record.
type Corrupt struct {
	// At is the offset of the byte that is changed, from 0, and Byte what becomes
	// of it.
	At   int64
	Byte byte
	// Rate, if it is above 0, changes each byte with that chance instead, by
	// flipping one of its bits; 0.001 is one byte in a thousand. It is drawn from
	// Seed: the same bytes of every connection are changed.
	Rate float64
	Seed uint64
}

// Wrap returns c with the fault.
func (f Corrupt) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	chance := rand.New(rand.NewPCG(f.Seed, 0))
	c.write = func(p []byte) (int, error) {
		p = bytes.Clone(p) // the caller's is not ours to change
		switch at := f.At - c.written; {
		case f.Rate > 0:
			for i := range p {
				if chance.Float64() < f.Rate {
					p[i] ^= 1 << chance.IntN(8)
				}
			}
		case at >= 0 && at < int64(len(p)):
			p[at] = f.Byte
		}
		return c.put(p)
	}
	return c
}
