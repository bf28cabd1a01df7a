package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules/explain"
	"github.com/pamlab/pamlab/scenarios"
)

func (a *app) explainCommand() *cobra.Command {
	var dialect string
	cmd := &cobra.Command{
		Use:   a.text("explain NOM…", "explain NAME…"),
		Short: a.text("Explique une règle, un champ, un composant, un événement, un segment, un type, une table, un dialecte", "Explains a rule, a field, a component, an event, a segment, a type, a table, a dialect"),
		Example: examples(
			"pamlab explain fr.zbe-9.table", a.text("une règle : texte, source, bon et mauvais exemple", "a rule: text, source, good and bad example"),
			"pamlab explain ZBE-9", a.text("un champ", "a field"),
			"pamlab explain PID-5.7", a.text("un composant", "a component"),
			"pamlab explain A06", a.text("un événement et sa grammaire", "an event and its grammar"),
			"pamlab explain 0445", a.text("une table et ses codes", "a table and its codes"),
			"pamlab explain PID-8 --dialect pam-fr-2.10", a.text("dans un autre dialecte", "in another dialect"),
		),
		Args: a.someArgs("un nom : ZBE-9, A06, 0445, une règle…", "a name: ZBE-9, A06, 0445, a rule…"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := profile.Load(dialect)
			if err != nil {
				return withCode(scenarios.ExitUsage, err)
			}
			for i, name := range args {
				page, err := explain.Find(p, name, a.lang)
				if err != nil {
					return withCode(scenarios.ExitUsage, err)
				}
				if i > 0 {
					a.printf("\n%s\n\n", strings.Repeat("─", 40))
				}
				if err := page.Text(a.stdout, a.terminal(a.stdout).width); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dialect, "dialect", profile.DefaultDialect, a.text("dialecte dont on parle : ", "dialect that is spoken of: ")+strings.Join(profile.Names(), ", "))
	return cmd
}
