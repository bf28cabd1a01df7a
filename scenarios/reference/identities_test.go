package reference

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTraits(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d, adt(v25, "A28", "1").with(func(s *segments) {
		s.pid = "|||" + ipp + "||DUPONT^ZOÉ^ZOÉ MARIE^^^^L~MARTIN^ZOÉ^^^^^D||19800229|F||||||||||||||||||||||N||VALI~HOMA"
	}))
	p, ok := d.Patient("4711")
	require.True(t, ok)
	require.Equal(t, Patient{
		Identifiers: []Identifier{{Value: "4711", Authority: "1.2.250.1.999.1", Type: "PI"}},
		Family:      "DUPONT", Given: "ZOÉ", UsualFamily: "MARTIN",
		BirthDate: "19800229", Sex: "F", Reliability: []string{"VALI", "HOMA"}, Stays: []Stay{},
	}, p)

	t.Run("an empty field changes nothing, two quotation marks delete", func(t *testing.T) {
		send(t, d, adt(v25, "A31", "2").with(func(s *segments) {
			s.pid = `|||` + ipp + `||DURAND^^^^^^L~""^ZOÉ^^^^^D||""|||||||||||||||||||||||Y`
		}))
		p, _ := d.Patient("4711")
		require.Equal(t, "DURAND", p.Family)
		require.Equal(t, "ZOÉ", p.Given)
		require.Empty(t, p.UsualFamily)
		require.Empty(t, p.BirthDate)
		require.Equal(t, "F", p.Sex)
		require.True(t, p.Deceased)
		require.Equal(t, []string{"VALI", "HOMA"}, p.Reliability)
	})
}

// identifiers returns the values that the patient 4711 has.
func identifiers(t *testing.T, d *DMN) string {
	t.Helper()
	p, ok := d.Patient("4711")
	require.True(t, ok)
	var values []string
	for _, id := range p.Identifiers {
		values = append(values, id.Value)
	}
	return strings.Join(values, " ")
}

// pam-fr.md §9: SC-19 and the rules INS-006, INS-012 and INS-014.
func TestINS(t *testing.T) {
	d := newDMN(t, Options{})
	status := func(ids, reliability string) func(*segments) {
		return func(s *segments) { s.pid = strings.TrimSuffix(pid(ids), "VALI") + reliability }
	}
	const nir, nia = "299122B03300169", "118052A00400364"
	send(t, d, adt(vFR, "A28", "1").with(status(ipp+"~"+insNIA, "PROV")))
	require.Equal(t, "4711", identifiers(t, d), "an INS without VALI is ignored, the message is not")
	send(t, d, adt(vFR, "A31", "2").with(status(ipp+"~"+insNIA, "VALI")))
	require.Equal(t, "4711 "+nia, identifiers(t, d))
	send(t, d, adt(vFR, "A31", "3").with(status(ipp+"~"+insNIA+"~"+insNIR, "VALI")))
	require.Equal(t, "4711 "+nir, identifiers(t, d), "the NIR replaces the NIA")
	send(t, d, adt(vFR, "A31", "4").with(status(ipp, "VALI")))
	require.Equal(t, "4711 "+nir, identifiers(t, d), "a message that says nothing of the INS leaves it")

	renewed := strings.Replace(insNIR, nir, "208019999999926", 1)
	send(t, d, adt(vFR, "A47", "5").with(status(ipp+"~"+renewed, "VALI")).with(func(s *segments) { s.mrg = "|" + insNIR }))
	require.Equal(t, "4711 208019999999926", identifiers(t, d))

	deleted := strings.Replace(insNIR, nir, `""`, 1)
	send(t, d, adt(vFR, "A47", "6").with(status(ipp+"~"+deleted, "PROV")).with(func(s *segments) { s.mrg = "|" + renewed }))
	require.Equal(t, "4711", identifiers(t, d))
	p, _ := d.Patient("4711")
	require.Equal(t, []string{"PROV"}, p.Reliability)
}

func TestTwoPatientsWithOneINS(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d, adt(vFR, "A28", "1").of(ipp+"~"+insNIR), adt(vFR, "A28", "2").of(other+"~"+insNIR))
	require.Len(t, d.State().Patients, 2, "a duplicate is merged by people")
	send(t, d, adt(vFR, "A28", "3").of(insNIR))
	require.Len(t, d.State().Patients, 2, "without a local number the INS decides")
}

func TestOneIdentifierInTwoSpellings(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d, adt(v25, "A28", "1"), adt(v25, "A31", "2").of("4711^^^&1.2.250.1.999.1&ISO^PI"))
	require.Len(t, d.State().Patients, 1)
	send(t, d, adt(v25, "A28", "3").of("4711^^^AUTRE^PI"))
	require.Len(t, d.State().Patients, 2, "the same number of another authority is another patient")
}

func TestMergeMovesTheStays(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d,
		adt(v25, "A28", "1"),
		adt(v25, "A01", "2").of(other+"~77^^^AUTRE&1.2.3&ISO^PI").moved("1"),
		adt(v25, "A40", "3").with(func(s *segments) { s.mrg, s.pv1 = "|"+other, "" }))
	require.Equal(t, Inpatient, only(t, d).Status)
	require.Equal(t, "4711 77", identifiers(t, d))
	p, _ := d.Patient("4711")
	require.Equal(t, []Identifier{{Value: "4712", Authority: "1.2.250.1.999.1", Type: "PI"}}, p.Former)
	_, ok := d.Patient("4712")
	require.False(t, ok)

	t.Run("and the survivor may be merged in turn", func(t *testing.T) {
		send(t, d, adt(v25, "A28", "4").of(third),
			adt(v25, "A40", "5").of(third).with(func(s *segments) { s.mrg = "|" + ipp }))
		p, _ := d.Patient("4713")
		require.Len(t, p.Former, 2)
		require.Len(t, p.Stays, 1)
		require.Equal(t, "AE", string(code(t, d, adt(v25, "A31", "6").of(other))))
	})
}

func TestMoveAccount(t *testing.T) {
	d := newDMN(t, Options{})
	const account = "D1^^^CHU&1.2.250.1.999.1&ISO^AN"
	send(t, d,
		adt(v25, "A01", "1").of(other).moved("1"),
		adt(v25, "A44", "2").with(func(s *segments) { s.mrg, s.pv1 = "|"+other+"||"+account, "" }))
	require.Equal(t, Inpatient, only(t, d).Status, "the stay came to a patient who was unknown")
	p, _ := d.Patient("4712")
	require.Empty(t, p.Stays)
}

func TestLinks(t *testing.T) {
	d := newDMN(t, Options{})
	pair := func(trigger, id, a, b string) segments {
		return adt(v25, trigger, id).of(a).with(func(s *segments) { s.pid += "\rPID" + pid(b); s.pv1 = "" })
	}
	send(t, d, pair("A24", "1", ipp, other), pair("A24", "2", other, ipp))
	require.Len(t, d.State().Links, 1, "a link has no direction")
	send(t, d, pair("A37", "3", ipp, other))
	require.Empty(t, d.State().Links)
}
