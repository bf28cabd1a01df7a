package hl7

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// OddityKind names a deviation from the encoding rules that was tolerated.
type OddityKind string

// The oddities of a message.
const (
	OddByteOrderMark   OddityKind = "byte-order-mark"  // a UTF-8 byte order mark before MSH
	OddLeadingBlanks   OddityKind = "leading-blanks"   // blanks or line ends before MSH
	OddLineFeed        OddityKind = "line-feed"        // a segment ended by LF
	OddCRLF            OddityKind = "crlf"             // a segment ended by CR LF
	OddNoTerminator    OddityKind = "no-terminator"    // the last segment not ended at all
	OddEmptyLine       OddityKind = "empty-line"       // lines without segment
	OddControlByte     OddityKind = "control-byte"     // a byte below 0x20 inside a segment
	OddSegmentName     OddityKind = "segment-name"     // a segment that does not begin with a name
	OddShortDelimiters OddityKind = "short-delimiters" // MSH-2 with fewer than four characters
)

// An Oddity is something in a message that HL7 does not allow and that the
// parser read all the same: often the first sign of why another receiver does
// not.
type Oddity struct {
	Kind   OddityKind
	Offset int // of the first place
	Count  int // of the places
}

// In describes the oddity in a language, "fr" or "en".
func (o Oddity) In(lang string) string {
	say := o.Kind.phrase()
	switch {
	case lang == "fr" && o.Count == 1:
		return fmt.Sprintf("%s (une fois, à l'octet %d)", say.fr, o.Offset)
	case lang == "fr":
		return fmt.Sprintf("%s (%d fois, d'abord à l'octet %d)", say.fr, o.Count, o.Offset)
	case o.Count == 1:
		return fmt.Sprintf("%s (once, at byte %d)", say.en, o.Offset)
	}
	return fmt.Sprintf("%s (%d times, first at byte %d)", say.en, o.Count, o.Offset)
}

// Hint says why the oddity matters or how to avoid it, in a language.
func (o Oddity) Hint(lang string) string {
	say := o.Kind.phrase()
	if lang == "fr" {
		return say.hintFR
	}
	return say.hintEN
}

