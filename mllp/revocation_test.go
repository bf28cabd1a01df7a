package mllp_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// meet has a client connect to a server and returns what each end says of it:
// nil, nil if a message goes through.
func meet(t *testing.T, server, client *tls.Config) (there, here error) {
	t.Helper()
	s := &mllp.Server{TLSConfig: server}
	w := watch(s)
	c := &mllp.Client{Addr: serve(t, s), TLSConfig: client}
	_, here = c.Do(t.Context(), []byte("hello"))
	c.Close()
	return (<-w.closed).Err, here
}

// revocation is the RevocationError in an error, which must be one of a kind.
func revocation(t *testing.T, err error, kind mllp.RevocationErrorKind) *mllp.RevocationError {
	t.Helper()
	var e *mllp.RevocationError
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	for _, lang := range []string{"fr", "en"} {
		require.NotEmpty(t, e.In(lang))
		require.NotContains(t, e.In(lang), "%!")
		require.NotContains(t, e.In(lang), "\n")
		require.NotEmpty(t, e.Hint(lang))
	}
	require.NotEqual(t, e.In("fr"), e.In("en"))
	require.NotEqual(t, e.Hint("fr"), e.Hint("en"))
	return e
}

// A revoked certificate is refused by either end in either version. crypto/tls
// has no way to send certificate_revoked: what arrives is bad_certificate; what
// this end reports is the right name.
func TestRevokedCertificateIsRefused(t *testing.T) {
	root := newAuthority(t, "root", nil)
	good, bad := root.issue(), root.issue()
	crl := []string{root.file("root.crl", root.list(nil, bad.cert))}
	checking := good.files
	checking.CRL = crl
	for _, v := range versions {
		t.Run("by the server, "+v.name, func(t *testing.T) {
			config := clientConfig(t, bad.files)
			config.MaxVersion = v.id
			there, here := meet(t, serverConfig(t, checking), config)
			e := failure(t, there, mllp.HandshakeRefused)
			require.False(t, e.Remote)
			require.Equal(t, "certificate_revoked", e.Alert)
			r := revocation(t, there, mllp.Revoked)
			require.Equal(t, bad.cert.SerialNumber, r.Serial)
			require.Equal(t, 1, r.Reason)
			require.Equal(t, crl[0], r.Path)
			require.Contains(t, e.In("fr"), "est révoqué depuis le 2026-01-05 10:15 UTC (clé compromise)")
			require.Contains(t, e.In("en"), "was revoked on 2026-01-05 10:15 UTC (key compromised)")
			require.Equal(t, r.Hint("fr"), e.Hint("fr"))
			require.Equal(t, "bad_certificate", failure(t, here, mllp.HandshakeRefused).Alert)
		})
		t.Run("by the client, "+v.name, func(t *testing.T) {
			config := clientConfig(t, checking)
			config.MaxVersion = v.id
			there, here := meet(t, serverConfig(t, bad.files), config)
			require.Equal(t, "certificate_revoked", failure(t, here, mllp.HandshakeRefused).Alert)
			revocation(t, here, mllp.Revoked)
			require.Equal(t, "bad_certificate", failure(t, there, mllp.HandshakeRefused).Alert)
		})
	}
	there, here := meet(t, serverConfig(t, checking), clientConfig(t, checking))
	require.NoError(t, there)
	require.NoError(t, here)
}

