package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

// read is a journal being read back.
func read(journal []byte) report.Events {
	return scenarios.ReadJournal(bytes.NewReader(journal))
}

func junitOf(t *testing.T, s *script, lang string) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.JUnit(&out, read(s.play(t)), lang))
	return out.Bytes()
}

// suites is the file as a CI server reads it.
type suites struct {
	counts
	Suites []struct {
		counts
		Name       string     `xml:"name,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testcase `xml:"testcase"`
	} `xml:"testsuite"`
}

type counts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type testcase struct {
	Name       string     `xml:"name,attr"`
	Class      string     `xml:"classname,attr"`
	File       string     `xml:"file,attr"`
	Line       int        `xml:"line,attr"`
	Time       string     `xml:"time,attr"`
	Properties []property `xml:"properties>property"`
	Failure    *finding   `xml:"failure"`
	Error      *finding   `xml:"error"`
	Skipped    *finding   `xml:"skipped"`
	Out        string     `xml:"system-out"`
}

type finding struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// parse reads a report the way its users do, strictly, and checks what must hold
// for every report: that it parses, and that its totals are right.
func parse(t *testing.T, doc []byte) suites {
	t.Helper()
	var s suites
	require.NoError(t, xml.Unmarshal(doc, &s), "%s", doc)

	var all counts
	for _, suite := range s.Suites {
		var c counts
		for _, k := range suite.Cases {
			c.Tests++
			c.Failures += present(k.Failure)
			c.Errors += present(k.Error)
			c.Skipped += present(k.Skipped)
			require.LessOrEqual(t, present(k.Failure)+present(k.Error)+present(k.Skipped), 1)
		}
		require.Equal(t, c, suite.counts, suite.Name)
		all.Tests, all.Failures = all.Tests+c.Tests, all.Failures+c.Failures
		all.Errors, all.Skipped = all.Errors+c.Errors, all.Skipped+c.Skipped
	}
	require.Equal(t, all, s.counts)
	return s
}

func present(f *finding) int {
	if f == nil {
		return 0
	}
	return 1
}

func TestJUnitGolden(t *testing.T) {
	tests := []struct {
		name   string
		script *script
		lang   string
	}{
		{"verdicts-fr", everyVerdict(), "fr"},
		{"verdicts-en", everyVerdict(), "en"},
		{"interrupted-fr", interrupted(), "fr"},
		{"cut-off-en", cutOff(), "en"},
		{"handshakes-fr", handshakes(), "fr"},
		{"hostile-en", hostile(), "en"},
		{"nothing-fr", (&script{}).begin(0).at(1).end(scenarios.ExitUnusable, 1), "fr"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := junitOf(t, test.script, test.lang)
			golden(t, "junit-"+test.name+".xml", doc)
			parse(t, doc)
			xmllint(t, doc)
		})
	}
}

// xmllint asks a second parser, where there is one.
func xmllint(t *testing.T, doc []byte) {
	t.Helper()
	path, err := exec.LookPath("xmllint")
	if err != nil {
		t.Log("xmllint is not installed: only encoding/xml has read this file")
		return
	}
	cmd := exec.Command(path, "--noout", "--nonet", "-")
	cmd.Stdin = bytes.NewReader(doc)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestJUnitElementOfEachVerdict(t *testing.T) {
	want := map[string]string{
		"identity/create":                        "",
		"encounter/admission-transfer-discharge": "failure",
		"encounter/outpatient":                   "",
		"charset/accents#latin9":                 "",
		"encounter/cancel-discharge":             "skipped",
		"tls/no-certificate":                     "error",
		"ack/own-control-id":                     "skipped",
		"ack/error-segment":                      "failure",
		"encounter/admission":                    "error",
	}
	got := map[string]string{}
	for _, s := range parse(t, junitOf(t, everyVerdict(), "en")).Suites {
		for _, c := range s.Cases {
			switch {
			case c.Failure != nil:
				got[c.Name] = "failure"
			case c.Error != nil:
				got[c.Name] = "error"
			case c.Skipped != nil:
				got[c.Name] = "skipped"
			default:
				got[c.Name] = ""
			}
			require.Equal(t, s.Name, c.Class)
			require.True(t, strings.HasPrefix(c.Name, s.Name+"/"), c.Name)
		}
	}
	require.Equal(t, want, got)
}

func TestJUnitCase(t *testing.T) {
	doc := parse(t, junitOf(t, everyVerdict(), "en"))
	var failed, warned testcase
	for _, s := range doc.Suites {
		require.Contains(t, s.Properties, property{"seed", "7"})
		require.Contains(t, s.Properties, property{"candidate.name", "DMN-Demo"})
		require.Contains(t, s.Properties, property{"candidate.release", "3.2.0"})
		require.Contains(t, s.Properties, property{"dialect", "pam-fr-2.11"})
		require.Contains(t, s.Properties, property{"charset", "UTF-8"})
		require.Contains(t, s.Properties, property{"tool", "pamlab 0.1.0"})
		for _, c := range s.Cases {
			switch c.Name {
			case "encounter/admission-transfer-discharge":
				failed = c
			case "encounter/outpatient":
				warned = c
			}
		}
	}
	require.Equal(t, "transfer › ack.MSA-1: expected AA, got AE", failed.Failure.Message)
	require.Equal(t, "fail", failed.Failure.Type)
	require.Contains(t, failed.Failure.Text, "INSERT is unknown here␍")
	require.Contains(t, failed.Failure.Text, "pamlab run encounter/admission-transfer-discharge --seed 7")
	require.Equal(t, "library/encounter/admission-transfer-discharge.yaml", failed.File)
	require.Equal(t, 1, failed.Line)
	require.Equal(t, "0.312", failed.Time)
	require.Contains(t, failed.Properties, property{"spec", "IHE ITI TF-2 3.31.4"})
	require.Contains(t, failed.Properties, property{"covers", "ITI-31/A01"})
	require.Contains(t, failed.Properties, property{"step[failed]", "transfer"})
	require.Contains(t, warned.Out, "visit › latency: expected under 2s, got 2.1s")
	require.Contains(t, warned.Out, "no carriage return after the last segment")
}

// TestJUnitNeverGreenByOmission: a run that was stopped, killed, or that judged
// nothing has an error even when every case in it passed.
func TestJUnitNeverGreenByOmission(t *testing.T) {
	one := func() *script {
		s := (&script{}).begin(2)
		s.passes("a/b", title("", "b"), 1)
		return s
	}
	alone := func() *script {
		s := one()
		s.events[0].Run.Selected = 1
		return s
	}
	tests := []struct {
		name   string
		script *script
		errors int
	}{
		{"complete", alone().end(scenarios.ExitOK, 1), 0},
		{"killed", alone(), 1},
		{"a scenario missing", one().end(scenarios.ExitOK, 1), 1},
		{"interrupted", alone().add(scenarios.Event{Kind: scenarios.RunFinished, Result: &scenarios.ResultInfo{Interrupted: true, Exit: scenarios.ExitInterrupted}}), 1},
		{"nothing selected", (&script{}).begin(0).end(scenarios.ExitUnusable, 1), 1},
		{"a fault outside every scenario", alone().end(scenarios.ExitFault, 1), 1},
		{"an empty journal", &script{}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.errors, parse(t, junitOf(t, test.script, "fr")).Errors)
		})
	}
}

// TestReportsAreDeterministic: neither the order in which scenarios happened to
// run side by side nor the hour of the day changes the order of a report.
func TestReportsAreDeterministic(t *testing.T) {
	names := func(s *script) (list []string) {
		for _, suite := range parse(t, junitOf(t, s, "en")).Suites {
			for _, c := range suite.Cases {
				list = append(list, c.Name)
			}
		}
		return list
	}
	forth, back := (&script{}).begin(4), (&script{}).begin(4)
	ids := []string{"a/b", "a/b#1", "a/c", "a/b/c"}
	for i := range ids {
		forth.passes(ids[i], title("", ""), 1)
		back.passes(ids[len(ids)-1-i], title("", ""), 1)
	}
	require.Equal(t, names(forth.end(0, 1)), names(back.end(0, 1)))
	require.Equal(t, junitOf(t, everyVerdict(), "fr"), junitOf(t, everyVerdict(), "fr"))
}

func TestReportsRefuseABrokenJournal(t *testing.T) {
	journal := everyVerdict().play(t)
	for name, write := range map[string]func(io.Writer, report.Events, string) error{
		"junit": report.JUnit, "json": report.JSON, "text": report.Text,
	} {
		t.Run(name+"/a line that is no event", func(t *testing.T) {
			var out bytes.Buffer
			require.Error(t, write(&out, read(append(bytes.Clone(journal), "garbage\n"...)), "en"))
			require.Empty(t, out.String(), "half a report is worse than none")
		})
		t.Run(name+"/two runs", func(t *testing.T) {
			var out bytes.Buffer
			var twice *report.JournalError
			require.ErrorAs(t, write(&out, read(append(bytes.Clone(journal), journal...)), "en"), &twice)
			require.NotEqual(t, twice.In("fr"), twice.In("en"))
			require.NotEmpty(t, twice.Hint("fr"))
			require.Empty(t, out.String())
		})
		t.Run(name+"/a writer that fails", func(t *testing.T) {
			full := errors.New("no space left")
			require.ErrorIs(t, write(failing{full}, read(journal), "en"), full)
		})
	}
}

// FuzzJUnit puts arbitrary bytes wherever something from outside can stand: the
// file must parse, and hold no replacement character unless it was there.
func FuzzJUnit(f *testing.F) {
	f.Add("\x0bMSH|^~\\&|\x1c\r")
	f.Add("]]>&lt;<!--\x00\ufffe\uffff\xed\xa0\x80")
	f.Add("caf\xe9 \u202e\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(strings.ToValidUTF8(s, ""), '\ufffd') {
			t.Skip("a replacement character in the input may stay")
		}
		text := scenarios.Text{FR: s, EN: s}
		events := []scenarios.Event{
			{Seq: 1, Kind: scenarios.RunStarted, Run: &scenarios.RunInfo{ID: s, Version: s, Selected: 1, Candidate: scenarios.CandidateInfo{Name: s, Address: s}}},
			{Seq: 2, Kind: scenarios.ScenarioStarted, Scenario: "x" + s, Case: s, Subject: &scenarios.SubjectInfo{Title: text, Spec: s, Tags: []string{s}, Covers: []string{s}, Source: &scenarios.Source{File: s}}},
			{Seq: 3, Kind: scenarios.MessageSent, Scenario: "x" + s, Case: s, Step: s, Message: &scenarios.MessageInfo{Type: s, ControlID: s, Charset: s, Data: []byte(s)}},
			{Seq: 4, Kind: scenarios.MessageReceived, Scenario: "x" + s, Case: s, Step: s, Message: &scenarios.MessageInfo{Type: s, Charset: "8859/1", Data: []byte(s), Oddities: []scenarios.Text{text}}},
			{Seq: 5, Kind: scenarios.Checked, Scenario: "x" + s, Case: s, Step: s, Check: &scenarios.CheckInfo{Name: s, Verdict: scenarios.Fail, Expected: s, Actual: s, Field: s, Spec: s, Rule: s, Hint: &text, Source: &scenarios.Source{File: s, Text: s, Line: 1, Column: 3, Width: 2}}},
			{Seq: 6, Kind: scenarios.ScenarioFinished, Scenario: "x" + s, Case: s, Result: &scenarios.ResultInfo{Verdict: scenarios.Fail, Reason: &text}},
			{Seq: 7, Kind: scenarios.RunFinished, Result: &scenarios.ResultInfo{Exit: 1}},
		}
		var out bytes.Buffer
		require.NoError(t, report.JUnit(&out, func(yield func(scenarios.Event, error) bool) {
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}, "fr"))
		require.Equal(t, 1, parse(t, out.Bytes()).Tests)
		require.NotContains(t, out.String(), "\ufffd")
	})
}
