package scenarios

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/stretchr/testify/require"
)

// load reads a scenario that a test wrote.
func load(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(text)}}, "s.yaml")
	if problems, ok := err.(Problems); ok {
		t.Fatal(problems.In("en"))
	}
	require.NoError(t, err)
	return s
}

func everything(t *testing.T) *Scenario {
	t.Helper()
	s, err := Load(filepath.FromSlash("testdata/lang/good/everything.yaml"))
	if problems, ok := err.(Problems); ok {
		t.Fatal(problems.In("en"))
	}
	require.NoError(t, err)
	return s
}

func TestLoadEverything(t *testing.T) {
	s := everything(t)
	require.Equal(t, "test/everything", s.ID)
	require.Equal(t, Text{FR: "Tout le langage", EN: "The whole language"}, s.Title)
	require.Equal(t, Text{FR: "One file that uses every key.\n", EN: "One file that uses every key.\n"}, s.Description)
	require.Equal(t, DMN, s.Role)
	require.Equal(t, []string{"core", "whole-language"}, s.Tags)
	require.Equal(t, []string{"ITI-31/A01", "ITI-30/C.2.3"}, s.Covers)
	require.Equal(t, []string{"pam-fr-2.11", "pam-2.5", "adt-2.3.1+pid-2.5.1"}, s.Dialects)
	require.Equal(t, 90*time.Second, s.Timeout)
	require.Len(t, s.Cases, 2)
	require.Equal(t, Source{
		File: filepath.FromSlash("testdata/lang/good/everything.yaml"), Line: 4, Column: 5, Width: 15, Text: "id: test/everything",
	}, s.Pos)
}

func TestLoadCases(t *testing.T) {
	s := everything(t)
	transfer, second := s.Cases[0], s.Cases[1]
	require.Equal(t, "transfer", transfer.ID)
	require.Equal(t, Text{FR: "Mutation", EN: "Transfer"}, transfer.Title)
	require.Equal(t, []pam.Trigger{"A01", "Z99"}, transfer.Requires)
	require.Equal(t, []pam.Trigger{"A01", "A38", "A28"}, second.Requires)
	require.Equal(t, hl7.UTF8, *transfer.Given.Charset)
	require.Equal(t, hl7.Latin9, *second.Given.Charset)
	require.Equal(t, "gam", transfer.Steps[0].Connect.Present)
	require.Empty(t, second.Steps[0].Connect.Present, "a missing cell takes its key away")
	require.Equal(t, &Offer{Min: tls.VersionTLS10, Max: tls.VersionTLS12, Suites: AllSuites}, second.Steps[0].Connect.Offer)
	require.True(t, second.Steps[0].Sanity)
	require.NotEqual(t, "PID-8", transfer.Steps[1].Set[0].Key, "a missing cell takes its key away")
	require.Equal(t, "PID-8", second.Steps[1].Set[0].Key)
	require.Equal(t, pam.Trigger("Z99"), transfer.Steps[3].Send.Event)
	require.Equal(t, pam.Trigger("A38"), second.Steps[3].Send.Event)
	in := func(c *Case) test { return c.Steps[2].Expect[0].AnyOf[0][0].Matcher.tests[0] }
	require.Len(t, in(transfer).(inTest).list, 2, "a list stands in the place of a value")
	require.Len(t, in(second).(inTest).list, 1)
}

// What a scenario writes is what is sent: YAML's numbers, dates and answers are
// texts here.
func TestLoadValuesAsWritten(t *testing.T) {
	step := everything(t).Cases[1].Steps[1]
	got := map[string]string{}
	for _, a := range step.Set {
		if text, ok := a.Value.Literal(); ok {
			got[a.Key] = text
		}
		require.Equal(t, strings.ReplaceAll(a.Key, "(", "["), a.Path.String())
	}
	require.Equal(t, map[string]string{
		"PID-8": "N", "PID-13": "", "PID-14": `""`, "PID-15": "null",
		"ZBE-1.1": "000003", "ZBE-2": "62E8", "ZBE-3": "2.10", "ZBE-4": "N", "ZBE-5": "2024-03-06",
		"ZBE-6": "no", "ZBE-7": "~", "ZBE-8": "0x1F", "ZBE-9": "it's",
	}, got)
}

