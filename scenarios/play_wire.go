package scenarios

import (
	"bytes"
	"io"
	"slices"
	"time"
	"unicode/utf16"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

const (
	// maxRaw bounds what the journal keeps of the bytes on the wire, beside the
	// message that they carry.
	maxRaw = 64 << 10
	// wirePiece is how much of a large message is written, and held, at once.
	wirePiece = 64 << 10
	// resetWait is the time between the last byte and a reset, which makes the
	// other end forget what it has not read.
	resetWait = 100 * time.Millisecond
)

// parcel is what a step writes: messages, and the bytes that they become.
type parcel struct {
	items []item
	// blocks are the bytes before and after the filling of each block.
	blocks []block
	wire   *Wire
}

// item is a message of a step; nil when what is sent is none.
type item struct {
	data    []byte
	message *hl7.Message
}

// block is the bytes of one message on the wire. A large one is filled up
// between head and tail.
type block struct {
	head, tail []byte
	fill       int64
}

func (b block) length() int64 { return int64(len(b.head)+len(b.tail)) + b.fill }

// pack bends the messages of a step as its wire says.
func (s *stage) pack(step *Step, items []item) *parcel {
	p := &parcel{items: items, wire: step.Wire}
	w := step.Wire
	if w == nil {
		w = &Wire{}
	}
	if w.Case != "" {
		one, _ := mllptest.Find(w.Case) // it was checked when the file was read
		p.blocks = []block{{head: one.Bytes}}
		return p
	}
	for _, it := range items {
		p.blocks = append(p.blocks, w.block(w.payload(it.data, s.charset)))
	}
	return p
}

// casePieces are the messages that a case holds, as a tolerant reader has them.
func casePieces(name string) []item {
	var items []item
	one, _ := mllptest.Find(name)
	for _, frame := range one.Frames {
		items = append(items, item{data: frame, message: parsed(frame)})
	}
	return items
}

// length is the number of bytes of all blocks.
func (p *parcel) length() int64 {
	var n int64
	for _, b := range p.blocks {
		n += b.length()
	}
	return n
}

// raw is the bytes as they are written; nil when they are too many to be kept.
func (p *parcel) raw() []byte {
	if p.length() > maxRaw {
		return nil
	}
	data, err := io.ReadAll(p.reader())
	if err != nil {
		return nil
	}
	return data
}

// reader reads the bytes of all blocks, which are never held as a whole.
func (p *parcel) reader() io.Reader {
	var parts []io.Reader
	for _, b := range p.blocks {
		parts = append(parts, bytes.NewReader(b.head), &filler{left: b.fill}, bytes.NewReader(b.tail))
	}
	return io.MultiReader(parts...)
}

// piece is how many bytes are written at once.
func (p *parcel) piece() int {
	if p.wire != nil && p.wire.Chunk > 0 {
		return p.wire.Chunk
	}
	if p.wire != nil && p.wire.Size > 0 {
		return wirePiece
	}
	return int(max(p.length(), 1))
}

// payload writes the text of a message otherwise.
func (w *Wire) payload(data []byte, charset hl7.Charset) []byte {
	switch w.Segments {
	case SegmentsLF:
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	case SegmentsCRLF:
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\r\n"))
	case SegmentsNoLastCR:
		data = bytes.TrimSuffix(data, []byte("\r"))
	}
	data = w.encode(data, charset)
	if in := w.Inside; in != nil {
		at := in.At.In(int64(len(data)))
		data = slices.Concat(data[:at], in.Bytes, data[at:])
	}
	return data
}

// encode writes the text in another encoding, or puts a byte order mark before
// it. What is no text of the play's character set is taken byte for byte.
func (w *Wire) encode(data []byte, charset hl7.Charset) []byte {
	if w.Encoding == EncodingGood {
		if w.BOM {
			data = append([]byte("\xef\xbb\xbf"), data...)
		}
		return data
	}
	text, err := charset.Decode(data)
	runes := []rune(text)
	if err != nil {
		runes = runes[:0]
		for _, b := range data {
			runes = append(runes, rune(b))
		}
	}
	units := utf16.Encode(runes)
	if w.BOM {
		units = append([]uint16{0xfeff}, units...)
	}
	out := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if w.Encoding == EncodingUTF16LE {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}

// block frames a payload, well or badly.
func (w *Wire) block(payload []byte) block {
	var b block
	b.head = append(b.head, w.Before...)
	if !w.NoStart {
		b.head = append(b.head, mllp.StartBlock)
	}
	b.head = append(b.head, payload...)
	b.fill = max(w.Size-int64(len(payload)), 0)
	switch w.End {
	case EndGood:
		b.tail = append(b.tail, mllp.EndBlock, mllp.CarriageReturn)
	case EndNoCR:
		b.tail = append(b.tail, mllp.EndBlock)
	case EndLF:
		b.tail = append(b.tail, mllp.EndBlock, '\n')
	}
	b.tail = append(b.tail, w.After...)
	return b
}

// filler reads segments of a kind that nobody knows, of a kilobyte each, the last
// as long as it takes.
type filler struct {
	left, at int64
}

const fillLine = 1024

func (f *filler) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), f.left))
	for i := range n {
		const head = "ZZZ|"
		switch column := f.at % fillLine; {
		case column == fillLine-1, f.left == 1:
			p[i] = '\r'
		case column < int64(len(head)):
			p[i] = head[column]
		default:
			p[i] = 'x'
		}
		f.at++
		f.left--
	}
	return n, nil
}

// make returns the fault for so many bytes, and how much time it takes by itself.
func (f *WireFault) make(length int64) (fault mllptest.Fault, takes time.Duration) {
	at := f.At.In(length)
	switch f.Kind {
	case FaultLatency:
		return mllptest.Latency{Delay: f.For}, f.For
	case FaultCut:
		return mllptest.Cut{After: at}, 0
	case FaultReset:
		return mllptest.Reset{After: at, Wait: resetWait}, resetWait
	case FaultHalfClose:
		return mllptest.HalfClose{After: at}, 0
	case FaultStall:
		return mllptest.Stall{After: at, For: f.For}, f.For
	case FaultFlood:
		return mllptest.Flood{At: at, Size: f.Size, Bytes: f.Bytes}, 0
	case FaultCorrupt:
		return mllptest.Corrupt{At: min(at, length-1), Byte: f.Bytes[0]}, 0
	case FaultDuplicate:
		return mllptest.Duplicate{Times: f.Times}, 0
	default:
		return mllptest.Reorder{}, 0
	}
}
