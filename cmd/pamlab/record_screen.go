package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/relay"
	"github.com/pamlab/pamlab/scenarios/relay/draft"
	"github.com/pamlab/pamlab/scenarios/report"
)

// A recordScreen shows what passes: one line a message, in the user's language,
// without a trait of anybody.
type recordScreen struct {
	a      *app
	o      *recordOptions
	enough context.CancelFunc
	color  bool
	draft  *draft.Draft // nil: none is wanted

	mu       sync.Mutex
	verdicts map[string]int
	notKept  int
	gaps     int
	seen     int
}

func newRecordScreen(a *app, o *recordOptions, enough context.CancelFunc) *recordScreen {
	w := &recordScreen{a: a, o: o, enough: enough, color: a.terminal(a.stdout).color, verdicts: map[string]int{}}
	if o.draft != "" {
		w.draft = newDraft(o.draft)
	}
	return w
}

// head says who stands between whom.
func (w *recordScreen) head(r *relay.Relay, at net.Addr) {
	w.a.printf("%s (%s) → %s (%s)\n", at, w.how(r.NearTLS), r.To, w.how(r.FarTLS))
	if w.o.store != "" {
		w.a.printf("%s %s\n", w.a.text("gardé dans", "kept in"), report.Visible(w.o.store))
	}
}

func (w *recordScreen) how(c *tls.Config) string {
	if c == nil {
		return w.a.text("en clair", "plain TCP")
	}
	return w.a.text("TLS mutuel", "mutual TLS")
}

// exchange shows one exchange.
func (w *recordScreen) exchange(x *relay.Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen++
	if w.o.once > 0 && w.seen >= w.o.once {
		w.enough()
	}
	if w.o.once > 0 && w.seen > w.o.once {
		return
	}
	w.verdicts[x.Verdict]++
	if w.draft != nil && x.From == relay.Near {
		w.draft.Add(x.Message, x.Code)
	}
	if w.o.quiet && x.Verdict == "pass" && x.Err == nil && w.accepted(x) {
		return
	}
	event, _ := pam.ParseTrigger(x.Header.Trigger)
	kind := strings.TrimSpace(x.Header.Trigger + " " + event.Name(w.a.lang))
	if kind == "" {
		kind = "?"
	}
	line := []string{
		x.Time.Format(time.TimeOnly), x.Conn.Peer(x.From) + " → " + x.Conn.Peer(x.From.Other()), kind,
		cmp.Or(x.Patient, "-"), cmp.Or(string(x.Code), "-"), w.painted(x.Verdict), w.took(x),
	}
	if s := w.findings(x); s != "" {
		line = append(line, s)
	}
	if x.Err != nil {
		line = append(line, errorIn(x.Err, w.a.lang))
	}
	for i, part := range line {
		if i != 5 { // which has colours of ours
			line[i] = report.Visible(part)
		}
	}
	w.a.printf("%s\n", strings.Join(line, "  "))
}

func (w *recordScreen) accepted(x *relay.Exchange) bool { return x.Code == "AA" || x.Code == "CA" }

// took is how long the answer took.
func (w *recordScreen) took(x *relay.Exchange) string {
	if x.Took <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", float64(x.Took)/float64(time.Millisecond))
}

// painted is a verdict in the user's language, in its colour.
func (w *recordScreen) painted(verdict string) string {
	words := map[string]scenarios.Text{
		"pass": {FR: "conforme", EN: "pass"}, "warn": {FR: "réserve", EN: "warn"}, "fail": {FR: "non conforme", EN: "fail"}, "": {FR: "-", EN: "-"},
	}
	text := words[verdict].In(w.a.lang)
	if !w.color {
		return text
	}
	return map[string]string{"pass": "\x1b[32m", "warn": "\x1b[33m", "fail": "\x1b[31m", "": ""}[verdict] + text + "\x1b[0m"
}

