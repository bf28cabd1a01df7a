package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

// exitError carries the exit code with an error. With quiet set there is
// nothing more to print: the command has shown what it found.
type exitError struct {
	code  int
	text  scenarios.Text
	hint  scenarios.Text
	err   error
	quiet bool
}

func (e *exitError) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return e.text.EN
}

func (e *exitError) Unwrap() error { return e.err }

func (e *exitError) In(lang string) string {
	if e.text.IsZero() && e.err != nil {
		return errorIn(e.err, lang)
	}
	return e.text.In(lang)
}

func (e *exitError) Hint(lang string) string {
	if !e.hint.IsZero() || e.err == nil {
		return e.hint.In(lang)
	}
	return hintIn(e.err, lang)
}

// usageError is a fault of the command line; hints is a French and an English
// hint, or nothing.
func usageError(fr, en string, hints ...string) error {
	e := &exitError{code: scenarios.ExitUsage, text: scenarios.Text{FR: fr, EN: en}}
	if len(hints) == 2 {
		e.hint = scenarios.Text{FR: hints[0], EN: hints[1]}
	}
	return e
}

// withCode gives err an exit code, unless it has one.
func withCode(code int, err error) error {
	var coded *exitError
	if err == nil || errors.As(err, &coded) {
		return err
	}
	return &exitError{code: code, err: err}
}

// silently is the exit code of a command that has already said everything.
func silently(code int) error {
	if code == scenarios.ExitOK {
		return nil
	}
	return &exitError{code: code, quiet: true, text: scenarios.Textf("code de sortie %d", "exit code %d", code)}
}

// exitCode finds the exit code of what a command returned. An error that
// nobody gave a code is our own fault, unless the user interrupted us.
func exitCode(ctx context.Context, err error) int {
	var coded *exitError
	switch {
	case errors.As(err, &coded):
		return coded.code
	case ctx.Err() != nil:
		return scenarios.ExitInterrupted
	}
	return scenarios.ExitFault
}

// printError shows an error as people read it: what went wrong, then a hint.
func (a *app) printError(err error) {
	var coded *exitError
	if errors.As(err, &coded) && coded.quiet {
		return
	}
	message := strings.TrimRight(errorIn(err, a.lang), "\n")
	if !strings.Contains(message, "\n") { // else a list of problems, laid out with its lines
		message = "pamlab: " + message
	}
	for line := range strings.Lines(message) {
		fmt.Fprintln(a.stderr, report.Visible(strings.TrimRight(line, "\n")))
	}
	if hint := hintIn(err, a.lang); hint != "" {
		fmt.Fprintf(a.stderr, "%s%s\n", a.text("conseil : ", "hint: "), hint)
	}
}

// errorIn is the sentence of the outermost error in the chain that has one in
// lang; an error from elsewhere speaks the language it has.
func errorIn(err error, lang string) string {
	var e interface{ In(string) string }
	if errors.As(err, &e) {
		return e.In(lang)
	}
	return err.Error()
}

func hintIn(err error, lang string) string {
	var e interface{ Hint(string) string }
	if errors.As(err, &e) {
		return e.Hint(lang)
	}
	return ""
}

// flagError turns pflag's errors into ours, in both languages.
func (a *app) flagError(err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		dashes := "--"
		if unknown.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		return usageError(
			fmt.Sprintf("option inconnue : %s%s", dashes, name),
			fmt.Sprintf("unknown flag: %s%s", dashes, name),
			"« pamlab COMMANDE --help » montre les options", "`pamlab COMMAND --help` shows the flags")
	case errors.As(err, &missing):
		return usageError(
			fmt.Sprintf("l'option --%s attend une valeur", missing.GetSpecifiedName()),
			fmt.Sprintf("the flag --%s needs a value", missing.GetSpecifiedName()))
	case errors.As(err, &invalid):
		return usageError(
			fmt.Sprintf("valeur inutilisable pour --%s : %q", invalid.GetFlag().Name, invalid.GetValue()),
			fmt.Sprintf("unusable value for --%s: %q", invalid.GetFlag().Name, invalid.GetValue()))
	}
	return &exitError{code: scenarios.ExitUsage, err: err}
}

// noArgs refuses arguments; on a command that has sub-commands the word was
// meant to be one.
func (a *app) noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		e := scenarios.Text{}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			e = scenarios.Textf("vouliez-vous dire « %s » ?", "did you mean %q?", strings.Join(near, ", "))
		} else {
			e = scenarios.Textf("« %s --help » montre les commandes", "`%s --help` shows the commands", cmd.CommandPath())
		}
		return usageError(
			fmt.Sprintf("commande inconnue : %q", args[0]),
			fmt.Sprintf("unknown command: %q", args[0]), e.FR, e.EN)
	}
	return usageError(
		fmt.Sprintf("« %s » ne prend pas d'argument : %q", cmd.CommandPath(), args[0]),
		fmt.Sprintf("`%s` takes no argument: %q", cmd.CommandPath(), args[0]))
}

// someArgs wants at least one argument, which it names.
func (a *app) someArgs(fr, en string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return usageError(
			fmt.Sprintf("« %s » attend %s", cmd.CommandPath(), fr),
			fmt.Sprintf("`%s` needs %s", cmd.CommandPath(), en),
			fmt.Sprintf("« %s --help » montre des exemples", cmd.CommandPath()),
			fmt.Sprintf("`%s --help` shows examples", cmd.CommandPath()))
	}
}
