package profile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

func load(t testing.TB, name string) *profile.Profile {
	t.Helper()
	p, err := profile.Load(name)
	require.NoError(t, err)
	return p
}

// TestCounts pins how much of the French digest is here: 36 events and the
// acknowledgement, 34 segments with 682 fields, 39 data types and its 69
// tables, with one for SS in IN1-49 and one for newer countries.
func TestCounts(t *testing.T) {
	p := load(t, "pam-fr-2.11.2")
	require.Len(t, p.Events(), 37)
	require.Len(t, p.Tables(), 71)
	fields, segments := 0, strings.Fields("MSH SFT EVN PID PD1 ROL NK1 PV1 PV2 ZBE ZFA ZFP ZFV ZFM ZFD ZFS DB1 OBX AL1 DG1 DRG PR1 GT1 IN1 IN2 IN3 ACC UB1 UB2 PDA MRG NTE MSA ERR")
	require.Len(t, segments, 34)
	for _, name := range segments {
		require.NotNil(t, p.Version.Segment(name), name)
		fields += len(p.Version.Segment(name).Fields)
	}
	require.Equal(t, 682, fields)
	for _, name := range strings.Fields("AUI CE CNE CP CQ CWE CX DDI DLD DLN DR DTN EI ELD ERL FC FN HD ICD JCC MO MOP MSG NA OCD OSP PL PT PTA RMC SAD TS UVC VID XAD XCN XON XPN XTN") {
		require.NotNil(t, p.Version.Type(name), name)
	}
}

// TestDialects finds a profile for each dialect that we write.
func TestDialects(t *testing.T) {
	for _, d := range pam.Dialects() {
		p := load(t, d.Name)
		require.Equal(t, d.Name, p.Dialect)
	}
	require.Same(t, load(t, ""), load(t, "pam-fr-2.11.2"))
	require.Same(t, load(t, "pam-fr-2.11"), load(t, "pam-fr-2.11.2"))
	require.NotContains(t, profile.Names(), "pid-2.5.1")
}

func TestUnknownProfile(t *testing.T) {
	_, err := profile.Load("pam-fr-2.12")
	var unknown *profile.UnknownError
	require.ErrorAs(t, err, &unknown)
	require.Contains(t, unknown.Near, "pam-fr-2.11")
	require.Equal(t, "« pam-fr-2.12 » n'est ni un profil ni un dialecte", unknown.In("fr"))
	require.Contains(t, unknown.Hint("en"), "did you mean")
	_, err = profile.Load("pid-2.5.1")
	require.ErrorAs(t, err, &unknown, "a file to borrow from")
	_, err = profile.Load("what is this")
	require.True(t, errors.As(err, &unknown))
	require.Contains(t, unknown.Hint("fr"), "adt-2.3.1+pid-2.5.1")
}

