package reference

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"

	"github.com/pamlab/pamlab/mllp"
)

// The names of the bugs of a GAM on TLS; the others are in gambugs.go.
const (
	gamAcceptsExpired     = "gam-accepts-expired"
	gamAcceptsNotYetValid = "gam-accepts-not-yet-valid"
	gamAcceptsAnyServer   = "gam-accepts-any-server"
	gamAcceptsSelfSigned  = "gam-accepts-self-signed"
	gamAcceptsClientOnly  = "gam-accepts-client-only"
	gamAcceptsRevoked     = "gam-accepts-revoked"
	gamAcceptsWeakKey     = "gam-accepts-weak-key"
	gamAcceptsSHA1        = "gam-accepts-sha1"
	gamIgnoresName        = "gam-ignores-name"
	gamRefusesRSA         = "gam-refuses-rsa"
	gamRefusesManyNames   = "gam-refuses-many-names"
	gamPins               = "gam-pins-certificate"
	gamShowsNothing       = "gam-anonymous"

	gamSpeaksOldTLS  = "gam-speaks-tls-1.0"
	gamSpeaksWeak    = "gam-speaks-weak-suites"
	gamPlainFallback = "gam-plain-fallback"
	gamNoTLS12       = "gam-no-tls-1.2"
	gamNoTLS13       = "gam-no-tls-1.3"
	gamSilentRefusal = "gam-silent-refusal"
)

func gamTLSBugs() []Bug {
	return []Bug{
		{gamAcceptsExpired, Text{"accepte un certificat de serveur expiré", "accepts a server certificate that has expired"}},
		{gamAcceptsNotYetValid, Text{"accepte un certificat de serveur qui n'est pas encore valide", "accepts a server certificate that is not valid yet"}},
		{gamAcceptsAnyServer, Text{"accepte tout certificat de serveur", "accepts any server certificate"}},
		{gamAcceptsSelfSigned, Text{"accepte un certificat de serveur signé par lui-même", "accepts a server certificate that signed itself"}},
		{gamAcceptsClientOnly, Text{"ne regarde pas l'usage (EKU) du certificat de serveur", "does not look at the purpose (EKU) of the server certificate"}},
		{gamAcceptsRevoked, Text{"ne regarde pas si le certificat de serveur est révoqué", "does not look whether the server certificate is revoked"}},
		{gamAcceptsWeakKey, Text{"accepte un certificat de serveur dont la clé RSA n'a que 1024 bits", "accepts a server certificate with an RSA key of 1024 bits only"}},
		{gamAcceptsSHA1, Text{"accepte un certificat de serveur signé avec SHA-1", "accepts a server certificate that is signed with SHA-1"}},
		{gamIgnoresName, Text{"ne regarde pas le nom dans le certificat de serveur", "does not look at the name in the server certificate"}},
		{gamRefusesRSA, Text{"refuse les certificats de serveur à clé RSA", "refuses server certificates with an RSA key"}},
		{gamRefusesManyNames, Text{"refuse un certificat de serveur qui porte beaucoup de noms", "refuses a server certificate with many names"}},
		{gamPins, Text{"n'accepte que le premier certificat de serveur qu'il a vu, jusqu'au redémarrage", "takes only the first server certificate that it saw, until it is restarted"}},
		{gamShowsNothing, Text{"ne présente pas de certificat", "shows no certificate"}},

		{gamSpeaksOldTLS, Text{"accepte TLS 1.0 et TLS 1.1", "accepts TLS 1.0 and TLS 1.1"}},
		{gamSpeaksWeak, Text{"accepte les suites sans confidentialité persistante, CBC et 3DES", "accepts the suites without forward secrecy, CBC and 3DES"}},
		{gamPlainFallback, Text{"se rabat sur une connexion en clair quand TLS échoue", "falls back to plain text when TLS fails"}},
		{gamNoTLS12, Text{"ne parle que TLS 1.3", "speaks TLS 1.3 only"}},
		{gamNoTLS13, Text{"ne parle pas TLS 1.3", "does not speak TLS 1.3"}},
		{gamSilentRefusal, Text{"refuse une connexion TLS en raccrochant, sans alerte", "refuses a TLS connection by hanging up, without an alert"}},
	}
}

