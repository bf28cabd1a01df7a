package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"
)

// fresh makes a PKI.
func fresh(t *testing.T, opt Options) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	_, err := Init(dir, opt)
	require.NoError(t, err)
	return dir
}

func TestIssue(t *testing.T) {
	dir := fresh(t, Options{})
	for _, c := range []struct {
		opt  IssueOptions
		file string
		sans string
		ekus string
		key  string
	}{
		{IssueOptions{Names: []string{"dmn.chu.test", "10.1.2.3"}}, "dmn.chu.test", "dmn.chu.test 10.1.2.3", "serverAuth clientAuth", "ECDSA P-256"},
		{IssueOptions{Names: []string{"*.chu.test"}, Usage: UsageServer, Key: P384}, "_.chu.test", "*.chu.test", "serverAuth", "ECDSA P-384"},
		{IssueOptions{Names: []string{"2001:db8::7"}, Usage: UsageClient, Key: RSA2048}, "2001-db8--7", "2001:db8::7", "clientAuth", "RSA 2048"},
		{IssueOptions{Names: []string{strings.Repeat("long.", 20) + "test"}, As: "long"}, "long", strings.Repeat("long.", 20) + "test", "serverAuth clientAuth", "ECDSA P-256"},
	} {
		made, err := Issue(dir, c.opt)
		require.NoError(t, err)
		require.Equal(t, []string{filepath.Join(dir, c.file+".pem"), filepath.Join(dir, c.file+"-key.pem")}, made.Files)
		pair, err := tls.LoadX509KeyPair(made.Files[0], made.Files[1])
		require.NoError(t, err)
		require.Equal(t, c.sans, strings.Join(made.Infos[0].SANs(), " "))
		require.Equal(t, c.ekus, strings.Join(made.Infos[0].EKUs, " "))
		require.Equal(t, c.key, made.Infos[0].Algorithm)
		_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: pool(certs(t, filepath.Join(dir, "ca.pem"))...), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		require.NoError(t, err)
		require.LessOrEqual(t, len(pair.Leaf.Subject.CommonName), maxCN)
	}
	_, err := Issue(dir, IssueOptions{Names: []string{"dmn.chu.test"}})
	fails(t, err, Exists)
	_, err = Issue(dir, IssueOptions{Names: []string{"dmn.chu.test"}, Force: true})
	require.NoError(t, err)
}

func TestIssueRefuses(t *testing.T) {
	dir := fresh(t, Options{})
	before := tree(t, dir)
	for name, c := range map[string]struct {
		opt  IssueOptions
		kind ErrorKind
	}{
		"no name":          {IssueOptions{}, NoName},
		"a bad name":       {IssueOptions{Names: []string{"a b"}}, BadName},
		"another folder":   {IssueOptions{Names: []string{"a.test"}, As: "../a"}, BadFile},
		"a hidden file":    {IssueOptions{Names: []string{"a.test"}, As: ".a"}, BadFile},
		"a flag":           {IssueOptions{Names: []string{"a.test"}, As: "-a"}, BadFile},
		"the authority":    {IssueOptions{Names: []string{"CA"}, Force: true}, BadFile},
		"its key":          {IssueOptions{Names: []string{"a.test"}, As: "ca-key", Force: true}, BadFile},
		"the CRL":          {IssueOptions{Names: []string{"a.test"}, As: "crl", Force: true}, BadFile},
		"no such usage":    {IssueOptions{Names: []string{"a.test"}, Usage: "mail"}, BadUsage},
		"no such key":      {IssueOptions{Names: []string{"a.test"}, Key: "rsa-1024"}, BadKey},
		"too long a time":  {IssueOptions{Names: []string{"a.test"}, Days: MaxDays + 1}, BadDays},
		"a negative time":  {IssueOptions{Names: []string{"a.test"}, Days: -1}, BadDays},
		"what exists":      {IssueOptions{Names: []string{"gam"}}, Exists},
		"an old authority": {IssueOptions{Names: []string{"a.test"}, Now: time.Now().AddDate(3, 0, 0)}, BadAuthority},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Issue(dir, c.opt)
			fails(t, err, c.kind)
			require.Equal(t, before, tree(t, dir))
		})
	}
}

