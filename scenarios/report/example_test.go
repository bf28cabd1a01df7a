package report_test

import (
	"fmt"
	"os"
	"time"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

// A console is an observer of the journal.
func ExampleConsole() {
	journal, err := os.CreateTemp("", "journal-*.ndjson")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(journal.Name())
	defer journal.Close()

	console := report.NewConsole(os.Stdout, report.Options{Lang: "en", Quiet: true})
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC) }
	j := scenarios.NewJournal(journal, now, console.Observe)

	j.Write(scenarios.Event{Kind: scenarios.RunStarted, Run: &scenarios.RunInfo{Seed: 7, Selected: 1}})
	j.Write(scenarios.Event{Kind: scenarios.Checked, Scenario: "identity/create", Step: "send", Check: &scenarios.CheckInfo{
		Name: "ack.MSA-1", Level: scenarios.Must, Verdict: scenarios.Fail, Expected: "AA", Actual: "AR",
	}})
	j.Write(scenarios.Event{Kind: scenarios.ScenarioFinished, Scenario: "identity/create",
		Result: &scenarios.ResultInfo{Verdict: scenarios.Fail, DurationMS: 12}})
	j.Write(scenarios.Event{Kind: scenarios.RunFinished, Result: &scenarios.ResultInfo{Exit: scenarios.ExitFailed, DurationMS: 12}})
	if err := console.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// failed          identity/create                                                                12 ms
	//
	//   step        send
	//   check       ack.MSA-1
	//   expected    AA
	//   actual      AR
	//
	//   replay      pamlab run identity/create --seed 7
	//
	// 1 scenario in 12 ms: 1 failed
	//   code 1      the candidate does not meet at least one requirement
}

// The value of --report is checked before the run; its reports are made after
// it, from the journal.
func ExampleParseSpec() {
	_, err := report.ParseSpec("junti=out.xml")
	fmt.Println(err)

	targets, err := report.ParseSpec("junit=out.xml,json=-")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range targets {
		fmt.Println(t.Format, "to", t.Path)
	}
	// Output:
	// unknown report format “junti”
	// junit to out.xml
	// json to -
}

// Bytes of the wire are shown, whatever they are.
func ExampleVisible() {
	fmt.Println(report.Visible("\x0bMSH|^~\\&|caf\xe9\r\x1c\r"))
	// Output: ␋MSH|^~\&|caf‹E9›␍␜␍
}
