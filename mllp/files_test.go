package mllp_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

func TestFilesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	good := identity(t, "gam")
	other := identity(t, "dmn")
	folder := filepath.Join(dir, "folder")
	require.NoError(t, os.Mkdir(folder, 0o700))
	huge := file("huge", "")
	require.NoError(t, os.Truncate(huge, 1<<30))
	old, young := issue(t, expired), issue(t, notYetValid)
	certBlock := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("no DER")}))
	keyBlock := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("no DER")}))
	locked := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("?")}))
	lockedOld := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("?")}))

	cases := []struct {
		name  string
		files mllp.Files
		kind  mllp.FileErrorKind
		role  mllp.Role
	}{
		{"nothing", mllp.Files{}, mllp.FileNotGiven, mllp.RoleCA},
		{"key without certificate", mllp.Files{CA: good.CA, Key: good.Key}, mllp.FileNotGiven, mllp.RoleCert},
		{"no CA file", mllp.Files{CA: filepath.Join(dir, "none")}, mllp.FileMissing, mllp.RoleCA},
		{"no certificate file", mllp.Files{CA: good.CA, Cert: filepath.Join(dir, "none"), Key: good.Key}, mllp.FileMissing, mllp.RoleCert},
		{"no key file", mllp.Files{CA: good.CA, Cert: good.Cert, Key: filepath.Join(dir, "none")}, mllp.FileMissing, mllp.RoleKey},
		{"CA is a folder", mllp.Files{CA: folder}, mllp.FileDirectory, mllp.RoleCA},
		{"certificate is a folder", mllp.Files{CA: good.CA, Cert: folder, Key: good.Key}, mllp.FileDirectory, mllp.RoleCert},
		{"a device", mllp.Files{CA: os.DevNull}, mllp.FileUnreadable, mllp.RoleCA},
		{"1 GiB", mllp.Files{CA: huge}, mllp.FileTooBig, mllp.RoleCA},
		{"CA is empty", mllp.Files{CA: file("empty", "")}, mllp.FileNoCert, mllp.RoleCA},
		{"CA is text", mllp.Files{CA: file("text", "hello\n")}, mllp.FileNoCert, mllp.RoleCA},
		{"CA is a key", mllp.Files{CA: good.Key}, mllp.FileNoCert, mllp.RoleCA},
		{"CA is damaged", mllp.Files{CA: file("damaged", certBlock)}, mllp.FileBadCert, mllp.RoleCA},
		{"certificate is a key", mllp.Files{CA: good.CA, Cert: good.Key, Key: good.Key}, mllp.FileNoCert, mllp.RoleCert},
		{"key is a certificate", mllp.Files{CA: good.CA, Cert: good.Cert, Key: good.Cert}, mllp.FileNoKey, mllp.RoleKey},
		{"certificate without key", mllp.Files{CA: good.CA, Cert: good.Cert}, mllp.FileNoKey, mllp.RoleKey},
		{"key is damaged", mllp.Files{CA: good.CA, Cert: good.Cert, Key: file("badkey", keyBlock)}, mllp.FileNoKey, mllp.RoleKey},
		{"key has a password", mllp.Files{CA: good.CA, Cert: good.Cert, Key: file("locked", locked)}, mllp.FileKeyLocked, mllp.RoleKey},
		{"key has a password, old form", mllp.Files{CA: good.CA, Cert: good.Cert, Key: file("lockedold", lockedOld)}, mllp.FileKeyLocked, mllp.RoleKey},
		{"key of another", mllp.Files{CA: good.CA, Cert: good.Cert, Key: other.Key}, mllp.FileKeyMismatch, mllp.RoleKey},
		{"expired", mllp.Files{CA: old.CA, Cert: old.Cert, Key: old.Key}, mllp.FileExpired, mllp.RoleCert},
		{"not yet valid", mllp.Files{CA: young.CA, Cert: young.Cert, Key: young.Key}, mllp.FileNotYetValid, mllp.RoleCert},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.files.ClientConfig()
			var fe *mllp.FileError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, c.kind, fe.Kind, "%v", err)
			require.Equal(t, c.role, fe.Role)
			_, err = c.files.ServerConfig()
			require.ErrorAs(t, err, &fe)
			for _, lang := range []string{"fr", "en"} {
				require.NotEmpty(t, fe.In(lang))
				require.NotContains(t, fe.In(lang), "%!")
				require.NotEmpty(t, fe.Hint(lang))
			}
			require.NotEqual(t, fe.In("fr"), fe.In("en"))
			if c.kind != mllp.FileNotGiven {
				require.Contains(t, fe.Error(), fe.Path)
			}
		})
	}
}

