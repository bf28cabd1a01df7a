package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// chain looks at the certificates of the server one by one. A verification stops
// at its first fault; here each is told.
func (e *exam) chain(_ context.Context, c *Check) {
	chain := e.best.chain
	if len(chain) == 0 {
		c.Found = textf("le serveur n'a pas de certificat", "the server has no certificate")
		c.fault(Peer, "chain.none", c.Found, textf("donnez-lui un certificat et sa clé", "give it a certificate and its key"))
		return
	}
	now := e.opt.Now()
	facts := &ChainFacts{Certificates: certificates(chain, now), Expected: e.name}
	e.report.Facts.Chain = facts
	chain, first := judgeFirst(c, judgeTwice(c, chain))
	leaf := chain[0]
	c.Found = joined(", ", both(called(leaf)), textf("émis par %s", "issued by %s", issuerOf(leaf)), both(keyText(leaf)), remainder(leaf, now))
	renew := textf("faites renouveler ce certificat chez le correspondant", "have this certificate renewed at the peer")
	for _, cert := range chain {
		e.judgeDates(c, cert, Peer, renew)
		judgeStrength(c, cert, Peer)
	}
	facts.Ordered = judgeOrder(c, chain) && first
	e.judgeTrust(c, facts, chain)
	judgePurpose(c, leaf)
	facts.NameMatches = e.judgeName(c, leaf)
	e.judgeRevocation(c, facts)
}

// judgeTwice returns the chain without what was in it before.
func judgeTwice(c *Check, chain []*x509.Certificate) []*x509.Certificate {
	var once []*x509.Certificate
	for _, cert := range chain {
		if slices.ContainsFunc(once, cert.Equal) {
			c.warn(Peer, "chain.twice", textf("%s est envoyé deux fois", "%s is sent twice", called(cert)),
				textf("ôtez-le du fichier de la chaîne, chez le correspondant", "take it out of the file of the chain, at the peer"))
			continue
		}
		once = append(once, cert)
	}
	return once
}

// judgeFirst returns the chain with the server's own certificate first, and
// whether it was there: an authority in its place is signed for by nobody here.
func judgeFirst(c *Check, chain []*x509.Certificate) ([]*x509.Certificate, bool) {
	own := slices.IndexFunc(chain, func(cert *x509.Certificate) bool { return !cert.IsCA })
	if own <= 0 {
		return chain, true
	}
	c.fault(Peer, "chain.authority-first",
		textf("la chaîne commence par une autorité (%s) ; le certificat du serveur (%s) vient après", "the chain begins with an authority (%s); the certificate of the server (%s) comes after", called(chain[0]), called(chain[own])),
		textf("mettez le certificat du serveur en tête du fichier, puis l'autorité qui l'a signé", "put the certificate of the server first into the file, then the authority that signed it"))
	ordered := append([]*x509.Certificate{chain[own]}, chain[:own]...)
	return append(ordered, chain[own+1:]...), false
}

// judgeOrder reports whether each certificate is followed by the one that signed
// it (RFC 5246 §7.4.2 demands it; many clients do without).
func judgeOrder(c *Check, chain []*x509.Certificate) bool {
	for i := range chain[1:] {
		if string(chain[i].RawIssuer) == string(chain[i+1].RawSubject) {
			continue
		}
		c.warn(Peer, "chain.order",
			textf("la chaîne est en désordre : après %s vient %s, qui ne l'a pas signé", "the chain is out of order: after %s comes %s, which did not sign it", called(chain[i]), called(chain[i+1])),
			textf("mettez dans le fichier du serveur son certificat, puis l'intermédiaire qui l'a signé, et ainsi de suite", "put into the server's file its certificate, then the intermediate that signed it, and so on"))
		return false
	}
	return true
}

