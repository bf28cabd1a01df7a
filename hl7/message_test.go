package hl7_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// sample is a message that has a bit of everything.
const sample = "MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8\r" +
	"EVN||20260105101500\r" +
	"PID|||1001^^^CHU-X&1.2.250.1.999.1&ISO^PI~285^^^INS-NIR&1.2.250.1.213.1.4.10&ISO^INS||LEFÈVRE^Éloïse^^^^^L||19851204|F|\"\"|^^|12 rue A \\T\\ B^^LYON\r" +
	"ROL||AD\r" +
	"ROL||UP\r" +
	"ZFP\r"

func parse(t testing.TB, s string) *hl7.Message {
	t.Helper()
	m, err := hl7.Parse([]byte(s))
	require.NoError(t, err)
	return m
}

// requireError checks kind and place of an error of the package, and that it
// can be said in both languages.
func requireError(t testing.TB, err error, kind hl7.ErrorKind, location string, offset int) *hl7.Error {
	t.Helper()
	var e *hl7.Error
	require.True(t, errors.As(err, &e), "got %#v", err)
	require.Equal(t, kind, e.Kind, "%v", e)
	require.Equal(t, location, e.Location.String(), "%v", e)
	require.Equal(t, offset, e.Offset, "%v", e)
	requireSpoken(t, e)
	return e
}

// requireSpoken checks that an error speaks both languages.
func requireSpoken(t testing.TB, e interface {
	error
	In(string) string
	Hint(string) string
}) {
	t.Helper()
	require.Equal(t, e.In("en"), e.Error())
	require.NotEqual(t, e.In("en"), e.In("fr"))
	require.Equal(t, e.Hint("en") == "", e.Hint("fr") == "")
	for _, s := range []string{e.In("en"), e.In("fr"), e.Hint("en"), e.Hint("fr")} {
		require.NotContains(t, s, "%!")
		require.NotContains(t, s, "\n")
		require.False(t, strings.HasSuffix(s, "."), s)
	}
}

func TestParse(t *testing.T) {
	m := parse(t, sample)
	require.Equal(t, sample, string(m.Bytes()))
	require.Equal(t, hl7.StandardDelimiters(), m.Delimiters())
	require.Empty(t, m.Oddities())
	require.NoError(t, m.CheckText())

	var names []string
	for s := range m.Segments() {
		names = append(names, s.Location().String())
	}
	require.Equal(t, []string{"MSH", "EVN", "PID", "ROL", "ROL[2]", "ZFP"}, names)
	require.Equal(t, 6, m.NumSegments())

	pid := m.Segment(2)
	require.Equal(t, "PID", pid.Name())
	require.Equal(t, 11, pid.NumFields())
	require.Equal(t, strings.Index(sample, "PID"), pid.Offset())
	require.Equal(t, 2, pid.Index())
	require.Equal(t, "F", pid.Field(8).String())
	require.Equal(t, hl7.Absent, pid.Field(0).State())
	require.Equal(t, hl7.Absent, pid.Field(12).State())
	require.Equal(t, "F", string(pid.FieldRaw(8)))
	require.Empty(t, pid.FieldRaw(12))
	require.Equal(t, 18, m.Segment(0).NumFields())
	require.Zero(t, m.Segment(5).NumFields())
	require.Equal(t, "ZFP", string(m.Segment(5).Raw()))
}

