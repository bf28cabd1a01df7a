package scenarios_test

import (
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/pamlab/pamlab/scenarios"
)

func ExampleLoadFS() {
	files := fstest.MapFS{"visit.yaml": {Data: []byte(`version: 1
id: encounter/visit
title: {fr: "Une venue", en: "A visit"}
cases:
  - {id: outpatient, class: O}
  - {id: emergency, class: E}
given:
  stay: {new: stay, class: "{{case.class}}"}
steps:
  - id: arrival
    send: A04
    expect: {ack: AA, latency: {under: 2s, level: should}}
`)}}
	s, err := scenarios.LoadFS(files, "visit.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, play := range s.Cases {
		for _, step := range play.Steps {
			fmt.Println(s.ID, play.ID, step.ID, step.Send.Event.Name("fr"))
			for _, e := range step.Expect {
				fmt.Println("  ", e.Name(), e.Level, "line", e.Pos.Line)
			}
		}
	}
	// Output:
	// encounter/visit outpatient arrival Admission externe ou urgences
	//    ack.MSA-1 must line 12
	//    latency should line 12
	// encounter/visit emergency arrival Admission externe ou urgences
	//    ack.MSA-1 must line 12
	//    latency should line 12
}

func ExampleProblems_In() {
	files := fstest.MapFS{"visit.yaml": {Data: []byte(`version: 1
id: encounter/visit
title: A visit
steps:
  - id: arrival
    sned: A04
`)}}
	_, err := scenarios.LoadFS(files, "visit.yaml")
	if problems, ok := errors.AsType[scenarios.Problems](err); ok {
		fmt.Println(problems.In("fr"))
	}
	// Output:
	// visit.yaml:6:5: clé inconnue « sned »
	//   |
	// 6 |     sned: A04
	//   |     ^^^^
	//   = vouliez-vous dire « send » ?
}
