package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/library"
	"github.com/pamlab/pamlab/scenarios/report"
)

type runOptions struct {
	candidate *candidateFlags
	tags      []string
	reports   []string
	journal   string
	seed      uint64
	instant   string
	jobs      int
	verbose   bool
	quiet     bool
	role      string
	noInput   bool
}

func (a *app) runCommand() *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   a.text("run [ID|FICHIER|DOSSIER…]", "run [ID|FILE|DIR…]"),
		Short: a.text("Joue des scénarios au candidat et juge ses réponses", "Plays scenarios at the candidate and judges its answers"),
		Long: a.text(
			"Joue les scénarios nommés, ou tous ceux qui sont livrés, au candidat de ./candidate.yaml.\n\nCode de sortie : 0 tout ce qui devait réussir a réussi · 1 le candidat a échoué · 3 un fichier est\ninutilisable, ou rien n'a été joué · 4 rien à juger (injoignable…) · 5 faute de pamlab · 130 interrompu.",
			"Plays the scenarios named, or all that are shipped, at the candidate of ./candidate.yaml.\n\nExit code: 0 all that had to pass passed · 1 the candidate failed · 3 a file is unusable, or nothing\nwas played · 4 could not judge (unreachable…) · 5 pamlab's own fault · 130 interrupted."),
		Example: examples(
			"pamlab run", a.text("tout, au candidat de ./candidate.yaml", "everything, at the candidate of ./candidate.yaml"),
			"pamlab run encounter cancel/transfer ack/unknown#type", a.text("un dossier, un scénario, un cas", "a folder, a scenario, a case"),
			"pamlab run ./my-scenario.yaml --set candidate.address=127.0.0.1:2575", a.text("le vôtre", "your own"),
			"pamlab run --role gam", a.text("le candidat est un RI/GAM, qui envoie à harness.listen", "the candidate is an RI/GAM, which sends to harness.listen"),
			"pamlab run --tags core --report junit=out.xml,json=out.json --seed 7", a.text("pour l'intégration continue", "for CI"),
		),
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd, o, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return library.IDs(), cobra.ShellCompDirectiveDefault
		},
	}
	flags := cmd.Flags()
	o.candidate = a.addCandidateFlags(cmd)
	flags.StringSliceVar(&o.tags, "tags", nil, a.text("seulement les scénarios qui ont l'une de ces étiquettes", "only scenarios that have one of these tags"))
	flags.StringVar(&o.role, "role", "", a.text("seulement les scénarios pour un candidat de ce rôle, que voici : dmn ou gam", "only scenarios for a candidate of this role, which this one has: dmn or gam"))
	flags.BoolVar(&o.noInput, "no-input", false, a.text("personne n'est au candidat : ce qui demande quelqu'un n'est pas applicable", "nobody is at the candidate: what needs somebody is not applicable"))
	flags.StringArrayVar(&o.reports, "report", nil, a.text("rapports à écrire : junit=FICHIER,json=FICHIER (- : sortie standard)", "reports to write: junit=FILE,json=FILE (-: standard output)"))
	flags.StringVar(&o.journal, "journal", "", a.text("garde le journal (NDJSON) dans ce fichier", "keep the journal (NDJSON) in this file"))
	flags.Uint64Var(&o.seed, "seed", 0, a.text("graine : les mêmes gens, sous des numéros neufs ; avec --instant, les mêmes octets (0 : au hasard)", "seed: the same people under fresh numbers; with --instant, the same bytes (0: at random)"))
	flags.StringVar(&o.instant, "instant", "", a.text("instant d'où comptent les scénarios, RFC 3339 (par défaut : il y a quatre jours)", "instant that scenarios count from, RFC 3339 (default: four days ago)"))
	flags.IntVarP(&o.jobs, "jobs", "j", runtime.NumCPU(), a.text("scénarios joués à la fois (d'une GAM : un)", "scenarios played at once (of a GAM: one)"))
	flags.BoolVarP(&o.verbose, "verbose", "v", false, a.text("montre chaque étape", "show every step"))
	flags.BoolVarP(&o.quiet, "quiet", "q", false, a.text("seulement ce qui ne va pas, et le verdict", "only what is wrong, and the verdict"))
	return cmd
}

