package pam_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// noon is the instant of most tests.
var noon = time.Date(2026, time.March, 9, 12, 0, 0, 0, time.UTC)

// sent is a message of a tour and what it was to be.
type sent struct {
	name    string // journey and step
	trigger pam.Trigger
	of      pam.Trigger // the event that is corrected or cancelled
	message *hl7.Message
	patient pam.Patient // after the message
}

// stop is a step of a tour.
type stop struct {
	step    string
	trigger pam.Trigger
	of      pam.Trigger
	change  pam.Change
}

func span(d time.Duration) *time.Duration { return &d }

// bySixths names the journeys that are long enough for every sixth seed, and
// which of the six.
var bySixths = map[string]uint64{"announced": 0, "on leave": 1, "in the past": 2, "no leave": 3, "undone in the past": 4}

// tour plays journeys in which every event occurs in most of its situations,
// with people and stays drawn by the seed.
func tour(t testing.TB, seed uint64, d pam.Dialect, cs hl7.Charset) []sent {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	g := pam.NewGenerator(seed, noon)
	letters := map[hl7.Charset]string{hl7.ASCII: "ascii", hl7.Latin1: "latin1", hl7.Latin9: "latin9", hl7.UTF8: "latin9"}[cs]
	one := func(words ...string) string { return words[r.IntN(len(words))] }
	person := func() *pam.Patient {
		p, err := g.Patient(pam.PatientSpec{
			Identity:   one(pam.KnownValues("patient.identity")...),
			Sex:        one("", "F", "M"),
			Twin:       r.IntN(4) == 0,
			Born:       one("", "adult", "elder", "child", "newborn", "1976", "2001-09-30"),
			BirthPlace: one("", "france", "corsica", "overseas", "abroad"),
			LongName:   r.IntN(5) == 0,
			Letters:    letters,
		})
		require.NoError(t, err)
		return p
	}
	stay := func(class string) *pam.Stay {
		st, err := g.Stay(pam.StaySpec{Class: class, Letters: letters})
		require.NoError(t, err)
		return st
	}
	surgery, medicine := &pam.Unit{Code: "6268", Label: "CHIRURGIE"}, &pam.Unit{Code: "6270", Label: "MEDECINE"}
	dead := r.IntN(3) == 0
	var all []sent
	play := func(name string, p *pam.Patient, st *pam.Stay, stops []stop) {
		if turn, long := bySixths[name]; long && turn != seed%6 {
			return
		}
		j := pam.NewJourney(g, d, cs, pam.Partners{}, p, st)
		for _, s := range stops {
			m, err := j.Message(s.step, s.trigger, s.change)
			if errors.Is(err, pam.ErrNotApplicable) {
				continue
			}
			require.NoError(t, err, "%s, seed %d, %s/%s", d.Name, seed, name, s.step)
			all = append(all, sent{fmt.Sprintf("%s, seed %d, %s/%s", d.Name, seed, name, s.step), s.trigger, s.of, m, j.Patient()})
		}
	}
	play("inpatient", person(), stay(one("I", "R")), []stop{
		{"create", "A28", "", pam.Change{}},
		{"expected", "A05", "", pam.Change{}},
		{"expected-later", "Z99", "A05", pam.Change{Planned: 72 * time.Hour}},
		{"admitted", "A01", "", pam.Change{At: time.Hour}},
		{"moved", "A02", "", pam.Change{Unit: surgery, At: 2 * time.Hour}},
		{"bed", "A02", "", pam.Change{Room: "12", Bed: "12F", At: 3 * time.Hour}},
		{"no-bed", "A12", "A02", pam.Change{}},
		{"earlier", "Z99", "A01", pam.Change{Of: "admitted", Start: span(50 * time.Minute)}},
		{"other-unit", "Z99", "A02", pam.Change{Unit: medicine}},
		{"housed", "A02", "", pam.Change{Housing: &pam.Unit{Code: "6271", Label: "NÉPHROLOGIE"}}},
		{"better-known", "A31", "", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified}}},
		{"left", "A03", "", pam.Change{At: 30 * time.Hour, Deceased: dead}},
		{"left-later", "Z99", "A03", pam.Change{Start: span(31 * time.Hour)}},
		{"back", "A13", "A03", pam.Change{}},
		{"left-again", "A03", "", pam.Change{At: 40 * time.Hour}},
	})
	play("mistaken", person(), stay("I"), []stop{
		{"expected", "A05", "", pam.Change{}},
		{"admitted", "A01", "", pam.Change{}},
		{"not-admitted", "A11", "A01", pam.Change{}},
		{"not-expected", "A38", "A05", pam.Change{}},
	})
	play("outpatient", person(), stay(one("O", "E")), []stop{
		{"known", "A31", "", pam.Change{}},
		{"came", "A04", "", pam.Change{}},
		{"corrected", "Z99", "A04", pam.Change{Unit: medicine}},
		{"status", "Z99", "A04", pam.Change{Class: "I"}},
		{"gone", "A03", "", pam.Change{At: 90 * time.Minute}},
		{"not-gone", "A13", "A03", pam.Change{}},
		{"never-came", "A11", "A04", pam.Change{}},
	})
	play("announced", person(), stay(one("I", "R")), []stop{
		{"expected", "A05", "", pam.Change{}},
		{"decided", "A14", "", pam.Change{Planned: 5 * time.Hour}},
		{"decided-later", "Z99", "A14", pam.Change{Planned: 6 * time.Hour}},
		{"undecided", "A27", "A14", pam.Change{}},
		{"decided-again", "A14", "", pam.Change{}},
		{"admitted", "A01", "", pam.Change{}},
		{"to-move", "A15", "", pam.Change{}},
		{"to-move-later", "Z99", "A15", pam.Change{Planned: 100 * time.Hour}},
		{"to-move-elsewhere", "Z99", "A15", pam.Change{Unit: surgery}},
		{"not-to-move", "A26", "A15", pam.Change{}},
		{"to-move-again", "A15", "", pam.Change{}},
		{"moved", "A02", "", pam.Change{}},
		{"bed-announced", "A15", "", pam.Change{Room: "12", Bed: "12P"}},
		{"to-leave", "A16", "", pam.Change{}},
		{"to-leave-later", "Z99", "A16", pam.Change{Planned: 200 * time.Hour}},
		{"not-to-leave", "A25", "A16", pam.Change{}},
		{"to-leave-again", "A16", "", pam.Change{}},
		{"left", "A03", "", pam.Change{Deceased: dead}},
	})
	play("on leave", person(), stay(one("I", "R", "E", "O")), []stop{
		{"in", "A04", "", pam.Change{Class: one("E", "O")}},
		{"orientated", "A06", "", pam.Change{Class: one("I", "R")}},
		{"earlier", "Z99", "A06", pam.Change{Start: span(30 * time.Minute)}},
		{"other-ward", "Z99", "A06", pam.Change{Unit: medicine}},
		{"away", "A21", "", pam.Change{}},
		{"expected-later", "Z99", "A21", pam.Change{Planned: 100 * time.Hour}},
		{"other-doctor", "A54", "", pam.Change{}},
		{"same-doctor", "A55", "A54", pam.Change{}},
		{"another-doctor", "A54", "", pam.Change{}},
		{"back", "A22", "", pam.Change{}},
		{"back-later", "Z99", "A22", pam.Change{Start: span(80 * time.Hour)}},
		{"off", "A09", "", pam.Change{}},
		{"not-off", "A33", "", pam.Change{}},
		{"off-again", "A09", "", pam.Change{}},
		{"there", "A10", "", pam.Change{}},
		{"not-there", "A32", "", pam.Change{}},
		{"there-again", "A10", "", pam.Change{}},
		{"on-the-way-back", "A09", "", pam.Change{}},
		{"in-bed-again", "A10", "", pam.Change{}},
		{"outpatient", "A07", "", pam.Change{}},
		{"outpatient-elsewhere", "Z99", "A07", pam.Change{Unit: surgery}},
		{"emergency", "A07", "", pam.Change{Class: "E"}},
		{"no-emergency", "A06", "A07", pam.Change{Of: "emergency"}},
		{"inpatient", "A06", "", pam.Change{}},
		{"no-inpatient", "A07", "A06", pam.Change{Of: "inpatient"}},
		{"sessions", "A06", "", pam.Change{Class: "R"}},
		{"gone", "A03", "", pam.Change{}},
	})
	play("in the past", person(), stay("I"), []stop{
		{"in", "A01", "", pam.Change{}},
		{"away", "A21", "", pam.Change{At: 2 * time.Hour}},
		{"back", "A22", "", pam.Change{At: 4 * time.Hour}},
		{"doctor", "A54", "", pam.Change{At: 6 * time.Hour}},
		{"moved", "A02", "", pam.Change{At: 8 * time.Hour}},
		{"out", "A03", "", pam.Change{At: 10 * time.Hour}},
	})
	if ok, _ := d.Supports("A53"); ok {
		play("no leave", person(), stay("I"), []stop{
			{"in", "A01", "", pam.Change{}},
			{"away", "A21", "", pam.Change{}},
			{"back", "A22", "", pam.Change{}},
			{"not-back", "A53", "A22", pam.Change{}},
			{"not-away", "A52", "A21", pam.Change{}},
			{"doctor", "A54", "", pam.Change{}},
			{"doctor-misnamed", "Z99", "A54", pam.Change{Doctor: &pam.Doctor{Family: "Martin", Given: "Anne"}}},
			{"out", "A03", "", pam.Change{}},
		})
	}
	if ok, _ := d.Supports("A53"); ok && d.Name != "pam-2.5" {
		play("undone in the past", person(), stay("I"), []stop{
			{"in", "A01", "", pam.Change{}},
			{"away", "A21", "", pam.Change{At: 2 * time.Hour}},
			{"back", "A22", "", pam.Change{At: 4 * time.Hour}},
			{"doctor", "A54", "", pam.Change{At: 6 * time.Hour}},
			{"moved", "A02", "", pam.Change{At: 8 * time.Hour}},
			{"to-leave", "A16", "", pam.Change{At: 9 * time.Hour}},
			{"moved-on", "A02", "", pam.Change{At: 10 * time.Hour}},
			{"not-to-leave", "A25", "A16", pam.Change{At: 11 * time.Hour}},
			{"out", "A03", "", pam.Change{At: 12 * time.Hour}},
			{"not-back", "A53", "A22", pam.Change{}},
			{"not-away", "A52", "A21", pam.Change{}},
			{"no-doctor", "A55", "A54", pam.Change{}},
			{"not-moved", "A12", "A02", pam.Change{Of: "moved"}},
			{"was-away", "A21", "", pam.Change{Start: span(90 * time.Minute), At: 20 * time.Hour}},
			{"was-back", "A22", "", pam.Change{Start: span(3 * time.Hour), At: 21 * time.Hour}},
			{"had-a-doctor", "A54", "", pam.Change{Start: span(5 * time.Hour), At: 22 * time.Hour}},
			{"was-away-earlier", "Z99", "A21", pam.Change{Of: "was-away", Start: span(80 * time.Minute)}},
			{"was-back-later", "Z99", "A22", pam.Change{Of: "was-back", Start: span(200 * time.Minute)}},
		})
	}
	play("monitored", person(), stay("V"), []stop{
		{"expected", "A05", "", pam.Change{}},
		{"begun", "A04", "", pam.Change{}},
		{"ended", "A03", "", pam.Change{At: 90 * 24 * time.Hour}},
	})
	known, err := g.Patient(pam.PatientSpec{Identity: pam.Qualified, Letters: letters})
	require.NoError(t, err)
	play("identities", known, stay("I"), identitySteps)
	play("unqualified", person(), stay("I"), []stop{{"known", "A31", "", pam.Change{}}, {"renumbered", "A47", "", pam.Change{Identifier: "ipp"}}})
	return all
}
