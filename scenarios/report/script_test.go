package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what was made with the file of that name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to make it")
	require.Equal(t, string(want), string(got))
}

// script is a run written by hand: events with the time at which each happens,
// in milliseconds since its start.
type script struct {
	events []scenarios.Event
	times  []int
	clock  int
}

var start = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// at moves the clock to ms.
func (s *script) at(ms int) *script { s.clock = ms; return s }

func (s *script) add(e scenarios.Event) *script {
	s.events = append(s.events, e)
	s.times = append(s.times, s.clock)
	return s
}

// play writes the script to a journal, as a player would, and returns its bytes.
func (s *script) play(t *testing.T, observers ...func(scenarios.Event)) []byte {
	t.Helper()
	var out bytes.Buffer
	next := 0
	now := func() time.Time {
		next++
		return start.Add(time.Duration(s.times[next-1]) * time.Millisecond)
	}
	j := scenarios.NewJournal(&out, now, observers...)
	for _, e := range s.events {
		j.Write(e)
	}
	require.NoError(t, j.Err())
	return out.Bytes()
}

// one is a scenario of the script: its events carry its id and its row.
type one struct {
	*script
	id, row, at string
}

func (s *script) begin(selected int) *script {
	return s.add(scenarios.Event{Kind: scenarios.RunStarted, Run: &scenarios.RunInfo{
		ID: "20260302-093000-7", Tool: "pamlab", Version: "0.1.0", Seed: 7, Instant: start, Jobs: 2, Selected: selected,
		Candidate: scenarios.CandidateInfo{
			Name: "DMN-Demo", Release: "3.2.0", Role: "dmn", Address: "127.0.0.1:2575",
			Dialect: "pam-fr-2.11", Charset: "UTF-8", TLS: true,
		},
		RefuseRealIdentities: true,
	}})
}

func (s *script) end(exit int, ms float64) *script {
	return s.add(scenarios.Event{Kind: scenarios.RunFinished, Result: &scenarios.ResultInfo{Exit: exit, DurationMS: ms}})
}

func (s *script) scenario(id string, title scenarios.Text) *one {
	name, row, _ := strings.Cut(id, "#")
	o := &one{script: s, id: name, row: row}
	return o.put(scenarios.Event{Kind: scenarios.ScenarioStarted, Subject: &scenarios.SubjectInfo{
		Title:  title,
		Source: &scenarios.Source{File: "library/" + name + ".yaml", Line: 1},
		Spec:   "IHE ITI TF-2 3.31.4",
		Tags:   []string{"core"},
		Covers: []string{"ITI-31/A01"},
	}})
}

func (o *one) put(e scenarios.Event) *one {
	e.Scenario, e.Case, e.Step = o.id, o.row, o.at
	o.add(e)
	return o
}

func (o *one) step(id, fr, en string) *one {
	o.at = id
	return o.put(scenarios.Event{Kind: scenarios.StepStarted, Subject: &scenarios.SubjectInfo{Title: scenarios.Text{FR: fr, EN: en}}})
}

func (o *one) stepEnds(v scenarios.Verdict, ms float64, reason ...scenarios.Text) *one {
	o.put(scenarios.Event{Kind: scenarios.StepFinished, Result: result(v, ms, reason)})
	o.at = ""
	return o
}

func (o *one) ends(v scenarios.Verdict, ms float64, reason ...scenarios.Text) *one {
	return o.put(scenarios.Event{Kind: scenarios.ScenarioFinished, Result: result(v, ms, reason)})
}

func result(v scenarios.Verdict, ms float64, reason []scenarios.Text) *scenarios.ResultInfo {
	r := &scenarios.ResultInfo{Verdict: v, DurationMS: ms}
	if len(reason) > 0 {
		r.Reason = &reason[0]
	}
	return r
}

func (o *one) connects() *one {
	until := start.AddDate(0, 3, 0)
	return o.put(scenarios.Event{Kind: scenarios.Connection, Connection: &scenarios.ConnectionInfo{
		State: "opened", Address: "127.0.0.1:2575", Identity: "gam",
		TLS: &scenarios.TLSInfo{Version: "1.3", Cipher: "TLS_AES_128_GCM_SHA256", PeerSubject: "CN=dmn.test", PeerNotAfter: &until},
	}})
}

func (o *one) sends(kind, id, charset string, segments ...string) *one {
	return o.put(scenarios.Event{Kind: scenarios.MessageSent, Message: &scenarios.MessageInfo{
		Type: kind, ControlID: id, Charset: charset, Data: []byte(strings.Join(segments, "\r") + "\r"),
	}})
}

