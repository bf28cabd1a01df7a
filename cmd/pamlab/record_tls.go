package main

import (
	"crypto/tls"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp"
)

// sideTLS are the TLS flags of one of two sides: prefix-ca, prefix-cert, …
type sideTLS struct {
	prefix string
	tlsFlags
}

// addSideTLS adds the flags of a side. The one that we are a server for has no
// name to expect.
func (a *app) addSideTLS(cmd *cobra.Command, prefix string, server bool, whoFR, whoEN string) *sideTLS {
	s := &sideTLS{prefix: prefix}
	flags := cmd.Flags()
	name := func(n string) string { return prefix + "-" + n }
	say := func(fr, en string) string { return a.text(whoFR+" : "+fr, whoEN+": "+en) }
	flags.StringVar(&s.files.CA, name("ca"), "", say("autorités à qui nous faisons confiance (PEM)", "authorities that we trust (PEM)"))
	flags.StringVar(&s.files.Cert, name("cert"), "", say("le certificat que nous montrons (PEM)", "the certificate that we show (PEM)"))
	flags.StringVar(&s.files.Key, name("key"), "", say("sa clé privée (PEM)", "its private key (PEM)"))
	if !server {
		flags.StringVar(&s.files.ServerName, name("server-name"), "", say("nom attendu dans son certificat", "name expected in its certificate"))
	}
	flags.StringArrayVar(&s.crl, name("crl"), nil, say("listes de révocation, fichier ou dossier (répétable)", "revocation lists, file or folder (repeatable)"))
	flags.StringVar(&s.revocation, name("revocation"), "", "off, if-present, required")
	for _, n := range []string{"ca", "cert", "key"} {
		_ = cmd.MarkFlagFilename(name(n), "pem")
	}
	_ = cmd.RegisterFlagCompletionFunc(name("revocation"), cobra.FixedCompletions([]string{"off", "if-present", "required"}, cobra.ShellCompDirectiveNoFileComp))
	return s
}

// side returns the configuration of a side; nil, plain TCP, when no flag is
// given.
func (s *sideTLS) side(make func(mllp.Files) (*tls.Config, error)) (*tls.Config, error) {
	if !s.given() {
		return nil, nil
	}
	switch mllp.RevocationMode(s.revocation) {
	case "", mllp.RevocationOff, mllp.RevocationIfPresent, mllp.RevocationRequired:
	default:
		return nil, usageError(
			fmt.Sprintf("--%s-revocation %q est inconnu", s.prefix, s.revocation),
			fmt.Sprintf("--%s-revocation %q is unknown", s.prefix, s.revocation),
			"off, if-present, required", "off, if-present, required")
	}
	if s.files.CA == "" {
		return nil, usageError(
			fmt.Sprintf("sans --%s-ca, le certificat du correspondant ne peut être vérifié", s.prefix),
			fmt.Sprintf("without --%s-ca the peer's certificate cannot be verified", s.prefix),
			"« pamlab pki init » fabrique une autorité de test", "`pamlab pki init` makes a test authority")
	}
	config, err := make(s.mllpFiles())
	if err != nil {
		return nil, withCode(identityCode(err), err)
	}
	return config, nil
}
