package sequence_test

import (
	"fmt"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
)

// A tracker is fed the report of each message, in the order in which they were
// sent. Each of these two would be right alone; together they give one ZBE-1 to
// two movements.
func ExampleTracker() {
	judge, err := rules.New(rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	tracker := sequence.New(sequence.Options{})
	for _, text := range []string{
		"MSH|^~\\&|GAM|CHU|DMN|CHU|20260302100500||ADT^A01^ADT_A01|1|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8|FR\n" +
			"EVN||20260302100500||||20260302100000\n" +
			"PID|1||100001^^^CHU&990000017&N^PI||MARTIN^^ANNE^^^^L||19800101|F||||||||||26000123^^^CHU&990000017&N^AN||||||||||||||PROV\n" +
			"PV1|1|I|6268^102^1^CHU&990000017&N||||||||||||||||26000456^^^CHU&990000017&N^VN\n" +
			"ZBE|M1^CHU|20260302100000||INSERT|N||^^^^^CHU&990000017&N^UF^^^6268||HMS\n",
		"MSH|^~\\&|GAM|CHU|DMN|CHU|20260303090500||ADT^A02^ADT_A02|2|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8|FR\n" +
			"EVN||20260303090500||||20260303090000\n" +
			"PID|1||100001^^^CHU&990000017&N^PI||MARTIN^^ANNE^^^^L||19800101|F||||||||||26000123^^^CHU&990000017&N^AN||||||||||||||PROV\n" +
			"PV1|1|I|6270^12^1^CHU&990000017&N||||||||||||||||26000456^^^CHU&990000017&N^VN\n" +
			"ZBE|M1^CHU|20260303090000||INSERT|N||^^^^^CHU&990000017&N^UF^^^6270||HMS\n",
	} {
		m, err := hl7.Parse([]byte(strings.ReplaceAll(text, "\n", "\r")))
		if err != nil {
			fmt.Println(err)
			return
		}
		var r rules.Report
		judge.Message(&r, m)
		alone := len(r.Findings)
		tracker.Follow(&r)
		for i := range r.Findings[alone:] {
			f := &r.Findings[alone+i]
			fmt.Println(m.Header().Trigger, f.Path(), f.Rule.ID)
			fmt.Println(f.Message("fr"))
		}
	}
	// Output:
	// A02 ZBE-1 seq.zbe-1.reused
	// ZBE-1 « M1^CHU » désigne déjà un autre mouvement
}
