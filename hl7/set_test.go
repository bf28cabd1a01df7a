package hl7_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestSet(t *testing.T) {
	const msh = "MSH|^~\\&|A|B||||||1|P|2.5||||||8859/15\r"
	for _, c := range []struct {
		name, before, path, value, after string
	}{
		{"a field", "PID|1||2||A^B|x", "PID-5", "C^D~E", "PID|1||2||C^D~E|x"},
		{"a component", "PID|1||2||A^B|x", "PID-5.2", "D", "PID|1||2||A^D|x"},
		{"a component of a simple field", "PID|1||2||A|x", "PID-5.1", "D", "PID|1||2||D|x"},
		{"a missing component", "PID|1||2||A^B|x", "PID-5.7", "L", "PID|1||2||A^B^^^^^L|x"},
		{"a component of an empty field", "PID|1||2|||x", "PID-5.3", "D", "PID|1||2||^^D|x"},
		{"a sub-component", "PID|||1^^^N&U&T", "PID-3.4.2", "V", "PID|||1^^^N&V&T"},
		{"a missing sub-component", "PID|||1^^^N", "PID-3.4.3", "ISO", "PID|||1^^^N&&ISO"},
		{"a repetition", "PID|||1~2~3", "PID-3[2]", "4^^^X", "PID|||1~4^^^X~3"},
		{"a missing repetition", "PID|||1", "PID-3[3].4.2", "U", "PID|||1~~^^^&U"},
		{"the first repetition only", "PID|||1~2", "PID-3.4", "N", "PID|||1^^^N~2"},
		{"by condition", "PID|||1^^^^PI~2^^^^INS", "PID-3[.5=INS].1", "9", "PID|||1^^^^PI~9^^^^INS"},
		{"a whole repetition by condition", "PID|||1^^^^PI~2^^^^INS", "PID-3[.5=PI]", "7", "PID|||7~2^^^^INS"},
		{"a missing field", "PID|1", "PID-5.1", "A", "PID|1||||A"},
		{"the next field", "PID|1", "PID-2", "A", "PID|1|A"},
		{"a field of a bare segment", "PID", "PID-2", "A", "PID||A"},
		{"an MSH field", "PID", "MSH-5", "R", "PID"},
		{"emptying", "PID|1||2||A^B|x", "PID-5", "", "PID|1||2|||x"},
		{"emptying a component", "PID|1||2||A^B|x", "PID-5.1", "", "PID|1||2||^B|x"},
		{"emptying what is not there", "PID|1", "PID-5.7", "", "PID|1"},
		{"null", "PID|1||2", "PID-8", `""`, `PID|1||2|||||""`},
		{"escapes are kept", "PID|1", "PID-2", `A\T\B\.br\C`, `PID|1|A\T\B\.br\C`},
		{"accents in the character set", "PID|1", "PID-2", "Cœur", "PID|1|C\xbdur"},
		{"a whole segment", "PID|1|2\rZFA|1", "PID", "PID|3", "PID|3\rZFA|1"},
		{"the second segment", "ROL|1\rROL|2", "ROL[2]-1", "3", "ROL|1\rROL|3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, msh+c.before+"\r")
			require.NoError(t, m.Set(hl7.MustPath(c.path), c.value))
			want := msh
			if c.path == "MSH-5" {
				want = strings.Replace(msh, "|B||", "|B|R|", 1)
			}
			require.Equal(t, want+c.after+"\r", string(m.Bytes()))
			again := parse(t, string(m.Bytes()))
			require.Equal(t, again.Get(c.path), m.Get(c.path), "the index is that of the bytes")
			if v := m.Lookup(hl7.MustPath(c.path)); c.name != "a whole repetition by condition" { // which answers it no more
				require.Equal(t, c.value, charsetText(t, hl7.Latin9, v.Raw()), "what was set is there")
			}
		})
	}
}

func charsetText(t *testing.T, c hl7.Charset, b []byte) string {
	s, err := c.Decode(b)
	require.NoError(t, err)
	return s
}