func TestLoadGiven(t *testing.T) {
	env := &fakeEnv{values: map[string]string{"seed": "7"}}
	given := everything(t).Cases[0].Given
	patient, err := given.PatientSpec(env)
	require.NoError(t, err)
	require.Equal(t, pam.PatientSpec{
		Identity: "validated", Sex: "F", Born: "1979-03-28", BirthPlace: "corsica", Family: "D'ARC-7",
		Given: "Jeanne Marie", UsualName: "MARTIN", Letters: "latin1",
	}, patient)
	stay, err := given.StaySpec(env)
	require.NoError(t, err)
	require.Equal(t, pam.StaySpec{
		Class: "I", Unit: pam.Unit{Code: "6268", Label: "CHIRURGIE"}, Medical: pam.Unit{Code: "000003"},
		Care: pam.Unit{Code: "9", Label: "SOINS"}, Room: "62E8", Bed: "2.10", Letters: "ascii",
	}, stay)
}

func TestLoadChange(t *testing.T) {
	c := everything(t).Cases[0]
	change, err := c.Steps[1].Change(&fakeEnv{values: map[string]string{"ward": "6270"}})
	require.NoError(t, err)
	start := -48 * time.Hour
	require.Equal(t, pam.Change{
		At: 90 * time.Minute, Start: &start, Planned: 7 * 24 * time.Hour, Force: true,
		Class: "O", Room: "12", Bed: "P",
		Unit: &pam.Unit{Code: "6270", Label: "N"}, Housing: &pam.Unit{Code: "1"},
		Medical: &pam.Unit{Code: "2"}, Care: &pam.Unit{Code: "3", Label: "X"},
		Patient: &pam.PatientSpec{
			Identity: "qualified", Sex: "M", Born: "1979", BirthPlace: "abroad", Family: "X", Given: "Y", UsualName: "Z",
		},
	}, change)
	change, err = c.Steps[3].Change(nil)
	require.NoError(t, err)
	require.Equal(t, pam.Change{Of: "admission"}, change)
}

// What only some events take, which no single step may hold.
func TestChangeOfMovements(t *testing.T) {
	step := &Step{}
	for _, pair := range [][2]string{
		{"last_visit", "false"}, {"temporary", "BLOC"}, {"stay.no_bed", "true"}, {"stay.tariff", "CP"},
		{"doctor.rpps", "89970000012"}, {"doctor.family", "Martin"}, {"doctor.given", "Anne"},
	} {
		step.With = append(step.With, Assign{Key: pair[0], Value: literalTemplate(Source{}, pair[1])})
	}
	change, err := step.Change(nil)
	require.NoError(t, err)
	last := false
	require.Equal(t, pam.Change{
		LastVisit: &last, Temporary: &pam.Unit{Code: "BLOC"}, NoBed: true, Tariff: "CP",
		Doctor: &pam.Doctor{RPPS: "89970000012", Family: "Martin", Given: "Anne"},
	}, change)
}

func TestLoadExpectations(t *testing.T) {
	c := everything(t).Cases[0]
	var names []string
	for _, step := range c.Steps {
		for _, e := range step.Expect {
			names = append(names, step.ID+" "+e.Name()+" "+string(e.Level))
		}
	}
	require.Equal(t, []string{
		"hello tls.outcome must", "hello tls.version must", "hello tls.cipher must",
		"hello tls.peer.subject must", "hello tls.peer.fingerprint must", "hello tls.peer.not_after must",
		"admission ack.MSA-1 must", "admission ack.MSA-2 must", "admission ack.MSA-3 should", "admission ack.MSH-7 must",
		"admission ack.MSH-10 must", "admission ack.MSH-9.1 must", "admission ack.MSH-18 must", "admission ack.ERR must",
		"admission ack.ERR[*]-3.1 must", "admission ack.ERR[*]-4 must", "admission ack.ERR[2] info", "admission ack.MSA must",
		"admission sent.PID-3 must", "admission sent.PID-32 must", "admission connection should", "admission latency should",
		"again any_of must", "again latency must", "event ack.MSA-1 must", "event connection must",
		"file ack.MSA-1 must", "file ack.MSH-7 must", "raw ack.MSA-1 must", "aliased ack.MSA-1 must",
		"anonymous tls.outcome must", "anonymous tls.alert should", "enhanced accept.MSA-1 must", "enhanced accept.MSA-2 must", "enhanced accept.conforms must", "enhanced ack.MSA-1 must",
		"committed accept must", "committed ack must", "burst ack.MSA-1 must", "burst answers must", "empty ack must",
	}, names)
	admission, again := c.Steps[1], c.Steps[2]
	require.Equal(t, 2*time.Second, admission.Within)
	require.Equal(t, Text{FR: "à l'écran", EN: "on a screen"}, admission.Expect[len(admission.Expect)-1].Because)
	require.True(t, again.Expects(TargetNoAck), "an alternative counts")
	require.False(t, again.Expects(TargetTLS))
	require.Equal(t, &Condition{Pos: c.Always[1].When.Pos, Step: "undo", State: StepAcked}, c.Always[1].When)
	require.Equal(t, []string{"ack_id ack MSH-10", "movement sent ZBE-1.1"}, []string{
		fmt.Sprint(admission.Capture[0].Name, " ", admission.Capture[0].Side, " ", admission.Capture[0].Path),
		fmt.Sprint(admission.Capture[1].Name, " ", admission.Capture[1].Side, " ", admission.Capture[1].Path),
	})
}

