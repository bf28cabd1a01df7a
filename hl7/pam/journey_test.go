package pam_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// trip is a journey under test.
type trip struct {
	t *testing.T
	g *pam.Generator
	j *pam.Journey
}

func begin(t *testing.T, dialect, class string) *trip {
	t.Helper()
	d, err := pam.DialectByName(dialect)
	require.NoError(t, err)
	g := pam.NewGenerator(11, noon)
	p, err := g.Patient(pam.PatientSpec{Born: "adult", Sex: "F"})
	require.NoError(t, err)
	st, err := g.Stay(pam.StaySpec{Class: class, Unit: pam.Unit{Code: "1000", Label: "ACCUEIL"}})
	require.NoError(t, err)
	return &trip{t, g, pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)}
}

// do takes a step that must be possible; its name is its trigger when empty.
func (x *trip) do(trigger pam.Trigger, c pam.Change) *hl7.Message { return x.step("", trigger, c) }

func (x *trip) step(name string, trigger pam.Trigger, c pam.Change) *hl7.Message {
	x.t.Helper()
	if name == "" {
		name = string(trigger)
	}
	m, err := x.j.Message(name, trigger, c)
	require.NoError(x.t, err)
	return m
}

// want compares fields: path, value, path, value …
func want(t *testing.T, m *hl7.Message, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Equal(t, pairs[i+1], m.Get(pairs[i]), "%s\n%s", pairs[i], show(m))
	}
}

func ptr[T any](v T) *T { return &v }

func unit(code string) *pam.Unit { return &pam.Unit{Code: code, Label: "UF " + code} }

// TestTransfer: the new place in PV1-3, the old one in PV1-6, who answers for
// what in ZBE.
func TestTransfer(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	x.do("A01", pam.Change{Room: "1", Bed: "1P"})
	m := x.do("A02", pam.Change{Unit: unit("2000"), At: time.Hour})
	want(t, m, "MSH-7", "20260309130000", "EVN-6", "20260309130000", "ZBE-2", "20260309130000", "ZBE-4", "INSERT", "ZBE-5", "N", "ZBE-6", "",
		"PV1-3.1", "2000", "PV1-6.1", "1000", "PV1-6.2", "1", "PV1-6.3", "1P", "ZBE-7.10", "2000", "ZBE-8.10", "2000", "ZBE-9", "HMS", "PV1-44", "20260309120000")
	require.NotEmpty(t, m.Get("PV1-3.3"), "a bed in the new unit")
	for _, tc := range []struct {
		change pam.Change
		nature string
	}{
		{pam.Change{Room: "7"}, "L"},
		{pam.Change{Bed: "8F"}, "L"},
		{pam.Change{Housing: unit("3000")}, "H"},
		{pam.Change{Medical: unit("3000")}, "M"},
		{pam.Change{Care: unit("3000")}, "S"},
		{pam.Change{Medical: unit("4000"), Care: unit("4000")}, "SM"},
		{pam.Change{Medical: unit("5000"), Housing: unit("5000")}, "MH"},
		{pam.Change{Housing: unit("6000"), Care: unit("6000")}, "SH"},
		{pam.Change{Unit: unit("7000"), Bed: "9"}, "HMS"},
		{pam.Change{Unit: unit("8000"), Medical: unit("7000")}, "SH"},
		{pam.Change{}, "HMS"},
	} {
		m = x.do("A02", tc.change)
		want(t, m, "ZBE-9", tc.nature, "PV1-3.1", x.j.Stay().Housing.Code, "ZBE-7.10", x.j.Stay().Medical.Code, "ZBE-8.10", x.j.Stay().Care.Code)
		require.NotEqual(t, m.Get("PV1-3"), "")
	}
}

