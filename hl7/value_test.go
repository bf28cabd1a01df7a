package hl7_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func lookup(t testing.TB, m *hl7.Message, path string) hl7.Value {
	t.Helper()
	p, err := hl7.CompilePath(path)
	require.NoError(t, err)
	return m.Lookup(p)
}

func TestLookup(t *testing.T) {
	m := parse(t, sample)
	for _, c := range []struct {
		path     string
		state    hl7.State
		text     string
		location string
		offset   int // -1: where the text is
	}{
		{"PID-5", hl7.Present, "LEFÈVRE^Éloïse^^^^^L", "PID-5", -1},
		{"PID-5.1", hl7.Present, "LEFÈVRE", "PID-5.1", -1},
		{"PID-5.2", hl7.Present, "Éloïse", "PID-5.2", -1},
		{"PID-5.3", hl7.Absent, "", "PID-5.3", strings.Index(sample, "^^^^^L") + 1},
		{"PID-5.9", hl7.Absent, "", "PID-5.9", strings.Index(sample, "||19851204")},
		{"PID-5[2].1", hl7.Absent, "", "PID-5[2].1", strings.Index(sample, "||19851204")},
		{"PID-3", hl7.Present, "1001^^^CHU-X&1.2.250.1.999.1&ISO^PI~285^^^INS-NIR&1.2.250.1.213.1.4.10&ISO^INS", "PID-3", -1},
		{"PID-3[1]", hl7.Present, "1001^^^CHU-X&1.2.250.1.999.1&ISO^PI", "PID-3", -1},
		{"PID-3[2]", hl7.Present, "285^^^INS-NIR&1.2.250.1.213.1.4.10&ISO^INS", "PID-3[2]", -1},
		{"PID-3[2].4.2", hl7.Present, "1.2.250.1.213.1.4.10", "PID-3[2].4.2", -1},
		{"PID-3[2].4", hl7.Present, "INS-NIR&1.2.250.1.213.1.4.10&ISO", "PID-3[2].4", -1},
		{"PID-3[.5=INS].1", hl7.Present, "285", "PID-3[2].1", -1},
		{"PID-3(.4.2=1.2.250.1.213.1.4.10).5", hl7.Present, "INS", "PID-3[2].5", strings.Index(sample, "INS||")},
		{"PID-3[.5=XX].1", hl7.Absent, "", "PID-3.1", strings.Index(sample, "||LEF")},
		{"PID-7", hl7.Present, "19851204", "PID-7", -1},
		{"PID-7.1", hl7.Present, "19851204", "PID-7.1", -1},
		{"PID-7.1.1", hl7.Present, "19851204", "PID-7.1.1", -1},
		{"PID-7.2", hl7.Absent, "", "PID-7.2", strings.Index(sample, "|F|")},
		{"PID-9", hl7.Null, `""`, "PID-9", -1},
		{"PID-9.1", hl7.Null, `""`, "PID-9.1", -1},
		{"PID-10", hl7.Absent, "^^", "PID-10", strings.Index(sample, "|^^|") + 1}, // delimiters carry nothing
		{"PID-11.1", hl7.Present, "12 rue A & B", "PID-11.1", strings.Index(sample, "12 rue")},
		{"PID-11", hl7.Present, `12 rue A \T\ B^^LYON`, "PID-11", -1},
		{"PID-12", hl7.Absent, "", "PID-12", strings.Index(sample, "\rROL")},
		{"PID-12.3.4", hl7.Absent, "", "PID-12.3.4", strings.Index(sample, "\rROL")},
		{"MSH-1", hl7.Present, "|", "MSH-1", 3},
		{"MSH-2", hl7.Present, `^~\&`, "MSH-2", 4},
		{"MSH-2.1", hl7.Present, `^~\&`, "MSH-2.1", 4},
		{"MSH-3", hl7.Present, "GAM", "MSH-3", -1},
		{"MSH-9.3", hl7.Present, "ADT_A01", "MSH-9.3", -1},
		{"MSH-12.3", hl7.Present, "2.11", "MSH-12.3", -1},
		{"MSH-19", hl7.Absent, "", "MSH-19", strings.Index(sample, "\rEVN")},
		{"ROL[2]-2", hl7.Present, "UP", "ROL[2]-2", -1},
		{"ROL[*]-2", hl7.Present, "AD", "ROL-2", strings.Index(sample, "AD\r")},
		{"ROL[3]-2", hl7.Absent, "", "ROL[3]-2", len(sample)},
		{"ROL[2]", hl7.Present, "ROL||UP", "ROL[2]", -1},
		{"ZFP", hl7.Present, "ZFP", "ZFP", -1},
		{"ZFP-1", hl7.Absent, "", "ZFP-1", len(sample) - 1},
		{"ZBE", hl7.Absent, "", "ZBE", len(sample)},
		{"ZBE-1.2.3", hl7.Absent, "", "ZBE-1.2.3", len(sample)},
	} {
		t.Run(c.path, func(t *testing.T) {
			v := lookup(t, m, c.path)
			require.Equal(t, c.state, v.State())
			text, err := v.Text()
			require.NoError(t, err)
			require.Equal(t, c.text, text)
			require.Equal(t, c.text, v.String())
			require.Equal(t, c.text, m.Get(c.path))
			require.Equal(t, c.location, v.Location().String())
			offset := c.offset
			if offset < 0 {
				offset = strings.Index(sample, c.text)
			}
			require.Equal(t, offset, v.Offset())
			require.Equal(t, string(v.Raw()), sample[v.Offset():v.Offset()+len(v.Raw())])
		})
	}
	require.Empty(t, m.Get("no path"))
	require.Equal(t, hl7.Absent, m.Lookup(hl7.Path{}).State())
	require.Empty(t, m.Lookup(hl7.Path{}).Location())
}