// TestStates: the states of all fields at once are those of each field, up to
// field 63.
func TestStates(t *testing.T) {
	long := "OBX" + strings.Repeat(`|x|""|^&~|`, 30)
	m := parse(t, `MSH|^~\&|A|""|^`+"\r"+long+"\rZFP\r")
	for s := range m.Segments() {
		present, null, written := s.States()
		for n := range 64 {
			want := s.Field(n).State()
			require.Equal(t, want == hl7.Present, present>>n&1 == 1, "%s-%d", s.Name(), n)
			require.Equal(t, want == hl7.Null, null>>n&1 == 1, "%s-%d", s.Name(), n)
			require.Equal(t, n > 0 && len(s.FieldRaw(n)) > 0, written>>n&1 == 1, "%s-%d", s.Name(), n)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, in string
		kind     hl7.ErrorKind
		location string
		offset   int
		says     string
	}{
		{"nothing", "", hl7.KindEmpty, "", -1, "the input is empty"},
		{"blanks", " \t\r\n\xef\xbb", hl7.KindNotHL7, "", 4, `byte 4: no HL7 message: an MSH segment was expected, not "\xef\xbb"`},
		{"only blanks", "\xef\xbb\xbf \r\n", hl7.KindEmpty, "", -1, "the input is empty"},
		{"text", "bonjour", hl7.KindNotHL7, "", 0, `byte 0: no HL7 message: an MSH segment was expected, not "bonjour"`},
		{"XML", "<?xml version='1.0'?><ADT_A01 xmlns='urn:hl7-org:v2xml'/>", hl7.KindNotHL7, "", 0, `byte 0: no HL7 message: an MSH segment was expected, not "<?xml version='1.0'?><AD"…`},
		{"another segment first", "PID|1\rMSH|^~\\&|\r", hl7.KindNotHL7, "", 0, `byte 0: no HL7 message: an MSH segment was expected, not "PID|1\rMSH|^~\\&|\r"`},
		{"lower case", `msh|^~\&|`, hl7.KindNotHL7, "", 0, `byte 0: no HL7 message: an MSH segment was expected, not "msh|^~\\&|"`},
		{"longer name", `MSHA|^~\&|`, hl7.KindNotHL7, "", 0, `byte 0: no HL7 message: an MSH segment was expected, not "MSHA|^~\\&|"`},
		{"PNG", "\x89PNG\r\n\x1a\n", hl7.KindNotHL7, "", 0, `byte 0: no HL7 message: an MSH segment was expected, not "\x89PNG\r\n\x1a\n"`},
		{"UTF-16 LE with mark", "\xff\xfeM\x00S\x00", hl7.KindUTF16, "", 0, "byte 0: the input is UTF-16, which HL7 over MLLP cannot carry"},
		{"UTF-16 BE with mark", "\xfe\xff\x00M", hl7.KindUTF16, "", 0, ""},
		{"UTF-16 LE", "M\x00S\x00H\x00|\x00", hl7.KindUTF16, "", 0, ""},
		{"UTF-16 BE", "\x00M\x00S\x00H", hl7.KindUTF16, "", 0, ""},
		{"MLLP frame", "\x0bMSH|^~\\&|\r\x1c\r", hl7.KindFramed, "", 0, "byte 0: the message is still inside its MLLP frame (0x0B)"},
		{"batch", "\rFHS|^~\\&|\r", hl7.KindBatch, "", 1, "byte 1: a batch of messages begins here (FHS), not a message"},
		{"two messages", "MSH|^~\\&|A\rMSH|^~\\&|B\r", hl7.KindSeveral, "", 11, "byte 11: a second message begins here"},
		{"name only", "MSH", hl7.KindDelimiters, "MSH-1", 3, `MSH-1 (byte 3): the input ends after MSH`},
		{"blank as separator", "MSH ^~\\& ", hl7.KindDelimiters, "MSH-1", 3, `MSH-1 (byte 3): " " cannot be a delimiter: it has to be a printable ASCII character, no letter, digit, blank or quotation mark`},
		{"no encoding characters", "MSH|", hl7.KindDelimiters, "MSH-2", 4, ""},
		{"empty encoding characters", "MSH||A", hl7.KindDelimiters, "MSH-2", 4, "MSH-2 (byte 4): MSH-2 is empty: the message does not say how its components are separated"},
		{"encoding characters ended by CR", "MSH|\rPID", hl7.KindDelimiters, "MSH-2", 4, ""},
		{"six encoding characters", `MSH|^~\&#$|A`, hl7.KindDelimiters, "MSH-2", 4, ""},
		{"separator does not come back", "MSH|^~\\&GAM", hl7.KindDelimiters, "MSH-2", 4, ""},
		{"a delimiter twice", "MSH|^~^&|A", hl7.KindDelimiters, "MSH-2", 6, `MSH-2 (byte 6): "^" stands for two different delimiters`},
		{"quotation mark", "MSH|^~\"&|A", hl7.KindDelimiters, "MSH-2", 6, ""},
		{"letter", "MSH|^~E&|A", hl7.KindDelimiters, "MSH-2", 6, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := hl7.Parse([]byte(c.in))
			require.Nil(t, m)
			e := requireError(t, err, c.kind, c.location, c.offset)
			require.NotEmpty(t, e.Hint("en"))
			if c.says != "" {
				require.Equal(t, c.says, e.Error())
			}
			if c.kind != hl7.KindSeveral {
				_, err = hl7.ParseHeader([]byte(c.in))
				requireError(t, err, c.kind, c.location, c.offset)
			}
		})
	}
}