// TestCancel: ZBE is the cancelled movement, PV1 what the patient returns to.
func TestCancel(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	expected := x.do("A05", pam.Change{Planned: 48 * time.Hour})
	want(t, expected, "EVN-3", "20260311120000", "EVN-6", "", "PV2-8", "20260311120000", "PV1-44", "", "PV1-5", "")
	require.Equal(t, pam.PreAdmitted, x.j.State())
	admitted := x.do("A01", pam.Change{At: 24 * time.Hour, Unit: unit("2000")})
	want(t, admitted, "PV1-5.1", expected.Get("PID-18.1"), "PV1-5.5", "AN", "PV1-19.1", expected.Get("PV1-19.1"), "ZBE-6", "")
	require.Equal(t, pam.Open, x.j.State())
	moved := x.do("A02", pam.Change{At: 25 * time.Hour, Unit: unit("3000")})
	m := x.do("A12", pam.Change{At: 26 * time.Hour})
	want(t, m, "MSH-7", "20260310140000", "EVN-2", "20260310140000", "EVN-6", moved.Get("EVN-6"), "PV1-3", admitted.Get("PV1-3"), "PV1-6", "",
		"ZBE-1", moved.Get("ZBE-1"), "ZBE-2", moved.Get("ZBE-2"), "ZBE-4", "CANCEL", "ZBE-5", "N", "ZBE-6", "A02", "ZBE-7.10", "2000", "ZBE-9", "HMS")
	gone := x.do("A03", pam.Change{At: 30 * time.Hour, Deceased: true})
	want(t, gone, "PID-29", "20260310180000", "PID-30", "Y", "PV1-45", "20260310180000", "PV1-41", "D", "ZFM-2", "9", "ZFV-2", "")
	require.Equal(t, pam.Closed, x.j.State())
	m = x.do("A13", pam.Change{})
	want(t, m, "ZBE-1", gone.Get("ZBE-1"), "ZBE-6", "A03", "EVN-6", gone.Get("EVN-6"), "PV1-3", admitted.Get("PV1-3"), "PV1-45", "", "PV1-44", admitted.Get("EVN-6"), "PID-29", "", "PID-30", "N")
	require.Equal(t, pam.Open, x.j.State())
	m = x.do("A11", pam.Change{})
	want(t, m, "ZBE-1", admitted.Get("ZBE-1"), "ZBE-6", "A01", "EVN-6", admitted.Get("EVN-6"), "PV1-3", expected.Get("PV1-3"), "PV1-5", admitted.Get("PV1-5"), "PV1-44", "", "PV1-51", "V")
	require.Equal(t, pam.PreAdmitted, x.j.State())
	m = x.do("A38", pam.Change{})
	want(t, m, "ZBE-1", expected.Get("ZBE-1"), "ZBE-2", expected.Get("ZBE-2"), "ZBE-6", "A05", "EVN-3", expected.Get("EVN-3"), "EVN-6", "", "PV1-3", expected.Get("PV1-3"))
	require.Equal(t, pam.Cancelled, x.j.State())
	require.Len(t, x.j.Movements(), 4)
	for _, moved := range x.j.Movements() {
		require.True(t, moved.Cancelled, moved.Step)
	}
}

// TestHistoric: what is added to, taken from or corrected in the past.
func TestHistoric(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	x.step("in", "A01", pam.Change{})
	x.step("theatre", "A02", pam.Change{At: 2 * time.Hour, Unit: unit("2000")})
	x.step("wrong", "A02", pam.Change{At: 4 * time.Hour, Unit: unit("3000")})
	x.step("ward", "A02", pam.Change{At: 6 * time.Hour, Unit: unit("1000")})
	x.step("out", "A03", pam.Change{At: 8 * time.Hour})
	m := x.do("A12", pam.Change{Of: "wrong", At: 9 * time.Hour}) // PAM.fr 5.3.7
	want(t, m, "ZBE-2", "20260309160000", "ZBE-5", "Y", "PV1-3.1", "2000", "ZBE-7.10", "2000", "MSH-7", "20260309210000")
	require.Equal(t, pam.Closed, x.j.State())
	m = x.step("late", "A02", pam.Change{Start: span(3 * time.Hour), At: 10 * time.Hour, Unit: unit("4000")})
	want(t, m, "MSH-7", "20260309220000", "EVN-6", "20260309150000", "ZBE-2", "20260309150000", "ZBE-5", "Y", "ZBE-4", "INSERT", "PV1-3.1", "4000", "PV1-6.1", "2000")
	m = x.step("later", "A02", pam.Change{At: 5 * time.Hour, Unit: unit("5000")})
	want(t, m, "MSH-7", "20260309220000", "ZBE-2", "20260309170000", "ZBE-5", "Y", "PV1-6.1", "4000")
	m = x.do("Z99", pam.Change{Of: "in", Start: span(-time.Hour)})
	want(t, m, "ZBE-2", "20260309110000", "EVN-6", "20260309110000", "ZBE-4", "UPDATE", "ZBE-5", "Y", "ZBE-6", "A01", "ZBE-9", "HMS", "PV1-44", "20260309110000", "PV1-3.1", "1000")
	m = x.do("Z99", pam.Change{Of: "out", Start: span(9 * time.Hour)})
	want(t, m, "ZBE-5", "N", "ZBE-6", "A03", "PV1-45", "20260309210000", "PV1-41", "D", "ZFM-2", "8")
	require.Equal(t, "1000", x.j.Stay().Housing.Code)
}

