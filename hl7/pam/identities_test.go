package pam_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

const insAuthority = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO"

// aboutNumbers lists the events whose messages say nothing but whose a number
// is.
func aboutNumbers(t pam.Trigger) bool {
	return slices.Contains([]pam.Trigger{"A24", "A37", "A40", "A44", "A47", "A49"}, t)
}

// TestINSLifeCycle is the national scenario SC-19 (PAM.fr 4.4). It begins with
// the NIR: there is no test authority for the number that a person has while
// waiting for one, so no NIA is ever sent.
func TestINSLifeCycle(t *testing.T) {
	t.Parallel()
	for _, last := range []struct {
		name     string
		change   pam.Change
		identity string
		status   string
	}{
		{"deleted", pam.Change{Identifier: "ins-deleted"}, pam.Provisional, "PROV"},
		{"deleted, the traits stand", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Validated}}, pam.Validated, "VALI"},
		{"downgraded", pam.Change{Identifier: "ins-downgraded"}, pam.Retrieved, "PROV"},
		{"downgraded by its status", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Retrieved}}, pam.Retrieved, "PROV"},
	} {
		for _, dialect := range []string{"pam-fr-2.11", "pam-fr-2.10", "pam-fr-2.3.1", "adt-2.3.1+pid-2.5.1"} {
			t.Run(dialect+"/"+last.name, func(t *testing.T) {
				t.Parallel()
				x := traveller(t, dialect, pam.Provisional)
				m := x.do("A28", pam.Change{})
				want(t, m, "PID-32", "PROV", "PID-3[.5=INS].1", "")
				ipp := m.Get("PID-3[.5=PI].1")

				m = x.do("A31", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified}})
				first := m.Get("PID-3[.5=INS].1")
				want(t, m, "PID-32", "VALI", "PID-3[1].1", ipp)
				require.True(t, pam.ValidINS(first))

				m = x.do("A47", pam.Change{})
				second := m.Get("PID-3[.5=INS].1")
				want(t, m, "PID-32", "VALI", "PID-3[1].1", ipp, "MRG-1", first+"^^^"+insAuthority+"^INS", "PV1", "")
				require.True(t, pam.ValidINS(second))
				require.NotEqual(t, first, second)

				m = x.do("A47", last.change)
				require.Equal(t, `""^^^`+insAuthority+`^INS`, raw(m, "PID-3[2]"))
				want(t, m, "PID-3[1].1", ipp, "PID-32", last.status, "MRG-1", second+"^^^"+insAuthority+"^INS", "EVN-6", m.Get("PID-33"))
				require.NoError(t, pam.CheckIdentities(m))
				require.Equal(t, last.identity, x.j.Patient().Identity)

				m = x.do("A31", pam.Change{})
				want(t, m, "PID-32", last.status, "PID-3[2].1", "")
				_, err := x.j.Message("", "A47", pam.Change{Identifier: "ins"})
				require.ErrorContains(t, err, "not qualified")
			})
		}
	}
}

// raw is a repetition or field as it is written.
func raw(m *hl7.Message, path string) string { return string(m.Lookup(hl7.MustPath(path)).Raw()) }

// traveller begins a journey of somebody with a sex.
func traveller(t *testing.T, dialect, identity string) *trip {
	t.Helper()
	d, err := pam.DialectByName(dialect)
	require.NoError(t, err)
	g := pam.NewGenerator(19, noon)
	p, err := g.Patient(pam.PatientSpec{Identity: identity, Sex: "F", Born: "adult"})
	require.NoError(t, err)
	st, err := g.Stay(pam.StaySpec{})
	require.NoError(t, err)
	return &trip{t, g, pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)}
}

// TestMergeAndMove is the national scenario SC-20 (PAM.fr 4.1, 5.1.2; IHE
// 3.30.6.4, 3.31.7.25).
func TestMergeAndMove(t *testing.T) {
	t.Parallel()
	for _, d := range pam.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			x := traveller(t, d.Name, "")
			b := x.j.Patient()
			a := *x.g.Twin(&b)
			want(t, x.do("A28", pam.Change{Other: &a}), "PID-3[1].1", a.IPP, "PV1-2", "N")
			want(t, x.do("A28", pam.Change{}), "PID-3[1].1", b.IPP)
			account := x.do("A01", pam.Change{}).Get("PID-18.1")

			m := x.do("A44", pam.Change{}) // the other patient is the one of before
			want(t, m, "PID-3[1].1", a.IPP, "PID-18.1", account, "MRG-1.1", b.IPP, "MRG-3.1", account, "PV1", "", "ZBE", "")
			require.Equal(t, raw(m, "PID-18"), raw(m, "MRG-3"))
			require.Equal(t, a.IPP, x.j.Patient().IPP)
			require.Equal(t, pam.Open, x.j.State())

			m = x.do("A40", pam.Change{Keep: true})
			want(t, m, "PID-3[1].1", a.IPP, "MRG-1.1", b.IPP, "MRG-1.5", "PI", "MRG-1.4", m.Get("PID-3[1].4"), "PID-18", "", "PV1", "")

			_, err := x.j.Message("again", "A31", pam.Change{Other: &b})
			var state *pam.StateError
			require.True(t, errors.As(err, &state), "%v", err)
			require.Contains(t, state.In("fr"), "ne sert plus")
			bilingual(t, state)
			want(t, x.do("A31", pam.Change{Other: &b, Force: true}), "PID-3[1].1", b.IPP)

			stale := pam.NewJourney(x.g, d, hl7.UTF8, pam.Partners{}, &b, ptr(x.j.Stay()))
			_, err = stale.Message("stale", "A05", pam.Change{})
			require.True(t, errors.As(err, &state), "another journey knows it too: %v", err)
			want(t, x.do("A03", pam.Change{}), "PID-3[1].1", a.IPP, "PID-18.1", account)
		})
	}
}

