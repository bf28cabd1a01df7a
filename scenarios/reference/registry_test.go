package reference

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPatientsAreBounded(t *testing.T) {
	d := newDMN(t, Options{MaxPatients: 3})
	who := func(n int) string { return strings.Replace(ipp, "4711", fmt.Sprint(n), 1) }
	for n := 1; n <= 3; n++ {
		send(t, d, adt(v25, "A28", fmt.Sprint(n)).of(who(n)))
	}
	send(t, d, adt(v25, "A31", "x").of(who(1)), adt(v25, "A28", "y").of(who(4)))
	known := func(n int) bool { _, ok := d.Patient(fmt.Sprint(n)); return ok }
	require.True(t, known(1), "heard of since")
	require.False(t, known(2), "not heard of for longest")
	require.True(t, known(3))
	require.True(t, known(4))
	require.Len(t, d.registry.known, 3, "the index forgets too")

	send(t, d, adt(v25, "A40", "z").of(who(4)).with(func(s *segments) { s.mrg = "|" + who(3) }))
	require.Len(t, d.registry.retired, 1)
	for n := 5; n <= 10; n++ {
		send(t, d, adt(v25, "A28", fmt.Sprint(n)).of(who(n)))
	}
	require.Empty(t, d.registry.retired)
	require.Equal(t, 3, d.registry.recent.Len())
}

func TestMovementsAreBounded(t *testing.T) {
	d := newDMN(t, Options{MaxPatients: 100})
	send(t, d, adt(v25, "A01", "a").moved("0").at("6000"))
	for n := range maxMovements + 20 {
		send(t, d, adt(v25, "A02", fmt.Sprint(n)).moved(fmt.Sprint("m", n)).at(fmt.Sprint("UF", n)))
	}
	s := only(t, d)
	require.Len(t, s.Movements, maxMovements)
	require.Equal(t, Inpatient, s.Status, "a forgotten admission leaves its effect behind")
	require.Equal(t, fmt.Sprint("UF", maxMovements+19), s.Location)
	require.Equal(t, maxMovements, d.registry.movements)

	send(t, d, adt(v25, "A11", "z").cancels("0", "A01"))
	require.Equal(t, Inpatient, only(t, d).Status, "what is forgotten cannot be cancelled")
}

func TestMovementsOfAllPatientsAreBounded(t *testing.T) {
	d := newDMN(t, Options{MaxPatients: 4})
	for n := range 4 {
		who := strings.Replace(ipp, "4711", fmt.Sprint(n), 1)
		for m := range 30 {
			send(t, d, adt(v25, "A02", fmt.Sprint(n, "-", m)).of(who).moved(fmt.Sprint(m)))
		}
	}
	require.Less(t, len(d.State().Patients), 4)
	require.LessOrEqual(t, d.registry.movements, 4*movementsPerPatient)
}

func TestStaysAreBounded(t *testing.T) {
	d := newDMN(t, Options{})
	for n := range maxStays + 5 {
		visit := func(s *segments) { s.pv1 = strings.Replace(s.pv1, "V1", fmt.Sprint("V", n), 1) }
		send(t, d,
			adt(v25, "A01", fmt.Sprint("a", n)).moved(fmt.Sprint("a", n)).with(visit),
			adt(v25, "A03", fmt.Sprint("d", n)).moved(fmt.Sprint("d", n)).with(visit))
	}
	p, _ := d.Patient("4711")
	require.Len(t, p.Stays, maxStays)
	require.Equal(t, "V5", p.Stays[0].Visit.Value)
	require.Equal(t, 2*maxStays, d.registry.movements)
}

func TestIdentifiersAreBounded(t *testing.T) {
	d := newDMN(t, Options{})
	ids := ipp
	for n := range 2 * maxIdentifiers {
		ids += fmt.Sprintf("~%d^^^X%d^PI", n, n)
	}
	send(t, d, adt(v25, "A28", "1").of(ids))
	p, ok := d.Patient("4711")
	require.True(t, ok)
	require.Len(t, p.Identifiers, maxIdentifiers)
	require.Len(t, d.registry.known, maxIdentifiers)
}

func TestTextIsBounded(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d, adt(v25, "A28", "1").with(func(s *segments) {
		s.pid = strings.Replace(s.pid, "DUPONT", strings.Repeat("É", 1<<20), 1)
	}))
	p, _ := d.Patient("4711")
	require.Equal(t, strings.Repeat("É", maxText/2), p.Family, "cut between characters")
}

func TestStateIsACopy(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d, adt(v25, "A01", "1").moved("1"))
	s := d.State()
	s.Patients[0].Identifiers[0].Value = "changed"
	s.Patients[0].Stays[0].Movements[0].Trigger = "changed"
	s.Patients[0].Reliability[0] = "changed"
	require.Equal(t, "4711", d.State().Patients[0].Identifiers[0].Value)
	require.Equal(t, "A01", only(t, d).Movements[0].Trigger)
	require.Equal(t, "VALI", d.State().Patients[0].Reliability[0])
}
