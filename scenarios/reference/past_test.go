package reference

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// In France movements of the past are inserted and cancelled too (PAM.fr 5.3.7),
// and A06 and A07 cancel each other (5.3.5): every such message is applied, and
// what holds now is what nobody took back.
func TestPastMovements(t *testing.T) {
	type step struct {
		name    string
		trigger pam.Trigger
		change  pam.Change
	}
	past := func(at time.Duration) *time.Duration { return &at }
	for _, journey := range []struct {
		name   string
		class  string
		steps  []step
		status Status
		unit   string
	}{
		{"wrong transfer", "I", []step{
			{"in", "A01", pam.Change{Unit: &pam.Unit{Code: "6000"}}},
			{"wrong", "A02", pam.Change{Unit: &pam.Unit{Code: "6050"}}},
			{"ward", "A02", pam.Change{Unit: &pam.Unit{Code: "6055"}}},
			{"not", "A12", pam.Change{Of: "wrong"}},
		}, Inpatient, "6055"},
		{"forgotten transfer", "I", []step{
			{"in", "A01", pam.Change{}},
			{"ward", "A02", pam.Change{At: 3 * time.Hour, Unit: &pam.Unit{Code: "6055"}}},
			{"late", "A02", pam.Change{At: 5 * time.Hour, Start: past(time.Hour), Unit: &pam.Unit{Code: "6050"}}},
			{"out", "A03", pam.Change{}},
		}, Discharged, "6055"},
		{"leave that was none", "I", []step{
			{"in", "A01", pam.Change{Unit: &pam.Unit{Code: "6000"}}},
			{"away", "A21", pam.Change{}}, {"back", "A22", pam.Change{}}, {"out", "A03", pam.Change{}},
			{"not back", "A53", pam.Change{}}, {"not away", "A52", pam.Change{}},
		}, Discharged, "6000"},
		{"session that was none", "R", []step{
			{"in", "A01", pam.Change{Unit: &pam.Unit{Code: "6000"}}}, {"out", "A03", pam.Change{}},
			{"in2", "A01", pam.Change{}}, {"out2", "A03", pam.Change{}},
			{"in3", "A01", pam.Change{}}, {"out3", "A03", pam.Change{}},
			{"not out", "A13", pam.Change{Of: "out2"}}, {"not in", "A11", pam.Change{Of: "in2"}},
		}, Discharged, "6000"},
		{"forgotten session", "R", []step{
			{"in", "A01", pam.Change{Unit: &pam.Unit{Code: "6000"}}}, {"out", "A03", pam.Change{}},
			{"in2", "A01", pam.Change{At: 10 * time.Hour}}, {"out2", "A03", pam.Change{}},
			{"in3", "A01", pam.Change{At: 20 * time.Hour, Start: past(5 * time.Hour)}}, {"out3", "A03", pam.Change{At: 20 * time.Hour, Start: past(6 * time.Hour)}},
		}, Discharged, "6000"},
		{"class change taken back", "E", []step{
			{"in", "A04", pam.Change{Unit: &pam.Unit{Code: "6000"}}},
			{"inpatient", "A06", pam.Change{Unit: &pam.Unit{Code: "6050"}}},
			{"sessions", "A06", pam.Change{}},
			{"no sessions", "A07", pam.Change{Of: "sessions"}},
			{"no inpatient", "A07", pam.Change{Of: "inpatient"}},
		}, Outpatient, "6000"},
		{"doctor who was none", "I", []step{
			{"in", "A01", pam.Change{Unit: &pam.Unit{Code: "6000"}}},
			{"doctor", "A54", pam.Change{}}, {"announced", "A16", pam.Change{}}, {"moved", "A02", pam.Change{Unit: &pam.Unit{Code: "6050"}}},
			{"not announced", "A25", pam.Change{}}, {"no doctor", "A55", pam.Change{}},
		}, Inpatient, "6050"},
	} {
		t.Run(journey.name, func(t *testing.T) {
			g := pam.NewGenerator(7, noon())
			patient, err := g.Patient(pam.PatientSpec{})
			require.NoError(t, err)
			stay, err := g.Stay(pam.StaySpec{Class: journey.class})
			require.NoError(t, err)
			j := pam.NewJourney(g, pam.Dialects()[0], hl7.UTF8, pam.Partners{}, patient, stay)
			d := newDMN(t, Options{Now: func() time.Time { return noon() }})
			for _, step := range journey.steps {
				m, err := j.Message(step.name, step.trigger, step.change)
				require.NoError(t, err, step.name)
				_, v := d.judge(t.Context(), m.Bytes())
				require.Equal(t, Applied, v.outcome, "%s: %s %v\n%s", step.name, v.reason.EN, v.errors, m.Bytes())
			}
			s := d.State().Patients[0].Stays[0]
			require.Equal(t, journey.status, s.Status)
			require.Contains(t, s.Location, journey.unit)
		})
	}
}
