package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tree lists everything below a folder, with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir+string(filepath.Separator))] = string(data)
		return err
	}))
	return all
}

// fails checks that an error is of a kind and speaks two languages.
func fails(t *testing.T, err error, kind ErrorKind) *Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	require.NotEqual(t, e.In("fr"), e.In("en"))
	for _, lang := range []string{"fr", "en"} {
		require.NotContains(t, e.In(lang), "%!")
		require.NotEmpty(t, e.Hint(lang))
	}
	return e
}

func TestInitMakesAPKI(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "pki")
	now := time.Now()
	made, err := Init(dir, Options{Names: []string{"dmn.hospital.test", "192.0.2.7", "localhost", "::1"}})
	require.NoError(t, err)
	require.Equal(t, dir, made.Dir)
	var paths []string
	for _, name := range []string{"ca.pem", "ca-key.pem", "gam.pem", "gam-key.pem", "dmn.pem", "dmn-key.pem", "pki.json", "crl.pem", "ca.crl"} {
		paths = append(paths, filepath.Join(dir, name))
	}
	require.Equal(t, paths, made.Files)
	require.Len(t, tree(t, dir), 9, "nothing else is left")

	roots := x509.NewCertPool()
	ca, err := os.ReadFile(paths[0])
	require.NoError(t, err)
	require.True(t, roots.AppendCertsFromPEM(ca))
	serials := map[string]bool{}
	for _, role := range []string{"ca", "gam", "dmn"} {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, role+".pem"), filepath.Join(dir, role+"-key.pem"))
		require.NoError(t, err)
		c := pair.Leaf
		require.Equal(t, elliptic.P256(), c.PublicKey.(*ecdsa.PublicKey).Curve)
		require.LessOrEqual(t, c.NotAfter.Sub(c.NotBefore), 2*365*24*time.Hour)
		require.True(t, c.NotBefore.Before(now))
		require.True(t, c.NotAfter.After(now.Add((DefaultDays-1)*24*time.Hour)))
		require.Positive(t, c.SerialNumber.Sign())
		require.False(t, serials[c.SerialNumber.String()])
		serials[c.SerialNumber.String()] = true
		require.Equal(t, role == "ca", c.IsCA)
		if role == "ca" {
			continue
		}
		for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			for _, name := range []string{"localhost", "127.0.0.1", "::1", role + ".test", "dmn.hospital.test", "192.0.2.7"} {
				_, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, KeyUsages: []x509.ExtKeyUsage{usage}})
				require.NoError(t, err, "%s for %s", role, name)
			}
		}
		require.Len(t, c.DNSNames, 3, "no name twice")
		require.Len(t, c.IPAddresses, 3, "no address twice")
	}
}

func TestInitProtectsTheKeys(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits on this system")
	}
	dir := filepath.Join(t.TempDir(), "pki")
	_, err := Init(dir, Options{})
	require.NoError(t, err)
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	require.Equal(t, fs.FileMode(0o700), mode(dir))
	for _, role := range []string{"ca", "gam", "dmn"} {
		require.Equal(t, fs.FileMode(0o600), mode(filepath.Join(dir, role+"-key.pem")))
	}
}

func TestInitNeverOverwrites(t *testing.T) {
	p := plain()
	for _, name := range p.files() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600))
			_, err := Init(dir, Options{})
			require.Equal(t, filepath.Join(dir, name), fails(t, err, Exists).Path)
			require.Equal(t, map[string]string{name: "mine"}, tree(t, dir))
		})
	}
	t.Run("a broken link", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Symlink("nowhere", filepath.Join(dir, "dmn.pem")); err != nil {
			t.Skip(err)
		}
		_, err := Init(dir, Options{})
		fails(t, err, Exists)
	})
}

func TestInitWithForceReplacesThePKIAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600))
	first, err := Init(dir, Options{})
	require.NoError(t, err)
	before := tree(t, dir)
	second, err := Init(dir, Options{Force: true})
	require.NoError(t, err)
	after := tree(t, dir)
	require.Len(t, after, 10)
	require.Equal(t, "mine", after["notes.txt"])
	for name := range after {
		if name != "notes.txt" && name != stateFile { // which has nothing to tell yet
			require.NotEqual(t, before[name], after[name])
		}
	}
	for i := range first.Infos {
		require.NotEqual(t, first.Infos[i].Serial, second.Infos[i].Serial)
	}
}

func TestInitRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	blocked := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(blocked, "gam.pem"), 0o700))
	cases := []struct {
		name string
		dir  string
		opt  Options
		kind ErrorKind
	}{
		{"a file", file, Options{}, NotADirectory},
		{"below a file", filepath.Join(file, "pki"), Options{}, Failed},
		{"a folder in the place of a file", blocked, Options{Force: true}, IsDirectory},
		{"a negative validity", "", Options{Days: -1}, BadDays},
		{"more than two years", "", Options{Days: 731}, BadDays},
		{"an empty name", "", Options{Names: []string{""}}, BadName},
		{"a name with a port", "", Options{Names: []string{"dmn.test:2575"}}, BadName},
		{"a URL", "", Options{Names: []string{"https://dmn.test"}}, BadName},
		{"a name with a blank", "", Options{Names: []string{"dmn test"}}, BadName},
		{"a name with an accent", "", Options{Names: []string{"hôpital.test"}}, BadName},
		{"a label that is too long", "", Options{Names: []string{strings.Repeat("a", 64) + ".test"}}, BadName},
		{"a hyphen at the end", "", Options{Names: []string{"dmn-.test"}}, BadName},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := c.dir
			if dir == "" {
				dir = filepath.Join(t.TempDir(), "pki")
			}
			_, err := Init(dir, c.opt)
			fails(t, err, c.kind)
			if c.dir == "" {
				require.NoDirExists(t, dir)
			}
		})
	}
}

func TestInitTakesNamesAndDays(t *testing.T) {
	now := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	made, err := Init(t.TempDir(), Options{Names: []string{"*.hospital.test", "my_host", "2001:db8::7"}, Now: now, Days: MaxDays})
	require.NoError(t, err)
	require.Equal(t, []string{"localhost", "dmn.test", "*.hospital.test", "my_host", "127.0.0.1", "::1", "2001:db8::7"}, made.Infos[2].SANs())
	require.Equal(t, now.Add(-time.Hour), made.Infos[2].NotBefore)
	require.Equal(t, 729, made.Infos[2].DaysLeft(now), "the hour before now is part of the two years")
}

// A file that cannot be written leaves nothing behind.
func TestInstallIsAllOrNothing(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "new", "pki")
	err := install(dir, []file{{name: "a.pem", data: []byte("a"), mode: 0o600}, {name: "no/such/folder.pem", mode: 0o600}}, false)
	fails(t, err, Failed)
	entries, err := os.ReadDir(base)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// Neither does one that cannot take its place: what it replaced is put back.
func TestReplaceAllPutsBackWhatWasThere(t *testing.T) {
	dir, stage := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.pem"), []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.pem"), []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(stage, "a.pem"), []byte("new"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(stage, "b.pem"), []byte("new"), 0o600))
	before := tree(t, dir)
	err := replaceAll(stage, dir, []file{{name: "a.pem"}, {name: "b.pem"}, {name: "c.pem"}}, true)
	fails(t, err, Failed)
	require.Equal(t, before, tree(t, dir))
}

// A file that appeared after the first look is not overwritten either.
func TestReplaceLooksAgain(t *testing.T) {
	dir, stage := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.pem"), []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(stage, "a.pem"), []byte("new"), 0o600))
	fails(t, replaceAll(stage, dir, []file{{name: "a.pem"}}, false), Exists)
	require.Equal(t, map[string]string{"a.pem": "old"}, tree(t, dir))
}

