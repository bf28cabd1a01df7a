package pki

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIGCSanteProfile(t *testing.T) {
	dir := fresh(t, Options{Profile: "igc-sante-test", Key: P256, Names: []string{"dmn.chu.test"}})
	root := certs(t, filepath.Join(dir, "ca.pem"))[0]
	issuing := certs(t, filepath.Join(dir, "issuing-ca.pem"))[0]
	require.NoError(t, issuing.CheckSignatureFrom(root))
	for role, eku := range map[string]x509.ExtKeyUsage{"gam-server": x509.ExtKeyUsageServerAuth, "gam-client": x509.ExtKeyUsageClientAuth,
		"dmn-server": x509.ExtKeyUsageServerAuth, "dmn-client": x509.ExtKeyUsageClientAuth} {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, role+".pem"), filepath.Join(dir, role+"-key.pem"))
		require.NoError(t, err)
		require.Len(t, pair.Certificate, 2, "with the intermediate")
		require.Equal(t, []x509.ExtKeyUsage{eku}, pair.Leaf.ExtKeyUsage)
		_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: pool(root), Intermediates: pool(issuing), KeyUsages: []x509.ExtKeyUsage{eku}, DNSName: "dmn.chu.test"})
		require.NoError(t, err)
	}
	for name, ca := range map[string]*x509.Certificate{"ACR-EL-TEST.crl": root, "ACI-EL-ORG-TEST.crl": issuing} {
		require.NoError(t, crl(t, filepath.Join(dir, name)).CheckSignatureFrom(ca))
	}
	list, err := ShowCRLs(filepath.Join(dir, "crl.pem"))
	require.NoError(t, err)
	require.Len(t, list, 2, "of both authorities")

	_, err = Issue(dir, IssueOptions{Names: []string{"a.test"}})
	fails(t, err, BadUsage)
	_, err = Revoke(dir, filepath.Join(dir, "issuing-ca.pem"), RevokeOptions{Reason: "cACompromise"})
	require.NoError(t, err)
	require.Len(t, crl(t, filepath.Join(dir, "ACR-EL-TEST.crl")).RevokedCertificateEntries, 1, "in the list of the root")
	require.Empty(t, crl(t, filepath.Join(dir, "ACI-EL-ORG-TEST.crl")).RevokedCertificateEntries)
}

// Nobody may take a look-alike for the thing itself.
func TestIGCSanteSaysThatItIsALookAlike(t *testing.T) {
	dir := fresh(t, Options{Profile: "igc-sante-test", Key: P256})
	_, err := Bad(dir, BadOptions{})
	require.NoError(t, err)
	for _, d := range []string{dir, filepath.Join(dir, badDir)} {
		infos, err := Show(d)
		require.NoError(t, err)
		for _, i := range infos {
			require.Contains(t, i.Subject, "pamlab look-alike (not issued by ANS)")
			if filepath.Base(i.File) != "cn-only.pem" || i.Position > 1 {
				require.True(t, strings.HasPrefix(i.Subject, "CN=TEST "), "%s %s", i.File, i.Subject)
			}
		}
	}
	// Its catalogue is judged as the plain one is: where there is one fault, the
	// intermediate is at hand.
	root := certs(t, filepath.Join(dir, "ca.pem"))
	for name, good := range map[string]bool{"rsa-2048": true, "many-names": true, "stale-crl": true, "missing-intermediate": false, "expired": false} {
		shown := certs(t, filepath.Join(dir, badDir, name+".pem"))
		_, err := shown[0].Verify(x509.VerifyOptions{Roots: pool(root...), Intermediates: pool(shown[1:]...), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		require.Equal(t, good, err == nil, "%s: %v", name, err)
	}
}

func TestProfileDays(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for profile, c := range map[string]struct{ usual, most int }{"": {365, 730}, "igc-sante-test": {730, 1095}} {
		made, err := Init(t.TempDir(), Options{Profile: profile, Key: P256, Now: now})
		require.NoError(t, err)
		require.Equal(t, now.Add(-skew).AddDate(0, 0, c.usual), made.Infos[0].NotAfter)
		_, err = Init(t.TempDir(), Options{Profile: profile, Key: P256, Days: c.most})
		require.NoError(t, err)
		_, err = Init(t.TempDir(), Options{Profile: profile, Key: P256, Days: c.most + 1})
		fails(t, err, BadDays)
	}
	_, err := Init(t.TempDir(), Options{Profile: "nothing"})
	fails(t, err, BadProfile)
}

func TestInitWithEachKind(t *testing.T) {
	for kind, want := range map[KeyKind]string{RSA2048: "RSA 2048", P256: "ECDSA P-256", P384: "ECDSA P-384"} {
		made, err := Init(t.TempDir(), Options{Key: kind})
		require.NoError(t, err)
		for _, i := range made.Infos {
			require.Equal(t, want, i.Algorithm)
		}
	}
	_, err := Init(t.TempDir(), Options{Key: "rsa-1024"})
	fails(t, err, BadKey)
}
