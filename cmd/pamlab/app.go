package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pamlab/pamlab/scenarios"
)

// app is what every command shares: where it reads and writes, and for whom.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) (string, bool)
	lang           string // "fr" or "en"
	color          string // auto, always, never
}

// run executes one command line and returns its exit code. It never ends the
// process itself.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) (string, bool)) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv, lang: chooseLang(args, getenv)}
	root := a.root(args)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return scenarios.ExitOK
	}
	code := exitCode(ctx, err)
	a.printError(err)
	return code
}

// text picks the sentence in the user's language.
func (a *app) text(fr, en string) string {
	return scenarios.Text{FR: fr, EN: en}.In(a.lang)
}

// printf writes to the standard output. A reader that went away is not worth an
// error of its own.
func (a *app) printf(format string, args ...any) {
	fmt.Fprintf(a.stdout, format, args...)
}

// root is the command line as a whole. Where the first argument names a command,
// only that one is built: most of what a short run costs is building commands.
func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use: "pamlab",
		Short: a.text(
			"Laboratoire d'interopérabilité IHE PAM (HL7 v2, MLLP, TLS mutuel), hors ligne",
			"Interoperability laboratory for IHE PAM (HL7 v2, MLLP, mutual TLS), offline"),
		Example: examples(
			"pamlab demo", a.text("la visite en une minute", "the one-minute tour"),
			"pamlab pki init", a.text("une autorité et deux identités de test", "a test authority and two identities"),
			"pamlab run", a.text("joue les scénarios au candidat de ./candidate.yaml", "plays the scenarios at the candidate of ./candidate.yaml"),
			"pamlab send message.hl7 --to 127.0.0.1:2575", a.text("envoie un message, montre l'acquittement", "sends a message, shows the acknowledgement"),
		),
		Version:       toolVersion(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.flagsFromEnv(cmd) },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.lang, "lang", a.lang, a.text("langue des textes : fr ou en (sinon celle du système)", "language of texts: fr or en (else the locale's)"))
	flags.StringVar(&a.color, "color", "auto", a.text("couleurs : auto, always ou never", "colours: auto, always or never"))
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return a.flagError(err) })
	root.CompletionOptions.DisableDefaultCmd = true
	for _, c := range a.commands() {
		if len(args) > 0 && c.name == args[0] && c.name != "completion" { // which speaks of all others
			root.AddCommand(c.build())
			break
		}
	}
	if !root.HasSubCommands() {
		for _, c := range a.commands() {
			root.AddCommand(c.build())
		}
	}
	a.speak(root)
	return root
}

// command is a command that is built when it is needed.
type command struct {
	name  string
	build func() *cobra.Command
}

// commands are all commands, in the order of the help.
func (a *app) commands() []command {
	return []command{
		{"demo", a.demoCommand}, {"run", a.runCommand}, {"list", a.listCommand}, {"check", a.checkCommand}, {"validate", a.validateCommand},
		{"explain", a.explainCommand}, {"rules", a.rulesCommand}, {"send", a.sendCommand}, {"simulate", a.simulateCommand}, {"doctor", a.doctorCommand}, {"pki", a.pkiCommand},
		{"record", a.recordCommand}, {"listen", a.listenCommand}, {"messages", a.messagesCommand}, {"desk", a.deskCommand}, {"completion", a.completionCommand}, {"version", a.versionCommand},
	}
}

// examples lays out pairs of a command and what it does.
func examples(pairs ...string) string {
	width := 0
	for i := 0; i < len(pairs); i += 2 {
		width = max(width, len(pairs[i]))
	}
	var b strings.Builder
	b.Grow(50 * len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "  %-*s  # %s\n", width, pairs[i], pairs[i+1])
	}
	return strings.TrimRight(b.String(), "\n")
}

// chooseLang finds the language before any flag is parsed, since the help that
// parsing may print is written in it: --lang, PAMLAB_LANG, then the locale.
func chooseLang(args []string, getenv func(string) (string, bool)) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, "--lang="); ok {
			return langOf(v)
		}
		if arg == "--lang" && i+1 < len(args) {
			return langOf(args[i+1])
		}
	}
	for _, name := range []string{"PAMLAB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v, _ := getenv(name); v != "" {
			return langOf(v)
		}
	}
	return "en"
}

func langOf(locale string) string {
	if strings.HasPrefix(strings.ToLower(locale), "fr") {
		return "fr"
	}
	return "en"
}

// flagsFromEnv gives each flag that the command line left alone the value of
// its variable: --tls-ca is PAMLAB_TLS_CA.
func (a *app) flagsFromEnv(cmd *cobra.Command) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := envName(f.Name)
		v, ok := a.getenv(name)
		if f.Changed || !ok || failed != nil || f.Name == "help" {
			return
		}
		if err := cmd.Flags().Set(f.Name, v); err != nil {
			failed = usageError(
				fmt.Sprintf("la variable %s a une valeur inutilisable : %q", name, v),
				fmt.Sprintf("the variable %s has an unusable value: %q", name, v))
		}
	})
	if failed != nil {
		return failed
	}
	if a.lang != "fr" && a.lang != "en" {
		return usageError(
			fmt.Sprintf("langue inconnue : %q", a.lang),
			fmt.Sprintf("unknown language: %q", a.lang),
			"--lang fr, --lang en", "--lang fr, --lang en")
	}
	switch a.color {
	case "auto", "always", "never":
		return nil
	}
	return usageError(
		fmt.Sprintf("--color %q est inconnu", a.color),
		fmt.Sprintf("--color %q is unknown", a.color),
		"auto, always, never", "auto, always, never")
}

func envName(flag string) string {
	return "PAMLAB_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
