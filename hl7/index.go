package hl7

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// text is a message as it stands: its bytes and where they begin and end. It
// is never changed once it has been built; a Message that changes gets another
// one. Values point to the text they were taken from and so stay true.
type text struct {
	data   []byte
	delims Delimiters
	segs   []segment
	seps   []uint32 // offsets of the field separators, segment after segment
}

// segment is one entry of the index. Its separators are the entries of
// text.seps from first up to the first of the next segment.
type segment struct {
	start, end uint32 // without the terminator
	first      uint32
	name       uint32 // the three letters, packed; 0 for a name that is none
	occurrence uint32 // from 1, among the segments of this name
}

// MaxSize is the size in bytes of the largest message that is parsed. It is
// what the 32-bit offsets of the index can address on every platform; a
// receiver will want a far lower limit of its own.
const MaxSize = math.MaxInt32

// msh is the packed name of the only segment this file has to know.
const msh = 'M' | 'S'<<8 | 'H'<<16

var saySeveral = phrase{
	en: "a second message begins here", fr: "un deuxième message commence ici",
	hintEN: "split the input into its messages first, or put each into a file or frame of its own", hintFR: "découpez d'abord l'entrée en messages, ou placez chacun dans son propre fichier ou bloc"}

// index builds the index of the message whose MSH begins at data[at]. It goes
// line by line with the vectorised searches of package bytes; counting first
// costs a twentieth of the time and saves growing the index, and making it where
// t comes with room enough.
func (t *text) index(data []byte, at int, d Delimiters) *Error {
	t.data, t.delims = data, d
	body := data[at:]
	lines := bytes.Count(body, []byte{'\r'}) + bytes.Count(body, []byte{'\n'}) + 1
	if n := bytes.Count(body, []byte{d.Field}); n > cap(t.seps) {
		t.seps = make([]uint32, 0, n)
	}
	if n := min(lines, len(body)/8+1); n > cap(t.segs) {
		t.segs = make([]segment, 0, n)
	}

	r := lineReader{data: data, sep: d.Field, cr: -1}
	var names census
	for start := at; start < len(data); {
		end := r.lineEnd(start)
		if line := data[start:end]; !blankLine(line) {
			name := packName(line, d.Field)
			if name == msh && len(t.segs) > 0 {
				return fail(KindSeveral, start, saySeveral)
			}
			t.segs = append(t.segs, segment{uint32(start), uint32(end), uint32(len(t.seps)), name, names.count(name)})
			t.indexFields(start, end)
		}
		start = end + 1
	}
	return nil
}

// indexFields notes the field separators of the segment data[start:end]. Most
// fields are empty or short: eight bytes at a time beat a search for each.
func (t *text) indexFields(start, end int) {
	separator, seps := t.delims.Field, t.seps
	at, quiet := start, 0 // how many words in a row had none
	for at+8 <= end {
		found := equal(binary.LittleEndian.Uint64(t.data[at:]), separator)
		for ; found != 0; found &= found - 1 {
			seps, quiet = append(seps, uint32(at+bits.TrailingZeros64(found)/8)), -1
		}
		at += 8
		if quiet++; quiet == longField {
			n := bytes.IndexByte(t.data[at:end], separator)
			if n < 0 {
				at = end
				break
			}
			at, quiet = at+n, 0
		}
	}
	for ; at < end; at++ {
		if t.data[at] == separator {
			seps = append(seps, uint32(at))
		}
	}
	t.seps = seps
}

// longField is after how many words without a separator a search is faster.
const longField = 8

// equal has the highest bit of each byte of a word set that is c, and no others.
func equal(word uint64, c byte) uint64 {
	const ones, low = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	x := word ^ ones*uint64(c)
	return ^((x&low + low) | x | low)
}

// lineReader finds the ends of segments.
//
// A carriage return ends a segment. A line feed does so only when something
// that looks like the next segment, or nothing, follows: elsewhere it is a
// line break that somebody left in a text, and belongs to the field.
type lineReader struct {
	data []byte
	sep  byte
	cr   int // the first carriage return at or after the last start: each is searched for once
}

