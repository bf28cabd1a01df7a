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
	"syscall"
	"time"
	"unicode"

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
	failed                  bool
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
	flags.BoolVar(&f.failed, "failed", false, a.text("le texte ne montre que les messages avec réserve ou non conformes ; le bilan compte tout", "the text shows only messages that warn or fail; the summary counts all"))
	flags.StringArrayVar(&f.settings, "set", nil, a.text("réglages NOM=VALEUR, séparés par des virgules ou des blancs ; répétable", "settings NAME=VALUE, separated by commas or blanks; repeatable"))
	flags.BoolVar(&f.strict, "strict", false, a.text("un SHOULD non respecté est un échec", "a broken SHOULD is a failure"))
	flags.BoolVar(&f.sequence, "sequence", false, a.text("juge aussi l'ordre des messages", "judges the order of the messages too"))
	flags.IntVar(&f.maxMessage, "max-message", 0, a.text("taille du plus grand message, en octets (0 : 10 Mio)", "size of the largest message, in bytes (0: 10 MiB)"))
	return cmd
}

// parseSettings reads NAME=VALUE pairs, several of which may stand in one
// argument: a variable of the environment has but one.
func parseSettings(arguments []string) (rules.Settings, error) {
	var s rules.Settings
	separator := func(r rune) bool { return r == ',' || unicode.IsSpace(r) }
	for _, pair := range strings.FieldsFunc(strings.Join(arguments, ","), separator) {
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
	return inspect.Style{Strict: f.strict, Least: least, Failed: f.failed, Unreadable: f.output != "-"}, nil
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
	sources, size := a.sources(args)
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
	stop := a.progress(&o, size)
	sum := inspect.Summary{}
	err = inspect.Run(ctx, o, sources, func(i *inspect.Item) error {
		sum.Add(i, f.strict)
		if i.Report == nil {
			a.unreadable(i)
		}
		return w.Write(i)
	})
	stop()
	interrupted := err != nil && ctx.Err() != nil
	if interrupted {
		w.Interrupted()
		err = nil
	}
	if err == nil { // else there is nowhere to write to
		err = w.Close()
	}
	if closed := closeOut(); err == nil {
		err = closed
	}
	switch {
	case interrupted:
		if f.format != "text" || f.output != "-" {
			fmt.Fprintf(a.stderr, "pamlab: %s\n", sum.Interrupted(a.lang))
		}
		return silently(scenarios.ExitInterrupted)
	case errors.Is(err, syscall.EPIPE): // nobody reads any more: no fault of the judgement
		return validateResult(sum)
	case err != nil:
		return withCode(scenarios.ExitUnusable, a.unwritable(f.output, err))
	}
	return validateResult(sum)
}

// validateResult is the exit code: what could not be read is worse than what failed.
func validateResult(sum inspect.Summary) error {
	switch {
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

func (l *located) Error() string           { return l.In("en") }
func (l *located) Hint(lang string) string { return hintIn(l.err, lang) }
func (l *located) Unwrap() error           { return l.err }

func (l *located) In(lang string) string {
	return l.where + scenarios.Text{FR: " : ", EN: ": "}.In(lang) + errorIn(l.err, lang)
}

// unwritable says which file could not be written, and why.
func (a *app) unwritable(name string, err error) error {
	if name == "-" {
		name = a.text("la sortie standard", "the standard output")
	}
	why := err
	var system *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = &exitError{code: scenarios.ExitUnusable, text: scenarios.Text{FR: "le dossier n'existe pas", EN: "no such directory"}}
	case !errors.Is(err, fs.ErrPermission) && errors.As(err, &system):
		why = system.Err
	default:
		why = &inspect.SourceError{Err: err}
	}
	return &located{name, why}
}

// sources turns arguments into what is read: files, the files of folders, - for
// the standard input, once. What cannot be found is a source whose Open says so:
// the others are judged all the same. size is how many bytes they have, 0 when
// one does not say.
func (a *app) sources(args []string) (list []inspect.Source, size int64) {
	known, stdin := true, false
	for _, arg := range args {
		if arg == "-" {
			if !stdin {
				list = append(list, inspect.Source{Name: "-", Open: func() (io.ReadCloser, error) { return io.NopCloser(a.stdin), nil }})
			}
			known, stdin = false, true
			continue
		}
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			list = append(list, failing(arg, err))
		case info.IsDir():
			files, n := messagesIn(arg)
			list, size = append(list, files...), size+n
		default:
			list, size = append(list, fileSource(arg)), size+info.Size()
			known = known && info.Mode().IsRegular()
		}
	}
	if !known {
		size = 0
	}
	return list, size
}

func fileSource(name string) inspect.Source {
	return inspect.Source{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
}

// failing is a source that is known not to open.
func failing(name string, err error) inspect.Source {
	return inspect.Source{Name: name, Open: func() (io.ReadCloser, error) { return nil, err }}
}

// messageEnds are the ends of the names that files of messages have.
var messageEnds = []string{".hl7", ".er7", ".adt", ".mllp", ".txt"}

// messagesIn lists the files of a folder that are called like files of messages,
// and adds up their sizes. A folder that has none, or cannot be listed, is a
// source that says so.
func messagesIn(dir string) (list []inspect.Source, size int64) {
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error { // returns what the function does: nil
		if err != nil {
			list = append(list, failing(name, err))
			return nil
		}
		if !d.Type().IsRegular() || !slices.Contains(messageEnds, strings.ToLower(filepath.Ext(name))) {
			return nil
		}
		list = append(list, fileSource(name))
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	if len(list) == 0 {
		ends := strings.Join(messageEnds, " ")
		list = append(list, failing(dir, &exitError{code: scenarios.ExitUnusable,
			text: scenarios.Text{FR: "aucun fichier de messages dans ce dossier", EN: "no file of messages in this folder"},
			hint: scenarios.Textf("leurs noms finissent par %s ; sinon, nommez les fichiers", "their names end with %s; else name the files", ends)}))
	}
	return list, size
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
		return nil, nil, withCode(scenarios.ExitUnusable, a.unwritable(name, err))
	}
	return f, f.Close, nil
}

// progress shows on a terminal how much of a long input was read, on the
// standard error, so that it never gets into a result. size is how much there is
// to read, 0 when nobody knows.
func (a *app) progress(o *inspect.Options, size int64) (stop func()) {
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
				fmt.Fprint(a.stderr, "\r\x1b[K"+a.progressLine(n, size, now.Sub(begun)))
			}
		}
	}()
	return func() { close(done); <-ended }
}

// progressLine is what a terminal shows after some time: how much was read, of
// how much where that is known.
func (a *app) progressLine(read, size int64, after time.Duration) string {
	const mib = 1 << 20
	speed := float64(read) / mib / after.Seconds()
	if size <= 0 {
		return fmt.Sprintf(a.text("%d Mio lus, %.0f Mio/s", "%d MiB read, %.0f MiB/s"), read/mib, speed)
	}
	percent := min(100*float64(read)/float64(size), 100) // a file may grow
	return fmt.Sprintf(a.text("%d Mio lus sur %d (%.0f %%), %.0f Mio/s", "%d MiB of %d read (%.0f%%), %.0f MiB/s"), read/mib, size/mib, percent, speed)
}