func (a *app) run(cmd *cobra.Command, o *runOptions, args []string) error {
	targets, err := parseReports(o.reports)
	if err != nil {
		return withCode(scenarios.ExitUsage, err)
	}
	instant, err := o.start(time.Now())
	if err != nil {
		return err
	}
	if o.jobs < 1 {
		return usageError(
			fmt.Sprintf("--jobs %d : il en faut au moins un", o.jobs),
			fmt.Sprintf("--jobs %d: there has to be at least one", o.jobs))
	}
	if err := writable(o.journal, targets, o.candidate.file); err != nil {
		return err
	}
	if err := o.chooseRole(); err != nil {
		return err
	}
	candidate, err := o.candidate.load(cmd)
	if err != nil {
		return err
	}
	plays, err := scenarios.Selector{Library: library.FS(), Dialect: candidate.Dialect.Name, Role: scenarios.Role(o.role)}.Select(args, o.tags)
	if err != nil {
		return withCode(scenarios.ExitUnusable, err)
	}
	if err := ready(candidate); err != nil {
		return err
	}
	if o.seed == 0 {
		o.seed = 1 + rand.Uint64N(1_000_000) // short enough to be typed again
	}
	code, err := a.playAll(cmd.Context(), playOptions{
		candidate: candidate, plays: plays, targets: targets, journal: o.journal,
		seed: o.seed, instant: instant, jobs: o.atOnce(candidate.Role, cmd.Flags().Changed("jobs")), verbose: o.verbose, quiet: o.quiet,
		options: o.candidate.options(cmd), person: o.person(a),
	})
	if err != nil {
		return err
	}
	return silently(code)
}

// atOnce is how many scenarios are played at once: unless somebody chose, of a GAM
// one, because there is one place where we listen, and others would only wait for it.
func (o *runOptions) atOnce(role scenarios.Role, chosen bool) int {
	if role == scenarios.GAM && !chosen {
		return 1
	}
	return o.jobs
}

// chooseRole has the candidate play the role whose scenarios are selected.
func (o *runOptions) chooseRole() error {
	if o.role != "" {
		o.candidate.set = append(o.candidate.set, "candidate.role="+o.role)
	}
	return knownRole(o.role)
}

// knownRole checks --role.
func knownRole(role string) error {
	switch scenarios.Role(role) {
	case "", scenarios.DMN, scenarios.GAM:
		return nil
	}
	return usageError(fmt.Sprintf("--role %q : dmn ou gam", role), fmt.Sprintf("--role %q: dmn or gam", role))
}

// person is who does what steps ask for at the candidate, if somebody is there.
func (o *runOptions) person(a *app) *operator {
	if o.noInput {
		return nil
	}
	return a.operator()
}

// behind is how far before the run its scenarios begin, so that a stay of a few
// days has ended by now and nothing claims to have happened in the future.
const behind = 4 * 24 * time.Hour

