package reference

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// An encounter is a DMN and the journey that it hears of.
type encounter struct {
	*testing.T
	d *DMN
	j *pam.Journey
	g *pam.Generator
}

func meet(t *testing.T, dialect pam.Dialect, spec pam.PatientSpec) encounter {
	t.Helper()
	g := pam.NewGenerator(7, noon())
	patient, err := g.Patient(spec)
	require.NoError(t, err)
	stay, err := g.Stay(pam.StaySpec{})
	require.NoError(t, err)
	d := newDMN(t, Options{Now: func() time.Time { return noon() }})
	return encounter{t, d, pam.NewJourney(g, dialect, hl7.UTF8, pam.Partners{}, patient, stay), g}
}

// tell sends a step and returns what became of it.
func (x encounter) tell(trigger pam.Trigger, c pam.Change) Outcome {
	x.Helper()
	m, err := x.j.Message(string(trigger), trigger, c)
	require.NoError(x, err, trigger)
	_, v := x.d.judge(x.Context(), m.Bytes())
	return v.outcome
}

func (x encounter) applies(trigger pam.Trigger, c pam.Change) {
	x.Helper()
	require.Equal(x, Applied, x.tell(trigger, c), trigger)
}

func (x encounter) record(ipp string) Patient {
	x.Helper()
	p, known := x.d.Patient(ipp)
	require.True(x, known, ipp)
	return p
}

// TestPeopleInTwo is SC-20: an account moves, its former patient is merged away
// and not to be used any more.
func TestPeopleInTwo(t *testing.T) {
	for _, dialect := range pam.Dialects() {
		t.Run(dialect.Name, func(t *testing.T) {
			x := meet(t, dialect, pam.PatientSpec{Sex: "F"})
			b := x.j.Patient()
			a := *x.g.Twin(&b)
			x.applies("A28", pam.Change{Other: &a})
			x.applies("A28", pam.Change{})
			x.applies("A24", pam.Change{})
			require.Len(t, x.d.State().Links, 1)
			x.applies("A37", pam.Change{})
			require.Empty(t, x.d.State().Links)
			x.applies("A01", pam.Change{})
			if ok, _ := dialect.Supports("A49"); ok {
				x.applies("A49", pam.Change{})
				require.Equal(t, x.j.Stay().Account, x.record(b.IPP).Stays[0].Account.Value)
			}
			x.applies("A44", pam.Change{})
			require.Empty(t, x.record(b.IPP).Stays)
			require.Equal(t, Inpatient, x.record(a.IPP).Stays[0].Status)
			x.applies("A40", pam.Change{Keep: true})
			require.Len(t, x.d.State().Patients, 1)
			require.Equal(t, Refused, x.tell("A31", pam.Change{Other: &b, Force: true}))
			x.applies("A03", pam.Change{})
			require.Equal(t, Discharged, x.record(a.IPP).Stays[0].Status)
		})
	}
}

// TestMergeOfTheJourney: the record of the journey goes up in the other one.
func TestMergeOfTheJourney(t *testing.T) {
	for _, dialect := range pam.Dialects() {
		x := meet(t, dialect, pam.PatientSpec{Sex: "F"})
		b := x.j.Patient()
		a := *x.g.Twin(&b)
		x.applies("A28", pam.Change{Other: &a})
		x.applies("A01", pam.Change{})
		x.applies("A40", pam.Change{})
		require.Len(t, x.d.State().Patients, 1)
		require.Equal(t, Inpatient, x.record(a.IPP).Stays[0].Status)
		x.applies("A02", pam.Change{})
		require.Equal(t, Discarded, x.tell("A40", pam.Change{Other: &b, Keep: true, Force: true}), "merged already")
	}
}

// TestSecondRecord: both records are known, so one of them goes.
func TestSecondRecord(t *testing.T) {
	for _, keep := range []bool{false, true} {
		x := meet(t, pam.Dialects()[0], pam.PatientSpec{})
		x.applies("A28", pam.Change{})
		x.applies("A28", pam.Change{Second: true})
		require.Len(t, x.d.State().Patients, 2)
		x.applies("A40", pam.Change{Keep: keep})
		require.Len(t, x.d.State().Patients, 1)
		x.record(x.j.Patient().IPP)
	}
}

// TestNumbersOfOnePerson is SC-19, and the change of the number in the hospital.
func TestNumbersOfOnePerson(t *testing.T) {
	ins := func(p Patient) (values []string) {
		for _, id := range p.Identifiers {
			if id.Type == insType {
				values = append(values, id.Value)
			}
		}
		return values
	}
	for _, dialect := range pam.Dialects() {
		t.Run(dialect.Name, func(t *testing.T) {
			x := meet(t, dialect, pam.PatientSpec{Identity: pam.Provisional, Sex: "F"})
			x.applies("A28", pam.Change{})
			first := x.j.Patient().IPP
			x.applies("A47", pam.Change{Identifier: "ipp"})
			_, known := x.d.Patient(first)
			require.False(t, known)
			ipp := x.j.Patient().IPP
			x.applies("A31", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified}})
			if ok := ins(x.record(ipp)); len(ok) == 0 {
				return // the dialect sends no INS
			}
			x.applies("A47", pam.Change{})
			require.Equal(t, []string{x.j.Patient().INS}, ins(x.record(ipp)))
			x.applies("A47", pam.Change{Identifier: "ins-downgraded"})
			require.Empty(t, ins(x.record(ipp)))
			require.Equal(t, []string{"PROV"}, x.record(ipp).Reliability)
			x.applies("A31", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified}})
			x.applies("A47", pam.Change{Identifier: "ins-deleted"})
			require.Empty(t, ins(x.record(ipp)))
		})
	}
}
