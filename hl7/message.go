package hl7

import (
	"bytes"
	"iter"
	"sort"
)

// A Message is one HL7 v2 message. Its zero value holds nothing; messages come
// from [Parse] or from a [Builder].
//
// Any number of goroutines may read a message at the same time. The methods
// that change it (Set, SetText, SetBytes, AddSegment, RemoveSegment) need it
// for themselves. Values and segments taken from a message keep what they were
// when the message changes later.
type Message struct{ t *text }

var (
	sayEmpty = phrase{
		en: "the input is empty", fr: "l'entrée est vide",
		hintEN: "an HL7 message begins with MSH|", hintFR: "un message HL7 commence par MSH|"}
	sayNotHL7 = phrase{
		en: "no HL7 message: an MSH segment was expected, not %s", fr: "pas un message HL7 : on attendait un segment MSH, et non %s",
		hintEN: `an HL7 v2 message begins with MSH|^~\&|; XML and JSON forms of HL7 are not read`, hintFR: `un message HL7 v2 commence par MSH|^~\&| ; les formes XML et JSON de HL7 ne sont pas lues`}
	sayUTF16 = phrase{
		en: "the input is UTF-16, which HL7 over MLLP cannot carry", fr: "l'entrée est en UTF-16, que HL7 sur MLLP ne peut pas transporter",
		hintEN: "save it as UTF-8 without byte order mark, or as ISO 8859-15, and say so in MSH-18", hintFR: "enregistrez-la en UTF-8 sans marque d'ordre des octets, ou en ISO 8859-15, et indiquez-le dans MSH-18"}
	sayFramed = phrase{
		en: "the message is still inside its MLLP frame (0x0B)", fr: "le message est encore dans son bloc MLLP (0x0B)",
		hintEN: "split the input first: that takes the frames off", hintFR: "découpez d'abord l'entrée : les blocs seront retirés"}
	sayBatch = phrase{
		en: "a batch of messages begins here (%s), not a message", fr: "un lot de messages commence ici (%s), et non un message",
		hintEN: "split the input into its messages first", hintFR: "découpez d'abord l'entrée en messages"}
	sayTooLarge = phrase{
		en: "the message has %d bytes, more than the %d that can be read", fr: "le message fait %d octets, plus que les %d qui peuvent être lus",
		hintEN: "split the input into its messages first", hintFR: "découpez d'abord l'entrée en messages"}
)

// Parse reads one message. It keeps data, which must not be changed any more.
//
// The error, if any, is an [*Error] that says why data is no message, or not
// just one. See [Split] for files with several messages, batches and captures.
func Parse(data []byte) (*Message, error) {
	// One allocation for both: the message is only a pointer to its text.
	both := new(struct {
		m Message
		t text
	})
	both.m.t = &both.t
	if err := both.t.parse(data); err != nil {
		return nil, err
	}
	return &both.m, nil
}

// parse makes t the text of the message in data.
func (t *text) parse(data []byte) *Error {
	at, d, err := findMSH(data)
	if err != nil {
		return err
	}
	return t.index(data, at, d)
}

// findMSH finds where the MSH segment begins, past a byte order mark and
// blanks, and reads the delimiters.
func findMSH(data []byte) (int, Delimiters, *Error) {
	none := Delimiters{}
	if len(data) > MaxSize {
		return 0, none, fail(KindTooLarge, -1, sayTooLarge, len(data), MaxSize)
	}
	if isUTF16(data) {
		return 0, none, fail(KindUTF16, 0, sayUTF16)
	}
	at := skipLeading(data)
	rest := data[at:]
	switch {
	case len(rest) == 0:
		return 0, none, fail(KindEmpty, -1, sayEmpty)
	case rest[0] == startBlock:
		return 0, none, fail(KindFramed, at, sayFramed)
	case len(rest) >= 4 && isBatchName(rest[:3]) && isDelimiter(rest[3]):
		return 0, none, fail(KindBatch, at, sayBatch, rest[:3])
	case len(rest) < 3 || string(rest[:3]) != "MSH" || len(rest) > 3 && isAlnum(rest[3]):
		return 0, none, fail(KindNotHL7, at, sayNotHL7, excerpt(rest))
	}
	d, err := readDelimiters(data, at)
	return at, d, err
}

const byteOrderMark = "\xef\xbb\xbf"

