package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

type simulateOptions struct {
	to                    []string
	rate, hospital, start string
	realtime              bool
	speed                 float64
	seed                  uint64
	duration, drain       time.Duration
	pause                 time.Duration
	http                  string
	count                 int64
	store, keep, bugs     string
	dialect, charset      string
	application, facility string
	toApp, toFacility     string
	timeout               time.Duration
	quiet                 bool
	tls                   *tlsFlags

	chosenSeed bool // by the user
}

func (a *app) simulateCommand() *cobra.Command {
	o := &simulateOptions{}
	cmd := &cobra.Command{
		Use:   a.text("simulate --to HÔTE:PORT", "simulate --to HOST:PORT"),
		Short: a.text("Une GAM : un hôpital qui vit, et envoie ses mouvements", "A GAM: a hospital that lives, and sends its movements"),
		Long: a.text(
			"Des patients arrivent, sont identifiés, admis, mutés, sortent ; chaque événement part en ITI-30 ou\nITI-31, une ligne par message. La même graine donne les mêmes messages. Avec --store, ce qui n'est pas\nparti attend dans le fichier, et la commande suivante reprend exactement où celle-ci s'est arrêtée.\nUn refus AE est mis de côté (« parked »), le reste est réessayé ; « pamlab messages » montre tout.\n\nCode de sortie : 0 tout est parti · 1 un message a été refusé · 3 un fichier est inutilisable ·\n4 des messages attendent encore, le récepteur n'ayant pas été joint ou n'ayant pas suivi.",
			"Patients arrive, are identified, admitted, moved, discharged; each event goes out as ITI-30 or ITI-31,\none line a message. The same seed gives the same messages. With --store, what has not gone out waits in\nthe file, and the next command goes on exactly where this one stopped. A refusal AE is put aside\n(parked), all else is tried again; `pamlab messages` shows it all.\n\nExit code: 0 all has gone out · 1 a message was refused · 3 a file is unusable · 4 messages still wait:\nthe receiver was not reached, or too slow."),
		Example: examples(
			"pamlab simulate --to 127.0.0.1:2575", a.text("un message par seconde", "a message a second"),
			"pamlab simulate --to dmn.test:2575 --speed 60 --for 10m --store gam.db", a.text("dix heures d'hôpital en dix minutes", "ten hours of a hospital in ten minutes"),
			"pamlab simulate --to 127.0.0.1:2575 --rate 20/s --count 1000 --seed 7", a.text("mille messages, toujours les mêmes", "a thousand messages, always the same"),
			"pamlab simulate --to 127.0.0.1:2575 --rate none --http 127.0.0.1:8575", a.text("seulement ce qu'on lui commande", "only what it is told to"),
			"pamlab simulate --to - --rate max --count 500 | pamlab validate --set ins_environment=test -", a.text("sans réseau", "without a network"),
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.chosenSeed = cmd.Flags().Changed("seed")
			return a.simulate(cmd.Context(), o)
		},
	}
	a.simulateFlags(cmd, o)
	return cmd
}

