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

// TestRefusals: what the state of a stay makes impossible, and that Force makes
// the message all the same.
func TestRefusals(t *testing.T) {
	t.Parallel()
	in := stop{"in", "A01", "", pam.Change{}}
	expected := stop{"expected", "A05", "", pam.Change{}}
	moved := stop{"moved", "A02", "", pam.Change{At: time.Hour}}
	moved2 := stop{"moved2", "A02", "", pam.Change{At: 2 * time.Hour}}
	out := stop{"out", "A03", "", pam.Change{At: 3 * time.Hour}}
	away := stop{"away", "A21", "", pam.Change{At: time.Hour}}
	back := stop{"back", "A22", "", pam.Change{At: 2 * time.Hour}}
	for _, tc := range []struct {
		name    string
		dialect string
		class   string
		before  []stop
		trigger pam.Trigger
		change  pam.Change
		says    string // in French
	}{
		{name: "transfer before admission", trigger: "A02", says: "aucun mouvement"},
		{name: "transfer of the expected", before: []stop{expected}, trigger: "A02", says: "préadmis"},
		{name: "transfer after discharge", before: []stop{in, out}, trigger: "A02", change: pam.Change{At: 4 * time.Hour}, says: "terminé"},
		{name: "transfer before arrival", before: []stop{in}, trigger: "A02", change: pam.Change{At: -time.Hour}, says: "pas encore là"},
		{name: "transfer to where the patient is", before: []stop{in}, trigger: "A02", change: pam.Change{Unit: unit("1000")}, says: "rien ne change"},
		{name: "transfer into another class", before: []stop{in}, trigger: "A02", change: pam.Change{Class: "O", Unit: unit("2")}, says: "ne change pas la classe"},
		{name: "two movements at one moment", before: []stop{in, moved}, trigger: "A02", change: pam.Change{At: time.Hour}, says: "même mouvement"},
		{name: "discharge before admission", trigger: "A03", says: "aucun mouvement"},
		{name: "second discharge", before: []stop{in, out}, trigger: "A03", says: "terminé"},
		{name: "discharge before the last movement", before: []stop{in, moved}, trigger: "A03", change: pam.Change{At: 30 * time.Minute}, says: "« moved »"},
		{name: "second admission", before: []stop{in}, trigger: "A01", says: "en cours"},
		{name: "admission after discharge", before: []stop{in, out}, trigger: "A01", says: "terminé"},
		{name: "admission with spent numbers", before: []stop{in, {"no", "A11", "", pam.Change{}}}, trigger: "A01", says: "annulé"},
		{name: "admission before it was expected", before: []stop{expected}, trigger: "A01", change: pam.Change{At: -time.Hour}, says: "précéderait"},
		{name: "second pre-admission", before: []stop{expected}, trigger: "A05", says: "préadmis"},
		{name: "inpatient by A04", trigger: "A04", says: "classe I"},
		{name: "outpatient by A01", class: "O", trigger: "A01", says: "classe O"},
		{name: "emergency expected", class: "E", trigger: "A05", says: "classe E"},
		{name: "patient created twice", before: []stop{{"a", "A28", "", pam.Change{}}}, trigger: "A28", says: "déjà été créé"},
		{name: "no transfer to cancel", before: []stop{in}, trigger: "A12", says: "rien à annuler"},
		{name: "no discharge to cancel", before: []stop{in}, trigger: "A13", says: "rien à annuler"},
		{name: "no pre-admission to cancel", before: []stop{in}, trigger: "A38", says: "rien à annuler"},
		{name: "nothing to correct", trigger: "Z99", says: "rien à annuler ou à corriger"},
		{name: "an unknown step", before: []stop{in}, trigger: "A11", change: pam.Change{Of: "nowhere"}, says: "« nowhere »"},
		{name: "another event's step", before: []stop{in, moved}, trigger: "A11", change: pam.Change{Of: "moved"}, says: "est un A02"},
		{name: "cancelled twice", before: []stop{in, moved, {"no", "A12", "", pam.Change{}}}, trigger: "A12", change: pam.Change{Of: "moved"}, says: "déjà annulé"},
		{name: "admission under a transfer", before: []stop{in, moved}, trigger: "A11", says: "les annuler d'abord"},
		{name: "pre-admission under an admission", before: []stop{expected, in}, trigger: "A38", says: "les annuler d'abord"},
		{name: "past transfer at IHE", dialect: "pam-2.5", before: []stop{in, moved, moved2}, trigger: "A12", change: pam.Change{Of: "moved"}, says: "plus le dernier"},
		{name: "past transfer without ZBE", dialect: "adt-2.3.1", before: []stop{in, moved2}, trigger: "A02", change: pam.Change{At: time.Hour}, says: "sans ZBE"},
		{name: "correction of the cancelled", before: []stop{in, {"no", "A11", "", pam.Change{}}}, trigger: "Z99", change: pam.Change{Of: "in"}, says: "est annulé"},
		{name: "class of a transfer", before: []stop{in, moved}, trigger: "Z99", change: pam.Change{Class: "O"}, says: "la classe ne se corrige que"},
		{name: "date of a transfer before admission", before: []stop{in, moved}, trigger: "Z99", change: pam.Change{Start: span(-time.Hour)}, says: "plus à sa place"},
		{name: "planned discharge", before: []stop{in, out}, trigger: "Z99", change: pam.Change{Planned: time.Hour}, says: "pas prévu"},
		{name: "class change of the expected", before: []stop{expected}, trigger: "A07", says: "préadmis"},
		{name: "class change of the awaited", before: []stop{{"awaited", "A14", "", pam.Change{}}}, trigger: "A07", says: "en attente d'admission"},
		{name: "class that the patient has", before: []stop{in}, trigger: "A06", change: pam.Change{Class: "I"}, says: "déjà de classe I"},
		{name: "inpatient by A07", before: []stop{in}, trigger: "A07", change: pam.Change{Class: "R"}, says: "c'est A06"},
		{name: "to remote monitoring", before: []stop{in}, trigger: "A06", change: pam.Change{Class: "V"}, says: "aucun événement"},
		{name: "class change under a transfer", before: []stop{in, {"out", "A07", "", pam.Change{At: time.Hour}}, moved2}, trigger: "A06", change: pam.Change{Of: "out"}, says: "les annuler d'abord"},
		{name: "class change that was none", before: []stop{in, moved}, trigger: "A06", change: pam.Change{Of: "moved"}, says: "est un A02"},
		{name: "class of a class change under a transfer", before: []stop{in, {"out", "A07", "", pam.Change{At: time.Hour}}, moved2}, trigger: "Z99", change: pam.Change{Of: "out", Class: "E"}, says: "ne se corrige plus"},
		{name: "past class change to the class that follows", before: []stop{in, {"later", "A07", "", pam.Change{At: 2 * time.Hour}}}, trigger: "A07", change: pam.Change{At: time.Hour, Class: "O"}, says: "« later » mène déjà"},
		{name: "class of the entry to the class that follows", before: []stop{in, {"later", "A07", "", pam.Change{At: 2 * time.Hour}}}, trigger: "Z99", change: pam.Change{Of: "in", Class: "O"}, says: "« later » mène déjà"},
		{name: "leave before admission", trigger: "A21", says: "aucun mouvement"},
		{name: "leave from a leave", before: []stop{in, away}, trigger: "A21", says: "en absence"},
		{name: "transfer of the absent", before: []stop{in, away}, trigger: "A02", says: "en absence"},
		{name: "return without a leave", before: []stop{in}, trigger: "A22", says: "en cours"},
		{name: "return twice", before: []stop{in, away, back}, trigger: "A22", says: "en cours"},
		{name: "return before the leave", before: []stop{in, away}, trigger: "A22", change: pam.Change{Start: span(30 * time.Minute)}, says: "était alors"},
		{name: "leave under its return", before: []stop{in, away, back}, trigger: "A52", says: "les annuler d'abord"},
		{name: "return moved before its leave", before: []stop{in, away, back}, trigger: "Z99", change: pam.Change{Start: span(30 * time.Minute)}, says: "plus à sa place"},
		{name: "past return at IHE", dialect: "pam-2.5", before: []stop{in, away, back, out}, trigger: "A53", says: "plus le dernier"},
		{name: "pending transfer of an outpatient", class: "O", before: []stop{{"in", "A04", "", pam.Change{}}}, trigger: "A15", says: "hospitalisé"},
		{name: "pending transfer to where the patient is", before: []stop{in}, trigger: "A15", change: pam.Change{Unit: unit("1000")}, says: "rien ne change"},
		{name: "pending transfer that took place", before: []stop{in, {"announced", "A15", "", pam.Change{At: time.Hour}}, moved2}, trigger: "A26", says: "les annuler d'abord"},
		{name: "pending discharge after discharge", before: []stop{in, out}, trigger: "A16", says: "terminé"},
		{name: "pending discharge that took place", before: []stop{in, {"announced", "A16", "", pam.Change{At: time.Hour}}, out}, trigger: "A25", says: "les annuler d'abord"},
		{name: "pending admission of the admitted", before: []stop{in}, trigger: "A14", says: "en cours"},
		{name: "pending admission under an admission", before: []stop{{"awaited", "A14", "", pam.Change{}}, in}, trigger: "A27", says: "les annuler d'abord"},
		{name: "pending admission of an outpatient", class: "O", trigger: "A14", says: "classe O"},
		{name: "doctor before admission", before: []stop{expected}, trigger: "A54", says: "préadmis"},
		{name: "no change of doctor to cancel", before: []stop{in}, trigger: "A55", says: "rien à annuler"},
		{name: "doctor of a transfer", before: []stop{in, moved}, trigger: "Z99", change: pam.Change{Doctor: &pam.Doctor{Family: "Martin"}}, says: "ne nomme pas de médecin"},
		{name: "departure before admission", trigger: "A09", says: "aucun mouvement"},
		{name: "departure of the absent", before: []stop{in, away}, trigger: "A09", says: "en absence"},
		{name: "departure on the way", before: []stop{in, {"off", "A09", "", pam.Change{}}}, trigger: "A09", says: "« off »"},
		{name: "no departure to cancel", before: []stop{in}, trigger: "A33", says: "n'est pas un A09"},
		{name: "departure under an arrival", before: []stop{in, {"off", "A09", "", pam.Change{}}, {"there", "A10", "", pam.Change{}}}, trigger: "A33", says: "n'est pas un A09"},
		{name: "session of an inpatient", before: []stop{in, out}, trigger: "A01", change: pam.Change{At: 9 * time.Hour}, says: "terminé"},
		{name: "death by transfer", before: []stop{in, moved}, trigger: "Z99", change: pam.Change{Deceased: true}, says: "pas une sortie"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			class := tc.class
			if class == "" {
				class = "I"
			}
			x := begin(t, tc.dialect, class)
			for _, s := range tc.before {
				x.step(s.step, s.trigger, s.change)
			}
			state, movements := x.j.State(), x.j.Movements()
			_, err := x.j.Message("test", tc.trigger, tc.change)
			var refused *pam.StateError
			require.True(t, errors.As(err, &refused), "%v", err)
			bilingual(t, refused)
			require.Equal(t, tc.trigger, refused.Trigger)
			require.Equal(t, "test", refused.Step)
			require.Contains(t, refused.In("fr"), tc.says)
			require.Contains(t, refused.Hint("en"), "force")
			require.Equal(t, state, refused.State)
			require.Equal(t, state, x.j.State(), "a refusal changes nothing")
			require.Equal(t, movements, x.j.Movements())

			tc.change.Force = true
			m, err := x.j.Message("test", tc.trigger, tc.change)
			require.NoError(t, err)
			require.Equal(t, string(tc.trigger), m.Get("MSH-9.2"))
			require.NoError(t, m.CheckText())
		})
	}
}

