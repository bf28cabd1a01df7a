package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/relay"
	"github.com/pamlab/pamlab/scenarios/store"
)

type recordOptions struct {
	listen, to string
	store      string
	noContent  bool
	draft      string
	once       int
	duration   time.Duration
	dialect    string
	settings   []string
	quiet      bool
	near, far  *sideTLS
}

func (a *app) recordCommand() *cobra.Command {
	o := &recordOptions{}
	cmd := &cobra.Command{
		Use:   a.text("record --to HÔTE:PORT [--listen HÔTE:PORT]", "record --to HOST:PORT [--listen HOST:PORT]"),
		Short: a.text("Se place entre deux systèmes : relaie les octets, juge et garde ce qui passe", "Stands between two systems: carries the bytes, judges and keeps what passes"),
		Long: a.text(
			"Accepte des connexions, en ouvre une vers l'autre côté pour chacune, et relaie les octets tels quels\ndans les deux sens. Une copie est jugée, montrée (une ligne par message) et gardée ; le trafic n'attend\njamais après elle. Rien n'est répondu à la place de personne.\n\nCode de sortie : 0 tout ce qui est passé est conforme · 1 un message ou un acquittement ne l'est pas ·\n3 un fichier est inutilisable · 4 rien n'est passé, l'autre côté n'a pas été atteint, ou tout n'a pas pu être regardé et gardé.",
			"Accepts connections, opens one to the other side for each, and carries the bytes as they are in both\ndirections. A copy is judged, shown (one line a message) and kept; the traffic never waits for that.\nNothing is answered in anybody's stead.\n\nExit code: 0 all that passed is conformant · 1 a message or an acknowledgement is not · 3 a file is\nunusable · 4 nothing passed, the other side was not reached, or not all could be looked at and kept."),
		Example: examples(
			"pamlab record --listen 127.0.0.1:2575 --to dmn.test:2575", a.text("en clair des deux côtés", "plain on both sides"),
			"pamlab record --to dmn.test:2575 --store traffic.db", a.text("garde messages et acquittements", "keeps messages and acknowledgements"),
			"pamlab record --to dmn.test:2575 --draft visit.yaml", a.text("en fait un scénario, patients pseudonymisés", "makes a scenario of it, patients pseudonymised"),
			"pamlab record --to dmn.test:2575 --once 20 --for 5m", a.text("finit après vingt échanges, ou cinq minutes", "ends after twenty exchanges, or five minutes"),
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.record(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:2575", a.text("où l'un se connecte, HÔTE:PORT (port 0 : un libre)", "where the one connects to, HOST:PORT (port 0: a free one)"))
	flags.StringVar(&o.to, "to", "", a.text("où est l'autre, HÔTE:PORT", "where the other is, HOST:PORT"))
	flags.StringVar(&o.store, "store", "", a.text("fichier qui garde ce qui passe (que lit « pamlab messages »)", "file that keeps what passes, for pamlab messages"))
	flags.BoolVar(&o.noContent, "no-content", false, a.text("ne garde que la trace fonctionnelle : qui, quand, quel événement, quelle réponse", "keeps the functional trace only: who, when, which event, which answer"))
	flags.StringVar(&o.draft, "draft", "", a.text("écrit à la fin un scénario de ce qui est passé, sans personne de réel", "writes a scenario of what passed at the end, with nobody real in it"))
	flags.IntVar(&o.once, "once", 0, a.text("finit après tant d'échanges (0 : jamais)", "ends after so many exchanges (0: never)"))
	flags.DurationVar(&o.duration, "for", 0, a.text("finit après cette durée (0 : jamais)", "ends after this time (0: never)"))
	flags.StringVar(&o.dialect, "dialect", "auto", a.text("dialecte, ou auto : ce que chaque message annonce", "dialect, or auto: what each message announces"))
	flags.StringArrayVar(&o.settings, "set", nil, a.text("réglages du jugement NOM=VALEUR (pamlab rules --settings les montre)", "settings of the judgement NAME=VALUE (pamlab rules --settings shows them)"))
	flags.BoolVarP(&o.quiet, "quiet", "q", false, a.text("seulement ce qui ne va pas, et le bilan", "only what is wrong, and the summary"))
	o.near = a.addSideTLS(cmd, "listen-tls", true, "qui se connecte", "who connects")
	o.far = a.addSideTLS(cmd, "to-tls", false, "l'autre côté", "the other side")
	return cmd
}

// usable checks the flags.
func (o *recordOptions) usable() error {
	host, _, err := net.SplitHostPort(o.listen)
	switch {
	case o.to == "":
		return usageError("il manque l'adresse de l'autre côté", "the address of the other side is missing",
			"--to 127.0.0.1:2576", "--to 127.0.0.1:2576")
	case !isHostPort(o.to):
		return usageError(
			fmt.Sprintf("--to %q n'est pas une adresse HÔTE:PORT", o.to),
			fmt.Sprintf("--to %q is not an address HOST:PORT", o.to),
			"--to 127.0.0.1:2576", "--to 127.0.0.1:2576")
	case err != nil || host == "":
		return usageError(
			fmt.Sprintf("--listen %q n'est pas une adresse HÔTE:PORT", o.listen),
			fmt.Sprintf("--listen %q is not an address HOST:PORT", o.listen),
			"--listen 127.0.0.1:2575 ; 0.0.0.0:2575 écoute sur toutes les interfaces", "--listen 127.0.0.1:2575; 0.0.0.0:2575 listens on all interfaces")
	case o.listen == o.to:
		return usageError("--listen et --to sont la même adresse", "--listen and --to are the same address",
			"chacun se connecterait à lui-même", "it would connect to itself")
	case o.once < 0 || o.duration < 0:
		return usageError("--once et --for ne sont pas négatifs", "--once and --for are not negative")
	case o.draft != "" && exists(o.draft):
		return usageError(
			fmt.Sprintf("--draft %s : ce fichier existe, il n'est pas remplacé", o.draft),
			fmt.Sprintf("--draft %s: this file exists, it is not replaced", o.draft),
			"donnez un autre nom", "give another name")
	case o.noContent && o.store == "":
		return usageError("--no-content dit comment --store garde", "--no-content says how --store keeps", "--store traffic.db", "--store traffic.db")
	}
	return nil
}

// relay makes the relay that the flags ask for, but for where it keeps.
func (o *recordOptions) relay() (*relay.Relay, error) {
	near, err := o.near.side(mllp.Files.ServerConfig)
	if err != nil {
		return nil, err
	}
	far, err := o.far.side(mllp.Files.ClientConfig)
	if err != nil {
		return nil, err
	}
	// Who stands between does not choose the patients: an INS of test is no fault,
	// unless it is said which ones there are.
	settings, err := parseSettings(append([]string{"ins_environment=any"}, o.settings...))
	if err != nil {
		return nil, withCode(scenarios.ExitUsage, err)
	}
	judge, err := rules.New(rules.Options{Dialect: o.dialect, Settings: settings})
	if err != nil {
		return nil, withCode(scenarios.ExitUsage, err)
	}
	return &relay.Relay{To: o.to, NearTLS: near, FarTLS: far, Judge: judge, Logger: slog.New(slog.DiscardHandler)}, nil
}

func (a *app) record(ctx context.Context, o *recordOptions) (err error) {
	if err := o.usable(); err != nil {
		return err
	}
	r, err := o.relay()
	if err != nil {
		return err
	}
	if o.draft != "" {
		if err := a.writable(o.draft); err != nil {
			return err
		}
	}
	if o.store != "" {
		kept, err := store.Open(ctx, o.store, store.Options{NoContent: o.noContent})
		if err != nil {
			return withCode(scenarios.ExitUnusable, err)
		}
		defer func() { err = errors.Join(err, withCode(scenarios.ExitUnusable, kept.Close())) }()
		r.Store = kept
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return &exitError{code: scenarios.ExitUnjudged,
			text: scenarios.Textf("impossible d'écouter sur %s", "cannot listen on %s", o.listen),
			hint: scenarios.Text{FR: "le port est-il pris ? --listen 127.0.0.1:0 en choisit un libre", EN: "is the port taken? --listen 127.0.0.1:0 picks a free one"}}
	}
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	if o.duration > 0 {
		ctx, enough = context.WithTimeout(ctx, o.duration)
		defer enough()
	}
	w := newRecordScreen(a, o, enough)
	r.Observe, r.Told = w.exchange, w.event
	w.head(r, l.Addr())
	if err := serve(ctx, r, l, relay.ErrClosed); err != nil {
		return withCode(scenarios.ExitUnjudged, err)
	}
	w.foot(r.Stats())
	if err := w.writeDraft(); err != nil {
		return err
	}
	return silently(w.code(r.Stats()))
}
