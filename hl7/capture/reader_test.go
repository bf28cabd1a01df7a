package capture_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/capture"
)

const (
	a = "MSH|^~\\&|A\rPID|1\r"
	b = "MSH|^~\\&|B\rPID|2\r"
)

// bare, framed and cut are the events of messages.
func bare(index int, offset int64, line int, data string) event {
	return event{Data: data, Offset: offset, Line: line, Size: int64(len(data)), Index: index}
}

func framed(index int, offset int64, line int, data string) event {
	e := bare(index, offset, line, data)
	e.Framed = true
	return e
}

func cut(index int, offset int64, line int, data string) event {
	e := framed(index, offset, line, data)
	e.Truncated = true
	return e
}

func failed(kind capture.Kind, offset int64, line int, data string) event {
	return event{Kind: kind, Data: data, Offset: offset, Line: line, Size: int64(len(data))}
}

func TestReader(t *testing.T) {
	type events = []event
	garbage := capture.KindGarbage
	for _, c := range []struct {
		name, in string
		want     events
	}{
		{"nothing", "", nil},
		{"blanks", " \r\n\t\n", nil},
		{"a byte order mark", "\xef\xbb\xbf", nil},
		{"one", a, events{bare(1, 0, 1, a)}},
		{"one, not ended", "MSH|^~\\&|A", events{bare(1, 0, 1, "MSH|^~\\&|A")}},
		{"one after mark and blanks", "\xef\xbb\xbf\r\n " + a, events{bare(1, 0, 1, "\xef\xbb\xbf\r\n "+a)}},
		{"one after mark", "\xef\xbb\xbf" + a, events{bare(1, 0, 1, "\xef\xbb\xbf"+a)}},
		{"one after blanks", "\r\n\n " + a, events{bare(1, 0, 1, "\r\n\n "+a)}},
		{"one after many blanks", strings.Repeat("\n", 200_000) + a, events{bare(1, 199_984, 199_985, strings.Repeat("\n", 16)+a)}},
		{"one after mark and many blanks", "\xef\xbb\xbf" + strings.Repeat(" ", 17) + a, events{bare(1, 4, 1, strings.Repeat(" ", 16)+a)}},
		{"one after two marks", "\xef\xbb\xbf\xef\xbb\xbf" + a, events{bare(1, 3, 1, "\xef\xbb\xbf"+a)}},
		{"blanks after a frame", "\x0b" + a + "\x1c\r\r\n" + b, events{framed(1, 1, 1, a), bare(2, 22, 5, b)}},
		{"mark after text", "text\n\xef\xbb\xbf" + a, events{failed(garbage, 0, 1, "text"), bare(1, 5, 2, "\xef\xbb\xbf"+a)}},
		{"mark in text", "text\xef\xbb\xbf\n" + a, events{failed(garbage, 0, 1, "text\xef\xbb\xbf"), bare(1, 8, 2, a)}},
		{"mark before a batch", "\xef\xbb\xbfBHS|\r" + a, events{bare(1, 8, 2, a)}},
		{"one with blank lines behind", a + "\r\n \n", events{bare(1, 0, 1, a)}},
		{"blanks at the end of a segment", "MSH|A \r \r", events{bare(1, 0, 1, "MSH|A \r")}},
		{"two with CR", a + b, events{bare(1, 0, 1, a), bare(2, 17, 3, b)}},
		{"two with LF", "MSH|A\nPID|1\n\n\nMSH|B\n", events{bare(1, 0, 1, "MSH|A\nPID|1\n"), bare(2, 14, 5, "MSH|B\n")}},
		{"two with CR LF", "MSH|A\r\nPID|1\r\n\r\nMSH|B\r\n", events{bare(1, 0, 1, "MSH|A\r\nPID|1\r\n"), bare(2, 16, 4, "MSH|B\r\n")}},
		{"CR between segments, CR LF at the end", "MSH|A\rPID|1\r\nMSH|B\rPID|1\r\n", events{bare(1, 0, 1, "MSH|A\rPID|1\r\n"), bare(2, 13, 3, "MSH|B\rPID|1\r\n")}},
		{"files pasted together, each with its mark", "\xef\xbb\xbf" + a + "\xef\xbb\xbf" + b, events{bare(1, 0, 1, "\xef\xbb\xbf"+a), bare(2, 20, 3, "\xef\xbb\xbf"+b)}},
		{"other delimiters", "MSH@~&#\\@A\rMSH$~&#\\$B\r", events{bare(1, 0, 1, "MSH@~&#\\@A\r"), bare(2, 11, 2, "MSH$~&#\\$B\r")}},
		{"MSH that begins nothing", "MSH|A\rNTE|1||MSH|\rMSHX|1\r MSH|\rMSH\r", events{bare(1, 0, 1, "MSH|A\rNTE|1||MSH|\rMSHX|1\r MSH|\rMSH\r")}},
		{"batch file", "FHS|^~\\&|\rBHS|^~\\&|\r" + a + b + "BTS|2\rFTS|1\r", events{bare(1, 20, 3, a), bare(2, 37, 5, b)}},
		{"batch segments without fields", "BHS\n" + a + "BTS", events{bare(1, 4, 2, a)}},

		{"frames", "\x0b" + a + "\x1c\r\x0b" + b + "\x1c\r", events{framed(1, 1, 1, a), framed(2, 21, 4, b)}},
		{"frames with lines between", "\x0b" + a + "\x1c\r\n\n\x0b" + b + "\x1c\r\n", events{framed(1, 1, 1, a), framed(2, 23, 5, b)}},
		{"frame ended by LF", "\x0b" + a + "\x1c\n\x0b" + b + "\x1c\n", events{framed(1, 1, 1, a), framed(2, 21, 4, b)}},
		{"frames without last CR", "\x0b" + a + "\x1c\x0b" + b + "\x1c", events{framed(1, 1, 1, a), framed(2, 20, 3, b)}},
		{"frame with blanks before MSH", "\x0b\xef\xbb\xbf\r\n" + a + "\x1c\r", events{framed(1, 1, 1, "\xef\xbb\xbf\r\n"+a)}},
		{"MSH lines inside a frame", "\x0b" + a + b + "\x1c\r", events{framed(1, 1, 1, a+b)}},
		{"control bytes inside a frame", "\x0bMSH|\x1c|\x0b|\x1c\x1c\r", events{framed(1, 1, 1, "MSH|\x1c|\x0b|\x1c")}},
		{"empty frames and commit blocks", "\x0b\x1c\r\x0b" + a + "\x1c\r\x0b\x06\x1c\r\x0b\x15\x1c\r", events{framed(1, 4, 2, a)}},
		{"a batch in a frame", "\x0bBHS|\r" + a + b + "BTS|2\r\x1c\r" + a, events{framed(1, 6, 2, a), framed(2, 23, 4, b), bare(3, 48, 8, a)}},
		{"a batch in a frame, ended by a message", "\x0bBHS|\r" + a + "\x1c\r", events{framed(1, 6, 2, a)}},
		{"framed, then bare, then framed", "\x0b" + a + "\x1c\r" + b + "\x0b" + a + "\x1c\r", events{framed(1, 1, 1, a), bare(2, 20, 4, b), framed(3, 38, 6, a)}},
		{"bare, then a commit block", a + "\x0b\x06\x1c\r" + b, events{bare(1, 0, 1, a), bare(2, 21, 4, b)}},
		{"only the end of a frame is left", a + "\x1c\r" + b + "\x1c\r", events{bare(1, 0, 1, a), bare(2, 19, 4, b)}},

		{"text before", "bonjour\r" + a, events{failed(garbage, 0, 1, "bonjour"), bare(1, 8, 2, a)}},
		{"text between frames", "\x0b" + a + "\x1c\rone\n\ntwo \n\x0b" + b + "\x1c\r", events{framed(1, 1, 1, a), failed(garbage, 20, 4, "one\n\ntwo"), framed(2, 31, 7, b)}},
		{"text right before a frame", "xx\x0b" + a + "\x1c\r", events{failed(garbage, 0, 1, "xx"), framed(1, 3, 1, a)}},
		{"text after the last frame", "\x0b" + a + "\x1c\r\x06", events{framed(1, 1, 1, a), failed(garbage, 20, 4, "\x06")}},
		{"text in a batch", "BHS|\rx\rBTS|1\ry", events{failed(garbage, 5, 2, "x"), failed(garbage, 13, 4, "y")}},
		{"a frame with something else", "\x0bISA*00\x1c\r" + a, events{failed(garbage, 0, 1, "\x0bISA*00\x1c"), bare(1, 9, 2, a)}},
		{"a frame with something else and no end", "\x0bISA*00\r\x0b" + a + "\x1c\r", events{failed(garbage, 0, 1, "\x0bISA*00"), framed(1, 9, 2, a)}},
		{"a log", "12:00 MSH|A\r12:01 MSH|B\r", events{failed(garbage, 0, 1, "12:00 MSH|A\r12:01 MSH|B")}},

		{"frame without end", "\x0b" + a, events{cut(1, 1, 1, a), failed(capture.KindTruncated, 1, 1, a)}},
		{"frame cut by another", "\x0bMSH|^~\\&|A|cu\x0b" + b + "\x1c\r", events{cut(1, 1, 1, "MSH|^~\\&|A|cu"), failed(capture.KindTruncated, 1, 1, "MSH|^~\\&|A|cu"), framed(2, 15, 1, b)}},
		{"frame cut by a commit block", "\x0bMSH|A\x0b\x15\x1c\r", events{cut(1, 1, 1, "MSH|A"), failed(capture.KindTruncated, 1, 1, "MSH|A")}},
		{"a batch in a frame without end", "\x0bBHS|\r" + a, events{cut(1, 6, 2, a), failed(capture.KindTruncated, 6, 2, a)}},

		{"XML", "<?xml version=\"1.0\"?>\n<ADT_A01/>\n", events{failed(capture.KindXML, 0, 1, "<?xml version=\"1.0\"?>\n<ADT_A01/>")}},
		{"XML in a frame", "\x0b<ClinicalDocument/>\x1c\r" + a, events{failed(capture.KindXML, 0, 1, "\x0b<ClinicalDocument/>\x1c"), bare(1, 22, 2, a)}},
		{"FHIR in XML", "<Bundle xmlns=\"http://hl7.org/fhir\"/>", events{failed(capture.KindFHIR, 0, 1, "<Bundle xmlns=\"http://hl7.org/fhir\"/>")}},
		{"FHIR in JSON", "{\n \"resourceType\": \"Patient\"}", events{failed(capture.KindFHIR, 0, 1, "{\n \"resourceType\": \"Patient\"}")}},
		{"JSON", "[ {\"a\": 1} ]", events{failed(capture.KindJSON, 0, 1, "[ {\"a\": 1} ]")}},
		{"a log with brackets", "[2026-01-05] start", events{failed(garbage, 0, 1, "[2026-01-05] start")}},
		{"UTF-16 with mark", "\xff\xfeM\x00S\x00H\x00|\x00\r\x00\n\x00", events{{Kind: capture.KindUTF16, Data: "\xff\xfeM\x00S\x00H\x00|\x00\r\x00\n\x00", Line: 1, Size: 14}}},
		{"UTF-16 without mark", "\x00M\x00S\x00H\x00|", events{failed(capture.KindUTF16, 0, 1, "\x00M\x00S\x00H\x00|")}},
		{"gzip", "\x1f\x8b\x08\x00" + a, events{{Kind: capture.KindCompressed, Data: "\x1f\x8b\x08\x00MSH|^~\\&", Line: 1}}},
		{"zip", "PK\x03\x04", events{{Kind: capture.KindCompressed, Data: "PK\x03\x04", Line: 1}}},
		{"pcap", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", events{{Kind: capture.KindPackets, Data: "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", Line: 1}}},
		{"pcapng", "\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01", events{{Kind: capture.KindPackets, Data: "\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a", Line: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readAll(strings.NewReader(c.in), 0)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			checkAgainstOracle(t, []byte(c.in), 1000)
		})
	}
}

func TestReaderTooLarge(t *testing.T) {
	long := "MSH|" + strings.Repeat("x", 96)
	for _, c := range []struct {
		name, in string
		want     []event
	}{
		{"as long as allowed", "\x0b" + long + "\x1c\r", []event{framed(1, 1, 1, long)}},
		{"framed", "\x0b" + long + "y\x1c\r" + a, []event{{Kind: capture.KindTooLarge, Data: long, Offset: 1, Line: 1, Size: 101}, bare(1, 104, 2, a)}},
		{"bare", long + "\r" + a, []event{{Kind: capture.KindTooLarge, Data: long, Line: 1, Size: 101}, bare(1, 101, 2, a)}},
		{"framed, very long", "\x0b" + long + strings.Repeat("\n", 1e6) + "\x1c\r" + a, []event{{Kind: capture.KindTooLarge, Data: long, Offset: 1, Line: 1, Size: 1000100}, bare(1, 1000103, 1000002, a)}},
		{"bare, very long", long + strings.Repeat("\r\n", 1e6) + "MSH|B", []event{{Kind: capture.KindTooLarge, Data: long, Line: 1, Size: 2000100}, bare(1, 2000100, 1000001, "MSH|B")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readAll(strings.NewReader(c.in), 100)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// TestReaderDefaultLimit pins the default to the length it is documented to be.
func TestReaderDefaultLimit(t *testing.T) {
	long := "MSH|" + strings.Repeat("x", capture.DefaultMaxMessage-4)
	got, err := readAll(strings.NewReader("\x0b"+long+"\x1c\r\x0b"+long+"x\x1c\r"+a), 0)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, len(long), len(got[0].Data))
	require.Equal(t, capture.KindTooLarge, got[1].Kind)
	require.Equal(t, a, got[2].Data)
}

// TestReaderMixtures writes messages in frames and without, in any mixture, and
// expects each back byte for byte, from where it stood.
func TestReaderMixtures(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	oneOf := func(all ...string) string { return all[r.IntN(len(all))] }
	for range 100 {
		var stream bytes.Buffer
		var want []event
		for i := range 1 + r.IntN(60) {
			end := oneOf("\r", "\n", "\r\n")
			data := "MSH|^~\\&|" + strings.Repeat(oneOf("é", "x", "MSH|", "\x0b", "\x1cx"), r.IntN(2000)) + "|" + end
			for range r.IntN(20) {
				data += oneOf("PID|MSH|", "ZBE|1", "BHSX|", "OBX|\x1c|") + end
			}
			before := oneOf("", "", "\r\n", "\r\n\r\n", "BTS|3\rBHS|^~\\&\r", " \t\r", "\xef\xbb\xbf")
			inFrame := r.IntN(2) == 0
			switch {
			case !inFrame && (before == "\xef\xbb\xbf" || i == 0 && strings.TrimSpace(before) == ""):
				data = before + data // it is the message's
			default:
				stream.WriteString(before)
			}
			if inFrame {
				data += oneOf("", "MSH|^~\\&|in a frame\r")
				stream.WriteByte(0x0b)
			}
			line := 1 + strings.Count(strings.ReplaceAll(strings.ReplaceAll(stream.String(), "\r\n", "\n"), "\r", "\n"), "\n")
			e := bare(i+1, int64(stream.Len()), line, data)
			e.Framed = inFrame
			want = append(want, e)
			stream.WriteString(data)
			if inFrame {
				stream.WriteString(oneOf("\x1c\r", "\x1c\r", "\x1c\r\n", "\x1c\n"))
			}
		}
		for _, src := range []io.Reader{
			bytes.NewReader(stream.Bytes()),
			iotest.HalfReader(bytes.NewReader(stream.Bytes())),
			chunks{bytes.NewReader(stream.Bytes()), r},
		} {
			got, err := readAll(src, 0)
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for i := range got {
				require.True(t, want[i] == got[i], "message %d at %d: got %d bytes at %d", i+1, want[i].Offset, got[i].Size, got[i].Offset)
			}
		}
	}
}

func TestReaderPassesErrorsOn(t *testing.T) {
	disk := errors.New("disk")
	for _, c := range []struct {
		name, in string
		want     []event
	}{
		{"before anything", "", nil},
		{"in a frame", "\x0b" + a, []event{cut(1, 1, 1, a)}},
		{"between frames", "\x0b" + a + "\x1c\r", []event{framed(1, 1, 1, a)}},
		{"in a message", a, []event{{Data: a, Line: 1, Size: 17, Index: 1, Truncated: true}}},
		{"in garbage", "text", []event{failed(capture.KindGarbage, 0, 1, "text")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := io.MultiReader(strings.NewReader(c.in), iotest.ErrReader(disk))
			got, err := readAll(r, 0)
			require.Equal(t, disk, err)
			require.Equal(t, c.want, got)
		})
	}
	t.Run("again and again", func(t *testing.T) {
		r := capture.NewReader(iotest.ErrReader(disk), 0)
		for range 3 {
			_, err := r.Next()
			require.Equal(t, disk, err)
		}
	})
	t.Run("no progress", func(t *testing.T) {
		_, err := capture.NewReader(idle{}, 0).Next()
		require.Equal(t, io.ErrNoProgress, err)
	})
}

// idle reads nothing, for ever.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestReaderDoesNotWait checks that a message in a frame is returned as soon as
// its frame has ended: a pipe may be silent then.
func TestReaderDoesNotWait(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	go func() { _, _ = out.Write([]byte("\x0b" + adt + "\x1c\r")) }()
	m, err := capture.NewReader(in, 0).Next()
	require.NoError(t, err)
	require.Equal(t, adt, string(m.Data))
}
