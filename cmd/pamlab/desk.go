package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/report"
)

type deskOptions struct {
	to, http string
	dialect  string
	charset  string
	bugs     string
	seed     uint64
	tls      *tlsFlags
}

func (a *app) deskCommand() *cobra.Command {
	o := &deskOptions{}
	cmd := &cobra.Command{
		Use:   a.text("desk --to HÔTE:PORT [--http HÔTE:PORT]", "desk --to HOST:PORT [--http HOST:PORT]"),
		Short: a.text("Joue un bureau des entrées : envoie ce qu'on lui dit par HTTP", "Plays an admission desk: sends what it is told over HTTP"),
		Long: a.text(
			"Une RI/GAM à la demande, qui émet tout événement d'ITI-30 et d'ITI-31 : POST /events dit ce qui arrive\nà qui, et le message part vers --to (docs/desk.md). L'ordre de chaque patient est tenu, ce qui n'a trouvé\npersonne est renvoyé, ce qui est refusé (AE) est mis de côté. Les patients sont inventés.\n\nCode de sortie, après Ctrl-C : 0 tout a été pris · 1 un message a été refusé, ou attend encore ·\n3 un fichier est inutilisable · 4 impossible d'écouter.",
			"An RI/GAM on demand, which emits any event of ITI-30 and ITI-31: POST /events says what happens to whom,\nand the message leaves for --to (docs/desk.md). The order of each patient is kept, what found nobody is\nsent again, what is refused (AE) is put aside. Patients are invented.\n\nExit code, after Ctrl-C: 0 all was taken · 1 a message was refused, or still waits · 3 a file is unusable ·\n4 cannot listen."),
		Example: examples(
			"pamlab desk --to 127.0.0.1:2575", a.text("commandes sur http://127.0.0.1:8575", "orders at http://127.0.0.1:8575"),
			`curl -H 'Content-Type: application/json' -d '{"event":"A01","patient":"p1"}' http://127.0.0.1:8575/events`, a.text("une admission", "an admission"),
			"pamlab desk --to 127.0.0.1:2575 --bugs gam-no-zbe", a.text("une GAM fautive", "a faulty GAM"),
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.desk(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.to, "to", "", a.text("à qui envoyer, HÔTE:PORT", "whom to send to, HOST:PORT"))
	flags.StringVar(&o.http, "http", "127.0.0.1:8575", a.text("où prendre les commandes, en boucle locale (port 0 : un libre)", "where to take orders, on loopback (port 0: a free one)"))
	flags.StringVar(&o.dialect, "dialect", "pam-fr-2.11", a.text("dialecte des messages", "dialect of the messages"))
	flags.StringVar(&o.charset, "charset", "UTF-8", a.text("jeu de caractères : UTF-8, ISO-8859-1, ISO-8859-15, ASCII", "character set: UTF-8, ISO-8859-1, ISO-8859-15, ASCII"))
	flags.StringVar(&o.bugs, "bugs", "", a.text("défauts de la GAM : ", "faults of the GAM: ")+strings.Join(gamBugNames(), ", "))
	flags.Uint64Var(&o.seed, "seed", 1, a.text("graine des patients", "seed of the patients"))
	o.tls = a.addTLSFlags(cmd)
	return cmd
}

func gamBugNames() []string {
	var names []string
	for _, b := range reference.GAMBugs() {
		names = append(names, b.Name)
	}
	return names
}

// options checks the flags.
func (o *deskOptions) options() (opt reference.GAMOptions, err error) {
	if !isHostPort(o.to) {
		return opt, usageError(
			fmt.Sprintf("--to %q n'est pas une adresse HÔTE:PORT", o.to), fmt.Sprintf("--to %q is not an address HOST:PORT", o.to),
			"--to 127.0.0.1:2575", "--to 127.0.0.1:2575")
	}
	if err := takesOrdersAt(o.http); err != nil {
		return opt, err
	}
	opt = reference.GAMOptions{Addr: o.to, Seed: o.seed, Logger: slog.New(slog.DiscardHandler)}
	if opt.Bugs, err = reference.ParseGAMBugs(o.bugs); err != nil {
		return opt, withCode(scenarios.ExitUsage, err)
	}
	if opt.Dialect, err = pam.DialectByName(o.dialect); err != nil {
		return opt, withCode(scenarios.ExitUsage, err)
	}
	if opt.Charset, err = hl7.ParseCharset(o.charset); err != nil {
		return opt, withCode(scenarios.ExitUsage, err)
	}
	if config, err := o.tls.config(); err != nil || config == nil {
		return opt, withCode(scenarios.ExitUnusable, err)
	}
	files := o.tls.mllpFiles()
	opt.TLS = &files
	return opt, nil
}

// takesOrdersAt refuses an address where anybody else could give orders.
func takesOrdersAt(address string) error {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usageError(
			fmt.Sprintf("--http %q : les commandes ne se prennent qu'en boucle locale", address), fmt.Sprintf("--http %q: orders are only taken on loopback", address),
			"par exemple 127.0.0.1:8575", "for example 127.0.0.1:8575")
	}
	return nil
}

// listenForOrders opens the port where orders are taken.
func listenForOrders(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &exitError{code: scenarios.ExitUnjudged,
			text: scenarios.Textf("impossible d'écouter sur %s", "cannot listen on %s", address),
			hint: scenarios.Text{FR: "le port est-il pris ? --http 127.0.0.1:0 en choisit un libre", EN: "is the port taken? --http 127.0.0.1:0 picks a free one"}}
	}
	return l, nil
}

func (a *app) desk(ctx context.Context, o *deskOptions) error {
	opt, err := o.options()
	if err != nil {
		return err
	}
	opt.Observe = a.deskLine
	l, err := listenForOrders(ctx, o.http)
	if err != nil {
		return err
	}
	a.printf("http://%s → %s\n", l.Addr(), o.to)
	desk, err := reference.StartDesk(ctx, opt)
	if err != nil {
		_ = l.Close()
		return withCode(identityCode(err), err)
	}
	err = serve(ctx, httpServer(desk), l, http.ErrServerClosed)
	desk.Stop()
	waiting, parked := desk.Pending()
	a.printf("%s\n", a.text(fmt.Sprintf("%d en attente, %d mis de côté", waiting, parked), fmt.Sprintf("%d waiting, %d parked", waiting, parked)))
	switch {
	case err != nil:
		return withCode(scenarios.ExitUnjudged, err)
	case waiting+parked > 0:
		return silently(scenarios.ExitFailed)
	}
	return nil
}

// httpServer bounds every wait for whoever gives orders.
func httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// deskLine shows what came of a message, by the name that its patient was given.
func (a *app) deskLine(c reference.Contact) {
	trigger, _ := pam.ParseTrigger(c.Trigger)
	line := []string{time.Now().Format(time.TimeOnly), c.Trigger + " " + trigger.Name(a.lang), report.Visible(c.Patient)}
	if c.Err != nil {
		line = append(line, "-", report.Visible(errorIn(c.Err, a.lang)))
	} else {
		line = append(line, report.Visible(string(c.Ack.Code)))
	}
	a.printf("%s\n", strings.Join(line, "  "))
}
