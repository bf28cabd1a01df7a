package capture_test

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/pamlab/pamlab/hl7/capture"
)

// BenchmarkReader reads messages of 1.3 kB in each shape. "bare loop" is the
// least that anybody has to do: copy the stream and find the end bytes of its
// frames.
func BenchmarkReader(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			r := capture.NewReader(&repeat{text: shape.message, left: -1}, 0)
			b.SetBytes(int64(len(shape.message)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("garbage", func(b *testing.B) {
		stream := "a line of a log that says nothing of any use to anybody here\n" + shapes[0].message
		r := capture.NewReader(&repeat{text: stream, left: -1}, 0)
		b.SetBytes(int64(len(stream)))
		b.ReportAllocs()
		for b.Loop() {
			_, _ = r.Next()
			_, _ = r.Next()
		}
	})
	b.Run("bare loop", func(b *testing.B) {
		r := bufio.NewReaderSize(&repeat{text: shapes[0].message, left: -1}, 64<<10)
		b.SetBytes(int64(len(shapes[0].message)))
		b.ReportAllocs()
		for b.Loop() {
			frame, err := r.ReadSlice(0x1c)
			if err != nil || len(frame) == 0 {
				b.Fatal(err)
			}
			_, _ = r.ReadByte()
		}
	})
}

// BenchmarkLargeMessages reads messages of 1 MiB.
func BenchmarkLargeMessages(b *testing.B) {
	stream := "\x0b" + adt + string(bytes.Repeat([]byte("OBX|1|ED|PDF||^application^pdf^Base64^JVBERi0xLjcK\r"), 20_000)) + "\x1c\r"
	r := capture.NewReader(&repeat{text: stream, left: -1}, 0)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