// What each mode makes of each list, at the server and at the client.
func TestRevocationModes(t *testing.T) {
	root := newAuthority(t, "root", nil)
	other := newAuthority(t, "another", nil)
	peer, own := root.issue(), root.issue()
	const off, ifPresent, required = mllp.RevocationOff, mllp.RevocationIfPresent, mllp.RevocationRequired
	const ok = mllp.RevocationErrorKind("")
	cases := []struct {
		name string
		crl  []byte
		want map[mllp.RevocationMode]mllp.RevocationErrorKind
	}{
		{"no list", nil, map[mllp.RevocationMode]mllp.RevocationErrorKind{off: ok, "": ok, ifPresent: ok, required: mllp.RevocationUnknown}},
		{"list of another authority", other.list(nil), map[mllp.RevocationMode]mllp.RevocationErrorKind{ifPresent: ok, required: mllp.RevocationUnknown}},
		{"current list", root.list(nil), map[mllp.RevocationMode]mllp.RevocationErrorKind{ifPresent: ok, required: ok}},
		{"stale list", root.list(stale), map[mllp.RevocationMode]mllp.RevocationErrorKind{ifPresent: ok, "": ok, required: mllp.RevocationStale}},
		{"list of tomorrow", root.list(early), map[mllp.RevocationMode]mllp.RevocationErrorKind{ifPresent: ok, required: mllp.RevocationEarly}},
		{"named", root.list(nil, peer.cert), map[mllp.RevocationMode]mllp.RevocationErrorKind{off: ok, "": mllp.Revoked, ifPresent: mllp.Revoked, required: mllp.Revoked}},
		{"named by a stale list", root.list(stale, peer.cert), map[mllp.RevocationMode]mllp.RevocationErrorKind{ifPresent: mllp.Revoked, required: mllp.Revoked}},
		{"another is named", root.list(nil, own.cert), map[mllp.RevocationMode]mllp.RevocationErrorKind{ifPresent: ok, required: ok}},
	}
	for _, c := range cases {
		for mode, want := range c.want {
			t.Run(fmt.Sprintf("%s, %q", c.name, mode), func(t *testing.T) {
				files := own.files
				files.Revocation = mode
				files.OnReload = func(error) {}
				if c.crl != nil {
					files.CRL = []string{root.file("list.crl", c.crl)}
				}
				there, _ := meet(t, serverConfig(t, files), clientConfig(t, peer.files))
				_, here := meet(t, serverConfig(t, peer.files), clientConfig(t, files))
				if want == ok {
					require.NoError(t, there)
					require.NoError(t, here)
					return
				}
				revocation(t, there, want)
				revocation(t, here, want)
			})
		}
	}
}

// Every certificate below the root is looked up, each in the list of the
// authority above it.
func TestRevocationOfTheWholeChain(t *testing.T) {
	root := newAuthority(t, "root", nil)
	middle := newAuthority(t, "middle", root)
	low := newAuthority(t, "low", middle)
	peer, own := low.issue(), root.issue()
	lists := func(root3, middle3, low3 []byte) []string {
		var all []string
		for i, l := range [][]byte{root3, middle3, low3} {
			if l != nil {
				all = append(all, root.file(fmt.Sprint(i, ".crl"), l))
			}
		}
		return all
	}
	cases := []struct {
		name string
		crl  []string
		want mllp.RevocationErrorKind
		who  *x509.Certificate
	}{
		{"all good", lists(root.list(nil), middle.list(nil), low.list(nil)), "", nil},
		{"leaf", lists(root.list(nil), middle.list(nil), low.list(nil, peer.cert)), mllp.Revoked, peer.cert},
		{"lowest authority", lists(root.list(nil), middle.list(nil, low.cert), low.list(nil)), mllp.Revoked, low.cert},
		{"authority below the root", lists(root.list(nil, middle.cert), middle.list(nil), low.list(nil)), mllp.Revoked, middle.cert},
		{"no list of the root", lists(nil, middle.list(nil), low.list(nil)), mllp.RevocationUnknown, middle.cert},
		{"a stale list in the middle", lists(root.list(nil), middle.list(stale), low.list(nil)), mllp.RevocationStale, low.cert},
		{"numbers of another authority", lists(root.list(nil, peer.cert), middle.list(nil, peer.cert), low.list(nil, middle.cert)), "", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := own.files
			files.CRL, files.Revocation = c.crl, mllp.RevocationRequired
			there, _ := meet(t, serverConfig(t, files), clientConfig(t, peer.files))
			if c.want == "" {
				require.NoError(t, there)
				return
			}
			require.Equal(t, c.who.SerialNumber, revocation(t, there, c.want).Serial)
		})
	}
}

