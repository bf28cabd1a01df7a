package mllp

import (
	"encoding/binary"
	"math/bits"
)

// Eight bytes in a word: each of them 0x01, 0x20, 0x80.
const (
	ones   = 0x0101010101010101
	blanks = 0x20 * ones
	tops   = 0x80 * ones
)

// indexControl returns the index of the first byte below 0x20 that is no
// carriage return, or len(b).
//
// It sees every byte of every message, so it looks at 32 of them at a time, and
// more closely where one is below 0x20, which most often is the carriage return
// at the end of a segment.
func indexControl(b []byte) int {
	i := 0
	for ; len(b)-i >= 32; i += 32 {
		block := b[i : i+32 : i+32]
		w := binary.LittleEndian.Uint64(block)
		x := binary.LittleEndian.Uint64(block[8:])
		y := binary.LittleEndian.Uint64(block[16:])
		z := binary.LittleEndian.Uint64(block[24:])
		// The top bit of a byte of (w-blanks)&^w is set if the byte is below 0x20;
		// above such a byte a borrow may set further ones, which does no harm here.
		if ((w-blanks)&^w|(x-blanks)&^x|(y-blanks)&^y|(z-blanks)&^z)&tops == 0 {
			continue
		}
		if n := indexControlWord(block); n < len(block) {
			return i + n
		}
	}
	return i + indexControlWord(b[i:])
}

// indexControlWord does the same with eight bytes at a time, exactly.
func indexControlWord(b []byte) int {
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		control := zeros(x&(0xe0*ones)) &^ zeros(x^(CarriageReturn*ones))
		if control != 0 {
			return i + bits.TrailingZeros64(control)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 && b[i] != CarriageReturn {
			return i
		}
	}
	return i
}

// zeros sets the top bit of every byte that is zero in x, and no other.
func zeros(x uint64) uint64 {
	const rest = tops - ones // 0x7f in each byte
	return ^((x&rest + rest) | x) & tops
}
