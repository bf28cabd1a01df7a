package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// TestShifted: fields that all stand one place too early, or too late, are one
// fault, told at the place where it begins.
func TestShifted(t *testing.T) {
	sample := func(name string) string {
		m, err := rules.Sample(name)
		require.NoError(t, err)
		return string(m.Bytes())
	}
	for _, c := range []struct {
		name, sample, before, after string
		want                        string
		says                        string
	}{
		{"ZBE too early from 3 on", "A01", "20260302100000||INSERT|", "20260302100000|INSERT|", "must hl7.segment.shifted ZBE-3", "one place too early"},
		{"ZBE too late from 3 on", "A01", "20260302100000||INSERT|", "20260302100000|||INSERT|", "must hl7.segment.shifted ZBE-4", "one place too late"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(sample(c.sample), c.before, c.after, 1)
			require.NotEqual(t, sample(c.sample), text)
			m, err := hl7.Parse([]byte(text))
			require.NoError(t, err)
			j, err := rules.New(rules.Options{})
			require.NoError(t, err)
			var r rules.Report
			j.Message(&r, m)
			require.Equal(t, []string{c.want}, list(&r, rules.Should))
			for _, f := range r.Findings {
				if f.Level >= rules.Should {
					require.Contains(t, f.Message("en"), c.says)
				}
			}
		})
	}
}