// TestCorrection: what a Z99 carries depends on what it corrects.
func TestCorrection(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "E")
	came := x.step("came", "A04", pam.Change{})
	want(t, came, "PV1-2", "E", "PV2-7", "TU", "PV1-4", "U")
	m := x.do("Z99", pam.Change{Class: "I", Unit: unit("2000")}) // PAM.fr 7.1.4
	want(t, m, "PV1-2", "I", "ZBE-9", "C", "ZBE-1", came.Get("ZBE-1"), "ZBE-2", came.Get("ZBE-2"), "ZBE-6", "A04", "PV1-3.1", "2000", "PV2-7", "TO", "ZFP-1", came.Get("ZFP-1"), "NK1-1", "1")
	x.step("moved", "A02", pam.Change{Unit: unit("3000")})
	m = x.do("Z99", pam.Change{Room: "112", Bed: "F"})
	want(t, m, "ZBE-6", "A02", "ZBE-9", "L", "PV1-3.1", "3000", "PV1-3.2", "112", "PV1-6", "", "NK1-1", "", "PV2-7", "", "ZFP-1", "", "ZFM-1", "6")
	m = x.do("Z99", pam.Change{})
	want(t, m, "ZBE-9", "HMS", "ZBE-5", "N")
	m = x.do("Z99", pam.Change{Of: "came", Medical: unit("9000")})
	want(t, m, "ZBE-9", "M", "ZBE-5", "Y", "ZBE-7.10", "9000", "ZBE-8.10", "2000")
}

