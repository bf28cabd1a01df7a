package sequence_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
)

// TestCancelledAdmissionLeavesPreAdmission: after A05, A01, A11 the patient is
// expected as before: the pre-admission may be cancelled as well, and a new
// admission lacks nothing but a number of its own (PAM.fr 5.4.1, SEQ-004).
func TestCancelledAdmissionLeavesPreAdmission(t *testing.T) {
	d, err := pam.DialectByName("pam-fr-2.11")
	require.NoError(t, err)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	for then, want := range map[pam.Trigger][]string{"A38": nil, "A01": {"seq.pv1-19.reused"}} {
		t.Run(string(then), func(t *testing.T) {
			g := pam.NewGenerator(1, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			p, err := g.Patient(pam.PatientSpec{Identity: pam.Qualified})
			require.NoError(t, err)
			st, err := g.Stay(pam.StaySpec{})
			require.NoError(t, err)
			journey := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
			tracker := sequence.New(sequence.Options{})
			var found []string
			for i, trigger := range []pam.Trigger{"A05", "A01", "A11", then} {
				m, err := journey.Message(fmt.Sprint(i), trigger, pam.Change{})
				require.NoError(t, err, trigger)
				r := judged(t, j, m)
				n := len(r.Findings)
				tracker.Follow(r)
				for _, f := range r.Findings[n:] {
					found = append(found, f.Rule.ID)
				}
			}
			require.Equal(t, want, found)
		})
	}
}

// TestCancelledSessionLeavesTheOthers: a session that did not take place is
// cancelled, and the patient comes to the next one under the same visit number
// (PAM.fr 5.3.7).
func TestCancelledSessionLeavesTheOthers(t *testing.T) {
	d, err := pam.DialectByName("pam-fr-2.11")
	require.NoError(t, err)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	g := pam.NewGenerator(1, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	p, err := g.Patient(pam.PatientSpec{Identity: pam.Qualified})
	require.NoError(t, err)
	st, err := g.Stay(pam.StaySpec{Class: "R"})
	require.NoError(t, err)
	journey := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
	tracker, more := sequence.New(sequence.Options{}), false
	for i, trigger := range []pam.Trigger{"A01", "A03", "A01", "A03", "A13", "A11", "A01", "A03"} {
		c := pam.Change{}
		if trigger == "A03" {
			c.LastVisit = &more
		}
		m, err := journey.Message(fmt.Sprint(i), trigger, c)
		require.NoError(t, err, trigger)
		r := judged(t, j, m)
		n := len(r.Findings)
		tracker.Follow(r)
		require.Empty(t, r.Findings[n:], "%d %s", i, trigger)
	}
}

// TestForgottenStayIsNoFault: a patient who is heard of now and then is
// remembered for longer than their stay. Its discharge is not one of nobody.
func TestForgottenStayIsNoFault(t *testing.T) {
	d, err := pam.DialectByName("pam-fr-2.11")
	require.NoError(t, err)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	g := pam.NewGenerator(1, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	tracker := sequence.New(sequence.Options{Patients: 8})
	comes := func() *pam.Journey {
		p, err := g.Patient(pam.PatientSpec{Identity: pam.Validated})
		require.NoError(t, err)
		st, err := g.Stay(pam.StaySpec{})
		require.NoError(t, err)
		return pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
	}
	tell := func(journey *pam.Journey, triggers ...pam.Trigger) (found []string) {
		for _, trigger := range triggers {
			m, err := journey.Message("", trigger, pam.Change{})
			require.NoError(t, err, trigger)
			r := judged(t, j, m)
			n := len(r.Findings)
			tracker.Follow(r)
			for _, f := range r.Findings[n:] {
				found = append(found, f.Rule.ID)
			}
		}
		return found
	}
	watched := comes()
	require.Empty(t, tell(watched, "A28", "A01"))
	for range 40 {
		tell(comes(), "A28", "A01", "A03")
		require.Empty(t, tell(watched, "A31"))
	}
	require.Equal(t, []string{"seq.stay.unseen"}, tell(watched, "A03"), "it is said that the stay is not known, and no more")
}
