package reference

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"

	"github.com/pamlab/pamlab/mllp"
)

// The names of the bugs of TLS: whom the DMN lets in, what it speaks, how it
// says no, and what it makes of a renewed certificate of its own.
const (
	acceptsAnonymous   = "accepts-anonymous"
	acceptsExpired     = "accepts-expired"
	acceptsNotYetValid = "accepts-not-yet-valid"
	acceptsOtherCA     = "accepts-other-ca"
	acceptsSelfSigned  = "accepts-self-signed"
	acceptsServerOnly  = "accepts-server-only"
	acceptsRevoked     = "accepts-revoked"
	acceptsWeakKey     = "accepts-weak-key"
	acceptsSHA1        = "accepts-sha1"
	refusesRSA         = "refuses-rsa"
	refusesP384        = "refuses-p-384"
	refusesManyNames   = "refuses-many-names"

	acceptsOldTLS     = "accepts-tls-1.0"
	acceptsWeakSuites = "accepts-weak-suites"
	speaksPlainToo    = "speaks-plain-too"
	noTLS12           = "no-tls-1.2"
	noTLS13           = "no-tls-1.3"

	wrongAlert    = "wrong-alert"
	silentRefusal = "silent-refusal"

	keepsOldCertificate = "keeps-old-certificate"
	closesOnRenewal     = "closes-on-renewal"
)

func tlsBugs() []Bug {
	return []Bug{
		{acceptsAnonymous, Text{"accepte une connexion TLS sans certificat de client", "accepts a TLS connection without a client certificate"}},
		{acceptsExpired, Text{"accepte un certificat de client expiré", "accepts a client certificate that has expired"}},
		{acceptsNotYetValid, Text{"accepte un certificat de client qui n'est pas encore valide", "accepts a client certificate that is not valid yet"}},
		{acceptsOtherCA, Text{"accepte tout certificat de client, de quelque autorité qu'il vienne", "accepts any client certificate, whichever authority it comes from"}},
		{acceptsSelfSigned, Text{"accepte un certificat de client signé par lui-même", "accepts a client certificate that signed itself"}},
		{acceptsServerOnly, Text{"ne regarde pas l'usage (EKU) du certificat de client", "does not look at the purpose (EKU) of the client certificate"}},
		{acceptsRevoked, Text{"ne regarde pas si le certificat de client est révoqué", "does not look whether the client certificate is revoked"}},
		{acceptsWeakKey, Text{"accepte un certificat de client dont la clé RSA n'a que 1024 bits", "accepts a client certificate with an RSA key of 1024 bits only"}},
		{acceptsSHA1, Text{"accepte un certificat de client signé avec SHA-1", "accepts a client certificate that is signed with SHA-1"}},
		{refusesRSA, Text{"refuse les certificats de client à clé RSA", "refuses client certificates with an RSA key"}},
		{refusesP384, Text{"refuse les certificats de client à clé P-384", "refuses client certificates with a key on P-384"}},
		{refusesManyNames, Text{"refuse un certificat de client qui porte beaucoup de noms", "refuses a client certificate with many names"}},

		{acceptsOldTLS, Text{"accepte TLS 1.0 et TLS 1.1", "accepts TLS 1.0 and TLS 1.1"}},
		{acceptsWeakSuites, Text{"accepte les suites sans confidentialité persistante, CBC et 3DES", "accepts the suites without forward secrecy, CBC and 3DES"}},
		{speaksPlainToo, Text{"répond aussi en clair sur le port TLS", "answers plain text too on the TLS port"}},
		{noTLS12, Text{"ne parle que TLS 1.3", "speaks TLS 1.3 only"}},
		{noTLS13, Text{"ne parle pas TLS 1.3", "does not speak TLS 1.3"}},

		{wrongAlert, Text{"refuse avec l'alerte internal_error, quelle que soit la faute, en TLS 1.2", "refuses with the alert internal_error, whatever the fault, in TLS 1.2"}},
		{silentRefusal, Text{"refuse une connexion TLS en raccrochant, sans alerte", "refuses a TLS connection by hanging up, without an alert"}},

		{keepsOldCertificate, Text{"garde son ancien certificat après renouvellement, jusqu'au redémarrage", "keeps its old certificate after renewal, until it is restarted"}},
		{closesOnRenewal, Text{"ferme les connexions ouvertes quand son certificat est renouvelé", "closes the open connections when its certificate is renewed"}},
	}
}

