package pam_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// BenchmarkMessage builds the messages of one stay after another: an admission,
// a transfer, its correction, a discharge. One operation is one message.
func BenchmarkMessage(b *testing.B) {
	for _, name := range []string{"pam-fr-2.11", "pam-2.5", "adt-2.3.1"} {
		b.Run(name, func(b *testing.B) {
			d, err := pam.DialectByName(name)
			require.NoError(b, err)
			g := pam.NewGenerator(7, noon)
			p, err := g.Patient(pam.PatientSpec{})
			require.NoError(b, err)
			st, err := g.Stay(pam.StaySpec{})
			require.NoError(b, err)
			steps := []pam.Trigger{"A01", "A02", "A12", "A03"}
			var j *pam.Journey
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				n := i % len(steps)
				if n == 0 {
					j = pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
				}
				if _, err := j.Message("step", steps[n], pam.Change{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkPatient draws people.
func BenchmarkPatient(b *testing.B) {
	g := pam.NewGenerator(7, noon)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Patient(pam.PatientSpec{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheckIdentities guards a message that has an INS of the test
// authority, the most that the guard has to look at in our own traffic.
func BenchmarkCheckIdentities(b *testing.B) {
	d, _ := pam.DialectByName("")
	g := pam.NewGenerator(7, noon.Add(time.Hour))
	p, err := g.Patient(pam.PatientSpec{})
	require.NoError(b, err)
	st, err := g.Stay(pam.StaySpec{})
	require.NoError(b, err)
	m, err := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st).Message("admission", "A01", pam.Change{})
	require.NoError(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(m.Bytes())))
	for b.Loop() {
		if err := pam.CheckIdentities(m); err != nil {
			b.Fatal(err)
		}
	}
}