func TestErrorInFrench(t *testing.T) {
	_, err := hl7.Parse([]byte("MSH|^~^&|A"))
	e := requireError(t, err, hl7.KindDelimiters, "MSH-2", 6)
	require.Equal(t, `MSH-2 (octet 6) : "^" sert pour deux délimiteurs différents`, e.In("fr"))
	require.Equal(t, `commencez le message par MSH|^~\&|`, e.Hint("fr"))
}

// TestTolerance has the deviations that are read all the same, and told.
func TestTolerance(t *testing.T) {
	const msh = `MSH|^~\&|A|B||||||1|P|2.5`
	type odd = hl7.Oddity
	for _, c := range []struct {
		name, in string
		segments []string
		want     []odd
	}{
		{"correct", msh + "\rPID|1\r", []string{msh, "PID|1"}, nil},
		{"line feeds", msh + "\nPID|1\n", []string{msh, "PID|1"}, []odd{{hl7.OddLineFeed, 25, 2}}},
		{"CR LF", msh + "\r\nPID|1\r\n", []string{msh, "PID|1"}, []odd{{hl7.OddCRLF, 25, 2}}},
		{"LF CR", msh + "\n\rPID|1\r", []string{msh, "PID|1"}, []odd{{hl7.OddLineFeed, 25, 1}, {hl7.OddEmptyLine, 26, 1}}},
		{"mixed", msh + "\rEVN\nPID|1\r\n", []string{msh, "EVN", "PID|1"}, []odd{{hl7.OddLineFeed, 29, 1}, {hl7.OddCRLF, 35, 1}}},
		{"no last terminator", msh + "\rPID|1", []string{msh, "PID|1"}, []odd{{hl7.OddNoTerminator, 31, 1}}},
		{"empty lines", msh + "\r\r \t\rPID|1\r\r", []string{msh, "PID|1"}, []odd{{hl7.OddEmptyLine, 26, 2}}},
		{"empty lines, LF", msh + "\n\nPID|1\n\n", []string{msh, "PID|1"}, []odd{{hl7.OddLineFeed, 25, 2}, {hl7.OddEmptyLine, 26, 2}}},
		{"byte order mark", "\xef\xbb\xbf" + msh + "\r", []string{msh}, []odd{{hl7.OddByteOrderMark, 0, 1}}},
		{"leading blanks", " \r\n\t" + msh + "\r", []string{msh}, []odd{{hl7.OddLeadingBlanks, 0, 1}}},
		{"line feed in a text", msh + "\rNTE|1||two\nlines|x\r", []string{msh, "NTE|1||two\nlines|x"}, []odd{{hl7.OddControlByte, 36, 1}}},
		{"blank line in a text", msh + "\rNTE|1||two\n\nlines|x\r", []string{msh, "NTE|1||two\n\nlines|x"}, []odd{{hl7.OddControlByte, 36, 2}}},
		{"control bytes", msh + "\rNTE|1||a\tb\x00\r", []string{msh, "NTE|1||a\tb\x00"}, []odd{{hl7.OddControlByte, 34, 2}}},
		{"carriage return in a text", msh + "\rNTE|1||two\rlines|x\r", []string{msh, "NTE|1||two", "lines|x"}, []odd{{hl7.OddSegmentName, 37, 1}}},
		{"lower case name", msh + "\rpid|1\r", []string{msh, "pid|1"}, []odd{{hl7.OddSegmentName, 26, 1}}},
		{"lower case name after LF", msh + "\npid|1\n", []string{msh, "pid|1"}, []odd{{hl7.OddLineFeed, 25, 2}, {hl7.OddSegmentName, 26, 1}}},
		{"MSH-2 too short", "MSH|^&|A\rPID|1\r", []string{"MSH|^&|A", "PID|1"}, []odd{{hl7.OddShortDelimiters, 4, 1}}},
		{"MSH-2 alone", "MSH|^~\r", []string{`MSH|^~`}, []odd{{hl7.OddShortDelimiters, 4, 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.in)
			require.Equal(t, c.in, string(m.Bytes()), "round trip")
			var segments []string
			for s := range m.Segments() {
				segments = append(segments, string(s.Raw()))
				require.Equal(t, string(s.Raw()), c.in[s.Offset():s.Offset()+len(s.Raw())])
			}
			require.Equal(t, c.segments, segments)
			require.Equal(t, c.want, m.Oddities())
			for _, o := range m.Oddities() {
				require.NotEqual(t, o.In("en"), o.In("fr"))
				require.Equal(t, o.Hint("en") == "", o.Hint("fr") == "")
			}
		})
	}
}

