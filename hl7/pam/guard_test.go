package pam_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// number has a valid key and is nobody's.
const number = "260058815400233"

func TestCheckIdentities(t *testing.T) {
	t.Parallel()
	const head = `MSH|^~\&|A|B|C|D|20260309120000||ADT^A31^ADT_A05|1|P|2.5^FRA^2.11` + "\r"
	for _, tc := range []struct {
		name    string
		message string
		at      string // "" when the message may leave
	}{
		{"test authority", head + `PID|||` + number + `^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS`, ""},
		{"demonstration authority", head + `PID|||` + number + `^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.11&ISO^INS`, ""},
		{"test authority of the INS-C", head + `PID|||1^^^ASIP-SANTE-INS-C&1.2.250.1.213.1.4.6&ISO^INS-C`, ""},
		{"practitioner", head + `PV1||I|||||89970000000^X^Y^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS`, ""},
		{"a longer OID", head + `PID|||1^^^X&1.2.250.1.213.1.4.80&ISO^PI`, ""},
		{"an OID that ends alike", head + `PID|||1^^^X&31.2.250.1.213.1.4.8&ISO^PI`, ""},
		{"an organisation of that name", head + `PID|||1^^^LABO&2.999.1&ISO^PI||INS^NH`, ""},
		{"NIR", head + `PID|||1^^^X^PI~` + number + `^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS`, "PID-3[2].4.2"},
		{"NIA", head + `PID|||` + number + `^^^ASIP-SANTE-INS-NIA&1.2.250.1.213.1.4.9&ISO^INS`, "PID-3.4.2"},
		{"INS-C", head + `PID|||1^^^ASIP-SANTE-INS-C&1.2.250.1.213.1.4.2&ISO^INS-C`, "PID-3.4.2"},
		{"billing NIR", head + `PID|||` + number + `^^^ASIP-SANTE-NIR&1.2.250.1.213.1.4.8&ISO^NH`, "PID-3.4.2"},
		{"deletion", head + `PID|||""^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS`, "PID-3.4.2"},
		{"both authorities", head + `PID|||1^^^1.2.250.1.213.1.4.10&1.2.250.1.213.1.4.8&ISO^INS`, "PID-3.4.2"},
		{"in MRG", head + "PID|||1^^^X^PI\rMRG|" + number + `^^^X&1.2.250.1.213.1.4.8&ISO^INS`, "MRG-1.4.2"},
		{"in a Z segment", head + "PID|||1^^^X^PI\rZZZ|a|b~c^d&1.2.250.1.213.1.4.9", "ZZZ-2[2].2.2"},
		{"in a second segment", head + "NK1|1\rNK1|2" + strings.Repeat("|", 32) + number + `^^^X&1.2.250.1.213.1.4.8&ISO^INS`, "NK1[2]-33.4.2"},
		{"in free text", head + `NTE|1||urn:oid:1.2.250.1.213.1.4.8, ou autrement`, "NTE-3.1"},
		{"in MSH", `MSH|^~\&|A^1.2.250.1.213.1.4.8^ISO|B|C|D|20260309120000||ADT^A31^ADT_A05|1|P|2.5` + "\r", "MSH-3.2"},
		{"only the name", head + `PID|||` + number + `^^^ASIP-SANTE-INS-NIR^INS`, "PID-3.4"},
		{"the name in small letters", head + `PID|||` + number + `^^^asip-sante-ins-nia^INS`, "PID-3.4"},
		{"only the type", head + `PID|||` + number + `^^^CHU^INS`, "PID-3.5"},
		{"insured person", head + `IN1|1` + strings.Repeat("|", 48) + number + `^^^CPAM^SS`, "IN1-49.5"},
		{"a hexadecimal dot", head + `PID|||1^^^X&1.2.250.1.213.1.4\X2E\8&ISO^INS`, "PID-3.4.2"},
		{"a hexadecimal OID", head + `PID|||1^^^X&\X312E322E3235302E312E3231332E312E342E38\&ISO^INS`, "PID-3.4.2"},
		{"a highlighted OID", head + `PID|||1^^^X&1.2.250.\H\1.213\N\.1.4.8&ISO^INS`, "PID-3.4.2"},
		{"a hexadecimal name", head + `PID|||1^^^\X41\SIP-SANTE-INS-NIR^INS`, "PID-3.4"},
		{"between lone escapes", head + `PID|||1^^^X&a\ 1.2.250.1.213.1.4.8 \b&ISO^INS`, "PID-3.4.2"},
		{"other delimiters", `MSH#*+!%#A#B#C#D#20260309120000##ADT*A31#1#P#2.5` + "\rPID###1***X%1.2.250.1.213!X2E!1.4.8%ISO*INS", "PID-3.4.2"},
		{"a dot for a component", `MSH|.~\&|A|B|C|D|20260309120000||ADT.A31|1|P|2` + "\rPID|||1...X&1.2.250.1.213.1.4.8&ISO.INS", "PID-3"},
		{"a dot for a field", "MSH.^~\\&.A.B\rPID.1.2.250.1.213.1.4.8.INS", "anywhere"},
		{"no sub-delimiters", "MSH|^\rPID|||1^^^X 1.2.250.1.213.1.4.8 ISO^INS", "PID-3.4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m, err := hl7.Parse([]byte(tc.message))
			require.NoError(t, err)
			err = pam.CheckIdentities(m)
			if tc.at == "" {
				require.NoError(t, err)
				return
			}
			var real *pam.RealIdentityError
			require.True(t, errors.As(err, &real), "nothing found")
			require.Equal(t, strings.TrimPrefix(tc.at, "anywhere"), real.Location.String())
			require.NotContains(t, err.Error(), number)
			for _, lang := range []string{"fr", "en"} {
				require.NotEmpty(t, real.In(lang))
				require.Contains(t, real.Hint(lang), "refuse_real_identities")
			}
		})
	}
}

