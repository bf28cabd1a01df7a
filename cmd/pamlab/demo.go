package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/library"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/report"
)

type demoOptions struct {
	out   string
	addr  string
	bugs  string
	serve bool
	seed  uint64
}

func (a *app) demoCommand() *cobra.Command {
	o := &demoOptions{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: a.text("La visite en une minute : PKI, DMN de référence, scénarios, rapports", "The one-minute tour: PKI, reference DMN, scenarios, reports"),
		Long: a.text(
			"Fabrique une PKI de test, lance le DMN de référence en TLS mutuel sur 127.0.0.1, montre qu'un client sans\ncertificat est refusé, joue les scénarios d'un premier regard (avec --bugs, tous, fautes du fil et des\ncertificats comprises) et écrit journal et rapports. Rien ne quitte la machine.",
			"Makes a test PKI, starts the reference DMN on mutual TLS at 127.0.0.1, shows that a client without a\ncertificate is refused, plays the scenarios of a first look (with --bugs all of them, the faults of the\nwire and of certificates too) and writes journal and reports. Nothing leaves the machine."),
		Example: examples(
			"pamlab demo", a.text("la visite", "the tour"),
			"pamlab demo --bugs wrong-msa2", a.text("avec un DMN fautif : voyez un échec", "with a faulty DMN: see a failure"),
			"pamlab demo --serve --addr 127.0.0.1:2575", a.text("puis laisse le DMN écouter, jusqu'à Ctrl-C", "then leave the DMN listening, until Ctrl-C"),
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.out, "out", "pamlab-demo", a.text("dossier de ce que la visite laisse", "folder for what the tour leaves"))
	flags.StringVar(&o.addr, "addr", "127.0.0.1:0", a.text("adresse du DMN, en boucle locale (port 0 : un port libre)", "address of the DMN, on loopback (port 0: a free port)"))
	flags.StringVar(&o.bugs, "bugs", "", a.text("défauts du DMN : ", "faults of the DMN: ")+strings.Join(bugNames(), ", "))
	flags.BoolVar(&o.serve, "serve", false, a.text("laisse ensuite le DMN écouter", "leave the DMN listening afterwards"))
	flags.Uint64Var(&o.seed, "seed", 1, a.text("graine des patients", "seed of the patients"))
	return cmd
}

func bugNames() []string {
	var names []string
	for _, b := range reference.Bugs() {
		names = append(names, b.Name)
	}
	return names
}

func (a *app) demo(ctx context.Context, o *demoOptions) error {
	bugs, err := reference.ParseBugs(o.bugs)
	if err != nil {
		return withCode(scenarios.ExitUsage, err)
	}
	if err := onLoopback(o.addr); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(o.out, name) }
	pkiDir := at("pki")

	a.step(1, "Une autorité de test, une identité pour chaque côté", "A test authority, an identity for either side")
	if err := a.demoPKI(pkiDir); err != nil {
		return err
	}

	files := &mllp.Files{CA: filepath.Join(pkiDir, "ca.pem"), Cert: filepath.Join(pkiDir, "dmn.pem"), Key: filepath.Join(pkiDir, "dmn-key.pem")}
	if o.serve || len(bugs) > 0 {
		a.demoFaults(pkiDir, files)
	}

	a.step(2, "Un DMN de référence écoute, en TLS mutuel", "A reference DMN listens, on mutual TLS")
	dmn, err := reference.Start(ctx, reference.ServerOptions{
		Options: reference.Options{Bugs: bugs, Logger: slog.New(slog.DiscardHandler)},
		Addr:    o.addr,
		TLS:     files,
	})
	if err != nil {
		return a.cannotListen(o.addr, err)
	}
	defer stopDMN(dmn)
	a.printf("  %s\n", dmn.Addr())
	if err := a.demoCandidate(at("candidate.yaml"), dmn.Addr()); err != nil {
		return err
	}

	a.step(3, "Un client sans certificat se présente", "A client without a certificate turns up")
	turnedAway := a.anonymous(ctx, dmn.Addr(), pkiDir)

	a.step(4, "Les scénarios livrés sont joués", "The shipped scenarios are played")
	code, err := a.demoRun(ctx, o, dmn.Addr(), at)
	if err != nil {
		return err
	}
	if !turnedAway && code == scenarios.ExitOK {
		code = scenarios.ExitFailed
	}
	a.whatNext(o, at)
	if o.serve && ctx.Err() == nil {
		a.printf("\n%s\n", a.text("Le DMN écoute encore ("+dmn.Addr()+"). Ctrl-C l'arrête.", "The DMN keeps listening ("+dmn.Addr()+"). Ctrl-C stops it."))
		<-ctx.Done()
	}
	return silently(code)
}

