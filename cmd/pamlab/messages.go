package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
	"github.com/pamlab/pamlab/scenarios/store"
)

// storeFlags name a store and choose messages of it.
type storeFlags struct {
	path                                                string
	typ, patient, verdict, ack, destination, state, way string
	controlID, since, until                             string
	limit                                               int
}

func (a *app) messagesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "messages",
		Short: a.text("Ce qui a été reçu ou envoyé : montrer, exporter, effacer", "What was received or sent: show, export, purge"),
		Example: examples(
			"pamlab messages list --store dmn.db --verdict fail --since 10m", a.text("les messages fautifs des dix dernières minutes", "the faulty messages of the last ten minutes"),
			"pamlab messages show 12 --store dmn.db", a.text("un message et sa réponse", "a message and its answer"),
			"pamlab messages export --store dmn.db --type A02 > a02.hl7", a.text("les messages, pour « pamlab validate » ou « send »", "the messages, for `pamlab validate` or `send`"),
			"pamlab messages purge --store dmn.db --older 180d", a.text("efface ce qui est plus vieux", "purges what is older"),
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.messagesListCommand(), a.messagesShowCommand(), a.messagesExportCommand(), a.messagesPurgeCommand())
	return cmd
}

func (a *app) addStoreFlag(cmd *cobra.Command) *storeFlags {
	f := &storeFlags{}
	cmd.Flags().StringVar(&f.path, "store", "", a.text("fichier de listen, simulate ou record", "file of listen, simulate or record"))
	_ = cmd.MarkFlagFilename("store", "db")
	return f
}

func (a *app) addFilterFlags(cmd *cobra.Command) *storeFlags {
	f := a.addStoreFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.typ, "type", "", a.text("événement : A02", "event: A02"))
	flags.StringVar(&f.patient, "patient", "", a.text("patient : son alias, P-4F7K2M9D, ou son identifiant, 4711^1.2.250.1", "patient: the alias, P-4F7K2M9D, or the identifier, 4711^1.2.250.1"))
	flags.StringVar(&f.verdict, "verdict", "", "pass, warn, fail")
	flags.StringVar(&f.ack, "ack", "", a.text("réponse, MSA-1 : ", "answer, MSA-1: ")+strings.Join(ackWords, ", "))
	flags.StringVar(&f.controlID, "control-id", "", "MSH-10")
	flags.StringVar(&f.destination, "destination", "", a.text("destination d'un envoi", "destination of what is sent"))
	flags.StringVar(&f.state, "state", "", "sent, waiting, parked")
	flags.StringVar(&f.way, "direction", "", "received, sent")
	flags.StringVar(&f.since, "since", "", a.text("depuis : 10m, 2d ou 2026-03-02T09:00", "since: 10m, 2d or 2026-03-02T09:00"))
	flags.StringVar(&f.until, "until", "", a.text("jusqu'à : 10m, 2d ou 2026-03-02T09:00", "until: 10m, 2d or 2026-03-02T09:00"))
	flags.IntVar(&f.limit, "limit", 0, a.text("au plus tant de messages", "at most so many messages"))
	for name, words := range map[string][]string{"verdict": verdictWords, "ack": ackWords, "state": stateWords, "direction": directionWords} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	return f
}

var (
	verdictWords   = []string{"pass", "warn", "fail"}
	ackWords       = []string{"AA", "AE", "AR", "CA", "CE", "CR"}
	stateWords     = []string{string(store.Done), string(store.Waiting), string(store.Parked)}
	directionWords = []string{string(store.Received), string(store.Sent)}
)

// filter is what the flags choose.
func (f *storeFlags) filter(now time.Time) (store.Filter, error) {
	for _, w := range []struct {
		flag, word string
		known      []string
	}{{"verdict", f.verdict, verdictWords}, {"ack", f.ack, ackWords}, {"state", f.state, stateWords}, {"direction", f.way, directionWords}} {
		if err := knownWord(w.flag, w.word, w.known); err != nil {
			return store.Filter{}, err
		}
	}
	if f.limit < 0 {
		return store.Filter{}, usageError("--limit compte des messages", "--limit counts messages", "--limit 20", "--limit 20")
	}
	chosen := store.Filter{
		Type: f.typ, Patient: f.patient, Verdict: f.verdict, Ack: f.ack, ControlID: f.controlID, Destination: f.destination,
		State: store.State(f.state), Direction: store.Direction(f.way), Limit: f.limit,
	}
	if f.patient != "" && !strings.HasPrefix(f.patient, "P-") {
		chosen.Patient = store.Alias(f.patient)
	}
	var err error
	if chosen.Since, err = instant("since", f.since, now); err != nil {
		return store.Filter{}, err
	}
	chosen.Until, err = instant("until", f.until, now)
	return chosen, err
}