// A list that somebody else has signed is none.
func TestForgedListIsNotBelieved(t *testing.T) {
	root, impostor := newAuthority(t, "root", nil), newAuthority(t, "root", nil)
	middle := newAuthority(t, "middle", root)
	impostorMiddle := newAuthority(t, "middle", impostor)
	own := root.issue()

	files := own.files
	files.CRL = []string{root.file("list.crl", impostor.list(nil))}
	_, err := files.ServerConfig()
	var fe *mllp.FileError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, mllp.FileForgedCRL, fe.Kind, "the root is known, so it is said at once")
	require.Contains(t, fe.In("fr"), "« CN=root »")

	peer := middle.issue()
	files.Revocation = mllp.RevocationRequired
	files.CRL = []string{root.file("root.crl", root.list(nil)), root.file("middle.crl", impostorMiddle.list(nil, peer.cert))}
	there, _ := meet(t, serverConfig(t, files), clientConfig(t, peer.files))
	revocation(t, there, mllp.RevocationUnknown)
}

func TestListsInEveryForm(t *testing.T) {
	root := newAuthority(t, "root", nil)
	middle := newAuthority(t, "middle", root)
	peer, own := middle.issue(), root.issue()
	a, b := root.list(nil), middle.list(nil, peer.cert)
	pemA, pemB := pemOf("X509 CRL", a), pemOf("X509 CRL", b)
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "bad"), 0o700))
	root.write(filepath.Join(folder, "a.crl"), a)
	root.write(filepath.Join(folder, "b.CRL"), pemB)
	root.write(filepath.Join(folder, "ca.pem"), pemOf("CERTIFICATE", root.cert.Raw))
	root.write(filepath.Join(folder, "notes.txt"), []byte("hello"))
	for name, crl := range map[string][]string{
		"DER":       {root.file("a.crl", a), root.file("b.crl", b)},
		"PEM":       {root.file("a.pem", pemA), root.file("b.pem", pemB)},
		"one file":  {root.file("both.pem", append(append([]byte("lists\n"), pemA...), pemB...))},
		"a folder":  {folder},
		"PEM mixed": {root.file("mixed.pem", append(pemOf("CERTIFICATE", root.cert.Raw), pemB...)), root.file("a.crl", a)},
	} {
		t.Run(name, func(t *testing.T) {
			files := own.files
			files.CRL, files.Revocation = crl, mllp.RevocationRequired
			there, _ := meet(t, serverConfig(t, files), clientConfig(t, peer.files))
			revocation(t, there, mllp.Revoked)
		})
	}
}