// TestForcedAgain: a cancellation sent twice carries the same movement twice.
func TestForcedAgain(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	x.step("in", "A01", pam.Change{})
	first := x.do("A11", pam.Change{})
	again := x.do("A11", pam.Change{Of: "in", Force: true})
	want(t, again, "ZBE-1", first.Get("ZBE-1"), "ZBE-2", first.Get("ZBE-2"), "ZBE-6", "A01")
	require.NotEqual(t, first.Get("MSH-10"), again.Get("MSH-10"))
	moved := begin(t, "", "I")
	moved.step("in", "A01", pam.Change{})
	moved.step("moved", "A02", pam.Change{})
	want(t, moved.do("A12", pam.Change{}), "ZBE-5", "N")
	want(t, moved.do("A12", pam.Change{Of: "moved", Force: true}), "ZBE-5", "N", "PV1-3.1", "1000")
	phantom := x.do("A12", pam.Change{Force: true})
	want(t, phantom, "ZBE-6", "A02", "ZBE-4", "CANCEL")
	require.NotEqual(t, first.Get("ZBE-1"), phantom.Get("ZBE-1"))
	require.Equal(t, pam.Cancelled, x.j.State())
}

// TestMeaningless: a change that the event cannot carry is not ignored.
func TestMeaningless(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		trigger pam.Trigger
		change  pam.Change
		field   string
	}{
		{"A28", pam.Change{Unit: unit("1")}, "stay.unit"},
		{"A12", pam.Change{Bed: "1"}, "stay.unit"},
		{"A03", pam.Change{Class: "O"}, "stay.class"},
		{"A31", pam.Change{Start: span(0)}, "start"},
		{"A11", pam.Change{Start: span(0)}, "start"},
		{"A01", pam.Change{Planned: time.Hour}, "planned"},
		{"A01", pam.Change{Of: "x"}, "of"},
		{"A11", pam.Change{Deceased: true}, "deceased"},
		{"A02", pam.Change{Stay: &pam.Stay{}}, "stay"},
		{"A21", pam.Change{Unit: unit("1")}, "stay.unit"},
		{"A15", pam.Change{Class: "O"}, "stay.class"},
		{"A02", pam.Change{Of: "x"}, "of"},
		{"A09", pam.Change{Of: "x"}, "of"},
		{"A02", pam.Change{Planned: time.Hour}, "planned"},
		{"A22", pam.Change{Planned: time.Hour}, "planned"},
		{"A02", pam.Change{Doctor: &pam.Doctor{Family: "X"}}, "doctor"},
		{"A54", pam.Change{Doctor: &pam.Doctor{}}, "doctor"},
		{"A54", pam.Change{Doctor: &pam.Doctor{Family: "X", RPPS: strings.Repeat("1", 16)}}, "doctor.rpps"},
		{"A02", pam.Change{Temporary: unit("1")}, "temporary"},
		{"A09", pam.Change{Start: span(0)}, "start"},
		{"A01", pam.Change{LastVisit: ptr(true)}, "last_visit"},
		{"A02", pam.Change{Tariff: strings.Repeat("x", 21)}, "stay.tariff"},
		{"A47", pam.Change{Other: &pam.Patient{IPP: "1"}}, "other"},
		{"A40", pam.Change{Other: &pam.Patient{}}, "other"},
		{"A24", pam.Change{Keep: true}, "keep"},
		{"A40", pam.Change{Second: true}, "second"},
		{"A31", pam.Change{Identifier: "ipp"}, "identifier"},
		{"A47", pam.Change{Identifier: "nir"}, "identifier"},
		{"A40", pam.Change{Patient: &pam.PatientSpec{}}, "patient"},
		{"A31", pam.Change{Other: &pam.Patient{IPP: "1"}, Patient: &pam.PatientSpec{}}, "patient"},
		{"A01", pam.Change{Class: "X"}, "stay.class"},
		{"A02", pam.Change{Unit: &pam.Unit{Label: "X"}}, "stay.unit"},
		{"A02", pam.Change{Care: &pam.Unit{}}, "stay.unit"},
		{"A02", pam.Change{Room: strings.Repeat("x", 21)}, "stay.room"},
	} {
		x := begin(t, "", "I")
		_, err := x.j.Message("x", tc.trigger, tc.change)
		var spec *pam.SpecError
		require.True(t, errors.As(err, &spec), "%s %+v: %v", tc.trigger, tc.change, err)
		require.Equal(t, tc.field, spec.Field)
		bilingual(t, spec)
	}
}

