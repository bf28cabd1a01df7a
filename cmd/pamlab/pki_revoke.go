package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp/pki"
)

func (a *app) pkiRevokeCommand() *cobra.Command {
	var dir string
	var opt pki.RevokeOptions
	cmd := &cobra.Command{
		Use:   a.text("revoke FICHIER|SÉRIE", "revoke FILE|SERIAL"),
		Short: a.text("Révoque un certificat et renouvelle la CRL", "Revokes a certificate and renews the CRL"),
		Example: examples(
			"pamlab pki revoke pki/dmn.pem", a.text("par son fichier", "by its file"),
			"pamlab pki revoke pki/dmn.pem --reason keyCompromise", a.text("en disant pourquoi", "saying why"),
			"pamlab pki revoke 5fa2c3", a.text("par son numéro de série", "by its serial number"),
		),
		Args: a.oneFile("un fichier ou un numéro de série", "a file or a serial number"),
		RunE: func(_ *cobra.Command, args []string) error {
			done, err := pki.Revoke(dir, args[0], opt)
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			who := done.Serial
			if done.Subject != "" {
				who += " (" + done.Subject + ")"
			}
			if done.Already {
				day := done.At.Format(time.DateOnly)
				a.printf("%s\n", a.text(who+" est déjà révoqué depuis le "+day, who+" has been revoked since "+day))
				return nil
			}
			a.printf("%s\n", a.text(who+" est révoqué", who+" is revoked"))
			if done.Subject == "" {
				a.printf("%s\n", a.text("Aucun certificat de ce dossier n'a ce numéro : vérifiez-le.", "No certificate in this folder has that number: check it."))
			}
			a.listFiles(done.Made)
			return nil
		},
	}
	a.pkiDirFlag(cmd, &dir)
	reasons := strings.Join(pki.Reasons(), ", ")
	cmd.Flags().StringVar(&opt.Reason, "reason", "", a.text("motif : ", "reason: ")+reasons)
	a.crlDaysFlag(cmd, &opt.Days)
	_ = cmd.RegisterFlagCompletionFunc("reason", cobra.FixedCompletions(pki.Reasons(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) pkiCRLCommand() *cobra.Command {
	var dir string
	var opt pki.CRLOptions
	cmd := &cobra.Command{
		Use:   "crl",
		Short: a.text("Renouvelle la liste de révocation (CRL)", "Renews the revocation list (CRL)"),
		Example: examples(
			"pamlab pki crl", a.text("pour trente jours", "for thirty days"),
			"pamlab pki crl --days 365", a.text("pour un an", "for a year"),
		),
		Args: a.noArgs,
		RunE: func(*cobra.Command, []string) error {
			made, err := pki.RenewCRLs(dir, opt)
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			a.printf("%s\n", a.text("CRL renouvelée :", "CRL renewed:"))
			a.listFiles(made)
			return nil
		},
	}
	a.pkiDirFlag(cmd, &dir)
	a.crlDaysFlag(cmd, &opt.Days)
	return cmd
}

func (a *app) crlDaysFlag(cmd *cobra.Command, days *int) {
	cmd.Flags().IntVar(days, "days", pki.DefaultCRLDays, a.text("validité de la CRL en jours", "validity of the CRL in days"))
}
