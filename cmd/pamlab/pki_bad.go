package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp/pki"
)

func (a *app) pkiBadCommand() *cobra.Command {
	var dir string
	var opt pki.BadOptions
	cmd := &cobra.Command{
		Use:   "bad",
		Short: a.text("Crée le catalogue des identités fautives, chacune nommée par son défaut", "Makes the catalogue of faulty identities, each named by its fault"),
		Example: examples(
			"pamlab pki bad", a.text("toutes, dans ./pki/bad", "all of them, in ./pki/bad"),
			"pamlab pki bad --only short-lived", a.text("une seule, refaite à l'instant", "a single one, made anew this moment"),
			"pamlab pki bad --name pamlab.chu.test", a.text("aussi à ce nom", "made out to that name too"),
		),
		Args: a.noArgs,
		RunE: func(*cobra.Command, []string) error {
			made, err := pki.Bad(dir, opt)
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			a.printf("%s\n\n", a.text("Identités fautives créées dans "+made.Dir+" : NOM.pem et NOM-key.pem",
				"Faulty identities made in "+made.Dir+": NAME.pem and NAME-key.pem"))
			a.faultTable(made)
			a.printf("\n%s\n", a.text(
				"« d'un client » : ce qu'un serveur doit faire quand un client la présente ; « d'un serveur » : l'inverse.",
				`"from a client": what a server owes to a client that shows it; "from a server": the reverse.`))
			a.profileNote(made.Profile)
			a.printf("%s\n", a.text("Des scénarios les présentent au candidat : « present: expired ».", `Scenarios show them to the candidate: "present: expired".`))
			return nil
		},
	}
	var names []string
	for _, f := range pki.Faults() {
		names = append(names, f.Name+"\t"+f.Title.In(a.lang))
	}
	flags := cmd.Flags()
	a.pkiDirFlag(cmd, &dir)
	flags.StringSliceVar(&opt.Only, "only", nil, a.text("celles-là seulement, refaites si elles existent (répétable)", "those only, made anew if they exist (repeatable)"))
	flags.StringArrayVar(&opt.Names, "name", nil, a.text("nom DNS ou adresse IP de plus (répétable)", "further DNS name or IP address (repeatable)"))
	flags.BoolVar(&opt.Force, "force", false, a.text("écrase ce qui existe", "overwrite what exists"))
	_ = cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// faultTable shows the entries of the catalogue that were made.
func (a *app) faultTable(made *pki.Made) {
	got := map[string]bool{}
	for _, file := range made.Files {
		if filepath.Base(filepath.Dir(file)) == filepath.Base(made.Dir) {
			got[strings.TrimSuffix(filepath.Base(file), ".pem")] = true
		}
	}
	line := func(name, client, server, what string) {
		a.printf("  %-20s  %-16s  %-16s  %s\n", name, client, server, what)
	}
	line(a.text("NOM", "NAME"), a.text("D'UN CLIENT", "FROM A CLIENT"), a.text("D'UN SERVEUR", "FROM A SERVER"), a.text("CE QUE C'EST", "WHAT IT IS"))
	for _, f := range pki.Faults() {
		if !got[f.Name] {
			continue
		}
		line(f.Name, f.FromClient.In(a.lang), f.FromServer.In(a.lang), f.Title.In(a.lang))
		a.printf("  %-20s  %s\n", "", f.Why.In(a.lang))
		a.printf("  %-20s  (%s)\n", "", f.Spec)
	}
}