// TestMergedIntoOther: unless it is kept, the record of the journey goes, and
// the stay goes on under the other number.
func TestMergedIntoOther(t *testing.T) {
	t.Parallel()
	x := traveller(t, "", "")
	former := x.j.Patient()
	x.do("A28", pam.Change{})
	visit := x.do("A01", pam.Change{}).Get("PV1-19.1")
	m := x.do("A40", pam.Change{})
	want(t, m, "MRG-1.1", former.IPP, "PID-5[1].1", m.Get("PID-5[1].1"))
	survivor := x.j.Patient()
	require.NotEqual(t, former.IPP, survivor.IPP)
	require.Equal(t, former.Family, survivor.Family, "the same person was in the books twice")
	require.Equal(t, former.INS, survivor.INS)
	want(t, x.do("A02", pam.Change{}), "PID-3[1].1", survivor.IPP, "PV1-19.1", visit)
	_, err := x.j.Message("", "A28", pam.Change{})
	require.ErrorContains(t, err, "created already")
	_, err = x.j.Message("", "A40", pam.Change{Other: &former, Keep: true})
	require.ErrorContains(t, err, "out of use")
	_, err = x.j.Message("", "A40", pam.Change{Other: &survivor})
	require.ErrorContains(t, err, "the patient of the journey")
}

// TestSecondRecord: what is told about the second record is told about the one
// that is merged.
func TestSecondRecord(t *testing.T) {
	t.Parallel()
	x := traveller(t, "", "")
	first := x.do("A28", pam.Change{}).Get("PID-3[1].1")
	second := x.do("A28", pam.Change{Second: true}).Get("PID-3[1].1")
	require.NotEqual(t, first, second)
	want(t, x.do("A31", pam.Change{Second: true}), "PID-3[1].1", second)
	_, err := x.j.Message("", "A28", pam.Change{Second: true})
	require.ErrorContains(t, err, "created already")
	want(t, x.do("A31", pam.Change{}), "PID-3[1].1", first)
	want(t, x.do("A40", pam.Change{Keep: true}), "PID-3[1].1", first, "MRG-1.1", second)
}

// TestLink: two PID and nothing else; unlinked are only those who were linked.
func TestLink(t *testing.T) {
	t.Parallel()
	for _, d := range pam.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			x := traveller(t, d.Name, "")
			_, err := x.j.Message("", "A37", pam.Change{})
			require.ErrorContains(t, err, "not linked")
			m := x.do("A24", pam.Change{})
			require.Equal(t, "MSH EVN PID PID ", segmentNames(m))
			want(t, m, "PID[1]-1", "1", "PID[2]-1", "2", "PID[1]-3[1].1", x.j.Patient().IPP, "PID[1]-18", "")
			require.NotEqual(t, m.Get("PID[1]-3[1].1"), m.Get("PID[2]-3[1].1"))
			require.Equal(t, m.Get("PID[1]-3[1].4"), m.Get("PID[2]-3[1].4"))
			_, err = x.j.Message("", "A24", pam.Change{})
			require.ErrorContains(t, err, "linked already")
			undone := x.do("A37", pam.Change{})
			want(t, undone, "PID[1]-3", m.Get("PID[1]-3"), "PID[2]-3", m.Get("PID[2]-3"))
			_, err = x.j.Message("", "A37", pam.Change{})
			require.ErrorContains(t, err, "not linked")
			x.do("A37", pam.Change{Force: true})
		})
	}
}

func segmentNames(m *hl7.Message) string {
	names := ""
	for s := range m.Segments() {
		names += s.Name() + " "
	}
	return names
}

// TestNewIPP: where no INS was sent, an A47 changes the number in the hospital.
func TestNewIPP(t *testing.T) {
	t.Parallel()
	for _, d := range pam.Dialects() {
		x := traveller(t, d.Name, pam.Validated)
		old := x.do("A28", pam.Change{}).Get("PID-3[1].1")
		m := x.do("A47", pam.Change{})
		want(t, m, "MRG-1.1", old, "MRG-1.4", m.Get("PID-3[1].4"), "MRG-1.5", "PI", "PID-3[1].1", x.j.Patient().IPP)
		require.NotEqual(t, old, x.j.Patient().IPP)
		x.do("A31", pam.Change{})
		_, err := x.j.Message("", "A28", pam.Change{})
		require.ErrorContains(t, err, "created already")
	}
}

