package profile_test

import (
	"errors"
	"fmt"

	"github.com/pamlab/pamlab/hl7/pam/profile"
)

// A profile knows the events, the fields and the tables of one version of
// PAM.fr, and who demands what.
func ExampleLoad() {
	p, err := profile.Load("pam-fr-2.11") // the newest 2.11
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Name)

	cancel := p.Event("A11")
	fmt.Println(cancel.Structure, cancel.Cancels, cancel.Name.In("fr"))
	fmt.Println(cancel.Grammar.Notation)

	nature := p.Version.Segment("ZBE").Field(9)
	fmt.Println(nature.Usage, nature.Table.Number, p.FieldOrigin("ZBE", 9).Source)
	fmt.Println(p.Table(nature.Table.Number).Codes[0].Label.In("fr"))
	// Output:
	// pam-fr-2.11.2
	// ADT_A09 [A01 A04] Annulation d'admission
	// MSH SFT* EVN PID PD1? PV1 PV2? ZBE DB1* OBX* ~DG1
	// R IHE-FRANCE-ZBE-9 PAM.fr 6.13.9
	// Responsabilité de soins uniquement
}

func ExampleLoad_unknown() {
	_, err := profile.Load("pam-fr-2.12")
	var unknown *profile.UnknownError
	if errors.As(err, &unknown) {
		fmt.Println(unknown.In("fr"))
		fmt.Println(unknown.Hint("fr"))
	}
	// Output:
	// « pam-fr-2.12 » n'est ni un profil ni un dialecte
	// vouliez-vous dire pam-fr-2.10, pam-fr-2.11, pam-fr-2.11.2 ?
}