func TestSetInOtherDelimiters(t *testing.T) {
	m := parse(t, "MSH@~&#\\@A\rPID@1\r")
	require.NoError(t, m.Set(hl7.MustPath("PID-3"), `1^^^N&U~2`))
	require.NoError(t, m.Set(hl7.MustPath("PID-4"), `a@b#c\T\d\.br\`))
	require.NoError(t, m.SetText(hl7.MustPath("PID-5"), `~\|@`))
	require.NoError(t, m.AddSegment(1, `ZFA|1^2|\T\`))
	require.Equal(t, "MSH@~&#\\@A\rPID@1@@1~~~N\\U&2@a#F#b#E#c#T#d#.br#@#S##T#|#F#\rZFA@1~2@#T#\r", string(m.Bytes()))
	require.Equal(t, "1^^^N&U~2", m.Get("PID-3"))
	require.Equal(t, `~\|@`, m.Get("PID-5"))
	require.Equal(t, "\\", m.Get("ZFA-2"), "the sub-component delimiter of the message")
}

func TestSetText(t *testing.T) {
	m := parse(t, "MSH|^~\\&|A||||||||||||||||UNICODE UTF-8\rPID|1\r")
	text := "Dupont & fils | 2^3~4\\5\nligne 2\tfin"
	require.NoError(t, m.SetText(hl7.MustPath("PID-5.1"), text))
	require.Contains(t, string(m.Bytes()), `|Dupont \T\ fils \F\ 2\S\3\R\4\E\5\.br\ligne 2\X09\fin`+"\r")
	require.Equal(t, text, m.Get("PID-5.1"))
}

func TestSetRefuses(t *testing.T) {
	const before = "MSH|^~\\&|A\rPID|||1^^^^PI\rPID|2\r"
	set := func(path, value string) func(*hl7.Message) error {
		return func(m *hl7.Message) error { return m.Set(hl7.MustPath(path), value) }
	}
	for _, c := range []struct {
		name     string
		change   func(*hl7.Message) error
		kind     hl7.ErrorKind
		location string
		offset   int
	}{
		{"MSH-1", set("MSH-1", "#"), hl7.KindDelimiters, "MSH-1", 3},
		{"MSH-2", set("MSH-2", "^~#&"), hl7.KindDelimiters, "MSH-2", 4},
		{"the MSH segment", set("MSH", "MSH|x"), hl7.KindDelimiters, "MSH", 0},
		{"a missing segment", set("ZBE-1", "1"), hl7.KindNoSegment, "ZBE-1", len(before)},
		{"a missing occurrence", set("PID[3]-1", "1"), hl7.KindNoSegment, "PID[3]-1", len(before)},
		{"several segments", set("PID[*]-1", "1"), hl7.KindBadPath, "PID-1", -1},
		{"several repetitions", set("PID-3[*].1", "1"), hl7.KindBadPath, "PID-3.1", -1},
		{"no path", func(m *hl7.Message) error { return m.Set(hl7.Path{}, "1") }, hl7.KindBadPath, "", -1},
		{"a condition without answer", set("PID-3[.5=INS].1", "1"), hl7.KindNoRepetition, "PID-3.1", 17},
		{"a field separator", set("PID-3", "1|2"), hl7.KindBadValue, "PID-3", -1},
		{"a repetition in a repetition", set("PID-3[1]", "1~2"), hl7.KindBadValue, "PID-3", -1},
		{"a component in a component", set("PID-3.1", "1^2"), hl7.KindBadValue, "PID-3.1", -1},
		{"a sub-component in one", set("PID-3.1.1", "1&2"), hl7.KindBadValue, "PID-3.1.1", -1},
		{"a carriage return", set("PID-3", "1\rZFA"), hl7.KindBadValue, "PID-3", -1},
		{"a tabulator", set("PID-3", "1\t"), hl7.KindBadValue, "PID-3", -1},
		{"a segment without name", set("PID", "|1"), hl7.KindBadValue, "PID", -1},
		{"a segment emptied", set("PID", ""), hl7.KindBadValue, "PID", -1},
		{"an accent in ASCII", set("PID-5", "Zoé"), hl7.KindUnencodable, "PID-5", -1},
		{"an accent in a text in ASCII", func(m *hl7.Message) error { return m.SetText(hl7.MustPath("PID-5"), "Zoé") }, hl7.KindUnencodable, "PID-5", -1},
		{"a second MSH", func(m *hl7.Message) error { return m.AddSegment(0, `MSH|^~\&|`) }, hl7.KindSeveral, "", 11},
		{"a segment after none", func(m *hl7.Message) error { return m.AddSegment(3, "ZFA|1") }, hl7.KindNoSegment, "", -1},
		{"a segment before MSH", func(m *hl7.Message) error { return m.AddSegment(-1, "ZFA|1") }, hl7.KindNoSegment, "", -1},
		{"a segment with a line end", func(m *hl7.Message) error { return m.AddSegment(0, "ZFA|1\r") }, hl7.KindBadValue, "MSH", -1},
		{"a segment with an accent", func(m *hl7.Message) error { return m.AddSegment(1, "ZFA|é") }, hl7.KindUnencodable, "PID", -1},
		{"removing MSH", func(m *hl7.Message) error { return m.RemoveSegment(0) }, hl7.KindDelimiters, "MSH", 0},
		{"removing nothing", func(m *hl7.Message) error { return m.RemoveSegment(3) }, hl7.KindNoSegment, "", -1},
		{"bytes that end the message", func(m *hl7.Message) error { return m.SetBytes(hl7.MustPath("MSH-2"), nil) }, hl7.KindDelimiters, "MSH-2", 4},
		{"bytes without place", func(m *hl7.Message) error { return m.SetBytes(hl7.MustPath("ZBE-1"), nil) }, hl7.KindNoSegment, "ZBE-1", len(before)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, before)
			requireError(t, c.change(m), c.kind, c.location, c.offset)
			require.Equal(t, before, string(m.Bytes()), "as it was")
		})
	}
}

func TestSetWithoutDelimiter(t *testing.T) {
	m := parse(t, "MSH|^|A\rPID|1\r")
	requireError(t, m.Set(hl7.MustPath("PID-3"), "1~2"), hl7.KindDelimiters, "PID-3", -1)
	requireError(t, m.Set(hl7.MustPath("PID-3[2]"), "1"), hl7.KindDelimiters, "PID-3[2]", 13)
	requireError(t, m.SetText(hl7.MustPath("PID-3"), "1|2"), hl7.KindDelimiters, "PID-3", -1)
	require.NoError(t, m.Set(hl7.MustPath("PID-3[1].1.1"), "1"))
	require.Equal(t, "MSH|^|A\rPID|1||1\r", string(m.Bytes()))
}

// TestSetThatWouldCut has a line feed that is text only as long as no field
// follows the three letters after it.
func TestSetThatWouldCut(t *testing.T) {
	const before = "MSH|^~\\&|A\rNTE|x\nabc\r"
	m := parse(t, before)
	require.Equal(t, 2, m.NumSegments())
	requireError(t, m.Set(hl7.MustPath("NTE-2"), "1"), hl7.KindBadValue, "NTE-2", 20)
	require.Equal(t, before, string(m.Bytes()))
}

func TestSetBytes(t *testing.T) {
	m := parse(t, "MSH|^~\\&|A||||||||||||||||UNICODE UTF-8\rPID|1||2\r")
	require.NoError(t, m.SetBytes(hl7.MustPath("PID-5.2"), []byte("Zo\xe9")))
	require.Equal(t, "PID|1||2||^Zo\xe9", string(m.Segment(1).Raw()))
	requireError(t, m.CheckText(), hl7.KindUndecodable, "PID-5.2", 53)
	require.NoError(t, m.SetBytes(hl7.MustPath("PID-2"), []byte("x\rZZZ|1")))
	require.Equal(t, 3, m.NumSegments(), "a stray segment, on purpose")
	require.NoError(t, m.SetBytes(hl7.MustPath("MSH-2"), []byte(`^~\&#`)))
	require.Equal(t, byte('#'), m.Delimiters().Truncation)
}

func TestSegmentsAddedAndRemoved(t *testing.T) {
	for _, c := range []struct{ name, before, added, removed string }{
		{"CR", "MSH|^~\\&|A\rPID|1\rPV1|1\r", "MSH|^~\\&|A\rPID|1\rZFA|1\rPV1|1\r", "MSH|^~\\&|A\rPID|1\rPV1|1\r"},
		{"LF", "MSH|^~\\&|A\nPID|1\nPV1|1\n", "MSH|^~\\&|A\nPID|1\nZFA|1\nPV1|1\n", "MSH|^~\\&|A\nPID|1\nPV1|1\n"},
		{"CR LF", "MSH|^~\\&|A\r\nPID|1\r\nPV1|1\r\n", "MSH|^~\\&|A\r\nPID|1\r\nZFA|1\r\nPV1|1\r\n", "MSH|^~\\&|A\r\nPID|1\r\nPV1|1\r\n"},
		{"no last terminator", "MSH|^~\\&|A\rPID|1", "MSH|^~\\&|A\rPID|1\rZFA|1\r", "MSH|^~\\&|A\rPID|1\r"},
		{"empty lines", "MSH|^~\\&|A\rPID|1\r\rPV1|1\r", "MSH|^~\\&|A\rPID|1\rZFA|1\r\rPV1|1\r", "MSH|^~\\&|A\rPID|1\r\rPV1|1\r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.before)
			require.NoError(t, m.AddSegment(1, "ZFA|1"))
			require.Equal(t, c.added, string(m.Bytes()))
			require.Equal(t, "ZFA", m.Segment(2).Name())
			require.NoError(t, m.RemoveSegment(2))
			require.Equal(t, c.removed, string(m.Bytes()))
		})
	}
}

func TestSetOnHugeMessage(t *testing.T) {
	m := parse(t, string(bigMessage(4<<20)))
	p := hl7.MustPath("OBX[20000]-5[2]")
	require.NoError(t, m.SetText(p, "changé"))
	require.Equal(t, "changé", m.Lookup(p).String())
}