func (o *runOptions) start(now time.Time) (time.Time, error) {
	if o.instant == "" {
		return now.Add(-behind).Truncate(time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, o.instant)
	if err != nil {
		return t, usageError(
			fmt.Sprintf("--instant %q n'est pas un instant", o.instant),
			fmt.Sprintf("--instant %q is not an instant", o.instant),
			"par exemple 2026-03-02T09:00:00+01:00", "for example 2026-03-02T09:00:00+01:00")
	}
	return t, nil
}

func parseReports(specs []string) ([]report.Target, error) {
	if len(specs) == 0 {
		return nil, nil
	}
	return report.ParseSpec(strings.Join(specs, ",")) // as one value: two reports in one place are found
}

// playOptions are a run that is ready to start.
type playOptions struct {
	candidate *scenarios.Candidate
	options   []string // that chose the candidate
	plays     []scenarios.Play
	targets   []report.Target
	journal   string // "": not kept
	seed      uint64
	instant   time.Time
	jobs      int
	verbose   bool
	quiet     bool
	person    *operator // nil: nobody is there
}

// playAll runs, shows the console while it does, and writes the reports from the
// journal when it has ended, however it has ended.
func (a *app) playAll(ctx context.Context, o playOptions) (code int, err error) {
	file, err := openJournal(o.journal)
	if err != nil {
		return 0, &exitError{code: scenarios.ExitUnusable, err: err,
			text: scenarios.Textf("le journal ne peut être écrit : %v", "the journal cannot be written: %v", err)}
	}
	defer func() {
		file.Close()
		if o.journal == "" {
			os.Remove(file.Name())
		}
	}()
	screen := a.stdout
	for _, t := range o.targets {
		if t.Path == report.Stdout {
			screen = a.stderr
		}
	}
	tty := a.terminal(screen)
	if o.person != nil && slices.ContainsFunc(o.plays, func(p scenarios.Play) bool { return p.Asks(o.candidate) }) {
		tty.live = false // lines that redraw themselves would wipe out what is asked
	}
	console := report.NewConsole(screen, report.Options{
		Lang: a.lang, Color: tty.color, Live: tty.live, Width: tty.width, Verbose: o.verbose, Quiet: o.quiet,
	})
	journal := scenarios.NewJournal(file, time.Now, console.Observe)
	stop := refresh(console, tty.live)
	player := scenarios.Player{
		Candidate: o.candidate, Journal: journal, Seed: o.seed, Instant: o.instant, Jobs: o.jobs,
		Version: toolVersion(), Options: o.options,
	}
	if o.person != nil {
		player.Prompter = o.person
	}
	summary := player.Run(ctx, o.plays)
	stop()
	err = journal.Err()
	if shown := console.Close(); !errors.Is(shown, syscall.EPIPE) { // nobody reads any more: no fault of the run
		err = errors.Join(err, shown)
	}
	for _, t := range o.targets {
		if _, seekErr := file.Seek(0, io.SeekStart); seekErr != nil {
			err = errors.Join(err, seekErr)
			break
		}
		err = errors.Join(err, t.Write(file, a.stdout, a.lang))
	}
	if err != nil && summary.Exit != scenarios.ExitFault {
		return summary.Exit, withCode(scenarios.ExitUnusable, err)
	}
	return summary.Exit, err
}

// writable finds out before the run what could not be written after it.
func writable(journal string, targets []report.Target, candidate string) error {
	if journal == report.Stdout {
		return usageError("--journal attend un fichier", "--journal wants a file", "--journal essai.ndjson", "--journal run.ndjson")
	}
	if journal != "" {
		if err := replaceable(journal, candidate); err != nil {
			return err
		}
	}
	for _, t := range targets {
		if t.Path == report.Stdout {
			continue
		}
		info, err := os.Stat(t.Path)
		switch {
		case err == nil && info.IsDir():
			return usageError(
				fmt.Sprintf("le rapport %s irait dans %s, qui est un dossier", t.Format, t.Path),
				fmt.Sprintf("the report %s would go to %s, which is a directory", t.Format, t.Path))
		case filepath.Clean(t.Path) == filepath.Clean(journal), filepath.Clean(t.Path) == filepath.Clean(candidate):
			return usageError(
				fmt.Sprintf("le rapport %s irait dans %s, qui sert à autre chose", t.Format, t.Path),
				fmt.Sprintf("the report %s would go to %s, which serves another purpose", t.Format, t.Path))
		}
	}
	return nil
}

// replaceable refuses to put a journal in the place of anything but an older
// journal.
func replaceable(journal, candidate string) error {
	head := make([]byte, len(journalHead))
	f, err := os.Open(journal)
	if err != nil {
		return nil // not there, or openJournal will say what is wrong
	}
	defer f.Close()
	n, _ := io.ReadFull(f, head)
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && n > 0 && string(head[:n]) != journalHead || filepath.Clean(journal) == filepath.Clean(candidate) {
		return usageError(
			fmt.Sprintf("--journal %s : ce fichier n'est pas un journal, il n'est pas remplacé", journal),
			fmt.Sprintf("--journal %s: this file is no journal, it is not replaced", journal),
			"donnez un autre nom", "give another name")
	}
	return nil
}

// journalHead is what every journal begins with.
const journalHead = `{"v":`

func openJournal(path string) (*os.File, error) {
	if path == "" {
		return os.CreateTemp("", "pamlab-*.ndjson")
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

// refresh redraws the live lines until stop is called.
func refresh(console *report.Console, live bool) (stop func()) {
	if !live {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				console.Refresh(now)
			}
		}
	}()
	return func() { close(done); <-ended }
}
