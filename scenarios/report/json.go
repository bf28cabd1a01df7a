package report

import (
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pamlab/pamlab/scenarios"
)

// JSONVersion is the `v` of the JSON report. It grows when a reader of the former
// version would misunderstand a document; new members do not change it.
const JSONVersion = 1

// JSON writes a run as one JSON document, described by docs/report.schema.json:
// the run, the candidate, the totals, and each scenario with its steps and their
// checks. Names of members are stable; texts for people are in lang. The content
// of messages is not in it, only what each message was: the journal has the
// bytes.
//
// The document depends on the journal and lang alone. Nothing is written when the
// journal cannot be read to its end.
func JSON(w io.Writer, events Events, lang string) error {
	r, err := collect(events, func(*outcome) {})
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document(r, page{lang: lang}))
}

type (
	jsonReport struct {
		V         int                      `json:"v"`
		Lang      string                   `json:"lang"`
		Notice    string                   `json:"notice"`
		Run       jsonRun                  `json:"run"`
		Candidate *scenarios.CandidateInfo `json:"candidate,omitempty"`
		Totals    jsonTotals               `json:"totals"`
		Scenarios []jsonScenario           `json:"scenarios"`
	}
	jsonRun struct {
		ID                   string     `json:"id"`
		Tool                 string     `json:"tool"`
		Version              string     `json:"version"`
		Seed                 uint64     `json:"seed"`
		Instant              *time.Time `json:"instant,omitempty"`
		Jobs                 int        `json:"jobs"`
		RefuseRealIdentities bool       `json:"refuse_real_identities"`
		Started              *time.Time `json:"started,omitempty"`
		DurationMS           float64    `json:"duration_ms"`
		Complete             bool       `json:"complete"`
		Interrupted          bool       `json:"interrupted"`
		Exit                 int        `json:"exit"`
		Meaning              string     `json:"meaning"`
		Reason               string     `json:"reason,omitempty"`
	}
	jsonTotals struct {
		Selected  int         `json:"selected"`
		Finished  int         `json:"finished"`
		NotPlayed int         `json:"not_played"`
		Scenarios jsonVerdict `json:"scenarios"`
		Checks    jsonVerdict `json:"checks"`
	}
	// jsonVerdict has a member per verdict, zeros included.
	jsonVerdict  map[scenarios.Verdict]int
	jsonScenario struct {
		ID         string            `json:"id"`
		Case       string            `json:"case,omitempty"`
		Title      string            `json:"title,omitempty"`
		Verdict    scenarios.Verdict `json:"verdict"`
		Reason     string            `json:"reason,omitempty"`
		Finished   bool              `json:"finished"`
		Started    time.Time         `json:"started"`
		DurationMS float64           `json:"duration_ms"`
		Spec       string            `json:"spec,omitempty"`
		Tags       []string          `json:"tags,omitempty"`
		Covers     []string          `json:"covers,omitempty"`
		Source     *scenarios.Source `json:"source,omitempty"`
		Replay     string            `json:"replay"`
		Steps      []jsonStep        `json:"steps"`
	}
	// jsonStep without an id holds what happened outside any step.
	jsonStep struct {
		ID          string            `json:"id,omitempty"`
		Title       string            `json:"title,omitempty"`
		Verdict     scenarios.Verdict `json:"verdict,omitempty"`
		Reason      string            `json:"reason,omitempty"`
		Started     time.Time         `json:"started"`
		DurationMS  float64           `json:"duration_ms"`
		Spec        string            `json:"spec,omitempty"`
		Source      *scenarios.Source `json:"source,omitempty"`
		Connections []jsonConnection  `json:"connections,omitempty"`
		Messages    []jsonMessage     `json:"messages,omitempty"`
		Checks      []jsonCheck       `json:"checks,omitempty"`
		Notes       []string          `json:"notes,omitempty"`
	}
	jsonConnection struct {
		State    string             `json:"state"`
		Address  string             `json:"address,omitempty"`
		Identity string             `json:"identity,omitempty"`
		TLS      *scenarios.TLSInfo `json:"tls,omitempty"`
		Kind     string             `json:"kind,omitempty"`
		Alert    string             `json:"alert,omitempty"`
		Error    string             `json:"error,omitempty"`
	}
	jsonMessage struct {
		Direction string   `json:"direction"`
		Type      string   `json:"type,omitempty"`
		ControlID string   `json:"control_id,omitempty"`
		Charset   string   `json:"charset,omitempty"`
		Bytes     int      `json:"bytes"`
		LatencyMS float64  `json:"latency_ms,omitempty"`
		Oddities  []string `json:"oddities,omitempty"`
	}
	jsonCheck struct {
		Name      string            `json:"name"`
		Level     scenarios.Level   `json:"level"`
		Verdict   scenarios.Verdict `json:"verdict"`
		Expected  string            `json:"expected"`
		Actual    string            `json:"actual"`
		Message   string            `json:"message,omitempty"`
		Hint      string            `json:"hint,omitempty"`
		Spec      string            `json:"spec,omitempty"`
		Rule      string            `json:"rule,omitempty"`
		Field     string            `json:"field,omitempty"`
		ControlID string            `json:"control_id,omitempty"`
		Source    *scenarios.Source `json:"source,omitempty"`
	}
)

