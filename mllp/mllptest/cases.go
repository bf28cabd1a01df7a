package mllptest

import (
	"bytes"
	"strings"

	"github.com/pamlab/pamlab/mllp"
)

// A Case is a byte stream and what is to be read from it.
type Case struct {
	Name  string
	Bytes []byte
	Max   int // limit of the payload; 0 is mllp.DefaultMaxMessage

	Frames   [][]byte      // payloads, in order
	Oddities []mllp.Oddity // kind, offset and count, in order; samples are left out
	// End is how the stream ends: "" at a frame boundary or outside any block.
	End mllp.FrameErrorKind
}

// Messages that the cases are made of.
const (
	First  = "MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5\rEVN||20260105101500\r"
	Second = "MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101600||ADT^A02^ADT_A02|S00043|P|2.5\rEVN||20260105101600\r"
)

// block frames a payload.
func block(payload string) string { return string(mllp.AppendFrame(nil, []byte(payload))) }

// Cases returns the table. The caller may change it.
func Cases() []Case {
	var (
		a, b = block(First), block(Second)
		n    = len(First)
		m    = len(a)
		cut  = First[:20]
	)
	frames := func(payloads ...string) (all [][]byte) {
		for _, p := range payloads {
			all = append(all, []byte(p))
		}
		return all
	}
	odd := func(kind mllp.OddityKind, offset, count int) mllp.Oddity {
		return mllp.Oddity{Kind: kind, Offset: int64(offset), Count: count}
	}
	latin1 := "MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||8859/1\rPID|||1||LEF\xc8VRE\r"
	noEnd := "\x0b" + First + b

	cases := []Case{
		{Name: "nothing"},
		{Name: "one message", Bytes: []byte(a), Frames: frames(First)},
		{Name: "two messages in one segment", Bytes: []byte(a + b), Frames: frames(First, Second)},
		{Name: "twenty messages in one segment", Bytes: []byte(strings.Repeat(a, 20)), Frames: frames(repeat(First, 20)...)},
		{Name: "message without MSH", Bytes: []byte(block("PID|||1\r")), Frames: frames("PID|||1\r")},
		{Name: "MSH| alone", Bytes: []byte(block("MSH|")), Frames: frames("MSH|")},
		{Name: "no CR before the end block", Bytes: []byte(block("MSH|^~\\&|A")), Frames: frames("MSH|^~\\&|A")},
		{Name: "Latin-1 bytes", Bytes: []byte(block(latin1)), Frames: frames(latin1)},
		{Name: "a carriage return alone", Bytes: []byte("\x0b\r\x1c\r"), Frames: frames("\r")},

		{Name: "garbage before", Bytes: []byte("hello" + a), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 5)}},
		{Name: "line feed after each block", Bytes: []byte(a + "\n" + b + "\n"), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, m, 1), odd(mllp.GarbageBefore, 2*m+1, 1)}},
		{Name: "NULs between blocks", Bytes: []byte(a + "\x00\x00\x00" + b), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, m, 3)}},
		{Name: "end of block again", Bytes: []byte(a + "\x1c\r" + b), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, m, 2)}},
		{Name: "only garbage", Bytes: []byte("GET / HTTP/1.1\r\n\r\n"),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 18)}},
		{Name: "message without framing, then a good one", Bytes: []byte(First + b), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, n)}},
		{Name: "garbage longer than a message may be", Bytes: bytes.Repeat([]byte("x"), 10_000), Max: 1000,
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 1000+4096+1)}, End: mllp.FrameGarbage},

		{Name: "no end, then a good message", Bytes: []byte(noEnd), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, n+1, n)}},
		{Name: "start block twice", Bytes: []byte("\x0b" + a), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.RestartInside, 1, 0)}},
		{Name: "end without CR, then a good message", Bytes: []byte("\x0b" + First + "\x1c" + b), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, n+1, 1), odd(mllp.RestartInside, n+2, n+1)}},
		{Name: "end with LF, then a good message", Bytes: []byte("\x0b" + First + "\x1c\n" + b), Frames: frames(Second),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, n+1, 1), odd(mllp.ControlByte, n+2, 1), odd(mllp.RestartInside, n+3, n+2)}},
		{Name: "end block inside the message", Bytes: []byte(block("MSH|a\x1cb\r")), Frames: frames("MSH|a\x1cb\r"),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, 6, 1)}},
		{Name: "end block twice", Bytes: []byte("\x0bMSH|a\r\x1c\x1c\r"), Frames: frames("MSH|a\r\x1c"),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, 7, 1)}},
		{Name: "end without CR, then the end of the stream", Bytes: []byte("\x0b" + First + "\x1c"),
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, n+1, 1)}, End: mllp.FrameTruncated},
		{Name: "no end at all", Bytes: []byte("\x0b" + First), End: mllp.FrameTruncated},
		{Name: "start block alone", Bytes: []byte("\x0b"), End: mllp.FrameTruncated},
		{Name: "a message and a cut one", Bytes: []byte(a + "\x0b" + cut), Frames: frames(First), End: mllp.FrameTruncated},

		{Name: "empty block", Bytes: []byte("\x0b\x1c\r" + a), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.EmptyBlock, 0, 1)}},
		{Name: "empty blocks only", Bytes: []byte("\x0b\x1c\r\x0b\x1c\r"),
			Oddities: []mllp.Oddity{odd(mllp.EmptyBlock, 0, 2)}},
		{Name: "release 2 acknowledgement before the answer", Bytes: []byte("\x0b\x06\x1c\r" + a), Frames: frames(First),
			Oddities: []mllp.Oddity{odd(mllp.ReleaseTwoCommit, 0, 1)}},
		{Name: "release 2 refusal alone", Bytes: []byte("\x0b\x15\x1c\r"),
			Oddities: []mllp.Oddity{odd(mllp.ReleaseTwoCommit, 0, 1)}},

		{Name: "a longer block that begins like release 2", Bytes: []byte("\x0b\x06x\x1c\r"), Frames: frames("\x06x"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, 1)}},

		{Name: "line feeds as segment ends", Bytes: []byte(block("MSH|a\nPID|b\n")), Frames: frames("MSH|a\nPID|b\n"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 6, 2)}},
		{Name: "NUL and TAB inside", Bytes: []byte(block("MSH|\x00\tb\r")), Frames: frames("MSH|\x00\tb\r"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 5, 2)}},
		{Name: "control bytes around a word", Bytes: []byte(block("\x1d1234567\x1e")), Frames: frames("\x1d1234567\x1e"),
			Oddities: []mllp.Oddity{odd(mllp.ControlByte, 1, 2)}},

		{Name: "largest message", Bytes: []byte(block("12345678")), Max: 8, Frames: frames("12345678")},
		{Name: "one byte too large", Bytes: []byte(block("123456789")), Max: 8, End: mllp.FrameTooLarge},
		{Name: "too large by an end block inside", Bytes: []byte(block("1234567\x1c8")), Max: 8,
			Oddities: []mllp.Oddity{odd(mllp.EndWithoutCR, 8, 1)}, End: mllp.FrameTooLarge},
		{Name: "a message and one too large", Bytes: []byte(block("1") + block("123456789")), Max: 8, Frames: frames("1"), End: mllp.FrameTooLarge},

		{Name: "TLS ClientHello", Bytes: []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x0b\x00\x04"), End: mllp.FrameTLS,
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 2)}},
		{Name: "TLS alert", Bytes: []byte("\x15\x03\x03\x00\x02\x02\x46"), End: mllp.FrameTLS,
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, 0, 2)}},
		{Name: "like TLS, but later", Bytes: []byte(a + "\x16\x03" + b), Frames: frames(First, Second),
			Oddities: []mllp.Oddity{odd(mllp.GarbageBefore, m, 2)}},
	}
	return cases
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}
