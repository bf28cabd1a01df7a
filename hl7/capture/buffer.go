package capture

import (
	"bytes"
	"io"
)

const (
	// readSize is the first size of the buffer. It holds some dozens of messages
	// and fits into the second-level cache of any processor, so that the searches
	// that go over it one after the other find the bytes there.
	readSize = 64 << 10
	// emptyReads is how often a reader may return neither bytes nor an error.
	emptyReads = 100
)

// A buffer is a window on a stream. All places are offsets in the stream, so
// that they stay true when the window moves.
type buffer struct {
	src  io.Reader
	most int // the largest size of data

	data []byte // data[:end] was read
	end  int
	base int64 // offset of data[0]
	keep int64 // what stands before may be forgotten
	err  error // the final one of src, io.EOF too

	cr, lf, vt, fs seeker
	lines          lineCounter
}

func newBuffer(src io.Reader, most int) buffer {
	return buffer{src: src, most: most,
		cr: seeker{char: '\r'}, lf: seeker{char: '\n'}, vt: seeker{char: startBlock}, fs: seeker{char: endBlock}}
}

// limit is the end of what was read.
func (b *buffer) limit() int64 { return b.base + int64(b.end) }

// bytes returns what stands from one place to another; both are in the window.
func (b *buffer) bytes(from, to int64) []byte { return b.data[from-b.base : to-b.base] }

// at returns what stands from p on: n bytes or more, unless the stream ends
// before.
func (b *buffer) at(p int64, n int) []byte {
	for b.limit()-p < int64(n) && b.fill() {
	}
	return b.data[p-b.base : b.end]
}

// fill reads some more, and says whether there was more.
func (b *buffer) fill() bool {
	if b.err != nil {
		return false
	}
	b.makeRoom()
	for range emptyReads {
		n, err := b.src.Read(b.data[b.end:min(b.end+readSize, len(b.data))])
		b.grew(n)
		b.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	b.err = io.ErrNoProgress
	return false
}

// makeRoom makes sure that something can be read behind the end. It moves what
// is kept to the front as soon as as much can be forgotten, so that the bytes
// pass through the same stretch of memory even after a large message; where
// that does not do, it doubles the buffer. Either is paid for by as many bytes
// that were read before: the work is linear.
func (b *buffer) makeRoom() {
	free, size := int(b.keep-b.base), len(b.data)
	kept := b.end - free
	switch {
	case size == 0:
		size = readSize
	case kept == 0 || kept <= free && free >= readSize/2:
		// Moving makes room enough.
	case b.end < size:
		return
	default:
		size = min(2*size, b.most)
	}
	b.lines.count(b, b.keep)
	data := b.data
	if size != len(data) {
		data = make([]byte, size)
	}
	b.end = copy(data, b.data[free:b.end])
	b.data, b.base = data, b.keep
}

// A seeker remembers where a byte occurs next, so that however many lines or
// messages there are before, no part of the stream is searched for it twice.
type seeker struct {
	char  byte
	valid bool
	at    int64 // the next place of the byte; where the search stopped, if there was none before
}

// seek returns the first place at or after p where the byte of s stands, or
// limit when none was read so far. From call to call p does not go back.
func (b *buffer) seek(s *seeker, p int64) int64 {
	if s.valid && p <= s.at {
		return s.at
	}
	return b.search(s, p)
}

func (b *buffer) search(s *seeker, p int64) int64 {
	from := max(s.at, p)
	n := bytes.IndexByte(b.data[from-b.base:b.end], s.char)
	s.valid = true
	if n < 0 {
		s.at = b.limit()
	} else {
		s.at = from + int64(n)
	}
	return s.at
}

// grew tells the seekers that found nothing that there is more to search.
func (b *buffer) grew(by int) {
	limit := b.limit()
	for _, s := range [...]*seeker{&b.cr, &b.lf, &b.vt, &b.fs} {
		s.valid = s.valid && s.at < limit
	}
	b.end += by
}

// line returns the number of the line of p. From call to call p does not go
// back, nor before keep.
func (b *buffer) line(p int64) int {
	b.lines.count(b, p)
	return b.lines.ended + 1
}

// A lineCounter counts line ends: CR, LF or both.
type lineCounter struct {
	upTo  int64
	ended int
	cr    bool // the last byte counted was CR: LF after it ends the same line
}

// count goes on up to a place.
func (c *lineCounter) count(b *buffer, upTo int64) {
	if upTo <= c.upTo {
		return
	}
	text := b.bytes(c.upTo, upTo)
	c.upTo = upTo
	crs, lfs := bytes.Count(text, cr), bytes.Count(text, lf)
	c.ended += crs + lfs
	if lfs > 0 && c.cr && text[0] == '\n' {
		c.ended--
	}
	if lfs > 0 && crs > 0 {
		c.ended -= bytes.Count(text, crlf)
	}
	c.cr = text[len(text)-1] == '\r'
}

var cr, lf, crlf = []byte("\r"), []byte("\n"), []byte("\r\n")