func TestZeroValue(t *testing.T) {
	var v hl7.Value
	require.Equal(t, hl7.Absent, v.State())
	require.Empty(t, v.String())
	require.Empty(t, v.Location())
	require.Empty(t, slices.Collect(v.Repetitions()))
	require.Equal(t, hl7.Absent, v.Repetition(1).Component(2).Subcomponent(3).State())
}

func TestStateString(t *testing.T) {
	require.Equal(t, "absent null present", hl7.Absent.String()+" "+hl7.Null.String()+" "+hl7.Present.String())
}

func TestAll(t *testing.T) {
	m := parse(t, "MSH|^~\\&|A\rPID|||1^^^X^PI~2^^^X~~4^^^X^PI\rOBX|1|TX\rOBX|2\rOBX|3|NM\r")
	for _, c := range []struct {
		path string
		want []string
	}{
		{"PID-3[*].1", []string{"1", "2", "", "4"}},
		{"PID-3[*].5", []string{"PI", "", "", "PI"}},
		{"PID-3[.5=PI].1", []string{"1", "4"}},
		{"PID-3[.5=XX].1", nil},
		{"PID-4[*].1", nil},
		{"PID-4[*]", nil},
		{"PID-4", []string{""}},
		{"PID-3[2].1", []string{"2"}},
		{"PID-3.1", []string{"1"}},
		{"PID-3", []string{"1^^^X^PI~2^^^X~~4^^^X^PI"}},
		{"OBX[*]-2", []string{"TX", "", "NM"}},
		{"OBX[*]-2[1]", []string{"TX", "", "NM"}},
		{"OBX[*]-2[*]", []string{"TX", "NM"}},
		{"OBX[*]", []string{"OBX|1|TX", "OBX|2", "OBX|3|NM"}},
		{"OBX[2]-1", []string{"2"}},
		{"OBX[2]-1[*]", []string{"2"}},
		{"ZBE[*]-1", nil},
		{"ZBE-1", []string{""}},
	} {
		t.Run(c.path, func(t *testing.T) {
			var got []string
			for v := range m.All(hl7.MustPath(c.path)) {
				got = append(got, v.String())
			}
			require.Equal(t, c.want, got)
			for v := range m.All(hl7.MustPath(c.path)) {
				require.Equal(t, c.want[0], v.String()) // and stop
				break
			}
		})
	}
}

func TestDescend(t *testing.T) {
	m := parse(t, "MSH|^~\\&|A\rPID|||a&b^c~d^e&f^g\r")
	f := lookup(t, m, "PID-3")
	require.Equal(t, "a", f.Subcomponent(1).String(), "of the first component of the first repetition")
	require.Equal(t, "b", f.Subcomponent(2).String())
	require.Equal(t, "c", f.Component(2).String())
	require.Equal(t, "f", f.Repetition(2).Component(2).Subcomponent(2).String())
	require.Equal(t, "PID-3[2].2.2", f.Repetition(2).Component(2).Subcomponent(2).Location().String())
	require.Equal(t, "d^e&f^g", f.Repetition(2).Repetition(1).String(), "its own only repetition")
	require.Equal(t, hl7.Absent, f.Repetition(2).Repetition(2).State())
	require.Equal(t, hl7.Absent, f.Component(0).State())
	require.Equal(t, hl7.Absent, f.Repetition(-1).State())
	require.Equal(t, hl7.Absent, lookup(t, m, "PID").Component(1).State(), "segments have fields, not components")
	require.Len(t, slices.Collect(f.Component(1).Repetitions()), 1)
	require.Len(t, slices.Collect(lookup(t, m, "MSH-2").Repetitions()), 1)
}

