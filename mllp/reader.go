package mllp

import (
	"bytes"
	"io"
	"os"
)

const (
	// firstBuffer is what a connection costs on which nothing has come yet.
	firstBuffer = 512
	// readBuffer is what it costs from then on: a French ADT message has between
	// 800 and 1,700 bytes, so one read usually takes a whole one.
	readBuffer = 4 << 10
	// keepBuffer is the largest buffer that is kept after a large message.
	keepBuffer = 64 << 10
)

// state is where the Reader stands in the stream.
type state uint8

const (
	between  state = iota // outside any block
	inside                // after StartBlock
	afterEnd              // inside, the last byte was EndBlock: the next one decides
)

// A Reader takes blocks off a byte stream.
//
// It tolerates what a receiver can tolerate without inventing a message, and
// tells what it tolerated: see [OddityKind]. It never holds more than one
// message of the maximum size, discards at most as much before it gives up,
// and looks at every byte once. How the bytes were cut into reads makes no
// difference to what it returns.
//
// A Reader is for one goroutine.
type Reader struct {
	src io.Reader
	max int

	buf   []byte // read, and not yet delivered: buf[start:end] inside a block, buf[next:end] between blocks
	start int    // inside a block: first byte of the payload
	next  int    // first byte not yet looked at
	end   int    // end of what was read
	base  int64  // stream offset of buf[0]

	state     state
	frame     Frame // the last complete one
	odd       tally // since the last frame
	after     int64 // stream offset of the end of the last frame
	discarded int   // bytes thrown away since then
	late      error // came from src together with bytes: due once they are used up
	err       error // final
	room      room  // who has to agree to a large buffer; nil: nobody
}

// A room is asked before a buffer grows beyond what every connection has.
type room interface {
	grow(size int) error // or shrink: what the buffer takes from now on
	scarce() bool        // give back what can be given back
}

// NewReader returns a Reader on src. maxMessage bounds the payload of a block,
// in bytes; 0 or less stands for DefaultMaxMessage.
func NewReader(src io.Reader, maxMessage int) *Reader {
	r := new(Reader)
	r.reset(src, maxMessage)
	return r
}

func (r *Reader) reset(src io.Reader, maxMessage int) {
	if maxMessage <= 0 {
		maxMessage = DefaultMaxMessage
	}
	*r = Reader{src: src, max: maxMessage}
}

// ReadFrame returns the next block.
//
// At the end of the stream it returns io.EOF, and inside a block a *FrameError.
// Errors of the underlying reader are returned as they are; after one that is
// temporary, such as an expired read deadline, ReadFrame may be called again
// and goes on where it stood.
//
// With every error the Frame tells what had come until then: Payload is the
// unfinished block, Oddities what was tolerated since the last frame, for
// instance garbage at the very end of the stream.
func (r *Reader) ReadFrame() (Frame, error) {
	if err := r.advance(); err != nil {
		return r.soFar(), err
	}
	return r.frame, nil
}

// advance reads until r.frame is the next block. It, and what it calls down to
// the read, keep little on the stack: a thousand idle connections wait in here,
// and fit into the smallest stack that Go gives a goroutine.
func (r *Reader) advance() error {
	for r.err == nil {
		if r.scan() {
			return nil
		}
		if r.err != nil {
			break
		}
		if err := r.fill(); err == io.EOF {
			r.err = r.atEOF()
		} else if err != nil {
			return err
		}
	}
	return r.err
}

// InBlock reports whether a block was begun and not finished.
func (r *Reader) InBlock() bool { return r.state != between }

// scan runs the state machine over the bytes at hand, until r.frame is a
// complete block, or the bytes are used up, or r.err is set.
func (r *Reader) scan() bool {
	for r.next < r.end && r.err == nil {
		switch r.state {
		case between:
			r.scanBetween()
		case inside:
			r.scanInside()
		case afterEnd:
			if r.scanAfterEnd() {
				return true
			}
		}
	}
	return false
}

// scanBetween skips to the next StartBlock.
func (r *Reader) scanBetween() {
	data := r.buf[r.next:r.end]
	if at := r.offset(r.next); at < 2 {
		data = data[:min(len(data), int(2-at))] // the first two bytes tell TLS from garbage
	}
	n := bytes.IndexByte(data, StartBlock)
	found := n >= 0
	if !found {
		n = len(data)
	}
	if n > 0 {
		r.skip(data[:n])
	}
	if found && r.err == nil {
		r.next++
		r.start, r.state = r.next, inside
	}
}

// skip passes over garbage.
func (r *Reader) skip(garbage []byte) {
	n := min(len(garbage), r.limit()+1-r.discarded)
	r.odd.add(GarbageBefore, r.offset(r.next), n, garbage[:n]...)
	r.next += n
	r.discard(n)
	if r.offset(r.next) == 2 && r.err == nil && tlsRecord(r.odd[0]) {
		r.err = &FrameError{Kind: FrameTLS, Size: 2}
	}
}

// tlsRecord reports whether garbage at the very beginning of a stream is a TLS
// handshake (0x16) or alert (0x15) record: a partner that speaks TLS where we
// do not. A ClientHello holds 0x0B bytes (an extension has that number), so
// going on would mean waiting for the end of a block that never was one.
func tlsRecord(o Oddity) bool {
	return o.Kind == GarbageBefore && o.Offset == 0 && len(o.Sample) == 2 &&
		(o.Sample[0] == recordHandshake || o.Sample[0] == recordAlert) && o.Sample[1] == 0x03
}

