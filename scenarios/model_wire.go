package scenarios

import (
	"fmt"
	"strconv"
	"time"
)

// Wire says how the bytes of what a step sends go out, when that is not one
// good block in one write. The zero value of each field bends nothing.
type Wire struct {
	Pos Source

	Before, After []byte  // outside the block
	NoStart       bool    // without the start byte
	End           WireEnd // of the block
	Inside        *Insert // bytes put into the payload
	Segments      WireSegments
	Encoding      WireEncoding
	BOM           bool
	Size          int64 // the message is filled up to this many bytes

	Chunk int           // bytes of one write; 0: all at once
	Every time.Duration // from one write to the next
	Fault *WireFault

	Case   string // a case of mllptest.Cases, in the place of a message
	Mute   bool   // what comes back is not read
	Repeat int    // how often it all is written, by one who does not read
}

// WireEnd is what stands at the end of a block.
type WireEnd string

// The ends of a block.
const (
	EndGood WireEnd = ""      // FS CR
	EndNone WireEnd = "none"  // nothing
	EndNoCR WireEnd = "no-cr" // FS
	EndLF   WireEnd = "lf"    // FS LF
)

// WireSegments is how the segments of a message end.
type WireSegments string

// The ends of segments.
const (
	SegmentsGood     WireSegments = ""           // CR
	SegmentsLF       WireSegments = "lf"         // LF
	SegmentsCRLF     WireSegments = "crlf"       // CR LF
	SegmentsNoLastCR WireSegments = "no-last-cr" // CR, but for the last, which has none
)

// WireEncoding is what the text of a message is written in, whatever it says.
type WireEncoding string

// The encodings.
const (
	EncodingGood    WireEncoding = "" // that of the play
	EncodingUTF16LE WireEncoding = "utf-16le"
	EncodingUTF16BE WireEncoding = "utf-16be"
)

// Insert is bytes that are put into others.
type Insert struct {
	At    Place
	Bytes []byte
}

// Place is a place in a run of bytes: so many bytes after its beginning, or so
// many hundredths of its length.
type Place struct {
	N       int64
	Percent bool
}

// In is the place in a run of that length, and never behind it.
func (p Place) In(length int64) int64 {
	if p.Percent {
		return length * p.N / 100
	}
	return min(p.N, length)
}

// String writes the place as a scenario does.
func (p Place) String() string {
	if p.Percent {
		return strconv.FormatInt(p.N, 10) + "%"
	}
	return strconv.FormatInt(p.N, 10)
}

// FaultKind names a fault of package mllptest.
type FaultKind string

// The faults. Which fields of a WireFault count depends on its kind.
const (
	FaultLatency   FaultKind = "latency"    // For: each write comes that much later
	FaultCut       FaultKind = "cut"        // At: the connection is closed
	FaultReset     FaultKind = "reset"      // At: the connection is reset
	FaultHalfClose FaultKind = "half-close" // At: our sending side ends, and we go on reading
	FaultStall     FaultKind = "stall"      // At, For: nothing more is sent for a while; 0: ever
	FaultFlood     FaultKind = "flood"      // At, Size, Bytes: so much more is sent
	FaultCorrupt   FaultKind = "corrupt"    // At, Bytes: the byte is another one
	FaultDuplicate FaultKind = "duplicate"  // Times: each block is sent so many times more
	FaultReorder   FaultKind = "reorder"    // two blocks change places
)

// WireFault is a fault of the connection, seen from the candidate.
type WireFault struct {
	Pos   Source
	Kind  FaultKind
	At    Place
	For   time.Duration
	Size  int64
	Bytes []byte
	Times int
}

// ends reports a fault after which we hear nothing any more.
func (f *WireFault) ends() bool { return f != nil && (f.Kind == FaultCut || f.Kind == FaultReset) }

// garbles reports whether the message may not be there to be read as it was
// written: a refusal need not name it then.
func (w *Wire) garbles() bool {
	return w != nil && (w.NoStart || w.Inside != nil || w.Encoding != "" || w.BOM || w.Segments != SegmentsGood ||
		w.Fault != nil && (w.Fault.Kind == FaultCorrupt || w.Fault.Kind == FaultFlood))
}

// deaf reports a step that does not hear what the candidate says.
func (w *Wire) deaf() bool { return w != nil && (w.Mute || w.Fault.ends()) }

// sends reports whether the step sends something.
func (s *Step) sends() bool { return s.Send != nil || s.Wire != nil && s.Wire.Case != "" }

// How tells in a few words what is bent, for the journal.
func (w *Wire) How() []string {
	if w == nil {
		return nil
	}
	var list []string
	say := func(is bool, format string, args ...any) {
		if is {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	say(w.Case != "", "case: %s", w.Case)
	say(len(w.Before) > 0, "before: %q", w.Before)
	say(w.NoStart, "start: none")
	say(w.End != EndGood, "end: %s", w.End)
	say(len(w.After) > 0, "after: %q", w.After)
	if w.Inside != nil {
		say(true, "inside: %q at %s", w.Inside.Bytes, w.Inside.At)
	}
	say(w.Segments != SegmentsGood, "segments: %s", w.Segments)
	say(w.Encoding != EncodingGood, "encoding: %s", w.Encoding)
	say(w.BOM, "bom: true")
	say(w.Size > 0, "size: %dB", w.Size)
	say(w.Chunk > 0, "chunk: %d", w.Chunk)
	say(w.Every > 0, "every: %s", w.Every)
	if w.Fault != nil {
		list = append(list, "fault: "+w.Fault.how())
	}
	say(w.Mute, "read: never")
	say(w.Repeat > 1, "repeat: %d", w.Repeat)
	return list
}

func (f *WireFault) how() string {
	text := string(f.Kind)
	switch f.Kind {
	case FaultLatency:
		text += fmt.Sprintf(" %s", f.For)
	case FaultDuplicate:
		text += fmt.Sprintf(" %d", f.Times)
	case FaultReorder:
	default:
		text += " at " + f.At.String()
	}
	if f.Kind == FaultStall && f.For > 0 {
		text += fmt.Sprintf(" for %s", f.For)
	}
	if f.Kind == FaultFlood {
		text += fmt.Sprintf(" of %dB", f.Size)
	}
	if len(f.Bytes) > 0 {
		text += fmt.Sprintf(" with %q", f.Bytes)
	}
	return text
}
