package mllptest

import (
	"bytes"
	"strings"

	"github.com/pamlab/pamlab/mllp"
)

// The two messages as blocks, how long the first is without its framing and
// with it, and the first half of it.
var (
	one, two     = block(First), block(Second)
	bare, framed = len(First), len(one)
	half         = First[:bare/2]
)

// goodCases are what nobody may complain about.
func goodCases() []Case {
	return []Case{
		{Name: "nothing"},
		{Name: "one message", Bytes: []byte(one), Frames: frames(First)},
		{Name: "two messages in one segment", Bytes: []byte(one + two), Frames: frames(First, Second)},
		{Name: "twenty messages in one segment", Bytes: []byte(strings.Repeat(one, 20)), Frames: frames(repeat(First, 20)...)},
		{Name: "one and a half, then the rest", Bytes: []byte(one + two), Cuts: []int{framed + framed/2}, Frames: frames(First, Second)},
		{Name: "byte by byte", Bytes: []byte(one), Cuts: each(framed - 1), Frames: frames(First)},
		{Name: "start, message and end in three writes", Bytes: []byte(one), Cuts: []int{1, bare + 1}, Frames: frames(First)},
		{Name: "cut between FS and CR", Bytes: []byte(one + two), Cuts: []int{framed - 1}, Frames: frames(First, Second)},
		{Name: "message without MSH", Bytes: []byte(block("PID|||1\r")), Frames: frames("PID|||1\r")},
		{Name: "message without MSH, then a good one", Bytes: []byte(block("PID|||1\r") + one), Frames: frames("PID|||1\r", First)},
		{Name: "MSH| alone", Bytes: []byte(block("MSH|")), Frames: frames("MSH|")},
		{Name: "no CR before the end block", Bytes: []byte(block("MSH|^~\\&|A")), Frames: frames("MSH|^~\\&|A")},
		{Name: "a carriage return alone", Bytes: []byte("\x0b\r\x1c\r"), Frames: frames("\r")},
		{Name: "a blank alone", Bytes: []byte("\x0b \x1c\r"), Frames: frames(" ")},
	}
}

// garbageCases have bytes outside blocks.
func garbageCases() []Case {
	return []Case{
		{Name: "garbage before", Bytes: []byte("hello" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 5)}},
		{Name: "garbage between", Bytes: []byte(one + "hello" + two), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, framed, 5)}},
		{Name: "garbage after", Bytes: []byte(one + "hello"), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, framed, 5)}},
		{Name: "carriage return before", Bytes: []byte("\r" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 1)}},
		{Name: "BOM before the block", Bytes: []byte("\xef\xbb\xbf" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 3)}},
		{Name: "line feed after each block", Bytes: []byte(one + "\n" + two + "\n"), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, framed, 1), odd(mllp.GarbageBefore, 2*framed+1, 1)}},
		{Name: "CR LF after each block", Bytes: []byte(one + "\r\n" + two + "\r\n"), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, framed, 2), odd(mllp.GarbageBefore, 2*framed+2, 2)}},
		{Name: "NULs between blocks", Bytes: []byte(one + "\x00\x00\x00" + two), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, framed, 3)}},
		{Name: "end of block again", Bytes: []byte(one + "\x1c\r" + two), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, framed, 2)}},
		{Name: "end of block first", Bytes: []byte("\x1c\r" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 2)}},
		{Name: "only garbage", Bytes: []byte("GET / HTTP/1.1\r\n\r\n"),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 18)}},
		{Name: "no start block", Bytes: []byte(First + "\x1c\r"),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, bare+2)}},
		{Name: "no start block, then a good message", Bytes: []byte(First + "\x1c\r" + two), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, bare+2)}},
		{Name: "message without framing, then a good one", Bytes: []byte(First + two), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, bare)}},
		{Name: "garbage longer than a message may be", Bytes: bytes.Repeat([]byte("x"), 5200), Max: 1000,
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 1000+4096+1)}, End: mllp.FrameGarbage},
	}
}