// TestOneFaultOneFinding: what people get wrong in headers and in the order of
// segments is told once, by the rule that knows best.
func TestOneFaultOneFinding(t *testing.T) {
	for _, c := range []struct{ sample, edits, want string }{
		{"A01", "MSH-9 =", "must iti.msh.required MSH-9"},
		{"A01", "MSH-9 = ADT", "must hl7.msh-9.components MSH-9.2"},
		{"A01", "MSH-9 = ADT^A01", "must hl7.msh-9.components MSH-9.3"},
		{"A01", "MSH-9 = Z99", "must hl7.msh-9.type MSH-9.1"},
		{"A01", "MSH-9.2 = a01", "must hl7.msh-9.event MSH-9.2"},
		{"A01", "MSH-9 = ADT^A08^ADT_A01", "must fr.msh-9.a08 MSH-9.2"},
		{"A01", "MSH-9 = ADT^Z80^ADT_A01", "must fr.msh-9.z80 MSH-9.2"},
		{"A01", "MSH-9.3 = ADT_A05", "must hl7.msh-9.structure MSH-9.3"},
		{"A01", `MSH-10 = ""`, "must iti.msh.required MSH-10"},
		{"A01", "MSH-12 =", "must iti.msh.required MSH-12"},
		{"A01", "MSH-12 = 2.5", "must fr.msh-12.country MSH-12.2"},
		{"A01", "MSH-12 = 2.5^FRA", "should fr.msh-12.pam MSH-12.3"},
		{"A01", "MSH-12 = 2.5^FRA^2.5", ""},
		{"A01", "MSH-12 = 2.5.1^FRA^2.11", "must iti.msh-12.version MSH-12.1"},
		{"A01", "MSH-18 =", "must hl7.msh-18.announced MSH-18"},
		{"A01", "MSH-18 = 8859/1", "must hl7.charset.utf8-disguise MSH-18"},
		{"A01", "MSH-18 = latin1", "must fr.msh-18.charset MSH-18"},
		{"A01", "MSH-21 = 2.11~IHE_FRANCE-2.11-PAM", ""},
		{"A01", "MSH-21 = IHE_FRANCE-2.11-PAM", "should fr.msh-21.profile MSH-21"},
		{"A01", "EVN-1 = A02", "should hl7.evn-1.event EVN-1"},
		{"A01", "EVN-6 = 2026030210000", "must hl7.type.format EVN-6.1"},
		{"A14", "EVN-3 =", ""},
		{"A01", "- EVN", "must hl7.segment.missing EVN"},
		{"A01", "- PID", "must hl7.segment.missing PID"},
		{"A01", "- PV1", "must hl7.segment.missing PV1"},
		{"A28", "- PV1", "must iti.pv1.missing PV1"},
		{"A28", "+ PV2||||||||20260302100000 after PV1", "must iti.pv2.identity PV2"},
		{"A24", "- PID[2]", "must hl7.segment.missing PID[2]"},
		{"A24", "+ PD1||A after PID[2]", "should iti.a24.two-pid PD1"},
		{"A24", "+ MRG|1^^^CHU&990000017&N^PI after PID[2]", "must hl7.segment.unknown MRG"},
		{"A40", "- MRG", "must hl7.segment.missing MRG"},
		{"A40", "MRG-1 =", "must hl7.field.missing MRG-1"},
		{"A40", "MRG-1.5 =", ""},
		{"A01", "+ ZFP|1|12 after ZFP", "must hl7.segment.repeated ZFP[2]"},
		{"A01", "+ DB1|1|PT after PID", "must hl7.segment.misplaced DB1"},
		{"A01", "- ZFP; + ZFP after ZBE", "should fr.segment.empty ZFP"},
		{"A02", "+ ZFP after ZBE", "should fr.segment.empty ZFP"},
		{"A02", "+ ZZZ|1 after PID", "should hl7.segment.local ZZZ"},
		{"Z99/A03", "+ ZFP after ZBE", "should fr.segment.empty ZFP"},
		{"A01", "- ZFM; + ZFM|8 after ZBE", "should fr.segment.order ZFM"},
		{"A05", "- ZFM; + ZFM|8 after ZBE", "must fr.segment.order ZFM"},
		{"A01", "ZFD-3 = OUI", "must fr.table.closed ZFD-3"},
		{"A01", "MSH-7 = 2026-03-02T10:05:00.000000", "must hl7.type.format MSH-7.1"},
		{"A01", "PID-17 = CAT", "must fr.field.forbidden-by-law PID-17"},
		{"A01", "MSH-9 = ORU^R01^ORU_R01", "must hl7.msh-9.type MSH-9.1"},
		{"A01", "MSH-9 = ^A01^ADT_A01; - EVN", "must hl7.msh-9.components MSH-9.1"},
		{"A01", "PID-5[1].1 = MOULIN; MSH-9.1 = SIU; - PID", "must hl7.msh-9.type MSH-9.1"},
		{"A01/2.3.1", "MSH-9 = ORU^R01", "must hl7.msh-9.type MSH-9.1"},
		{"A01", "PID-7 = F; PID-8 = 20010114", "must hl7.pid-7.swapped PID-7"},
		{"A01", "PID-7 = 20260303", "should hl7.pid-7.future PID-7"},
		{"A01", "PID-7 = 20260302", ""},
		{"A28/prov", "PID-7 = 2027", "should hl7.pid-7.future PID-7"},
		{"A28/prov", "PID-7 = 20271301", "must hl7.type.date PID-7.1"},
		{"A01", `bytes "||LEMOINE^" = "|| DARK ^"`, "should ins.pid-5.strict PID-5.1"},
		{"A01", "ZFP-3 = 1; ZFP-4 = 2; ZFP-6 = 3; EVN-8 = X", "should hl7.field.unknown EVN-8; should hl7.field.unknown ZFP-3"},
		{"A01", `PID-11[1].1 = 4 rue A & B`, "must fr.sad.not-used PID-11.1.2"},
	} {
		t.Run(c.sample+" "+c.edits, func(t *testing.T) {
			e := rules.Example{Messages: []string{c.sample}, Edits: strings.Split(c.edits, "; ")}
			require.Equal(t, c.want, strings.Join(judge(t, e, rules.Should), "; "))
		})
	}
}