// A list is complete for the certificates that it is meant for only.
func TestScopeOfLists(t *testing.T) {
	root := newAuthority(t, "root", nil)
	const point = "http://crl.test/1.crl"
	plain, pointed := root.issue(), root.issue(func(c *x509.Certificate) { c.CRLDistributionPoints = []string{point} })
	own := root.issue()
	with := func(id []int, critical bool, value any) func(*x509.RevocationList) {
		der, err := asn1.Marshal(value)
		require.NoError(t, err)
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: id, Critical: critical, Value: der})
		}
	}
	var (
		delta, idp = []int{2, 5, 29, 27}, []int{2, 5, 29, 28}
		raw        = func(tag int, content ...byte) asn1.RawValue {
			return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: content}
		}
		uri       = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(point)}
		fullName  = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: marshal(t, uri)}
		pointName = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: marshal(t, fullName)}
	)
	cases := []struct {
		name string
		bend func(*x509.RevocationList)
		peer leaf
		want mllp.RevocationErrorKind
	}{
		{"changes only", with(delta, true, big.NewInt(1)), plain, mllp.RevocationUnknown},
		{"authorities only", with(idp, true, []asn1.RawValue{raw(2, 0xff)}), plain, mllp.RevocationUnknown},
		{"users only", with(idp, true, []asn1.RawValue{raw(1, 0xff)}), plain, ""},
		{"some reasons", with(idp, true, []asn1.RawValue{raw(3, 6, 0x40)}), plain, mllp.RevocationUnknown},
		{"of this distribution point", with(idp, true, []asn1.RawValue{pointName}), pointed, ""},
		{"of another distribution point", with(idp, true, []asn1.RawValue{pointName}), plain, mllp.RevocationUnknown},
		{"an extension that may be ignored", with([]int{1, 2, 3, 4}, false, 1), plain, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := own.files
			files.Revocation = mllp.RevocationRequired
			files.CRL = []string{root.file("list.crl", root.list(c.bend))}
			there, _ := meet(t, serverConfig(t, files), clientConfig(t, c.peer.files))
			if c.want == "" {
				require.NoError(t, there)
			} else {
				revocation(t, there, c.want)
			}
			files.CRL = []string{root.file("list.crl", root.list(c.bend, c.peer.cert))}
			there, _ = meet(t, serverConfig(t, files), clientConfig(t, c.peer.files))
			revocation(t, there, mllp.Revoked) // whatever it is meant for
		})
	}
	for name, bend := range map[string]func(*x509.RevocationList){
		"indirect":         with(idp, true, []asn1.RawValue{raw(4, 0xff)}),
		"unknown critical": with([]int{1, 2, 3, 4}, true, 1),
		"unreadable scope": with(idp, true, 1),
	} {
		t.Run(name, func(t *testing.T) {
			files := own.files
			files.CRL = []string{root.file("list.crl", root.list(bend))}
			_, err := files.ServerConfig()
			var fe *mllp.FileError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, mllp.FileBadCRL, fe.Kind)
			require.NotEqual(t, fe.In("fr"), fe.In("en"))
		})
	}
}

func marshal(t *testing.T, v any) []byte {
	der, err := asn1.Marshal(v)
	require.NoError(t, err)
	return der
}

func TestListsThatCannotBeUsed(t *testing.T) {
	root := newAuthority(t, "root", nil)
	own := root.issue()
	good := root.file("good.crl", root.list(nil))
	huge := root.file("huge.crl", nil)
	require.NoError(t, os.Truncate(huge, 17<<20))
	many, empty := t.TempDir(), t.TempDir()
	for i := range 257 {
		root.write(filepath.Join(many, fmt.Sprint(i, ".crl")), nil)
	}
	cases := []struct {
		name string
		crl  string
		kind mllp.FileErrorKind
	}{
		{"missing", filepath.Join(empty, "none.crl"), mllp.FileMissing},
		{"a device", os.DevNull, mllp.FileUnreadable},
		{"empty", root.file("empty.crl", nil), mllp.FileNoCRL},
		{"text", root.file("text.crl", []byte("hello")), mllp.FileNoCRL},
		{"a certificate", own.files.Cert, mllp.FileNoCRL},
		{"damaged", root.file("damaged.crl", root.list(nil)[:60]), mllp.FileBadCRL},
		{"damaged PEM", root.file("damaged.pem", pemOf("X509 CRL", []byte("0no"))), mllp.FileBadCRL},
		{"an empty folder", empty, mllp.FileNoCRL},
		{"17 MiB", huge, mllp.FileTooBig},
		{"257 files", many, mllp.FileTooMany},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := own.files
			files.CRL = []string{good, c.crl}
			if c.name == "257 files" {
				files.CRL = []string{c.crl}
			}
			_, err := files.ClientConfig()
			var fe *mllp.FileError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, c.kind, fe.Kind, "%v", err)
			require.Equal(t, mllp.RoleCRL, fe.Role)
			require.Equal(t, c.crl, fe.Path)
			for _, lang := range []string{"fr", "en"} {
				require.NotContains(t, fe.In(lang), "%!")
				require.NotEmpty(t, fe.Hint(lang))
			}
			require.NotEqual(t, fe.In("fr"), fe.In("en"))
		})
	}
	files := own.files
	files.Revocation = "sometimes"
	_, err := files.ServerConfig()
	var fe *mllp.FileError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, mllp.FileBadMode, fe.Kind)
	require.Contains(t, fe.In("fr"), "« sometimes »")
	require.Contains(t, fe.Hint("fr"), "if-present")
}

