package pki

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRevoke(t *testing.T) {
	dir := fresh(t, Options{})
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	_, err := Init(dir, Options{Force: true, Now: now, Days: 400})
	require.NoError(t, err)
	gam := certs(t, filepath.Join(dir, "gam.pem"))[0]

	done, err := Revoke(dir, filepath.Join(dir, "gam.pem"), RevokeOptions{Reason: "superseded", Now: now, Days: 7})
	require.NoError(t, err)
	require.Equal(t, "CN=gam,O=pamlab test PKI", done.Subject)
	require.False(t, done.Already)
	list := crl(t, filepath.Join(dir, "crl.pem"))
	require.EqualValues(t, 2, list.Number.Int64())
	require.Equal(t, now.Add(-skew).AddDate(0, 0, 7), list.NextUpdate)
	require.Equal(t, gam.SerialNumber, list.RevokedCertificateEntries[0].SerialNumber)
	require.Equal(t, 4, list.RevokedCertificateEntries[0].ReasonCode)
	require.Equal(t, list.Raw, crl(t, filepath.Join(dir, "ca.crl")).Raw)

	before := tree(t, dir)
	done, err = Revoke(dir, filepath.Join(dir, "gam.pem"), RevokeOptions{Now: now.Add(time.Hour)})
	require.NoError(t, err)
	require.True(t, done.Already)
	require.Equal(t, now, done.At)
	require.Equal(t, before, tree(t, dir), "nothing has changed")

	dmn := certs(t, filepath.Join(dir, "dmn.pem"))[0]
	done, err = Revoke(dir, strings.ToUpper(dmn.SerialNumber.Text(16)), RevokeOptions{Now: now})
	require.NoError(t, err)
	require.Equal(t, "CN=dmn,O=pamlab test PKI", done.Subject, "found by its number")
	done, err = Revoke(dir, "0a:0B", RevokeOptions{Now: now})
	require.NoError(t, err)
	require.Equal(t, "a0b", done.Serial)
	require.Empty(t, done.Subject)

	_, err = RenewCRLs(dir, CRLOptions{Now: now.AddDate(0, 1, 0)})
	require.NoError(t, err)
	list = crl(t, filepath.Join(dir, "crl.pem"))
	require.EqualValues(t, 5, list.Number.Int64())
	require.Len(t, list.RevokedCertificateEntries, 3, "nobody is forgotten")
}

func TestRevokeRefuses(t *testing.T) {
	dir := fresh(t, Options{})
	broken := fresh(t, Options{})
	require.NoError(t, os.WriteFile(filepath.Join(broken, stateFile), []byte(`{"revokd": []}`), 0o600))
	for name, c := range map[string]struct {
		dir, what string
		opt       RevokeOptions
		kind      ErrorKind
	}{
		"no such file":        {dir, "none.pem", RevokeOptions{}, Missing},
		"no number":           {dir, "xyz", RevokeOptions{}, BadSerial},
		"nought":              {dir, "00", RevokeOptions{}, BadSerial},
		"too long a number":   {dir, strings.Repeat("f", 41), RevokeOptions{}, BadSerial},
		"no certificate":      {dir, filepath.Join(dir, stateFile), RevokeOptions{}, NoCertificate},
		"of another PKI":      {dir, filepath.Join(broken, "gam.pem"), RevokeOptions{}, NotOurs},
		"the root itself":     {dir, filepath.Join(dir, "ca.pem"), RevokeOptions{}, NotOurs},
		"no such reason":      {dir, filepath.Join(dir, "gam.pem"), RevokeOptions{Reason: "bored"}, BadReason},
		"a time of no length": {dir, filepath.Join(dir, "gam.pem"), RevokeOptions{Days: -1}, BadDays},
		"a misspelt memory":   {broken, filepath.Join(broken, "gam.pem"), RevokeOptions{}, BadState},
	} {
		t.Run(name, func(t *testing.T) {
			before := tree(t, c.dir)
			_, err := Revoke(c.dir, c.what, c.opt)
			fails(t, err, c.kind)
			require.Equal(t, before, tree(t, c.dir))
		})
	}
}

