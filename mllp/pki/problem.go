package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"
)

// A Problem is what is wrong with a certificate or a CRL, in plain words.
type Problem struct {
	Code string // for programs
	Text Text
	Note bool // no fault, but good to know
}

// Problems are what is wrong with the certificate, or will be to many a peer.
func (i Info) Problems(now time.Time) []Problem {
	var all []Problem
	add := func(code, fr, en string) { all = append(all, Problem{Code: code, Text: Text{fr, en}}) }
	c := i.cert
	if c == nil {
		return nil
	}
	switch {
	case now.After(c.NotAfter):
		add("expired", "expiré", "expired")
	case now.Before(c.NotBefore):
		add("not-yet-valid", "pas encore valide", "not valid yet")
	}
	if i.after != nil && !selfIssued(i.after) && signed(c, i.after) {
		add("chain-order", "placé avant le certificat qu'il a signé : la chaîne est dans le désordre", "stands before the certificate that it signed: the chain is out of order")
	}
	if i.before != nil && !signed(c, i.before) {
		add("chain-order", "n'a pas signé le certificat qui le précède : la chaîne est dans le désordre, ou il lui manque un maillon",
			"did not sign the certificate before it: the chain is out of order, or a link is missing")
	}
	if fr, en := weakKey(c.PublicKey); en != "" {
		add("weak-key", fr, en)
	}
	if weakSignature(c.SignatureAlgorithm) && !selfIssued(c) {
		add("sha1", "signature "+c.SignatureAlgorithm.String()+" : contrefaisable, beaucoup la refusent", "signature "+c.SignatureAlgorithm.String()+": can be forged, many refuse it")
	}
	if !c.IsCA {
		all = append(all, leafProblems(c)...)
	}
	return all
}

// leafProblems are those that an authority cannot have.
func leafProblems(c *x509.Certificate) []Problem {
	var all []Problem
	add := func(code, fr, en string) { all = append(all, Problem{Code: code, Text: Text{fr, en}}) }
	note := func(code, fr, en string) { all = append(all, Problem{Code: code, Text: Text{fr, en}, Note: true}) }
	if selfIssued(c) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
		add("self-signed", "signé par lui-même : aucune autorité n'en répond", "signed by itself: no authority vouches for it")
	}
	if len(c.DNSNames)+len(c.IPAddresses) == 0 {
		add("no-san", "aucun nom (subjectAltName) : refusé d'un serveur par qui vérifie les noms", "no name (subjectAltName): refused of a server by who checks names")
	}
	switch client, server := usages(c); {
	case !client && !server:
		add("usage", "ni pour un client ni pour un serveur (usage étendu)", "neither for a client nor for a server (extended key usage)")
	case !client:
		note("server-only", "pour un serveur seulement (usage étendu) : refusé d'un client", "for a server only (extended key usage): refused of a client")
	case !server:
		note("client-only", "pour un client seulement (usage étendu) : refusé d'un serveur", "for a client only (extended key usage): refused of a server")
	}
	if days := int(c.NotAfter.Sub(c.NotBefore).Hours() / 24); days > MaxDays+1 { // a leap day
		note("long", fmt.Sprintf("valable %d jours : deux ans au plus sont recommandés (IHE ITI TF-2 3.19)", days),
			fmt.Sprintf("valid for %d days: two years at most are recommended (IHE ITI TF-2 3.19)", days))
	}
	return all
}

// Unvouched is the problem of the last certificate of a file that none of the
// authorities signed, nor another certificate of the file: whoever trusts those
// authorities only refuses it. ok is false where there is no such problem, and
// where nothing can be said: for other certificates, and without authorities.
func (i Info) Unvouched(authorities []Info) (p Problem, ok bool) {
	if i.cert == nil || i.Position != i.Of || len(authorities) == 0 || selfIssued(i.cert) || i.before != nil && signed(i.before, i.cert) {
		return Problem{}, false
	}
	for _, a := range authorities {
		if a.CA && a.cert != nil && signed(a.cert, i.cert) {
			return Problem{}, false
		}
	}
	return Problem{Code: "no-authority", Text: Text{
		"son émetteur n'est ni dans ce fichier ni dans " + authorities[0].File + " : un certificat intermédiaire manque, ou c'est une autre autorité",
		"its issuer is neither in this file nor in " + authorities[0].File + ": an intermediate certificate is missing, or it is another authority",
	}}, true
}

// usages tells at which ends a certificate may be used.
func usages(c *x509.Certificate) (client, server bool) {
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true, true
	}
	for _, u := range c.ExtKeyUsage {
		client = client || u == x509.ExtKeyUsageClientAuth || u == x509.ExtKeyUsageAny
		server = server || u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny
	}
	return client, server
}

// signed reports whether ca is said to have signed c, and can have: the
// signature itself is not looked at, since it may be too weak to be verified.
func signed(ca, c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, ca.RawSubject) && (len(c.AuthorityKeyId) == 0 || len(ca.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, ca.SubjectKeyId))
}

func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}