func knownWord(flag, word string, known []string) error {
	for _, k := range known {
		if word == k {
			return nil
		}
	}
	if word == "" {
		return nil
	}
	list := strings.Join(known, ", ")
	return usageError(fmt.Sprintf("--%s %q est inconnu", flag, word), fmt.Sprintf("--%s %q is unknown", flag, word), list, list)
}

// instant reads a time of day, a date, or an age that counts from now.
func instant(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if age, err := parseAge(text); err == nil && age >= 0 {
		return now.Add(-age), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError(
		fmt.Sprintf("--%s %q n'est ni une durée ni une date", flag, text),
		fmt.Sprintf("--%s %q is neither a duration nor a date", flag, text),
		"10m, 12h, 2d, 2026-03-02, 2026-03-02T09:00", "10m, 12h, 2d, 2026-03-02, 2026-03-02T09:00")
}

// open opens the store of the flags, which has to be there.
func (f *storeFlags) open(ctx context.Context) (*store.Store, error) {
	if f.path == "" || f.path == store.Memory {
		return nil, usageError("il manque le fichier des messages", "the file of messages is missing", "--store dmn.db", "--store dmn.db")
	}
	s, err := store.Open(ctx, f.path, store.Options{MustExist: true})
	return s, withCode(scenarios.ExitUnusable, err)
}

func (a *app) messagesListCommand() *cobra.Command {
	var f *storeFlags
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: a.text("Une ligne par message, du plus ancien au plus récent", "One line a message, oldest first"),
		Args:  a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.messagesList(cmd.Context(), f, format)
		},
	}
	f = a.addFilterFlags(cmd)
	cmd.Flags().StringVar(&format, "format", "text", a.text("text ou ndjson (docs/messages.schema.json)", "text or ndjson (docs/messages.schema.json)"))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "ndjson"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// each runs do for the messages that the flags choose.
func (f *storeFlags) each(ctx context.Context, do func(*store.Record) error) error {
	filter, err := f.filter(time.Now())
	if err != nil {
		return err
	}
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	for r, err := range s.List(ctx, filter) {
		if err != nil {
			return withCode(readCode(ctx), err)
		}
		if err := do(r); errors.Is(err, syscall.EPIPE) {
			return nil // nobody reads any more: no fault of ours
		} else if err != nil {
			return withCode(scenarios.ExitUnusable, err)
		}
	}
	return nil
}

func readCode(ctx context.Context) int {
	if ctx.Err() != nil {
		return scenarios.ExitInterrupted
	}
	return scenarios.ExitUnusable
}

// messageLine is a message as `--format ndjson` writes it: these keys and no
// more, since programs read it. docs/messages.schema.json describes it.
type messageLine struct {
	Time        string `json:"time"`
	Direction   string `json:"direction"`
	ControlID   string `json:"control_id"`
	Type        string `json:"type"`
	Patient     string `json:"patient"`
	Verdict     string `json:"verdict"`
	Ack         string `json:"ack"`
	Destination string `json:"destination"`
	State       string `json:"state"`
}

func listing(r *store.Record) messageLine {
	return messageLine{
		Time: r.Time.UTC().Format(time.RFC3339Nano), Direction: string(r.Direction), ControlID: r.ControlID, Type: r.Type,
		Patient: r.Patient, Verdict: r.Verdict, Ack: r.Ack, Destination: r.Destination, State: string(r.State),
	}
}

func (a *app) messagesList(ctx context.Context, f *storeFlags, format string) error {
	if err := knownWord("format", format, []string{"text", "ndjson"}); err != nil {
		return err
	}
	out := json.NewEncoder(a.stdout)
	out.SetEscapeHTML(false)
	return f.each(ctx, func(r *store.Record) error {
		if format == "ndjson" {
			return out.Encode(listing(r))
		}
		_, err := fmt.Fprintln(a.stdout, a.messageRow(r))
		return err
	})
}

// repeated says of a message that it had come before, "" of others.
func (a *app) repeated(r *store.Record) string {
	if !r.Repeated {
		return ""
	}
	return a.text("déjà reçu", "received before")
}

// messageRow is a message on a line.
func (a *app) messageRow(r *store.Record) string {
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return report.Visible(s)
	}
	way := "→"
	if r.Direction == store.Received {
		way = "←"
	}
	line := fmt.Sprintf("%6d  %s  %s  %-20s  %-4s  %-20s  %-10s  %-13s  %-2s", r.ID, r.Time.Local().Format("2006-01-02 15:04:05.000"), way,
		dash(r.Peer), dash(r.Type), dash(r.ControlID), dash(r.Patient), a.judged(r.Verdict), dash(r.Ack))
	for _, more := range []string{r.Destination, string(r.State), a.repeated(r), shortened(r.Findings, 3), r.Error} {
		if more != "" {
			line += "  " + report.Visible(more)
		}
	}
	return line
}