// A failed expectation shows the words that it was written with.
func TestLoadPlaces(t *testing.T) {
	shown := map[string]string{}
	for _, step := range everything(t).Cases[0].Steps {
		for _, e := range step.Expect {
			runes := []rune(e.Pos.Text)
			shown[step.ID+" "+e.Name()] = string(runes[e.Pos.Column-1 : e.Pos.Column-1+e.Pos.Width])
		}
	}
	require.Equal(t, "code: AA", shown["admission ack.MSA-1"])
	require.Equal(t, `MSH-10: {not: "{{sent.MSH-10}}", matches: "^.{1,20}$"}`, shown["admission ack.MSH-10"])
	require.Equal(t, `MSA-1: {in: [AE, AR]}`, shown["aliased ack.MSA-1"], "where the anchor stands")
	require.Equal(t, "any_of", shown["again any_of"])
	require.Equal(t, `subject: {starts: "CN=dmn"}`, shown["hello tls.peer.subject"])
}

func TestLoadSends(t *testing.T) {
	s := everything(t)
	steps := map[string]*Step{}
	for _, step := range s.Cases[0].Steps {
		steps[step.ID] = step
	}
	require.Nil(t, steps["hello"].Send)
	require.Equal(t, SendAgain, steps["again"].Send.Kind)
	require.Equal(t, "admission", steps["again"].Send.Again)
	require.Equal(t, SendRaw, steps["raw"].Send.Kind)
	require.True(t, steps["aliased"].Connect.Plain)
	require.Equal(t, NoIdentity, steps["anonymous"].Connect.Present)
	raw, err := steps["raw"].Send.Raw.Render(&fakeEnv{values: map[string]string{}})
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(raw, "\r"), "lines of a block end as segments do")
	require.NotContains(t, raw, "\n")
	data, err := s.ReadFile(steps["file"].Send.File, 1000)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(data), "MSH|"))
	_, err = s.ReadFile("message.hl7", 10)
	require.ErrorIs(t, err, errTooLarge)
	_, err = s.ReadFile("../everything.yaml", 10)
	require.Error(t, err, "outside the folder")
}

func TestReadFileStaysInFolder(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.hl7")
	require.NoError(t, os.WriteFile(outside, []byte("MSH|"), 0o600))
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link.hl7")); err != nil {
		t.Skip("no symbolic links here")
	}
	file := filepath.Join(dir, "s.yaml")
	text := "version: 1\nid: a\ntitle: A\nsteps:\n  - {id: one, send: {file: link.hl7}}\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	_, err := Load(file)
	require.ErrorContains(t, err, "link.hl7")
	var problems Problems
	require.ErrorAs(t, err, &problems)
	require.Contains(t, problems[0].In("en"), "path escapes from parent", "as os.Root says it: systemReason knows these words")
	require.Contains(t, problems[0].In("fr"), "le chemin sort du dossier")
}

