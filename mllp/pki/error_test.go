package pki_test

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/pki"
)

// A French sentence words what the system says in English, or quotes it.
func TestReasonsInFrench(t *testing.T) {
	for name, c := range map[string]struct {
		err error
		fr  string
	}{
		"disk full":   {syscall.ENOSPC, "plus de place sur le disque"},
		"permission":  {syscall.EACCES, "accès refusé"},
		"read-only":   {syscall.EROFS, "ce disque est en lecture seule"},
		"missing":     {syscall.ENOENT, "ce fichier ou ce dossier n'existe pas"},
		"directory":   {syscall.EISDIR, "c'est un dossier, pas un fichier"},
		"file":        {syscall.ENOTDIR, "ce n'est pas un dossier"},
		"certificate": {errors.New("x509: malformed certificate"), "ce n'est pas un certificat X.509 bien formé"},
		"another":     {errors.New("rare"), "« rare »"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &pki.Error{Kind: pki.Failed, Path: "ca.pem", Err: &fs.PathError{Op: "open", Path: "ca.pem", Err: c.err}}
			require.Equal(t, "ca.pem : "+c.fr, e.In("fr"))
			require.NotEqual(t, e.In("fr"), e.In("en"))
		})
	}
}
