package pam_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// A patient comes, moves and leaves. Each message knows what was before it.
func ExampleJourney_Message() {
	dialect, _ := pam.DialectByName("pam-fr-2.11")
	g := pam.NewGenerator(7, time.Date(2026, time.March, 9, 8, 0, 0, 0, time.UTC))
	patient, _ := g.Patient(pam.PatientSpec{Identity: pam.Qualified, Sex: "F"})
	stay, _ := g.Stay(pam.StaySpec{Unit: pam.Unit{Code: "6268", Label: "CHIRURGIE"}, Room: "101", Bed: "101P"})
	j := pam.NewJourney(g, dialect, hl7.UTF8, pam.Partners{}, patient, stay)

	medicine := &pam.Unit{Code: "6270", Label: "MÉDECINE"}
	for _, step := range []struct {
		trigger pam.Trigger
		change  pam.Change
	}{
		{"A01", pam.Change{}},
		{"A02", pam.Change{Unit: medicine, Room: "7", At: time.Hour}},
		{"A12", pam.Change{At: 2 * time.Hour}},
		{"A03", pam.Change{At: 26 * time.Hour}},
	} {
		m, err := j.Message("step", step.trigger, step.change)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %-8s from %-4s to %s, movement of %s: %s\n", step.trigger, step.trigger.Name("en"),
			m.Get("PV1-6.1"), m.Get("PV1-3.1"), m.Get("ZBE-2"), m.Get("ZBE-4"))
	}
	// Output:
	// A01 Admit inpatient from      to 6268, movement of 20260309080000: INSERT
	// A02 Transfer from 6268 to 6270, movement of 20260309090000: INSERT
	// A12 Cancel transfer from      to 6268, movement of 20260309090000: CANCEL
	// A03 Discharge or end of visit from      to 6268, movement of 20260310100000: INSERT
}

// What cannot be is refused, in two languages, unless a test insists.
func ExampleStateError() {
	dialect, _ := pam.DialectByName("")
	g := pam.NewGenerator(7, time.Date(2026, time.March, 9, 8, 0, 0, 0, time.UTC))
	patient, _ := g.Patient(pam.PatientSpec{})
	stay, _ := g.Stay(pam.StaySpec{})
	j := pam.NewJourney(g, dialect, hl7.UTF8, pam.Partners{}, patient, stay)

	_, err := j.Message("early", "A02", pam.Change{})
	var refused *pam.StateError
	if errors.As(err, &refused) {
		fmt.Println(refused.In("en"))
		fmt.Println(refused.In("fr"))
	}
	m, err := j.Message("early", "A02", pam.Change{Force: true})
	fmt.Println(m.Get("MSH-9"), err)
	// Output:
	// A02 is impossible: the state of the stay is: no movement
	// A02 impossible : le séjour est : aucun mouvement
	// ADT^A02^ADT_A02 <nil>
}

func ExampleDialect_Supports() {
	plain, _ := pam.DialectByName("adt-2.3.1")
	ok, why := plain.Supports("Z99")
	fmt.Println(ok, why.In("en"))
	fmt.Println(plain.MessageType("A05"))
	// Output:
	// false without a ZBE segment there is no movement to correct
	// ADT^A05^ADT_A01
}

func ExampleINSKey() {
	key, _ := pam.INSKey("118052A004003") // born in Corse-du-Sud
	fmt.Println(key, pam.ValidINS("118052A004003"+key))
	// Output: 64 true
}

func ExampleCheckIdentities() {
	m, _ := hl7.Parse([]byte("MSH|^~\\&|GAM|CHU|DMN|CHU|20260309||ADT^A31^ADT_A05|1|T|2.5\r" +
		"PID|||260058815400233^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS\r"))
	fmt.Println(pam.CheckIdentities(m))
	// Output: PID-3.4.2: real national identity (1.2.250.1.213.1.4.8)
}

func ExampleParseTrigger() {
	_, err := pam.ParseTrigger("Z98")
	var unknown *pam.TriggerError
	if errors.As(err, &unknown) {
		fmt.Println(unknown.In("fr"), "–", unknown.Hint("fr"))
	}
	// Output: « Z98 » n'est pas un événement d'ITI-30 ni d'ITI-31 – vouliez-vous dire Z99 ?
}

// A patient was registered twice. The account goes to the right record, and the
// wrong one is merged away.
func ExampleChange_merge() {
	d, _ := pam.DialectByName("pam-fr-2.11")
	g := pam.NewGenerator(1, time.Date(2026, time.March, 9, 8, 30, 0, 0, time.UTC))
	p, _ := g.Patient(pam.PatientSpec{})
	st, _ := g.Stay(pam.StaySpec{})
	j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
	for _, step := range []struct {
		trigger pam.Trigger
		change  pam.Change
	}{
		{"A28", pam.Change{}},
		{"A28", pam.Change{Second: true}},
		{"A01", pam.Change{}},
		{"A44", pam.Change{}},
		{"A40", pam.Change{Keep: true}},
	} {
		m, err := j.Message(string(step.trigger), step.trigger, step.change)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s patient %s account %q former %q\n", step.trigger, m.Get("PID-3[1].1"), m.Get("PID-18.1"), m.Get("MRG-1.1"))
	}
	_, err := j.Message("again", "A31", pam.Change{Other: p})
	fmt.Println(err)
	// Output:
	// A28 patient 9085888619 account "" former ""
	// A28 patient 2991956015 account "" former ""
	// A01 patient 9085888619 account "8494832140" former ""
	// A44 patient 2991956015 account "8494832140" former "9085888619"
	// A40 patient 2991956015 account "" former "9085888619"
	// A31 is impossible: number 9085888619 is out of use: it was merged or replaced
}
