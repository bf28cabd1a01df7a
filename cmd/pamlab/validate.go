package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7/pam/inspect"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
	"github.com/pamlab/pamlab/scenarios"
)

// validateFlags are the flags of validate.
type validateFlags struct {
	format, dialect, output string
	level                   string
	settings                []string
	strict, sequence        bool
	maxMessage              int
}

func (a *app) validateCommand() *cobra.Command {
	f := &validateFlags{}
	cmd := &cobra.Command{
		Use:   a.text("validate [FICHIER|DOSSIER|-…]", "validate [FILE|DIR|-…]"),
		Short: a.text("Juge des messages selon HL7, IHE PAM et PAM France, hors ligne", "Judges messages by HL7, IHE PAM and PAM France, offline"),
		Example: examples(
			"pamlab validate admission.hl7", a.text("verdict, écarts, champ marqué, paragraphe, conseil", "verdict, findings, field marked, paragraph, hint"),
			"pamlab validate *.hl7 --format ndjson", a.text("un objet JSON par message", "one JSON object a message"),
			"pamlab validate - < capture.mllp", a.text("un flux : ER7, lot, trames MLLP, plusieurs messages", "a stream: ER7, batch, MLLP frames, several messages"),
			"pamlab validate --sequence parcours/*.hl7", a.text("aussi les règles d'un message à l'autre", "the rules across messages as well"),
			"pamlab validate a.hl7 --set ins_environment=test", a.text("un réglage (pamlab rules --settings les montre)", "a setting (pamlab rules --settings shows them)"),
		),
		Args: a.someArgs("des fichiers, ou - pour l'entrée standard", "files, or - for the standard input"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.validate(cmd.Context(), f, args) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.format, "format", "f", "text", a.text("forme du résultat : ", "form of the result: ")+strings.Join(inspect.Formats(), ", "))
	flags.StringVar(&f.dialect, "dialect", "auto", a.text("dialecte, ou auto : ce que chaque message annonce", "dialect, or auto: what each message announces"))
	flags.StringVarP(&f.output, "output", "o", "-", a.text("fichier du résultat", "file of the result"))
	flags.StringVar(&f.level, "level", "should", a.text("plus faible niveau que le texte montre : info, should, must", "lowest level that the text shows: info, should, must"))
	flags.StringArrayVar(&f.settings, "set", nil, a.text("réglage NOM=VALEUR, répétable", "setting NAME=VALUE, repeatable"))
	flags.BoolVar(&f.strict, "strict", false, a.text("un SHOULD non respecté est un échec", "a broken SHOULD is a failure"))
	flags.BoolVar(&f.sequence, "sequence", false, a.text("juge aussi l'ordre des messages", "judges the order of the messages too"))
	flags.IntVar(&f.maxMessage, "max-message", 0, a.text("taille du plus grand message, en octets (0 : 10 Mio)", "size of the largest message, in bytes (0: 10 MiB)"))
	return cmd
}

// parseSettings reads NAME=VALUE pairs.
func parseSettings(pairs []string) (rules.Settings, error) {
	var s rules.Settings
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return s, usageError(
				fmt.Sprintf("--set attend NOM=VALEUR, pas %q", pair), fmt.Sprintf("--set wants NAME=VALUE, not %q", pair),
				"« pamlab rules --settings » montre les réglages", "`pamlab rules --settings` shows the settings")
		}
		next, err := s.With(name, value)
		if err != nil {
			return s, err
		}
		s = next
	}
	return s, nil
}

// inspection is what the flags ask for.
func (f *validateFlags) inspection() (inspect.Options, error) {
	settings, err := parseSettings(f.settings)
	if err != nil {
		return inspect.Options{}, withCode(scenarios.ExitUsage, err)
	}
	judge, err := rules.New(rules.Options{Dialect: f.dialect, Settings: settings})
	if err != nil {
		return inspect.Options{}, withCode(scenarios.ExitUsage, err)
	}
	o := inspect.Options{Judge: judge, MaxMessage: f.maxMessage}
	if f.sequence {
		o.Follow = sequence.New(sequence.Options{Settings: settings}).Follow
	}
	return o, nil
}

// style is how the flags want the result written, but for what depends on where.
func (f *validateFlags) style() (inspect.Style, error) {
	least, ok := map[string]rules.Level{"info": rules.Info, "should": rules.Should, "must": rules.Must}[f.level]
	if !ok {
		return inspect.Style{}, usageError(fmt.Sprintf("niveau inconnu : %q", f.level), fmt.Sprintf("unknown level: %q", f.level),
			"info, should, must", "info, should, must")
	}
	if !slices.Contains(inspect.Formats(), f.format) {
		return inspect.Style{}, withCode(scenarios.ExitUsage, &inspect.FormatError{Format: f.format})
	}
	return inspect.Style{Strict: f.strict, Least: least}, nil
}

