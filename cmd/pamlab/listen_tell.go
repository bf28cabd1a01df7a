package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/listen"
	"github.com/pamlab/pamlab/scenarios/report"
)

// A teller writes a line for each message, and counts for --once.
type teller struct {
	app     *app
	quiet   bool
	once    int
	profile *profile.Profile // for the names of events
	enough  chan struct{}    // closed after --once messages

	mu       sync.Mutex
	messages int
	verdicts map[string]int
	answers  map[string]int
	failed   bool
}

func (a *app) newTeller(o *listenOptions) *teller {
	t := &teller{app: a, quiet: o.quiet, once: o.once, enough: make(chan struct{}), verdicts: map[string]int{}, answers: map[string]int{}}
	t.profile, _ = profile.Load("pam-fr-2.11") // shipped; without it events have no names
	return t
}

// tell writes the line of a message.
func (t *teller) tell(x listen.Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.once > 0 && t.messages >= t.once {
		return
	}
	t.messages++
	t.verdicts[x.Record.Verdict]++
	t.answers[x.Record.Ack]++
	t.failed = t.failed || x.Record.Verdict == "fail" || x.Err != nil
	if !t.quiet {
		t.app.printf("%s\n", t.line(x))
	}
	if t.messages == t.once {
		close(t.enough)
	}
}

// line is time, sender, event, patient, verdict, answer, milliseconds, and what
// is wrong: no trait of anybody.
func (t *teller) line(x listen.Exchange) string {
	a, r := t.app, x.Record
	event := r.Type
	if t.profile != nil {
		if e := t.profile.Event(r.Type); e != nil {
			event += " " + e.Name.In(a.lang)
		}
	}
	patient, answer := r.Patient, r.Ack
	if patient == "" {
		patient = "-"
	}
	if answer == "" {
		answer = "-"
	}
	line := fmt.Sprintf("%s  %-20s  %-40s  %-10s  %-13s  %-2s  %7.1f ms", r.Time.Format("15:04:05.000"), report.Visible(r.Peer), report.Visible(event),
		patient, a.judged(r.Verdict), answer, float64(x.Took)/float64(time.Millisecond))
	if r.Repeated {
		line += "  " + a.repeated(r)
	}
	if len(r.Findings) > 0 {
		line += "  " + shortened(r.Findings, 3)
	}
	if x.Err != nil {
		line += "  " + a.text("pas rangé : ", "not stored: ") + report.Visible(errorIn(x.Err, a.lang))
	}
	return line
}

// judged is a verdict in words.
func (a *app) judged(word string) string {
	switch word {
	case "pass":
		return a.text("conforme", "conforms")
	case "warn":
		return a.text("avertissement", "warning")
	case "fail":
		return a.text("non conforme", "fails")
	}
	return "-"
}

// foot sums up.
func (t *teller) foot() {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.app
	line := a.text(fmt.Sprintf("%d reçus", t.messages), fmt.Sprintf("%d received", t.messages))
	for _, word := range verdictWords {
		if n := t.verdicts[word]; n > 0 {
			line += fmt.Sprintf(" · %d %s", n, a.judged(word))
		}
	}
	for _, code := range ackWords {
		if n := t.answers[code]; n > 0 {
			line += fmt.Sprintf(" · %d %s", n, code)
		}
	}
	if n := t.answers[""]; n > 0 {
		line += a.text(fmt.Sprintf(" · %d sans réponse", n), fmt.Sprintf(" · %d without an answer", n))
	}
	a.printf("%s\n", line)
}

// shortened lists the first few of many, each once.
func shortened(rules []string, most int) string {
	var shown []string
	seen := map[string]bool{}
	for _, rule := range rules {
		if !seen[rule] {
			seen[rule] = true
			shown = append(shown, rule)
		}
	}
	if more := len(shown) - most; more > 0 {
		shown = append(shown[:most], fmt.Sprintf("+%d", more))
	}
	return strings.Join(shown, " ")
}

// conn tells of connections that were refused, or that ended badly.
func (t *teller) conn(listener string, c *mllp.Conn, _ mllp.ConnState, err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.quiet {
		t.app.printf("%s  %-20s  %s\n", time.Now().Format("15:04:05.000"), c.RemoteAddr, report.Visible(errorIn(err, t.app.lang)))
	}
}

// code is the exit code: with --once it says whether all conformed.
func (t *teller) code() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.once == 0:
		return scenarios.ExitOK
	case t.messages < t.once:
		return scenarios.ExitInterrupted
	case t.failed:
		return scenarios.ExitFailed
	}
	return scenarios.ExitOK
}
