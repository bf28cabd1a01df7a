package sequence_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
)

// journey is a named list of messages and of what each has to raise.
type journey struct {
	name  string
	steps []journeyStep
}

type journeyStep struct {
	example rules.Example
	raises  []string // ids of rules, at should or must
}

// readJourneys reads `scenario NAME` blocks with lines `A01 PATH=VALUE | … ! rule`.
func readJourneys(t *testing.T, file string) []journey {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var list []journey
	for line := range strings.SplitSeq(string(data), "\n") {
		switch name, isScenario := strings.CutPrefix(line, "scenario "); {
		case line == "" || line[0] == '#':
		case isScenario:
			list = append(list, journey{name: name})
		default:
			text, raises, _ := strings.Cut(line, " ! ")
			message, edits, _ := strings.Cut(text, " ")
			s := journeyStep{rules.Example{Messages: []string{message}}, strings.Fields(raises)}
			for e := range strings.SplitSeq(edits, " | ") {
				if e != "" {
					s.example.Edits = append(s.example.Edits, e)
				}
			}
			j := &list[len(list)-1]
			j.steps = append(j.steps, s)
		}
	}
	return list
}

// play returns what each message of a journey raises, at should or must, of the
// rules on sequences.
func play(t *testing.T, j journey) [][]string {
	t.Helper()
	judge, err := rules.New(rules.Options{})
	require.NoError(t, err)
	tracker := sequence.New(sequence.Options{})
	var all [][]string
	for _, s := range j.steps {
		messages, err := s.example.Build()
		require.NoError(t, err)
		var r rules.Report
		judge.Message(&r, messages[0])
		r.Findings = r.Findings[:0]
		tracker.Follow(&r)
		var found []string
		for _, f := range r.Findings {
			if f.Level >= rules.Should {
				found = append(found, f.Rule.ID)
			}
		}
		all = append(all, found)
	}
	return all
}

func TestJourneys(t *testing.T) {
	for _, file := range []string{"testdata/national.txt", "testdata/negative.txt"} {
		for _, j := range readJourneys(t, file) {
			t.Run(j.name, func(t *testing.T) {
				for i, found := range play(t, j) {
					require.ElementsMatch(t, j.steps[i].raises, found, fmt.Sprintf("step %d: %s", i+1, j.steps[i].example))
				}
			})
		}
	}
}
