package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// message returns a message of some segments behind an MSH that is right.
func message(t testing.TB, version string, segments ...string) *hl7.Message {
	t.Helper()
	msh := "MSH|^~\\&|A|B|C|D|20260309||ADT^A01^ADT_A01|1|P|" + version + "||||||UNICODE UTF-8"
	m, err := hl7.Parse([]byte(strings.Join(append([]string{msh}, segments...), "\r")))
	require.NoError(t, err)
	return m
}

// check returns the findings on one segment, in words.
func check(t testing.TB, v *schema.Version, skip schema.Kinds, segment string) string {
	t.Helper()
	m := message(t, v.Base, segment)
	found := schema.Checker{Version: v, Skip: skip}.Segment(nil, m, 1, v.Segment(segment[:3]))
	var got []string
	for _, f := range found {
		s := fmt.Sprintf("%v %v %q", f.Kind, f.Location, m.Bytes()[f.Offset:f.Offset+f.Size])
		if f.Table != nil {
			s += " of " + f.Table.Number
		}
		if f.Max != 0 {
			s += fmt.Sprintf(" %d>%d", f.Count, f.Max)
		}
		require.Equal(t, 1, f.Segment)
		got = append(got, s)
	}
	return strings.Join(got, "; ")
}

func TestFields(t *testing.T) {
	const pid = "PID|1||1^^^A&1.2&ISO^PI||DUPONT^ZOE"
	for _, c := range []struct{ name, segment, want string }{
		{"as it should be", pid, ""},
		{"a required field is empty", "PID|1||||DUPONT", `field-missing PID-3 ""`},
		{"the segment ends before it", "PID|1||1", `field-missing PID-5 ""`},
		{"a segment of nothing", "PID", `field-missing PID-3 ""; field-missing PID-5 ""`},
		{"nothing but delimiters is empty", "PID|1||^^&~^|| ", `field-missing PID-3 ""; leading-blank PID-5.1 " "`},
		{"null where a value is required", `PID|1||""||DUPONT`, `field-null PID-3 "\"\""`},
		{"null where none is", pid + `||""|""`, ""},
		{"a component that is null", pid + `||||||^^""^^""`, ""},
		{"a date that does not exist", pid + "||20260230", `no-such-time PID-7.1 "20260230"`},
		{"not a date", pid + "||12/03/1999", `bad-format PID-7.1 "12/03/1999"`},
		{"precision of a date", pid + "||1999^D", ""},
		{"not a sequence number", "PID|A||1||DUPONT", `bad-format PID-1 "A"`},
		{"not a number", pid + "||||||||||||||||||||xx", `bad-format PID-25 "xx"`},
		{"a code of a user table", pid + "|||X", `not-suggested PID-8 "X" of 0001`},
		{"a code of an HL7 table", pid + "|||||||||||||||||||VIELLEICHT", `too-long PID-24 "VIELLEICHT" 10>1; not-in-table PID-24 "VIELLEICHT" of 0136`},
		{"a code in a component", "PID|1||1^^^A&1.2&OID^PI||DUPONT", `not-in-table PID-3.4.3 "OID" of 0301`},
		{"a code in another repetition", "PID|1||1^^^A^PI~2^^^A^QQ||DUPONT", `not-in-table PID-3[2].5 "QQ" of 0203`},
		{"a coded element", pid + "|||||2106-3^White^HL70005", ""},
		{"a coded element of a table", pid + "|||||||||||Z^Zzz", `not-suggested PID-16.1 "Z" of 0002`},
		{"the same of that table by name", pid + "|||||||||||Z^Zzz^HL70002", `not-suggested PID-16.1 "Z" of 0002`},
		{"the same of another code system", pid + "|||||||||||Z^Zzz^99LOCAL", ""},
		{"no such field", pid + strings.Repeat("|", 35) + "x", `field-unknown PID-40 "x"`},
		{"no such field, and empty", pid + strings.Repeat("|", 36), ""},
		{"no such component", "PID|1||1^^^A^PI^^^^^^x||DUPONT", `component-unknown PID-3.11 "x"`},
		{"no such component of a string", pid + "||||||||||||||||||Tours^37", `component-unknown PID-23.2 "37"`},
		{"no such sub-component", "PID|1||1&x^^^A^PI||DUPONT", `component-unknown PID-3.1.2 "x"`},
		{"no such sub-component of a string", pid + "||||||||||||||||||Tours&37", `component-unknown PID-23.1.2 "37"`},
		{"trailing delimiters", "PID|1||1^^^A&&^PI^^^^^^^^^||DUPONT&&&&&&&", ""},
		{"a required component is empty", "PID|1||^^^A^PI||DUPONT", `component-missing PID-3.1 ""`},
		{"a required sub-component is empty", pid + "^^^^^^^^&20260101", ""},
		{"repeated beyond the bound", pid + "||19990101~19990102", `field-repeated PID-7 "19990101~19990102" 2>1`},
		{"repeated beyond the bound by nothing", pid + "||19990101~~~|", ""},
		{"repeated within the bound", pid + strings.Repeat("|", 33) + `x^^L~y^^L`, ""},
		{"too long", pid + strings.Repeat("|", 18) + strings.Repeat("é", 251), `too-long PID-23 "` + strings.Repeat("é", 251) + `" 251>250`},
		{"not too long, in characters", pid + strings.Repeat("|", 18) + strings.Repeat("é", 250), ""},
		{"not too long, unescaped", pid + strings.Repeat("|", 18) + strings.Repeat("e", 249) + `\T\`, ""},
		{"a component too long", "PID|1||" + strings.Repeat("1", 16) + "^^^A^PI||DUPONT", `too-long PID-3.1 "1111111111111111" 16>15`},
		{"deprecated", "PID|1|1|1||DUPONT", `field-deprecated PID-2 "1"`},
		{"a leading blank", "PID|1||1||DUPONT^ Zoé", `leading-blank PID-5.2 " Zoé"`},
		{"deprecated, a composite", "MSA|AA|1||||207^x^HL70357", `field-deprecated MSA-6 "207^x^HL70357"`},
		{"withdrawn", "MSA|AA|1|||A", `field-withdrawn MSA-5 "A"`},
		{"varies, a number", "OBX|1|NM|8302-2^Taille^LN||1,75||||||F", `bad-format OBX-5 "1,75"`},
		{"varies, several numbers", "OBX|1|NM|8302-2^Taille^LN||1~x||||||F", `bad-format OBX-5[2] "x"`},
		{"varies, a composite", "OBX|1|CX|8302-2^Taille^LN||^x||||||F", `component-missing OBX-5.1 ""`},
		{"varies, a time", "OBX|1|TM|8302-2^Taille^LN||2561||||||F", `no-such-time OBX-5 "2561"`},
		{"varies, a type nobody defined here", "OBX|1|ED|8302-2^Taille^LN||^AP^x&y||||||F", ""},
		{"varies, no type", "OBX|1||8302-2^Taille^LN||^AP^x&y||||||F", ""},
		{"a range of dates", "PID|1||1||DUPONT^^^^^^^^^20260101&20261301", `no-such-time PID-5.10.2 "20261301"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, check(t, schema.V25(), 0, c.segment))
		})
	}
}