// lineEnd returns the end of the line that begins at start.
func (r *lineReader) lineEnd(start int) int {
	if r.cr < start {
		r.cr = len(r.data)
		if n := bytes.IndexByte(r.data[start:], '\r'); n >= 0 {
			r.cr = start + n
		}
	}
	for at := start; at < r.cr; {
		n := bytes.IndexByte(r.data[at:r.cr], '\n')
		if n < 0 {
			break
		}
		if n == 0 && at == start {
			return at // an empty line
		}
		at += n
		next := at + 1 // past all line feeds: a text may have empty lines
		for next < r.cr && r.data[next] == '\n' {
			next++
		}
		if r.startsSegment(next) {
			return at
		}
		at = next
	}
	return r.cr
}

// startsSegment says whether data[i:] looks like the beginning of a segment,
// or like an end: of the input, or a carriage return.
func (r *lineReader) startsSegment(i int) bool {
	rest := r.data[i:]
	if len(rest) == 0 || rest[0] == '\r' {
		return true
	}
	if len(rest) < 3 || !isAlnum(rest[0]) || !isAlnum(rest[1]) || !isAlnum(rest[2]) {
		return false
	}
	if len(rest) > 3 && rest[3] == r.sep {
		return true
	}
	return isName(rest[:3]) && (len(rest) == 3 || rest[3] == '\r' || rest[3] == '\n')
}

// blankLine is for the lines of spaces that editors leave in files. Its loop
// ends at the first byte of any real segment.
func blankLine(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// packName packs the name of the segment b, or returns 0 if what stands before
// the first separator is not a segment name.
func packName(b []byte, sep byte) uint32 {
	if len(b) < 3 || len(b) > 3 && b[3] != sep || !isName(b[:3]) {
		return 0
	}
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

func unpackName(n uint32) string {
	return string([]byte{byte(n), byte(n >> 8), byte(n >> 16)})
}

// isName checks a segment name: a capital, then two capitals or digits.
func isName[T string | []byte](s T) bool {
	return len(s) == 3 && isUpper(s[0]) && (isUpper(s[1]) || isDigit(s[1])) && (isUpper(s[2]) || isDigit(s[2]))
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool { return isUpper(c) || isDigit(c) || 'a' <= c && c <= 'z' }

// census counts the segments by name, so that the occurrence of each is known
// in constant time. The messages of the field have a dozen names; a hostile
// one with thousands falls back to a map.
type census struct {
	names, counts [32]uint32
	used          int
	more          map[uint32]uint32
}

func (c *census) count(name uint32) uint32 {
	key := name + 1 // 0 marks a free place
	slot := key * 2654435761 >> 27
	for c.names[slot] != key {
		if c.names[slot] == 0 {
			if c.used == len(c.names)-1 {
				return c.overflow(key)
			}
			c.used++
			c.names[slot] = key
			break
		}
		slot = (slot + 1) % uint32(len(c.names))
	}
	c.counts[slot]++
	return c.counts[slot]
}

func (c *census) overflow(key uint32) uint32 {
	if c.more == nil {
		c.more = make(map[uint32]uint32)
	}
	c.more[key]++
	return c.more[key]
}

// separators returns the offsets of the field separators of segment i.
func (t *text) separators(i int) []uint32 {
	first := t.segs[i].first
	if i+1 < len(t.segs) {
		return t.seps[first:t.segs[i+1].first]
	}
	return t.seps[first:]
}

// numFields is the number of the last field of segment i. MSH counts its
// separator as MSH-1.
func (t *text) numFields(i int) int {
	n := len(t.separators(i))
	if i == 0 {
		n++
	}
	return n
}

// field returns the bounds of field n of segment i; ok is false when the
// segment ends before it, and then both bounds are the end of the segment.
func (t *text) field(i, n int) (start, end uint32, ok bool) {
	s, seps := &t.segs[i], t.separators(i)
	if i == 0 { // MSH-1 is the separator itself
		if n == 1 {
			return seps[0], seps[0] + 1, true
		}
		n--
	}
	if n < 1 || n > len(seps) {
		return s.end, s.end, false
	}
	if n < len(seps) {
		return seps[n-1] + 1, seps[n], true
	}
	return seps[n-1] + 1, s.end, true
}

// find returns the index of a segment, or -1.
func (t *text) find(name, occurrence uint32) int {
	for i := range t.segs {
		if t.segs[i].name == name && t.segs[i].occurrence == occurrence {
			return i
		}
	}
	return -1
}
