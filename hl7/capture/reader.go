package capture

import (
	"bytes"
	"errors"
	"io"
	"math"
)

// DefaultMaxMessage is the length in bytes of the longest message that is read
// when no other limit is given: 10 MiB, as on the wire.
const DefaultMaxMessage = 10 << 20

// A Message is one message of the stream.
type Message struct {
	// Data are its bytes, without frame: they are those of the Reader and change
	// with the next call of Next. A byte order mark and a few blanks may stand
	// before MSH.
	Data []byte
	// Index counts the messages of the stream, from 1.
	Index int
	// Offset is where its first byte stands in the stream, from 0.
	Offset int64
	// Line is the number of the line of that byte, from 1. CR, LF and CR LF each
	// end one line, those of frames too.
	Line int
	// Framed says that it came in an MLLP frame.
	Framed bool
	// Truncated says that its end is missing. The next call of Next returns the
	// error that says why.
	Truncated bool
}

// A Reader takes messages out of a stream. How the bytes were cut into reads
// makes no difference to what it returns. A Reader is for one goroutine.
type Reader struct {
	buffer
	max   int
	pos   int64  // the first byte that no message, error or skipped part has taken
	run   run    // the garbage before pos that was not told yet
	over  []byte // the beginning of the message at pos, once it is too large
	batch bool   // pos is in a frame around a batch
	lead  int64  // where the byte order mark and blanks right before pos begin that the next message is given; -1 for none
	due   *Error // to be told before anything else
	index int
	begun bool
}

// NewReader returns a Reader on r. maxMessage bounds the length of a message, in
// bytes; 0 or less stands for [DefaultMaxMessage]. The Reader holds no more than
// that and 64 KiB.
func NewReader(r io.Reader, maxMessage int) *Reader {
	if maxMessage <= 0 {
		maxMessage = DefaultMaxMessage
	}
	maxMessage = min(maxMessage, math.MaxInt32) // what the offsets of a parsed message can address
	return &Reader{buffer: newBuffer(r, maxMessage+readSize), max: maxMessage}
}

// Offset returns how many bytes of the stream have been dealt with: the end of
// what the last call of Next returned.
func (r *Reader) Offset() int64 { return r.pos }

// Next returns the next message.
//
// At the end of the stream it returns io.EOF; at once when the stream is empty
// or blank. An [*Error] tells of something that is not a message, in its place
// among the messages: call Next again to go on. Any other error is the
// one of the underlying reader, told after all that was read before it, and is
// final.
func (r *Reader) Next() (Message, error) {
	if err := r.due; err != nil {
		r.due = nil
		return Message{}, err
	}
	if !r.begun {
		r.begun = true
		if err := r.refuse(); err != nil {
			return Message{}, err
		}
	}
	framed, err := r.between()
	if err != nil {
		return Message{}, err
	}
	return r.message(framed)
}

// refuse gives up a stream that holds no messages in the open.
func (r *Reader) refuse() error {
	begin := r.at(0, maxMagic)
	kind := foreign(begin)
	if kind == "" {
		return nil
	}
	e := &Error{Kind: kind, Line: 1, Sample: bytes.Clone(begin[:min(len(begin), maxMagic)])}
	r.pos, r.err = r.limit(), io.EOF
	return e
}

// between passes over what stands before the next message, to its first byte,
// and says whether it is in a frame of its own.
func (r *Reader) between() (framed bool, err error) {
	for {
		r.keep = r.first()
		ahead := r.at(r.pos, lookahead)
		if len(ahead) == 0 {
			if r.run.size() > 0 {
				return false, r.garbage()
			}
			return false, r.err
		}
		what, n := look(ahead, r.batch)
		switch {
		case what == blank:
			if marked, _ := leadingMark(ahead); marked {
				r.lead = r.pos
			}
			r.run.addBlanks(ahead[:n])
			r.pos += int64(n)
			continue
		case what == other:
			r.lead = -1
			r.passLine(true)
			continue
		case r.run.size() > 0:
			return false, r.garbage()
		}
		r.pos += int64(n)
		if what == message {
			return false, nil
		}
		r.lead = -1
		switch what {
		case frame:
			r.batch = false
			return true, nil
		case batchSegment:
			r.passLine(false)
		case batchFrame:
			r.batch = true
		case noFrame, blockEnd:
			r.batch = false
		}
	}
}

// first is where the message begins whose MSH is at pos: before its byte order
// mark and its blanks, for whoever reads them as part of the message does not
// find MSH. Of many blanks only the last are held.
func (r *Reader) first() int64 {
	switch {
	case r.lead < 0:
		return r.pos
	case r.pos-r.lead <= int64(len(byteOrderMark)+leadingBlanks):
		return r.lead
	}
	return r.pos - leadingBlanks
}

// passLine passes over the rest of a line, up to what may begin a frame. Garbage
// is noted.
func (r *Reader) passLine(garbage bool) {
	if garbage {
		r.run.begin(r.pos, r.line(r.pos))
	}
	for p := r.pos + 1; ; p = r.pos {
		end := min(r.seek(&r.cr, p), r.seek(&r.lf, p), r.seek(&r.vt, p))
		if r.batch {
			end = min(end, r.seek(&r.fs, p))
		}
		if garbage {
			r.run.add(r.pos, r.bytes(r.pos, end))
		}
		r.pos, r.keep = end, end
		if end < r.limit() || !r.fill() {
			return
		}
	}
}