func TestServerConfigNeedsAnIdentity(t *testing.T) {
	_, err := identity(t, "").ServerConfig()
	var fe *mllp.FileError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, mllp.FileNotGiven, fe.Kind)
	require.Equal(t, mllp.RoleCert, fe.Role)
}

func TestFilesUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	f := identity(t, "gam")
	key := filepath.Join(t.TempDir(), "key.pem")
	copyFile(t, f.Key, key)
	require.NoError(t, os.Chmod(key, 0))
	f.Key = key
	_, err := f.ClientConfig()
	var fe *mllp.FileError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, mllp.FileUnreadable, fe.Kind)
	require.NotEmpty(t, fe.Hint("fr"))
}

func TestFilesInOne(t *testing.T) {
	f := identity(t, "gam")
	cert, err := os.ReadFile(f.Cert)
	require.NoError(t, err)
	key, err := os.ReadFile(f.Key)
	require.NoError(t, err)
	both := filepath.Join(t.TempDir(), "both.pem")
	write(t, both, append(append([]byte("Bag Attributes\n"), key...), cert...))
	_, err = mllp.Files{CA: f.CA, Cert: both}.ServerConfig()
	require.NoError(t, err)
}

func TestKeysOfEveryForm(t *testing.T) {
	f := identity(t, "gam")
	data, err := os.ReadFile(f.Key)
	require.NoError(t, err)
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	der, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	require.NoError(t, err)
	f.Key = filepath.Join(t.TempDir(), "ec.pem")
	write(t, f.Key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	_, err = f.ClientConfig()
	require.NoError(t, err)
}

// renewable is an identity whose files can be replaced.
func renewable(t *testing.T, name string) (f mllp.Files, reloads func() []error) {
	t.Helper()
	from := identity(t, name)
	dir := t.TempDir()
	f = mllp.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	copyFile(t, from.CA, f.CA)
	copyFile(t, from.Cert, f.Cert)
	copyFile(t, from.Key, f.Key)
	var mu sync.Mutex
	var all []error
	f.OnReload = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, err)
	}
	return f, func() []error {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// connect opens a connection, exchanges a message, and returns what is known
// about the connection.
func connect(t *testing.T, addr string, config *tls.Config) (*mllp.Conn, error) {
	t.Helper()
	c := client(t, &mllp.Client{Addr: addr, TLSConfig: config})
	r, err := c.Do(t.Context(), []byte("hello"))
	if err != nil {
		return nil, err
	}
	return r.Conn, nil
}

func TestServerUsesARenewedCertificate(t *testing.T) {
	files, reloads := renewable(t, "dmn")
	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, files)})
	config := clientConfig(t, identity(t, "gam"))
	subject := func() string {
		conn, err := connect(t, addr, config)
		require.NoError(t, err)
		return conn.TLS.PeerCertificates[0].Subject.CommonName
	}
	require.Equal(t, "dmn", subject())
	require.Empty(t, reloads())

	renewed := issue(t, func(*x509.Certificate) {})
	copyFile(t, renewed.Cert, files.Cert) // for a moment the key belongs to another
	require.Equal(t, "dmn", subject(), "the last good one stays")
	require.Equal(t, "dmn", subject())
	require.Len(t, reloads(), 1, "reported once")
	var fe *mllp.FileError
	require.ErrorAs(t, reloads()[0], &fe)
	require.Equal(t, mllp.FileKeyMismatch, fe.Kind)

	copyFile(t, renewed.Key, files.Key)
	require.Equal(t, "bent", subject())
	require.Len(t, reloads(), 2)
	require.NoError(t, reloads()[1])
}