func TestOddityIn(t *testing.T) {
	o := hl7.Oddity{Kind: hl7.OddLineFeed, Offset: 25, Count: 2}
	require.Equal(t, "a segment ends with LF (2 times, first at byte 25)", o.In("en"))
	require.Equal(t, "un segment se termine par LF (2 fois, d'abord à l'octet 25)", o.In("fr"))
	o.Count = 1
	require.Equal(t, "a segment ends with LF (once, at byte 25)", o.In("en"))
	require.Equal(t, "un segment se termine par LF (une fois, à l'octet 25)", o.In("fr"))
}

func TestDelimiters(t *testing.T) {
	for _, c := range []struct {
		name, in    string
		want        hl7.Delimiters
		given, unit string // PID-5.2 and PID-3.4.2
	}{
		{"standard", "MSH|^~\\&|A\rPID|||1^^^N&U||F^G", hl7.StandardDelimiters(), "G", "U"},
		{"custom", "MSH@~&#\\@A\rPID@@@1~~~N\\U@@F~G", hl7.Delimiters{Field: '@', Component: '~', Repetition: '&', Escape: '#', Subcomponent: '\\'}, "G", "U"},
		{"truncation, v2.7", "MSH|^~\\&#|A\rPID|||1^^^N&U||F^G", hl7.Delimiters{Field: '|', Component: '^', Repetition: '~', Escape: '\\', Subcomponent: '&', Truncation: '#'}, "G", "U"},
		{"two only", "MSH|^&|A\rPID|||1^^^N&U||F^G", hl7.Delimiters{Field: '|', Component: '^', Repetition: '&'}, "G", ""},
		{"one only, and zero bytes", "MSH|^|A\rPID|||1^^^N\x00U||F^G", hl7.Delimiters{Field: '|', Component: '^'}, "G", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.in)
			require.Equal(t, c.want, m.Delimiters())
			require.Equal(t, c.given, m.Get("PID-5.2"))
			require.Equal(t, c.unit, m.Get("PID-3.4.2"))
			require.Equal(t, c.want.EncodingCharacters(), m.Get("MSH-2"))
			require.Equal(t, string(c.want.Field), m.Get("MSH-1"))
			require.Equal(t, "A", m.Get("MSH-3"))
		})
	}
}

func TestLocate(t *testing.T) {
	m := parse(t, sample)
	for mark, want := range map[string]string{
		"MSH|":          "MSH",
		"|^~":           "MSH-1",
		"~\\&|":         "MSH-2",
		"S00042":        "MSH-10",
		"\rEVN":         "MSH",
		"EVN":           "EVN",
		"PID|||":        "PID",
		"1001":          "PID-3.1",
		"CHU-X&1.2.250": "PID-3.4",
		"1.2.250.1.999": "PID-3.4.2",
		"~285":          "PID-3.5",
		"285^":          "PID-3[2].1",
		"INS\r":         "",
		"INS||":         "PID-3[2].5",
		"19851204":      "PID-7",
		"UP":            "ROL[2]-2",
		"ZFP":           "ZFP",
	} {
		if at := strings.Index(sample, mark); at >= 0 {
			require.Equal(t, want, m.Locate(at).String(), "%q", mark)
		} else {
			require.Empty(t, want)
		}
	}
	require.Empty(t, m.Locate(-1).String())
	require.Equal(t, "ZFP", m.Locate(len(sample)+10).String())
}

