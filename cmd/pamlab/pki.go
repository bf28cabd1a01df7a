package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
)

func (a *app) pkiCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pki",
		Short: a.text("Autorité et identités de test (X.509)", "Test authority and identities (X.509)"),
		Example: examples(
			"pamlab pki init", a.text("crée ./pki", "makes ./pki"),
			"pamlab pki init --name dmn.chu.test --name 10.1.2.3", a.text("avec d'autres noms", "with more names"),
			"pamlab pki show", a.text("ce qu'il y a dans ./pki", "what there is in ./pki"),
			"pamlab pki bad", a.text("toutes les identités fautives, à montrer exprès", "all faulty identities, to be shown on purpose"),
			"pamlab pki issue --name dmn.chu.test", a.text("une identité de plus", "one more identity"),
			"pamlab pki revoke pki/dmn.pem", a.text("la révoque et renouvelle la CRL", "revokes it and renews the CRL"),
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.pkiInitCommand(), a.pkiShowCommand(), a.pkiBadCommand(), a.pkiIssueCommand(), a.pkiSignCommand(), a.pkiRevokeCommand(), a.pkiCRLCommand())
	return cmd
}

func (a *app) pkiInitCommand() *cobra.Command {
	var dir string
	var opt pki.Options
	cmd := &cobra.Command{
		Use:   "init",
		Short: a.text("Crée une autorité et les identités gam et dmn", "Makes an authority and the identities gam and dmn"),
		Example: examples(
			"pamlab pki init", a.text("dans ./pki", "in ./pki"),
			"pamlab pki init --dir certs --name dmn.chu.test", a.text("ailleurs, avec un nom de plus", "elsewhere, with one more name"),
			"pamlab pki init --key rsa-2048", a.text("pour qui ne connaît que RSA", "for partners that know RSA only"),
			"pamlab pki init --profile igc-sante-test", a.text("aux formes de l'IGC-Santé de test", "in the shape of the IGC-Santé for tests"),
		),
		Args: a.noArgs,
		RunE: func(*cobra.Command, []string) error {
			made, err := pki.Init(dir, opt)
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			a.printf("%s\n", a.text("Autorité et identités de test créées :", "Test authority and identities made:"))
			a.listFiles(made)
			give := a.text("Donnez au candidat "+filepath.Join(dir, "ca.pem")+" et l'identité dmn ; gardez gam. Pour des tests seulement.",
				"Give the candidate "+filepath.Join(dir, "ca.pem")+" and the identity dmn; keep gam. For tests only.")
			a.printf("\n%s\n", give)
			a.profileNote(made.Profile)
			if bad := filepath.Join(dir, "bad"); opt.Force && exists(bad) {
				a.printf("%s\n", a.text(bad+" vient encore de l'ancienne autorité : « pamlab pki bad --force » le refait.",
					bad+" is still from the former authority: \"pamlab pki bad --force\" makes it anew."))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	a.pkiDirFlag(cmd, &dir)
	flags.IntVar(&opt.Days, "days", 0, a.text("validité en jours (365 sauf si le profil en dit plus)", "validity in days (365 unless the profile says more)"))
	flags.StringArrayVar(&opt.Names, "name", nil, a.text("nom DNS ou adresse IP de plus dans les certificats (répétable)", "further DNS name or IP address in the certificates (repeatable)"))
	flags.BoolVar(&opt.Force, "force", false, a.text("écrase ce qui existe", "overwrite what exists"))
	a.pkiKeyFlag(cmd, &opt.Key)
	flags.StringVar(&opt.Profile, "profile", "", a.text("forme de la PKI : "+profileList(), "shape of the PKI: "+profileList()))
	_ = cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions([]string{profileList()}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// listFiles says what has been made, and what each file is for.
func (a *app) listFiles(made *pki.Made) {
	width := 0
	for _, file := range made.Files {
		width = max(width, len(file))
	}
	for _, file := range made.Files {
		a.printf("  %-*s  %s\n", width, file, a.purpose(filepath.Base(file)))
	}
}

// profileNote says that what was made only looks like something else.
func (a *app) profileNote(name string) {
	for _, p := range pki.Profiles() {
		if note := p.Note.In(a.lang); name == p.Name && note != "" {
			a.printf("%s\n", note)
		}
	}
}

func profileList() string {
	var all []string
	for _, p := range pki.Profiles() {
		if p.Name != "" {
			all = append(all, p.Name)
		}
	}
	return strings.Join(all, ", ")
}

func (a *app) pkiDirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "pki", a.text("dossier", "folder"))
	_ = cmd.MarkFlagDirname("dir")
}

// keyFlag makes a kind of key a flag.
type keyFlag struct{ kind *pki.KeyKind }

func (f keyFlag) String() string {
	if f.kind == nil {
		return ""
	}
	return string(*f.kind)
}
func (f keyFlag) Set(s string) error { *f.kind = pki.KeyKind(s); return nil } // judged with all else
func (keyFlag) Type() string         { return "string" }

func (a *app) pkiKeyFlag(cmd *cobra.Command, kind *pki.KeyKind) {
	var names []string
	for _, k := range pki.KeyKinds() {
		names = append(names, string(k))
	}
	list := strings.Join(names, ", ")
	cmd.Flags().Var(keyFlag{kind}, "key", a.text("clés : "+list+" (sinon comme l'autorité, p-256 pour une nouvelle)", "keys: "+list+" (else as the authority, p-256 for a new one)"))
	_ = cmd.RegisterFlagCompletionFunc("key", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// pkiCode tells a flag with an unusable value from files that are in the way.
func pkiCode(err error) int {
	e, ok := errors.AsType[*pki.Error](err)
	if !ok {
		return scenarios.ExitUnusable
	}
	switch e.Kind {
	case pki.BadDays, pki.BadName, pki.BadKey, pki.BadProfile, pki.BadFault, pki.BadUsage, pki.BadFile, pki.BadReason, pki.BadSerial, pki.NoName:
		return scenarios.ExitUsage
	}
	return scenarios.ExitUnusable
}

// purpose says what a file of the PKI is for.
func (a *app) purpose(file string) string {
	switch name := strings.TrimSuffix(file, ".pem"); {
	case name == "ca":
		return a.text("l'autorité : à donner à tous", "the authority: give it to everyone")
	case name == "issuing-ca":
		return a.text("l'autorité intermédiaire, déjà dans chaque identité", "the intermediate authority, in each identity already")
	case name == "ca-key", name == "issuing-ca-key":
		return a.text("sa clé : à ne donner à personne", "its key: give it to no one")
	case name == "crl":
		return a.text("qui est révoqué (CRL)", "who is revoked (CRL)")
	case strings.HasSuffix(name, ".crl"):
		return a.text("la CRL, en DER", "the CRL, in DER")
	case name == "pki.json":
		return a.text("la mémoire de la PKI", "the memory of the PKI")
	case strings.HasSuffix(name, ".p12"):
		return a.text("certificat, chaîne et clé en un fichier (PKCS#12)", "certificate, chain and key in one file (PKCS#12)")
	case strings.HasSuffix(name, ".p12.password"):
		return a.text("son mot de passe", "its password")
	case strings.HasSuffix(name, "-key"):
		return a.text("la clé de cette identité", "the key of that identity")
	case name == "gam":
		return a.text("l'identité de pamlab quand il envoie", "pamlab's identity when it sends")
	case name == "dmn":
		return a.text("l'identité du DMN, le candidat", "the identity of the DMN, the candidate")
	case strings.HasSuffix(name, "-server"):
		return a.text("pour qui écoute", "for who listens")
	case strings.HasSuffix(name, "-client"):
		return a.text("pour qui se connecte", "for who connects")
	}
	return a.text("l'identité", "the identity")
}
