package main

import (
	"crypto/tls"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp"
)

// tlsFlags are the four flags of every command that speaks TLS.
type tlsFlags struct{ files tlsFiles }

type tlsFiles struct{ CA, Cert, Key, ServerName string }

func (a *app) addTLSFlags(cmd *cobra.Command) *tlsFlags {
	t := &tlsFlags{}
	flags := cmd.Flags()
	flags.StringVar(&t.files.CA, "tls-ca", "", a.text("autorités à qui nous faisons confiance (PEM)", "authorities that we trust (PEM)"))
	flags.StringVar(&t.files.Cert, "tls-cert", "", a.text("notre certificat (PEM)", "our certificate (PEM)"))
	flags.StringVar(&t.files.Key, "tls-key", "", a.text("sa clé privée (PEM)", "its private key (PEM)"))
	flags.StringVar(&t.files.ServerName, "tls-server-name", "", a.text("nom attendu dans le certificat du serveur", "name expected in the server's certificate"))
	for _, name := range []string{"tls-ca", "tls-cert", "tls-key"} {
		_ = cmd.MarkFlagFilename(name, "pem")
	}
	return t
}

// config returns nil, plain TCP, when no flag is given.
func (t *tlsFlags) config() (*tls.Config, error) {
	if t.files == (tlsFiles{}) {
		return nil, nil
	}
	if t.files.CA == "" {
		return nil, usageError(
			"sans --tls-ca, le certificat du serveur ne peut être vérifié",
			"without --tls-ca the server's certificate cannot be verified",
			"« pamlab pki init » fabrique une autorité de test", "`pamlab pki init` makes a test authority")
	}
	f := mllp.Files{CA: t.files.CA, Cert: t.files.Cert, Key: t.files.Key, ServerName: t.files.ServerName}
	return f.ClientConfig()
}
