package report_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

func TestConsoleGolden(t *testing.T) {
	tests := []struct {
		name   string
		script *script
		opt    report.Options
	}{
		{"verdicts-fr", everyVerdict(), report.Options{Lang: "fr"}},
		{"verdicts-en", everyVerdict(), report.Options{Lang: "en"}},
		{"verdicts-fr-color", everyVerdict(), report.Options{Lang: "fr", Color: true, Width: 100}},
		{"verdicts-en-narrow", everyVerdict(), report.Options{Lang: "en", Width: 60}},
		{"verdicts-fr-verbose", everyVerdict(), report.Options{Lang: "fr", Verbose: true}},
		{"verdicts-fr-quiet", everyVerdict(), report.Options{Lang: "fr", Quiet: true}},
		{"interrupted-fr", interrupted(), report.Options{Lang: "fr"}},
		{"interrupted-en", interrupted(), report.Options{Lang: "en"}},
		{"cut-off-en", cutOff(), report.Options{Lang: "en"}},
		{"hostile-en", hostile(), report.Options{Lang: "en", Width: 80}},
		{"long-lines-en", longLines(), report.Options{Lang: "en"}},
		{"long-lines-en-wide", longLines(), report.Options{Lang: "en", Width: 90}},
		{"handshakes-fr", handshakes(), report.Options{Lang: "fr"}},
		{"bent-fr", bent(), report.Options{Lang: "fr", Verbose: true}},
		{"bent-en", bent(), report.Options{Lang: "en"}},
		{"skipped-en", withoutTLS(), report.Options{Lang: "en", Width: 70}},
		{"skipped-fr", withoutTLS(), report.Options{Lang: "fr"}},
		{"skipped-fr-verbose", withoutTLS(), report.Options{Lang: "fr", Verbose: true}},
		{"repeated-en", repeated(), report.Options{Lang: "en"}},
		{"nothing-fr", (&script{}).begin(0).at(1).end(scenarios.ExitUnusable, 1), report.Options{Lang: "fr"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			c := report.NewConsole(&out, test.opt)
			test.script.play(t, c.Observe)
			require.NoError(t, c.Close())
			golden(t, "console-"+test.name+".golden", out.Bytes())
			if !test.opt.Color {
				require.NotContains(t, out.String(), "\x1b", "no escape sequence unless colours were asked for")
			}
		})
	}
}

// withoutTLS is a run in which much is not applicable, mostly for one reason.
func withoutTLS() *script {
	s := (&script{}).begin(8)
	plain := title("pas de section « tls »", "no section \"tls\"")
	for i, id := range []string{"tls/accepted", "tls/anonymous", "tls/doubtful", "tls/old-versions", "tls/recorded"} {
		s.at(i+1).scenario(id, title("", "")).ends(scenarios.NotApplicable, 0, plain)
		if i == 1 {
			s.passes("identity/create", title("Création d’identité", "Create an identity"), 41)
			s.scenario("encounter/leave", title("", "")).ends(scenarios.NotApplicable, 0, title("le candidat ne prend pas A21", "the candidate does not take A21"))
		}
	}
	s.scenario("tls/renew", title("", "")).ends(scenarios.NotApplicable, 0, title("personne ne renouvelle", "nobody renews"))
	return s.at(50).end(scenarios.ExitOK, 41)
}

// repeated is a step that took several messages with the same fault, and warns of
// each.
func repeated() *script {
	s := (&script{}).begin(1)
	o := s.at(5).scenario("gam/stream", title("Ce qui vient", "What comes"))
	o.step("stream", "Les premiers", "The first ones").connects()
	for i, id := range []string{"Q0001", "Q0002", "Q0003", "Q0003"} {
		o.receives("ADT^A28^ADT_A05", id, 0, `MSH|^~\&|GAM|CHU|DMN|CHU|20260302103000||ADT^A28^ADT_A05|`+id+`|P|2.5`, "PID|1||"+strconv.Itoa(i)+"^^^CHU^PI||NOM^^^^^^L")
	}
	for i, id := range []string{"Q0001", "Q0002", "Q0003", "Q0003"} {
		target := "received"
		if i > 0 {
			target += "#" + strconv.Itoa(i+1)
		}
		o.checks(scenarios.CheckInfo{Name: target + ".MSH-18", Verdict: scenarios.Warn, Expected: "UNICODE UTF-8", Rule: "fr.msh-18.latin1", ControlID: id})
		if i > 0 {
			o.checks(scenarios.CheckInfo{Name: target + ".PID-32", Verdict: scenarios.Fail, Expected: "VALI", Rule: "ins.pid-32.vali", Field: "PID-3", ControlID: id})
		}
	}
	o.stepEnds(scenarios.Fail, 4)
	o.ends(scenarios.Fail, 5)
	return s.end(scenarios.ExitFailed, 6)
}