func TestServerKeepsTheLastGoodFiles(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(t *testing.T, f mllp.Files)
		kind  mllp.FileErrorKind
	}{
		{"certificate removed", func(t *testing.T, f mllp.Files) { require.NoError(t, os.Remove(f.Cert)) }, mllp.FileMissing},
		{"certificate emptied", func(t *testing.T, f mllp.Files) { require.NoError(t, os.Truncate(f.Cert, 0)) }, mllp.FileNoCert},
		{"key cut", func(t *testing.T, f mllp.Files) { require.NoError(t, os.Truncate(f.Key, 50)) }, mllp.FileNoKey},
		{"authority removed", func(t *testing.T, f mllp.Files) { require.NoError(t, os.Remove(f.CA)) }, mllp.FileMissing},
		{"authority without certificate", func(t *testing.T, f mllp.Files) { copyFile(t, f.Key, f.CA) }, mllp.FileNoCert},
		{"expired", func(t *testing.T, f mllp.Files) {
			old := issue(t, expired)
			copyFile(t, old.Key, f.Key)
			copyFile(t, old.Cert, f.Cert)
		}, mllp.FileExpired},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files, reloads := renewable(t, "dmn")
			addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, files)})
			c.spoil(t, files)
			for range 3 {
				conn, err := connect(t, addr, clientConfig(t, identity(t, "gam")))
				require.NoError(t, err)
				require.Equal(t, "dmn", conn.TLS.PeerCertificates[0].Subject.CommonName)
			}
			require.Len(t, reloads(), 1)
			var fe *mllp.FileError
			require.ErrorAs(t, reloads()[0], &fe)
			require.Equal(t, c.kind, fe.Kind)
		})
	}
}

func TestServerUsesRenewedAuthorities(t *testing.T) {
	files, _ := renewable(t, "dmn")
	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, files)})
	stranger := foreign(t)
	_, err := connect(t, addr, clientConfig(t, stranger))
	require.Equal(t, "unknown_ca", failure(t, err, mllp.HandshakeRefused).Alert)

	copyFile(t, filepath.Join(filepath.Dir(stranger.Cert), "ca.pem"), files.CA)
	_, err = connect(t, addr, clientConfig(t, stranger))
	require.NoError(t, err)
	_, err = connect(t, addr, clientConfig(t, identity(t, "gam")))
	require.Equal(t, "unknown_ca", failure(t, err, mllp.HandshakeRefused).Alert)
}

func TestClientUsesRenewedFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	renewed := func(name string) string { return filepath.Join(dir, name) }

	files, reloads := renewable(t, "gam")
	config := clientConfig(t, files)
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	w := watch(s)
	before := serve(t, s)
	after := serve(t, &mllp.Server{TLSConfig: serverConfig(t, mllp.Files{CA: renewed("ca.pem"), Cert: renewed("dmn.pem"), Key: renewed("dmn-key.pem")})})

	_, err = connect(t, before, config)
	require.NoError(t, err)
	_, err = connect(t, after, config)
	failure(t, err, mllp.HandshakeRefused)

	copyFile(t, renewed("ca.pem"), files.CA)
	copyFile(t, renewed("gam.pem"), files.Cert)
	copyFile(t, renewed("gam-key.pem"), files.Key)
	_, err = connect(t, after, config)
	require.NoError(t, err)
	require.Len(t, reloads(), 1)
	_, err = connect(t, before, config)
	require.Equal(t, "unknown_ca", failure(t, err, mllp.HandshakeRefused).Alert)
	<-w.refused
}

// Two changes may fall into one tick of the file system's clock, and leave the
// size as it was.
func TestFilesChangedWithinATick(t *testing.T) {
	files, _ := renewable(t, "dmn")
	now := time.Now()
	require.NoError(t, os.Chtimes(files.CA, now, now))
	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, files)})
	old, err := os.ReadFile(files.CA)
	require.NoError(t, err)
	stranger := foreign(t)
	other, err := os.ReadFile(filepath.Join(filepath.Dir(stranger.Cert), "ca.pem"))
	require.NoError(t, err)
	size := max(len(old), len(other)) + 1
	pad := func(b []byte) []byte { return append(b, strings.Repeat("\n", size-len(b))...) }

	require.NoError(t, os.WriteFile(files.CA, pad(old), 0o600))
	require.NoError(t, os.Chtimes(files.CA, now, now))
	_, err = connect(t, addr, clientConfig(t, stranger))
	failure(t, err, mllp.HandshakeRefused)

	require.NoError(t, os.WriteFile(files.CA, pad(other), 0o600))
	require.NoError(t, os.Chtimes(files.CA, now, now))
	_, err = connect(t, addr, clientConfig(t, stranger))
	require.NoError(t, err)
}

