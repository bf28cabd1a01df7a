package mllp

import (
	"fmt"
	"slices"
)

// OddityKind names a departure from the framing rules that a Reader tolerates.
type OddityKind string

// The oddities. Count and Sample of an Oddity are explained for each.
const (
	// GarbageBefore is bytes outside any block: before the first, or between two
	// (a line feed after each block is frequent). Count is bytes, Sample the
	// first of them.
	GarbageBefore OddityKind = "garbage-before"
	// RestartInside is a second StartBlock before the end of a block. What came
	// before it was discarded: a message was lost. Count is the bytes discarded,
	// Sample the first of them.
	RestartInside OddityKind = "restart-inside"
	// EndWithoutCR is an EndBlock that no carriage return follows. It does not
	// end the block. Count is how many, Sample the EndBlock and what followed.
	EndWithoutCR OddityKind = "end-without-cr"
	// EmptyBlock is a block without payload. It was ignored. Count is how many.
	EmptyBlock OddityKind = "empty-block"
	// ControlByte is a byte below 0x20 other than CR inside a block, where MLLP
	// allows none. It stays in the payload. Count is how many, Sample the bytes.
	ControlByte OddityKind = "control-byte"
	// ReleaseTwoCommit is a block of one byte 0x06 or 0x15: the transport
	// acknowledgement of MLLP release 2, which IHE does not use. It was ignored.
	// Count is how many, Sample the bytes.
	ReleaseTwoCommit OddityKind = "release-two-commit"
	// Unsolicited is a whole block that a Client found before it sent its
	// message: it can be no answer to it and was set aside. Count is the bytes
	// of such blocks, Sample the first of them.
	Unsolicited OddityKind = "unsolicited"
)

// maxSample bounds what an Oddity keeps of the bytes it is about: enough to
// recognise the beginning of an MSH segment.
const maxSample = 64

// An Oddity is one kind of departure from the framing rules, seen and
// tolerated. Several of the same kind before one frame are counted together.
type Oddity struct {
	Kind   OddityKind
	Offset int64  // stream offset of the first
	Count  int    // how many, or how many bytes: see the kind
	Sample []byte // the first bytes concerned, at most 64; may hold message content, so keep it out of technical logs
}

// String describes the oddity in English.
func (o Oddity) String() string { return o.In("en") }

// In describes the oddity in French ("fr") or English. Bytes of messages are
// not quoted.
func (o Oddity) In(lang string) string {
	switch o.Kind {
	case GarbageBefore:
		return fmt.Sprintf(pick(lang,
			"%d octet(s) hors de tout bloc, à l'octet %d du flux (%s)",
			"%d byte(s) outside any block, at stream offset %d (%s)"), o.Count, o.Offset, hex(o.Sample))
	case RestartInside:
		return fmt.Sprintf(pick(lang,
			"début de bloc (0x0B) dans un bloc, à l'octet %[2]d du flux : les %[1]d octets qui précèdent sont écartés, un message est perdu",
			"start of block (0x0B) inside a block, at stream offset %[2]d: the %[1]d bytes before it were discarded, a message is lost"), o.Count, o.Offset)
	case EndWithoutCR:
		return fmt.Sprintf(pick(lang,
			"fin de bloc (0x1C) sans 0x0D après elle, %d fois, à l'octet %d du flux",
			"end of block (0x1C) without 0x0D after it, %d time(s), at stream offset %d"), o.Count, o.Offset)
	case EmptyBlock:
		return fmt.Sprintf(pick(lang,
			"%d bloc(s) vide(s) ignoré(s), à l'octet %d du flux",
			"%d empty block(s) ignored, at stream offset %d"), o.Count, o.Offset)
	case ControlByte:
		return fmt.Sprintf(pick(lang,
			"%d octet(s) de contrôle dans le bloc, à l'octet %d du flux (%s)",
			"%d control byte(s) inside the block, at stream offset %d (%s)"), o.Count, o.Offset, hex(o.Sample))
	case ReleaseTwoCommit:
		return fmt.Sprintf(pick(lang,
			"%d acquittement(s) de transport MLLP version 2 ignoré(s), à l'octet %d du flux (%s)",
			"%d MLLP release 2 transport acknowledgement(s) ignored, at stream offset %d (%s)"), o.Count, o.Offset, hex(o.Sample))
	case Unsolicited:
		return fmt.Sprintf(pick(lang,
			"%d octets reçus en bloc entre deux échanges, à l'octet %d du flux : réponse à rien",
			"%d bytes came as a block between two exchanges, at stream offset %d: an answer to nothing"), o.Count, o.Offset)
	}
	return string(o.Kind)
}

// hex shows the first bytes of a sample.
func hex(b []byte) string {
	const shown = 8
	if len(b) > shown {
		return fmt.Sprintf("% x …", b[:shown])
	}
	return fmt.Sprintf("% x", b)
}

// tally collects oddities until a frame takes them along. It holds at most one
// entry for each kind, so a hostile stream cannot make it grow.
type tally []Oddity

// add counts n more of a kind. sample is appended to what the entry has kept.
func (t *tally) add(kind OddityKind, offset int64, n int, sample ...byte) {
	i := 0
	for i < len(*t) && (*t)[i].Kind != kind {
		i++
	}
	if i == len(*t) {
		*t = append(*t, Oddity{Kind: kind, Offset: offset})
	}
	o := &(*t)[i]
	o.Count += n
	if room := maxSample - len(o.Sample); room > 0 {
		o.Sample = append(o.Sample, sample[:min(room, len(sample))]...)
	}
}

// takeBack uncounts the last of a kind, whose sample is one byte for each.
func (t *tally) takeBack(kind OddityKind) {
	for i := range *t {
		o := &(*t)[i]
		if o.Kind != kind {
			continue
		}
		o.Count--
		o.Sample = o.Sample[:min(len(o.Sample), o.Count)]
		if o.Count == 0 {
			*t = slices.Delete(*t, i, i+1)
		}
		return
	}
}

// clone returns a copy that shares no memory with t.
func (t tally) clone() tally {
	if len(t) == 0 {
		return nil
	}
	c := make(tally, len(t))
	for i, o := range t {
		o.Sample = append([]byte(nil), o.Sample...)
		c[i] = o
	}
	return c
}
