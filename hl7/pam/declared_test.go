package pam_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// TestDeclaredDoctor: ODRP stands behind PD1, added the first time, unchanged
// from then on, and only in messages that describe the person (PAM.fr 6.8).
func TestDeclaredDoctor(t *testing.T) {
	t.Parallel()
	for _, d := range pam.Dialects() {
		having := 0
		for seed := range uint64(20) {
			g := pam.NewGenerator(seed, noon)
			p, err := g.Patient(pam.PatientSpec{})
			require.NoError(t, err)
			st, err := g.Stay(pam.StaySpec{})
			require.NoError(t, err)
			x := &trip{t, g, pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)}
			m := x.do("A28", pam.Change{})
			if m.Get("ROL-3") == "" {
				continue
			}
			having++
			doctor := m.Get("ROL-4.1")
			want(t, m, "ROL-2", "AD", "ROL-3", "ODRP", "ROL-4.13", "RPPS")
			require.Regexp(t, "^8997", doctor)
			want(t, x.do("A01", pam.Change{}), "ROL-2", "UC", "ROL-4.1", doctor)
			want(t, x.do("A02", pam.Change{}), "ROL-3", "")
			want(t, x.do("Z99", pam.Change{Of: "A01", Room: "7"}), "ROL-2", "UC")
			want(t, x.do("A44", pam.Change{}), "ROL", "")
		}
		french := d.Name == "pam-fr-2.11" || d.Name == "pam-fr-2.10"
		require.Equal(t, french, having > 0, d.Name)
		require.Less(t, having, 20)
	}
}