// findings names the rules that are broken, the first few.
func (w *recordScreen) findings(x *relay.Exchange) string {
	const most = 3
	var list []string
	more := 0
	for _, f := range x.Findings {
		if f.Level < rules.Should {
			continue
		}
		if len(list) == most {
			more++
			continue
		}
		where := f.Path
		if f.Answer {
			where = w.a.text("acquittement ", "acknowledgement ") + where
		}
		list = append(list, f.Rule+" ("+where+")")
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("+%d", more))
	}
	return strings.Join(list, ", ")
}

// event shows what happened beside messages, where it is worth a line.
func (w *recordScreen) event(e relay.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.a
	var text string
	switch e.Kind {
	case relay.NotCarried, relay.Refused:
		text = a.text("connexion fermée : ", "connection closed: ") + errorIn(e.Err, a.lang)
		if hint := hintIn(e.Err, a.lang); hint != "" {
			text += a.text(" ; conseil : ", "; hint: ") + hint
		}
	case relay.Ended:
		if e.Err == nil {
			return
		}
		text = a.text("connexion terminée : ", "connection ended: ") + errorIn(e.Err, a.lang)
	case relay.NoBlock:
		text = e.Conn.Peer(e.Side) + a.text(" : octets hors bloc MLLP", ": bytes that are no MLLP block")
		if e.Err != nil {
			text += a.text(" : ", ": ") + errorIn(e.Err, a.lang)
		}
		for _, odd := range e.Oddities {
			text += ", " + odd.In(a.lang)
		}
	case relay.Gap:
		if w.gaps++; w.gaps > 1 {
			return // told once; the summary counts
		}
		text = a.text("relayé sans être regardé : pamlab ne suit pas", "carried without being looked at: pamlab is behind")
	case relay.NotKept:
		if w.notKept += e.Count; w.notKept > e.Count {
			return // told once; the summary counts
		}
		text = a.text("non gardé : ", "not kept: ") + errorIn(e.Err, a.lang)
		if hint := hintIn(e.Err, a.lang); hint != "" {
			text += a.text(" ; conseil : ", "; hint: ") + hint
		}
	default:
		return
	}
	a.printf("%s  ! %s\n", time.Now().Format(time.TimeOnly), report.Visible(text))
}

// foot sums up.
func (w *recordScreen) foot(s relay.Stats) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.a
	a.printf(a.text("%d échanges : %d conformes, %d avec réserve, %d non conformes ; %d sans acquittement\n",
		"%d exchanges: %d pass, %d warn, %d fail; %d without acknowledgement\n"),
		s.Exchanges, w.verdicts["pass"], w.verdicts["warn"], w.verdicts["fail"], s.Unanswered)
	if s.Refused > 0 {
		a.printf(a.text("%d connexions refusées : leur certificat\n", "%d connections refused: their certificate\n"), s.Refused)
	}
	if s.Failed > 0 {
		a.printf(a.text("%d connexions n'ont pas atteint l'autre côté\n", "%d connections did not reach the other side\n"), s.Failed)
	}
	if s.Dropped > 0 {
		a.printf(a.text("%d morceaux (%d octets) ont été relayés sans être regardés\n", "%d pieces (%d bytes) were carried without being looked at\n"), s.Dropped, s.BytesLost)
	}
	if w.o.store != "" {
		a.printf(a.text("%d gardés dans %s", "%d kept in %s"), s.Stored, report.Visible(w.o.store))
		if s.NotStored > 0 {
			a.printf(a.text(", %d non gardés", ", %d not kept"), s.NotStored)
		}
		a.printf("\n")
	}
}

// code is the exit code: what could not be seen outweighs what was.
func (w *recordScreen) code(s relay.Stats) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case s.Exchanges == 0, s.Failed > 0, s.Dropped > 0, s.NotStored > 0:
		return scenarios.ExitUnjudged
	case w.verdicts["fail"] > 0:
		return scenarios.ExitFailed
	}
	return scenarios.ExitOK
}
