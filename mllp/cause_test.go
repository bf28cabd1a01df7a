package mllp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// What the system says is English; a French sentence words it, or at least
// quotes it.
func TestCausesInFrench(t *testing.T) {
	op := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	path := func(err error) error { return &fs.PathError{Op: "open", Path: "x", Err: err} }
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	cert := &x509.Certificate{DNSNames: []string{"dmn.test"}, NotAfter: time.Date(2020, 1, 2, 3, 4, 0, 0, time.UTC)}
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	_, escapes := root.Open("../x")
	require.Error(t, escapes)

	cases := []struct {
		name string
		err  error
		fr   string
	}{
		{"address in use", op(syscall.EADDRINUSE), "adresse déjà utilisée par un autre programme"},
		{"address of another machine", op(syscall.EADDRNOTAVAIL), "cette adresse n'est pas celle de cette machine"},
		{"refused", op(syscall.ECONNREFUSED), "personne n'écoute à cette adresse"},
		{"reset", op(syscall.ECONNRESET), "connexion réinitialisée"},
		{"aborted", op(syscall.ECONNABORTED), "connexion abandonnée"},
		{"broken pipe", op(syscall.EPIPE), "la connexion était déjà fermée"},
		{"closed pipe", io.ErrClosedPipe, "la connexion était déjà fermée"},
		{"timed out", op(syscall.ETIMEDOUT), "délai dépassé"},
		{"i/o timeout", &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "délai dépassé"},
		{"a timeout of its own", &net.OpError{Op: "dial", Err: slowError{}}, "délai dépassé"},
		{"deadline", context.DeadlineExceeded, "délai dépassé"},
		{"network down", op(syscall.ENETDOWN), "réseau injoignable"},
		{"host down", op(syscall.EHOSTDOWN), "machine injoignable"},
		{"too many files", op(syscall.EMFILE), "trop de connexions ou de fichiers ouverts"},
		{"disk full", path(syscall.ENOSPC), "plus de place sur le disque"},
		{"permission", path(syscall.EACCES), "accès refusé"},
		{"not permitted", op(syscall.EPERM), "accès refusé"},
		{"directory", path(syscall.EISDIR), "c'est un dossier, pas un fichier"},
		{"missing", path(syscall.ENOENT), "ce fichier n'existe pas"},
		{"outside a folder", escapes, "ce chemin sort de son dossier"},
		{"no such name", op(&net.DNSError{Name: "x.invalid", Err: "no such host", IsNotFound: true}), "le nom « x.invalid » n'a pas d'adresse"},
		{"no name server", op(&net.DNSError{Name: "x.invalid", Err: "i/o timeout", IsTimeout: true}), "le serveur de noms ne répond pas pour « x.invalid »"},
		{"unknown authority", verify(x509.UnknownAuthorityError{Cert: cert}), "son certificat vient d'une autorité inconnue ici"},
		{"another name", verify(x509.HostnameError{Certificate: cert, Host: "other.test"}), "son certificat n'est pas au nom de « other.test » mais de : dmn.test"},
		{"no name", verify(x509.HostnameError{Certificate: new(x509.Certificate), Host: "other.test"}), "son certificat n'a aucun nom (subjectAltName) ; le CN n'en tient pas lieu"},
		{"expired", verify(x509.CertificateInvalidError{Cert: cert, Reason: x509.Expired, Detail: "current time is after"}), "un certificat est expiré depuis le 2020-01-02 03:04 UTC"},
		{"purpose", verify(x509.CertificateInvalidError{Cert: cert, Reason: x509.IncompatibleUsage}), "n'est pas fait pour cet usage"},
		{"no authority", verify(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), "n'a pas le droit de signer"},
		{"forbidden name", verify(x509.CertificateInvalidError{Reason: x509.CANotAuthorizedForThisName, Detail: "x"}), "n'a pas le droit de certifier ce nom"},
		{"long chain", verify(x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}), "trop d'autorités intermédiaires"},
		{"weak signature", verify(x509.InsecureAlgorithmError(x509.MD5WithRSA)), "signé par un algorithme trop faible (MD5-RSA)"},
		{"critical extension", verify(x509.UnhandledCriticalExtension{}), "une extension critique inconnue ici"},
		{"another one", errors.New("some rare failure"), "« some rare failure »"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := &mllp.Error{Kind: mllp.NoConnection, Addr: "peer:1", Err: fmt.Errorf("wrapped: %w", c.err)}
			if c.name == "another one" {
				e.Err = c.err
			}
			require.Contains(t, e.In("fr"), c.fr)
			if c.name != "another one" {
				require.NotContains(t, e.In("fr"), "wrapped")
			}
			require.NotContains(t, e.In("en"), "«")
			require.NotContains(t, e.In("fr"), "’")
		})
	}
}

type slowError struct{}

func (slowError) Error() string   { return "i/o timeout" }
func (slowError) Timeout() bool   { return true }
func (slowError) Temporary() bool { return true }

func TestFileErrorsInFrench(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.pem")
	require.NoError(t, os.WriteFile(bad, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600))
	_, err := mllp.Files{CA: bad}.ClientConfig()
	var fe *mllp.FileError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, bad+" (autorités de certification) : illisible (ce n'est pas un certificat X.509 bien formé)", fe.In("fr"))
	for _, c := range []struct {
		err error
		fr  string
	}{
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "illisible (accès refusé)"},
		{errors.New("rare"), "illisible (« rare »)"},
	} {
		require.Contains(t, (&mllp.FileError{Kind: mllp.FileUnreadable, Path: "x", Err: c.err}).In("fr"), c.fr)
	}
	if _, err := os.Stat("/dev/null"); err == nil {
		_, err = mllp.Files{CA: "/dev/null"}.ClientConfig()
		require.ErrorAs(t, err, &fe)
		require.Contains(t, fe.In("fr"), "ce n'est pas un fichier ordinaire")
	}
}