func (a *app) simulateFlags(cmd *cobra.Command, o *simulateOptions) {
	flags := cmd.Flags()
	flags.StringArrayVar(&o.to, "to", nil, a.text("récepteur, HÔTE:PORT (répétable : chacun sa file) ; - écrit sur la sortie standard", "receiver, HOST:PORT (repeatable: each has its queue); - writes to the standard output"))
	flags.StringVar(&o.http, "http", "", a.text("prend aussi des commandes par HTTP, en boucle locale : 127.0.0.1:8575 (docs/desk.md)", "take orders over HTTP too, on loopback: 127.0.0.1:8575 (docs/desk.md)"))
	flags.StringVar(&o.rate, "rate", "", a.text("cadence égale : 2/s (d'office 1/s), 30/m, 100/h, max, ou none : rien que les commandes", "flat pace: 2/s (1/s unless told), 30/m, 100/h, max, or none: orders only"))
	flags.BoolVar(&o.realtime, "realtime", false, a.text("au rythme d'un hôpital : il y est l'heure qu'il est", "at the pace of a hospital: its time is ours"))
	flags.Float64Var(&o.speed, "speed", 0, a.text("au rythme d'un hôpital, tant de fois plus vite", "at the pace of a hospital, so many times faster"))
	flags.StringVar(&o.hospital, "hospital", "", a.text("description de l'hôpital (docs/simulate.md) ; d'office, un de 480 lits", "description of the hospital (docs/simulate.md); else one of 480 beds"))
	flags.Uint64Var(&o.seed, "seed", 1, a.text("graine : la même donne les mêmes messages", "seed: the same gives the same messages"))
	flags.StringVar(&o.start, "start", "", a.text("début, 2026-03-02T06:00 ; d'office, maintenant", "beginning, 2026-03-02T06:00; else now"))
	flags.DurationVar(&o.duration, "for", 0, a.text("finit après cette durée (0 : jamais)", "ends after this time (0: never)"))
	flags.Int64Var(&o.count, "count", 0, a.text("finit après tant de messages (0 : jamais)", "ends after so many messages (0: never)"))
	flags.DurationVar(&o.drain, "drain", simulate.DefaultDrain, a.text("temps laissé, à la fin, à ce qui attend", "time that what waits is given at the end"))
	flags.DurationVar(&o.pause, "pause", simulate.DefaultFirstPause, a.text("première attente avant un nouvel essai ; elle double, jusqu'à 30 s", "first wait before another attempt; it doubles, up to 30 s"))
	flags.StringVar(&o.store, "store", store.Memory, a.text("fichier de ce qui attend et de ce qui est parti", "file of what waits and what has gone out"))
	flags.StringVar(&o.keep, "keep", "", a.text("efface du fichier ce qui est parti, ou mis de côté, depuis plus longtemps : 180d, 12h", "purge from the file what went out, or was parked, before: 180d, 12h"))
	flags.StringVar(&o.bugs, "bugs", "", a.text("défauts de la GAM : ", "faults of the GAM: ")+strings.Join(gamBugNames(), ", "))
	flags.StringVar(&o.dialect, "dialect", "", a.text("dialecte (pam-fr-2.11)", "dialect (pam-fr-2.11)"))
	flags.StringVar(&o.charset, "charset", "UTF-8", a.text("jeu de caractères : UTF-8, ISO-8859-15, ISO-8859-1", "character set: UTF-8, ISO-8859-15, ISO-8859-1"))
	flags.StringVar(&o.application, "application", "", a.text("notre nom (MSH-3)", "our name (MSH-3)"))
	flags.StringVar(&o.facility, "facility", "", a.text("notre établissement (MSH-4)", "our facility (MSH-4)"))
	flags.StringVar(&o.toApp, "to-application", "", a.text("nom du récepteur (MSH-5)", "name of the receiver (MSH-5)"))
	flags.StringVar(&o.toFacility, "to-facility", "", a.text("établissement du récepteur (MSH-6)", "facility of the receiver (MSH-6)"))
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, a.text("attente de chaque acquittement", "wait for each acknowledgement"))
	flags.BoolVarP(&o.quiet, "quiet", "q", false, a.text("seulement ce qui ne va pas, et le bilan", "only what is wrong, and the summary"))
	o.tls = a.addTLSFlags(cmd)
	_ = cmd.MarkFlagFilename("hospital", "yaml")
	_ = cmd.MarkFlagFilename("store", "db")
	_ = cmd.RegisterFlagCompletionFunc("bugs", cobra.FixedCompletions(gamBugNames(), cobra.ShellCompDirectiveNoFileComp))
}

// bounded reports whether the run ends by itself.
func (o *simulateOptions) bounded() bool { return o.duration > 0 || o.count > 0 }

// prints reports whether messages are written instead of sent.
func (o *simulateOptions) prints() bool { return len(o.to) == 1 && o.to[0] == "-" }

func (a *app) simulate(ctx context.Context, o *simulateOptions) (err error) {
	pace, err := o.usable()
	if err != nil {
		return err
	}
	keep, err := parseKeep(o.keep)
	if err != nil {
		return err
	}
	out, err := o.destinations()
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, o.store, store.Options{})
	if err != nil {
		return withCode(scenarios.ExitUnusable, err)
	}
	defer func() { err = errors.Join(err, withCode(scenarios.ExitUnusable, st.Close())) }()
	so, err := o.played(ctx, st)
	if err != nil {
		return err
	}
	so.Destinations, so.Pace, so.Forget = out, pace, o.store == store.Memory
	screen := a.newSimulateScreen(o)
	if o.http != "" {
		l, err := listenForOrders(ctx, o.http)
		if err != nil {
			return err
		}
		defer l.Close()
		screen.orders, so.Orders = l.Addr().String(), o.ordersAt(l, st)
	}
	so.Observe = screen.tell
	if _, set := a.getenv("GOGC"); !set {
		defer debug.SetGCPercent(debug.SetGCPercent(200)) // messages are soon garbage, and little else is kept
	}
	if o.prints() {
		s, err := simulate.Print(ctx, a.stdout, so)
		return a.simulated(ctx, o, s, err)
	}
	screen.head(so)
	retaining, retained := context.WithCancel(ctx)
	retention := retain(retaining, st, keep)
	s, err := simulate.Run(ctx, so)
	retained()
	<-retention
	screen.foot(s)
	return a.simulated(ctx, o, s, err)
}