func (a *app) step(n int, fr, en string) {
	if n > 1 {
		a.printf("\n")
	}
	a.printf("%d. %s\n", n, a.text(fr, en))
}

// demoPKI makes the PKI, or keeps the one of an earlier tour.
func (a *app) demoPKI(dir string) error {
	made, err := pki.Init(dir, pki.Options{})
	var exists *pki.Error
	switch {
	case err == nil:
		for _, info := range made.Infos {
			a.printf("  %-28s %s\n", info.File, info.Subject)
		}
	case errors.As(err, &exists) && exists.Kind == pki.Exists:
		a.printf("  %s\n", a.text(dir+" sert encore", dir+" serves again"))
	default:
		return withCode(scenarios.ExitUnusable, err)
	}
	return nil
}

// demoFaults makes the faulty identities, anew because some of them age, and lets
// the DMN look for the revoked one. Without them the scenarios that show them do
// not apply, and a DMN that accepts them all looks faultless.
func (a *app) demoFaults(dir string, files *mllp.Files) {
	made, err := pki.Bad(dir, pki.BadOptions{Force: true})
	if err != nil { // in the folder of an earlier tour; the scenarios say what they miss
		a.printf("  %s\n", errorIn(err, a.lang))
		return
	}
	files.CRL = []string{filepath.Join(dir, "crl.pem")}
	a.printf("  %-28s %s\n", made.Dir, a.text("des identités fautives, à présenter exprès", "faulty identities, to be shown on purpose"))
}

func stopDMN(dmn *reference.Running) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = dmn.Stop(ctx) // the process ends next
}

func onLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return usageError(
		fmt.Sprintf("--addr %q : la visite reste sur la boucle locale", addr),
		fmt.Sprintf("--addr %q: the tour stays on loopback", addr),
		"par exemple 127.0.0.1:2575", "for example 127.0.0.1:2575")
}

// cannotListen tells a port that is taken from files that are wrong.
func (a *app) cannotListen(addr string, err error) error {
	var files *mllp.FileError
	if errors.As(err, &files) {
		return withCode(identityCode(err), err)
	}
	return &exitError{code: scenarios.ExitUnjudged,
		text: scenarios.Textf("impossible d'écouter sur %s", "cannot listen on %s", addr),
		hint: scenarios.Text{FR: "le port est-il pris ? --addr 127.0.0.1:0 en choisit un libre", EN: "is the port taken? --addr 127.0.0.1:0 picks a free one"}}
}

// anonymous shows the refusal that mutual TLS owes. In TLS 1.3 it comes after
// the handshake, at the first read.
func (a *app) anonymous(ctx context.Context, addr, pkiDir string) bool {
	config, err := mllp.Files{CA: filepath.Join(pkiDir, "ca.pem"), ServerName: "dmn.test"}.ClientConfig()
	if err != nil {
		a.printf("  %s\n", errorIn(err, a.lang))
		return false
	}
	client := &mllp.Client{Addr: addr, TLSConfig: config, AnswerTimeout: 2 * time.Second}
	defer client.Close()
	_, err = client.Do(ctx, []byte("MSH|^~\\&|X|X|X|X|20260101||QZZ^Z00|PROBE|P|2.5\r"))
	var refused *mllp.Error
	switch {
	case err == nil:
		a.printf("  %s\n", a.text("ACCEPTÉ : ce DMN n'exige pas de certificat", "ACCEPTED: this DMN wants no certificate"))
		return false
	case !errors.As(err, &refused) || refused.Kind != mllp.HandshakeRefused || !refused.Remote:
		a.printf("  %s\n", errorIn(err, a.lang))
		return false
	}
	a.printf("  %s\n", a.text("refusé, comme il se doit : alerte TLS ", "refused, as it should be: TLS alert ")+refused.Alert)
	return true
}

