package pam_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

func patient(t testing.TB, seed uint64, spec pam.PatientSpec) *pam.Patient {
	t.Helper()
	p, err := pam.NewGenerator(seed, noon).Patient(spec)
	require.NoError(t, err)
	return p
}

// TestPatientSpec asks for each trait over many seeds.
func TestPatientSpec(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		spec pam.PatientSpec
		want func(*testing.T, *pam.Patient)
	}{
		{"nothing", pam.PatientSpec{}, func(t *testing.T, p *pam.Patient) {
			require.Equal(t, pam.Qualified, p.Identity)
			require.True(t, pam.ValidINS(p.INS))
		}},
		{"sex", pam.PatientSpec{Sex: "F"}, func(t *testing.T, p *pam.Patient) { require.Equal(t, "F", p.Sex) }},
		{"unknown sex", pam.PatientSpec{Sex: "U", Identity: pam.Validated}, func(t *testing.T, p *pam.Patient) { require.Empty(t, p.INS) }},
		{"twin", pam.PatientSpec{Twin: true}, func(t *testing.T, p *pam.Patient) { require.Contains(t, []int{1, 2}, p.BirthRank) }},
		{"Corsica", pam.PatientSpec{BirthPlace: "corsica"}, func(t *testing.T, p *pam.Patient) {
			require.Regexp(t, `^2[AB]`, p.BirthPlace.Code)
			require.GreaterOrEqual(t, p.Birth.Year(), 1976)
			require.Contains(t, p.INS, p.BirthPlace.Code)
		}},
		{"abroad", pam.PatientSpec{BirthPlace: "abroad"}, func(t *testing.T, p *pam.Patient) {
			require.Regexp(t, `^99[1-4]\d\d$`, p.BirthPlace.Code)
			require.NotEqual(t, "FRA", p.BirthPlace.Country)
		}},
		{"overseas", pam.PatientSpec{BirthPlace: "overseas"}, func(t *testing.T, p *pam.Patient) { require.Regexp(t, `^9[78]`, p.BirthPlace.Code) }},
		{"newborn", pam.PatientSpec{Born: "newborn"}, func(t *testing.T, p *pam.Patient) {
			require.Less(t, noon.Sub(p.Birth), 8*24*time.Hour)
			require.Empty(t, p.UsedFamily)
		}},
		{"elder", pam.PatientSpec{Born: "elder"}, func(t *testing.T, p *pam.Patient) { require.LessOrEqual(t, p.Birth.Year(), 1951) }},
		{"date", pam.PatientSpec{Born: "1958-03-07"}, func(t *testing.T, p *pam.Patient) { require.Equal(t, "19580307", p.Birth.Format("20060102")) }},
		{"date as in HL7", pam.PatientSpec{Born: "20000229"}, func(t *testing.T, p *pam.Patient) { require.Equal(t, "20000229", p.Birth.Format("20060102")) }},
		{"year", pam.PatientSpec{Born: "1931"}, func(t *testing.T, p *pam.Patient) { require.Equal(t, 1931, p.Birth.Year()) }},
		{"names", pam.PatientSpec{Family: "L'Hôte", Given: "Noël Zoé", UsualName: "Œuvrard"}, func(t *testing.T, p *pam.Patient) {
			require.Equal(t, "L'Hôte", p.Family)
			require.Equal(t, []string{"Noël", "Zoé"}, p.Given)
			require.Equal(t, "Œuvrard", p.UsedFamily)
			require.Regexp(t, `^nlhote\d\d@example\.`, p.Email)
		}},
		{"odd names", pam.PatientSpec{Identity: pam.Provisional, Family: "Ω\r|", Given: "\u0301"}, func(t *testing.T, p *pam.Patient) {
			require.Equal(t, "Ω\r|", p.Family)
			require.Regexp(t, `^\d\d@example\.`, p.Email)
		}},
		{"long name", pam.PatientSpec{LongName: true}, func(t *testing.T, p *pam.Patient) {
			require.Greater(t, len([]rune(p.Family)), 30)
			require.LessOrEqual(t, len([]rune(p.Family)), 50)
			require.LessOrEqual(t, len([]rune(p.Given[0])), 30)
			require.Greater(t, len(strings.Join(p.Given, " ")), 60)
		}},
		{"ASCII", pam.PatientSpec{Letters: "ascii", LongName: true}, func(t *testing.T, p *pam.Patient) {
			_, err := hl7.ASCII.Encode(strings.Join([]string{p.Family, p.UsedFamily, p.UsedGiven, strings.Join(p.Given, ""), p.BirthPlace.Name, p.Address.Street, p.Address.Extra, p.Address.City}, ""))
			require.NoError(t, err)
		}},
		{"Latin-1", pam.PatientSpec{}, func(t *testing.T, p *pam.Patient) {
			_, err := hl7.Latin1.Encode(p.Family + p.UsedFamily + strings.Join(p.Given, "") + p.Address.Street + p.Address.City)
			require.NoError(t, err)
			_, err = hl7.ASCII.Encode(p.Address.Street)
			require.Error(t, err, "nothing to test a character set with")
		}},
		{"Latin-9", pam.PatientSpec{Letters: "latin9"}, func(t *testing.T, p *pam.Patient) {
			_, err := hl7.Latin9.Encode(p.Address.Street)
			require.NoError(t, err)
			_, err = hl7.Latin1.Encode(p.Address.Street)
			require.Error(t, err, "nothing that tells 8859/15 from 8859/1")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(200) {
				tc.want(t, patient(t, seed, tc.spec))
			}
		})
	}
}

func TestPatientSpecErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		spec  pam.PatientSpec
		field string
		hint  string
	}{
		{"identity", pam.PatientSpec{Identity: "qualifed"}, "patient.identity", "qualified"},
		{"sex", pam.PatientSpec{Sex: "female"}, "patient.sex", ""},
		{"unknown sex of a qualified identity", pam.PatientSpec{Sex: "U"}, "patient.sex", ""},
		{"birth place", pam.PatientSpec{BirthPlace: "corse"}, "patient.birth_place", ""},
		{"letters", pam.PatientSpec{Letters: "latin"}, "patient.letters", "latin1"},
		{"born", pam.PatientSpec{Born: "yesterday"}, "patient.born", ""},
		{"no such day", pam.PatientSpec{Born: "2001-02-29"}, "patient.born", ""},
		{"the future", pam.PatientSpec{Born: "2027-01-01"}, "patient.born", ""},
		{"long ago", pam.PatientSpec{Born: "1789"}, "patient.born", ""},
		{"blank given name", pam.PatientSpec{Given: " "}, "patient.given", ""},
		{"no Latin letters", pam.PatientSpec{Family: "Достоевский"}, "patient.family", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := pam.NewGenerator(1, noon).Patient(tc.spec)
			var spec *pam.SpecError
			require.True(t, errors.As(err, &spec), "%v", err)
			require.Equal(t, tc.field, spec.Field)
			bilingual(t, spec)
			require.Contains(t, spec.Hint("en"), tc.hint)
		})
	}
}

// TestDraws: what a spec fixes leaves the rest of the person alone.
func TestDraws(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		free := patient(t, seed, pam.PatientSpec{})
		fixed := patient(t, seed, pam.PatientSpec{Sex: free.Sex, Identity: pam.Provisional, Twin: free.BirthRank > 0})
		require.Equal(t, free.Family, fixed.Family)
		require.Equal(t, free.Given, fixed.Given)
		require.Equal(t, free.Birth, fixed.Birth)
		require.Equal(t, free.Address, fixed.Address)
		require.Equal(t, free.INS, fixed.INS)
	}
}

// TestInstants: a run on another day meets the same people under other numbers.
func TestInstants(t *testing.T) {
	t.Parallel()
	today, err := pam.NewGenerator(5, noon).Patient(pam.PatientSpec{})
	require.NoError(t, err)
	g := pam.NewGenerator(5, noon.Add(24*time.Hour))
	tomorrow, err := g.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	require.Equal(t, today.Family, tomorrow.Family)
	require.Equal(t, today.Given, tomorrow.Given)
	require.Equal(t, today.Address, tomorrow.Address)
	require.NotEqual(t, today.IPP, tomorrow.IPP)
	require.NotEqual(t, today.INS, tomorrow.INS)
	require.NotEqual(t, pam.NewGenerator(5, noon).ControlID(), g.ControlID())
}

func TestNumbersNeverRepeat(t *testing.T) {
	t.Parallel()
	g := pam.NewGenerator(3, noon)
	seen := map[string]bool{}
	for range 20_000 {
		p, err := g.Patient(pam.PatientSpec{})
		require.NoError(t, err)
		st, err := g.Stay(pam.StaySpec{})
		require.NoError(t, err)
		for _, id := range []string{p.IPP, st.Account, st.Visit, g.ControlID()} {
			require.False(t, seen[id], "%s twice", id)
			seen[id] = true
		}
		require.Len(t, p.IPP, 10)
		require.Len(t, g.ControlID(), 20)
	}
}

// TestApart: two generators speak for one hospital, and never use the same number.
func TestApart(t *testing.T) {
	t.Parallel()
	usual, apart := pam.NewGenerator(1, noon), pam.NewGenerator(1, noon)
	apart.Apart()
	a, err := usual.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	b, err := apart.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	require.Len(t, a.IPP, 10)
	require.Equal(t, "1"+a.IPP, b.IPP)
	require.Regexp(t, `^P[0-9A-Z]{19}$`, usual.ControlID())
	require.Regexp(t, `^Q[0-9A-Z]{19}$`, apart.ControlID())
}