// Nothing outlives the authority that vouches for it.
func TestIssueEndsWithTheAuthority(t *testing.T) {
	dir := fresh(t, Options{Days: 10})
	made, err := Issue(dir, IssueOptions{Names: []string{"a.test"}})
	require.NoError(t, err)
	require.Equal(t, certs(t, filepath.Join(dir, "ca.pem"))[0].NotAfter, made.Infos[0].NotAfter)
}

func TestPKCS12(t *testing.T) {
	const password = "pâté 42"
	for profile, chain := range map[string]int{"": 1, "igc-sante-test": 2} {
		dir := fresh(t, Options{Profile: profile, Key: P256})
		made, err := Issue(dir, IssueOptions{Names: []string{"a.test"}, Usage: UsageServer, Password: password})
		require.NoError(t, err)
		path := filepath.Join(dir, "a.test.p12")
		require.Contains(t, made.Files, path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		key, cert, cas, err := pkcs12.DecodeChain(data, password)
		require.NoError(t, err)
		require.Equal(t, certs(t, filepath.Join(dir, "a.test.pem"))[0].Raw, cert.Raw)
		require.True(t, sameKey(cert, key.(*ecdsa.PrivateKey)))
		require.Len(t, cas, chain)
		require.Equal(t, certs(t, filepath.Join(dir, "ca.pem"))[0].Raw, cas[chain-1].Raw, "the root too")
		_, _, _, err = pkcs12.DecodeChain(data, "another")
		require.ErrorIs(t, err, pkcs12.ErrIncorrectPassword)
	}
}

// A password that nobody has chosen is kept where its owner alone finds it.
func TestPKCS12PasswordKept(t *testing.T) {
	dir := fresh(t, Options{})
	_, err := Issue(dir, IssueOptions{Names: []string{"a.test"}, Password: "SECRET", KeepPassword: true})
	require.NoError(t, err)
	path := filepath.Join(dir, "a.test.p12.password")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "SECRET\n", string(data))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// needOpenSSL finds openssl, which the gate must have.
func needOpenSSL(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil && os.Getenv("PAMLAB_REQUIRE_PEERS") != "" {
		t.Fatal("openssl is required here: ", err)
	}
	if err != nil {
		t.Skip("openssl is not installed")
	}
	return path
}

func TestOpenSSLReadsWhatWeMake(t *testing.T) {
	openssl := needOpenSSL(t)
	dir := fresh(t, Options{Key: RSA2048})
	_, err := Issue(dir, IssueOptions{Names: []string{"a.test"}, Password: "secret"})
	require.NoError(t, err)
	_, err = Revoke(dir, filepath.Join(dir, "gam.pem"), RevokeOptions{})
	require.NoError(t, err)
	run := func(args ...string) (string, error) {
		cmd := exec.Command(openssl, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "P12=secret")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("pkcs12", "-in", "a.test.p12", "-passin", "env:P12", "-nodes", "-info")
	require.NoError(t, err, out)
	require.Contains(t, out, "AES-256-CBC")
	require.Equal(t, 2, strings.Count(out, "BEGIN CERTIFICATE"), out)
	out, err = run("verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "a.test.pem")
	require.NoError(t, err, out)
	out, err = run("verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "gam.pem")
	require.Error(t, err)
	require.Contains(t, out, "revoked")
	out, err = run("crl", "-inform", "DER", "-in", "ca.crl", "-noout", "-crlnumber")
	require.NoError(t, err, out)
	require.Contains(t, out, "02")
}

// request writes a signing request, bent in some way.
func request(t *testing.T, key any, bend func(*x509.CertificateRequest)) string {
	t.Helper()
	tmpl := &x509.CertificateRequest{Subject: pkix.Name{CommonName: "asked"}, DNSNames: []string{"dmn.chu.test"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 9)}}
	if bend != nil {
		bend(tmpl)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, tmpl, key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "asked.csr")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), 0o600))
	return path
}

func ecKey(t *testing.T, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return key
}

