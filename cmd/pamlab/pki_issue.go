package main

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
)

func (a *app) pkiIssueCommand() *cobra.Command {
	var dir, usage, passwordFile string
	var p12 bool
	var ips []string
	var opt pki.IssueOptions
	cmd := &cobra.Command{
		Use:   "issue",
		Short: a.text("Crée une identité de plus", "Makes one more identity"),
		Example: examples(
			"pamlab pki issue --name dmn.chu.test", a.text("pki/dmn.chu.test.pem et sa clé", "pki/dmn.chu.test.pem and its key"),
			"pamlab pki issue --name dmn.chu.test --ip 10.1.2.3 --as dmn2", a.text("avec une adresse, sous un autre nom de fichier", "with an address, under another file name"),
			"pamlab pki issue --name dmn.chu.test --p12", a.text("et un PKCS#12 pour Java ou Windows", "and a PKCS#12 for Java or Windows"),
		),
		Args: a.noArgs,
		RunE: func(*cobra.Command, []string) (err error) {
			opt.Usage = pki.Usage(usage)
			opt.Names = append(opt.Names, ips...)
			if p12 {
				if opt.Password, err = a.p12Password(passwordFile); err != nil {
					return err
				}
				if opt.Password == "" {
					opt.Password, opt.KeepPassword = rand.Text(), true
				}
			}
			made, err := pki.Issue(dir, opt)
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			a.printf("%s\n", a.text("Identité créée :", "Identity made:"))
			a.listFiles(made)
			a.profileNote(made.Profile)
			return nil
		},
	}
	flags := cmd.Flags()
	a.pkiDirFlag(cmd, &dir)
	flags.StringArrayVar(&opt.Names, "name", nil, a.text("nom DNS du certificat (répétable)", "DNS name in the certificate (repeatable)"))
	flags.StringArrayVar(&ips, "ip", nil, a.text("adresse IP du certificat (répétable)", "IP address in the certificate (repeatable)"))
	a.leafFlags(cmd, &opt.As, &usage, &opt.Days, &opt.Force)
	a.pkiKeyFlag(cmd, &opt.Key)
	flags.BoolVar(&p12, "p12", false, a.text("aussi NOM.p12 (PKCS#12), avec le mot de passe de --password-file ou PAMLAB_P12_PASSWORD, sinon un nouveau, écrit dans NOM.p12.password", "NAME.p12 (PKCS#12) too, with the password of --password-file or PAMLAB_P12_PASSWORD, else a new one, written to NAME.p12.password"))
	flags.StringVar(&passwordFile, "password-file", "", a.text("fichier dont la première ligne est le mot de passe", "file whose first line is the password"))
	return cmd
}

// leafFlags are the flags of whatever makes a certificate of an identity.
func (a *app) leafFlags(cmd *cobra.Command, as, usage *string, days *int, force *bool) {
	flags := cmd.Flags()
	flags.StringVar(as, "as", "", a.text("nom des fichiers", "name of the files"))
	flags.StringVar(usage, "usage", "", a.text("client, server ou both (par défaut both, si le profil le permet)", "client, server or both (both by default, if the profile allows it)"))
	flags.IntVar(days, "days", 0, a.text("validité en jours (365, sauf si le profil en dit plus)", "validity in days (365, unless the profile says more)"))
	flags.BoolVar(force, "force", false, a.text("écrase ce qui existe", "overwrite what exists"))
	_ = cmd.RegisterFlagCompletionFunc("usage", cobra.FixedCompletions([]string{"client", "server", "both"}, cobra.ShellCompDirectiveNoFileComp))
}

// maxPassword bounds what is read of a file that is said to hold a password.
const maxPassword = 1024

// p12Password finds the password, "" when nobody has given one: never on the
// command line, which others see.
func (a *app) p12Password(file string) (string, error) {
	if file == "" {
		v, _ := a.getenv("PAMLAB_P12_PASSWORD")
		return v, nil
	}
	unusable := func(fr, en string) error {
		return &exitError{code: scenarios.ExitUnusable, text: scenarios.Text{FR: file + " : " + fr, EN: file + ": " + en}}
	}
	f, err := os.Open(file)
	if err != nil {
		return "", unusable("mot de passe illisible", "the password cannot be read")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	line, _, _ := bytes.Cut(data, []byte("\n"))
	switch password := strings.TrimSuffix(string(line), "\r"); {
	case err != nil:
		return "", unusable("mot de passe illisible", "the password cannot be read")
	case password == "":
		return "", unusable("la première ligne est vide", "the first line is empty")
	case len(password) > maxPassword:
		return "", unusable("mot de passe trop long", "the password is too long")
	default:
		return password, nil
	}
}

func (a *app) pkiSignCommand() *cobra.Command {
	var dir, usage string
	var dryRun bool
	var opt pki.SignOptions
	cmd := &cobra.Command{
		Use:   a.text("sign DEMANDE.csr", "sign REQUEST.csr"),
		Short: a.text("Signe une demande de certificat (PKCS#10)", "Signs a certificate signing request (PKCS#10)"),
		Example: examples(
			"pamlab pki sign dmn.csr", a.text("pki/dmn.pem ; la clé reste chez le demandeur", "pki/dmn.pem; the key stays with who asked"),
			"pamlab pki sign dmn.csr --dry-run", a.text("montre seulement ce qui est demandé", "only shows what is asked for"),
			"pamlab pki sign dmn.csr --name dmn.chu.test", a.text("ajoute un nom que la demande n'a pas", "adds a name that the request lacks"),
		),
		Args: a.oneFile("une demande de certificat", "a certificate signing request"),
		RunE: func(_ *cobra.Command, args []string) error {
			request, err := pki.ReadRequest(args[0])
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			a.showRequest(request)
			if dryRun {
				return nil
			}
			opt.Usage = pki.Usage(usage)
			made, err := pki.Sign(dir, request, opt)
			if err != nil {
				return withCode(pkiCode(err), err)
			}
			a.printf("\n%s\n", a.text("Certificat signé :", "Certificate signed:"))
			a.listFiles(made)
			a.profileNote(made.Profile)
			return nil
		},
	}
	a.pkiDirFlag(cmd, &dir)
	cmd.Flags().StringArrayVar(&opt.Names, "name", nil, a.text("nom DNS ou adresse IP de plus (répétable)", "further DNS name or IP address (repeatable)"))
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, a.text("montre la demande sans la signer", "show the request without signing it"))
	a.leafFlags(cmd, &opt.As, &usage, &opt.Days, &opt.Force)
	return cmd
}

func (a *app) showRequest(r *pki.Request) {
	a.printf("%s\n", r.File)
	a.row("sujet", "subject", r.Subject)
	names := strings.Join(r.Names, ", ")
	if names == "" {
		names = a.text("aucun", "none")
	}
	a.row("noms", "names", names)
	a.row("clé", "key", r.Key)
}

// oneFile wants exactly one argument, which it names.
func (a *app) oneFile(fr, en string) cobra.PositionalArgs {
	some := a.someArgs(fr, en)
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError("« "+cmd.CommandPath()+" » n'attend que "+fr, "`"+cmd.CommandPath()+"` needs "+en+" and nothing else")
		}
		return some(cmd, args)
	}
}