// endCases end a block in another way, or do not end it.
func endCases() []Case {
	return []Case{
		{Name: "no end, then a good message", Bytes: []byte("\x0b" + First + two), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, bare+1, bare)}},
		{Name: "end without CR, then a good message", Bytes: []byte("\x0b" + First + "\x1c" + two), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, bare+1, 1), odd(mllp.RestartInside, bare+2, bare+1)}},
		{Name: "end with LF, then a good message", Bytes: []byte("\x0b" + First + "\x1c\n" + two), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, bare+1, 1), odd(mllp.ControlByte, bare+2, 1), odd(mllp.RestartInside, bare+3, bare+2)}},
		{Name: "CR alone as the end, then a good message", Bytes: []byte("\x0b" + First + "\r" + two), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, bare+2, bare+1)}},
		{Name: "CR and FS exchanged, then a good message", Bytes: []byte("\x0b" + First[:bare-1] + "\r\r\x1c" + two), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, bare+2, 1), odd(mllp.RestartInside, bare+3, bare+2)}},
		{Name: "end block inside the message", Bytes: []byte(block("MSH|a\x1cb\r")), Frames: frames("MSH|a\x1cb\r"),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, 6, 1)}},
		{Name: "end block twice", Bytes: []byte("\x0bMSH|a\r\x1c\x1c\r"), Frames: frames("MSH|a\r\x1c"),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, 7, 1)}},
		{Name: "end without CR, then the end of the stream", Bytes: []byte("\x0b" + First + "\x1c"),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, bare+1, 1)}, End: mllp.FrameTruncated},
		{Name: "no end at all", Bytes: []byte("\x0b" + First), End: mllp.FrameTruncated},
		{Name: "cut in the middle", Bytes: []byte("\x0b" + half), End: mllp.FrameTruncated},
		{Name: "start block alone", Bytes: []byte("\x0b"), End: mllp.FrameTruncated},
		{Name: "a message and a cut one", Bytes: []byte(one + "\x0b" + half), Frames: frames(First), End: mllp.FrameTruncated},
	}
}

// restartCases begin a block inside another.
func restartCases() []Case {
	return []Case{
		{Name: "start block twice", Bytes: []byte("\x0b" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, 1, 0)}},
		{Name: "start block inside the message", Bytes: []byte(block("MSH|a\x0bb\r")), Frames: frames("b\r"),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, 6, 5)}},
		{Name: "half a message, then all of it", Bytes: []byte("\x0b" + half + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, 1+bare/2, bare/2)}},
		{Name: "a block in a block", Bytes: []byte(block(one)), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, 1, 0), odd(mllp.GarbageBefore, 1+framed, 2)}},
	}
}

// emptyCases have blocks that carry no message.
func emptyCases() []Case {
	return []Case{
		{Name: "empty block", Bytes: []byte("\x0b\x1c\r" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.EmptyBlock, 0, 1)}},
		{Name: "empty blocks only", Bytes: []byte("\x0b\x1c\r\x0b\x1c\r"),
			Oddities: []mllp.Oddity{odd(mllp.EmptyBlock, 0, 2)}},
		{Name: "empty block between", Bytes: []byte(one + "\x0b\x1c\r" + two), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.EmptyBlock, framed, 1)}},
		{Name: "release 2 acknowledgement before the answer", Bytes: []byte("\x0b\x06\x1c\r" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.ReleaseTwoCommit, 0, 1)}},
		{Name: "release 2 acknowledgement after each block", Bytes: []byte(one + "\x0b\x06\x1c\r" + two + "\x0b\x06\x1c\r"), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.ReleaseTwoCommit, framed, 1), odd(mllp.ReleaseTwoCommit, 2*framed+4, 1)}},
		{Name: "release 2 refusal alone", Bytes: []byte("\x0b\x15\x1c\r"),
			Oddities: []mllp.Oddity{odd(mllp.ReleaseTwoCommit, 0, 1)}},
		{Name: "release 2 acknowledgement without framing", Bytes: []byte("\x06" + one), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 1)}},
		{Name: "a longer block that begins like release 2", Bytes: []byte("\x0b\x06x\x1c\r"), Frames: frames("\x06x"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, 1)}},
	}
}