// The types of TLS records that begin a stream (RFC 8446 §5.1).
const (
	recordAlert     = 0x15
	recordHandshake = 0x16
)

// scanInside looks for the next byte that MLLP does not allow in a payload.
func (r *Reader) scanInside() {
	r.next += indexControl(r.buf[r.next:r.end])
	if r.next-r.start > r.max {
		r.err = &FrameError{Kind: FrameTooLarge, Offset: r.offset(r.start) - 1, Size: int64(r.max)}
		return
	}
	if r.next == r.end {
		return
	}
	switch c := r.buf[r.next]; c {
	case EndBlock:
		r.state = afterEnd
	case StartBlock:
		r.restart()
	default:
		r.odd.add(ControlByte, r.offset(r.next), 1, c)
	}
	r.next++
}

// restart drops the block so far: its end never came, and another begins.
// Joining the two would acknowledge a message that nobody sent.
func (r *Reader) restart() {
	lost := r.buf[r.start:r.next]
	r.odd.add(RestartInside, r.offset(r.next), len(lost), lost[:min(len(lost), maxSample)]...)
	r.start = r.next + 1
	r.discard(len(lost) + 1)
}

// scanAfterEnd decides whether an EndBlock was the end, and of a message.
func (r *Reader) scanAfterEnd() bool {
	c := r.buf[r.next]
	if c != CarriageReturn {
		r.odd.add(EndWithoutCR, r.offset(r.next)-1, 1, EndBlock, c)
		r.state = inside
		return false
	}
	payload := r.buf[r.start : r.next-1]
	at := r.offset(r.start) - 1
	r.next++
	r.state = between
	switch {
	case len(payload) == 0:
		r.odd.add(EmptyBlock, at, 1)
		r.discard(3)
		return false
	case len(payload) == 1 && (payload[0] == 0x06 || payload[0] == 0x15):
		r.odd.takeBack(ControlByte) // it was none after all
		r.odd.add(ReleaseTwoCommit, at, 1, payload[0])
		r.discard(4)
		return false
	}
	r.frame = Frame{Payload: payload[:len(payload):len(payload)], Start: at, Oddities: r.odd}
	r.odd, r.discarded, r.after = nil, 0, r.offset(r.next)
	return true
}

// discard counts thrown away bytes against the limit.
func (r *Reader) discard(n int) {
	if r.discarded += n; r.discarded > r.limit() {
		r.err = &FrameError{Kind: FrameGarbage, Offset: r.after, Size: int64(r.limit())}
	}
}

// limit is how many bytes may be discarded before one frame: one lost block of
// the maximum size and some.
func (r *Reader) limit() int { return r.max + readBuffer }

func (r *Reader) offset(i int) int64 { return r.base + int64(i) }

// atEOF is the final error at the end of the stream.
func (r *Reader) atEOF() error {
	if r.state == between {
		return io.EOF
	}
	return &FrameError{Kind: FrameTruncated, Offset: r.offset(r.start) - 1, Size: int64(r.next - r.start + 1), err: io.ErrUnexpectedEOF}
}

// slow is the error for a block that takes too long, at the point reached.
func (r *Reader) slow() error {
	return &FrameError{Kind: FrameSlow, Offset: r.offset(r.start) - 1, Size: int64(r.next - r.start + 1), err: os.ErrDeadlineExceeded}
}

// soFar is the Frame that goes with an error.
func (r *Reader) soFar() Frame {
	odd := r.odd.clone()
	if r.state == between {
		return Frame{Oddities: odd}
	}
	payload := r.buf[r.start:r.next:r.next]
	f := Frame{Payload: payload[:min(len(payload), r.max)], Start: r.offset(r.start) - 1}
	if r.state == afterEnd {
		odd.add(EndWithoutCR, r.offset(r.next)-1, 1, EndBlock)
	}
	f.Oddities = odd
	return f
}

// fill reads once more from the source.
func (r *Reader) fill() error {
	if err := r.late; err != nil {
		r.late = nil
		return err
	}
	if err := r.makeRoom(); err != nil {
		return err
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if n > 0 {
			r.late = err // a TLS connection may return bytes and io.EOF together
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// makeRoom makes sure that something can be read behind r.end: it forgets what
// was delivered or skipped, and doubles the buffer while one block fills it.
// Each block is moved to the front at most once, so the work stays linear.
func (r *Reader) makeRoom() error {
	from := r.next
	if r.state != between {
		from = r.start
	}
	kept := r.end - from
	size := len(r.buf)
	switch {
	case size == 0:
		size = firstBuffer
	case size < readBuffer:
		size = readBuffer
	case size > readBuffer && kept < readBuffer/2 && (size > keepBuffer || r.room != nil && r.room.scarce()):
		size = readBuffer // a large message has gone
	case kept == size:
		size = min(2*size, r.max+readBuffer)
	case kept == 0, from > 0 && size-r.end < size/2:
		// Moving to the front makes room enough.
	default:
		return nil
	}
	buf := r.buf
	if size != len(buf) {
		if err := r.ask(size); err != nil {
			return err
		}
		buf = make([]byte, size)
	}
	copy(buf, r.buf[from:r.end])
	r.buf = buf
	r.base += int64(from)
	r.start -= from
	r.next -= from
	r.end = kept
	return nil
}

// ask asks for a buffer of another size, if that matters.
func (r *Reader) ask(size int) error {
	if r.room == nil || size <= readBuffer && len(r.buf) <= readBuffer {
		return nil
	}
	return r.room.grow(size)
}
