package capture_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/capture"
)

// adt is as long as a French ADT message on average: 1.3 kB, 25 segments.
var adt = "MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5^FRA^2.11||||||8859/1\r" +
	strings.Repeat("ZBE|1^GAM|20260105101500||INSERT|N||^^^^^^UF^^^6268|\r", 23) + "ZFA|ACTIF\r"

var shapes = []struct{ name, message string }{
	{"framed", "\x0b" + adt + "\x1c\r"},
	{"bare", adt},
	{"bare with LF", strings.ReplaceAll(adt, "\r", "\n")},
	{"bare with CR LF", strings.ReplaceAll(adt, "\r", "\r\n")},
}

// A repeat reads the same text again and again, up to a length.
type repeat struct {
	text string
	left int64 // negative: without end
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if r.left > 0 && int64(len(p)) > r.left {
		p = p[:r.left]
	}
	total := 0
	for total < len(p) {
		n := copy(p[total:], r.text[r.at:])
		total += n
		r.at = (r.at + n) % len(r.text)
	}
	if r.left > 0 {
		r.left -= int64(total)
	}
	return total, nil
}

// TestReaderMemory streams far more than may be held: messages, garbage without
// line ends, a message without end.
func TestReaderMemory(t *testing.T) {
	const size = 64 << 20
	for _, c := range []struct {
		name, first, text string
		messages, errors  int
	}{
		{name: "messages", text: shapes[0].message + shapes[3].message, messages: size / (len(shapes[0].message) + len(shapes[3].message)) * 2},
		{name: "garbage", text: strings.Repeat("garbage ", 999), errors: 1},
		{name: "garbage in lines", text: strings.Repeat(strings.Repeat("garbage ", 20)+"\n", 99), errors: 1},
		{name: "blanks", text: strings.Repeat("\r\n \t", 999)},
		{name: "a batch segment", first: "BHS|", text: strings.Repeat("x", 999)},
		{name: "a frame without end", first: "\x0bMSH|^~\\&|", text: strings.Repeat("PID|1||1001^^^CHU-X^PI||PATIENT^TEST\r\nMSH|\r\n", 99), errors: 1},
		{name: "a message without frame", first: "MSH|^~\\&|", text: strings.Repeat("PID|1||1001^^^CHU-X^PI||PATIENT^TEST\r\n", 99), errors: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := heap()
			size := int64(size - size%len(c.text)) // whole texts
			r := capture.NewReader(io.MultiReader(strings.NewReader(c.first), &repeat{text: c.text, left: size}), 1<<20)
			messages, errs, most := 0, 0, before
			for {
				_, err := r.Next()
				var e *capture.Error
				switch {
				case err == nil:
					messages++
				case errors.As(err, &e):
					errs++
				}
				if messages%10_000 == 0 {
					most = max(most, heap())
				}
				if err == io.EOF {
					break
				}
			}
			require.EqualValues(t, size+int64(len(c.first)), r.Offset())
			require.Equal(t, c.messages, messages)
			require.Equal(t, c.errors, errs)
			require.Less(t, max(most, heap())-before, uint64(32<<20))
		})
	}
}

// heap returns the bytes in use, garbage that was not collected included: the
// Reader has to be sparing with that too.
func heap() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func TestReaderAllocations(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			r := capture.NewReader(&repeat{text: shape.message, left: -1}, 0)
			allocs := testing.AllocsPerRun(1000, func() {
				if m, err := r.Next(); err != nil || len(m.Data) < len(adt) {
					t.Fatal(len(m.Data), err)
				}
			})
			require.Zero(t, allocs)
		})
	}
}
