package scenarios_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

var journalStart = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// tick is a clock that moves a millisecond each time it is read, in a zone that
// is not UTC. The journal reads it under its lock.
func tick() func() time.Time {
	n := 0
	return func() time.Time {
		n++
		return journalStart.Add(time.Duration(n) * time.Millisecond).In(time.FixedZone("Paris", 3600))
	}
}

func readAll(r io.Reader) (events []scenarios.Event, err error) {
	for e, err := range scenarios.ReadJournal(r) {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

// fullEvents has every member of every form set, so that a round trip shows all.
func fullEvents() []scenarios.Event {
	when := journalStart.AddDate(1, 0, 0)
	text := &scenarios.Text{FR: "été <à> & « »", EN: "summer <at> & “”"}
	source := &scenarios.Source{File: "a/b.yaml", Line: 3, Column: 5, Width: 2, Text: "  - send: A01"}
	return []scenarios.Event{
		{Kind: scenarios.RunStarted, Run: &scenarios.RunInfo{
			ID: "r", Tool: "pamlab", Version: "0.1.0", Seed: 1<<64 - 1, Instant: when, Jobs: 2, Selected: 3, RefuseRealIdentities: true,
			Candidate: scenarios.CandidateInfo{Name: "n", Release: "r", Role: "dmn", Address: "h:1", Dialect: "pam-2.5", Charset: "UTF-8", TLS: true},
		}},
		{Kind: scenarios.ScenarioStarted, Scenario: "a/b", Case: "row 1", Subject: &scenarios.SubjectInfo{
			Title: *text, Source: source, Spec: "§ 4", Tags: []string{"core"}, Covers: []string{"ITI-31/A01"},
		}},
		{Kind: scenarios.Connection, Scenario: "a/b", Case: "row 1", Step: "s", Connection: &scenarios.ConnectionInfo{
			State: "opened", Address: "h:1", Identity: "gam", Kind: "k", Alert: "bad_certificate", Error: text,
			TLS: &scenarios.TLSInfo{Version: "1.3", Cipher: "c", PeerSubject: "CN=x", PeerFingerprint: "00", PeerNotAfter: &when},
		}},
		{Kind: scenarios.MessageReceived, Scenario: "a/b", Case: "row 1", Step: "s", Message: &scenarios.MessageInfo{
			Type: "ACK", ControlID: "1", Charset: "8859/1", Data: []byte("MSH|\x0b\x00\xff\r\n"), LatencyMS: 1.5, Oddities: []scenarios.Text{*text},
		}},
		{Kind: scenarios.Checked, Scenario: "a/b", Case: "row 1", Step: "s", Check: &scenarios.CheckInfo{
			Name: "ack.MSA-1", Level: scenarios.Should, Verdict: scenarios.Warn, Expected: "AA", Actual: "A\nE", Message: text, Hint: text,
			Spec: "§ 4", Rule: "ack.x", Source: source, Field: "PID-3",
		}},
		{Kind: scenarios.Note, Scenario: "a/b", Case: "row 1", Step: "s", Note: text},
		{Kind: scenarios.RunFinished, Result: &scenarios.ResultInfo{
			Verdict: scenarios.Warn, Reason: text, DurationMS: 2.25, Counts: map[scenarios.Verdict]int{scenarios.Warn: 1}, Exit: 130, Interrupted: true,
		}},
	}
}

func TestJournalRoundTrip(t *testing.T) {
	var out bytes.Buffer
	var observed []scenarios.Event
	j := scenarios.NewJournal(&out, tick(), func(e scenarios.Event) { observed = append(observed, e) })
	for _, e := range fullEvents() {
		j.Write(e)
	}
	require.NoError(t, j.Err())

	read, err := readAll(&out)
	require.NoError(t, err)
	require.Equal(t, observed, read, "reports made live and from the file must be the same")

	want := fullEvents()
	for i := range want {
		want[i].V, want[i].Seq = scenarios.JournalVersion, uint64(i+1)
		want[i].Time = journalStart.Add(time.Duration(i+1) * time.Millisecond)
	}
	require.Equal(t, want, read)
}

func TestJournalWritesOneLinePerEventInOneWrite(t *testing.T) {
	var w writes
	j := scenarios.NewJournal(&w, tick())
	for _, e := range fullEvents() {
		j.Write(e)
	}
	require.Len(t, w.lines, len(fullEvents()))
	for _, line := range w.lines {
		require.Equal(t, 1, strings.Count(line, "\n"), "%q", line)
		require.True(t, strings.HasSuffix(line, "\n"))
		require.True(t, json.Valid([]byte(line)))
		require.NotContains(t, line, `\u003c`, "a journal is also read by people")
	}
}

type writes struct{ lines []string }

func (w *writes) Write(p []byte) (int, error) {
	w.lines = append(w.lines, string(p))
	return len(p), nil
}

// TestJournalConcurrent: whoever writes, numbers have no gap, lines do not mix,
// and file and observers see the same order.
func TestJournalConcurrent(t *testing.T) {
	const writers, each = 8, 100
	var out bytes.Buffer
	var first, second []uint64
	j := scenarios.NewJournal(&out, tick(),
		func(e scenarios.Event) { first = append(first, e.Seq) },
		func(e scenarios.Event) { second = append(second, e.Seq) })
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				j.Write(scenarios.Event{Kind: scenarios.Note, Scenario: strconv.Itoa(w), Step: strconv.Itoa(i)})
				_ = j.Err()
			}
		})
	}
	wait.Wait()

	events, err := readAll(&out)
	require.NoError(t, err)
	require.Len(t, events, writers*each)
	next := map[string]int{}
	var seqs []uint64
	for i, e := range events {
		require.EqualValues(t, i+1, e.Seq)
		require.Equal(t, strconv.Itoa(next[e.Scenario]), e.Step, "each writer keeps its order")
		next[e.Scenario]++
		seqs = append(seqs, e.Seq)
	}
	require.Equal(t, seqs, first)
	require.Equal(t, seqs, second)
}

