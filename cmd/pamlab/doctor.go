package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/doctor"
)

type doctorOptions struct {
	to        string
	timeout   time.Duration
	format    string
	candidate *candidateFlags
}

func (a *app) doctorCommand() *cobra.Command {
	o := &doctorOptions{}
	cmd := &cobra.Command{
		Use:   a.text("doctor [--to HÔTE:PORT] [CANDIDAT.yaml]", "doctor [--to HOST:PORT] [CANDIDATE.yaml]"),
		Short: a.text("Pourquoi la connexion ne marche pas : un remède à chaque étape", "Why can I not connect: a remedy for each step"),
		Long: a.text(
			"Suit le chemin d'une connexion et regarde chaque étape pour elle-même : nos fichiers, le nom, le\nport, TLS ou clair, chaque version de TLS, le certificat du serveur, les horloges, la demande d'un\ncertificat, un message d'essai et son acquittement, les accents, la tenue de la connexion.\nLes messages d'essai sont d'un type inconnu et ne nomment aucun patient.\n\nLe code de sortie vaut 0 s'il n'y a pas de défaut, 1 si le défaut est chez le correspondant, 3 si nos\nfichiers sont inutilisables, 4 si la connexion ne s'établit pas, ou si le temps a manqué.",
			"Goes the way of a connection and looks at each step by itself: our files, the name, the port, TLS\nor plain, each version of TLS, the certificate of the server, the clocks, the demand for a\ncertificate, a probe and its acknowledgement, accents, how long the connection lasts.\nProbes are messages of an unknown type and name no patient.\n\nThe exit code is 0 when there is no fault, 1 when the fault is the peer's, 3 when our files cannot\nbe used, 4 when no connection comes about, or time was short."),
		Example: examples(
			"pamlab doctor", a.text("le candidat de ./candidate.yaml", "the candidate of ./candidate.yaml"),
			"pamlab doctor --to 127.0.0.1:2575", a.text("en clair, sans fichier", "plain TCP, without a file"),
			"pamlab doctor --to dmn.test:2576 --tls-ca pki/ca.pem --tls-cert pki/gam.pem --tls-key pki/gam-key.pem", a.text("TLS mutuel", "mutual TLS"),
			"pamlab doctor candidate.yaml --format json", a.text("pour un programme", "for a program"),
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.doctor(cmd, o, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.to, "to", "", a.text("adresse du correspondant, HÔTE:PORT ; remplace celle du fichier", "address of the peer, HOST:PORT; takes the place of the file's"))
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, a.text("durée de tout l'examen", "time for the whole examination"))
	flags.StringVar(&o.format, "format", "text", a.text("text ou json", "text or json"))
	o.candidate = a.addCandidateFlags(cmd)
	return cmd
}

func (a *app) doctor(cmd *cobra.Command, o *doctorOptions, args []string) error {
	if err := o.usable(); err != nil {
		return err
	}
	opt, err := o.target(cmd, args)
	if err != nil {
		return err
	}
	opt.Tool = "pamlab " + toolVersion()
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	if o.format == "json" {
		clearLine := a.showProgress(a.stderr, &opt)
		report := doctor.Run(ctx, opt)
		clearLine()
		out := json.NewEncoder(a.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		if err := out.Encode(report); err != nil {
			return withCode(scenarios.ExitUnusable, a.unwritable(a.text("la sortie standard", "the standard output"), err))
		}
		return silently(report.Exit)
	}
	printer := doctor.Printer{Out: a.stdout, Lang: a.lang, Color: a.terminal(a.stdout).color}
	printer.Head(opt.Target(), opt.Tool)
	clearLine := a.showProgress(a.stdout, &opt)
	opt.Observe = func(c doctor.Check) {
		clearLine()
		printer.Check(c)
	}
	report := doctor.Run(ctx, opt)
	printer.Foot(report)
	return silently(report.Exit)
}

// usable checks the flags.
func (o *doctorOptions) usable() error {
	switch {
	case o.format != "text" && o.format != "json":
		return usageError(fmt.Sprintf("format inconnu : %q", o.format), fmt.Sprintf("unknown format: %q", o.format),
			"--format text, --format json", "--format text, --format json")
	case o.timeout <= 0:
		return usageError(
			fmt.Sprintf("--timeout %s : il faut attendre un peu", o.timeout),
			fmt.Sprintf("--timeout %s: there has to be some waiting", o.timeout),
			"--timeout 30s", "--timeout 30s")
	case o.to != "" && !isHostPort(o.to):
		return usageError(
			fmt.Sprintf("--to %q n'est pas une adresse HÔTE:PORT", o.to),
			fmt.Sprintf("--to %q is not an address HOST:PORT", o.to),
			"--to 127.0.0.1:2575", "--to 127.0.0.1:2575")
	}
	return o.candidate.tls.check()
}

func isHostPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(port, 10, 16)
	return err == nil && host != "" && portErr == nil && number > 0
}

// target says whom to examine: the candidate of a file, with --to in the place
// of its address, or --to alone. An address that somebody types is meant; one
// that is put into a candidate file has to be among the hosts that it allows.
func (o *doctorOptions) target(cmd *cobra.Command, args []string) (doctor.Options, error) {
	named := cmd.Flags().Changed("candidate")
	switch {
	case len(args) > 1:
		return doctor.Options{}, usageError("un seul fichier de candidat à la fois", "one candidate file at a time")
	case len(args) == 1 && named:
		return doctor.Options{}, usageError(
			fmt.Sprintf("deux fichiers de candidat : %s et %s", args[0], o.candidate.file),
			fmt.Sprintf("two candidate files: %s and %s", args[0], o.candidate.file))
	case len(args) == 1:
		o.candidate.file, named = args[0], true
	}
	_, err := os.Stat(o.candidate.file)
	isThere := !errors.Is(err, fs.ErrNotExist)
	if !named && len(o.candidate.set) == 0 && (o.to != "" || !isThere) {
		return o.addressAlone()
	}
	if !named && !isThere {
		o.candidate.file = ""
	}
	overrides := o.candidate.set
	if o.to != "" {
		overrides = append(overrides[:len(overrides):len(overrides)], "candidate.address="+o.to)
	}
	candidate, err := scenarios.LoadCandidate(o.candidate.file, overrides)
	if err != nil {
		return doctor.Options{}, withCode(o.candidate.code(err), err)
	}
	o.candidate.overrideTLS(candidate)
	return candidateOptions(candidate)
}

// addressAlone examines an address without a candidate file.
func (o *doctorOptions) addressAlone() (doctor.Options, error) {
	if o.to == "" {
		return doctor.Options{}, usageError("il manque l'adresse du correspondant, ou le fichier du candidat", "the address of the peer is missing, or the candidate file",
			"--to 127.0.0.1:2575, ou candidate.yaml", "--to 127.0.0.1:2575, or candidate.yaml")
	}
	opt := doctor.Options{Addr: o.to}
	if t := o.candidate.tls; t.given() {
		files := t.mllpFiles()
		opt.Files = &files
	}
	return opt, nil
}

// candidateOptions are those of an examination of a candidate.
func candidateOptions(c *scenarios.Candidate) (doctor.Options, error) {
	if c.Address == "" {
		return doctor.Options{}, &exitError{code: scenarios.ExitUnusable,
			text: scenarios.Text{FR: "le candidat n'a pas d'adresse", EN: "the candidate has no address"},
			hint: scenarios.Text{FR: "un GAM se connecte à nous ; --to HÔTE:PORT examine un port où il écoute", EN: "a GAM connects to us; --to HOST:PORT examines a port where it listens"}}
	}
	opt := doctor.Options{
		Addr: c.Address, Partners: c.Partners(), Version: c.Dialect.Version, Charset: c.Charset,
		Connect: c.Limits.Connect, Handshake: c.Limits.Handshake, Answer: c.Limits.Ack,
	}
	if c.TLS != nil {
		files, err := c.TLS.Files("")
		if err != nil {
			return opt, withCode(scenarios.ExitUnusable, err)
		}
		opt.Files = &files
	}
	return opt, nil
}

// showProgress names the check that is being made, on a terminal only, and
// returns how to take that line away again.
func (a *app) showProgress(w io.Writer, opt *doctor.Options) (clearLine func()) {
	if !a.terminal(w).live {
		return func() {}
	}
	opt.Begin = func(id doctor.ID) { fmt.Fprintf(w, "\r\x1b[K… %s", id.Title().In(a.lang)) }
	return func() { fmt.Fprint(w, "\r\x1b[K") }
}