func document(r record, p page) jsonReport {
	doc := jsonReport{
		V: JSONVersion, Lang: p.tr("fr", "en"), Notice: disclaimer(p.lang),
		Run:       p.jsonRun(r),
		Totals:    jsonTotals{Finished: len(r.outcomes), NotPlayed: r.missing(), Scenarios: zeros(), Checks: zeros()},
		Scenarios: []jsonScenario{},
	}
	doc.Totals.Selected = doc.Totals.Finished + doc.Totals.NotPlayed
	if r.run != nil {
		p.seed, p.options = &r.run.Seed, r.run.Options
		doc.Candidate = &r.run.Candidate
	}
	for _, o := range r.outcomes {
		if o.open {
			doc.Totals.Finished--
		}
		doc.Totals.Scenarios[o.result.Verdict]++
		for _, s := range o.steps {
			for _, c := range s.checks {
				doc.Totals.Checks[c.Verdict]++
			}
		}
		doc.Scenarios = append(doc.Scenarios, p.jsonScenario(o))
	}
	return doc
}

func zeros() jsonVerdict {
	counts := jsonVerdict{}
	for _, v := range scenarios.Verdicts() {
		counts[v] = 0
	}
	return counts
}

func (p page) jsonRun(r record) jsonRun {
	run := jsonRun{
		DurationMS: r.took(),
		Complete:   r.result != nil && !r.result.Interrupted && r.missing() == 0,
		Exit:       r.exitCode(),
	}
	run.Meaning = ExitMeaning(run.Exit, p.lang)
	if !r.started.IsZero() {
		run.Started = &r.started
	}
	if r.result != nil {
		run.Interrupted, run.Reason = r.result.Interrupted, p.text(r.result.Reason)
	}
	if r.run == nil {
		return run
	}
	run.ID, run.Tool, run.Version, run.Seed = r.run.ID, r.run.Tool, r.run.Version, r.run.Seed
	run.Instant, run.Jobs, run.RefuseRealIdentities = &r.run.Instant, r.run.Jobs, r.run.RefuseRealIdentities
	return run
}

func (p page) jsonScenario(o *outcome) jsonScenario {
	s := jsonScenario{
		ID: o.id, Case: o.row, Title: o.subject.Title.In(p.lang),
		Verdict: o.result.Verdict, Reason: p.text(o.result.Reason), Finished: !o.open,
		Started: o.started, DurationMS: o.result.DurationMS,
		Spec: o.subject.Spec, Tags: o.subject.Tags, Covers: o.subject.Covers, Source: o.subject.Source,
		Replay: p.replay(o.selection()), Steps: []jsonStep{},
	}
	for _, st := range o.steps {
		s.Steps = append(s.Steps, p.jsonStep(st))
	}
	return s
}

func (p page) jsonStep(st *step) jsonStep {
	s := jsonStep{
		ID: st.id, Title: st.subject.Title.In(p.lang),
		Verdict: st.result.Verdict, Reason: p.text(st.result.Reason),
		Started: st.started, DurationMS: st.result.DurationMS,
		Spec: st.subject.Spec, Source: st.subject.Source,
	}
	for _, c := range st.connections {
		s.Connections = append(s.Connections, jsonConnection{c.State, c.Address, c.Identity, c.TLS, c.Kind, c.Alert, p.text(c.Error)})
	}
	for _, m := range st.messages {
		s.Messages = append(s.Messages, p.jsonMessage(m))
	}
	for _, c := range st.checks {
		s.Checks = append(s.Checks, jsonCheck{
			Name: c.Name, Level: c.Level, Verdict: c.Verdict, Expected: utf8Text(c.Expected), Actual: utf8Text(c.Actual),
			Message: p.text(c.Message), Hint: p.text(c.Hint), Spec: c.Spec, Rule: c.Rule, Field: c.Field, ControlID: c.ControlID, Source: c.Source,
		})
	}
	for _, n := range st.notes {
		s.Notes = append(s.Notes, p.text(&n))
	}
	return s
}

func (p page) jsonMessage(m message) jsonMessage {
	j := jsonMessage{
		Direction: "sent", Type: utf8Text(m.Type), ControlID: utf8Text(m.ControlID), Charset: utf8Text(m.Charset),
		Bytes: m.size, LatencyMS: m.LatencyMS,
	}
	if m.received {
		j.Direction = "received"
	}
	for _, o := range m.Oddities {
		j.Oddities = append(j.Oddities, p.text(&o))
	}
	return j
}

func (p page) text(t *scenarios.Text) string {
	if t == nil {
		return ""
	}
	return utf8Text(strings.TrimSpace(t.In(p.lang)))
}

// utf8Text leaves every character alone, JSON can carry them all, but shows the
// bytes that are no UTF-8, which the encoder would all turn into the same
// replacement character.
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return Visible(s)
}
