package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: a.text("Script de complétion pour un interpréteur de commandes", "Completion script for a shell"),
		Example: examples(
			"source <(pamlab completion bash)", a.text("dans ~/.bashrc", "in ~/.bashrc"),
			"pamlab completion zsh > ~/.zfunc/_pamlab", "zsh",
			"pamlab completion fish > ~/.config/fish/completions/pamlab.fish", "fish",
			"pamlab completion powershell | Out-String | Invoke-Expression", a.text("dans $PROFILE", "in $PROFILE"),
		),
		ValidArgs: shells,
		Args:      a.someArgs("le nom d'un interpréteur : bash, zsh, fish ou powershell", "the name of a shell: bash, zsh, fish or powershell"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.stdout)
			}
			return usageError(
				fmt.Sprintf("interpréteur inconnu : %q", args[0]),
				fmt.Sprintf("unknown shell: %q", args[0]),
				"bash, zsh, fish ou powershell", "bash, zsh, fish or powershell")
		},
	}
}
