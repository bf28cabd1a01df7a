package mllp

import "fmt"

// The three bytes of MLLP framing.
const (
	StartBlock     = 0x0b // SB, also VT: a block begins
	EndBlock       = 0x1c // EB, also FS: a block ends, if a carriage return follows
	CarriageReturn = 0x0d // CR: the last byte of a block, and the end of an HL7 segment inside it
)

// DefaultMaxMessage is the longest payload that is read when no other limit is
// given. MLLP itself has none.
const DefaultMaxMessage = 10 << 20

// A Frame is one block taken off a stream.
type Frame struct {
	// Payload is what stood between StartBlock and EndBlock. It is a part of the
	// Reader's own buffer, valid until the next ReadFrame.
	Payload []byte
	// Start is the offset of the StartBlock byte, counted from the first byte
	// that the Reader read.
	Start int64
	// Oddities are the departures from the framing rules that were tolerated
	// since the previous frame, at most one of each kind, in the order in which
	// they first appeared. They may be kept.
	Oddities []Oddity
}

// AppendFrame appends payload to dst as one block and returns the result.
//
// It does not look into the payload: a laboratory must be able to send a
// message that holds a framing byte. The frame is meant to be written with one
// Write: three writes are three TLS records and often three TCP segments, which
// is where fragile receivers lose messages.
func AppendFrame(dst, payload []byte) []byte {
	dst = append(dst, StartBlock)
	dst = append(dst, payload...)
	return append(dst, EndBlock, CarriageReturn)
}

// FrameErrorKind says why a stream can no longer be read as blocks.
type FrameErrorKind string

// The reasons why a Reader gives up on a stream.
const (
	FrameTruncated FrameErrorKind = "truncated"  // the stream ended inside a block
	FrameTooLarge  FrameErrorKind = "too-large"  // a block is longer than the limit
	FrameGarbage   FrameErrorKind = "garbage"    // more bytes to discard than a message may have, and still no message
	FrameTLS       FrameErrorKind = "tls-record" // the stream begins with a TLS record: the peer speaks TLS on a plain connection
	FrameSlow      FrameErrorKind = "slow"       // a block was begun and not finished in time
)

// A FrameError is a stream that cannot be read any further as blocks. A Reader
// returns the same one from then on.
type FrameError struct {
	Kind   FrameErrorKind
	Offset int64 // where the block begins in the stream; for FrameGarbage, the end of the last frame
	Size   int64 // bytes that had come from there on; for FrameTooLarge and FrameGarbage the limit that was passed

	err error
}

// Error describes the error in English.
func (e *FrameError) Error() string { return e.In("en") }

// Unwrap gives io.ErrUnexpectedEOF for a truncated block and
// os.ErrDeadlineExceeded for a slow one.
func (e *FrameError) Unwrap() error { return e.err }

// In describes the error in French ("fr") or English.
func (e *FrameError) In(lang string) string {
	switch e.Kind {
	case FrameTruncated:
		return fmt.Sprintf(pick(lang,
			"le flux s'arrête dans un bloc, %d octets après son début (octet %d du flux)",
			"the stream ends inside a block, %d bytes after its start (stream offset %d)"), e.Size, e.Offset)
	case FrameTooLarge:
		return fmt.Sprintf(pick(lang,
			"le bloc commencé à l'octet %[2]d du flux dépasse la limite de %[1]d octets",
			"the block at stream offset %[2]d is longer than the limit of %[1]d bytes"), e.Size, e.Offset)
	case FrameGarbage:
		return fmt.Sprintf(pick(lang,
			"plus de %d octets à écarter à partir de l'octet %d du flux, et aucun message",
			"more than %d bytes to discard from stream offset %d on, and no message"), e.Size, e.Offset)
	case FrameTLS:
		return pick(lang,
			"le correspondant parle TLS sur une connexion en clair",
			"the peer speaks TLS on a plain connection")
	case FrameSlow:
		return fmt.Sprintf(pick(lang,
			"le bloc commencé à l'octet %[2]d du flux n'est pas terminé à temps (%[1]d octets reçus)",
			"the block at stream offset %[2]d was not finished in time (%[1]d bytes had come)"), e.Size, e.Offset)
	}
	return string(e.Kind)
}

// Hint says what to do about the error, in French or English.
func (e *FrameError) Hint(lang string) string {
	switch e.Kind {
	case FrameTruncated, FrameSlow:
		return pick(lang,
			"chaque bloc doit finir par 0x1C 0x0D ; vérifiez que l'émetteur écrit les deux octets",
			"every block must end with 0x1C 0x0D; check that the sender writes both bytes")
	case FrameTooLarge:
		return pick(lang,
			"augmentez la taille maximale d'un message, ou vérifiez que l'émetteur termine ses blocs par 0x1C 0x0D",
			"raise the maximum message size, or check that the sender ends its blocks with 0x1C 0x0D")
	case FrameGarbage:
		return pick(lang,
			"vérifiez que le correspondant parle bien MLLP : un bloc commence par 0x0B",
			"check that the peer speaks MLLP: a block begins with 0x0B")
	case FrameTLS:
		return pick(lang,
			"activez TLS de ce côté, ou désactivez-le de l'autre",
			"turn TLS on at this end, or off at the other")
	}
	return ""
}

// pick chooses between the two languages of the product; English is the
// language of everything that is not French.
func pick(lang, fr, en string) string {
	if lang == "fr" {
		return fr
	}
	return en
}