func TestOrigins(t *testing.T) {
	p := load(t, "")
	for place, want := range map[string]string{
		"PID-3": "fr PAM.fr 6.6.1", "PID-10": "fr PAM.fr 6.3", "PID-2": "iti IHE 3.30.5.3", "PID-23": "hl7 HL7 v2.5", "ZBE-9": "fr PAM.fr 6.13.9",
		"PID-29": "hl7 HL7 v2.5", "MSA-3": "iti IHE C.2.3.1", "PID-99": " ", "XYZ-1": " ",
	} {
		segment, n, _ := strings.Cut(place, "-")
		o := p.FieldOrigin(segment, number(n))
		require.Equal(t, want, o.Layer+" "+o.Source, place)
	}
	require.Equal(t, "fr", p.ComponentOrigin("CX", 1).Layer)
	require.Equal(t, "iti", p.ComponentOrigin("CX", 4).Layer)
	require.Equal(t, "hl7", p.ComponentOrigin("CX", 2).Layer)
	require.Equal(t, "iti", p.ComponentOrigin("CX-IN1-49", 4).Layer, "a variant of CX")
	require.Equal(t, "fr", load(t, "pam-fr-2.3.1").ComponentOrigin("CX", 1).Layer, "borrowed with PID")
	require.Equal(t, profile.Origin{}, p.ComponentOrigin("CX", 11))
	require.Equal(t, "PAM.fr 6.10.1", p.TableOrigin("0004").Source)
	require.Equal(t, "hl7", p.TableOrigin("0061").Layer)
	require.Equal(t, profile.Origin{}, p.TableOrigin("nope"))
	require.Equal(t, "Nature du mouvement", p.FieldName("ZBE", 9).FR)
	require.Equal(t, "Mouvement", p.SegmentName("ZBE").FR)
	require.Equal(t, pam.Text{FR: "Numéro de séquence", EN: "Sequence Number"}, p.FieldName("MSH", 13))
	require.Equal(t, pam.Text{FR: "Statut du lit", EN: "Bed Status"}, p.FieldName("PV1", 40))
	require.Equal(t, "Patient Identification", p.SegmentName("PID").EN)
	require.Zero(t, p.FieldName("PID", 99))
	require.Equal(t, "Discipline médico-tarifaire", load(t, "adt-2.3.1").FieldName("PV1", 10).FR)
	require.Equal(t, "Jour", p.ComponentName("NA", 1).FR)
	require.True(t, p.HasLayer("fr"))
	require.False(t, load(t, "pam-2.5").HasLayer("fr"))
}