func (o *one) receives(kind, id string, ms float64, segments ...string) *one {
	return o.receivesRaw(kind, id, ms, strings.Join(segments, "\r")+"\r")
}

func (o *one) receivesRaw(kind, id string, ms float64, data string, oddities ...scenarios.Text) *one {
	return o.put(scenarios.Event{Kind: scenarios.MessageReceived, Message: &scenarios.MessageInfo{
		Type: kind, ControlID: id, Data: []byte(data), LatencyMS: ms, Oddities: oddities,
	}})
}

func (o *one) checks(c scenarios.CheckInfo) *one {
	if c.Level == "" {
		c.Level = scenarios.Must
	}
	return o.put(scenarios.Event{Kind: scenarios.Checked, Check: &c})
}

func (o *one) notes(fr, en string) *one {
	return o.put(scenarios.Event{Kind: scenarios.Note, Note: &scenarios.Text{FR: fr, EN: en}})
}

// passes is a whole scenario of one step in which everything went well.
func (s *script) passes(id string, title scenarios.Text, ms float64) {
	o := s.scenario(id, title)
	o.step("admission", "Admission", "Admission").connects()
	o.sends("ADT^A01^ADT_A01", "A-"+id, "UNICODE UTF-8", mshA01, "PID|1||100^^^GAM-TEST^PI||ESSAI^PASSE")
	o.receives("ACK^A01^ACK", "900001", 3.2, mshAck, "MSA|AA|A-"+id)
	o.checks(scenarios.CheckInfo{Name: "ack.MSA-1", Verdict: scenarios.Pass, Expected: "AA", Actual: "AA"})
	o.clock += int(ms)
	o.stepEnds(scenarios.Pass, ms)
	o.ends(scenarios.Pass, ms)
}

const (
	mshA01 = `MSH|^~\&|GAM-TEST|CHU-X|DMN|CHU-X|20260302093000||ADT^A01^ADT_A01|7F3A0001|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8`
	mshA02 = `MSH|^~\&|GAM-TEST|CHU-X|DMN|CHU-X|20260302103000||ADT^A02^ADT_A02|7F3A0002|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8`
	pid    = `PID|||279035121320^^^GAM-TEST^PI||L’ESSAI-FICTIF^ÉLODIE^^^^^L||19790315|F`
	zbe    = `ZBE|9012^GAM-TEST|20260302103000||INSERT|N||Médecine A^^^^^CHU-X&1.2.250.1.999&ISO^^^^6270|||M`
	mshAck = `MSH|^~\&|DMN|CHU-X|GAM-TEST|CHU-X|20260302093001||ACK^A01^ACK|900001|P|2.5`
)

func title(fr, en string) scenarios.Text { return scenarios.Text{FR: fr, EN: en} }

// everyVerdict is a run in which each verdict occurs, a row of cases too, told
// one after the other.
func everyVerdict() *script {
	s := &script{}
	s.begin(9)
	s.at(5).passes("identity/create", title("Création d’identité", "Create an identity"), 41)
	refusedTransfer(s.at(50))
	slowOutpatient(s.at(900))
	s.at(3_100).passes("charset/accents#latin9", title("Les accents survivent", "Accents survive"), 12)

	o := s.at(3_200).scenario("encounter/cancel-discharge", title("Annulation de sortie", "Cancel a discharge"))
	o.ends(scenarios.NotApplicable, 0, title("le candidat ne prend pas A13 (supports)", "the candidate does not take A13 (supports)"))

	unreachable(s.at(3_300))

	o = s.at(6_400).scenario("ack/own-control-id", title("L’accusé a son propre MSH-10", "The acknowledgement has its own MSH-10"))
	o.step("admission", "", "")
	o.checks(scenarios.CheckInfo{Name: "ack.MSH-10", Verdict: scenarios.Known, Expected: "≠ 7F3A0001", Actual: "7F3A0001"})
	o.stepEnds(scenarios.Known, 8)
	o.ends(scenarios.Known, 9, title("écart connu du candidat 3.2.0, ticket 118", "known deviation of the candidate 3.2.0, ticket 118"))

	o = s.at(6_500).scenario("ack/error-segment", title("Un refus porte un segment ERR", "A refusal carries an ERR segment"))
	o.step("refused", "Message refusé", "Refused message")
	o.checks(scenarios.CheckInfo{Name: "ack.ERR", Verdict: scenarios.UnexpectedPass, Expected: "present", Actual: "ERR||ZBE^1^4|103^Table value not found^HL70357|E",
		Hint: &scenarios.Text{FR: "retirez cet écart de la liste", EN: "take this deviation off the list"}})
	o.stepEnds(scenarios.UnexpectedPass, 8).ends(scenarios.UnexpectedPass, 9, title("un écart connu ne se produit plus", "a known deviation no longer occurs"))

	o = s.at(6_600).scenario("encounter/admission", title("Admission", "Admission"))
	o.step("admission", "", "").stepEnds(scenarios.Error, 1, title("pamlab n’a pas su construire le message", "pamlab could not build the message"))
	o.ends(scenarios.Error, 1)
	return s.at(6_700).end(scenarios.ExitFault, 6_700)
}

