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

func (a *app) pkiShowCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   a.text("show [FICHIER|DOSSIER]", "show [FILE|DIR]"),
		Short: a.text("Montre des certificats : sujet, noms, usages, jours restants, empreinte", "Shows certificates: subject, names, usages, days left, fingerprint"),
		Example: examples(
			"pamlab pki show", "./pki",
			"pamlab pki show candidat.pem", a.text("un fichier", "one file"),
			"pamlab pki show pki/crl.pem", a.text("une liste de révocation", "a revocation list"),
		),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{dir}
			}
			for i, path := range args {
				if i > 0 {
					a.printf("\n")
				}
				if err := a.showPKI(path); err != nil {
					return withCode(scenarios.ExitUnusable, err)
				}
			}
			return nil
		},
	}
	a.pkiDirFlag(cmd, &dir)
	return cmd
}

// showPKI shows the certificates and the CRLs of a file or a folder.
func (a *app) showPKI(path string) error {
	infos, err := pki.Show(path)
	if e, ok := errors.AsType[*pki.Error](err); err != nil && (!ok || e.Kind != pki.NoCertificate) {
		return err
	}
	crls, crlErr := pki.ShowCRLs(path)
	if crlErr != nil {
		return crlErr
	}
	if len(infos)+len(crls) == 0 {
		return err
	}
	known := append(crls, nearCRLs(path)...)
	for i, info := range infos {
		if i > 0 {
			a.printf("\n")
		}
		a.showCertificate(info, known, nearAuthorities(path))
	}
	for i, crl := range crls {
		if i+len(infos) > 0 {
			a.printf("\n")
		}
		a.showCRL(crl)
	}
	return nil
}

// nearCRLs are those that may name the certificates of a path: beside them, and
// beside the folder of faulty ones.
func nearCRLs(path string) []pki.CRLInfo {
	var all []pki.CRLInfo
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		crls, _ := pki.ShowCRLs(dir) // it only helps
		all = append(all, crls...)
	}
	return all
}

// nearAuthorities are those of the ca.pem that is nearest to a path: in the folder
// that it is or lies in, or above that of the faulty ones.
func nearAuthorities(path string) []pki.Info {
	for _, dir := range []string{path, filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if all, err := pki.Show(filepath.Join(dir, "ca.pem")); err == nil {
			return all
		}
	}
	return nil
}

func (a *app) row(fr, en, value string) {
	a.printf("  %-12s %s\n", a.text(fr, en), value)
}

// maxNames is how many names of a certificate are shown.
const maxNames = 12

func (a *app) showCertificate(info pki.Info, crls []pki.CRLInfo, authorities []pki.Info) {
	a.printf("%s", info.File)
	if info.Of > 1 {
		a.printf(" (%d/%d)", info.Position, info.Of)
	}
	a.printf("\n")
	a.row("sujet", "subject", info.Subject)
	a.row("émetteur", "issuer", info.Issuer)
	a.row("série", "serial", info.Serial)
	if sans := info.SANs(); len(sans) > maxNames {
		more := fmt.Sprintf(a.text("… et %d autres", "… and %d more"), len(sans)-maxNames)
		a.row("noms", "names", strings.Join(sans[:maxNames], ", ")+" "+more)
	} else if len(sans) > 0 {
		a.row("noms", "names", strings.Join(sans, ", "))
	}
	if len(info.EKUs) > 0 {
		a.row("usages", "usages", strings.Join(info.EKUs, ", "))
	}
	a.row("validité", "validity", a.validity(info))
	a.row("algorithmes", "algorithms", info.Algorithm+a.text(", signé ", ", signed ")+info.Signature)
	a.row("SHA-256", "SHA-256", info.Fingerprint)
	if info.Position == 1 {
		a.row("clé", "key", a.keyState(info))
	}
	problems := info.Problems(time.Now())
	if p, ok := info.Unvouched(authorities); ok {
		problems = append(problems, p)
	}
	for _, crl := range crls {
		if r, ok := crl.Names(info); ok {
			problems = append(problems, pki.Problem{Text: revokedText(r)})
			break
		}
	}
	a.showProblems(problems)
}

func revokedText(r pki.RevokedInfo) pki.Text {
	day := r.At.Format(time.DateOnly)
	if r.Reason != "" {
		day += " (" + r.Reason + ")"
	}
	return pki.Text{FR: "révoqué le " + day, EN: "revoked on " + day}
}

func (a *app) showProblems(problems []pki.Problem) {
	for _, p := range problems {
		if p.Note {
			a.row("à savoir", "note", p.Text.In(a.lang))
		} else {
			a.row("défaut", "fault", p.Text.In(a.lang))
		}
	}
}

// maxRevoked is how many entries of a CRL are shown.
const maxRevoked = 20

func (a *app) showCRL(crl pki.CRLInfo) {
	a.printf("%s\n", crl.File)
	a.row("CRL de", "CRL of", crl.Issuer)
	if crl.Number != "" {
		a.row("numéro", "number", crl.Number)
	}
	next := a.text("sans fin", "no end")
	if !crl.NextUpdate.IsZero() {
		next = crl.NextUpdate.Format(time.DateOnly)
	}
	a.row("validité", "validity", crl.ThisUpdate.Format(time.DateOnly)+" → "+next)
	a.row("algorithmes", "algorithms", a.text("signée ", "signed ")+crl.Signature)
	a.row("révoqués", "revoked", fmt.Sprint(len(crl.Revoked)))
	for i, r := range crl.Revoked {
		if i == maxRevoked {
			a.row("", "", "…")
			break
		}
		a.row("", "", strings.TrimRight(fmt.Sprintf("%s  %s  %s", r.Serial, r.At.Format(time.DateOnly), r.Reason), " "))
	}
	a.showProblems(crl.Problems(time.Now()))
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
