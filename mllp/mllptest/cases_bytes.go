package mllptest

import (
	"strings"

	"github.com/pamlab/pamlab/mllp"
)

// byteCases have bytes in a block that MLLP does not allow there.
func byteCases() []Case {
	lf, crlf := strings.ReplaceAll(First, "\r", "\n"), strings.ReplaceAll(First, "\r", "\r\n")
	var all []byte
	for c := range byte(0x20) {
		if c != mllp.StartBlock && c != mllp.EndBlock {
			all = append(all, c)
		}
	}
	return []Case{
		{Name: "line feeds as segment ends", Bytes: []byte(block(lf)), Frames: frames(lf),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1+strings.IndexByte(lf, '\n'), 2)}},
		{Name: "CR LF as segment ends", Bytes: []byte(block(crlf)), Frames: frames(crlf),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1+strings.IndexByte(crlf, '\n'), 2)}},
		{Name: "NUL and TAB inside", Bytes: []byte(block("MSH|\x00\tb\r")), Frames: frames("MSH|\x00\tb\r"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 5, 2)}},
		{Name: "every control byte", Bytes: []byte(block(string(all))), Frames: frames(string(all)),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, len(all)-1)}}, // CR is none
		{Name: "control bytes around a word", Bytes: []byte(block("\x1d1234567\x1e")), Frames: frames("\x1d1234567\x1e"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, 2)}},
		{Name: "NUL before the end block", Bytes: []byte(block(First + "\x00")), Frames: frames(First + "\x00"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, bare+1, 1)}},
	}
}

// charsetCases are in other character sets. MLLP carries those that leave the
// bytes below 0x20 alone and does not look into them; the others it cannot.
func charsetCases() []Case {
	latin1 := "MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||8859/1\rPID|||1||LEF\xc8VRE\r"
	wrong := "MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||UNICODE UTF-8\rPID|||1||LEF\xc8VRE\r"
	utf8 := "MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||UNICODE UTF-8\rPID|||1||LEFÈVRE\r"
	le, be := wide(First, true), wide(First, false)
	all := wide(one, true)
	return []Case{
		{Name: "Latin-1 bytes", Bytes: []byte(block(latin1)), Frames: frames(latin1)},
		{Name: "Latin-1 bytes declared UTF-8", Bytes: []byte(block(wrong)), Frames: frames(wrong)},
		{Name: "UTF-8 bytes", Bytes: []byte(block(utf8)), Frames: frames(utf8)},
		{Name: "BOM inside the block", Bytes: []byte(block("\xef\xbb\xbf" + First)), Frames: frames("\xef\xbb\xbf" + First)},
		{Name: "UTF-16 little endian", Bytes: []byte(block(le)), Frames: frames(le),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 2, bare)}},
		{Name: "UTF-16 big endian", Bytes: []byte(block(be)), Frames: frames(be),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, bare)}},
		{Name: "UTF-16 with a BOM", Bytes: []byte(block("\xff\xfe" + le)), Frames: frames("\xff\xfe" + le),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 4, bare)}},
		// The first byte of U+0B1C is a start block, its second an end block.
		{Name: "UTF-16 that holds a start block", Bytes: []byte(block(wide("MSH|\u0b1cx", false))), Frames: frames("\x1c\x00x"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, 5), odd(mllp.RestartInside, 9, 8), odd(mllp.EndWithoutCR, 10, 1)}},
		{Name: "UTF-16, framing included", Bytes: []byte(all),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, framed), odd(mllp.EndWithoutCR, 2+2*bare, 1)}, End: mllp.FrameTruncated},
	}
}

// sizeCases are at the limit.
func sizeCases() []Case {
	return []Case{
		{Name: "largest message", Bytes: []byte(block("12345678")), Max: 8, Frames: frames("12345678")},
		{Name: "one byte too large", Bytes: []byte(block("123456789")), Max: 8, End: mllp.FrameTooLarge},
		{Name: "too large by an end block inside", Bytes: []byte(block("1234567\x1c8")), Max: 8,
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, 8, 1)}, End: mllp.FrameTooLarge},
		{Name: "a message and one too large", Bytes: []byte(block("1") + block("123456789")), Max: 8, Frames: frames("1"), End: mllp.FrameTooLarge},
		{Name: "no end, and longer than a message may be", Bytes: []byte("\x0b" + strings.Repeat("x", 2000)), Max: 1000, End: mllp.FrameTooLarge},
	}
}

// tlsCases speak TLS where nobody does.
func tlsCases() []Case {
	return []Case{
		{Name: "TLS ClientHello", Bytes: []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x0b\x00\x04"), End: mllp.FrameTLS,
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 2)}},
		{Name: "TLS alert", Bytes: []byte("\x15\x03\x03\x00\x02\x02\x46"), End: mllp.FrameTLS,
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 2)}},
		{Name: "like TLS, but later", Bytes: []byte(one + "\x16\x03" + two), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, framed, 2)}},
	}
}
