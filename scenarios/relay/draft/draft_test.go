package draft_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/relay/draft"
)

func sample(t testing.TB, name string, edits ...string) []byte {
	t.Helper()
	list, err := rules.Example{Messages: []string{name}, Edits: edits}.Build()
	require.NoError(t, err)
	return list[0].Bytes()
}

// written drafts messages, all of them accepted, and loads the draft.
func written(t testing.TB, seed uint64, messages ...[]byte) (text string, s *scenarios.Scenario) {
	t.Helper()
	d := draft.New(draft.Options{Seed: seed})
	for _, m := range messages {
		require.True(t, d.Add(m, hl7.AA))
	}
	data, err := d.Scenario()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "draft.yaml")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	s, err = scenarios.Load(file)
	require.NoError(t, err, string(data))
	return string(data), s
}

// drafted are the messages of a draft, as its text has them.
func drafted(t testing.TB, text string) (list []*hl7.Message) {
	t.Helper()
	for _, block := range strings.Split(text, "raw: |\n")[1:] {
		var b strings.Builder
		for line := range strings.Lines(block) {
			line, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "        ")
			if !ok {
				break
			}
			b.WriteString(line + "\r")
		}
		m, err := hl7.Parse([]byte(b.String()))
		require.NoError(t, err)
		list = append(list, m)
	}
	return list
}

func TestSamplesBecomeAScenario(t *testing.T) {
	var messages [][]byte
	for _, name := range rules.Samples() {
		if !strings.HasPrefix(name, "ACK") {
			messages = append(messages, sample(t, name))
		}
	}
	text, s := written(t, 1, messages...)
	require.Len(t, s.Cases[0].Steps, len(messages))
	for _, trait := range []string{"LEMOINE", "Lemoine", "ANDRE", "André", "MOINEAU", "DUMOULIN", "20010114", "100001", "101019935200169", "0639981234", "0639985678", "Glaïeuls", "LYON", "69003", "99900000018", "andre.lemoine", "26000456"} {
		require.NotContains(t, text, trait)
	}
}

// What was equal is equal, what was different is different, and numbers with a
// key have one.
func TestSamePersonSameAlias(t *testing.T) {
	text, _ := written(t, 7, sample(t, "A01"), sample(t, "A31"), sample(t, "A40"),
		sample(t, "A31", "PID-5[1].1 = LEMOYNE", "PID-5[2].1 = lémoine"))
	list := drafted(t, text)
	a01, a31, a40, corrected := list[0], list[1], list[2], list[3]
	for _, path := range []string{"PID-3[1].1", "PID-3[2].1", "PID-5[1].1", "PID-5[1].2", "PID-5[1].3", "PID-5[2].1", "PID-7", "PID-11[1].1", "PID-11[2].9", "PID-13[1].12", "PID-13[2].4"} {
		require.NotEmpty(t, a01.Get(path), path)
		require.Equal(t, a01.Get(path), a31.Get(path), path)
		require.Equal(t, a01.Get(path), a40.Get(path), path)
	}
	ins := a01.Get("PID-3[2].1")
	require.True(t, pam.ValidINS(ins))
	require.Equal(t, "1.2.250.1.213.1.4.10", a01.Get("PID-3[2].4.2"))
	require.Equal(t, "1"+a01.Get("PID-7")[2:6]+a01.Get("PID-11[2].9"), ins[:10], "sex, month and place of birth are those of the new person")
	require.Equal(t, a01.Get("PID-5[1].1"), a01.Get("NK1-2.1"), "a mother of the same name has the same new one")
	require.Equal(t, a01.Get("PID-5[2].1"), a40.Get("MRG-7.1"))
	require.True(t, strings.HasPrefix(a01.Get("PID-5[1].3"), a01.Get("PID-5[1].2")))
	require.NotEqual(t, a01.Get("PID-5[1].1"), corrected.Get("PID-5[1].1"), "a corrected name is corrected")
	require.Equal(t, a01.Get("PID-5[1].1"), corrected.Get("PID-5[2].1"), "accents and case make no other name")
	require.Len(t, a40.Get("MRG-1.1"), len("100077"))
	require.Equal(t, "INSERT", a01.Get("ZBE-4"))
	require.Equal(t, a01.Get("PV1-3.1"), a01.Get("ZBE-7.10"))

	born, err := hl7.ParseTime(a01.Get("PID-7"), nil)
	require.NoError(t, err)
	at, err := hl7.ParseTime(a01.Get("ZBE-2"), nil)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC).Sub(time.Date(2001, 1, 14, 0, 0, 0, 0, time.UTC)), at.Sub(born.Time), "dates are shifted by the same time")
}