func (a *app) demoRun(ctx context.Context, o *demoOptions, addr string, at func(string) string) (int, error) {
	candidate := scenarios.NewCandidate()
	candidate.Name, candidate.Address = "DMN-Demo", addr
	candidate.Harness.Application, candidate.Harness.Facility = "GAM-TEST", "CHU-X"
	candidate.Harness.Listen = "127.0.0.1:0" // whatever else runs here
	candidate.TLS = &scenarios.TLS{
		CA: at("pki/ca.pem"), Cert: at("pki/gam.pem"), Key: at("pki/gam-key.pem"), ServerName: "dmn.test",
	}
	all, err := library.All()
	if err != nil {
		return 0, err
	}
	if len(o.bugs) == 0 {
		all = tour(all)
	}
	return a.playAll(ctx, playOptions{
		candidate: candidate, plays: scenarios.Plays(all), seed: o.seed, jobs: runtime.NumCPU(),
		options: []string{"--candidate", at("candidate.yaml")},
		instant: time.Now().Add(-behind).Truncate(time.Second),
		journal: at("journal.ndjson"), targets: []report.Target{{Format: "junit", Path: at("junit.xml")}},
	})
}

// tour leaves out the faults of the wire, of certificates and of
// acknowledgements: they take their time, and a first look is not for them. A
// DMN with bugs is held against everything.
func tour(all []*scenarios.Scenario) []*scenarios.Scenario {
	return slices.DeleteFunc(all, func(s *scenarios.Scenario) bool {
		return s.Role != scenarios.DMN || slices.Contains(s.Tags, "fault")
	})
}

func (a *app) whatNext(o *demoOptions, at func(string) string) {
	a.printf("\n%s\n", a.text("Ce qui reste :", "What it leaves:"))
	for _, name := range []string{"pki/", "candidate.yaml", "journal.ndjson", "junit.xml"} {
		a.printf("  %s\n", at(name))
	}
	a.printf("\n%s\n", a.text("Et maintenant :", "What next:"))
	self := selfName()
	rows := []string{
		self + " demo --bugs wrong-msa2", a.text("à quoi ressemble un échec", "what a failure looks like"),
		self + " list", a.text("les scénarios", "the scenarios"),
		self + " run -c " + at("candidate.yaml"), a.text("à votre DMN : mettez son adresse dans le fichier", "at your DMN: put its address into the file"),
	}
	if o.serve {
		rows = append(rows, self+" run -c "+at("candidate.yaml")+" --tags tls,mllp,ack", a.text("au DMN qui écoute : les fautes du fil", "at the DMN that listens: the faults of the wire"))
	}
	a.printf("%s\n", examples(rows...))
}

// selfName is how this program was started, for commands to be copied.
func selfName() string {
	if path, err := os.Executable(); err == nil && strings.Contains(filepath.ToSlash(path), "/go-build") {
		return "go run ./cmd/pamlab"
	}
	return "pamlab"
}

// demoCandidate writes the candidate file of the tour. It is meant to be edited:
// the next thing a reader does is to put another address into it. So a file that
// was edited stays, and only one that we wrote is written again.
func (a *app) demoCandidate(path, addr string) error {
	old, err := os.ReadFile(path)
	if err == nil && addressLine().ReplaceAllString(string(old), "") != addressLine().ReplaceAllString(candidateText(addr), "") {
		a.printf("  %s\n", a.text(path+" a été modifié : il reste tel quel", path+" was edited: it stays as it is"))
		return nil
	}
	if err := os.WriteFile(path, []byte(candidateText(addr)), 0o644); err != nil {
		return unreadable(path, err)
	}
	a.printf("  %s\n", path)
	return nil
}

var addressLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^  address: .*$`) })

func candidateText(addr string) string {
	return fmt.Sprintf(`# The candidate: the system under test. docs/candidate.md describes every key.
candidate:
  name: DMN-Demo
  role: dmn
  address: %s
  dialect: pam-fr-2.11
  charset: UTF-8
harness:
  application: GAM-TEST
  facility: CHU-X
tls:
  ca: pki/ca.pem
  cert: pki/gam.pem
  key: pki/gam-key.pem
  server_name: dmn.test
`, addr)
}
