package mllp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// issue makes a certificate of the test PKI, bent in some way, and returns its
// files.
func issue(t *testing.T, bend func(*x509.Certificate)) mllp.Files {
	t.Helper()
	dir, err := keys()
	require.NoError(t, err)
	ca, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem"))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "bent"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	bend(template)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Leaf, key.Public(), ca.PrivateKey)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	out := t.TempDir()
	f := mllp.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(out, "bent.pem"), Key: filepath.Join(out, "bent-key.pem"), AnyIdentity: true}
	write(t, f.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, f.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return f
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
}

func notYetValid(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
}

// foreign returns an identity of another PKI, which trusts that of the test PKI.
func foreign(t *testing.T) mllp.Files {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "foreign")
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	f := identity(t, "")
	f.Cert, f.Key = filepath.Join(dir, "gam.pem"), filepath.Join(dir, "gam-key.pem")
	return f
}

// write replaces a file at once, as a careful tool does.
func write(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", data, 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	write(t, to, data)
}

func serverConfig(t *testing.T, f mllp.Files) *tls.Config {
	t.Helper()
	config, err := f.ServerConfig()
	require.NoError(t, err)
	return config
}

func clientConfig(t *testing.T, f mllp.Files) *tls.Config {
	t.Helper()
	config, err := f.ClientConfig()
	require.NoError(t, err)
	return config
}