// bent is a run in which a message went out otherwise than as one block.
func bent() *script {
	s := (&script{}).begin(1)
	o := s.at(5).scenario("mllp/no-end", title("Sans fin de bloc", "Without end of block"))
	o.step("no-end", "Sans fin", "Without end").connects()
	o.put(scenarios.Event{Kind: scenarios.MessageSent, Message: &scenarios.MessageInfo{
		Type: "ADT^A31^ADT_A05", ControlID: "7F3A0001", Charset: "UNICODE UTF-8", Data: []byte(mshA01 + "\r"),
		Wire: &scenarios.WireInfo{How: []string{"end: none", "chunk: 1"}, Written: 80, Raw: []byte("\x0b" + mshA01 + "\r")},
	}})
	o.receives("ACK^A31^ACK", "900001", 3.2, mshAck, "MSA|AA|7F3A0001")
	o.checks(scenarios.CheckInfo{Name: "answers", Verdict: scenarios.Fail, Expected: "0", Actual: "1"})
	o.stepEnds(scenarios.Fail, 35)
	o.ends(scenarios.Fail, 35)
	return s.end(scenarios.ExitFailed, 40)
}

// interrupted is a run that somebody stopped: the player says so, one scenario
// is not told to its end and two never began.
func interrupted() *script {
	s := (&script{}).begin(4)
	s.at(5).passes("identity/create", title("Création d’identité", "Create an identity"), 41)
	o := s.at(60).scenario("encounter/admission", title("Admission", "Admission"))
	o.step("admission", "Admission", "Admission")
	o.sends("ADT^A01^ADT_A01", "7F3A0001", "UNICODE UTF-8", mshA01, pid)
	s.at(1_560).add(scenarios.Event{Kind: scenarios.RunFinished, Result: &scenarios.ResultInfo{
		Exit: scenarios.ExitInterrupted, Interrupted: true, DurationMS: 1_560,
	}})
	return s
}

// cutOff is the journal of a process that was killed.
func cutOff() *script {
	s := interrupted()
	s.events = s.events[:len(s.events)-1]
	return s
}

// hostile is a candidate that answers with whatever could garble a terminal or
// an XML file, in every member that can carry it.
func hostile() *script {
	const bad = "\x1b[2J\x0b\x1c\r\x00]]> <script>&\" \u202e\ufffe \xe9\xff café"
	s := (&script{}).begin(2)
	o := s.at(1).scenario("hostile/answer", title("Réponse hostile", "Hostile answer"))
	o.step("first", bad, bad)
	o.sends("ADT^A01^ADT_A01", "7F3A0001", "8859/1", strings.Replace(mshA01, "UNICODE UTF-8", "8859/1", 1), "PID|1||100^^^GAM-TEST^PI||B\xc9B\xc9^Z\x01O\xcb||20260301|F")
	o.receivesRaw(bad, bad, 1, "MSH|^~\\&|DMN\x1b]0;owned\x07|\xe9\n"+bad+"\r\nERR||"+strings.Repeat("long ", 60)+"\rMSA|AE|"+bad, title(bad, bad))
	o.checks(scenarios.CheckInfo{Name: "ack.MSA-3", Verdict: scenarios.Fail, Expected: "", Actual: bad, Field: "PID-5.2",
		Message: &scenarios.Text{FR: bad, EN: bad}, Hint: &scenarios.Text{FR: bad, EN: bad + "\n" + bad}, Spec: bad, Rule: bad,
		Source: &scenarios.Source{File: "a\x1b.yaml", Line: 3, Column: 90, Width: 4, Text: strings.Repeat("- \t", 29) + "x: \x07bad"}})
	o.checks(scenarios.CheckInfo{Name: "ack.ERR-2", Verdict: scenarios.Fail, Expected: "PID-5", Actual: "nonsense", Field: bad})
	o.checks(scenarios.CheckInfo{Name: "ack.ERR-2", Verdict: scenarios.Fail, Expected: "PID-5", Actual: "ZZZ-1", Field: "ZZZ-1"})
	o.checks(scenarios.CheckInfo{Name: "ack.ERR-2", Verdict: scenarios.Fail, Expected: "PID-5", Actual: "PID-30", Field: "PID-30"})
	o.stepEnds(scenarios.Fail, 2, title(bad, bad))
	o.ends(scenarios.Fail, 3, title(bad, bad))

	s.scenario("hostile/row#"+bad, title(bad, bad)).ends(scenarios.NotApplicable, 0, title(bad, bad))
	return s.at(9).end(scenarios.ExitFailed, 9)
}

