package mllp_test

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
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/pamlab/pamlab/mllp"
)

// An authority is one of a PKI that a test makes for itself: the usual one has
// neither intermediate authorities nor a long life.
type authority struct {
	t     testing.TB
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	above *authority // nil: a root
}

var lastSerial atomic.Int64

// newAuthority makes a root, or an authority below another.
func newAuthority(t testing.TB, name string, above *authority) *authority {
	t.Helper()
	a := &authority{t: t, above: above}
	a.cert, a.key = a.sign(above, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
	return a
}

// sign makes a key and a certificate by an authority, or by itself.
func (a *authority) sign(by *authority, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template.SerialNumber = big.NewInt(lastSerial.Add(1))
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(100*24*time.Hour)
	}
	parent, signer := template, crypto.Signer(key)
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert, key
}

// A leaf is an identity that an authority has issued, and its files.
type leaf struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	files mllp.Files // CA is the root's
}

// issue makes an identity for either end of a connection; its file holds the
// chain up to the root.
func (a *authority) issue(bend ...func(*x509.Certificate)) leaf {
	a.t.Helper()
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "leaf"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	for _, f := range bend {
		f(template)
	}
	l := leaf{}
	l.cert, l.key = a.sign(a, template)
	dir := a.t.TempDir()
	l.files = mllp.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "leaf.pem"), Key: filepath.Join(dir, "leaf-key.pem")}
	chain, root := pemOf("CERTIFICATE", l.cert.Raw), a
	for ; root.above != nil; root = root.above {
		chain = append(chain, pemOf("CERTIFICATE", root.cert.Raw)...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(l.key)
	require.NoError(a.t, err)
	a.write(l.files.CA, pemOf("CERTIFICATE", root.cert.Raw))
	a.write(l.files.Cert, chain)
	a.write(l.files.Key, pemOf("PRIVATE KEY", der))
	return l
}

func (a *authority) write(path string, data []byte) {
	a.t.Helper()
	require.NoError(a.t, os.WriteFile(path+".new", data, 0o600))
	require.NoError(a.t, os.Rename(path+".new", path))
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// list makes a revocation list in DER, good for a day, that names certificates.
func (a *authority) list(bend func(*x509.RevocationList), revoked ...*x509.Certificate) []byte {
	a.t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(lastSerial.Add(1)), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(24 * time.Hour)}
	for _, c := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: time.Date(2026, 1, 5, 10, 15, 0, 0, time.UTC), ReasonCode: 1})
	}
	if bend != nil {
		bend(template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, a.cert, a.key)
	require.NoError(a.t, err)
	return der
}

func stale(l *x509.RevocationList) {
	l.ThisUpdate, l.NextUpdate = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
}

func early(l *x509.RevocationList) {
	l.ThisUpdate, l.NextUpdate = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
}

// file puts a list into a file.
func (a *authority) file(name string, data []byte) string {
	a.t.Helper()
	path := filepath.Join(a.t.TempDir(), name)
	a.write(path, data)
	return path
}

// ocsp makes an OCSP response of the authority about a certificate.
func (a *authority) ocsp(about *x509.Certificate, bend func(*ocsp.Response)) []byte {
	a.t.Helper()
	template := ocsp.Response{Status: ocsp.Good, SerialNumber: about.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	if bend != nil {
		bend(&template)
	}
	return a.ocspBy(template, a.cert, a.key)
}

func (a *authority) ocspBy(template ocsp.Response, signer *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	a.t.Helper()
	if signer != a.cert {
		template.Certificate = signer
	}
	der, err := ocsp.CreateResponse(a.cert, signer, template, key)
	require.NoError(a.t, err)
	return der
}