func TestSign(t *testing.T) {
	dir := fresh(t, Options{})
	key := ecKey(t, elliptic.P256())
	path := request(t, key, nil)
	r, err := ReadRequest(path)
	require.NoError(t, err)
	require.Equal(t, "CN=asked", r.Subject)
	require.Equal(t, []string{"dmn.chu.test", "10.0.0.9"}, r.Names)
	require.Equal(t, "ECDSA P-256", r.Key)
	made, err := Sign(dir, r, SignOptions{Names: []string{"more.test"}, Usage: UsageServer})
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "asked.pem")}, made.Files)
	c := certs(t, made.Files[0])[0]
	require.True(t, sameKey(c, key))
	require.False(t, c.IsCA)
	require.Equal(t, []string{"dmn.chu.test", "more.test"}, c.DNSNames)
	require.Equal(t, []string{"serverAuth"}, made.Infos[0].EKUs)
	require.NoError(t, c.CheckSignatureFrom(certs(t, filepath.Join(dir, "ca.pem"))[0]))

	_, err = Sign(dir, r, SignOptions{})
	fails(t, err, Exists)

	// In DER as well.
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	block, _ := pem.Decode(data)
	require.NoError(t, os.WriteFile(path, block.Bytes, 0o600))
	_, err = ReadRequest(path)
	require.NoError(t, err)
}

func TestSignRefuses(t *testing.T) {
	dir := fresh(t, Options{})
	good := ecKey(t, elliptic.P256())
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	caKey, err := readAuthority(dir, roleCA, time.Now())
	require.NoError(t, err)
	write := func(data string) string {
		path := filepath.Join(t.TempDir(), "x.csr")
		require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
		return path
	}
	forged, err := os.ReadFile(request(t, good, nil))
	require.NoError(t, err)
	block, _ := pem.Decode(forged)
	block.Bytes[len(block.Bytes)-1] ^= 1
	for name, c := range map[string]struct {
		path string
		kind ErrorKind
	}{
		"a forged signature":         {write(string(pem.EncodeToMemory(block))), BadRequest},
		"a short RSA key":            {request(t, short, nil), BadRequest},
		"a small curve":              {request(t, ecKey(t, elliptic.P224()), nil), BadRequest},
		"the key of the authority":   {request(t, caKey.key, nil), BadRequest},
		"an authority to be":         {request(t, good, func(r *x509.CertificateRequest) { r.ExtraExtensions = caExtension() }), BadRequest},
		"a mail address":             {request(t, good, func(r *x509.CertificateRequest) { r.EmailAddresses = []string{"a@b.test"} }), BadRequest},
		"a URI":                      {request(t, good, func(r *x509.CertificateRequest) { r.URIs = []*url.URL{{Scheme: "urn", Opaque: "x"}} }), BadRequest},
		"too many names":             {request(t, good, func(r *x509.CertificateRequest) { r.DNSNames = strings.Split(strings.Repeat("a.test ", 300)+"b", " ") }), BadRequest},
		"a name that is none":        {request(t, good, func(r *x509.CertificateRequest) { r.DNSNames = []string{"a b"} }), BadName},
		"no names":                   {request(t, good, func(r *x509.CertificateRequest) { r.DNSNames, r.IPAddresses = nil, nil }), NoName},
		"a certificate":              {filepath.Join(dir, "gam.pem"), BadRequest},
		"text":                       {write("hello"), BadRequest},
		"a file that is far too big": {write(strings.Repeat("x", maxRequest+1)), BadRequest},
		"nothing":                    {filepath.Join(dir, "none.csr"), Missing},
	} {
		t.Run(name, func(t *testing.T) {
			before := tree(t, dir)
			r, err := ReadRequest(c.path)
			if err == nil {
				_, err = Sign(dir, r, SignOptions{As: "x"})
			}
			fails(t, err, c.kind)
			require.Equal(t, before, tree(t, dir))
		})
	}
}

// caExtension asks to be an authority: basicConstraints, CA true.
func caExtension() []pkix.Extension {
	return []pkix.Extension{{Id: []int{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 0x03, 0x01, 0x01, 0xff}}}
}
