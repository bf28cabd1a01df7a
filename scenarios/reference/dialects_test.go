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
		change  pam.Change
	}
	journeys := []struct {
		name  string
		class string
		steps []step
	}{
		{"inpatient", "I", []step{
			{trigger: "A28", status: ""}, {trigger: "A05", status: PreAdmitted}, {trigger: "A01", status: Inpatient}, {trigger: "A02", status: Inpatient}, {trigger: "A12", status: Inpatient}, {trigger: "A31", status: Inpatient},
			{trigger: "A03", status: Discharged}, {trigger: "A13", status: Inpatient}, {trigger: "A11", status: PreAdmitted}, {trigger: "A38", status: Cancelled},
		}},
		{"class changes", "E", []step{
			{trigger: "A04", status: Outpatient}, {trigger: "A06", status: Inpatient}, {trigger: "A07", status: Outpatient},
			{trigger: "A06", status: Inpatient, change: pam.Change{Class: "R"}}, {trigger: "Z99", status: Inpatient}, {trigger: "A03", status: Discharged},
		}},
		{"leave", "I", []step{
			{trigger: "A01", status: Inpatient}, {trigger: "A21", status: OnLeave}, {trigger: "A22", status: Inpatient},
			{trigger: "A54", status: Inpatient}, {trigger: "A03", status: Discharged},
		}},
		{"no leave", "I", []step{
			{trigger: "A01", status: Inpatient}, {trigger: "A54", status: Inpatient}, {trigger: "A55", status: Inpatient},
			{trigger: "A21", status: OnLeave}, {trigger: "A52", status: Inpatient},
		}},
		{"announced", "I", []step{
			{trigger: "A05", status: PreAdmitted}, {trigger: "A14", status: AdmissionPending}, {trigger: "A27", status: PreAdmitted},
			{trigger: "A14", status: AdmissionPending}, {trigger: "A01", status: Inpatient},
			{trigger: "A15", status: Inpatient}, {trigger: "A26", status: Inpatient}, {trigger: "A15", status: Inpatient}, {trigger: "A02", status: Inpatient},
			{trigger: "A16", status: Inpatient}, {trigger: "A25", status: Inpatient}, {trigger: "A16", status: Inpatient}, {trigger: "A03", status: Discharged},
		}},
		{"tracked", "I", []step{
			{trigger: "A01", status: Inpatient}, {trigger: "A09", status: Inpatient}, {trigger: "A33", status: Inpatient}, {trigger: "A09", status: Inpatient},
			{trigger: "A10", status: Inpatient}, {trigger: "A32", status: Inpatient}, {trigger: "A10", status: Inpatient},
			{trigger: "A09", status: Inpatient}, {trigger: "A10", status: Inpatient}, {trigger: "A03", status: Discharged},
		}},
		{"outpatient", "O", []step{{trigger: "A28", status: ""}, {trigger: "A04", status: Outpatient}, {trigger: "A03", status: Discharged}}},
		{"correction", "I", []step{{trigger: "A28", status: ""}, {trigger: "A01", status: Inpatient}, {trigger: "Z99", status: Inpatient}, {trigger: "A03", status: Discharged}}},
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
						m, err := j.Message(string(step.trigger), step.trigger, step.change)
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
