package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// files looks at our own files: a peer that refuses them is right more often
// than not.
func (e *exam) files(_ context.Context, c *Check) {
	f := e.opt.Files
	if f == nil {
		c.Found = textf("aucun : nous parlons en clair", "none: we speak in plain")
		return
	}
	facts := &FilesFacts{}
	e.report.Facts.Files = facts
	authority := e.authorities(c, facts)
	identity := e.ownIdentity(c, facts)
	if c.Found = joined(" · ", authority, identity); c.Found.IsZero() {
		c.Found = textf("inutilisables", "unusable")
	}
}

// authorities looks at the file of those whom we trust.
func (e *exam) authorities(c *Check, facts *FilesFacts) scenarios.Text {
	f := e.opt.Files
	if f.CA == "" {
		c.fault(OwnFiles, "files.no-authority",
			textf("aucune autorité : le certificat du serveur ne peut être vérifié", "no authority: the server's certificate cannot be verified"),
			textf("donnez-la (tls.ca, --tls-ca)", "give it (tls.ca, --tls-ca)"))
		return scenarios.Text{}
	}
	if _, err := (mllp.Files{CA: f.CA}).ClientConfig(); err != nil {
		c.fault(OwnFiles, fileCode(err), told(err), advised(err))
		return scenarios.Text{}
	}
	e.ours = readCertificates(f.CA)
	e.pool = x509.NewCertPool()
	now := e.opt.Now()
	for _, ca := range e.ours {
		e.pool.AddCert(ca)
		if now.After(ca.NotAfter) || now.Before(ca.NotBefore) {
			e.judgeDates(c, ca, OwnFiles, textf("demandez le certificat actuel de cette autorité", "ask for the present certificate of this authority"))
		}
	}
	facts.Authorities = certificates(e.ours, now)
	e.lists(c)
	name := filepath.Base(f.CA)
	if len(e.ours) == 1 {
		return textf("%s : %s", "%s: %s", name, called(e.ours[0]))
	}
	return textf("%s : %d autorités", "%s: %d authorities", name, len(e.ours))
}

// lists looks at the revocation lists, if any were given. One that is past its
// date stays in use, and everything seems to work: it has to be told.
func (e *exam) lists(c *Check) {
	f := e.opt.Files
	if f.Revocation == "" && len(f.CRL) == 0 {
		return
	}
	stale := func(err error) {
		if err != nil {
			c.warn(OwnFiles, fileCode(err), told(err), advised(err))
		}
	}
	config, err := mllp.Files{CA: f.CA, Revocation: f.Revocation, CRL: f.CRL, OnReload: stale}.ClientConfig()
	if err != nil {
		c.fault(OwnFiles, fileCode(err), told(err), advised(err))
		return
	}
	_, _ = config.GetClientCertificate(nil) // the files are looked at when a handshake begins: that it has none cannot fail
}

// ownIdentity looks at our certificate and its key.
func (e *exam) ownIdentity(c *Check, facts *FilesFacts) scenarios.Text {
	f := e.opt.Files
	if f.Cert == "" {
		if f.Key != "" {
			c.fault(OwnFiles, "files.no-certificate", textf("une clé sans certificat", "a key without a certificate"),
				textf("donnez le certificat (tls.cert, --tls-cert)", "give the certificate (tls.cert, --tls-cert)"))
			return scenarios.Text{}
		}
		c.note("files.anonymous", textf("pas de certificat : nous nous présentons en anonyme", "no certificate: we come as anonymous"),
			textf("s'il en faut un : tls.cert et tls.key, --tls-cert et --tls-key", "if one is needed: tls.cert and tls.key, --tls-cert and --tls-key"))
		return scenarios.Text{}
	}
	chain := e.loadIdentity(c)
	now := e.opt.Now()
	if chain = orRead(chain, f.Cert); len(chain) == 0 {
		return scenarios.Text{}
	}
	facts.Chain, facts.KeyMatches = certificates(chain, now), e.pair != nil
	leaf := chain[0]
	e.judgeIdentity(c, leaf)
	keyReadableByOthers(c, f)
	return joined(", ", textf("%s : %s", "%s: %s", filepath.Base(f.Cert), called(leaf)), both(keyText(leaf)), remainder(leaf, now))
}

