package capture

import "bytes"

// The bytes that frame a message on the wire: 0x0B message 0x1C 0x0D.
const (
	startBlock = 0x0b
	endBlock   = 0x1c
)

// The commit blocks of MLLP Release 2 are frames around one of these bytes.
const (
	commitAck = 0x06
	commitNak = 0x15
)

const byteOrderMark = "\xef\xbb\xbf"

const (
	// leadingBlanks is how many blanks are tolerated before the message in a frame.
	leadingBlanks = 16
	// lookahead is how many bytes tell what stands at a place.
	lookahead = 1 + len(byteOrderMark) + leadingBlanks + len("MSH|")
)

// what is what stands at a place between messages, where a line begins.
type what uint8

const (
	other        what = iota // garbage
	blank                    // white space, or a byte order mark
	message                  // MSH
	batchSegment             // FHS, BHS, BTS or FTS
	frame                    // a frame with a message in it
	batchFrame               // a frame with a batch in it
	noFrame                  // an empty frame, or a commit block of MLLP Release 2
	blockEnd                 // the end of the frame around a batch
)

// look says what stands at the beginning of b, and how many bytes of it to pass
// over. b has lookahead bytes, fewer only where the stream ends.
func look(b []byte, inBatchFrame bool) (what, int) {
	switch c := b[0]; {
	case c == startBlock:
		return lookIntoFrame(b)
	case c == endBlock && inBatchFrame:
		if n := endOfBlock(b); n > 0 {
			return blockEnd, n
		}
	case isBlank(c):
		return blank, countBlanks(b)
	case startsMessage(b):
		return message, 0
	case startsBatch(b):
		return batchSegment, 0
	default:
		if marked, n := leadingMark(b); marked {
			return blank, n
		}
	}
	return other, 0
}

// startsSomething says whether what ends a message without frame stands at the
// beginning of b: another message, a batch segment, a frame.
func startsSomething(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	what, _ := look(b, false)
	return what != other && what != blank
}

// lookIntoFrame says what is behind a start byte. For that of a message, only
// the start byte is to pass over: all that follows is the message's.
func lookIntoFrame(b []byte) (what, int) {
	in := b[1:]
	_, mark := leadingMark(in)
	text := in[mark:]
	text = text[countBlanks(text[:min(len(text), leadingBlanks)]):]
	switch {
	case startsMessage(text):
		return frame, 1
	case startsBatch(text):
		return batchFrame, len(b) - len(text)
	case len(in) > 0 && (in[0] == commitAck || in[0] == commitNak):
		in = in[1:]
	}
	if len(in) > 0 && in[0] == endBlock {
		if n := endOfBlock(in); n > 0 {
			return noFrame, len(b) - len(in) + n
		}
	}
	return other, 0
}

// endOfBlock says how many bytes the end of a frame at the beginning of b has:
// two, 0x1C and CR; one where something else follows that a line or a frame may
// begin with, or nothing. 0 means that 0x1C is a byte like others there.
func endOfBlock(b []byte) int {
	switch {
	case len(b) == 1 || b[1] == '\n' || b[1] == startBlock:
		return 1
	case b[1] == '\r':
		return 2
	}
	return 0
}

// startsMessage says whether a line begins as a message does.
func startsMessage(line []byte) bool {
	return len(line) > 3 && string(line[:3]) == "MSH" && isSeparator(line[3])
}

// startsBatch says whether a line begins as one of the segments around batches
// does. They need not have fields.
func startsBatch(line []byte) bool {
	if len(line) < 3 {
		return false
	}
	switch string(line[:3]) {
	case "FHS", "BHS", "BTS", "FTS":
		return len(line) == 3 || isSeparator(line[3]) || line[3] == '\r' || line[3] == '\n' || line[3] == endBlock
	}
	return false
}

// mayBegin tells the first bytes of what beginsLine looks for.
var mayBegin = [256]bool{'M': true, 'F': true, 'B': true, 0xef: true}

func leadingMark(b []byte) (marked bool, n int) {
	if bytes.HasPrefix(b, []byte(byteOrderMark)) {
		return true, len(byteOrderMark)
	}
	return false, 0
}

// isSeparator says whether c may separate fields.
func isSeparator(c byte) bool {
	switch {
	case c <= ' ' || c >= 0x7f:
		return false
	case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		return false
	}
	return true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// countBlanks returns how many blanks b begins with.
func countBlanks(b []byte) int {
	for i, c := range b {
		if !isBlank(c) {
			return i
		}
	}
	return len(b)
}

// trimLines takes the blank lines off the end of a message, not the end of its
// last segment.
func trimLines(b []byte) []byte {
	text := bytes.TrimRight(b, " \t\r\n")
	rest := b[len(text):]
	n := bytes.IndexAny(rest, "\r\n")
	switch {
	case n < 0:
		return b
	case rest[n] == '\r' && n+1 < len(rest) && rest[n+1] == '\n':
		n++
	}
	return b[:len(text)+n+1]
}
