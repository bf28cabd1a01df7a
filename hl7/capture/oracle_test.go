package capture_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/pamlab/pamlab/hl7/capture"
)

// An event is what one call of Next returned, without what hangs on a buffer.
type event struct {
	Kind      capture.Kind // "" for a message
	Data      string       // of a message, or the sample of an error
	Offset    int64
	Line      int
	Size      int64
	Index     int
	Framed    bool
	Truncated bool
}

// readAll reads a stream to its end. The error is nil for io.EOF.
func readAll(src io.Reader, maxMessage int) ([]event, error) {
	r := capture.NewReader(src, maxMessage)
	var events []event
	var at int64
	for {
		m, err := r.Next()
		if r.Offset() < at {
			return events, fmt.Errorf("Offset went back from %d to %d", at, r.Offset())
		}
		at = r.Offset()
		var e *capture.Error
		switch {
		case err == nil:
			events = append(events, event{Data: string(m.Data), Offset: m.Offset, Line: m.Line,
				Size: int64(len(m.Data)), Index: m.Index, Framed: m.Framed, Truncated: m.Truncated})
		case errors.As(err, &e):
			events = append(events, event{Kind: e.Kind, Data: string(e.Sample), Offset: e.Offset, Line: e.Line, Size: e.Size})
		case err == io.EOF:
			return events, nil
		default:
			return events, err
		}
	}
}

// The grammar of the stream as regular expressions, for the oracle: each is
// tried at a place.
const (
	reMSH    = `MSH[!-/:-@\[-\x60{-~]`
	reBatch  = `(?:FHS|BHS|BTS|FTS)(?:[!-/:-@\[-\x60{-~\r\n\x1c]|\z)`
	reBefore = `(?:\xef\xbb\xbf)?[ \t\r\n]{0,16}`
	reEnd    = `(?:\x1c\r|\x1c\n|\x1c\x0b|\x1c\z)`
)

var (
	message    = at(reMSH)
	batch      = at(reBatch)
	frame      = at(`\x0b` + reBefore + reMSH)
	batchFrame = at(`\x0b` + reBefore + reBatch)
	emptyFrame = at(`\x0b` + reEnd)
	commit     = at(`\x0b[\x06\x15]` + reEnd)
	blockEnd   = at(reEnd)
	blanks     = at(`(?:\xef\xbb\xbf|[ \t\r\n])+`)
	next       = at(`(?:\xef\xbb\xbf)?(?:` + reMSH + `|` + reBatch + `)|\xef\xbb\xbf\x0b(?:[\x06\x15]?` + reEnd + `|` + reBefore + `(?:` + reMSH + `|` + reBatch + `))`)
	lineEnds   = regexp.MustCompile(`\r\n|\r|\n`)
	trailing   = regexp.MustCompile(`^(?s:(.*?[^ \t\r\n][ \t]*(?:\r\n|\r|\n)?))[ \t\r\n]*$`)
)

// at compiles an expression over bytes, written in Latin-1, for one place.
func at(expr string) func(b []rune, i int) int {
	re := regexp.MustCompile(`\A(?:` + expr + `)`)
	return func(b []rune, i int) int {
		rest := string(b[i:min(len(b), i+64)])
		loc := re.FindStringIndex(rest)
		if loc == nil {
			return 0
		}
		return len([]rune(rest[:loc[1]]))
	}
}

// oracle reads a whole input slowly, one byte after the other.
type oracle struct {
	in     []byte
	text   []rune // the bytes of in, each as one rune
	max    int
	batch  bool
	events []event
	index  int
	floor  int // where what was read before i ends
}

func slowly(in []byte, maxMessage int) []event {
	o := &oracle{in: in, max: maxMessage}
	for _, c := range in {
		o.text = append(o.text, rune(c))
	}
	o.read()
	return o.events
}

func (o *oracle) line(i int) int {
	return len(lineEnds.FindAllIndex(o.in[:i], -1)) + 1
}

func (o *oracle) read() {
	garbage, garbageEnd := -1, 0
	for i := 0; ; {
		if i == len(o.in) || o.isKnown(i) {
			if garbage >= 0 {
				o.garbage(garbage, garbageEnd)
				garbage = -1
			}
			if i == len(o.in) {
				return
			}
			i = o.known(i)
			o.floor = i
			continue
		}
		if n := blanks(o.text, i); n > 0 {
			i += n
			continue
		}
		if garbage < 0 {
			garbage = i
		}
		end := o.restOfLine(i)
		garbageEnd = i + len(bytes.TrimRight(o.in[i:end], " \t"))
		i, o.floor = end, end
	}
}

