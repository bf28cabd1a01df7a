package pki

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"time"
)

// an identity is a certificate, its key, and what has to be shown with it.
type identity struct {
	role  string
	cert  *x509.Certificate
	chain []*x509.Certificate // up to the root, which is not part of it
	key   crypto.Signer
}

func (id identity) certPEM() []byte {
	return certsPEM(append([]*x509.Certificate{id.cert}, id.chain...)...)
}

func certsPEM(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// files are the two files of an identity.
func (id identity) files() ([]file, error) {
	key, err := keyPEM(id.key)
	if err != nil {
		return nil, err
	}
	return []file{
		{name: id.role + ".pem", data: id.certPEM(), mode: 0o644, cert: id.cert},
		{name: id.role + "-key.pem", data: key, mode: 0o600},
	}, nil
}

// maxCN is the most bytes that a common name holds (X.520 ub-common-name).
const maxCN = 64

// newSerial makes a positive number that nobody can guess.
func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return serial.Add(serial, big.NewInt(1)), nil
}

// template is what all certificates have in common.
func (p *Profile) template(cn string, now time.Time, days int) *x509.Certificate {
	begin := now.Add(-skew).UTC().Truncate(time.Second)
	return &x509.Certificate{
		Subject:               p.subject(cn),
		NotBefore:             begin,
		NotAfter:              begin.AddDate(0, 0, days),
		BasicConstraintsValid: true,
	}
}

// authorityTemplate is a CA below which there may be that many others.
func (p *Profile) authorityTemplate(cn string, now time.Time, days, below int) *x509.Certificate {
	t := p.template(cn, now, days)
	t.IsCA, t.MaxPathLen, t.MaxPathLenZero = true, below, below == 0
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return t
}

// leafTemplate is an identity with the names given.
func (p *Profile) leafTemplate(cn string, usage Usage, names []string, now time.Time, days int) *x509.Certificate {
	t := p.template(cn, now, days)
	t.KeyUsage = x509.KeyUsageDigitalSignature
	if usage != UsageClient {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if usage != UsageServer {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	for _, name := range names {
		addName(t, name)
	}
	return t
}

// addName adds a subject alternative name, once.
func addName(t *x509.Certificate, name string) {
	ip := net.ParseIP(name)
	if v4 := ip.To4(); v4 != nil {
		ip = v4
	}
	switch {
	case ip == nil && !slices.Contains(t.DNSNames, name):
		t.DNSNames = append(t.DNSNames, name)
	case ip != nil && !slices.ContainsFunc(t.IPAddresses, ip.Equal):
		t.IPAddresses = append(t.IPAddresses, ip)
	}
}

// sign makes a key and the certificate of template t for it; without ca it
// signs itself.
func sign(role string, t *x509.Certificate, kind KeyKind, ca *identity) (identity, error) {
	key, err := cmp.Or(kind, P256).generate()
	if err != nil {
		return identity{}, err
	}
	if ca == nil {
		cert, err := certify(t, t, key.Public(), key)
		return identity{role: role, cert: cert, key: key}, err
	}
	cert, err := certify(t, ca.cert, key.Public(), ca.key)
	return identity{role: role, cert: cert, chain: ca.below(), key: key}, err
}

// below is the chain of what the authority signs: nothing below a root.
func (id identity) below() []*x509.Certificate {
	if selfIssued(id.cert) {
		return nil
	}
	return append([]*x509.Certificate{id.cert}, id.chain...)
}

func selfIssued(c *x509.Certificate) bool { return string(c.RawIssuer) == string(c.RawSubject) }

// certify signs a certificate. A serial number that t lacks is made.
func certify(t, parent *x509.Certificate, pub crypto.PublicKey, signer crypto.Signer) (*x509.Certificate, error) {
	if t.SerialNumber == nil {
		serial, err := newSerial()
		if err != nil {
			return nil, err
		}
		t.SerialNumber = serial
	}
	if _, isRSA := pub.(*rsa.PublicKey); isRSA && !t.IsCA {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment // what partners of TLS 1.2 look for
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