// sideBySide is two scenarios whose events alternate.
func sideBySide() *script {
	s := (&script{}).begin(3)
	a := s.at(1).scenario("a/first", title("Le premier", "The first"))
	b := s.at(2).scenario("b/second#row 2", title("Le second", "The second"))
	a.clock = 3
	a.step("one", "", "")
	b.step("one", "", "")
	a.sends("ADT^A01^ADT_A01", "A1", "", mshA01)
	b.sends("ADT^A01^ADT_A01", "B1", "", mshA01)
	s.clock = 2_500
	b.receives("ACK", "900", 1, mshAck, "MSA|AE|B1")
	b.checks(scenarios.CheckInfo{Name: "ack.MSA-1", Verdict: scenarios.Fail, Expected: "AA", Actual: "AE"})
	b.stepEnds(scenarios.Fail, 2_400)
	a.receives("ACK", "901", 1, mshAck, "MSA|AA|A1")
	a.stepEnds(scenarios.Pass, 2_400)
	a.step("two", "", "")
	b.ends(scenarios.Fail, 2_500)
	s.clock = 2_600
	a.stepEnds(scenarios.Pass, 100)
	a.ends(scenarios.Pass, 2_600)
	s.passes("c/third", title("Le troisième", "The third"), 10)
	return s.at(2_700).end(scenarios.ExitFailed, 2_700)
}

func TestConsoleNeverInterleaves(t *testing.T) {
	var out bytes.Buffer
	c := report.NewConsole(&out, report.Options{Lang: "en"})
	sideBySide().play(t, c.Observe)
	require.NoError(t, c.Close())
	golden(t, "console-side-by-side.golden", out.Bytes())
}

// TestConsoleLive keeps each write of a live console, escapes made visible, as a
// transcript, and plays it on a screen: what stays must be what a console that
// is not live prints.
func TestConsoleLive(t *testing.T) {
	var writes transcript
	c := report.NewConsole(&writes, report.Options{Lang: "fr", Live: true, Width: 100})
	sideBySide().play(t, c.Observe)
	require.NoError(t, c.Close())
	golden(t, "console-live.golden", []byte(writes.String()))

	var calm bytes.Buffer
	c = report.NewConsole(&calm, report.Options{Lang: "fr", Width: 100})
	sideBySide().play(t, c.Observe)
	require.NoError(t, c.Close())
	require.Equal(t, calm.String(), writes.screen(t))
}

// transcript keeps writes apart.
type transcript struct{ writes []string }

