package main

import (
	"fmt"
	"io"
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/scenarios/report"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// simulateScreen writes a line for each message, and the summary.
type simulateScreen struct {
	app *app
	o   *simulateOptions
	out io.Writer

	orders string // where they are taken, or ""
}

func (a *app) newSimulateScreen(o *simulateOptions) *simulateScreen {
	return &simulateScreen{app: a, o: o, out: a.stdout}
}

// head says what is played.
func (w *simulateScreen) head(so simulate.Options) {
	a, kept := w.app, w.app.text("en mémoire", "in memory")
	if w.o.store != store.Memory {
		kept = report.Visible(w.o.store)
	}
	if w.orders != "" {
		defer fmt.Fprintf(w.out, a.text("commandes : http://%s\n", "orders: http://%s\n"), w.orders)
	}
	if so.Pace.None {
		fmt.Fprintf(w.out, a.text("rien que des commandes, file : %s\n", "orders only, queue: %s\n"), kept)
		return
	}
	fmt.Fprintf(w.out, a.text("hôpital du %s, graine %d, file : %s\n", "hospital from %s, seed %d, queue: %s\n"),
		so.Place.Start.Format("2006-01-02 15:04"), so.Place.Seed, kept)
}

// tell writes the line of an attempt: time, receiver, event, patient, answer,
// milliseconds, and what is wrong.
func (w *simulateScreen) tell(o simulate.Outcome) {
	a, r := w.app, o.Record
	if w.o.quiet && r.State == store.Done {
		return
	}
	answer := r.Ack
	if answer == "" || o.Err != nil { // an answer to an attempt before is none to this one
		answer = "-"
	}
	line := fmt.Sprintf("%s  %-20s  %-40s  %-10s  %-2s  %7.1f ms", r.Time.Format("15:04:05.000"), report.Visible(o.Destination),
		r.Type+" "+pam.Trigger(r.Type).Name(a.lang), r.Patient, answer, float64(r.Took)/float64(time.Millisecond))
	why := o.Why.In(a.lang)
	if o.Err != nil {
		why = errorIn(o.Err, a.lang)
	}
	switch {
	case r.State == store.Parked:
		line += a.text("  mis de côté, n° ", "  parked, no. ") + fmt.Sprint(r.ID) + a.text(" : ", ": ") + report.Visible(why)
	case r.State == store.Waiting:
		line += a.text("  attend : ", "  waits: ") + report.Visible(why)
	}
	fmt.Fprintln(w.out, line)
}

// foot is the summary.
func (w *simulateScreen) foot(s simulate.Summary) {
	a := w.app
	until := ""
	if s.Told > 0 {
		until = a.text(", jusqu'au ", ", until ") + s.Until.Format("2006-01-02 15:04:05")
	}
	fmt.Fprintf(w.out, a.text("%d événements racontés%s\n", "%d events told%s\n"), s.Told, until)
	if w.orders != "" {
		fmt.Fprintf(w.out, a.text("%d commandés\n", "%d ordered\n"), s.Ordered)
	}
	for _, d := range s.Destinations {
		fmt.Fprintf(w.out, a.text(
			"%s : %d envoyés, %d mis de côté, %d en attente, %d nouveaux essais\n",
			"%s: %d sent, %d parked, %d waiting, %d retries\n"),
			report.Visible(d.Name), d.Sent, d.Parked, d.Waiting, d.Retries)
		if d.Parked > 0 && w.o.store != store.Memory {
			fmt.Fprintf(w.out, "  pamlab messages list --store %s --state parked\n", report.Visible(w.o.store))
		}
	}
	if s.Elsewhere > 0 {
		fmt.Fprintf(w.out, a.text(
			"%d en attente pour des récepteurs que --to ne nomme pas\n  pamlab messages list --store %s --state waiting\n",
			"%d waiting for receivers that --to does not name\n  pamlab messages list --store %s --state waiting\n"),
			s.Elsewhere, report.Visible(w.o.store))
	}
}
