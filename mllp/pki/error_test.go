package pki_test

import (
	"errors"
	"io/fs"
	"path/filepath"
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

// What --force would replace is told, and that is never more than it does.
func TestHintOfWhatExists(t *testing.T) {
	for path, want := range map[string][2]string{
		"pki/ca.pem":          {"« --force » pour remplacer toute la PKI", "--force to replace the whole PKI"},
		"pki/dmn2.pem":        {"un autre nom ou un autre dossier", "another name or folder, or --force"},
		"pki/bad/expired.pem": {"--only NOM", "--only NAME makes a single one anew, --force the whole catalogue"},
	} {
		e := &pki.Error{Kind: pki.Exists, Path: filepath.FromSlash(path)}
		require.Contains(t, e.Hint("fr"), want[0])
		require.Contains(t, e.Hint("en"), want[1])
	}
}