// TestIdentity: what becomes known about a person goes out with any message.
func TestIdentity(t *testing.T) {
	t.Parallel()
	d, err := pam.DialectByName("")
	require.NoError(t, err)
	g := pam.NewGenerator(4, noon)
	p, err := g.Patient(pam.PatientSpec{Identity: pam.Provisional, Family: "Lefèvre", Given: "Zoé Inès", Sex: "F", Born: "1990"})
	require.NoError(t, err)
	st, err := g.Stay(pam.StaySpec{})
	require.NoError(t, err)
	j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
	x := &trip{t, g, j}
	m := x.do("A28", pam.Change{})
	want(t, m, "PID-5[.7=L].1", "LEFEVRE", "PID-5[.7=L].2", "ZOE", "PID-5[.7=L].3", "ZOE INES", "PID-5[.7=D].1", "Lefèvre", "PID-5[.7=D].2", "Zoé", "PID-32", "PROV", "PID-3[.5=INS].1", "", "ZFD-5", "SM", "ZFD-6", "", "ZFD-7", "", "PID-33", "20260309120000")
	m = x.do("A31", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Retrieved, UsualName: "L'Hôte"}})
	want(t, m, "PID-5[.7=L].1", "LEFEVRE", "PID-5[.7=D].1", "L'Hôte", "PID-5[.7=D].2", "Zoé", "PID-32", "PROV", "PID-3[.5=INS].1", "", "ZFD-5", "INSI", "ZFD-7", "", "EVN-6", "20260309120500", "PID-33", "20260309120500")
	m = x.do("A01", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified}, At: time.Hour})
	want(t, m, "PID-32", "VALI", "PID-3[.5=INS].1", j.Patient().INS, "PID-33", "20260309130000")
	m = x.do("A31", pam.Change{Patient: &pam.PatientSpec{Family: "Lefebvre", Given: "Zoé Inès Léa"}, At: 2 * time.Hour})
	want(t, m, "PID-5[.7=L].1", "LEFEBVRE", "PID-5[.7=L].3", "ZOE INES LEA", "PID-3[.5=INS].1", j.Patient().INS)

	for name, spec := range map[string]pam.PatientSpec{
		"downgrade":        {Identity: pam.Provisional},
		"another birthday": {Born: "1991-02-03"},
		"another place":    {BirthPlace: "corsica"},
		"another sex":      {Sex: "M"},
	} {
		_, err := j.Message("x", "A31", pam.Change{Patient: &spec})
		var state *pam.StateError
		require.True(t, errors.As(err, &state), name)
		require.Contains(t, state.In("fr"), "A47")
		_, err = j.Message("x", "A31", pam.Change{Patient: &spec, Force: true, At: -time.Hour})
		require.NoError(t, err, name)
		_, err = j.Message("x", "A31", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified, Sex: "F", Born: "1990-05-06", BirthPlace: "france"}, Force: true})
		require.NoError(t, err, name)
	}
	plain, err := pam.DialectByName("adt-2.3.1")
	require.NoError(t, err)
	for _, fresh := range []*pam.Journey{ // no INS was sent
		pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, ptr(j.Patient()), st),
		pam.NewJourney(g, plain, hl7.UTF8, pam.Partners{}, ptr(j.Patient()), st),
	} {
		_, err = fresh.Message("x", "A28", pam.Change{Patient: &pam.PatientSpec{Born: "1988-08-08"}})
		require.NoError(t, err)
	}
	for name, spec := range map[string]pam.PatientSpec{
		"a word":        {Identity: "known"},
		"a sex":         {Sex: "X"},
		"no sex":        {Sex: "U"},
		"a date":        {Born: "soon"},
		"later a twin":  {Twin: true},
		"longer":        {LongName: true},
		"other letters": {Letters: "ascii"},
		"a name":        {Family: "Ω"},
	} {
		_, err := j.Message("x", "A31", pam.Change{Patient: &spec})
		var bad *pam.SpecError
		require.True(t, errors.As(err, &bad), name)
		bilingual(t, bad)
	}
	require.Equal(t, "Lefèvre", p.Family, "the journey has a copy")
}

// TestNewStay: after the end of a stay, another one with numbers of its own.
func TestNewStay(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	first := x.do("A01", pam.Change{})
	next, err := x.g.Stay(pam.StaySpec{Class: "R"})
	require.NoError(t, err)
	_, err = x.j.Message("x", "A01", pam.Change{Stay: next})
	var refused *pam.StateError
	require.True(t, errors.As(err, &refused))
	x.do("A03", pam.Change{At: time.Hour})
	second := x.do("A01", pam.Change{Stay: next, At: 24 * time.Hour})
	want(t, second, "PID-3", first.Get("PID-3"), "PID-18.1", next.Account, "PV1-19.1", next.Visit, "PV1-2", "R", "PV1-44", "20260310120000")
	require.NotEqual(t, first.Get("PV1-19"), second.Get("PV1-19"))
	require.Equal(t, pam.Open, x.j.State())
}