func TestNotApplicable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		dialect string
		class   string
		trigger pam.Trigger
		says    string
	}{
		{"adt-2.3.1", "I", "Z99", "no movement to correct"},
		{"adt-2.3.1+pid-2.5.1", "I", "Z99", "no movement to correct"},
		{"pam-fr-2.3.1", "I", "A54", "HL7 2.3.1 has no event A54"},
		{"adt-2.3.1", "I", "A52", "HL7 2.3.1 has no event A52"},
		{"pam-fr-2.11", "I", "A08", "A31 for the identity"},
		{"pam-2.5", "I", "A49", "IHE PAM has no event A49"},
		{"pam-2.5", "V", "A04", "no patient class V"},
		{"pam-fr-2.10", "V", "A04", "no patient class V"},
	} {
		x := begin(t, tc.dialect, tc.class)
		_, err := x.j.Message("x", tc.trigger, pam.Change{Force: true})
		require.ErrorIs(t, err, pam.ErrNotApplicable)
		var na *pam.NotApplicableError
		require.True(t, errors.As(err, &na))
		require.Equal(t, tc.dialect, na.Dialect)
		require.Equal(t, tc.trigger, na.Trigger)
		require.Contains(t, na.Error(), tc.says)
		bilingual(t, na)
		_, err = x.j.Message("x", "A31", pam.Change{})
		require.NoError(t, err, "identity events have no class")
	}
	x := begin(t, "", "I")
	_, err := x.j.Message("x", "A99", pam.Change{})
	var unknown *pam.TriggerError
	require.True(t, errors.As(err, &unknown))
	_, err = pam.NewJourney(x.g, pam.Dialect{}, hl7.UTF8, pam.Partners{}, &pam.Patient{}, &pam.Stay{}).Message("x", "A01", pam.Change{})
	require.ErrorIs(t, err, pam.ErrNotApplicable)
}