func TestTextInOtherDelimiters(t *testing.T) {
	// Field @, component ~, repetition &, escape #, sub-component \.
	m := parse(t, `MSH@~&#\@A`+"\r"+`PID@@@1~2\3&4@^ and ~ and |@a#S#b#E#c@#.br#x~y`+"\r")
	require.Equal(t, "1^2&3~4", m.Get("PID-3"))
	require.Equal(t, `\S\ and ^ and \F\`, m.Get("PID-4"), "composite: ER7 in the standard delimiters")
	require.Equal(t, "^ and ", m.Get("PID-4.1"))
	require.Equal(t, "a~b#c", m.Get("PID-5"), "no composite: unescaped")
	require.Equal(t, `\.br\x^y`, m.Get("PID-6"))
	require.Equal(t, `MSH|^~\&|A`, m.Get("MSH"))
	require.Equal(t, `PID|||1^2&3~4|\S\ and ^ and \F\|a\S\b\E\c|\.br\x^y`, m.Get("PID"))
}

func TestTextThatDoesNotDecode(t *testing.T) {
	for _, c := range []struct {
		name, msh18, field string
		path               string
		location           string
		offset             int // in the field
		byteValue          string
	}{
		{"accent in ASCII", "", "Zo\xe9^Ana\xefs", "PID-5.1", "PID-5.1", 2, "0xE9"},
		{"accent in the whole field", "", "Zoe^Ana\xefs", "PID-5", "PID-5.2", 7, "0xEF"},
		{"Latin-1 announced as UTF-8", "UNICODE UTF-8", "Zoe~a^b&Ana\xefs", "PID-5", "PID-5[2].2.2", 11, "0xEF"},
		{"cut UTF-8", "UNICODE UTF-8", "Zo\xc3", "PID-5.1", "PID-5", 2, "0xC3"},
		{"UTF-8 announced as Latin-1", "8859/1", "\xc3\x89lo", "PID-5", "PID-5", 1, "0x89"},
		{"Windows-1252 announced as Latin-9", "8859/15", "l\x92eau", "PID-5", "PID-5", 1, "0x92"},
		{"hexadecimal escape", "UNICODE UTF-8", `abc\XE9\`, "PID-5", "PID-5", 3, "0xE9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const before = "PID|||||"
			msh := "MSH|^~\\&|A|||||||1|P|2.5||||||" + c.msh18 + "\r"
			m := parse(t, msh+before+c.field+"\r")
			v := lookup(t, m, c.path)
			s, err := v.Text()
			require.Empty(t, s)
			offset := len(msh+before) + c.offset
			e := requireError(t, err, hl7.KindUndecodable, c.location, offset)
			require.Contains(t, e.Error(), c.byteValue)
			require.NotContains(t, v.String(), "�")
			require.True(t, strings.HasPrefix(v.String(), `"`), "the Go form")
			if !strings.Contains(c.name, "escape") {
				requireError(t, m.CheckText(), hl7.KindUndecodable, c.location, offset)
			}
		})
	}
}

func TestUnknownCharset(t *testing.T) {
	m := parse(t, "MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR 999\rPID|||||ZO\xc9^ZOE\r")
	_, err := m.Charset()
	e := requireError(t, err, hl7.KindUnknownCharset, "MSH-18", 30)
	require.Equal(t, `MSH-18 (byte 30): the character set "ISO IR 999" is not known`, e.Error())
	requireError(t, m.CheckText(), hl7.KindUnknownCharset, "MSH-18", 30)
	_, err = lookup(t, m, "PID-5.1").Text()
	requireError(t, err, hl7.KindUnknownCharset, "MSH-18", 30)
	require.Equal(t, "ZOE", m.Get("PID-5.2"), "ASCII can be read in every set")
}

func TestValueTime(t *testing.T) {
	m := parse(t, "MSH|^~\\&|A\rPID|||||||19850230|F|20260105^D|x\xe9\r")
	_, err := lookup(t, m, "PID-7").Time(nil)
	e := requireError(t, err, hl7.KindTime, "PID-7", 21)
	require.Equal(t, `PID-7 (byte 21): the date "19850230" does not exist`, e.Error())
	got, err := lookup(t, m, "PID-9").Time(nil)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), got.Time)
	_, err = lookup(t, m, "PID-10").Time(nil)
	requireError(t, err, hl7.KindTime, "PID-10", 43)
	_, err = lookup(t, m, "PID-11").Time(nil)
	requireError(t, err, hl7.KindTime, "PID-11", 45)
}