// A journey of a hospital, drafted, is played to the reference DMN, which
// answers as the other did.
func TestDraftIsPlayed(t *testing.T) {
	gen := pam.NewGenerator(3, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	var messages [][]byte
	for range 2 {
		patient, err := gen.Patient(pam.PatientSpec{})
		require.NoError(t, err)
		stay, err := gen.Stay(pam.StaySpec{})
		require.NoError(t, err)
		j := pam.NewJourney(gen, pam.Dialects()[0], hl7.UTF8, pam.Partners{}, patient, stay)
		for i, event := range []pam.Trigger{"A28", "A01", "A02", "A12", "A54", "A21", "A22", "A03", "A40"} {
			m, err := j.Message(string(event)+string(rune('a'+i)), event, pam.Change{})
			require.NoError(t, err)
			messages = append(messages, m.Bytes())
		}
	}
	messages = append(messages, messages[0]) // again
	text, s := written(t, 11, messages...)
	require.Contains(t, text, "send: {again: s001-a28}")

	judge, err := rules.New(rules.Options{Settings: settings(t)})
	require.NoError(t, err)
	var report rules.Report
	for i, m := range drafted(t, text) {
		judge.Message(&report, m)
		for _, f := range report.Findings {
			require.Less(t, f.Level, rules.Must, "message %d: %s %s: %s", i+1, f.Rule.ID, f.Path(), f.Message("en"))
		}
	}

	dmn, err := reference.Start(t.Context(), reference.ServerOptions{Options: reference.Options{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	defer func() { require.NoError(t, dmn.Stop(t.Context())) }()
	candidate := scenarios.NewCandidate()
	candidate.Address = dmn.Addr()
	var failed []string
	journal := scenarios.NewJournal(io.Discard, time.Now, func(e scenarios.Event) {
		if e.Kind == scenarios.Checked && e.Check.Verdict != "pass" {
			failed = append(failed, e.Step+": "+e.Check.Name+" "+e.Check.Rule)
		}
	})
	player := scenarios.Player{Candidate: candidate, Journal: journal, Seed: 1, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Jobs: 1}
	summary := player.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{s}))
	require.Equal(t, scenarios.ExitOK, summary.Exit, failed)
}

func settings(t *testing.T) rules.Settings {
	s, err := rules.Settings{}.With("ins_environment", "test")
	require.NoError(t, err)
	return s
}

// What the table lets pass is searched all the same: here the title is what
// somebody wrote by hand.
func TestTraitIsFoundHoweverItIsSpelt(t *testing.T) {
	for _, left := range []string{
		"Mme Lemoine", "LEMOINE", "lémoine", "LeMoine", "le-moine", "andré", "ANDRÉ PAUL", "Paul", "MOINEAUX", "dr dumoulin", "Claire",
		"20010114", "14/01/2001", "14/1/2001", "2001-01-14", "14.01.2001", "14 01 01", "14012001", "14 janvier 2001", "le 14 Janv. 2001", "January 14, 2001", "2001011408",
		"100001", "IPP n°100001", "10 00 01", "101019935200169", "1 01 01 99 352 001 69", "1010199352001", "26000456", "99900000018",
		"0639981234", "06 39 98 12 34", "06.39.98.12.34", "+33 6 39 98 12 34", "andre.lemoine@example.org",
		"rue des Glaïeuls", "GLAIEULS", "Lyon", "69003", "99352",
	} {
		t.Run(left, func(t *testing.T) {
			d := draft.New(draft.Options{Seed: 1, Title: scenarios.Text{FR: "Venue : " + left, EN: "x"}})
			require.True(t, d.Add(sample(t, "A01"), hl7.AA))
			text, err := d.Scenario()
			var leak *draft.LeakError
			require.ErrorAs(t, err, &leak)
			require.Nil(t, text)
			for _, lang := range []string{"fr", "en"} {
				require.NotContains(t, leak.In(lang)+leak.Hint(lang), left, "what was found is not repeated")
			}
		})
	}
	d := draft.New(draft.Options{Seed: 1, Title: scenarios.Text{FR: "Venue de 2001, chambre 102", EN: "Doctor and patient"}})
	require.True(t, d.Add(sample(t, "A01"), hl7.AA))
	_, err := d.Scenario()
	require.NoError(t, err, "what is nobody's is no trait")
}

// Senders put people where nobody expects them.
func TestTraitsInOddPlaces(t *testing.T) {
	for _, edits := range [][]string{
		{"PV1-14 = LEMOINE"}, {"PV1-10 = ANDRE"}, {"PV1-18 = PAUL"}, {"MSH-9.3 = LEMOINE"}, {"PV1-3.2 = LEM", "PID-5[1].1 = LEM"},
		{"EVN-5 = LEMOINE^ANDRE"}, {"PV1-3.1 = LEMOINE"}, {"ZBE-7.1 = CS DR DUMOULIN"}, {"PV2-3 = ^suivi de M. Lemoine"}, {"ZBE-1.1 = 100001"},
		{"MSH-10 = LEMOINE1"}, {"PID-11[1].4 = LYON"}, {"PID-3[1].4.1 = CHU LEMOINE"}, {"PID-5[1].4 = LEMOINE"},
		{"PID-5[1].1 = D'ARC-LŒUVRE"}, {"PID-5[1].1 = LI"}, {"PID-5[1].1 = ISO"}, {"PID-3[1].1 = 1"}, {"PID-13[1].1 = +33 (0)6 39 98 12 34"},
		{"PID-7 = 2001"}, {"PID-7 = 20010114083000+0100"}, {"PID-3[2].1 = 2A"}, {"PID-3[1].1 = 26000456"}, {`PID-5[1].1 = L\X45\MOINE`},
		{"NK1-2 = LEMOINE^ANDRE^^^^^L"}, {"PID-21 = 100001^^^CHU&990000017&N^PI"},
	} {
		t.Run(edits[0], func(t *testing.T) {
			text, _ := written(t, 5, sample(t, "A01", edits...))
			for _, trait := range []string{"LEMOINE", "ANDRE", "PAUL", "DUMOULIN", "ARC", "LOEUVRE", "100001", "0639981234"} {
				require.NotContains(t, strings.ToUpper(text), trait)
			}
		})
	}
}

// A message in Latin-1 with delimiters of its own is read as what it says.
func TestOtherCharactersAndDelimiters(t *testing.T) {
	m, err := hl7.Latin1.Encode(strings.NewReplacer("|", "#", "^", "*", "UNICODE UTF-8", "8859/1").Replace(string(sample(t, "A01"))))
	require.NoError(t, err)
	text, _ := written(t, 3, m)
	require.NotContains(t, strings.ToUpper(text), "MOINEAU")
	got := drafted(t, text)[0]
	require.Equal(t, "8859/1", got.Get("MSH-18"))
	require.NotEmpty(t, got.Get("PID-5[2].2"))
	require.Contains(t, text, `charset: "8859/1"`)
}

func TestNothingToWrite(t *testing.T) {
	d := draft.New(draft.Options{})
	require.False(t, d.Add([]byte("thanks"), ""))
	require.False(t, d.Add([]byte("MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5\r"), hl7.AA))
	_, err := d.Scenario()
	var empty *draft.EmptyError
	require.ErrorAs(t, err, &empty)
	require.Equal(t, 2, empty.Left)
}

// Whatever passed: there is a draft that can be loaded and has no name in it, or
// there is none.
func FuzzDraft(f *testing.F) {
	for _, name := range []string{"A01", "A01/full", "A40", "A01/2.3.1", "A28/full", "Z99"} {
		f.Add(sample(f, name), uint64(1))
	}
	f.Add([]byte("MSH|^~\\&|||||2026||ADT^A01|{{now}}|P|2.5\rPID|||1^^^&&~\"\"^^^\"\"||\"\"~^^^||0000\rPV1|||^^^^^^^|||||\rZBE|^|x|y\r"), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		d := draft.New(draft.Options{Seed: seed})
		if !d.Add(data, hl7.AA) {
			return
		}
		text, err := d.Scenario()
		if err != nil {
			var leak *draft.LeakError
			require.ErrorAs(t, err, &leak)
			return
		}
		_, err = scenarios.LoadFS(fstest.MapFS{"draft.yaml": {Data: text}}, "draft.yaml")
		require.NoError(t, err, string(text))
		m, err := hl7.Parse(data)
		require.NoError(t, err)
		name := strings.ToUpper(m.Get("PID-5[1].1"))
		if ascii := strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""; ascii && len(name) >= 8 {
			require.NotContains(t, strings.ToUpper(string(text)), name)
		}
	})
}
