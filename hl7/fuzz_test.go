package hl7_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// seeds are inputs of every kind that the parser treats differently.
var seeds = []string{
	sample,
	"",
	"MSH|",
	"MSH|^~\\&",
	"MSH|^~\\&|A\nPID|1\nabc|2\n\n",
	"\xef\xbb\xbf \r\nMSH|^~\\&|A\r\nPID|1\r\n",
	"MSH@~&#\\@A\rPID@@@1~~~N\\U&2@#F##X41##.br##",
	"MSH|^~\\&#|A\rPID|||a\\P\\b#\r",
	"MSH|^&|A\rPID|||a~b\x00c\r",
	"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||||Zo\xe9\x80\r",
	"MSH|^~\\&|A|||||||1|P|2.5||||||UNICODE UTF-8\rPID|||||Zo\xe9^\\XE9\\\r",
	"MSH|^~\\&|A|||||||1|P|2.3.1\rMSA|AE|1|text\rERR|PID^1^3^101&t&HL70357~^^^207\r",
	"MSH|^~\\&|A||||||ACK|1|P|2.5\rMSA|AE|1||||205^x\rERR||PID^1^3|101^t^HL70357|E|||d|u\r",
	"FHS|^~\\&|\rBHS|\rMSH|^~\\&|A\rBTS|1\rFTS|1\r",
	"\x0bMSH|^~\\&|A\r\x1c\r",
	"\xff\xfeM\x00S\x00H\x00",
	"MSH|^~\\&|A\rNTE|x\nabc\r",
}

// FuzzParse reads whatever can be read of any input: nothing may panic, what
// is parsed has its bytes, and the index agrees with a naive reading.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		original := bytes.Clone(data)
		raws, _ := hl7.Split(data)
		for _, r := range raws {
			require.Equal(t, data[r.Offset:r.Offset+len(r.Data)], r.Data)
		}
		h, headerErr := hl7.ParseHeader(data)
		m, err := hl7.Parse(data)
		if err != nil {
			var e *hl7.Error
			require.True(t, errors.As(err, &e))
			require.NotEqual(t, e.In("en"), e.In("fr"))
			require.LessOrEqual(t, e.Offset, len(data))
			return
		}
		require.NoError(t, headerErr)
		require.Equal(t, m.Header(), h)
		require.Equal(t, original, m.Bytes())
		readEverything(t, m)
		ack := hl7.Ack{Code: hl7.AE, ControlID: "1", Time: ackTime, Errors: []hl7.AckError{{Code: 101, Text: "é|^"}}}.Append(nil, h)
		require.NotContains(t, string(ack), "\x1c")
		r, err := hl7.ReadAck(ack)
		require.NoError(t, err)
		require.Equal(t, hl7.AE, r.Code)
		_, _ = hl7.ReadAck(data)
		require.Equal(t, original, data, "reading changes nothing")
	})
}

// readEverything reads every value of a message in every way.
func readEverything(t *testing.T, m *hl7.Message) {
	last := 0
	for s := range m.Segments() {
		require.LessOrEqual(t, last, s.Offset(), "segments follow each other")
		last = s.Offset() + len(s.Raw())
		fields := bytes.Count(s.Raw(), []byte{m.Delimiters().Field})
		if s.Index() == 0 {
			fields++
		}
		require.Equal(t, fields, s.NumFields())
		present, null, written := s.States()
		for n := 0; n <= fields+1; n++ {
			readField(t, m, s, n)
			require.Equal(t, s.Field(n).Raw(), s.FieldRaw(n))
			if n < 64 {
				require.Equal(t, s.Field(n).State() == hl7.Present, present>>n&1 == 1, "field %d", n)
				require.Equal(t, s.Field(n).State() == hl7.Null, null>>n&1 == 1, "field %d", n)
				require.Equal(t, n > 0 && len(s.FieldRaw(n)) > 0, written>>n&1 == 1, "field %d", n)
			}
		}
	}
	for _, o := range m.Oddities() {
		require.Positive(t, o.Count)
	}
	charset, charsetErr := m.Charset()
	err := m.CheckText()
	if charsetErr != nil {
		require.Error(t, err)
		return
	}
	body := m.Bytes()[m.Segment(0).Offset():]
	_, decodeErr := charset.Decode(body)
	require.Equal(t, decodeErr == nil, err == nil)
}

func readField(t *testing.T, m *hl7.Message, s hl7.Segment, n int) {
	v := s.Field(n)
	for _, part := range []hl7.Value{v, v.Repetition(1), v.Component(1), v.Component(2), v.Subcomponent(2)} {
		text, err := part.Text()
		if err != nil {
			require.Empty(t, text)
		}
		_ = part.String()
		end := part.Offset() + len(part.Raw())
		require.True(t, s.Offset() <= part.Offset() && end <= s.Offset()+len(s.Raw()), "inside its segment")
	}
	var joined [][]byte
	for r := range v.Repetitions() {
		joined = append(joined, r.Raw())
	}
	if d := m.Delimiters().Repetition; d != 0 && (s.Index() > 0 || n > 2) {
		require.Equal(t, string(v.Raw()), string(bytes.Join(joined, []byte{d})))
	}
	if p, err := hl7.CompilePath(v.Location().String()); err == nil && n > 0 && s.Name() == p.SegmentName() {
		require.Equal(t, string(v.Raw()), string(m.Lookup(p).Raw()), "%v", p)
	}
}

