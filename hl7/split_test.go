package hl7_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestSplit(t *testing.T) {
	const a, b, c = "MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\rPID|2\r", "MSH|^~\\&|C\rPID|3\r"
	type raw = hl7.Raw
	for _, tc := range []struct {
		name, in string
		want     []raw
	}{
		{"one", a, []raw{{Data: []byte(a)}}},
		{"one, not ended", "MSH|^~\\&|A", []raw{{Data: []byte("MSH|^~\\&|A")}}},
		{"one after mark and blanks", "\xef\xbb\xbf\r\n " + a, []raw{{Data: []byte(a), Offset: 6}}},
		{"three", a + b + c, []raw{{Data: []byte(a)}, {Data: []byte(b), Offset: 17}, {Data: []byte(c), Offset: 34}}},
		{"with line feeds and empty lines", "MSH|^~\\&|A\n\nMSH|^~\\&|B\r\n", []raw{{Data: []byte("MSH|^~\\&|A\n\n")}, {Data: []byte("MSH|^~\\&|B\r\n"), Offset: 12}}},
		{"batch file", "FHS|^~\\&|\rBHS|^~\\&|\r" + a + b + "BTS|2\rBHS|^~\\&|\r" + c + "BTS|1\rFTS|2\r", []raw{
			{Data: []byte(a), Offset: 20, Batch: 1}, {Data: []byte(b), Offset: 37, Batch: 1}, {Data: []byte(c), Offset: 70, Batch: 2}}},
		{"file without batch", "FHS|^~\\&|\r" + a + "FTS\r", []raw{{Data: []byte(a), Offset: 10}}},
		{"batch without end", "BHS|^~\\&|\r" + a, []raw{{Data: []byte(a), Offset: 10, Batch: 1}}},
		{"frames", "\x0b" + a + "\x1c\r\x0b" + b + "\x1c\r", []raw{{Data: []byte(a), Offset: 1, Framed: true}, {Data: []byte(b), Offset: 21, Framed: true}}},
		{"frame without last CR", "\x0bMSH|^~\\&|A\x1c", []raw{{Data: []byte("MSH|^~\\&|A"), Offset: 1, Framed: true}}},
		{"frame without end", "\x0b" + a, []raw{{Data: []byte(a), Offset: 1, Framed: true}}},
		{"frame cut by another", "\x0bMSH|^~\\&|A|cu\x0b" + b + "\x1c\r", []raw{{Data: []byte("MSH|^~\\&|A|cu"), Offset: 1, Framed: true}, {Data: []byte(b), Offset: 15, Framed: true}}},
		{"frames with line ends between", "\x0b" + a + "\x1c\r\n\n\x0b" + b + "\x1c\r\n", []raw{{Data: []byte(a), Offset: 1, Framed: true}, {Data: []byte(b), Offset: 23, Framed: true}}},
		{"frames and commits of Release 2", "\x0b" + a + "\x1c\r\x0b\x06\x1c\r\x0b\x15\x1c\r", []raw{{Data: []byte(a), Offset: 1, Framed: true}}},
		{"framed, then bare", "\x0b" + a + "\x1c\r" + b, []raw{{Data: []byte(a), Offset: 1, Framed: true}, {Data: []byte(b), Offset: 20}}},
		{"other delimiters", "MSH@~&#\\@A\rMSH$~&#\\$A\r", []raw{{Data: []byte("MSH@~&#\\@A\r")}, {Data: []byte("MSH$~&#\\$A\r"), Offset: 11}}},
		{"MSH inside a line", "MSH|^~\\&|A\rNTE|1||MSH|\rMSHX|1\r", []raw{{Data: []byte("MSH|^~\\&|A\rNTE|1||MSH|\rMSHX|1\r")}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := hl7.Split([]byte(tc.in))
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			for _, r := range got {
				_, err := hl7.Parse(r.Data)
				require.NoError(t, err)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	const a = "MSH|^~\\&|A\r"
	for _, c := range []struct {
		name, in string
		kind     hl7.ErrorKind
		offset   int
		found    int
	}{
		{"nothing", "", hl7.KindEmpty, -1, 0},
		{"blanks", " \r\n", hl7.KindEmpty, -1, 0},
		{"UTF-16", "\xff\xfeM\x00", hl7.KindUTF16, 0, 0},
		{"text", "bonjour\r", hl7.KindNotHL7, 0, 0},
		{"text before", "bonjour\r" + a, hl7.KindNotHL7, 0, 0},
		{"commit outside a frame", a + "\x0b\x1c\r\x06", hl7.KindNotHL7, 14, 1},
		{"text in a frame", "\x0bbonjour\x1c\r", hl7.KindNotHL7, 1, 0},
		{"text between frames", "\x0b" + a + "\x1c\rtext\x0b" + a + "\x1c\r", hl7.KindNotHL7, 14, 1},
		{"text after a batch", "BHS|\r" + a + "BTS|1\rtext", hl7.KindNotHL7, 22, 1},
		{"empty batch", "FHS|^~\\&|\rBHS|\rBTS|0\rFTS|1\r", hl7.KindEmpty, -1, 0},
		{"empty frame", "\x0b\x1c\r", hl7.KindEmpty, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := hl7.Split([]byte(c.in))
			requireError(t, err, c.kind, "", c.offset)
			require.Len(t, got, c.found)
		})
	}
}

func TestSplitLargeInput(t *testing.T) {
	one := "MSH|^~\\&|A\rPID|1\r"
	got, err := hl7.Split([]byte(strings.Repeat(one, 100_000)))
	require.NoError(t, err)
	require.Len(t, got, 100_000)
	require.Equal(t, 99_999*len(one), got[99_999].Offset)
}