func TestShowAFolder(t *testing.T) {
	dir := t.TempDir()
	made, err := Init(dir, Options{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.pem"), []byte("no certificate"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "old.pem"), 0o700))
	infos, err := Show(dir)
	require.NoError(t, err)
	require.Len(t, infos, 3)
	require.Equal(t, []string{"ca", "dmn", "gam"}, []string{infos[0].Role, infos[1].Role, infos[2].Role})
	require.Equal(t, made.Infos[2], infos[1])
	for _, i := range infos {
		require.Equal(t, KeyMatches, i.Key)
		require.Equal(t, filepath.Join(dir, i.Role+"-key.pem"), i.KeyFile)
		require.Equal(t, "CN=pamlab test CA,O=pamlab test PKI", i.Issuer)
		require.Equal(t, 364, i.DaysLeft(time.Now()))
	}
	require.Equal(t, "CN=dmn,O=pamlab test PKI", infos[1].Subject)
	require.Equal(t, []string{"serverAuth", "clientAuth"}, infos[1].EKUs)
	require.Equal(t, []string{"localhost", "dmn.test", "127.0.0.1", "::1"}, infos[1].SANs())
	require.True(t, infos[0].CA)

	data, err := os.ReadFile(filepath.Join(dir, "dmn.pem"))
	require.NoError(t, err)
	block, _ := pem.Decode(data)
	sum := sha256.Sum256(block.Bytes)
	require.Equal(t, hex.EncodeToString(sum[:]), strings.ToLower(strings.ReplaceAll(infos[1].Fingerprint, ":", "")))
	require.Len(t, infos[1].Fingerprint, 95)
}

func TestShowLooksForTheKey(t *testing.T) {
	from := t.TempDir()
	_, err := Init(from, Options{})
	require.NoError(t, err)
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		return string(data)
	}
	cases := []struct {
		name      string
		cert, key string // key "": no such file
		want      KeyState
	}{
		{"none", read("gam.pem"), "", KeyAbsent},
		{"beside", read("gam.pem"), read("gam-key.pem"), KeyMatches},
		{"of another", read("gam.pem"), read("dmn-key.pem"), KeyDiffers},
		{"not a key", read("gam.pem"), "hello", KeyBroken},
		{"in the same file", read("gam.pem") + read("gam-key.pem"), "", KeyMatches},
		{"before it in the same file", read("gam-key.pem") + read("gam.pem"), "", KeyMatches},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "x.pem"), []byte(c.cert), 0o600))
			if c.key != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "x-key.pem"), []byte(c.key), 0o600))
			}
			infos, err := Show(filepath.Join(dir, "x.pem"))
			require.NoError(t, err)
			require.Len(t, infos, 1)
			require.Equal(t, c.want, infos[0].Key)
		})
	}
}

func TestShowAChain(t *testing.T) {
	dir := t.TempDir()
	_, err := Init(dir, Options{})
	require.NoError(t, err)
	var chain []byte
	for _, name := range []string{"dmn.pem", "ca.pem"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		chain = append(chain, data...)
	}
	path := filepath.Join(dir, "chain.crt")
	require.NoError(t, os.WriteFile(path, chain, 0o600))
	infos, err := Show(path)
	require.NoError(t, err)
	require.Len(t, infos, 2)
	require.False(t, infos[0].CA)
	require.True(t, infos[1].CA)
	require.Equal(t, KeyAbsent, infos[1].Key)
}

func TestShowRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	huge := file("huge", "")
	require.NoError(t, os.Truncate(huge, 1<<30))
	cases := []struct {
		name, path string
		kind       ErrorKind
	}{
		{"nothing there", filepath.Join(dir, "none"), Missing},
		{"an empty folder", t.TempDir(), NoCertificate},
		{"an empty file", file("empty", ""), NoCertificate},
		{"text", file("text", "hello"), NoCertificate},
		{"a device", os.DevNull, NoCertificate},
		{"1 GiB", huge, NoCertificate},
		{"a damaged certificate", file("damaged", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))), BadCertificate},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Show(c.path)
			require.Contains(t, fails(t, err, c.kind).Error(), c.path)
		})
	}
}

func TestDaysLeft(t *testing.T) {
	end := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		before time.Duration
		want   int
	}{
		{48 * time.Hour, 2}, {47 * time.Hour, 1}, {time.Hour, 0}, {0, 0}, {-time.Second, -1}, {-24 * time.Hour, -1}, {-25 * time.Hour, -2},
	}
	for _, c := range cases {
		require.Equal(t, c.want, Info{NotAfter: end}.DaysLeft(end.Add(-c.before)), "%s before the end", c.before)
	}
}
