package reference

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// Every dialect that pamlab speaks is understood: the same journeys lead to the
// same record, in each character set.
func TestDialects(t *testing.T) {
	type step struct {
		trigger pam.Trigger
		status  Status // of the stay after it
	}
	journeys := []struct {
		name  string
		class string
		steps []step
	}{
		{"inpatient", "I", []step{
			{"A28", ""}, {"A05", PreAdmitted}, {"A01", Inpatient}, {"A02", Inpatient}, {"A12", Inpatient}, {"A31", Inpatient},
			{"A03", Discharged}, {"A13", Inpatient}, {"A11", PreAdmitted}, {"A38", Cancelled},
		}},
		{"outpatient", "O", []step{{"A28", ""}, {"A04", Outpatient}, {"A03", Discharged}}},
		{"correction", "I", []step{{"A28", ""}, {"A01", Inpatient}, {"Z99", Inpatient}, {"A03", Discharged}}},
	}
	for _, dialect := range pam.Dialects() {
		for _, cs := range []hl7.Charset{hl7.UTF8, hl7.Latin9, hl7.Latin1} {
			for _, journey := range journeys {
				t.Run(dialect.Name+"/"+string(cs)+"/"+journey.name, func(t *testing.T) {
					g := pam.NewGenerator(7, noon())
					patient, err := g.Patient(pam.PatientSpec{})
					require.NoError(t, err)
					stay, err := g.Stay(pam.StaySpec{Class: journey.class})
					require.NoError(t, err)
					partners := pam.Partners{SendingApplication: "GAM", SendingFacility: "Hôpital", ReceivingApplication: "DMN", ReceivingFacility: "Réa"}
					j := pam.NewJourney(g, dialect, cs, partners, patient, stay)

					d := newDMN(t, Options{Now: func() time.Time { return noon() }})
					for _, step := range journey.steps {
						m, err := j.Message(string(step.trigger), step.trigger, pam.Change{})
						if errors.Is(err, pam.ErrNotApplicable) {
							continue
						}
						require.NoError(t, err, step.trigger)
						h, v := d.judge(t.Context(), m.Bytes())
						ack, err := hl7.ReadAck(d.compose(h, v))
						require.NoError(t, err)
						require.NoError(t, ack.Message.CheckText())
						require.Equal(t, Applied, v.outcome, "%s: %s %v\n%s", step.trigger, v.reason.EN, v.errors, m.Bytes())
						require.Equal(t, "Hôpital", ack.Message.Get("MSH-6"))

						record := d.State().Patients
						require.Len(t, record, 1)
						require.NotEmpty(t, record[0].Family)
						if step.status == "" {
							require.Empty(t, record[0].Stays)
							continue
						}
						require.Len(t, record[0].Stays, 1)
						require.Equal(t, step.status, record[0].Stays[0].Status, step.trigger)
					}
				})
			}
		}
	}
}