func (w *transcript) Write(p []byte) (int, error) {
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

func (w *transcript) String() string {
	return strings.ReplaceAll("--\n"+strings.Join(w.writes, "--\n"), "\x1b", "␛")
}

// screen is a terminal that knows the two sequences that live lines need.
func (w *transcript) screen(t *testing.T) string {
	lines := []string{""}
	for _, s := range w.writes {
		for s != "" {
			if rest, found := strings.CutPrefix(s, "\x1b["); found {
				var up int
				up, s = number(rest)
				s, found = strings.CutPrefix(s, "F\x1b[J")
				require.True(t, found, "an unexpected escape sequence: %q", rest)
				lines = append(lines[:len(lines)-1-up], "")
				continue
			}
			end := strings.IndexAny(s, "\n\x1b")
			if end < 0 {
				end = len(s)
			}
			lines[len(lines)-1] += s[:end]
			if s = s[end:]; strings.HasPrefix(s, "\n") {
				lines, s = append(lines, ""), s[1:]
			}
		}
	}
	return strings.Join(lines, "\n")
}

func number(s string) (n int, rest string) {
	for s != "" && s[0] >= '0' && s[0] <= '9' {
		n, s = n*10+int(s[0]-'0'), s[1:]
	}
	return n, s
}

func TestConsoleLiveLinesFit(t *testing.T) {
	for _, width := range []int{1, 5, 20, 79} {
		var writes transcript
		c := report.NewConsole(&writes, report.Options{Lang: "en", Live: true, Width: width})
		s := (&script{}).begin(20)
		for i := range 15 {
			s.scenario("long/"+strings.Repeat("é", 10*i), title("x", "x")).step(strings.Repeat("医", 12), "", "")
		}
		s.play(t, c.Observe)
		last := writes.writes[len(writes.writes)-1]
		_, drawn, _ := strings.Cut(last, "\x1b[J")
		lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
		require.LessOrEqual(t, len(lines), 10)
		for _, l := range lines {
			wide := len([]rune(l)) + strings.Count(l, "医")
			require.Less(t, wide, max(width, 2), "a line that reaches the edge wraps: %q", l)
		}
	}
}

func TestConsoleRefresh(t *testing.T) {
	var writes transcript
	c := report.NewConsole(&writes, report.Options{Lang: "en", Live: true, Width: 60})
	s := (&script{}).begin(1)
	s.scenario("a/b", title("x", "x")).step("wait", "", "")
	s.play(t, c.Observe)

	n := len(writes.writes)
	c.Refresh(start.Add(200 * time.Millisecond))
	require.Len(t, writes.writes, n, "nothing worth drawing has changed")
	c.Refresh(start.Add(12 * time.Second))
	require.Len(t, writes.writes, n+1)
	require.Contains(t, writes.writes[n], "a/b › wait  12.00 s")
	require.NoError(t, c.Close())
}

func TestConsoleKeepsTheFirstWriteError(t *testing.T) {
	full := errors.New("no space left")
	c := report.NewConsole(failing{full}, report.Options{})
	everyVerdict().play(t, c.Observe)
	require.ErrorIs(t, c.Close(), full)
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }

// TestConsoleConcurrent is for the race detector: Refresh comes from a clock of
// the caller while the journal observes.
func TestConsoleConcurrent(t *testing.T) {
	var out bytes.Buffer
	c := report.NewConsole(&out, report.Options{Live: true, Width: 80})
	var wait sync.WaitGroup
	wait.Go(func() {
		for i := range 200 {
			c.Refresh(start.Add(time.Duration(i) * time.Second))
		}
	})
	everyVerdict().play(t, c.Observe)
	wait.Wait()
	require.NoError(t, c.Close())
	require.Contains(t, out.String(), "internal error")
}

// TestPassesShowNoContent: what identifies a person may stand in the evidence of
// a failure only.
func TestPassesShowNoContent(t *testing.T) {
	for _, verbose := range []bool{false, true} {
		var out bytes.Buffer
		c := report.NewConsole(&out, report.Options{Verbose: verbose})
		s := (&script{}).begin(2)
		s.passes("identity/create", title("", "Create"), 10)
		slowOutpatient(s)
		s.end(0, 10).play(t, c.Observe)
		require.NoError(t, c.Close())
		require.NotContains(t, out.String(), "PID|")
		require.NotContains(t, out.String(), "FICTIF")
		require.NotContains(t, out.String(), "MSA|")
	}
}