// A list that is replaced, or laid into the folder, is used at the next
// handshake; one that cannot be used leaves the old one in force.
func TestListsAreReadAgain(t *testing.T) {
	root := newAuthority(t, "root", nil)
	peer, own := root.issue(), root.issue()
	folder := t.TempDir()
	path := filepath.Join(folder, "root.crl")
	root.write(path, root.list(nil))
	files := own.files
	files.CRL, files.Revocation = []string{folder}, mllp.RevocationRequired
	var reloads []error
	var mu sync.Mutex
	files.OnReload = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		reloads = append(reloads, err)
	}
	addr := serve(t, &mllp.Server{TLSConfig: serverConfig(t, files)})
	config := clientConfig(t, peer.files)
	try := func() error {
		_, err := connect(t, addr, config)
		return err
	}
	require.NoError(t, try())

	root.write(path, root.list(nil, peer.cert))
	failure(t, try(), mllp.HandshakeRefused)
	root.write(path, []byte("half"))
	failure(t, try(), mllp.HandshakeRefused)
	failure(t, try(), mllp.HandshakeRefused)
	root.write(path, root.list(nil))
	require.NoError(t, try())
	root.write(filepath.Join(folder, "more.crl"), root.list(nil, peer.cert))
	failure(t, try(), mllp.HandshakeRefused)
	require.NoError(t, os.Remove(filepath.Join(folder, "more.crl")))
	require.NoError(t, try())

	mu.Lock()
	defer mu.Unlock()
	require.Len(t, reloads, 5)
	for i, err := range reloads {
		if i != 1 {
			require.NoError(t, err)
		}
	}
	var fe *mllp.FileError
	require.ErrorAs(t, reloads[1], &fe)
	require.Equal(t, mllp.FileNoCRL, fe.Kind)
}

// A list grows old without any file changing. That is told once, in every mode,
// and refuses where a list is required.
func TestListThatGrowsOld(t *testing.T) {
	for _, mode := range []mllp.RevocationMode{mllp.RevocationIfPresent, mllp.RevocationRequired} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				root := newAuthority(t, "root", nil) // in the time of the bubble
				peer, own := root.issue(), root.issue()
				path := root.file("root.crl", root.list(nil))
				files := own.files
				files.CRL, files.Revocation = []string{path}, mode
				var told []error
				files.OnReload = func(err error) { told = append(told, err) }
				server := serverConfig(t, files)
				verify := func() error {
					_, err := server.GetConfigForClient(nil)
					require.NoError(t, err)
					return server.VerifyConnection(tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{peer.cert, root.cert}}})
				}
				require.NoError(t, verify())
				require.Empty(t, told)
				time.Sleep(25 * time.Hour)
				for range 3 {
					err := verify()
					if mode == mllp.RevocationIfPresent {
						require.NoError(t, err)
					} else {
						revocation(t, err, mllp.RevocationStale)
					}
				}
				require.Len(t, told, 1)
				var fe *mllp.FileError
				require.ErrorAs(t, told[0], &fe)
				require.Equal(t, mllp.FileStaleCRL, fe.Kind)
				require.Equal(t, path, fe.Path)
				require.Contains(t, fe.In("fr"), "périmée depuis le")
				require.NotEmpty(t, fe.Hint("en"))

				root.write(path, root.list(nil))
				require.NoError(t, verify())
				require.Len(t, told, 2)
				require.NoError(t, told[1])
			})
		})
	}
}