// TestHeaderAlone: what leaves nothing to be judged is the only thing told, notes
// included.
func TestHeaderAlone(t *testing.T) {
	for _, c := range []struct{ name, sample, before, after, want string }{
		{"an ORU", "A01", "ADT^A01^ADT_A01", "ORU^R01^ORU_R01", "must hl7.msh-9.type MSH-9.1"},
		{"no type", "A01", "ADT^A01^ADT_A01", "^A01^ADT_A01", "must hl7.msh-9.components MSH-9.1"},
		{"no MSH-9", "A01", "ADT^A01^ADT_A01", "", "must iti.msh.required MSH-9"},
		{"no MSH-9 in 2.3.1", "A01/2.3.1", "ADT^A01^ADT_A01", "", "must hl7.field.missing MSH-9"},
		{"a component separator that nobody uses", "A01", `MSH|^~\&`, `MSH|#~\&`, "must hl7.msh-2.mismatch MSH-2"},
		{"others altogether", "A01", `MSH|^~\&`, `MSH|$!/%`, "must hl7.msh-2.mismatch MSH-2"},
		{"in 2.3.1", "A01/2.3.1", `MSH|^~\&`, `MSH|:~\&`, "must hl7.msh-2.mismatch MSH-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sample, err := rules.Sample(c.sample)
			require.NoError(t, err)
			text := strings.Replace(string(sample.Bytes()), c.before, c.after, 1)
			require.NotEqual(t, string(sample.Bytes()), text)
			m, err := hl7.Parse([]byte(text))
			require.NoError(t, err)
			require.Equal(t, []string{c.want}, list(judgedMessage(t, m), rules.Info))
		})
	}
}

// TestUnknownFieldsAreCounted: fields that a definition does not have are told
// once for a segment, with their number.
func TestUnknownFieldsAreCounted(t *testing.T) {
	r := judged(t, "A01", "ZFP-3 = 1; ZFP-4 = 2; ZFP-6 = 3")
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Rule.ID == "hl7.field.unknown" {
			require.Equal(t, "ZFP has only 2 fields in this version; fields too many, from ZFP-3 on: 3", f.Message("en"))
			return
		}
	}
	t.Fatal(list(r, rules.Info))
}

// TestEscapes: an escape character that opens no sequence of HL7.
func TestEscapes(t *testing.T) {
	for text, good := range map[string]bool{
		`A \T\ B`: true, `\.br\`: true, `\.sp3\`: true, `\X0D\`: true, `\X0d0A\`: true, `\H\x\N\`: true, `\Zlocal\`: true, `\E\`: true, `\C2842\`: true,
		`C:\temp`: false, `\`: false, `A \T B`: false, `\X0\`: false, `\XGG\`: false, `\Q\`: false, `\\`: false, `\TT\`: false, `\T\ and \`: false,
	} {
		t.Run(text, func(t *testing.T) {
			sample, err := rules.Sample("A01")
			require.NoError(t, err)
			m, err := hl7.Parse([]byte(strings.Replace(string(sample.Bytes()), "^LYON^", "^"+text+"^", 1)))
			require.NoError(t, err)
			want := []string{}
			if !good {
				want = append(want, "should hl7.text.escape PID-11.3")
			}
			require.ElementsMatch(t, want, list(judgedMessage(t, m), rules.Should))
		})
	}
}

// TestFindingsAreBounded: however much is wrong with a message, what is found is
// of a length that somebody can read, and the work for it is bounded too.
func TestFindingsAreBounded(t *testing.T) {
	const head = "MSH|^~\\&|||||||ADT^A01^ADT_A01|1|P|2.5^FRA^2.11\r"
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"identifiers": "PID|||" + strings.Repeat("^^^x&&y^INS^^^~", 5000),
		"telephones":  "PID|||||||||||||" + strings.Repeat("a^b^c^d^e^f~", 5000),
		"movements":   strings.Repeat("ZBE|||||INSERT|N||||HMS|a|b|c\r", 5000),
		"contacts":    strings.Repeat("NK1|x|^^^^^^^|x|x|x|x|x|x|x|x|x\r", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := hl7.Parse([]byte(head + text))
			require.NoError(t, err)
			var r rules.Report
			j.Message(&r, m)
			require.NotEmpty(t, r.Findings)
			require.LessOrEqual(t, len(r.Findings), 1100)
		})
	}
}