func TestTwin(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		g := pam.NewGenerator(seed, noon)
		p, err := g.Patient(pam.PatientSpec{})
		require.NoError(t, err)
		other := g.Twin(p)
		require.ElementsMatch(t, []int{1, 2}, []int{p.BirthRank, other.BirthRank})
		require.Equal(t, p.Family, other.Family)
		require.Equal(t, p.Birth, other.Birth)
		require.Equal(t, p.BirthPlace, other.BirthPlace)
		require.NotEqual(t, p.Given[0], other.Given[0])
		require.NotEqual(t, p.IPP, other.IPP)
		require.NotEqual(t, p.INS, other.INS)
		require.True(t, pam.ValidINS(other.INS), other.INS)
	}
}

func TestStaySpec(t *testing.T) {
	t.Parallel()
	surgery, theatre := pam.Unit{Code: "6268", Label: "CHIRURGIE"}, pam.Unit{Code: "6300", Label: "BLOC"}
	for _, class := range pam.KnownValues("stay.class") {
		for seed := range uint64(50) {
			g := pam.NewGenerator(seed, noon)
			st, err := g.Stay(pam.StaySpec{Class: class})
			require.NoError(t, err)
			require.Equal(t, class, st.Class)
			require.NotEmpty(t, st.Housing.Code)
			require.Equal(t, st.Housing, st.Medical)
			require.Equal(t, class == "I", st.Bed != "")
			require.Regexp(t, `^8997\d{7}$`, st.Doctor.RPPS)
			require.True(t, luhn(st.Doctor.RPPS), st.Doctor.RPPS)
		}
	}
	st, err := pam.NewGenerator(1, noon).Stay(pam.StaySpec{Unit: surgery, Care: theatre, Room: "7", Bed: "7F"})
	require.NoError(t, err)
	require.Equal(t, pam.Situation{Class: "I", Housing: surgery, Medical: surgery, Care: theatre, Room: "7", Bed: "7F", Doctor: st.Doctor}, st.Situation)
	st, err = pam.NewGenerator(1, noon).Stay(pam.StaySpec{Unit: pam.Unit{Code: "1", Label: "Réanimation"}, Letters: "ascii"})
	require.NoError(t, err)
	require.Equal(t, "Reanimation", st.Medical.Label)
	for _, tc := range []struct {
		name  string
		spec  pam.StaySpec
		field string
	}{
		{"class", pam.StaySpec{Class: "i"}, "stay.class"},
		{"letters", pam.StaySpec{Letters: "utf8"}, "stay.letters"},
		{"unit without a code", pam.StaySpec{Unit: pam.Unit{Label: "CHIRURGIE"}}, "stay.unit"},
		{"long code", pam.StaySpec{Medical: pam.Unit{Code: strings.Repeat("1", 21)}}, "stay.unit.code"},
		{"long label", pam.StaySpec{Care: pam.Unit{Code: "1", Label: strings.Repeat("é", 51)}}, "stay.unit.label"},
		{"long room", pam.StaySpec{Room: strings.Repeat("1", 21)}, "stay.room"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := pam.NewGenerator(1, noon).Stay(tc.spec)
			var spec *pam.SpecError
			require.True(t, errors.As(err, &spec), "%v", err)
			require.Equal(t, tc.field, spec.Field)
			bilingual(t, spec)
		})
	}
}

// luhn checks a number that ends with its check digit.
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	return sum%10 == 0
}

// TestAdvance: who is drawn later is as old on that day, and no number comes
// twice.
func TestAdvance(t *testing.T) {
	g := pam.NewGenerator(1, noon)
	g.Facility("CHU-Y", "990000033")
	before, err := g.Patient(pam.PatientSpec{Born: "newborn"})
	require.NoError(t, err)
	later := noon.AddDate(7, 0, 0)
	g.Advance(later)
	require.Equal(t, later, g.Instant())
	after, err := g.Patient(pam.PatientSpec{Born: "newborn"})
	require.NoError(t, err)
	require.Less(t, later.Sub(after.Birth), 10*24*time.Hour)
	require.NotEqual(t, before.IPP, after.IPP)
	st, err := g.Stay(pam.StaySpec{})
	require.NoError(t, err)
	d, err := pam.DialectByName("")
	require.NoError(t, err)
	m, err := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, after, st).Message("a", "A01", pam.Change{At: time.Hour})
	require.NoError(t, err)
	require.Equal(t, later.Add(time.Hour).Format("20060102150405"), m.Get("ZBE-2"))
	require.Equal(t, "CHU-Y&990000033&N", m.Get("PV1-3.4"))
}