// A tlsBend puts the bugs of TLS into a server.
type tlsBend struct {
	faults
	lax      laxity
	renewals *renewals
}

func (f faults) tlsBend(files *mllp.Files) (*tlsBend, error) {
	authorities, err := certificates(files.CA)
	return &tlsBend{f, laxity{
		expired: f.on(acceptsExpired), notYetValid: f.on(acceptsNotYetValid), selfSigned: f.on(acceptsSelfSigned),
		anyUsage: f.on(acceptsServerOnly), sha1: f.on(acceptsSHA1), authorities: authorities,
	}, &renewals{open: map[net.Conn]struct{}{}}}, err
}

// config changes the configuration of each handshake.
func (b *tlsBend) config(config *tls.Config) *tls.Config {
	strict := config.GetConfigForClient
	loose := config.Clone()
	loose.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c := config
		if !b.on(keepsOldCertificate) {
			renewed, err := strict(hello)
			if err != nil {
				return nil, err
			}
			c = renewed
		}
		c = c.Clone()
		c.GetConfigForClient = nil
		b.versions(c, hello)
		b.verification(c, hello)
		if b.on(closesOnRenewal) {
			b.renewals.handshake(hello.Conn, c.Certificates[0].Leaf)
		}
		return c, nil
	}
	return loose
}

// versions changes what of TLS is spoken with a client.
func (b *tlsBend) versions(c *tls.Config, hello *tls.ClientHelloInfo) {
	if b.on(noTLS13, wrongAlert) {
		c.MaxVersion = tls.VersionTLS12
	}
	if b.on(noTLS12) {
		c.MinVersion = tls.VersionTLS13
	}
	old := !slices.ContainsFunc(hello.SupportedVersions, func(v uint16) bool { return v >= tls.VersionTLS12 })
	switch {
	case old && b.on(acceptsOldTLS): // with the suites of their time, which 1.2 does not get
		c.MinVersion, c.CipherSuites = tls.VersionTLS10, everySuite()
	case b.on(acceptsWeakSuites):
		c.CipherSuites = everySuite()
	}
}

func everySuite() (ids []uint16) {
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, s.ID)
	}
	return ids
}

// verification changes whom the server lets in.
func (b *tlsBend) verification(c *tls.Config, hello *tls.ClientHelloInfo) {
	switch {
	case b.on(acceptsOtherCA):
		c.ClientAuth, c.VerifyConnection = tls.RequireAnyClientCert, nil
	case b.lax.any() || b.on(silentRefusal):
		// crypto/tls would not make these mistakes, nor hold its tongue.
		c.ClientAuth = tls.RequestClientCert
		c.VerifyConnection = b.verifier(c.ClientCAs, c.VerifyConnection)
	case b.on(acceptsAnonymous):
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	if b.on(refusesRSA, refusesP384, refusesManyNames) {
		c.VerifyConnection = picky{b.on(refusesRSA), b.on(refusesP384), b.on(refusesManyNames)}.verify(c.VerifyConnection)
	}
	if verify := c.VerifyConnection; b.on(silentRefusal) && verify != nil {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			err := verify(state)
			if err != nil {
				_ = hello.Conn.Close()
			}
			return err
		}
	}
}

var (
	errNoCertificate = errors.New("the client has no certificate")
	errPicky         = errors.New("a certificate of this kind is not taken")
)

// verifier does what crypto/tls does with a client's certificate, but for what
// the bugs overlook.
func (b *tlsBend) verifier(roots *x509.CertPool, verify func(tls.ConnectionState) error) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) (err error) {
		switch {
		case len(state.PeerCertificates) > 0:
		case b.on(acceptsAnonymous):
			return nil
		default:
			return errNoCertificate
		}
		opts := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		if state.VerifiedChains, err = b.lax.verify(state.PeerCertificates, opts); err != nil {
			return err
		}
		return verify(state)
	}
}

// picky is a verification that refuses what nobody may refuse.
type picky struct {
	rsa, p384, manyNames bool
}

func (p picky) verify(then func(tls.ConnectionState) error) func(tls.ConnectionState) error {
	const many = 20
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return then(state)
		}
		c := state.PeerCertificates[0]
		_, isRSA := c.PublicKey.(*rsa.PublicKey)
		curve, _ := c.PublicKey.(*ecdsa.PublicKey)
		if p.rsa && isRSA || p.p384 && curve != nil && curve.Curve == elliptic.P384() || p.manyNames && len(c.DNSNames) > many {
			return errPicky
		}
		return then(state)
	}
}