func (a *app) validate(ctx context.Context, f *validateFlags, args []string) error {
	o, err := f.inspection()
	if err != nil {
		return err
	}
	style, err := f.style()
	if err != nil {
		return err
	}
	sources, err := a.sources(args)
	if err != nil {
		return err
	}
	out, closeOut, err := a.openOutput(f.output, sources) // last: it empties the file
	if err != nil {
		return err
	}
	t := a.terminal(out)
	style.Lang, style.Color, style.Width = a.lang, t.color, t.width
	w, err := inspect.NewWriter(out, f.format, style)
	if err != nil {
		return errors.Join(err, closeOut())
	}
	stop := a.progress(&o)
	sum := inspect.Summary{}
	err = inspect.Run(ctx, o, sources, func(i *inspect.Item) error {
		sum.Add(i, f.strict)
		if i.Report == nil {
			a.unreadable(i)
		}
		return w.Write(i)
	})
	stop()
	err = errors.Join(err, w.Close(), closeOut())
	if err != nil {
		if ctx.Err() != nil {
			return silently(scenarios.ExitInterrupted)
		}
		return withCode(scenarios.ExitUnusable, err)
	}
	return validateResult(sum)
}

// validateResult is the exit code: what could not be read is worse than what failed.
func validateResult(sum inspect.Summary) error {
	switch {
	case sum.Messages() == 0 && sum.Unreadable == 0:
		return &exitError{code: scenarios.ExitUnusable, text: scenarios.Text{FR: "aucun message à juger", EN: "there is no message to judge"},
			hint: scenarios.Text{FR: "un message commence par MSH|", EN: "a message begins with MSH|"}}
	case sum.Unreadable > 0:
		return silently(scenarios.ExitUnusable)
	case sum.Fail > 0:
		return silently(scenarios.ExitFailed)
	}
	return nil
}

// unreadable tells of what is no message, where it stands, and what to do.
func (a *app) unreadable(i *inspect.Item) {
	where := i.File
	if i.Line > 0 { // as editors and terminals follow it
		where = fmt.Sprintf("%s:%d", i.File, i.Line)
	}
	a.printError(&located{where, i.Err})
}

// located puts a place before an error.
type located struct {
	where string
	err   error
}

func (l *located) Error() string           { return l.where + ": " + l.err.Error() }
func (l *located) In(lang string) string   { return l.where + ": " + errorIn(l.err, lang) }
func (l *located) Hint(lang string) string { return hintIn(l.err, lang) }
func (l *located) Unwrap() error           { return l.err }

// sources turns arguments into what is read: files, the files of folders, - for
// the standard input, once.
func (a *app) sources(args []string) ([]inspect.Source, error) {
	var list []inspect.Source
	stdin := false
	for _, arg := range args {
		if arg == "-" {
			if !stdin {
				list = append(list, inspect.Source{Name: "-", Open: func() (io.ReadCloser, error) { return io.NopCloser(a.stdin), nil }})
			}
			stdin = true
			continue
		}
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			return nil, withCode(scenarios.ExitUnusable, err)
		case info.IsDir():
			files, err := messagesIn(arg)
			if err != nil {
				return nil, withCode(scenarios.ExitUnusable, err)
			}
			list = append(list, files...)
		default:
			list = append(list, fileSource(arg))
		}
	}
	return list, nil
}

func fileSource(name string) inspect.Source {
	return inspect.Source{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
}

// messagesIn lists the files of a folder that are called like files of messages.
func messagesIn(dir string) ([]inspect.Source, error) {
	var list []inspect.Source
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.Contains([]string{".hl7", ".er7", ".adt", ".mllp", ".txt"}, strings.ToLower(filepath.Ext(name))) {
			list = append(list, fileSource(name))
		}
		return err
	})
	return list, err
}

// openOutput opens the file of the result, - for the standard output. A file that
// is to be read is not written over.
func (a *app) openOutput(name string, sources []inspect.Source) (io.Writer, func() error, error) {
	if name == "-" {
		return a.stdout, func() error { return nil }, nil
	}
	if there, err := os.Stat(name); err == nil {
		for _, s := range sources {
			if in, err := os.Stat(s.Name); err == nil && os.SameFile(there, in) && there.Mode().IsRegular() {
				return nil, nil, usageError(
					fmt.Sprintf("--output %q est un des fichiers à juger", name), fmt.Sprintf("--output %q is one of the files to judge", name),
					"choisissez un autre fichier pour le résultat", "choose another file for the result")
			}
		}
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, nil, withCode(scenarios.ExitUnusable, err)
	}
	return f, f.Close, nil
}

// progress shows on a terminal how much of a long input was read, on the
// standard error, so that it never gets into a result.
func (a *app) progress(o *inspect.Options) (stop func()) {
	t := a.terminal(a.stderr)
	if !t.live {
		return func() {}
	}
	var read atomic.Int64
	o.Progress = func(n int64) { read.Store(n) }
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		begun, shown := time.Now(), false
		for {
			select {
			case <-done:
				if shown {
					fmt.Fprint(a.stderr, "\r\x1b[K")
				}
				return
			case now := <-tick.C:
				n := read.Load()
				if n == 0 || now.Sub(begun) < time.Second {
					continue
				}
				shown = true
				fmt.Fprintf(a.stderr, "\r\x1b[K"+a.text("%d Mio lus, %.0f Mio/s", "%d MiB read, %.0f MiB/s"), n>>20, float64(n)/(1<<20)/now.Sub(begun).Seconds())
			}
		}
	}()
	return func() { close(done); <-ended }
}