func TestCheckIdentityBytes(t *testing.T) {
	t.Parallel()
	require.NoError(t, pam.CheckIdentityBytes([]byte("GET / HTTP/1.1 1.2.250.1.213.1.4.10")))
	require.Error(t, pam.CheckIdentityBytes([]byte("PID|||1^^^X&1.2.250.1.213.1.4.9&ISO")))
	require.Error(t, pam.CheckIdentityBytes([]byte(`\X31\.2.250.1.213.1.4.8`)))
}

// FuzzCheckIdentities hides the OID of the NIR anywhere in any message: as it
// stands or with one of its characters in hexadecimal, it is found.
func FuzzCheckIdentities(f *testing.F) {
	f.Add([]byte("MSH|^~\\&|A|B\rPID|||1^^^X&OID&ISO^INS\r"), uint8(3))
	f.Add([]byte("MSH#*+!%#A#B\rZ99#OID!"), uint8(0))
	f.Add([]byte("MSH|.~\\&|A|B\rPID|||1...OID"), uint8(200))
	f.Add([]byte("MSH|^~\\&|\\|\rNTE|1|\\.br\\OID\\"), uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, at uint8) {
		const oid = "1.2.250.1.213.1.4.8"
		m, err := hl7.Parse([]byte(strings.Replace(string(data), "OID", " "+oid+" ", 1)))
		if err != nil || !strings.Contains(string(data), "OID") || len(data) > 1000 {
			t.Skip()
		}
		require.Error(t, pam.CheckIdentities(m))
		d := m.Delimiters()
		if d.Escape == 0 || strings.ContainsRune(oid+"X \rOID", rune(d.Escape)) || strings.Count(string(data), string(rune(d.Escape))) > 1 {
			return // an escape character before ours changes what ours means
		}
		i := int(at) % len(oid)
		hidden := fmt.Sprintf("%s%cX%02X%c%s", oid[:i], d.Escape, oid[i], d.Escape, oid[i+1:])
		if strings.ContainsAny(hidden, delimiters(d)) {
			return
		}
		m, err = hl7.Parse([]byte(strings.Replace(string(data), "OID", " "+hidden+" ", 1)))
		require.NoError(t, err)
		require.Error(t, pam.CheckIdentities(m), "%q", m.Bytes())
	})
}

func delimiters(d hl7.Delimiters) string {
	return string([]byte{d.Field, d.Component, d.Repetition, d.Subcomponent})
}