// garbage is the error for the run of garbage that ended.
func (r *Reader) garbage() error {
	e := &Error{Offset: r.run.start, Line: r.run.line, Size: r.run.size(), Sample: r.run.take()}
	e.Kind = recognise(e.Sample)
	return e
}

// message reads the message that begins at pos.
func (r *Reader) message(framed bool) (Message, error) {
	start := r.first()
	r.lead = -1
	m := Message{Offset: start, Line: r.line(start), Framed: framed || r.batch}
	var end int64
	var whole bool
	if framed {
		end, r.pos, whole = r.frameEnd(m.Offset)
	} else {
		end, r.pos, whole = r.bareEnd(m.Offset, r.pos)
	}
	if size := end - m.Offset; size > int64(r.max) {
		r.hold(m.Offset, end)
		e := &Error{Kind: KindTooLarge, Offset: m.Offset, Line: m.Line, Size: size, Sample: r.over, limit: r.max}
		r.over = nil
		return Message{}, e
	}
	m.Data = r.bytes(m.Offset, end)
	if !framed {
		m.Data = trimLines(m.Data)
	}
	m.Data = m.Data[:len(m.Data):len(m.Data)]
	if !whole {
		m.Truncated = true
		r.due = r.cut(&m)
	}
	r.index++
	m.Index = r.index
	return m, nil
}

// cut is the error for a message whose end is missing; nil when the underlying
// reader has one that says why.
func (r *Reader) cut(m *Message) *Error {
	if r.err != nil && !errors.Is(r.err, io.EOF) && r.pos == r.limit() {
		return nil
	}
	sample := bytes.Clone(m.Data[:min(len(m.Data), maxSample)])
	return &Error{Kind: KindTruncated, Offset: m.Offset, Line: m.Line, Size: int64(len(m.Data)), Sample: sample}
}

// frameEnd finds the end of the message in the frame whose content begins at
// start, and where to go on. The frame is not whole when another begins in it.
func (r *Reader) frameEnd(start int64) (end, next int64, whole bool) {
	for p := start; ; {
		fs, vt := r.seek(&r.fs, p), r.seek(&r.vt, p)
		p = min(fs, vt)
		r.hold(start, p)
		switch {
		case p == r.limit():
			if !r.fill() {
				return p, p, false
			}
			continue
		case p == vt && r.frameInside(p):
			return p, p, false
		case p == fs:
			if n := endOfBlock(r.at(p, 2)); n > 0 {
				return p, p + int64(n), true
			}
		}
		p++
	}
}

// frameInside says whether a frame begins at p, inside another one. 0x0B is
// also the line break that word processors leave in texts: only what follows
// tells.
func (r *Reader) frameInside(p int64) bool {
	ahead := r.at(p, lookahead)
	what, _ := look(ahead, false)
	return what == frame || what == batchFrame || what == noFrame && ahead[1] != endBlock
}

// bareEnd finds the end of the message without frame that begins at start, its
// MSH at msh, and where to go on. It is whole unless the reader failed or a frame around its
// batch was cut.
func (r *Reader) bareEnd(start, msh int64) (end, next int64, whole bool) {
	for p := msh; ; {
		cr, lf, vt, fs := r.seek(&r.cr, p), r.seek(&r.lf, p), r.seek(&r.vt, p), r.seek(&r.fs, p)
		p = min(cr, lf, vt, fs)
		r.hold(start, p)
		switch p {
		case r.limit():
			if !r.fill() {
				return p, p, !r.batch && r.err == io.EOF
			}
			continue
		case vt:
			if startsSomething(r.at(p, lookahead)) {
				return p, p, !r.batch
			}
		case fs:
			if n := endOfBlock(r.at(p, 2)); n > 0 {
				r.batch = false
				return p, p + int64(n), true
			}
		default:
			if p == cr && lf == cr+1 && lf < r.limit() {
				p = lf // CR LF
			}
			if r.beginsLine(p + 1) {
				return p + 1, p + 1, true
			}
		}
		p++
	}
}

// beginsLine says whether something else than a segment of the message being
// read begins at p, where a line does. Most lines are told by their first byte.
func (r *Reader) beginsLine(p int64) bool {
	if p < r.limit() && !mayBegin[r.bytes(p, p+1)[0]] {
		return false
	}
	ahead := r.at(p, len(byteOrderMark)+lookahead)
	_, n := leadingMark(ahead)
	return startsSomething(ahead[n:])
}

// hold keeps the message that begins at start in the buffer while it is not too
// large, p being a place in it. Of one that is, only a sample is kept.
func (r *Reader) hold(start, p int64) {
	switch {
	case p-start <= int64(r.max):
		r.keep = start
		return
	case r.over == nil:
		r.over = bytes.Clone(r.bytes(start, start+int64(min(r.max, maxSample))))
	}
	r.keep = p
}
