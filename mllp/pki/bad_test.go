package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// catalogued makes a PKI and its whole catalogue, once for all tests that only
// look at them.
var catalogued = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pki-test-")
	if err != nil {
		return "", err
	}
	if _, err := Init(dir, Options{Names: []string{"device.hospital.test"}}); err != nil {
		return dir, err
	}
	_, err = Bad(dir, BadOptions{})
	return dir, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := catalogued(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func shared(t *testing.T) string {
	t.Helper()
	dir, err := catalogued()
	require.NoError(t, err)
	return dir
}

// certs reads the certificates of a file.
func certs(t *testing.T, path string) []*x509.Certificate {
	t.Helper()
	infos, err := Show(path)
	require.NoError(t, err)
	var all []*x509.Certificate
	for _, i := range infos {
		all = append(all, i.cert)
	}
	return all
}

func pool(certs ...*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}

// judge verifies a file as a peer does: as a server's certificate, or a client's.
func judge(t *testing.T, dir, path string, usage x509.ExtKeyUsage, at time.Time) error {
	t.Helper()
	shown := certs(t, path)
	opts := x509.VerifyOptions{Roots: pool(certs(t, filepath.Join(dir, "ca.pem"))...), Intermediates: pool(shown[1:]...), KeyUsages: []x509.ExtKeyUsage{usage}, CurrentTime: at}
	if usage == x509.ExtKeyUsageServerAuth {
		opts.DNSName = "device.hospital.test"
	}
	_, err := shown[0].Verify(opts)
	return err
}

func TestCatalogueAsCryptoX509SeesIt(t *testing.T) {
	dir := shared(t)
	is := func(r x509.InvalidReason) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			var e x509.CertificateInvalidError
			require.ErrorAs(t, err, &e)
			require.Equal(t, r, e.Reason)
		}
	}
	unknown := func(t *testing.T, err error) { require.ErrorAs(t, err, new(x509.UnknownAuthorityError)) }
	name := func(t *testing.T, err error) { require.ErrorAs(t, err, new(x509.HostnameError)) }
	good := func(t *testing.T, err error) { require.NoError(t, err) }
	wants := map[string]struct{ client, server func(*testing.T, error) }{
		"expired":              {is(x509.Expired), is(x509.Expired)},
		"not-yet-valid":        {is(x509.Expired), is(x509.Expired)},
		"other-ca":             {unknown, unknown},
		"self-signed":          {unknown, unknown},
		"server-only":          {is(x509.IncompatibleUsage), good},
		"client-only":          {good, is(x509.IncompatibleUsage)},
		"wrong-name":           {good, name},
		"cn-only":              {good, name},
		"revoked":              {good, good}, // crypto/x509 looks at no CRL
		"stale-crl":            {good, good},
		"missing-intermediate": {unknown, unknown},
		"misordered-chain":     {good, name}, // the authority itself is judged; its key is missing
		"rsa-1024":             {good, good}, // crypto/x509 leaves the length to us
		"sha1":                 {unknown, unknown},
		"many-names":           {good, good},
		"short-lived":          {good, good},
		"key-mismatch":         {good, good}, // only the handshake shows it
		"rsa-2048":             {good, good},
		"rsa-3072":             {good, good},
		"p-384":                {good, good},
		"renewed":              {good, good},
	}
	require.Len(t, wants, len(Faults()))
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			want, ok := wants[f.Name]
			require.True(t, ok)
			path := filepath.Join(dir, badDir, f.Name+".pem")
			at := certs(t, filepath.Join(dir, badDir, "short-lived.pem"))[0].NotAfter.Add(-shortLife / 2)
			want.client(t, judge(t, dir, path, x509.ExtKeyUsageClientAuth, at))
			want.server(t, judge(t, dir, path, x509.ExtKeyUsageServerAuth, at))
		})
	}
}

// Each is wrong in one way only: its key fits where that is not the fault.
func TestCatalogueKeys(t *testing.T) {
	dir := shared(t)
	for _, f := range Faults() {
		cert, key := filepath.Join(dir, badDir, f.Name+".pem"), filepath.Join(dir, badDir, f.Name+"-key.pem")
		_, err := tls.LoadX509KeyPair(cert, key)
		if f.Name == "key-mismatch" || f.Name == "misordered-chain" {
			require.ErrorContains(t, err, "private key does not match", f.Name)
		} else {
			require.NoError(t, err, f.Name)
		}
		info, err := os.Stat(key)
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), f.Name)
		}
	}
}

