package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// JUnit writes a run as JUnit XML, in the common form that CI servers read: a
// testsuite per folder of scenarios, a testcase per scenario or row of cases.
//
// A failure is the candidate's fault (fail, unexpected-pass). An error is what
// could not be judged (error, inconclusive). Known deviations and scenarios that
// do not apply are skipped, with the reason. Warnings pass and stand in
// system-out, with what was tolerated. A run that was cut short, or judged nothing, has one more case
// with an error that says so.
//
// The file is valid XML whatever was on the wire (see [Visible]) and depends on
// the journal and lang alone. Nothing is written when the journal cannot be
// read to its end.
func JUnit(w io.Writer, events Events, lang string) error {
	j := &junit{page: page{lang: lang}, cases: map[*outcome]*testCase{}}
	r, err := collect(j.watch(events), func(o *outcome) { j.cases[o] = j.testCase(o) })
	if err != nil {
		return err
	}
	doc, err := xml.MarshalIndent(j.suites(r), "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte(xml.Header), doc...), '\n'))
	return err
}

// The elements, in the order in which the schemas in use want them.
type (
	testSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		tally
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr,omitempty"`
		Suites    []testSuite `xml:"testsuite"`
	}
	testSuite struct {
		Name string `xml:"name,attr"`
		tally
		Time       string      `xml:"time,attr"`
		Timestamp  string      `xml:"timestamp,attr,omitempty"`
		Properties properties  `xml:"properties"`
		Cases      []*testCase `xml:"testcase"`
	}
	testCase struct {
		Name       string      `xml:"name,attr"`
		Class      string      `xml:"classname,attr"`
		File       string      `xml:"file,attr,omitempty"`
		Line       int         `xml:"line,attr,omitempty"`
		Time       string      `xml:"time,attr"`
		Properties *properties `xml:"properties"`
		Failure    *finding    `xml:"failure"`
		Error      *finding    `xml:"error"`
		Skipped    *finding    `xml:"skipped"`
		SystemOut  *xmlText    `xml:"system-out"`

		ms      float64
		started time.Time
	}
	tally struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	finding struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",innerxml"`
	}
	xmlText struct {
		Text string `xml:",innerxml"`
	}
	properties struct {
		List []property `xml:"property"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
)

type junit struct {
	page
	cases map[*outcome]*testCase
}