func (k OddityKind) phrase() phrase {
	const (
		crEN = "HL7 ends every segment, the last one too, with a carriage return (0x0D) and nothing else"
		crFR = "HL7 termine chaque segment, y compris le dernier, par un retour chariot (0x0D) et rien d'autre"
	)
	switch k {
	case OddByteOrderMark:
		return phrase{en: "a byte order mark stands before MSH", fr: "une marque d'ordre des octets précède MSH",
			hintEN: "save the file as UTF-8 without byte order mark", hintFR: "enregistrez le fichier en UTF-8 sans marque d'ordre des octets"}
	case OddLeadingBlanks:
		return phrase{en: "blanks stand before MSH", fr: "des blancs précèdent MSH"}
	case OddLineFeed:
		return phrase{en: "a segment ends with LF", fr: "un segment se termine par LF", hintEN: crEN, hintFR: crFR}
	case OddCRLF:
		return phrase{en: "a segment ends with CR LF", fr: "un segment se termine par CR LF", hintEN: crEN, hintFR: crFR}
	case OddNoTerminator:
		return phrase{en: "the last segment has no terminator", fr: "le dernier segment n'a pas de terminateur", hintEN: crEN, hintFR: crFR}
	case OddEmptyLine:
		return phrase{en: "a line is empty", fr: "une ligne est vide", hintEN: crEN, hintFR: crFR}
	case OddControlByte:
		return phrase{en: "a control byte stands inside a segment", fr: "un octet de contrôle se trouve dans un segment",
			hintEN: `MLLP allows none but CR; a line break in a text is written \.br\`, hintFR: `MLLP n'en admet pas d'autre que CR ; un saut de ligne dans un texte s'écrit \.br\`}
	case OddSegmentName:
		return phrase{en: "a line does not begin with a segment name", fr: "une ligne ne commence pas par un nom de segment",
			hintEN: "often a line break inside a text that was not escaped", hintFR: "souvent un saut de ligne non échappé dans un texte"}
	case OddShortDelimiters:
		return phrase{en: "MSH-2 has fewer than four characters", fr: "MSH-2 a moins de quatre caractères",
			hintEN: `IHE requires ^~\&`, hintFR: `IHE exige ^~\&`}
	}
	return phrase{en: string(k), fr: string(k)}
}

// Oddities returns what the message has that HL7 does not allow, in the order
// of first occurrence within the message. It looks at every byte, each time.
func (m *Message) Oddities() []Oddity {
	t := m.t
	if t.regular() {
		return nil
	}
	var o oddities
	t.leading(&o)
	if len(t.delims.EncodingCharacters()) < 4 {
		o.add(OddShortDelimiters, int(t.segs[0].start)+4)
	}
	for i := range t.segs {
		t.inside(&o, i)
		t.between(&o, i)
	}
	return o
}

// regular says of a message that it has no oddities, as nearly all have none: its
// segments have names, stand one behind the other, each with its CR, and there is
// no control byte but those.
func (t *text) regular() bool {
	next := 0
	for i := range t.segs {
		s := &t.segs[i]
		if s.name == 0 || int(s.start) != next || int(s.end) == len(t.data) || t.data[s.end] != '\r' {
			return false
		}
		next = int(s.end) + 1
	}
	return next == len(t.data) && t.delims.Subcomponent != 0 && countControls(t.data) == len(t.segs)
}

// countControls counts the bytes below 0x20, eight at a time.
func countControls(data []byte) int {
	const each = 0x0101010101010101
	n := 0
	for ; len(data) >= 8; data = data[8:] {
		x := binary.LittleEndian.Uint64(data)
		n += bits.OnesCount64(^(x&(0x7f*each) + (0x80-' ')*each | x) & (0x80 * each)) // no byte carries into the next
	}
	for _, c := range data {
		if c < ' ' {
			n++
		}
	}
	return n
}

type oddities []Oddity

func (o *oddities) add(k OddityKind, offset int) {
	for i := range *o {
		if (*o)[i].Kind == k {
			(*o)[i].Count++
			return
		}
	}
	*o = append(*o, Oddity{Kind: k, Offset: offset, Count: 1})
}

// leading looks at what stands before MSH.
func (t *text) leading(o *oddities) {
	start := int(t.segs[0].start)
	mark := 0
	if bytes.HasPrefix(t.data, []byte(byteOrderMark)) {
		mark = len(byteOrderMark)
		o.add(OddByteOrderMark, 0)
	}
	if start > mark {
		o.add(OddLeadingBlanks, mark)
	}
}

// inside looks at the bytes of segment i.
func (t *text) inside(o *oddities, i int) {
	s := &t.segs[i]
	if s.name == 0 {
		o.add(OddSegmentName, int(s.start))
	}
	// Eight bytes at a time: a byte below 0x20 borrows, and was not above 0x7f.
	const each = 0x0101010101010101
	k := s.start
	for ; k+8 <= s.end; k += 8 {
		if x := binary.LittleEndian.Uint64(t.data[k:]); (x-' '*each)&^x&(0x80*each) != 0 {
			t.controls(o, k, k+8)
		}
	}
	t.controls(o, k, s.end)
}

// controls notes the control bytes from start to end.
func (t *text) controls(o *oddities, start, end uint32) {
	for k := start; k < end; k++ {
		if t.data[k] < ' ' {
			o.add(OddControlByte, int(k))
		}
	}
}

// between looks at the bytes from the end of segment i to the next.
func (t *text) between(o *oddities, i int) {
	end := int(t.segs[i].end)
	next := len(t.data)
	if i+1 < len(t.segs) {
		next = int(t.segs[i+1].start)
	}
	terminator := t.terminator(i)
	switch terminator {
	case "":
		o.add(OddNoTerminator, end)
	case "\n":
		o.add(OddLineFeed, end)
	case "\r\n":
		o.add(OddCRLF, end)
	}
	if rest := end + len(terminator); rest < next {
		o.add(OddEmptyLine, rest)
	}
}
