package schema_test

import (
	"fmt"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// A message is held against the structure of its event and the definitions of
// its version.
func Example() {
	m, err := hl7.Parse([]byte(strings.Join([]string{
		`MSH|^~\&|GAM|CHU|DMN|CHU|20260309123000||ADT^A01^ADT_A01|42|P|2.5`,
		`EVN||20260309123000`,
		`PV1|1|I`,
		`PV2|||Chute`,
		`PID|1||12345^^^CHU^PI||DUPONT^ZOE||19840230|W`,
	}, "\r")))
	if err != nil {
		fmt.Println(err)
		return
	}
	h := m.Header()
	version, fit := schema.ForVersion(h.Version)
	fmt.Println("definitions of", version.Name, fit)

	var match schema.Match
	version.StructureOf(h.Type, h.Trigger).Match(m, &match)
	for _, f := range match.Findings {
		fmt.Println(f.Kind, f.Location)
	}
	for _, f := range (schema.Checker{Version: version}).Message(nil, m) {
		fmt.Printf("%v %v (byte %d)\n", f.Kind, f.Location, f.Offset)
	}
	// Output:
	// definitions of 2.5 exact
	// segment-misplaced PID
	// no-such-time PID-7.1 (byte 141)
	// not-suggested PID-8 (byte 150)
}

// A profile writes its grammars in the notation that it is printed in.
func ExampleCompile() {
	s, err := schema.Compile("A11", "MSH SFT* EVN PID PD1? PV1 PV2? ZBE DB1* OBX* ~DG1")
	if err != nil {
		fmt.Println(err)
		return
	}
	var match schema.Match
	s.MatchNames([]string{"MSH", "EVN", "PID", "PV1", "DG1"}, &match)
	for _, f := range match.Findings {
		fmt.Println(f.Kind, f.Slot.Segment, f.Slot.Usage)
	}
	// Output:
	// segment-missing ZBE R
	// segment-forbidden DG1 X
}

// A profile is a version in which something has been changed.
func ExampleVersion_Draft() {
	d := schema.V25().Draft("our-profile")
	d.Field("PID", 32).Usage = schema.Required
	profile, err := d.Version()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(profile.Segment("PID").Field(32).Usage, schema.V25().Segment("PID").Field(32).Usage)
	// Output: R O
}