// client makes the client that speaks TLS, or the only one.
func (g *line) client() (*mllp.Client, error) {
	if g.opt.TLS == nil {
		return g.newClient(nil), nil
	}
	files := *g.opt.TLS
	if g.faults.on(gamAcceptsRevoked) {
		files.Revocation, files.CRL = mllp.RevocationOff, nil
	}
	if g.faults.on(gamShowsNothing) {
		files.Cert, files.Key = "", ""
	}
	config, err := files.ClientConfig()
	if err != nil {
		return nil, err
	}
	authorities, err := certificates(files.CA)
	if err != nil {
		return nil, err
	}
	g.bendVerification(config, laxity{
		expired: g.faults.on(gamAcceptsExpired), notYetValid: g.faults.on(gamAcceptsNotYetValid), selfSigned: g.faults.on(gamAcceptsSelfSigned),
		anyUsage: g.faults.on(gamAcceptsClientOnly), sha1: g.faults.on(gamAcceptsSHA1), authorities: authorities,
	})
	g.bendVersions(config)
	if verify := config.VerifyConnection; g.faults.on(gamSilentRefusal) {
		config.VerifyConnection = func(state tls.ConnectionState) error {
			err := verify(state)
			if err != nil {
				_ = g.raw.Close() // before crypto/tls says why
			}
			return err
		}
	}
	return g.newClient(config), nil
}

// bendVerification changes which servers the GAM takes.
func (g *line) bendVerification(c *tls.Config, lax laxity) {
	if verify := c.VerifyConnection; lax.any() || g.faults.on(gamIgnoresName) {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			err := verify(state)
			if _, revoked := errors.AsType[*mllp.RevocationError](err); err == nil || revoked {
				return err
			}
			opts := x509.VerifyOptions{Roots: lax.pool()}
			if !g.faults.on(gamIgnoresName) {
				opts.DNSName = state.ServerName
			}
			_, err = lax.verify(state.PeerCertificates, opts)
			return err
		}
	}
	if g.faults.on(gamAcceptsAnyServer) {
		c.VerifyConnection = func(tls.ConnectionState) error { return nil }
		return
	}
	if !g.faults.on(gamAcceptsWeakKey) {
		c.VerifyConnection = alsoStrong(c.VerifyConnection)
	}
	c.VerifyConnection = picky{rsa: g.faults.on(gamRefusesRSA), manyNames: g.faults.on(gamRefusesManyNames)}.verify(c.VerifyConnection)
	if g.faults.on(gamPins) {
		c.VerifyConnection = pinned(c.VerifyConnection)
	}
}

// pinned takes the certificate of the first good server alone.
func pinned(verify func(tls.ConnectionState) error) func(tls.ConnectionState) error {
	var first *x509.Certificate
	return func(state tls.ConnectionState) error {
		if err := verify(state); err != nil {
			return err
		}
		if first == nil {
			first = state.PeerCertificates[0]
		}
		if !first.Equal(state.PeerCertificates[0]) {
			return errPicky
		}
		return nil
	}
}

var errWeakSuite = errors.New("a weak suite")

// bendVersions changes what of TLS the GAM speaks.
func (g *line) bendVersions(c *tls.Config) {
	if g.faults.on(gamNoTLS13) {
		c.MaxVersion = tls.VersionTLS12
	}
	if g.faults.on(gamNoTLS12) {
		c.MinVersion = tls.VersionTLS13
	}
	good, verify := c.CipherSuites, c.VerifyConnection
	if g.faults.on(gamSpeaksOldTLS) { // with the suites of their time, which 1.2 may not choose
		c.MinVersion, c.CipherSuites = tls.VersionTLS10, everySuite()
		c.VerifyConnection = func(state tls.ConnectionState) error {
			if state.Version == tls.VersionTLS12 && !slices.Contains(good, state.CipherSuite) {
				return errWeakSuite
			}
			return verify(state)
		}
	}
	if g.faults.on(gamSpeaksWeak) {
		c.CipherSuites, c.VerifyConnection = everySuite(), verify
	}
}