// refusedTransfer is the failure that a newcomer meets first: the candidate
// refuses a movement and points at a field.
func refusedTransfer(s *script) {
	o := s.scenario("encounter/admission-transfer-discharge", title("Admission, mutation puis sortie", "Admission, transfer, discharge"))
	o.step("admission", "Admission", "Admission").connects()
	o.sends("ADT^A01^ADT_A01", "7F3A0001", "UNICODE UTF-8", mshA01, "EVN||20260302093000", pid, zbe)
	o.receives("ACK^A01^ACK", "900001", 4.1, mshAck, "MSA|AA|7F3A0001")
	o.checks(scenarios.CheckInfo{Name: "ack.MSA-1", Verdict: scenarios.Pass, Expected: "AA", Actual: "AA"})
	o.stepEnds(scenarios.Pass, 14)
	o.step("transfer", "Mutation en médecine", "Transfer to medicine")
	o.sends("ADT^A02^ADT_A02", "7F3A0002", "UNICODE UTF-8", mshA02, "EVN||20260302103000", pid, zbe)
	o.receives("ACK^A02^ACK", "900002", 7.3, mshAck, "MSA|AE|7F3A0002", "ERR||ZBE^1^4|103^Table value not found^HL70357|E|||INSERT is unknown here")
	o.checks(scenarios.CheckInfo{
		Name: "ack.MSA-1", Verdict: scenarios.Fail, Expected: "AA", Actual: "AE", Field: "ZBE-4",
		Spec: "PAM.fr 2.11 §4.5", Rule: "iti.ack-accepts",
		Source: &scenarios.Source{File: "library/encounter/admission-transfer-discharge.yaml", Line: 18, Column: 19, Width: 2, Text: "    expect: {ack: AA, latency: {under: 2s, level: should}}"},
		Hint: &scenarios.Text{FR: "ZBE-4 vaut INSERT, UPDATE ou CANCEL" + "\u00a0" + ": comparez avec la table du candidat",
			EN: "ZBE-4 is INSERT, UPDATE or CANCEL: compare with the candidate’s table"},
	})
	o.checks(scenarios.CheckInfo{Name: "latency", Level: scenarios.Should, Verdict: scenarios.Warn, Expected: "under 2s", Actual: "2.4s"})
	o.stepEnds(scenarios.Fail, 290)
	o.step("resent", "", "").stepEnds(scenarios.Inconclusive, 0)
	o.step("discharge", "", "").stepEnds(scenarios.Inconclusive, 0)
	o.clock += 312
	o.ends(scenarios.Fail, 312)
}

func slowOutpatient(s *script) {
	o := s.scenario("encounter/outpatient", title("Consultation externe", "Outpatient visit"))
	o.step("visit", "Venue", "Visit")
	o.sends("ADT^A04^ADT_A01", "7F3A0003", "UNICODE UTF-8", mshA01, pid)
	o.receivesRaw("ACK^A04^ACK", "900003", 2100, mshAck+"\rMSA|AA|7F3A0003", title("pas de retour chariot après le dernier segment", "no carriage return after the last segment"))
	o.checks(scenarios.CheckInfo{Name: "latency", Level: scenarios.Should, Verdict: scenarios.Warn, Expected: "under 2s", Actual: "2.1s",
		Source: &scenarios.Source{File: "library/encounter/outpatient.yaml", Line: 12, Column: 22, Width: 5, Text: "    expect: {latency: {under: 2s, level: should}}"}})
	o.stepEnds(scenarios.Warn, 2105)
	o.clock += 2110
	o.ends(scenarios.Warn, 2110)
}

func unreachable(s *script) {
	o := s.scenario("tls/no-certificate", title("Refus d’un client sans certificat", "A client without certificate is refused"))
	o.step("sanity", "Échange témoin", "Sanity exchange")
	o.put(scenarios.Event{Kind: scenarios.Connection, Connection: &scenarios.ConnectionInfo{
		State: "failed", Address: "127.0.0.1:2575", Identity: "gam", Kind: "no-connection",
		Error: &scenarios.Text{FR: "personne n’écoute à 127.0.0.1:2575", EN: "nobody listens at 127.0.0.1:2575"},
	}})
	o.notes("deux essais, à une seconde d’intervalle", "two attempts, one second apart")
	o.stepEnds(scenarios.Inconclusive, 3000, title("l’échange témoin n’a pas eu lieu", "the sanity exchange did not take place"))
	o.step("refused", "", "").stepEnds(scenarios.Inconclusive, 0)
	o.clock += 3010
	o.ends(scenarios.Inconclusive, 3010, title("le candidat n’est pas joignable", "the candidate cannot be reached"))
}