// TestMoments: steps without a moment follow each other, and what is recorded
// never goes back.
func TestMoments(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	want(t, x.do("A28", pam.Change{}), "MSH-7", "20260309120000")
	want(t, x.do("A01", pam.Change{}), "MSH-7", "20260309120000", "ZBE-2", "20260309120000")
	want(t, x.do("A02", pam.Change{}), "MSH-7", "20260309130000", "ZBE-2", "20260309130000")
	want(t, x.do("A31", pam.Change{}), "MSH-7", "20260309130500")
	want(t, x.do("A31", pam.Change{At: time.Minute}), "MSH-7", "20260309130500")
	want(t, x.do("A02", pam.Change{}), "MSH-7", "20260309140000")
	want(t, x.do("Z99", pam.Change{At: 5 * time.Hour}), "MSH-7", "20260309170000", "ZBE-2", "20260309140000")
	want(t, x.do("A03", pam.Change{}), "MSH-7", "20260309170000", "ZBE-2", "20260309170000")

	early := begin(t, "", "I")
	want(t, early.do("A01", pam.Change{At: -90 * time.Minute}), "MSH-7", "20260309103000", "PID-33", "20260309103000")
}

// TestPartners: names of partners are escaped, and may be HD.
func TestPartners(t *testing.T) {
	t.Parallel()
	d, err := pam.DialectByName("")
	require.NoError(t, err)
	g := pam.NewGenerator(1, noon)
	p, err := g.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	st, err := g.Stay(pam.StaySpec{})
	require.NoError(t, err)
	m, err := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{SendingApplication: "R&D|X", SendingFacility: "CHU^2.999.7^ISO"}, p, st).Message("x", "A28", pam.Change{})
	require.NoError(t, err)
	want(t, m, "MSH-3", "R&D|X", "MSH-4.1", "CHU", "MSH-4.2", "2.999.7", "MSH-5", "CANDIDAT", "MSH-6", "LABO")
}

// TestStateNames: each state has a name in both languages.
func TestStateNames(t *testing.T) {
	t.Parallel()
	for _, s := range []pam.State{pam.None, pam.PreAdmitted, pam.AdmissionPending, pam.Open, pam.OnLeave, pam.Closed, pam.Cancelled} {
		require.NotEmpty(t, s.Name("fr"))
		require.NotEmpty(t, s.Name("en"))
	}
}

// TestUnmade: a patient and a stay that no generator made give poor messages,
// but messages.
func TestUnmade(t *testing.T) {
	t.Parallel()
	for _, d := range pam.Dialects() {
		j := pam.NewJourney(pam.NewGenerator(0, time.Time{}), d, hl7.ASCII, pam.Partners{}, &pam.Patient{}, &pam.Stay{})
		for _, trigger := range pam.Triggers() {
			if ok, _ := d.Supports(trigger); !ok {
				continue
			}
			change := pam.Change{Force: true, Patient: &pam.PatientSpec{Identity: pam.Provisional}}
			if aboutNumbers(trigger) {
				change.Patient = nil
			}
			m, err := j.Message("", trigger, change)
			require.NoError(t, err, "%s in %s", trigger, d.Name)
			require.Equal(t, string(trigger), m.Get("MSH-9.2"))
		}
	}
}

// TestTrustedPerson: chosen for a stay, so never in ITI-30 (PAM.fr 6.9.2).
func TestTrustedPerson(t *testing.T) {
	t.Parallel()
	trusted := 0
	for seed := range uint64(40) {
		d, err := pam.DialectByName("")
		require.NoError(t, err)
		g := pam.NewGenerator(seed, noon)
		p, err := g.Patient(pam.PatientSpec{Born: "adult"})
		require.NoError(t, err)
		st, err := g.Stay(pam.StaySpec{})
		require.NoError(t, err)
		x := &trip{t, g, pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)}
		want(t, x.do("A28", pam.Change{}), "NK1[1]-7", "C", "NK1[2]-7", "")
		m := x.do("A01", pam.Change{})
		if m.Get("NK1[2]-7") == "K" {
			trusted++
			want(t, m, "NK1[2]-2", m.Get("NK1[1]-2"), "NK1[2]-1", "2")
			require.NotEqual(t, m.Get("NK1[1]-33"), m.Get("NK1[2]-33"), "each can be closed without the other")
		}
		want(t, x.do("A31", pam.Change{}), "NK1[1]-7", "C", "NK1[2]-7", "")
	}
	require.NotZero(t, trusted)
	require.Less(t, trusted, 40)
}