func TestCatalogueDetails(t *testing.T) {
	dir := shared(t)
	leaf := func(name string) *x509.Certificate { return certs(t, filepath.Join(dir, badDir, name+".pem"))[0] }
	now := time.Now()
	require.True(t, leaf("expired").NotAfter.Before(now.Add(-24*time.Hour)), "not a matter of clocks")
	require.True(t, leaf("not-yet-valid").NotBefore.After(now.Add(24*time.Hour)))
	require.True(t, leaf("short-lived").NotAfter.Before(now.Add(shortLife)))
	require.Len(t, Info{cert: leaf("many-names")}.cert.DNSNames, manyNamesCount-2)
	require.Equal(t, "RSA 1024", describeKey(leaf("rsa-1024").PublicKey))
	require.Equal(t, "RSA 2048", describeKey(leaf("rsa-2048").PublicKey))
	require.Equal(t, "RSA 3072", describeKey(leaf("rsa-3072").PublicKey))
	require.Equal(t, "ECDSA P-384", describeKey(leaf("p-384").PublicKey))
	before := certs(t, filepath.Join(dir, "dmn.pem"))[0]
	require.Subset(t, leaf("renewed").DNSNames, before.DNSNames)
	require.Equal(t, before.RawSubject, leaf("renewed").RawSubject)
	require.Equal(t, before.RawIssuer, leaf("renewed").RawIssuer)
	require.NotEqual(t, before.SerialNumber, leaf("renewed").SerialNumber)
	require.NotEqual(t, before.PublicKey, leaf("renewed").PublicKey)
	require.Equal(t, x509.ECDSAWithSHA1, leaf("sha1").SignatureAlgorithm)
	require.Equal(t, "device.hospital.test", leaf("cn-only").Subject.CommonName)
	require.Empty(t, leaf("cn-only").DNSNames)
	require.Len(t, certs(t, filepath.Join(dir, badDir, "missing-intermediate.pem")), 1)

	// What is beside makes good what is missing, or shows that it is the fault.
	_, err := leaf("missing-intermediate").Verify(x509.VerifyOptions{Roots: pool(certs(t, filepath.Join(dir, "ca.pem"))...),
		Intermediates: pool(certs(t, filepath.Join(dir, badDir, "missing-intermediate-ca.pem"))...), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	require.NoError(t, err)
	_, err = leaf("other-ca").Verify(x509.VerifyOptions{Roots: pool(certs(t, filepath.Join(dir, badDir, "other-ca-ca.pem"))...)})
	require.NoError(t, err)
	chain := certs(t, filepath.Join(dir, badDir, "misordered-chain.pem"))
	require.Len(t, chain, 2)
	require.NoError(t, chain[1].CheckSignatureFrom(chain[0]), "the authority comes first")
	require.True(t, chain[0].IsCA)
}

// crl reads the first CRL of a file, in PEM or DER.
func crl(t *testing.T, path string) *x509.RevocationList {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	if block, _ := pem.Decode(data); block != nil {
		require.Equal(t, "X509 CRL", block.Type)
		data = block.Bytes
	}
	list, err := x509.ParseRevocationList(data)
	require.NoError(t, err)
	return list
}

func TestCatalogueCRLs(t *testing.T) {
	dir := shared(t)
	ca := certs(t, filepath.Join(dir, "ca.pem"))[0]
	for _, name := range []string{"crl.pem", "ca.crl"} {
		list := crl(t, filepath.Join(dir, name))
		require.NoError(t, list.CheckSignatureFrom(ca))
		require.EqualValues(t, 2, list.Number.Int64(), "the first was empty")
		require.True(t, list.NextUpdate.After(time.Now()))
		require.Len(t, list.RevokedCertificateEntries, 1)
		require.Equal(t, certs(t, filepath.Join(dir, badDir, "revoked.pem"))[0].SerialNumber, list.RevokedCertificateEntries[0].SerialNumber)
		require.Equal(t, 1, list.RevokedCertificateEntries[0].ReasonCode)
	}
	stale := crl(t, filepath.Join(dir, badDir, "stale-crl.crl.pem"))
	shown := certs(t, filepath.Join(dir, badDir, "stale-crl.pem"))
	require.NoError(t, stale.CheckSignatureFrom(shown[1]))
	require.True(t, stale.NextUpdate.Before(time.Now().Add(-24*time.Hour)))
}

func TestFaultsSpeakTwoLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Faults() {
		require.False(t, seen[f.Name], f.Name)
		seen[f.Name] = true
		require.True(t, hostName(f.Name), "a file name: %s", f.Name)
		for _, text := range []Text{f.Title, f.Why} {
			require.NotEmpty(t, text.FR, f.Name)
			require.NotEmpty(t, text.EN, f.Name)
			require.NotEqual(t, text.FR, text.EN, f.Name)
		}
		require.NotEmpty(t, f.Spec, f.Name)
		for _, d := range []Duty{f.FromClient, f.FromServer} {
			require.Contains(t, []Duty{MustRefuse, ShouldRefuse, MayRefuse, MustAccept}, d)
			require.NotEqual(t, d.In("fr"), d.In("en"))
		}
	}
}

func TestBadReplacesOnlyWhatItIsTold(t *testing.T) {
	dir := t.TempDir()
	_, err := Init(dir, Options{})
	require.NoError(t, err)
	made, err := Bad(dir, BadOptions{Only: []string{"short-lived", "revoked"}})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, badDir), made.Dir)
	require.Contains(t, made.Files, filepath.Join(dir, badDir, "short-lived-key.pem"))
	before := tree(t, dir)
	require.Len(t, before, 9+4)

	_, err = Bad(dir, BadOptions{})
	require.True(t, strings.HasPrefix(filepath.Base(fails(t, err, Exists).Path), "revoked"))
	require.Equal(t, before, tree(t, dir), "nothing has changed")

	_, err = Bad(dir, BadOptions{Only: []string{"short-lived"}})
	require.NoError(t, err)
	after := tree(t, dir)
	require.Len(t, after, len(before))
	for name := range before {
		if strings.Contains(name, "short-lived") {
			require.NotEqual(t, before[name], after[name])
		} else {
			require.Equal(t, before[name], after[name])
		}
	}
}

