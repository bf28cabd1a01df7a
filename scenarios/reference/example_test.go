package reference_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// A DMN that listens, one admission, and the proof that it was understood.
func Example() {
	ctx := context.Background()
	dmn, err := reference.Start(ctx, reference.ServerOptions{
		Options: reference.Options{
			Lenient: true, // this admission is shorter than a conformant one
			Logger:  slog.New(slog.DiscardHandler),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dmn.Stop(ctx)

	client := &mllp.Client{Addr: dmn.Addr()}
	defer client.Close()
	answer, err := client.Do(ctx, []byte(strings.Join([]string{
		`MSH|^~\&|GAM|CHU|DMN|SERVICE|20260105101500||ADT^A01^ADT_A01|42|P|2.5`,
		`EVN||20260105101500||||20260105101500`,
		`PID|||4711^^^CHU^PI||DUPONT^ZOE^^^^^L`,
		`PV1||I|6268^101^A||||||||||||||||V1^^^CHU^VN`,
		``,
	}, "\r")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Split(string(answer.Payload), "\r")[1])

	patient, _ := dmn.DMN.Patient("4711")
	fmt.Println(patient.Family, patient.Stays[0].Status, patient.Stays[0].Location)
	// Output:
	// MSA|AA|42
	// DUPONT inpatient 6268^101^A
}

// A name that does not exist is an error that says what was meant.
func ExampleParseBugs() {
	_, err := reference.ParseBugs("wrong-msa2,slow-anwser")
	fmt.Println(err)
	fmt.Println(err.(interface{ Hint(string) string }).Hint("en"))
	// Output:
	// unknown bug "slow-anwser"
	// did you mean "slow-answer"?
}
