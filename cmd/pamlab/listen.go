package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/listen"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/report"
	"github.com/pamlab/pamlab/scenarios/store"
)

type listenOptions struct {
	addr, store, reply, bugs, keep string
	config                         string
	name, application, facility    string
	dialect                        string
	validate, noContent, lenient   bool
	quiet                          bool
	once                           int
	tls                            *tlsFlags
}

func (a *app) listenCommand() *cobra.Command {
	o := &listenOptions{}
	cmd := &cobra.Command{
		Use:   "listen",
		Short: a.text("Un DMN : reçoit, juge, range, acquitte", "A DMN: receives, judges, stores, acknowledges"),
		Long: a.text(
			"Le DMN de référence, aussi longtemps qu'on veut. Chaque message est jugé, rangé avec sa réponse dans\nle fichier de --store, puis seulement acquitté : ce qui est acquitté n'est jamais perdu. Une ligne par\nmessage : heure, émetteur, événement, patient, verdict, réponse, durée. En TLS, l'émetteur présente un\ncertificat. Ctrl-C arrête. Avec --once, le code de sortie vaut 1 si un message n'était pas conforme.",
			"The reference DMN, for as long as one likes. Each message is judged, stored with its answer in the file\nof --store, and only then acknowledged: what is acknowledged is never lost. One line a message: time,\nsender, event, patient, verdict, answer, duration. With TLS the sender shows a certificate. Ctrl-C stops\nit. With --once the exit code is 1 when a message did not conform."),
		Example: examples(
			"pamlab listen --store dmn.db", a.text("sur 127.0.0.1:2575, en clair", "on 127.0.0.1:2575, plain TCP"),
			"pamlab listen --addr :2575 --store dmn.db --tls-ca pki/ca.pem --tls-cert pki/dmn.pem --tls-key pki/dmn-key.pem", a.text("TLS mutuel", "mutual TLS"),
			"pamlab listen --reply AE --once 1", a.text("refuse un message, puis s'arrête", "refuses one message, then ends"),
			"pamlab messages list --store dmn.db --verdict fail", a.text("ce qui a été reçu", "what was received"),
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneIdentity(cmd); err != nil {
				return err
			}
			return a.listen(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.addr, "addr", "127.0.0.1:2575", a.text("adresse d'écoute ; :2575 écoute sur toutes (port 0 : un port libre)", "address to listen on; :2575 is all of them (port 0: a free port)"))
	flags.StringVar(&o.store, "store", "", a.text("fichier où ranger messages et réponses, ou :memory:", "file to keep messages and answers in, or :memory:"))
	flags.StringVar(&o.config, "config", "", a.text("fichier de plusieurs écouteurs (docs/listen.md)", "file of several listeners (docs/listen.md)"))
	flags.StringVar(&o.reply, "reply", "", a.text("AA, AE, AR, ou un fichier de règles (docs/listen.md)", "AA, AE, AR, or a file of rules (docs/listen.md)"))
	flags.BoolVar(&o.validate, "validate", true, a.text("juge chaque message, seul et dans son ordre", "judge each message, alone and in its order"))
	flags.IntVar(&o.once, "once", 0, a.text("s'arrête après tant de messages", "end after so many messages"))
	flags.StringVar(&o.bugs, "bugs", "", a.text("défauts du DMN, que nomme pamlab demo --help", "faults of the DMN, which pamlab demo --help names"))
	flags.StringVar(&o.keep, "keep", "", a.text("efface ce qui est plus vieux : 180d, 12h", "purge what is older: 180d, 12h"))
	flags.BoolVar(&o.noContent, "no-content", false, a.text("ne range que la trace : qui, quand, quel événement, quelle réponse", "keep the trace only: who, when, which event, which answer"))
	flags.StringVar(&o.name, "name", "dmn", a.text("nom de cet écouteur dans le fichier", "name of this listener in the file"))
	flags.StringVar(&o.application, "application", "", a.text("notre nom (MSH-3) quand un message n'en donne pas", "our name (MSH-3) when a message gives none"))
	flags.StringVar(&o.facility, "facility", "", a.text("notre établissement (MSH-4) quand un message n'en donne pas", "our facility (MSH-4) when a message gives none"))
	flags.StringVar(&o.dialect, "dialect", "", a.text("dialecte qui juge (d'office, celui que chaque message annonce)", "dialect to judge by (else what each message announces)"))
	flags.BoolVar(&o.lenient, "lenient", false, a.text("accepte ce qui n'est pas conforme, s'il peut être rangé au dossier", "take what does not conform, if it can be filed"))
	flags.BoolVarP(&o.quiet, "quiet", "q", false, a.text("pas de ligne par message", "no line for each message"))
	o.tls = a.addTLSFlags(cmd)
	_ = flags.MarkHidden("tls-server-name") // a client's
	_ = cmd.MarkFlagFilename("store", "db")
	_ = cmd.MarkFlagFilename("config", "yaml")
	_ = cmd.RegisterFlagCompletionFunc("bugs", cobra.FixedCompletions(bugNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// oneIdentity refuses flags about one listener beside a file of several: half of
// them would have no effect.
func oneIdentity(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("config") {
		return nil
	}
	for _, name := range []string{"addr", "name", "dialect", "application", "facility", "lenient", "bugs", "reply", "tls-ca", "tls-cert", "tls-key", "tls-crl", "tls-revocation"} {
		if cmd.Flags().Changed(name) {
			return usageError(
				fmt.Sprintf("--%s et --config ne vont pas ensemble", name), fmt.Sprintf("--%s and --config do not go together", name),
				"écrivez-le dans le fichier des écouteurs", "write it into the file of listeners")
		}
	}
	return nil
}

// configured are the listeners of a file.
func (a *app) configured(file string) ([]listen.Listener, error) {
	list, err := scenarios.LoadListening(file)
	if err != nil {
		return nil, withCode(scenarios.ExitUnusable, err)
	}
	var listeners []listen.Listener
	for _, c := range list {
		l := listen.Listener{
			Name: c.Name, Addr: c.Address, Dialect: c.Dialect, Application: c.Application, Facility: c.Facility,
			Supports: c.Supports, Lenient: c.Lenient,
		}
		if l.Bugs, err = reference.ParseBugs(strings.Join(c.Bugs, ",")); err != nil {
			return nil, withCode(scenarios.ExitUnusable, inFile(file, err))
		}
		if l.Reply, err = a.reply(c.Reply); err != nil {
			return nil, withCode(scenarios.ExitUnusable, err)
		}
		if t := c.TLS; t != nil {
			l.TLS = &mllp.Files{CA: t.CA, Cert: t.Cert, Key: t.Key, Revocation: mllp.RevocationMode(t.Revocation), CRL: t.CRL}
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// listeners are what the flags describe.
func (a *app) listeners(o *listenOptions) ([]listen.Listener, error) {
	if o.config != "" {
		return a.configured(o.config)
	}
	l := listen.Listener{Name: o.name, Addr: o.addr, Dialect: o.dialect, Application: o.application, Facility: o.facility, Lenient: o.lenient}
	if _, _, err := net.SplitHostPort(o.addr); err != nil {
		return nil, usageError(
			fmt.Sprintf("--addr %q n'est pas une adresse HÔTE:PORT", o.addr),
			fmt.Sprintf("--addr %q is not an address HOST:PORT", o.addr),
			"--addr 127.0.0.1:2575", "--addr 127.0.0.1:2575")
	}
	var err error
	if l.Bugs, err = reference.ParseBugs(o.bugs); err != nil {
		return nil, withCode(scenarios.ExitUsage, err)
	}
	if l.Reply, err = a.reply(o.reply); err != nil {
		return nil, err
	}
	if err := o.tls.check(); err != nil {
		return nil, err
	}
	if o.tls.given() {
		if o.tls.files.CA == "" || o.tls.files.Cert == "" {
			return nil, usageError(
				"en TLS il faut --tls-ca, pour vérifier qui se présente, et --tls-cert, notre identité",
				"with TLS it takes --tls-ca, to verify who turns up, and --tls-cert, our identity",
				"« pamlab pki init » fabrique une PKI de test", "`pamlab pki init` makes a test PKI")
		}
		files := o.tls.mllpFiles()
		files.ServerName = ""
		l.TLS = &files
	}
	return []listen.Listener{l}, nil
}

// reply turns --reply into decisions.
func (a *app) reply(word string) (func(*hl7.Message) *listen.Reply, error) {
	switch code := hl7.AckCode(word); code {
	case "":
		return nil, nil
	case hl7.AA, hl7.AE, hl7.AR:
		return listen.Always(code), nil
	}
	if !strings.ContainsAny(word, "./\\") {
		return nil, usageError(
			fmt.Sprintf("--reply %q est inconnu", word), fmt.Sprintf("--reply %q is unknown", word),
			"AA, AE, AR, ou un fichier comme rules.yaml", "AA, AE, AR, or a file such as rules.yaml")
	}
	table, err := scenarios.LoadAnswering(word)
	if err != nil {
		return nil, withCode(scenarios.ExitUnusable, err)
	}
	return listen.Answers(table), nil
}

func (a *app) listen(ctx context.Context, o *listenOptions) error {
	listeners, err := a.listeners(o)
	if err != nil {
		return err
	}
	if o.once < 0 {
		return usageError("--once compte des messages", "--once counts messages", "--once 1", "--once 1")
	}
	keep, err := parseKeep(o.keep)
	if err != nil {
		return err
	}
	kept, err := a.openStore(ctx, o)
	if err != nil {
		return err
	}
	defer closeStore(kept)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	teller := a.newTeller(o)
	served, err := listen.Start(context.WithoutCancel(ctx), listeners, listen.Options{
		Store: kept, Validate: o.validate, Observe: teller.tell, OnConn: teller.conn, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return a.cannotServe(err)
	}
	retention := retain(ctx, kept, keep)
	a.announce(served.Addrs(), listeners, o)
	select {
	case <-ctx.Done():
	case <-teller.enough:
	}
	cancel()
	<-retention
	late, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	_ = served.Stop(late) // what is left is closed
	teller.foot()
	return silently(teller.code())
}

// openStore opens the file of --store, nil for none.
func (a *app) openStore(ctx context.Context, o *listenOptions) (*store.Store, error) {
	if o.store == "" {
		if o.keep != "" || o.noContent {
			return nil, usageError("--keep et --no-content parlent du fichier de --store", "--keep and --no-content are about the file of --store",
				"--store dmn.db", "--store dmn.db")
		}
		return nil, nil
	}
	opt := store.Options{NoContent: o.noContent}
	if o.store == store.Memory {
		opt.MaxBytes = inMemory
	}
	s, err := store.Open(ctx, o.store, opt)
	return s, withCode(scenarios.ExitUnusable, err)
}

// inMemory is how much is kept of what was received where nothing is promised for
// later: about as many messages as are recalled from a file.
const inMemory = 128 << 20

func closeStore(s *store.Store) {
	if s != nil {
		_ = s.Close() // what was acknowledged is on the disk already
	}
}

// cannotServe tells a port that is taken from files that are wrong.
func (a *app) cannotServe(err error) error {
	failed, ok := errors.AsType[*listen.StartError](err)
	var unusable *store.Error
	switch {
	case !ok, errors.As(err, &unusable):
		return withCode(scenarios.ExitUnusable, err)
	}
	return a.cannotListen(failed.Addr, err)
}

// announce says where we listen, once somebody can connect.
func (a *app) announce(addrs []string, listeners []listen.Listener, o *listenOptions) {
	for i, addr := range addrs {
		over := a.text("en clair", "plain TCP")
		if listeners[i].TLS != nil {
			over = a.text("TLS mutuel", "mutual TLS")
		}
		kept := a.text("rien n'est rangé", "nothing is stored")
		if o.store != "" {
			kept = report.Visible(o.store)
		}
		a.printf("%s %s  %s  %s  %s\n", a.text("à l'écoute :", "listening:"), addr, report.Visible(listeners[i].Name), over, kept)
	}
}

// parseKeep reads how long messages are kept: a number of days, or a duration of Go.
func parseKeep(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := parseAge(text)
	if err != nil || d <= 0 {
		return 0, usageError(
			fmt.Sprintf("--keep %q n'est pas une durée", text), fmt.Sprintf("--keep %q is no duration", text),
			"--keep 180d, --keep 12h", "--keep 180d, --keep 12h")
	}
	return d, nil
}

// parseAge reads 180d, 12h, 10m.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days, "%d", &n); err != nil || fmt.Sprint(n) != days || n > 100*366 {
			return 0, fmt.Errorf("%q is no number of days", days)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

// retain purges what is older than keep, now and every hour, until ctx ends.
func retain(ctx context.Context, s *store.Store, keep time.Duration) (done <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if s == nil || keep <= 0 {
			return
		}
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		for {
			_, _ = s.Purge(ctx, time.Now().Add(-keep)) // a disk that fails is told with the next message
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ended
}