func TestBadRefuses(t *testing.T) {
	old, foreign, broken := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{old, foreign, broken} {
		_, err := Init(dir, Options{})
		require.NoError(t, err)
	}
	// As an earlier version made them.
	p := plain()
	ca, err := sign(roleCA, p.authorityTemplate("old", time.Now(), 10, 0), P256, nil)
	require.NoError(t, err)
	key, err := keyPEM(ca.key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(old, "ca.pem"), ca.certPEM(), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(old, "ca-key.pem"), key, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "ca-key.pem"), key, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(broken, stateFile), []byte(`{"revoked": [{"serial": "0"}]}`), 0o600))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct {
		dir  string
		opt  BadOptions
		kind ErrorKind
	}{
		"no folder":           {filepath.Join(t.TempDir(), "none"), BadOptions{}, NoAuthority},
		"no authority":        {t.TempDir(), BadOptions{}, NoAuthority},
		"a file":              {file, BadOptions{}, Failed},
		"an unknown fault":    {old, BadOptions{Only: []string{"expird"}}, BadFault},
		"a bad name":          {old, BadOptions{Names: []string{"a b"}}, BadName},
		"an old authority":    {old, BadOptions{}, NoIntermediate},
		"the key of another":  {foreign, BadOptions{}, BadAuthority},
		"a broken memory":     {broken, BadOptions{}, BadState},
		"an expired root":     {shared(t), BadOptions{Now: time.Now().AddDate(2, 0, 0), Force: true}, BadAuthority},
		"a taken file before": {shared(t), BadOptions{}, Exists},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Bad(c.dir, c.opt)
			fails(t, err, c.kind)
			require.NoFileExists(t, filepath.Join(c.dir, lockFile))
		})
	}
	require.NoDirExists(t, filepath.Join(old, badDir))
	_, err = Bad(old, BadOptions{Only: []string{"expired", "sha1"}})
	require.NoError(t, err, "the rest can be made by an old authority too")
}
