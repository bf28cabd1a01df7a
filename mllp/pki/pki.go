// Package pki makes and shows a small public key infrastructure for tests.
//
// Mutual TLS needs three things before the first message can be sent: an
// authority, and a certificate from it at each end. [Init] makes them in a
// folder, as PEM files that every TLS software reads: ca.pem, and for each of
// the two roles of a French PAM exchange, the hospital's admission system (gam)
// and the digital medical device (dmn), a certificate and its key. Both
// identities may be used at either end of a connection and are made out to
// localhost, so that everything can be tried on one machine.
//
// It is for tests. The key of the authority lies unprotected beside the others,
// there is no revocation, and nobody should trust ca.pem for anything else.
//
// [Show] tells what is in such files, its own or others.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"time"
)

// The identities that Init makes.
const (
	roleCA  = "ca"
	roleGAM = "gam"
	roleDMN = "dmn"
)

// Validity of certificates, in days.
const (
	DefaultDays = 365
	MaxDays     = 730 // IHE ITI TF-2 3.19: two years at most
)

// skew is how far before Options.Now validity begins, for partners whose clock
// is slow.
const skew = time.Hour

// Options say what Init makes. The zero value is usable.
type Options struct {
	Names []string  // further host names and IP addresses for both identities
	Force bool      // replace what is there
	Now   time.Time // zero: the present
	Days  int       // validity; 0: DefaultDays; at most MaxDays
}

// Made is what Init has made.
type Made struct {
	Dir   string
	Files []string // paths of the files, the CA's first
	Infos []Info   // the three certificates: ca, gam, dmn
}

// an identity is a certificate and its key.
type identity struct {
	role string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (id identity) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.cert.Raw})
}

func (id identity) keyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(id.key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// template is what the three certificates have in common.
func template(role string, opt Options) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	begin := opt.Now.Add(-skew).UTC().Truncate(time.Second)
	return &x509.Certificate{
		SerialNumber:          serial.Add(serial, big.NewInt(1)),
		Subject:               pkix.Name{CommonName: role, Organization: []string{"pamlab test PKI"}},
		NotBefore:             begin,
		NotAfter:              begin.AddDate(0, 0, opt.Days),
		BasicConstraintsValid: true,
	}, nil
}

func newCA(opt Options) (identity, error) {
	t, err := template(roleCA, opt)
	if err != nil {
		return identity{}, err
	}
	t.Subject.CommonName = "pamlab test CA"
	t.IsCA, t.MaxPathLenZero = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return sign(roleCA, t, nil)
}

func newIdentity(role string, ca identity, opt Options) (identity, error) {
	t, err := template(role, opt)
	if err != nil {
		return identity{}, err
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	t.DNSNames = []string{"localhost", role + ".test"}
	t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}
	for _, name := range opt.Names {
		addName(t, name)
	}
	return sign(role, t, &ca)
}

// addName adds a subject alternative name, once.
func addName(t *x509.Certificate, name string) {
	ip := net.ParseIP(name)
	switch {
	case ip == nil && !slices.Contains(t.DNSNames, name):
		t.DNSNames = append(t.DNSNames, name)
	case ip != nil && !slices.ContainsFunc(t.IPAddresses, ip.Equal):
		t.IPAddresses = append(t.IPAddresses, ip)
	}
}

// sign makes a key and the certificate of template t for it; without ca it
// signs itself.
func sign(role string, t *x509.Certificate, ca *identity) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	parent, signer := t, crypto.Signer(key)
	if ca != nil {
		parent, signer = ca.cert, ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return identity{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return identity{role, cert, key}, err
}