// TestNewTraits: an A47 with corrected traits sends the INS that goes with them.
func TestNewTraits(t *testing.T) {
	t.Parallel()
	x := traveller(t, "", "")
	old := x.do("A28", pam.Change{}).Get("PID-3[.5=INS].1")
	m := x.do("A47", pam.Change{Patient: &pam.PatientSpec{Born: "1990-05-06"}})
	want(t, m, "MRG-1.1", old, "PID-7", "19900506", "PID-3[.5=INS].1", x.j.Patient().INS)
	require.Equal(t, "29005", x.j.Patient().INS[:5])
}

func TestRefusedNumbers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, dialect, identity string
		trigger                 pam.Trigger
		change                  pam.Change
		says                    string
	}{
		{"an account nobody opened", "", "", "A44", pam.Change{}, "no movement"},
		{"an account number nobody knows", "", "", "A49", pam.Change{}, "no movement"},
		{"no INS in the dialect", "pam-2.5", "", "A47", pam.Change{Identifier: "ins"}, "the INS is not sent there"},
		{"no INS in the identity", "", pam.Retrieved, "A47", pam.Change{Identifier: "ins-deleted"}, "not qualified"},
		{"deleted yet qualified", "", "", "A47", pam.Change{Identifier: "ins-deleted", Patient: &pam.PatientSpec{Identity: pam.Qualified}}, "does not go with"},
		{"deleted yet retrieved", "", "", "A47", pam.Change{Identifier: "ins-deleted", Patient: &pam.PatientSpec{Identity: pam.Retrieved}}, "does not go with"},
		{"downgraded to provisional", "", "", "A47", pam.Change{Identifier: "ins-downgraded", Patient: &pam.PatientSpec{Identity: pam.Provisional}}, "does not go with"},
		{"changed and taken back", "", "", "A47", pam.Change{Identifier: "ins", Patient: &pam.PatientSpec{Identity: pam.Validated}}, "qualified identity only"},
		{"an A31 takes nothing back", "", "", "A31", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Provisional}}, "taken back with A47"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := traveller(t, tc.dialect, tc.identity)
			x.do("A28", pam.Change{})
			before := x.j.Patient()
			_, err := x.j.Message("", tc.trigger, tc.change)
			require.ErrorContains(t, err, tc.says)
			require.Equal(t, before, x.j.Patient())
		})
	}
}

// TestNewAccountNumber: MRG-3 is the former number and PID-18 the new one.
func TestNewAccountNumber(t *testing.T) {
	t.Parallel()
	x := traveller(t, "", "")
	old := x.do("A01", pam.Change{}).Get("PID-18.1")
	m := x.do("A49", pam.Change{})
	want(t, m, "MRG-3.1", old, "MRG-1.1", m.Get("PID-3[1].1"), "PID-18.1", x.j.Stay().Account)
	require.NotEqual(t, old, m.Get("PID-18.1"))
	want(t, x.do("A03", pam.Change{}), "PID-18.1", x.j.Stay().Account)
}

// everyIdentity builds the events about people and numbers.
func everyIdentity(t testing.TB, d pam.Dialect, seed uint64) []*hl7.Message {
	t.Helper()
	g := pam.NewGenerator(seed, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	patient, err := g.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	stay, err := g.Stay(pam.StaySpec{})
	require.NoError(t, err)
	j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, patient, stay)
	var messages []*hl7.Message
	for _, s := range identitySteps {
		m, err := j.Message(s.step, s.trigger, s.change)
		if errors.Is(err, pam.ErrNotApplicable) {
			continue
		}
		require.NoError(t, err, "%s %s", s.step, s.trigger)
		messages = append(messages, m)
	}
	return messages
}

// identitySteps is a journey of somebody qualified through all events about
// people and numbers.
var identitySteps = []stop{
	{"known", "A28", "", pam.Change{}},
	{"one-person", "A24", "", pam.Change{}},
	{"two-people", "A37", "", pam.Change{}},
	{"twice", "A40", "", pam.Change{}},
	{"admitted", "A01", "", pam.Change{}},
	{"renumbered", "A49", "", pam.Change{}},
	{"somebody-else", "A44", "", pam.Change{}},
	{"gone", "A40", "", pam.Change{Keep: true}},
	{"other-ins", "A47", "", pam.Change{}},
	{"moved", "A02", "", pam.Change{}},
	{"downgraded", "A47", "", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Retrieved}}},
	{"qualified", "A31", "", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified}}},
	{"deleted", "A47", "", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Validated}}},
	{"left", "A03", "", pam.Change{}},
}
