package doctor

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/pamlab/pamlab/scenarios"
)

// soon is how long before its end a certificate should be renewed.
const soon = 30 // days

// minRSA is what BCP 195 wants of a key; ITI-19 allows a site less.
const minRSA = 2048

func certificate(c *x509.Certificate, now time.Time) Certificate {
	sum := sha256.Sum256(c.Raw)
	return Certificate{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: sans(c), Usages: usages(c), CA: c.IsCA,
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), DaysLeft: daysLeft(c, now),
		Key: keyText(c), Signature: c.SignatureAlgorithm.String(), SHA256: hex.EncodeToString(sum[:]),
	}
}

func certificates(list []*x509.Certificate, now time.Time) []Certificate {
	var all []Certificate
	for _, c := range list {
		all = append(all, certificate(c, now))
	}
	return all
}

func daysLeft(c *x509.Certificate, now time.Time) int {
	return int(math.Floor(c.NotAfter.Sub(now).Hours() / 24))
}

func sans(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func usages(c *x509.Certificate) []string {
	var all []string
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			all = append(all, "serverAuth")
		case x509.ExtKeyUsageClientAuth:
			all = append(all, "clientAuth")
		case x509.ExtKeyUsageAny:
			all = append(all, "any")
		default:
			all = append(all, fmt.Sprintf("eku-%d", u))
		}
	}
	for _, oid := range c.UnknownExtKeyUsage {
		all = append(all, oid.String())
	}
	return all
}

// meant reports whether a certificate may serve a purpose: one that names none
// may serve all (RFC 5280 §4.2.1.12).
func meant(c *x509.Certificate, purpose x509.ExtKeyUsage) bool {
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range c.ExtKeyUsage {
		if u == purpose || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	return false
}

func keyText(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return c.PublicKeyAlgorithm.String()
}

// weakKey and weakSignature report what partners refuse, or soon will.
func weakKey(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() < minRSA
}

func weakSignature(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return !selfIssued(c) // nobody checks the signature of a root
	}
	return false
}

func selfIssued(c *x509.Certificate) bool { return string(c.RawSubject) == string(c.RawIssuer) }

// called names a certificate in a sentence: its whole subject is in the facts.
func called(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return "CN=" + c.Subject.CommonName
	}
	if s := c.Subject.String(); s != "" {
		return s
	}
	return fmt.Sprintf("no. %x", c.SerialNumber)
}

// issuerOf names the authority that a certificate says it is from.
func issuerOf(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return "CN=" + c.Issuer.CommonName
	}
	return cmp.Or(c.Issuer.String(), "—")
}

const dateForm = "2006-01-02 15:04 UTC"

// remainder says how long a certificate is valid.
func remainder(c *x509.Certificate, now time.Time) scenarios.Text {
	switch left := daysLeft(c, now); {
	case now.Before(c.NotBefore):
		return textf("valable à partir du %s", "valid from %s", c.NotBefore.UTC().Format(dateForm))
	case now.After(c.NotAfter):
		return textf("expiré depuis le %s", "expired on %s", c.NotAfter.UTC().Format(dateForm))
	case left == 0:
		return textf("encore %s", "%s left", c.NotAfter.Sub(now).Truncate(time.Second))
	case left == 1:
		return textf("encore 1 jour", "1 day left")
	default:
		return textf("encore %d jours", "%d days left", left)
	}
}

// judgeDates adds a finding for a certificate that is out of date, or soon will
// be. ours says whose it is.
func (e *exam) judgeDates(c *Check, cert *x509.Certificate, side Side, renew scenarios.Text) {
	now := e.opt.Now()
	clock := textf(" ; vérifiez aussi l'heure de cette machine", "; check the clock of this machine as well")
	switch left := daysLeft(cert, now); {
	case now.Before(cert.NotBefore):
		c.fault(side, "certificate.not-yet-valid",
			textf("%s n'est valable qu'à partir du %s", "%s is valid only from %s", called(cert), cert.NotBefore.UTC().Format(dateForm)),
			scenarios.Text{FR: renew.FR + clock.FR, EN: renew.EN + clock.EN})
	case now.After(cert.NotAfter):
		c.fault(side, "certificate.expired",
			textf("%s est expiré depuis le %s", "%s expired on %s", called(cert), cert.NotAfter.UTC().Format(dateForm)),
			scenarios.Text{FR: renew.FR + clock.FR, EN: renew.EN + clock.EN})
	case left < soon:
		span := remainder(cert, now)
		c.warn(side, "certificate.expires-soon",
			scenarios.Text{FR: "validité de " + called(cert) + " : " + span.FR, EN: "validity of " + called(cert) + ": " + span.EN}, renew)
	}
}

// judgeStrength adds a finding for a key or a signature that is too weak.
func judgeStrength(c *Check, cert *x509.Certificate, side Side) {
	if weakKey(cert) {
		c.warn(side, "certificate.weak-key",
			textf("la clé de %s est trop courte : %s", "the key of %s is too short: %s", called(cert), keyText(cert)),
			textf("refaites-le avec une clé RSA de %d bits au moins, ou ECDSA P-256", "have it made again with an RSA key of %d bits or more, or ECDSA P-256", minRSA))
	}
	if weakSignature(cert) {
		c.fault(side, "certificate.weak-signature",
			textf("%s est signé par %s, que l'on refuse", "%s is signed with %s, which is refused", called(cert), cert.SignatureAlgorithm),
			textf("faites-le refaire, signé par SHA-256 ou mieux", "have it made again, signed with SHA-256 or better"))
	}
}