// judgeTrust finds out whether the chain leads to one of our authorities. Dates,
// purpose and name are told apart from that.
func (e *exam) judgeTrust(c *Check, facts *ChainFacts, chain []*x509.Certificate) {
	if e.pool == nil {
		c.note("chain.unverified", textf("sans autorité à nous, la chaîne ne peut être vérifiée", "without an authority of ours the chain cannot be verified"),
			textf("donnez celle du correspondant : --tls-ca", "give that of the peer: --tls-ca"))
		return
	}
	err := e.verify(chain)
	trusted := err == nil
	facts.Trusted = &trusted
	if trusted || slices.ContainsFunc(chain, weakSignature) { // a signature that is too weak counts for none, and was told
		return
	}
	text, remedy, code := e.whyUntrusted(chain, err)
	c.fault(Match, code, text, remedy)
}

// verify verifies signatures alone: at a time when all of the chain is valid, if
// there is one, and for whatever purpose.
func (e *exam) verify(chain []*x509.Certificate) error {
	opts := x509.VerifyOptions{
		Roots: e.pool, Intermediates: x509.NewCertPool(), CurrentTime: e.opt.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, cert := range chain[1:] {
		opts.Intermediates.AddCert(cert)
	}
	_, err := chain[0].Verify(opts)
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		opts.CurrentTime = chain[0].NotBefore
		for _, cert := range append(chain[1:len(chain):len(chain)], e.ours...) {
			if cert.NotBefore.After(opts.CurrentTime) && !cert.NotBefore.After(chain[0].NotAfter) {
				opts.CurrentTime = cert.NotBefore
			}
		}
		_, err = chain[0].Verify(opts)
		if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
			return nil // told with the dates
		}
	}
	return err
}

// whyUntrusted tells the usual reasons apart why a chain does not lead to one of
// our authorities.
func (e *exam) whyUntrusted(chain []*x509.Certificate, err error) (text, remedy scenarios.Text, code string) {
	top := topOf(chain)
	authorities := make([]string, 0, len(e.ours))
	for _, ca := range e.ours {
		authorities = append(authorities, ca.Subject.String())
	}
	for _, ca := range e.ours {
		if string(ca.RawSubject) == string(top.RawIssuer) {
			return textf("le certificat nomme %s, notre autorité, mais c'est une autre clé qui l'a signé", "the certificate names %s, our authority, but another key has signed it", called(ca)),
				textf("l'autorité a été refaite depuis : prenez son certificat actuel des deux côtés, et faites refaire les certificats qu'elle avait signés", "the authority was made again since: use its present certificate on both sides, and have the certificates that it had signed made again"),
				"chain.same-name-other-key"
		}
	}
	switch {
	case selfIssued(top) && len(chain) == 1:
		return textf("le certificat est autosigné, et il n'est pas parmi nos autorités", "the certificate is self-signed, and is not among our authorities"),
			textf("ajoutez ce certificat à nos autorités (--tls-ca) si c'est bien le correspondant, ou faites-le signer par une autorité commune", "add this certificate to our authorities (--tls-ca) if this really is the peer, or have it signed by a common authority"),
			"chain.self-signed"
	case selfIssued(top):
		return textf("la chaîne mène à %s, qui n'est pas parmi nos autorités (%s)", "the chain leads to %s, which is not among our authorities (%s)", top.Subject, list(authorities)),
			textf("ajoutez le certificat de cette autorité à nos autorités (--tls-ca), ou corrigez l'identité du correspondant", "add the certificate of that authority to our authorities (--tls-ca), or correct the identity of the peer"),
			"chain.other-authority"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return textf("%s est signé par %s, que le serveur n'envoie pas et qui n'est pas parmi nos autorités (%s)", "%s is signed by %s, which the server does not send and which is not among our authorities (%s)", called(top), top.Issuer, list(authorities)),
			textf("si c'est une autorité intermédiaire, mettez-la derrière le certificat du serveur ; sinon ajoutez-la à nos autorités (--tls-ca)", "if it is an intermediate authority, put it behind the certificate of the server; otherwise add it to our authorities (--tls-ca)"),
			"chain.unknown-authority"
	}
	return both(err.Error()), scenarios.Text{}, "chain.invalid"
}