// TestJournalKeepsTheFirstFailure: a full disk must not silence the console, and
// must be known at the end.
func TestJournalKeepsTheFirstFailure(t *testing.T) {
	full := errors.New("no space left on device")
	w := &failsAfter{n: 1, err: full}
	seen := 0
	j := scenarios.NewJournal(w, tick(), func(scenarios.Event) { seen++ })
	for range 4 {
		j.Write(scenarios.Event{Kind: scenarios.Note})
	}
	require.ErrorIs(t, j.Err(), full)
	require.EqualError(t, j.Err(), "writing the journal: no space left on device")
	require.Equal(t, 4, seen)
}

type failsAfter struct {
	n   int
	err error
}

func (w *failsAfter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, w.err
	}
	return len(p), nil
}

func TestReadJournal(t *testing.T) {
	const one, two = `{"v":1,"seq":1,"time":"2026-03-02T09:30:00Z","event":"run.started"}` + "\n", `{"v":1,"seq":2,"time":"2026-03-02T09:30:01Z","event":"run.finished"}` + "\n"
	tests := []struct {
		name, journal string
		events        int
		err           string
	}{
		{"empty", "", 0, ""},
		{"whole", one + two, 2, ""},
		{"last line cut in the middle", one + two[:20], 1, ""},
		{"last line cut before its end", one + strings.TrimSuffix(two, "\n"), 1, ""},
		{"members and kinds of later", one + `{"v":1,"seq":2,"time":"2026-03-02T09:30:00Z","event":"weather","sun":{"a":[1]}}` + "\n", 2, ""},
		{"another version", one + `{"v":2,"seq":2}` + "\n" + two, 1, "journal line 2: version 2, this program reads version 1"},
		{"no version", "{}\n", 0, "journal line 1: version 0, this program reads version 1"},
		{"no JSON", one + "MSH|^~\\&|\n", 1, "journal line 2: "},
		{"another type", one + `{"v":1,"seq":"two"}` + "\n", 1, "journal line 2: "},
		{"two objects on a line", strings.TrimSuffix(one, "\n") + two, 0, "journal line 1: "},
		{"a cut line in the middle", one[:30] + "\n" + two, 0, "journal line 1: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			events, err := readAll(strings.NewReader(test.journal))
			require.Len(t, events, test.events)
			if test.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.err)
		})
	}
}

func TestReadJournalStopsWhenAsked(t *testing.T) {
	var out bytes.Buffer
	j := scenarios.NewJournal(&out, tick())
	for _, e := range fullEvents() {
		j.Write(e)
	}
	n := 0
	for range scenarios.ReadJournal(&out) {
		if n++; n == 2 {
			break
		}
	}
	require.Equal(t, 2, n)
}

func TestReadJournalPassesOnAReadError(t *testing.T) {
	gone := errors.New("the disk is gone")
	_, err := readAll(io.MultiReader(strings.NewReader("{"), failsReading{gone}))
	require.ErrorIs(t, err, gone)
}

type failsReading struct{ err error }

func (r failsReading) Read([]byte) (int, error) { return 0, r.err }