func TestClone(t *testing.T) {
	m := parse(t, sample)
	c := m.Clone()
	old := m.Lookup(hl7.MustPath("PID-8"))
	require.NoError(t, m.Set(hl7.MustPath("PID-8"), "M"))
	require.Equal(t, "M", m.Get("PID-8"))
	require.Equal(t, "F", c.Get("PID-8"))
	require.Equal(t, sample, string(c.Bytes()))
	require.Equal(t, "F", old.String(), "a value keeps what it was")
}

// TestConcurrentReading is for the race detector.
func TestConcurrentReading(t *testing.T) {
	m := parse(t, sample)
	p := hl7.MustPath("PID-3[.5=INS].4.2")
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			for range 100 {
				_ = m.Lookup(p).String() + m.Get("PID-5") + m.Header().ControlID
				_, _ = m.CheckText(), m.Oddities()
				c := m.Clone()
				_ = c.Set(hl7.MustPath("PID-8"), "U")
			}
		})
	}
	done.Wait()
	require.Equal(t, sample, string(m.Bytes()))
}

// TestHostileInput parses inputs made to be slow or big. Something quadratic
// would take minutes with a megabyte; the bound is generous.
func TestHostileInput(t *testing.T) {
	const size = 1 << 20
	random := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = "|^~\\&\r\nAZ09 "[r.IntN(12)]
	}
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var names []byte // far more of them than any message has
	for i := 0; len(names) < size; i++ {
		names = append(names, 'N'+byte(i%13), digits[i/13%36], digits[i/13/36%36], '|', '\r')
	}
	for _, c := range []struct{ name, body string }{
		{"separators", strings.Repeat("|", size)},
		{"carriage returns", strings.Repeat("\r", size)},
		{"line feeds", strings.Repeat("\n", size)},
		{"line feeds, then text", strings.Repeat("\n", size) + "x"},
		{"line feeds and text", strings.Repeat("x\n", size/2)},
		{"short lines", strings.Repeat("A\r", size/2)},
		{"blanks", strings.Repeat(" ", size) + "x"},
		{"escapes", strings.Repeat("\\", size-1)},
		{"repetitions", "\rPID|||" + strings.Repeat("~", size)},
		{"names", string(names)},
		{"random", string(random)},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := []byte("MSH|^~\\&|A|" + c.body)
			start := time.Now()
			m, err := hl7.Parse(data)
			require.NoError(t, err)
			require.Equal(t, len(data), len(m.Bytes()))
			_, err = hl7.ParseHeader(data)
			require.NoError(t, err)
			_, err = hl7.Split(data)
			require.NoError(t, err)
			_ = m.Oddities()
			require.NoError(t, m.CheckText())
			_ = m.Get("MSH-3") + m.Get("PID-3") + m.Get("PID-3[9999].1")
			n := 0
			for range m.All(hl7.MustPath("PID-3[*].1")) {
				n++
			}
			require.NoError(t, m.Set(hl7.MustPath("MSH-10"), "1"))
			require.Less(t, time.Since(start), 20*time.Second)
		})
	}
}

func TestOccurrences(t *testing.T) {
	// More names than the table on the stack has room for.
	var b strings.Builder
	b.WriteString("MSH|^~\\&|A\r")
	want := map[string]int{"MSH": 1}
	r := rand.New(rand.NewPCG(3, 4))
	var order []string
	for range 500 {
		name := "Z" + string(rune('A'+r.IntN(10))) + string(rune('0'+r.IntN(10)))
		order = append(order, name)
		b.WriteString(name + "|1\r")
	}
	m := parse(t, b.String())
	for s := range m.Segments() {
		if s.Name() == "MSH" {
			continue
		}
		want[s.Name()]++
		require.Equal(t, want[s.Name()], s.Occurrence())
	}
	require.Greater(t, len(want), 64)
	require.True(t, slices.Contains(order, "ZA0"))
}
