package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// A fault is a conformant message with one change, and what must be found of
// it at the levels must and should: these findings and no others.
//
//	fault the class of an emergency
//	  on A01/full
//	  with tolerant=on
//	  PV1-2 = E
//	  finds must fr.pv1-2.event PV1-2
//
// The message is that of the event after which the file is called unless a
// line `on` names others, of which the last is judged, as in the examples of
// rules; the lines in between are their edits. A fault without `finds` is none:
// the message stays conformant.
type fault struct {
	name  string
	where string // file:line
	rules.Example
	finds []string
}

// readFaults reads the blocks of a file. Lines that begin with # are comments.
func readFaults(t *testing.T, path string) []fault {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	event, _, _ := strings.Cut(filepath.Base(path), ".")
	var list []fault
	for i, l := range strings.Split(string(data), "\n") {
		where := fmt.Sprintf("%s:%d", filepath.Base(path), i+1)
		text := strings.TrimSpace(l)
		name, begins := strings.CutPrefix(l, "fault ")
		switch {
		case text == "" || strings.HasPrefix(l, "#"):
		case begins:
			list = append(list, fault{name: name, where: where, Example: rules.Example{Messages: []string{event}}})
		case len(list) == 0 || l == text:
			t.Fatalf("%s: %s: this line belongs to no fault", where, text)
		default:
			list[len(list)-1].line(text)
		}
	}
	return list
}

func (f *fault) line(text string) {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "on":
		f.Messages = strings.Fields(rest)
	case "with":
		f.Settings = append(f.Settings, rest)
	case "finds":
		f.finds = append(f.finds, rest)
	default:
		f.Edits = append(f.Edits, text)
	}
}

func (f *fault) check(t *testing.T) {
	t.Helper()
	require.ElementsMatch(t, f.finds, judge(t, f.Example, rules.Should), "%s: %s", f.where, f.name)
}

func checkFaults(t *testing.T, path string) {
	t.Helper()
	for _, f := range readFaults(t, path) {
		t.Run(f.name, func(t *testing.T) { f.check(t) })
	}
}

// leastFaults is how many single faults the file of an event has at least.
const leastFaults = 8

// TestFaults: a conformant message of any event with a single fault raises the
// finding that names the fault, and nothing else.
func TestFaults(t *testing.T) {
	for _, event := range rules.Samples() {
		if strings.Contains(event, "/") || event == "ACK" {
			continue
		}
		path := filepath.Join("testdata", event+".faults")
		t.Run(event, func(t *testing.T) {
			require.GreaterOrEqual(t, len(readFaults(t, path)), leastFaults)
			checkFaults(t, path)
		})
	}
}

// TestConformant: variants that the sources accept raise nothing. A false alarm
// is as bad as a miss.
func TestConformant(t *testing.T) { checkFaults(t, "testdata/conformant.txt") }

// TestNegative: the negative tests of the French extension that concern one
// message or an acknowledgement.
func TestNegative(t *testing.T) { checkFaults(t, "testdata/negative.txt") }

// TestSegments: the same for segments that only the longest messages have.
func TestSegments(t *testing.T) { checkFaults(t, "testdata/segments.txt") }

// TestDialects: and for the dialects of HL7 2.3.1 and the international one.
func TestDialects(t *testing.T) { checkFaults(t, "testdata/dialects.txt") }

// TestVersions: a message is judged by the version of PAM.fr that it announces.
func TestVersions(t *testing.T) { checkFaults(t, "testdata/versions.txt") }
