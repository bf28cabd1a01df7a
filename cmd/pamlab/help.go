package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpTemplate shows examples first: most people read no further.
const helpTemplate = `{{with or .Long .Short}}{{.}}
{{end}}{{if .HasExample}}
@examples
{{.Example}}
{{end}}{{if or .Runnable .HasSubCommands}}
@usage
{{- if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} @command{{end}}
{{end}}{{if .HasAvailableSubCommands}}
@commands{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{end}}{{if .HasAvailableLocalFlags}}
@flags
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableInheritedFlags}}
@global
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}
@env
`

// speak gives a command and all below it their help in the user's language.
// Cobra's own words are English only, so every one of them is replaced.
func (a *app) speak(root *cobra.Command) {
	words := strings.NewReplacer(
		"@examples", a.text("Exemples :", "Examples:"),
		"@usage", a.text("Usage :", "Usage:"),
		"@commands", a.text("Commandes :", "Commands:"),
		"@command", a.text("[commande]", "[command]"),
		"@flags", a.text("Options :", "Flags:"),
		"@global", a.text("Options communes :", "Common flags:"),
		"@env", a.text(
			"Chaque option a sa variable : --tls-ca se lit aussi dans PAMLAB_TLS_CA.",
			"Each flag has its variable: --tls-ca is read from PAMLAB_TLS_CA as well."),
	)
	root.SetHelpTemplate(words.Replace(helpTemplate))
	root.SetUsageTemplate(words.Replace(helpTemplate))
	// pflag writes the defaults of flags in English only.
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		out := cmd.OutOrStdout()
		var page bytes.Buffer
		cmd.SetOut(&page)
		show(cmd, args)
		cmd.SetOut(out)
		fmt.Fprint(out, strings.ReplaceAll(page.String(), "(default ", a.text("(par défaut ", "(default ")))
	})
	root.SetVersionTemplate("pamlab {{.Version}}\n")
	help := &cobra.Command{
		Use:   "help [command]",
		Short: a.text("Aide sur une commande", "Help about a command"),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return a.noArgs(root, args)
			}
			return found.Help()
		},
	}
	root.SetHelpCommand(help)
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		cmd.DisableFlagsInUseLine = true
		cmd.Flags().BoolP("help", "h", false, a.text("cette aide", "this help"))
		if cmd == root {
			cmd.Flags().Bool("version", false, a.text("la version", "the version"))
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(root)
}