// skipLeading returns the offset of the first byte that is neither of a byte
// order mark nor blank.
func skipLeading(data []byte) int {
	i := 0
	if bytes.HasPrefix(data, []byte(byteOrderMark)) {
		i = len(byteOrderMark)
	}
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n') {
		i++
	}
	return i
}

// isUTF16 recognises UTF-16 by its byte order mark or by the zeros in "MS".
func isUTF16(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	mark := string(data[:2])
	start := string(data[:min(4, len(data))])
	return mark == "\xff\xfe" || mark == "\xfe\xff" || start == "M\x00S\x00" || start == "\x00M\x00S"
}

// Bytes returns the message as it goes onto the wire, without MLLP frame. For
// an unchanged message these are the very bytes given to [Parse]; they must
// not be modified.
func (m *Message) Bytes() []byte { return m.t.data }

// Clone returns a copy that can be changed without changing m. It is cheap:
// the copies share their bytes until one of them changes.
func (m *Message) Clone() *Message { return &Message{t: m.t} }

// Delimiters returns the delimiters that MSH-1 and MSH-2 declare.
func (m *Message) Delimiters() Delimiters { return m.t.delims }

// NumSegments returns the number of segments.
func (m *Message) NumSegments() int { return len(m.t.segs) }

// Segment returns segment i, counted from 0 in document order. It panics when
// there is no such segment, as an index into a slice does.
func (m *Message) Segment(i int) Segment {
	_ = m.t.segs[i]
	return Segment{m.t, i}
}

// Segments iterates over the segments in document order.
func (m *Message) Segments() iter.Seq[Segment] {
	t := m.t
	return func(yield func(Segment) bool) {
		for i := range t.segs {
			if !yield(Segment{t, i}) {
				return
			}
		}
	}
}

// Header returns the MSH segment.
func (m *Message) Header() Header {
	t := m.t
	var bounds headerBounds
	for n := 2; n <= lastHeaderField; n++ {
		start, end, _ := t.field(0, n)
		bounds[n].start, bounds[n].end = int(start-t.segs[0].start), int(end-t.segs[0].start)
	}
	return newHeader(t.data[t.segs[0].start:], &bounds, t.delims)
}

// Charset returns the character set of the message: the first repetition of
// MSH-18, [ASCII] when that is empty. The error is an [*Error] of
// [KindUnknownCharset].
func (m *Message) Charset() (Charset, error) {
	c, err := m.t.charset()
	if err != nil {
		return ASCII, err
	}
	return c, nil
}

// CheckText checks that the character set is a known one and that every byte
// of the message decodes in it. The [*Error] has the place of the first byte
// that does not.
func (m *Message) CheckText() error {
	c, err := m.t.charset()
	if err != nil {
		return err
	}
	start := m.t.segs[0].start // a byte order mark before it is an oddity, no text
	if n := c.invalid(m.t.data[start:]); n >= 0 {
		return m.t.undecodable(c, start+uint32(n))
	}
	return nil
}

// Locate returns the place that the byte at an offset belongs to. A separator
// belongs to what it ends, a terminator to its segment.
func (m *Message) Locate(offset int) Location { return m.t.locate(offset) }

func (t *text) locate(offset int) Location {
	i := sort.Search(len(t.segs), func(i int) bool { return int(t.segs[i].start) > offset }) - 1
	if i < 0 {
		return Location{}
	}
	l := Segment{t, i}.Location()
	seps := t.separators(i)
	l.Field = sort.Search(len(seps), func(k int) bool { return int(seps[k]) >= offset })
	if i == 0 && offset >= int(seps[0]) {
		l.Field++
	}
	start, end, ok := t.field(i, l.Field)
	if offset >= int(t.segs[i].end) {
		l.Field = 0
		return l
	}
	if !ok || i == 0 && l.Field <= 2 {
		return l
	}
	l.Repetition = 1
	if !hasLower(t.data[start:end], levelField, t.delims) {
		return l // a simple field: its name says more than its only component
	}
	l.Component = 1
	for _, c := range t.data[start:min(end, uint32(offset))] {
		switch t.delims.code(c) {
		case 'R':
			l.Repetition, l.Component, l.Subcomponent = l.Repetition+1, 1, 0
		case 'S':
			l.Component, l.Subcomponent = l.Component+1, 0
		case 'T':
			l.Subcomponent = max(l.Subcomponent, 1) + 1
		}
	}
	return l
}