// FuzzCompilePath checks that a path that compiles is written so that it
// compiles to the same, and that others fail at a character of theirs.
func FuzzCompilePath(f *testing.F) {
	for _, s := range []string{"MSH", "PID-3", "PID-3[2].4.2", "PID-3[.5=PI].1", "PID[*]-3(*)", "PID-5(.1=a]b).1", "PID-5[.1.2=(].1", "OBX[9999999]", "PID.3", "é", "PID-3[.5=\xff]"} {
		f.Add(s)
	}
	m, err := hl7.Parse([]byte(sample))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := hl7.CompilePath(s)
		if err != nil {
			var e *hl7.PathError
			require.True(t, errors.As(err, &e))
			require.True(t, 1 <= e.Column && e.Column <= len([]rune(s))+1)
			require.NotEqual(t, e.In("en"), e.In("fr"))
			return
		}
		again, err := hl7.CompilePath(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
		_ = m.Lookup(p).String()
		for v := range m.All(p) {
			_ = v.State()
		}
	})
}

// FuzzSet changes one field of any message: the others keep their bytes, and
// what was set is read back.
func FuzzSet(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "PID-5[2].1", "Zoé \\T\\")
		f.Add([]byte(s), "MSH-18", "")
		f.Add([]byte(s), "NTE-2", `""`)
	}
	f.Fuzz(func(t *testing.T, data []byte, path, value string) {
		m, err := hl7.Parse(data)
		if err != nil {
			return
		}
		p, err := hl7.CompilePath(path)
		if err != nil || p.Field() == 0 {
			return
		}
		before := m.Clone()
		if err := m.Set(p, value); err != nil {
			require.Equal(t, before.Bytes(), m.Bytes(), "a refusal changes nothing")
			return
		}
		requireOnlyFieldDiffers(t, before, m, p)
		if strings.ContainsRune(path, '=') && p.Component() == 0 {
			return // the condition may have been answered by what was replaced
		}
		after := m.Lookup(p)
		if value == "" {
			require.Empty(t, after.Raw())
			return
		}
		if d := m.Delimiters(); d == hl7.StandardDelimiters() && !strings.ContainsRune(path, '=') {
			c, err := before.Charset()
			if err != nil {
				c = hl7.ASCII
			}
			want, err := c.Encode(value)
			require.NoError(t, err)
			require.Equal(t, string(want), string(after.Raw()))
		}
	})
}

// requireOnlyFieldDiffers compares two messages field by field.
func requireOnlyFieldDiffers(t *testing.T, before, after *hl7.Message, p hl7.Path) {
	require.Equal(t, before.NumSegments(), after.NumSegments())
	changed := p.Location()
	for i := range before.NumSegments() {
		a, b := before.Segment(i), after.Segment(i)
		same := a.Name() == changed.Segment && a.Occurrence() == changed.Occurrence
		if !same {
			require.Equal(t, string(a.Raw()), string(b.Raw()))
			continue
		}
		for n := 1; n <= max(a.NumFields(), b.NumFields()); n++ {
			if n != changed.Field {
				require.Equal(t, string(a.Field(n).Raw()), string(b.Field(n).Raw()), "field %d", n)
			}
		}
	}
}

// FuzzParseTime checks that what is read as a time is written the same, and
// agrees with package time.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"1980", "198002", "19800229", "2026010510", "20260105101502.1234+0100", "20260105101502-0000", "20260229", "2026-01-05", "1015", "101502.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = hl7.ParseTimeOfDay(s, nil)
		got, err := hl7.ParseTime(s, nil)
		if err != nil {
			var e *hl7.Error
			require.True(t, errors.As(err, &e))
			require.True(t, 0 <= e.Offset && e.Offset <= len(s))
			return
		}
		require.Equal(t, strings.Replace(s, "-0000", "+0000", 1), got.String())
		layout := "20060102150405"[:min(len(s), 14)]
		if !got.HasZone && got.Precision <= hl7.PrecisionSecond {
			want, err := time.Parse(layout, s)
			require.NoError(t, err)
			require.True(t, want.Equal(got.Time))
		}
	})
}

// FuzzEscape checks that escaped text contains nothing that structures a
// message and is read back as it was.
func FuzzEscape(f *testing.F) {
	f.Add("a|b^c~d\\e&f#g\n\r\t")
	f.Add("\\F\\")
	f.Fuzz(func(t *testing.T, text string) {
		d := hl7.StandardDelimiters()
		escaped := hl7.Escape(text, d)
		require.False(t, strings.ContainsAny(escaped, "|^~&\r\n\t"))
		require.Equal(t, strings.ReplaceAll(text, "\r\n", "\n"), hl7.Unescape(escaped, d))
		_ = hl7.Unescape(text, d)
	})
}