// played is what is played: the hospital, from its beginning, and its place.
func (o *simulateOptions) played(ctx context.Context, st *store.Store) (simulate.Options, error) {
	config, data, err := o.described()
	if err != nil {
		return simulate.Options{}, withCode(scenarios.ExitUnusable, err)
	}
	h, err := o.speaks()
	if err != nil {
		return simulate.Options{}, withCode(scenarios.ExitUsage, err)
	}
	before, err := simulate.ReadPlace(ctx, st)
	if err != nil {
		return simulate.Options{}, withCode(scenarios.ExitUnusable, err)
	}
	if h.Start, err = o.begins(); err != nil {
		return simulate.Options{}, err
	}
	if h.Seed = o.seed; before != nil && !o.chosenSeed {
		h.Seed = before.Seed
	}
	if before != nil && o.start == "" {
		h.Start = before.Start
	}
	bugs, err := reference.ParseGAMBugs(o.bugs)
	if err != nil {
		return simulate.Options{}, withCode(scenarios.ExitUsage, err)
	}
	so := simulate.Options{
		Store: st, Source: hospital.New(config, h), Place: simulate.Place{Seed: h.Seed, Start: h.Start, Fingerprint: fingerprint(data, h)},
		For: o.duration, Count: o.count, Drain: o.drain, FirstPause: o.pause,
	}
	so.Habits, _ = simulate.HabitsOf(bugs)
	if len(bugs) > 0 {
		spoiler, err := reference.NewSpoiler(bugs)
		if err != nil {
			return simulate.Options{}, withCode(scenarios.ExitUsage, err)
		}
		so.Spoil = spoiler.Spoil
	}
	return so, nil
}

// destinations are the receivers, each with a client that has the faults of the
// line that were asked for.
func (o *simulateOptions) destinations() ([]simulate.Destination, error) {
	if o.prints() {
		return nil, nil
	}
	config, err := o.tls.config() // for what is wrong with the flags
	if err != nil {
		return nil, withCode(identityCode(err), err)
	}
	bugs, err := reference.ParseGAMBugs(o.bugs)
	if err != nil {
		return nil, withCode(scenarios.ExitUsage, err)
	}
	var all []simulate.Destination
	for _, to := range o.to {
		opt := reference.GAMOptions{Addr: to, Patience: o.timeout, Bugs: bugs, Logger: slog.New(slog.DiscardHandler)}
		if config != nil {
			files := o.tls.mllpFiles()
			opt.TLS = &files
		}
		client, plain, err := reference.GAMClient(opt)
		if err != nil {
			return nil, withCode(identityCode(err), err)
		}
		all = append(all, simulate.Destination{Name: to, Client: client, Plain: plain})
	}
	return all, nil
}

// simulated turns what became of a run into an exit code.
func (a *app) simulated(ctx context.Context, o *simulateOptions, s simulate.Summary, err error) error {
	var place *simulate.PlaceError
	var failed *store.Error
	var unwritable *pam.EncodingError
	switch {
	case errors.As(err, &place), errors.As(err, &failed), errors.As(err, &unwritable):
		return withCode(scenarios.ExitUnusable, err)
	case err != nil:
		return err
	case ctx.Err() != nil && o.bounded():
		return silently(scenarios.ExitInterrupted)
	}
	waiting := s.Elsewhere > 0
	for _, d := range s.Destinations {
		if d.Parked > 0 {
			return silently(scenarios.ExitFailed)
		}
		waiting = waiting || d.Waiting > 0 && (o.bounded() || d.Sent == 0)
	}
	if waiting {
		return silently(scenarios.ExitUnjudged)
	}
	return nil
}

// unusable is a fault of a flag.
func unusable(flag, value, fr, en, hint string) error {
	return usageError(
		fmt.Sprintf("--%s %q : %s", flag, value, fr), fmt.Sprintf("--%s %q: %s", flag, value, en), hint, hint)
}