func number(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

func TestTables(t *testing.T) {
	p := load(t, "")
	sex := p.Table("0001")
	require.Equal(t, "closed", sex.Kind)
	require.Equal(t, profile.Code{Value: "F", Label: pam.Text{FR: "Féminin", EN: "Female"}}, sex.Codes[0])
	require.Equal(t, schema.HL7Table, p.Version.Table("0001").Kind)
	require.Equal(t, schema.UserTable, p.Version.Table("0063").Kind)
	require.False(t, p.Version.Table("0113").Closed(), "external")
	require.False(t, p.Version.Table("FR-IN1-14.1").Closed(), "indicative")
	events := p.Table("0003")
	require.Len(t, events.Codes, 36)
	require.Equal(t, "Admission hospitalisé", events.Codes[0].Label.FR)
	hl7Own := p.Table("0061")
	require.Equal(t, "hl7", hl7Own.Kind)
	require.Contains(t, hl7Own.UsedBy, "CX.3")
	require.Nil(t, p.Table("nope"))
	both := p.Version.Segment("IN1").Field(31).Table
	require.True(t, both.Contains([]byte("41")) && both.Contains([]byte("87")) && !both.Contains([]byte("86")))
	joint := p.Table("0399/FR-0399-ISO")
	require.Len(t, joint.Codes, 252)
	require.Equal(t, "fr", p.TableOrigin("0399/FR-0399-ISO").Layer)
	require.Nil(t, p.Table("0001/0002"))
	for _, number := range p.Tables() {
		for _, c := range p.Table(number).Codes {
			require.NotEmpty(t, c.Label.FR, number)
			require.NotEmpty(t, c.Label.EN, number)
		}
	}
}

func TestEvents(t *testing.T) {
	p := load(t, "")
	a01 := p.Event("A01")
	require.Equal(t, "ITI-31", a01.Transaction)
	require.Equal(t, "ADT_A01", a01.Structure)
	require.Equal(t, "IR", a01.Classes)
	require.Equal(t, "V", a01.TolerateClasses)
	require.Equal(t, []string{"INSERT"}, a01.Actions)
	require.Equal(t, []string{"ZFA", "ZFP", "ZFV", "ZFM", "ZFD"}, a01.Z)
	require.True(t, a01.Foresees("ZBE") && a01.Foresees("ZFV") && !a01.Foresees("ZFS"))
	require.Equal(t, []string{"A01", "A04"}, p.Event("A11").Cancels)
	require.True(t, p.Event("A05").StrictOrder)
	require.True(t, p.Event("A05").PV2Unsupported)
	require.False(t, p.Event("A28").ZBE)
	require.Equal(t, "ACK", p.Event("ACK").Type)
	require.Nil(t, p.Event("A08"))
	require.NotNil(t, load(t, "pam-2.5").Event("A08"))
	require.Nil(t, load(t, "pam-2.5").Event("A17"))
	require.NotNil(t, load(t, "adt-2.3.1").Event("A17"))
	require.Empty(t, load(t, "pam-fr-2.11.0").Event("A01").TolerateClasses)
	require.Equal(t, "EIOR", load(t, "pam-fr-2.10").Event("A02").Classes)
	require.Nil(t, load(t, "pam-fr-2.3.1").Event("A54"), "HL7 v2.3.1 does not have it")
}

// TestOrderOnly tells French segments in another order from French segments in
// the wrong place.
func TestOrderOnly(t *testing.T) {
	p := load(t, "")
	for segments, want := range map[string]string{
		"PV1 PV2 ZBE ZFA ZFV":     "",
		"PV1 PV2 ZBE ZFV ZFA":     "segment-misplaced order",
		"PV1 ZFA ZBE":             "segment-misplaced order",
		"PV1 ZFM ZFD ZFV ZBE":     "segment-misplaced order", // the first of them
		"PV1 ZBE ZZZ ZFV ZFA":     "segment-local, segment-misplaced order",
		"PV1 ZBE ROL ZFA":         "segment-misplaced",
		"ZFA PV1 ZBE":             "segment-misplaced",
		"PV1 ZBE PV2":             "segment-misplaced",
		"PV1 ZBE ZFA ZFA":         "segment-repeated",
		"PV1 ZBE ZFS":             "segment-local",
		"PV1 ZFA":                 "segment-missing",
		"PV1 ZBE DB1 OBX ZFV AL1": "segment-misplaced",
	} {
		m := message(t, "A01", "PID "+segments)
		require.Contains(t, kinds(p.Event("A01"), m), want, segments)
		if want == "" {
			require.Empty(t, kinds(p.Event("A01"), m), segments)
		}
	}
}

func kinds(e *profile.Event, m *hl7.Message) string {
	var match schema.Match
	e.Grammar.Match(m, &match)
	var all []string
	for i := range match.Findings {
		s := match.Findings[i].Kind.String()
		if e.OrderOnly(m, &match.Findings[i]) {
			s += " order"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

func message(t testing.TB, trigger, segments string) *hl7.Message {
	t.Helper()
	text := "MSH|^~\\&|A|B|C|D|20260301||ADT^" + trigger + "^ADT_A01|1|P|2.5\rEVN||20260301\r" + strings.ReplaceAll(segments, " ", "|1\r") + "|1\r"
	m, err := hl7.Parse([]byte(text))
	require.NoError(t, err)
	return m
}

// TestPV2 is accepted where IHE needs it and forbidden in ITI-30.
func TestPV2(t *testing.T) {
	p := load(t, "")
	require.Empty(t, kinds(p.Event("A05"), message(t, "A05", "PID PV1 PV2 ZBE")))
	require.Equal(t, "segment-forbidden", kinds(p.Event("A28"), message(t, "A28", "PID PV1 PV2")))
}

func TestSoftens(t *testing.T) {
	p, borrower := load(t, ""), load(t, "pam-fr-2.3.1")
	for text, want := range map[string]bool{
		"PID|||1^^^A&1&ISO^PI||A^B^^^^^L":                               true,  // PID-32
		"PID|||1^^^&1&ISO^PI||A^B^^^^^L|||||||||||||||||||||||||||VALI": true,  // HD.1
		"PID|||1^^^^PI||A^B^^^^^L|||||||||||||||||||||||||||VALI":       false, // CX.4
		"PV1||I||||||||999":                             true,  // 0069
		"PV1||I||||||||||||||Z":                         false, // 0099
		"PID|||1^^^A&1&ISO^PI||A^B^^^^^L||||||^^^^^XXX": true,  // 0399
		"EVN|A01|20260301":                              true,
		"IN1|1|AMO|1|||||||||||||01":                    true, // CX.4 of IN1-3
	} {
		m, err := hl7.Parse([]byte("MSH|^~\\&|A^1^ISO|B^1^ISO|C^1^ISO|D^1^ISO|20260301||ADT^A01^ADT_A01|1|P|2.5^FRA^2.11\r" + text + "\r"))
		require.NoError(t, err)
		findings := schema.Checker{Version: p.Version}.Message(nil, m)
		require.NotEmpty(t, findings, text)
		require.Equal(t, want, p.Softens(&findings[0]), "%s: %s %s", text, findings[0].Kind, findings[0].Location)
		if strings.HasPrefix(text, "PID") {
			def := borrower.Version.Segment("PID")
			findings = schema.Checker{Version: borrower.Version}.Segment(nil, m, 1, def)
			require.Equal(t, want, borrower.Softens(&findings[0]), "%s: %s %s", text, findings[0].Kind, findings[0].Location)
		}
	}
}

// TestConformantMessageCostsNothing once the profile is loaded.
func TestConformantMessageCostsNothing(t *testing.T) {
	d, err := pam.DialectByName("")
	require.NoError(t, err)
	m := journey(t, d, 1)[3]
	p := load(t, "")
	e := p.Event(m.Header().Trigger)
	var match schema.Match
	findings := make([]schema.Finding, 0, 8)
	e.Grammar.Match(m, &match)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		p.Event("A01").Grammar.Match(m, &match)
		findings = schema.Checker{Version: p.Version}.Message(findings[:0], m)
	}))
	require.Empty(t, match.Findings)
}

func BenchmarkHold(b *testing.B) {
	d, err := pam.DialectByName("")
	require.NoError(b, err)
	m := journey(b, d, 1)[3]
	p := load(b, "")
	e := p.Event(m.Header().Trigger)
	var match schema.Match
	var findings []schema.Finding
	b.ReportAllocs()
	for b.Loop() {
		e.Grammar.Match(m, &match)
		findings = schema.Checker{Version: p.Version}.Message(findings[:0], m)
	}
}

// TestTextsAreComplete wants a source for everything, and notes and names in
// both languages or none.
func TestTextsAreComplete(t *testing.T) {
	complete := func(where string, o profile.Origin, name pam.Text) {
		require.Contains(t, "hl7 iti fr", o.Layer, where)
		require.NotEmpty(t, o.Layer, where)
		require.NotEmpty(t, o.Source, where)
		require.Equal(t, o.Note.FR == "", o.Note.EN == "", where)
		require.NotEmpty(t, name.FR, where)
		require.NotEmpty(t, name.EN, where)
	}
	for _, profileName := range profile.Names() {
		p := load(t, profileName)
		for _, s := range p.Version.Segments() {
			require.NotEmpty(t, p.SegmentName(s.Name).FR)
			for n := range len(s.Fields) {
				where := fmt.Sprintf("%s %s-%d", profileName, s.Name, n+1)
				complete(where, p.FieldOrigin(s.Name, n+1), p.FieldName(s.Name, n+1))
			}
		}
		for _, d := range p.Version.Types() {
			for n := range len(d.Components) {
				where := fmt.Sprintf("%s %s.%d", profileName, d.Name, n+1)
				complete(where, p.ComponentOrigin(d.Name, n+1), p.ComponentName(d.Name, n+1))
			}
		}
		for _, number := range p.Tables() {
			complete(profileName+" "+number, p.TableOrigin(number), p.Table(number).Name)
		}
		for _, trigger := range p.Events() {
			require.NotEmpty(t, p.Event(trigger).Name.FR, trigger)
			require.NotEmpty(t, p.Event(trigger).Source, trigger)
		}
	}
}