// loadIdentity fills pair, and tells what keeps it from being used. An identity
// that is only out of date can be shown: what the peer makes of it is worth
// seeing.
func (e *exam) loadIdentity(c *Check) []*x509.Certificate {
	f := e.opt.Files
	// The certificate stands in for the authorities, which were looked at already.
	_, err := mllp.Files{CA: f.Cert, Cert: f.Cert, Key: f.Key}.ClientConfig()
	var fe *mllp.FileError
	outOfDate := errors.As(err, &fe) && (fe.Kind == mllp.FileExpired || fe.Kind == mllp.FileNotYetValid)
	if errors.As(err, &fe) && fe.Role == mllp.RoleCA {
		fe.Role = mllp.RoleCert
	}
	if err != nil && !outOfDate {
		c.fault(OwnFiles, fileCode(err), told(err), advised(err))
		return nil
	}
	key := f.Key
	if key == "" {
		key = f.Cert
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, key)
	if err != nil {
		c.fault(OwnFiles, "files.unreadable", both(err.Error()))
		return nil
	}
	e.pair = &pair
	return readCertificates(f.Cert)
}

// judgeIdentity tells why a peer would be right to refuse our certificate.
func (e *exam) judgeIdentity(c *Check, leaf *x509.Certificate) {
	e.judgeDates(c, leaf, OwnIdentity, textf("faites renouveler notre certificat", "have our certificate renewed"))
	judgeStrength(c, leaf, OwnIdentity)
	if !meant(leaf, x509.ExtKeyUsageClientAuth) {
		c.fault(OwnIdentity, "files.not-for-clients",
			textf("notre certificat n'est pas fait pour un client : ses usages sont %s", "our certificate is not meant for a client: its usages are %s", list(usages(leaf))),
			textf("demandez un certificat avec l'usage clientAuth", "request a certificate with the usage clientAuth"))
	}
	if e.pool != nil && !e.oursIssued(leaf) {
		c.note("files.other-authority",
			textf("notre certificat ne vient pas de l'autorité que nous reconnaissons, mais de %s", "our certificate does not come from the authority that we trust, but from %s", leaf.Issuer),
			textf("c'est permis ; le correspondant doit connaître celle-là", "that is allowed; the peer has to know that one"))
	}
}

// oursIssued reports whether one of our authorities stands above a certificate,
// by name.
func (e *exam) oursIssued(leaf *x509.Certificate) bool {
	issuer := string(leaf.RawIssuer)
	chain := readCertificates(e.opt.Files.Cert)
	for range chain {
		for _, ca := range e.ours {
			if string(ca.RawSubject) == issuer {
				return true
			}
		}
		for _, above := range chain[1:] {
			if string(above.RawSubject) == issuer {
				issuer = string(above.RawIssuer)
				break
			}
		}
	}
	return false
}

// keyReadableByOthers warns of a private key that is not private.
func keyReadableByOthers(c *Check, f *mllp.Files) {
	key := f.Key
	if key == "" {
		key = f.Cert
	}
	info, err := os.Stat(key)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return
	}
	c.warn(OwnFiles, "files.key-not-private",
		textf("%s peut être lu par d'autres utilisateurs de cette machine", "%s can be read by other users of this machine", filepath.Base(key)),
		textf("chmod 600 %s", "chmod 600 %s", key))
}

// fileCode names what is wrong with a file.
func fileCode(err error) string {
	if fe, ok := errors.AsType[*mllp.FileError](err); ok {
		return "files." + string(fe.Kind)
	}
	return "files.unreadable"
}

// orRead returns the chain, or what can be read of the file.
func orRead(chain []*x509.Certificate, path string) []*x509.Certificate {
	if len(chain) > 0 {
		return chain
	}
	return readCertificates(path)
}

// readCertificates returns the certificates of a PEM file, as far as it can be
// read: what is wrong with it was told before.
func readCertificates(path string) []*x509.Certificate {
	const most = 1 << 20
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > most {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var all []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, cert)
		}
	}
	return all
}