// Tomorrow's certificate may be put in place today.
func TestCertificateThatBecomesValid(t *testing.T) {
	authority := identity(t, "").CA
	synctest.Test(t, func(t *testing.T) {
		var reloads []error
		files := issue(t, func(*x509.Certificate) {})
		files.CA, files.AnyIdentity = authority, false
		files.OnReload = func(err error) { reloads = append(reloads, err) }
		config := clientConfig(t, files)
		subject := func() string {
			pair, err := config.GetClientCertificate(nil)
			require.NoError(t, err)
			return pair.Leaf.Subject.CommonName
		}
		next := issue(t, func(c *x509.Certificate) {
			notYetValid(c)
			c.Subject.CommonName = "next"
		})
		copyFile(t, next.Cert, files.Cert)
		copyFile(t, next.Key, files.Key)
		require.Equal(t, "bent", subject())
		time.Sleep(23 * time.Hour)
		require.Equal(t, "bent", subject())
		time.Sleep(time.Hour)
		require.Equal(t, "next", subject())
		require.Equal(t, "next", subject())
		require.Len(t, reloads, 2)
		var fe *mllp.FileError
		require.ErrorAs(t, reloads[0], &fe)
		require.Equal(t, mllp.FileNotYetValid, fe.Kind)
		require.NoError(t, reloads[1])
	})
}

// A server's configuration may be bent before it is used.
func TestServerConfigMayBeChanged(t *testing.T) {
	config := serverConfig(t, identity(t, "dmn"))
	config.MaxVersion = tls.VersionTLS12
	config.ClientAuth = tls.NoClientCert
	addr := serve(t, &mllp.Server{TLSConfig: config})
	conn, err := connect(t, addr, clientConfig(t, identity(t, "")))
	require.NoError(t, err)
	require.Equal(t, uint16(tls.VersionTLS12), conn.TLS.Version)
}

// Every connection proves its identity anew.
func TestSessionsAreNotResumed(t *testing.T) {
	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))})
	config := clientConfig(t, identity(t, "gam"))
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	for range 3 {
		conn, err := connect(t, addr, config)
		require.NoError(t, err)
		require.False(t, conn.TLS.DidResume)
	}
}

func TestFilesHandshakesInParallel(t *testing.T) {
	files, _ := renewable(t, "dmn")
	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, files)})
	config := clientConfig(t, identity(t, "gam"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c := &mllp.Client{Addr: addr, TLSConfig: config}
			defer c.Close()
			if _, err := c.Do(t.Context(), []byte("hello")); err != nil {
				t.Error(err)
			}
		})
	}
	copyFile(t, issue(t, func(*x509.Certificate) {}).Cert, files.Cert)
	all.Wait()
}

// A faulty identity is shown as it stands, when that is what is wanted.
func TestAnyIdentityShowsWhatTheFilesHold(t *testing.T) {
	mismatch := identity(t, "gam")
	mismatch.Key = identity(t, "dmn").Key
	_, err := mismatch.ClientConfig()
	var fe *mllp.FileError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, mllp.FileKeyMismatch, fe.Kind)
	mismatch.AnyIdentity = true

	misordered := identity(t, "gam")
	misordered.Cert = filepath.Join(t.TempDir(), "chain.pem")
	misordered.AnyIdentity = true
	var chain []byte
	for _, path := range []string{misordered.CA, identity(t, "gam").Cert} {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		chain = append(chain, data...)
	}
	write(t, misordered.Cert, chain)

	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))})
	for name, files := range map[string]mllp.Files{"mismatch": mismatch, "misordered": misordered} {
		t.Run(name, func(t *testing.T) {
			_, err := connect(t, addr, clientConfig(t, files))
			e := failure(t, err, mllp.HandshakeRefused)
			require.True(t, e.Remote, "the server refused it: %v", e)
		})
	}
}
