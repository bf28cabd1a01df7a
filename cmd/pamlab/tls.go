package main

import (
	"crypto/tls"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp"
)

// tlsFlags are the flags of every command that speaks TLS.
type tlsFlags struct {
	files      tlsFiles
	revocation string
	crl        []string
}

type tlsFiles struct{ CA, Cert, Key, ServerName string }

// given reports whether there is any of them.
func (t *tlsFlags) given() bool {
	return t.files != (tlsFiles{}) || t.revocation != "" || len(t.crl) > 0
}

// check refuses a word that is no mode.
func (t *tlsFlags) check() error {
	switch mllp.RevocationMode(t.revocation) {
	case "", mllp.RevocationOff, mllp.RevocationIfPresent, mllp.RevocationRequired:
		return nil
	}
	return usageError(
		fmt.Sprintf("--tls-revocation %q est inconnu", t.revocation),
		fmt.Sprintf("--tls-revocation %q is unknown", t.revocation),
		"off, if-present, required", "off, if-present, required")
}

func (a *app) addTLSFlags(cmd *cobra.Command) *tlsFlags {
	t := &tlsFlags{}
	flags := cmd.Flags()
	flags.StringVar(&t.files.CA, "tls-ca", "", a.text("autorités à qui nous faisons confiance (PEM)", "authorities that we trust (PEM)"))
	flags.StringVar(&t.files.Cert, "tls-cert", "", a.text("notre certificat (PEM)", "our certificate (PEM)"))
	flags.StringVar(&t.files.Key, "tls-key", "", a.text("sa clé privée (PEM)", "its private key (PEM)"))
	flags.StringVar(&t.files.ServerName, "tls-server-name", "", a.text("nom attendu dans le certificat du serveur", "name expected in the server's certificate"))
	flags.StringArrayVar(&t.crl, "tls-crl", nil, a.text("listes de révocation, fichier PEM ou DER, ou dossier (répétable)", "revocation lists, a PEM or DER file, or a folder (repeatable)"))
	flags.StringVar(&t.revocation, "tls-revocation", "", a.text("certificats révoqués : off, if-present (d'office avec --tls-crl), required", "revoked certificates: off, if-present (the default with --tls-crl), required"))
	for _, name := range []string{"tls-ca", "tls-cert", "tls-key"} {
		_ = cmd.MarkFlagFilename(name, "pem")
	}
	_ = cmd.RegisterFlagCompletionFunc("tls-revocation", cobra.FixedCompletions([]string{"off", "if-present", "required"}, cobra.ShellCompDirectiveNoFileComp))
	return t
}

// config returns nil, plain TCP, when no flag is given.
func (t *tlsFlags) config() (*tls.Config, error) {
	if !t.given() {
		return nil, nil
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	if t.files.CA == "" {
		return nil, usageError(
			"sans --tls-ca, le certificat du serveur ne peut être vérifié",
			"without --tls-ca the server's certificate cannot be verified",
			"« pamlab pki init » fabrique une autorité de test", "`pamlab pki init` makes a test authority")
	}
	return t.mllpFiles().ClientConfig()
}

// mllpFiles are what the flags name.
func (t *tlsFlags) mllpFiles() mllp.Files {
	return mllp.Files{
		CA: t.files.CA, Cert: t.files.Cert, Key: t.files.Key, ServerName: t.files.ServerName,
		Revocation: mllp.RevocationMode(t.revocation), CRL: t.crl,
	}
}