// Many at once lose no revocation and no number.
func TestRevokeAtOnce(t *testing.T) {
	dir := fresh(t, Options{})
	const n = 12
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { _, errs[i] = Revoke(dir, string("123456789abc"[i]), RevokeOptions{}) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	list := crl(t, filepath.Join(dir, "crl.pem"))
	require.Len(t, list.RevokedCertificateEntries, n)
	require.EqualValues(t, 1+n, list.Number.Int64())
	require.Len(t, tree(t, dir), 9, "no lock, no stage is left")
}

func TestLockOfAnother(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, lockFile), nil, 0o600))
	_, err := lockFor(dir, 0)
	require.Equal(t, filepath.Join(dir, lockFile), fails(t, err, Locked).Path)
	require.NoError(t, os.Remove(filepath.Join(dir, lockFile)))
	unlock, err := lockFor(dir, 0)
	require.NoError(t, err)
	unlock()
	require.Empty(t, tree(t, dir))
}

// The CRL of somebody else's authority starts from nothing.
func TestCRLWithoutAMemory(t *testing.T) {
	dir := fresh(t, Options{})
	for _, name := range []string{stateFile, crlFile, "ca.crl"} {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
	}
	_, err := RenewCRLs(dir, CRLOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 1, crl(t, filepath.Join(dir, "crl.pem")).Number.Int64())
}

func TestShowCRLs(t *testing.T) {
	dir := shared(t)
	crls, err := ShowCRLs(dir)
	require.NoError(t, err)
	require.Len(t, crls, 1, "the DER form is the same")
	c := crls[0]
	require.Equal(t, "2", c.Number)
	require.Equal(t, "CN=pamlab test CA,O=pamlab test PKI", c.Issuer)
	require.Equal(t, "keyCompromise", c.Revoked[0].Reason)
	require.Empty(t, c.Problems(time.Now()))
	require.Equal(t, "stale", c.Problems(time.Now().AddDate(0, 0, DefaultCRLDays+1))[0].Code)
	revoked, err := Show(filepath.Join(dir, badDir, "revoked.pem"))
	require.NoError(t, err)
	_, named := c.Names(revoked[0])
	require.True(t, named)
	good, err := Show(filepath.Join(dir, "gam.pem"))
	require.NoError(t, err)
	_, named = c.Names(good[0])
	require.False(t, named)

	broken := filepath.Join(t.TempDir(), "x.pem")
	require.NoError(t, os.WriteFile(broken, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: []byte("x")}), 0o600))
	_, err = ShowCRLs(broken)
	fails(t, err, BadCRL)
}

// What is wrong with each of the catalogue is said, where the file shows it.
func TestProblems(t *testing.T) {
	dir := shared(t)
	infos, err := Show(filepath.Join(dir, badDir, "short-lived.pem"))
	require.NoError(t, err)
	at := infos[0].NotAfter.Add(-shortLife / 2)
	for name, want := range map[string]string{
		"expired": "expired", "not-yet-valid": "not-yet-valid", "self-signed": "self-signed", "server-only": "server-only", "client-only": "client-only",
		"cn-only": "no-san", "rsa-1024": "weak-key", "sha1": "sha1", "misordered-chain": "chain-order",
		"short-lived": "", "many-names": "", "rsa-2048": "", "rsa-3072": "", "p-384": "", "stale-crl": "", "../gam": "", "../ca": "",
	} {
		infos, err := Show(filepath.Join(dir, badDir, name+".pem"))
		require.NoError(t, err)
		var codes []string
		for _, p := range infos[0].Problems(at) {
			codes = append(codes, p.Code)
			require.NotEqual(t, p.Text.FR, p.Text.EN)
		}
		require.Equal(t, want, strings.Join(codes, " "), name)
	}
	authorities, err := Show(filepath.Join(dir, "ca.pem"))
	require.NoError(t, err)
	for name, want := range map[string]bool{
		"missing-intermediate": true, "other-ca": true,
		"misordered-chain": false, "stale-crl": false, "self-signed": false, "sha1": false, "revoked": false, "../gam": false, "../ca": false,
	} {
		infos, err := Show(filepath.Join(dir, badDir, name+".pem"))
		require.NoError(t, err)
		for i, info := range infos {
			_, unvouched := info.Unvouched(authorities)
			require.Equal(t, want, unvouched, "%s %d", name, i)
			_, unvouched = info.Unvouched(nil)
			require.False(t, unvouched, "without authorities nothing can be said")
		}
	}
	key, err := Show(filepath.Join(dir, badDir, "key-mismatch.pem"))
	require.NoError(t, err)
	require.Equal(t, KeyDiffers, key[0].Key)
}
