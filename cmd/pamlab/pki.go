package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

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
		),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.pkiInitCommand(), a.pkiShowCommand())
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
		),
		Args: a.noArgs,
		RunE: func(*cobra.Command, []string) error {
			made, err := pki.Init(dir, opt)
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			a.printf("%s\n", a.text("Autorité et identités de test créées :", "Test authority and identities made:"))
			for _, file := range made.Files {
				a.printf("  %-18s %s\n", file, a.purpose(filepath.Base(file)))
			}
			a.printf("\n%s\n", a.text(
				"Donnez au candidat "+filepath.Join(dir, "ca.pem")+" et l'identité dmn ; gardez gam. Pour des tests seulement.",
				"Give the candidate "+filepath.Join(dir, "ca.pem")+" and the identity dmn; keep gam. For tests only."))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&dir, "dir", "pki", a.text("dossier", "folder"))
	flags.IntVar(&opt.Days, "days", pki.DefaultDays, a.text("validité en jours", "validity in days"))
	flags.StringArrayVar(&opt.Names, "name", nil, a.text("nom DNS ou adresse IP de plus dans les certificats (répétable)", "further DNS name or IP address in the certificates (repeatable)"))
	flags.BoolVar(&opt.Force, "force", false, a.text("écrase ce qui existe", "overwrite what exists"))
	return cmd
}

func (a *app) pkiShowCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   a.text("show [FICHIER|DOSSIER]", "show [FILE|DIR]"),
		Short: a.text("Montre des certificats : sujet, noms, usages, jours restants, empreinte", "Shows certificates: subject, names, usages, days left, fingerprint"),
		Example: examples(
			"pamlab pki show", "./pki",
			"pamlab pki show candidat.pem", a.text("un fichier", "one file"),
		),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{dir}
			}
			for i, path := range args {
				infos, err := pki.Show(path)
				if err != nil {
					return withCode(scenarios.ExitUnusable, err)
				}
				for j, info := range infos {
					if i+j > 0 {
						a.printf("\n")
					}
					a.showCertificate(info)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "pki", a.text("dossier", "folder"))
	return cmd
}

func (a *app) showCertificate(info pki.Info) {
	row := func(fr, en, value string) {
		a.printf("  %-12s %s\n", a.text(fr, en), value)
	}
	a.printf("%s\n", info.File)
	row("sujet", "subject", info.Subject)
	row("émetteur", "issuer", info.Issuer)
	row("série", "serial", info.Serial)
	if len(info.SANs()) > 0 {
		row("noms", "names", strings.Join(info.SANs(), ", "))
	}
	if len(info.EKUs) > 0 {
		row("usages", "usages", strings.Join(info.EKUs, ", "))
	}
	row("validité", "validity", a.validity(info))
	row("SHA-256", "SHA-256", info.Fingerprint)
	row("clé", "key", a.keyState(info))
}

// pkiCode tells a flag with an unusable value from files that are in the way.
func pkiCode(err error) int {
	if e, ok := errors.AsType[*pki.Error](err); ok && (e.Kind == pki.BadDays || e.Kind == pki.BadName) {
		return scenarios.ExitUsage
	}
	return scenarios.ExitUnusable
}

// purpose says what a file of the PKI is for.
func (a *app) purpose(file string) string {
	switch name := strings.TrimSuffix(file, ".pem"); {
	case name == "ca":
		return a.text("l'autorité : à donner à tous", "the authority: give it to everyone")
	case name == "ca-key":
		return a.text("sa clé : à ne donner à personne", "its key: give it to no one")
	case strings.HasSuffix(name, "-key"):
		return a.text("la clé de cette identité", "the key of that identity")
	case name == "gam":
		return a.text("l'identité de pamlab quand il envoie", "pamlab's identity when it sends")
	default:
		return a.text("l'identité du DMN, le candidat", "the identity of the DMN, the candidate")
	}
}

func (a *app) validity(info pki.Info) string {
	span := fmt.Sprintf("%s → %s", info.NotBefore.Format(time.DateOnly), info.NotAfter.Format(time.DateOnly))
	left := info.DaysLeft(time.Now())
	if left < 0 {
		return span + a.text(fmt.Sprintf(" (expiré depuis %d jours)", -left), fmt.Sprintf(" (expired %d days ago)", -left))
	}
	return span + a.text(fmt.Sprintf(" (%d jours restants)", left), fmt.Sprintf(" (%d days left)", left))
}

func (a *app) keyState(info pki.Info) string {
	switch info.Key {
	case pki.KeyAbsent:
		return a.text("pas de clé à côté", "no key beside it")
	case pki.KeyDiffers:
		return info.KeyFile + a.text(" : ne correspond PAS au certificat", ": does NOT match the certificate")
	case pki.KeyBroken:
		return info.KeyFile + a.text(" : inutilisable", ": unusable")
	}
	if st, err := os.Stat(info.KeyFile); err == nil && st.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return info.KeyFile + a.text(" : lisible par d'autres, faites chmod 600", ": readable by others, do chmod 600")
	}
	return info.KeyFile
}