// first returns where the message begins whose MSH is at i.
func (o *oracle) first(i int) int {
	blank := i
	for blank > o.floor && strings.IndexByte(" \t\r\n", o.in[blank-1]) >= 0 {
		blank--
	}
	marked := blank-3 >= o.floor && string(o.in[blank-3:blank]) == "\xef\xbb\xbf"
	switch {
	case marked && i-blank <= 16:
		return blank - 3
	case blank == 0 && i <= 19:
		return 0
	case marked || blank == 0:
		return i - 16
	}
	return i
}

func (o *oracle) garbage(start, end int) {
	o.events = append(o.events, event{Kind: capture.KindGarbage, Data: string(o.in[start:min(end, start+256)]),
		Offset: int64(start), Line: o.line(start), Size: int64(end - start)})
}

// restOfLine returns where the line of i ends, or may be a frame begins.
func (o *oracle) restOfLine(i int) int {
	ends := "\r\n\x0b"
	if o.batch {
		ends += "\x1c"
	}
	for i++; i < len(o.in) && strings.IndexByte(ends, o.in[i]) < 0; i++ {
	}
	return i
}

// isKnown says whether something other than garbage and blanks stands at i,
// where a line begins.
func (o *oracle) isKnown(i int) bool {
	for _, known := range []func([]rune, int) int{message, batch, frame, batchFrame, emptyFrame, commit} {
		if known(o.text, i) > 0 {
			return true
		}
	}
	return o.batch && blockEnd(o.text, i) > 0
}

// known passes over, or reads, what stands at i.
func (o *oracle) known(i int) int {
	switch {
	case message(o.text, i) > 0:
		return o.bare(i)
	case batch(o.text, i) > 0:
		return o.restOfLine(i)
	case frame(o.text, i) > 0:
		o.batch = false
		return o.frame(i + 1)
	case batchFrame(o.text, i) > 0:
		o.batch = true
		for batch(o.text, i) == 0 {
			i++
		}
		return i
	case emptyFrame(o.text, i) > 0:
		o.batch = false
		return i + 1 + o.endSize(i+1)
	case commit(o.text, i) > 0:
		o.batch = false
		return i + 2 + o.endSize(i+2)
	}
	o.batch = false
	return i + o.endSize(i)
}

// endSize is the length of the end of the frame at i.
func (o *oracle) endSize(i int) int {
	if bytes.HasPrefix(o.in[i:], []byte("\x1c\r")) {
		return 2
	}
	return 1
}

func (o *oracle) frame(start int) int {
	for i := start; i < len(o.in); i++ {
		if blockEnd(o.text, i) > 0 {
			o.message(start, i, true, true)
			return i + o.endSize(i)
		}
		if frame(o.text, i) > 0 || batchFrame(o.text, i) > 0 || commit(o.text, i) > 0 {
			o.message(start, i, true, false)
			return i
		}
	}
	o.message(start, len(o.in), true, false)
	return len(o.in)
}

func (o *oracle) bare(msh int) int {
	inBatch, start := o.batch, o.first(msh)
	for i := msh + 1; i < len(o.in); i++ {
		if blockEnd(o.text, i) > 0 {
			o.message(start, i, inBatch, true)
			o.batch = false
			return i + o.endSize(i)
		}
		if frame(o.text, i) > 0 || batchFrame(o.text, i) > 0 || commit(o.text, i) > 0 || emptyFrame(o.text, i) > 0 {
			o.message(start, i, inBatch, !inBatch)
			return i
		}
		if c := o.in[i-1]; (c == '\r' || c == '\n') && next(o.text, i) > 0 {
			o.message(start, i, inBatch, true)
			return i
		}
	}
	o.message(start, len(o.in), inBatch, !inBatch)
	return len(o.in)
}

func (o *oracle) message(start, end int, framed, whole bool) {
	e := event{Offset: int64(start), Line: o.line(start), Size: int64(end - start)}
	if end-start > o.max {
		e.Kind, e.Data = capture.KindTooLarge, string(o.in[start:][:min(o.max, 256)])
		o.events = append(o.events, e)
		return
	}
	data := o.in[start:end]
	if !framed || o.batch {
		if m := trailing.FindSubmatch(data); m != nil {
			data = m[1]
		}
	}
	o.index++
	e.Data, e.Size, e.Index, e.Framed, e.Truncated = string(data), int64(len(data)), o.index, framed, !whole
	o.events = append(o.events, e)
	if !whole {
		o.events = append(o.events, event{Kind: capture.KindTruncated, Data: string(data[:min(len(data), 256)]), Offset: e.Offset, Line: e.Line, Size: e.Size})
	}
}