// longLines is a failure whose evidence does not fit into any width.
func longLines() *script {
	s := (&script{}).begin(1)
	o := s.scenario("long/lines", title("Lignes longues", "Long lines"))
	o.step("document", "", "")
	obx := "OBX|1|ED|DOC^Compte rendu^LN||^application^pdf^Base64^" + strings.Repeat("JVBERi0xLjQK", 400) + "|||||" + strings.Repeat("é", 300) + "|F"
	o.sends("ADT^A08^ADT_A01", "7F3A0009", "UNICODE UTF-8", mshA01, obx)
	o.receives("ACK^A08^ACK", "900009", 1, mshAck, "MSA|AE|7F3A0009", "ERR||OBX^1^11|101^Required field missing^HL70357|E|"+strings.Repeat("x", 5000),
		strings.Repeat("NTE|1||again\r", 40))
	o.checks(scenarios.CheckInfo{Name: "ack.MSA-1", Verdict: scenarios.Fail, Expected: strings.Repeat("A", 3000), Actual: "AE", Field: "OBX-11",
		Source: &scenarios.Source{File: "long.yaml", Line: 1234567, Column: 900, Width: 6, Text: strings.Repeat("[a, ", 224) + "   expect: {ack: AA}" + strings.Repeat("]", 224)}})
	o.checks(scenarios.CheckInfo{Name: "ack.ERR", Verdict: scenarios.Fail, Expected: "x", Actual: "y", Field: "OBX-5"})
	o.stepEnds(scenarios.Fail, 1).ends(scenarios.Fail, 1)
	return s.at(5).end(scenarios.ExitFailed, 5)
}

// handshakes is what can go wrong before any message.
func handshakes() *script {
	s := (&script{}).begin(2)
	s.events[0].Run.RefuseRealIdentities = false
	refused := scenarios.Text{FR: "le candidat a fermé la connexion", EN: "the candidate closed the connection"}
	o := s.at(5).scenario("tls/no-certificate", title("Refus d’un client sans certificat", "A client without certificate is refused"))
	o.step("anonymous", "Sans certificat", "Without certificate").connects()
	o.checks(scenarios.CheckInfo{Name: "tls.outcome", Verdict: scenarios.Fail, Expected: "refused", Actual: "accepted"})
	o.checks(scenarios.CheckInfo{Name: "tls.alert", Level: scenarios.Should, Verdict: scenarios.Warn, Expected: "certificate_required", Actual: "",
		Message: &scenarios.Text{FR: "aucune alerte n’est venue", EN: "no alert came"}, Hint: &scenarios.Text{FR: "RFC 8446 §6.2", EN: "RFC 8446 §6.2"}})
	o.stepEnds(scenarios.Fail, 5).ends(scenarios.Fail, 6)

	o = s.at(15).scenario("tls/expired", title("Refus d’un certificat expiré", "An expired certificate is refused"))
	o.step("expired", "", "")
	o.put(scenarios.Event{Kind: scenarios.Connection, Connection: &scenarios.ConnectionInfo{
		State: "refused", Address: "127.0.0.1:2575", Identity: "expired", Kind: "handshake-refused", Alert: "certificate_expired", Error: &refused,
	}})
	o.checks(scenarios.CheckInfo{Name: "ack", Verdict: scenarios.Inconclusive, Expected: "ACK", Actual: "handshake-refused", Message: &refused})
	o.checks(scenarios.CheckInfo{Name: "connection", Verdict: scenarios.Inconclusive, Expected: "open", Actual: "closed"})
	o.stepEnds(scenarios.Inconclusive, 5).ends(scenarios.Inconclusive, 125_300)

	// An interruption leaves many that were never played.
	for _, id := range []string{"a/one", "a/two", "b/three"} {
		s.scenario(id, title("", "")).ends(scenarios.Inconclusive, 0, title("interrompu avant d’être joué", "interrupted before it was played"))
	}
	return s.at(125_320).add(scenarios.Event{Kind: scenarios.RunFinished, Result: &scenarios.ResultInfo{
		Exit: scenarios.ExitInterrupted, Interrupted: true, DurationMS: 125_320,
	}})
}