func TestFieldsOfOtherVersions(t *testing.T) {
	require.Equal(t, `field-not-used OBX-21 "x"`, check(t, schema.V251(), 0, "OBX|1||a||||||||F||||||||||x"))
	require.Equal(t, `hour-alone EVN-2.1 "2026030912"`, check(t, schema.V231(), 0, "EVN||2026030912"))
	require.Empty(t, check(t, schema.V25(), 0, "EVN||2026030912"))
	require.Equal(t, `field-unknown PID-31 "N"`, check(t, schema.V231(), 0, "PID|||1||A"+strings.Repeat("|", 26)+"N"))
	require.Empty(t, check(t, schema.V231(), 0, "ERR|PID^1^5^101"))
}

func TestSkippedKindsAreNotLookedFor(t *testing.T) {
	segment := "PID|1|1|1||" + strings.Repeat("x", 300) + "|||Q"
	require.Equal(t, `field-deprecated PID-2 "1"; not-suggested PID-8 "Q" of 0001`, check(t, schema.V25(), schema.KindsOf(schema.TooLong), segment))
	require.Empty(t, check(t, schema.V25(), schema.KindsOf(schema.TooLong, schema.FieldDeprecated, schema.NotSuggested), segment))
}

func TestHeaderIsRead(t *testing.T) {
	for _, c := range []struct{ msh, want string }{
		{"MSH|^~\\&|A|B|C|D|20260309||ADT^A01^ADT_A01|1|P|2.5", ""},
		{"MSH|^~\\&|A|B|C|D|20260309||ADT^A12^ADT_A12|1|P|2.5", ""}, // which table 0354 lacks
		{"MSH|^~\\&|A|B|C|D|20260309||ADT^Z99^ADT_A01|1|P|2.5", ""},
		{"MSH|^~\\&|A|B|C|D|20260309||ADT^A99^ADT_A01|1|P|2.5", "not-in-table MSH-9.2"},
		{"MSH|^~\\&|A|B|C|D|20260309||ADT|1|P|2.5", "component-missing MSH-9.2; component-missing MSH-9.3"},
		{"MSH|^~\\&|A|B|C|D|||ADT^A01^ADT_A01||P|2.5", "field-missing MSH-7; field-missing MSH-10"},
		{"MSH|^~\\&", "field-missing MSH-7; field-missing MSH-9; field-missing MSH-10; field-missing MSH-11; field-missing MSH-12"},
		{"MSH*:;!?*A*B*C*D*20260399**ADT:A01:ADT_A01*1*P*2.5", "no-such-time MSH-7.1"},
		{"MSH|^|A|B|C|D|20260309||ADT^A01^ADT_A01|1|P|2.5||||||8859/15~x", "not-in-table MSH-18; too-long"},
	} {
		m, err := hl7.Parse([]byte(c.msh))
		require.NoError(t, err)
		var got []string
		for _, f := range (schema.Checker{Version: schema.V25(), Skip: schema.KindsOf(schema.TooLong)}).Message(nil, m) {
			got = append(got, f.Kind.String()+" "+f.Location.String())
		}
		require.Equal(t, strings.TrimSuffix(c.want, "; too-long"), strings.Join(got, "; "), c.msh)
	}
}

// TestBuiltMessagesConform: what this product builds without national codes has
// no finding of any kind.
func TestBuiltMessagesConform(t *testing.T) {
	c := schema.Checker{Version: schema.V25()}
	for _, m := range journeys(t, "pam-2.5", 30) {
		for _, f := range c.Message(nil, m) {
			t.Errorf("%v %v %q", f.Kind, f.Location, m.Bytes()[f.Offset:f.Offset+f.Size])
		}
	}
}

func TestCheckingAllocatesNothingWhenAllIsWell(t *testing.T) {
	messages := journeys(t, "pam-2.5", 2)
	c := schema.Checker{Version: schema.V25()}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, m := range messages {
			if len(c.Message(nil, m)) > 0 {
				panic("a finding")
			}
		}
	}))
}

func TestFindingsAreBounded(t *testing.T) {
	m := message(t, "2.5", "PID|1||"+strings.Repeat("^^^^^^^^^^^x~", 100_000)+"|A")
	found := schema.Checker{Version: schema.V25()}.Message(nil, m)
	require.Len(t, found, 1000)
}