func TestUnreadableInFrench(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_ = os.Symlink("loop", filepath.Join(dir, "loop"))
	for name, want := range map[string]string{
		filepath.Join(file, "s.yaml"):                "illisible : un élément du chemin n'est pas un dossier",
		filepath.Join(dir, "loop"):                   "illisible : trop de liens symboliques",
		filepath.Join(dir, strings.Repeat("x", 300)): "illisible : nom de fichier trop long",
	} {
		_, err := Load(name)
		var problems Problems
		require.ErrorAs(t, err, &problems)
		require.Equal(t, name+": "+want, problems[0].In("fr"))
	}
}

func TestProblemsAreBounded(t *testing.T) {
	text := "version: 1\nid: a\ntitle: A\nsteps:\n"
	for i := range 300 {
		text += fmt.Sprintf("  - {id: s%d, send: B%02d}\n", i, i%100)
	}
	_, err := LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(text)}}, "s.yaml")
	var problems Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, maxProblems+1)
	require.Equal(t, 5, problems[0].Pos.Line)
	require.EqualError(t, err, `s.yaml:5:20: "B00" is no trigger event of ITI-30 or ITI-31 (and more than 199 more)`)
	require.Equal(t, "s.yaml: and more than 150 other faults", problems[maxProblems].In("en"))
	require.Equal(t, "s.yaml: et plus de 150 autres fautes", problems[maxProblems].In("fr"))
}

func TestProblemsThatAreNotTold(t *testing.T) {
	for name, c := range map[string]struct {
		faults      int
		error, last string
	}{
		"as many as are told": {maxProblems, "(and 49 more)", "s.yaml:54:21: "},
		"one more":            {maxProblems + 1, "(and 50 more)", "s.yaml: and another fault"},
		"several more":        {maxProblems + 7, "(and 56 more)", "s.yaml: and 7 other faults"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "version: 1\nid: a\ntitle: A\nsteps:\n"
			for i := range c.faults {
				text += fmt.Sprintf("  - {id: s%d, send: B%02d}\n", i+10, i)
			}
			_, err := LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(text)}}, "s.yaml")
			var problems Problems
			require.ErrorAs(t, err, &problems)
			require.True(t, strings.HasSuffix(err.Error(), c.error), err.Error())
			last := problems[len(problems)-1].In("en")
			require.True(t, strings.HasPrefix(last, c.last), last)
		})
	}
}

// What only the run knows is no fault of the file.
func TestRehearsalBelievesWhatItCannotKnow(t *testing.T) {
	head := "version: 1\nid: a\ntitle: A\nvars: {ward: \"6268\"}\n"
	for name, text := range map[string]string{
		"texts of the run": `steps:
  - {id: one, send: A01, with: {stay: {unit: {code: "{{ward}}"}}, patient: {family: "{{patient.family}}"}}}
  - {id: two, send: A02, with: {stay: {unit: {code: "{{ward}}"}}}}
  - {id: three, send: A02, with: {stay: {unit: {code: "6268"}}}, set: {PID-8: "{{ward}}|"}}`,
		"event that the dialect lacks": `dialects: [adt-2.3.1]
steps:
  - {id: one, send: Z99}
  - {id: two, send: A13}`,
		"on purpose":       "steps: [{id: one, send: A03, with: {force: true}}, {id: two, send: A12, with: {of: one, force: true}}]",
		"of always":        "steps: [{id: one, send: A28}]\nalways: [{id: two, send: A11}]",
		"bytes":            `steps: [{id: one, send: {raw: "no message"}}, {id: two, send: {raw: "{{ward}}"}, set: {PID-8: M}}]`,
		"unit by chance":   `steps: [{id: one, send: A01}, {id: two, send: A02, with: {stay: {unit: {code: "` + drawnUnit(t) + `"}}}}]`,
		"segment by event": "steps: [{id: one, send: A28, set: {PID-8: null}}, {id: two, send: {again: one}, set: {PID-8: M}}]",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(head + text)}}, "s.yaml")
			require.NoError(t, err)
		})
	}
}

// drawnUnit is where the first draw of a rehearsal houses its patient.
func drawnUnit(t *testing.T) string {
	stay, err := pam.NewGenerator(0, time.Now()).Stay(pam.StaySpec{})
	require.NoError(t, err)
	return stay.Housing.Code
}

// Every shipped scenario must load, in whatever state the library is.
func TestLibraryLoads(t *testing.T) {
	files, err := filepath.Glob("library/*/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		_, err := Load(file)
		if problems, ok := err.(Problems); ok {
			t.Error(problems.In("en"))
		}
	}
}