// TestReadJournalBoundsALine: what claims to be a journal and never ends a line
// costs a bounded amount of memory.
func TestReadJournalBoundsALine(t *testing.T) {
	endless := &counting{r: spaces{}}
	_, err := readAll(endless)
	require.ErrorContains(t, err, "journal line 1: longer than")
	require.Less(t, endless.n, 97<<20)
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func FuzzReadJournal(f *testing.F) {
	var out bytes.Buffer
	j := scenarios.NewJournal(&out, tick())
	for _, e := range fullEvents() {
		j.Write(e)
	}
	f.Add(out.Bytes())
	f.Add([]byte(`{"v":1,"seq":1,"time":"2026","event":""}` + "\n\n{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := readAll(bytes.NewReader(data))
		require.LessOrEqual(t, len(events), bytes.Count(data, []byte("\n")))
		for _, e := range events {
			require.Equal(t, scenarios.JournalVersion, e.V)
		}
		if err != nil {
			require.Contains(t, err.Error(), fmt.Sprintf("journal line %d: ", len(events)+1))
		}
	})
}

const journalDoc = "../docs/journal.md"

func readDoc(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile(journalDoc)
	require.NoError(t, err)
	return string(doc)
}

// TestJournalDocumentNamesEveryMember holds docs/journal.md complete: each member
// of each form, and each kind of event, stands in it in code type.
func TestJournalDocumentNamesEveryMember(t *testing.T) {
	doc := readDoc(t)
	members := map[string]bool{}
	collectMembers(reflect.TypeFor[scenarios.Event](), members)
	require.Greater(t, len(members), 50, "the walk over the members has lost its way")
	for name := range members {
		require.True(t, strings.Contains(doc, "`"+name+"`"), "docs/journal.md says nothing of the member %q", name)
	}
	kinds := eventKinds(t)
	require.Len(t, kinds, 11)
	for _, kind := range kinds {
		require.True(t, strings.Contains(doc, "### `"+kind+"`"), "docs/journal.md has no section about %q", kind)
		require.True(t, strings.Contains(doc, `"event":"`+kind+`"`), "docs/journal.md has no example of %q", kind)
	}
	for _, v := range scenarios.Verdicts() {
		require.True(t, strings.Contains(doc, "`"+string(v)+"`"), "docs/journal.md says nothing of the verdict %q", v)
	}
}

func collectMembers(t reflect.Type, members map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		collectMembers(t.Elem(), members)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				return // a type of another package: time.Time
			}
			members[name] = true
			collectMembers(f.Type, members)
		}
	}
}

// eventKinds reads the constants of type EventKind from the source, for Go has no
// list of them at run time.
func eventKinds(t *testing.T) (kinds []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "journal.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		if kind, is := spec.Type.(*ast.Ident); !is || kind.Name != "EventKind" {
			return true
		}
		for _, v := range spec.Values {
			text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			require.NoError(t, err)
			kinds = append(kinds, text)
		}
		return true
	})
	return kinds
}

// TestJournalDocumentExamples: the examples are lines of a journal, nothing in
// them is unknown to the program, and together they show every member.
func TestJournalDocumentExamples(t *testing.T) {
	var lines []string
	for _, block := range strings.Split(readDoc(t), "```json\n")[1:] {
		line, _, found := strings.Cut(block, "\n```")
		require.True(t, found)
		lines = append(lines, line)
	}
	events, err := readAll(strings.NewReader(strings.Join(lines, "\n") + "\n"))
	require.NoError(t, err)
	require.Len(t, events, len(lines))

	members := map[string]bool{}
	collectMembers(reflect.TypeFor[scenarios.Event](), members)
	for i, line := range lines {
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(new(scenarios.Event)), line)
		require.EqualValues(t, i+1, events[i].Seq)
		for name := range members {
			if strings.Contains(line, `"`+name+`":`) {
				delete(members, name)
			}
		}
	}
	delete(members, "interrupted") // true only in a run that somebody stopped
	delete(members, "listen")      // of a GAM only, and the example is of a DMN
	require.Empty(t, members, "no example shows these members")
}

func TestReadJournalRefusesAnEmptyLine(t *testing.T) {
	var events int
	var failed error
	text := `{"v":1,"seq":1,"event":"note"}` + "\n\n" + `{"v":1,"seq":2,"event":"note"}` + "\n"
	for _, err := range scenarios.ReadJournal(strings.NewReader(text)) {
		if err != nil {
			failed = err
			continue
		}
		events++
	}
	require.Equal(t, 1, events)
	require.ErrorContains(t, failed, "journal line 2")
}