// topOf follows a chain upwards from its first certificate, in whatever order
// the rest is.
func topOf(chain []*x509.Certificate) *x509.Certificate {
	top := chain[0]
	for range chain {
		for _, above := range chain[1:] {
			if above != top && string(above.RawSubject) == string(top.RawIssuer) {
				top = above
				break
			}
		}
	}
	return top
}

func judgePurpose(c *Check, leaf *x509.Certificate) {
	if !meant(leaf, x509.ExtKeyUsageServerAuth) {
		c.fault(Peer, "chain.not-for-servers",
			textf("le certificat n'est pas fait pour un serveur : ses usages sont %s", "the certificate is not meant for a server: its usages are %s", list(usages(leaf))),
			textf("faites-le refaire avec l'usage serverAuth", "have it made again with the usage serverAuth"))
	}
	if leaf.IsCA && !selfIssued(leaf) {
		c.warn(Peer, "chain.authority-as-server",
			textf("le serveur se présente avec le certificat d'une autorité", "the server shows the certificate of an authority"),
			textf("faites-lui un certificat de serveur", "make it a certificate of a server"))
	}
}

// judgeName reports whether the certificate is made out to the name that we
// expect.
func (e *exam) judgeName(c *Check, leaf *x509.Certificate) bool {
	if leaf.VerifyHostname(e.name) == nil {
		return true
	}
	names := sans(leaf)
	if len(names) == 0 {
		c.fault(Peer, "chain.no-names",
			textf("le certificat n'a pas de nom (subjectAltName), seulement CN=%s, que l'on ne regarde plus", "the certificate has no name (subjectAltName), only CN=%s, which is not looked at any more", leaf.Subject.CommonName),
			textf("faites-le refaire avec %s parmi ses noms", "have it made again with %s among its names", e.name))
		return false
	}
	remedy := textf("faites-le refaire avec ce nom parmi les siens", "have it made again with this name among its own")
	if e.opt.Files != nil {
		usual := names[0]
		for _, name := range names {
			if net.ParseIP(name) == nil && !strings.HasPrefix(name, "*") && name != "localhost" {
				usual = name
				break
			}
		}
		remedy = textf("si c'est bien le correspondant : --tls-server-name %s ; sinon faites-le refaire avec ce nom", "if this really is the peer: --tls-server-name %s; otherwise have it made again with this name", usual)
	}
	const shown = 8
	if len(names) > shown {
		names = append(names[:shown:shown], "…")
	}
	c.fault(Match, "chain.other-name",
		textf("le certificat n'est pas au nom de %s, mais de : %s", "the certificate is not for %s, but for: %s", e.name, strings.Join(names, ", ")), remedy)
	return false
}

// judgeRevocation looks the chain up in the revocation lists, and reads the OCSP
// response that the server attaches, where that is asked for. It goes the way of
// every other command, which gets there only when all else is in order.
func (e *exam) judgeRevocation(c *Check, facts *ChainFacts) {
	f := e.opt.Files
	if f == nil || e.pool == nil || f.Revocation == mllp.RevocationOff || f.Revocation == "" && len(f.CRL) == 0 {
		return
	}
	config, err := mllp.Files{CA: f.CA, ServerName: e.name, Revocation: f.Revocation, CRL: f.CRL, OnReload: func(error) {}}.ClientConfig()
	if err != nil {
		return // told with our own files
	}
	err = config.VerifyConnection(e.best.state)
	revoked, ok := errors.AsType[*mllp.RevocationError](err)
	switch {
	case ok:
		facts.Revocation = string(revoked.Kind)
		side := Match
		if revoked.Kind == mllp.Revoked {
			side = Peer
		}
		c.fault(side, "chain.revocation-"+string(revoked.Kind), told(revoked), advised(revoked))
	case err == nil:
		facts.Revocation = "good"
	default:
		c.note("chain.revocation-not-judged", textf("la révocation n'est pas regardée : la chaîne n'est pas valable", "revocation is not looked at: the chain is not valid"),
			textf("corrigez d'abord ce qui précède", "mend what is told before first"))
	}
}