// watch learns the seed as the events pass: the blocks of failures are worded
// while the journal is being read.
func (j *junit) watch(events Events) Events {
	return func(yield func(scenarios.Event, error) bool) {
		for e, err := range events {
			if e.Run != nil {
				j.seed, j.options = &e.Run.Seed, e.Run.Options
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// suites puts the cases, sorted by folder, into their suites, and counts.
func (j *junit) suites(r record) testSuites {
	doc := testSuites{Name: "pamlab", Time: seconds(r.took()), Timestamp: timestamp(r.started)}
	common := j.runProperties(r)
	total := 0.0
	add := func(name string, c *testCase) {
		if n := len(doc.Suites); n == 0 || doc.Suites[n-1].Name != name {
			doc.Suites = append(doc.Suites, testSuite{Name: name, Properties: common})
			total = 0
		}
		s := &doc.Suites[len(doc.Suites)-1]
		s.Cases = append(s.Cases, c)
		s.count(c)
		doc.count(c)
		total += c.ms
		s.Time = seconds(total)
		if t := timestamp(c.started); s.Timestamp == "" || t < s.Timestamp {
			s.Timestamp = t
		}
	}
	for _, o := range r.outcomes {
		add(suiteName(o.id), j.cases[o])
	}
	if c := j.runCase(r); c != nil {
		add("pamlab", c)
	}
	return doc
}

func suiteName(id string) string {
	return Visible(cmp.Or(folder(id), "scenarios"))
}

func (t *tally) count(c *testCase) {
	t.Tests++
	switch {
	case c.Failure != nil:
		t.Failures++
	case c.Error != nil:
		t.Errors++
	case c.Skipped != nil:
		t.Skipped++
	}
}

func (j *junit) testCase(o *outcome) *testCase {
	c := &testCase{
		Name:       Visible(o.name()),
		Class:      suiteName(o.id),
		Time:       seconds(o.result.DurationMS),
		Properties: j.caseProperties(o),
		ms:         o.result.DurationMS,
		started:    o.started,
	}
	if s := o.subject.Source; s != nil {
		c.File, c.Line = Visible(s.File), s.Line
	}
	if text := j.output(o); text != "" {
		c.SystemOut = &xmlText{bodyText(text)}
	}
	switch o.result.Verdict {
	case scenarios.Pass, scenarios.Warn:
	case scenarios.NotApplicable, scenarios.Known:
		c.Skipped = &finding{Message: cmp.Or(j.why(o.result.Reason), Word(o.result.Verdict, j.lang))}
	case scenarios.Fail, scenarios.UnexpectedPass:
		c.Failure = j.finding(o)
	default:
		c.Error = j.finding(o)
	}
	return c
}

// output is what a case has to say beside its outcome: warnings, and what was
// tolerated.
func (j *junit) output(o *outcome) string {
	b := &block{page: j.page}
	if o.result.Verdict == scenarios.Warn {
		b.asides(o)
	}
	for _, r := range o.remarks(j.lang) {
		b.fact(j.tr("remarque", "remark"), r)
	}
	return b.String()
}

func (j *junit) finding(o *outcome) *finding {
	return &finding{Message: j.gist(o), Type: Visible(string(o.result.Verdict)), Text: bodyText(j.block(o, false))}
}

// gist is the one line of a problem: its first grave check, and how many more.
func (p page) gist(o *outcome) string {
	text, n := "", 0
	for _, s := range o.steps {
		for _, c := range s.checks {
			if c.Verdict != o.result.Verdict {
				continue
			}
			if n++; n == 1 {
				text = p.where(s.id, c) + p.found(c)
			}
		}
	}
	if n > 1 {
		text += fmt.Sprintf(" (+%d)", n-1)
	}
	if text == "" {
		text = p.why(o.result.Reason)
	}
	for _, s := range o.steps {
		if text == "" && s.result.Verdict == o.result.Verdict && s.result.Reason != nil {
			text = Visible(s.id) + p.tr(nbsp+": ", ": ") + p.why(s.result.Reason)
		}
	}
	return cmp.Or(text, Word(o.result.Verdict, p.lang))
}

// runCase is the case of the run itself, nil when it came to its end and judged
// something.
func (j *junit) runCase(r record) *testCase {
	fault := ""
	code := r.exitCode()
	switch missing := r.missing(); {
	case r.result == nil || r.result.Interrupted || missing > 0:
		fault = j.tr("interrompu"+nbsp+": ", "cut short: ") + j.shortfall(missing)
	case code != scenarios.ExitOK && code != scenarios.ExitCode(r.totals()), code == scenarios.ExitUnusable:
		fault = cmp.Or(j.why(r.result.Reason), ExitMeaning(code, j.lang))
	default:
		return nil
	}
	return &testCase{
		Name: "pamlab run", Class: "pamlab", Time: seconds(0), started: r.started,
		Error: &finding{Message: fault, Type: "run", Text: bodyText(fmt.Sprintf("code %d%s%s", code, j.tr(nbsp+": ", ": "), ExitMeaning(code, j.lang)))},
	}
}

// runProperties are those of the run, on every suite, for viewers show a suite
// at a time.
func (j *junit) runProperties(r record) properties {
	var p properties
	if r.run == nil {
		return p
	}
	run := *r.run
	p.add("run", run.ID)
	p.add("tool", strings.TrimSpace(run.Tool+" "+run.Version))
	p.add("seed", strconv.FormatUint(run.Seed, 10))
	p.add("instant", run.Instant.UTC().Format(time.RFC3339))
	p.add("candidate.name", run.Candidate.Name)
	p.add("candidate.release", run.Candidate.Release)
	p.add("candidate.role", run.Candidate.Role)
	p.add("candidate.address", run.Candidate.Address)
	p.add("candidate.listen", run.Candidate.Listen)
	p.add("dialect", run.Candidate.Dialect)
	p.add("charset", run.Candidate.Charset)
	p.add("tls", strconv.FormatBool(run.Candidate.TLS))
	p.add("refuse_real_identities", strconv.FormatBool(run.RefuseRealIdentities))
	p.add("notice", disclaimer(j.lang))
	return p
}

func (j *junit) caseProperties(o *outcome) *properties {
	var p properties
	p.add("title", o.subject.Title.In(j.lang))
	p.add("verdict", string(o.result.Verdict))
	p.add("spec", o.subject.Spec)
	for _, c := range o.subject.Covers {
		p.add("covers", c)
	}
	for _, t := range o.subject.Tags {
		p.add("tag", t)
	}
	for _, s := range o.steps {
		if s.id != "" {
			p.add("step["+s.state()+"]", s.id)
		}
	}
	return &p
}

// state is the word that viewers of step properties know.
func (s *step) state() string {
	switch s.result.Verdict {
	case scenarios.Pass, scenarios.Warn:
		return "passed"
	case scenarios.Fail, scenarios.UnexpectedPass:
		return "failed"
	case scenarios.Error:
		return "error"
	case scenarios.Inconclusive:
		if !s.idle() {
			return "error"
		}
	}
	return "skipped"
}

func (p *properties) add(name, value string) {
	if value != "" {
		p.List = append(p.List, property{name, Visible(value)})
	}
}

// seconds is a duration in milliseconds in the unit of JUnit.
func seconds(ms float64) string { return strconv.FormatFloat(ms/1000, 'f', 3, 64) }

// timestamp is UTC without a zone: the schema of Ant, which validators use, has
// no room for one.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05")
}

// bodyText escapes what stands between tags. Unlike encoding/xml it leaves line
// ends as they are, so that the file can be read without a viewer; everything
// that XML forbids is gone already.
func bodyText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(legible.Text("\n" + strings.TrimRight(s, "\n") + "\n"))
}
