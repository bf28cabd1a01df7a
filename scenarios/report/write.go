package report

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pamlab/pamlab/scenarios"
)

// Write makes the report from a journal and puts it in its place; stdout is
// where "-" goes. A file appears whole or not at all: it is written beside its
// place, in a folder that is made when it does not exist, and then renamed, so
// that a CI server never picks up half a report and an older one survives a
// failure. The error is a *FileError.
func (t Target) Write(journal io.Reader, stdout io.Writer, lang string) error {
	if err := t.write(journal, stdout, lang); err != nil {
		return &FileError{Target: t, Err: err}
	}
	return nil
}

func (t Target) write(journal io.Reader, stdout io.Writer, lang string) error {
	var report bytes.Buffer
	produce, err := t.writer()
	if err != nil {
		return err
	}
	if err := produce(&report, scenarios.ReadJournal(journal), lang); err != nil {
		return err
	}
	if t.Path == Stdout {
		_, err := stdout.Write(report.Bytes())
		return err
	}
	return replaceFile(t.Path, report.Bytes())
}

func (t Target) writer() (writer, error) {
	for _, f := range formats() {
		if f.name == t.Format {
			return f.write, nil
		}
	}
	return nil, unknownFormat(t.Format+"="+t.Path, t.Format)
}

// replaceFile writes data to path by way of a temporary file in the same folder.
// What is no regular file (a device, a pipe) is written to directly: renaming
// would put a file in its place. A link stays a link.
func replaceFile(path string, data []byte) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return &fs.PathError{Op: "write", Path: path, Err: errIsFolder}
	case err == nil && !info.Mode().IsRegular():
		return os.WriteFile(path, data, 0o666)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	temp := filepath.Join(dir, "."+filepath.Base(path)+"."+rand.Text()[:8]+".tmp")
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	if err := writeSynced(temp, data); err != nil {
		return err
	}
	if info != nil { // a report that was protected stays so
		if err := os.Chmod(temp, info.Mode().Perm()); err != nil {
			return err
		}
	}
	return os.Rename(temp, path)
}

// writeSynced makes a new file, which the umask protects like any other, and
// waits until the bytes are on the disk: after the rename they have to be there.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

var errIsFolder = errors.New("it is a folder")

// cause words the error of a file system in French, where Go speaks English
// only; the errors of this module speak for themselves.
func cause(err error, lang string) string {
	if lang != "fr" {
		return inLanguage(err, lang)
	}
	var path *fs.PathError
	if !errors.As(err, &path) {
		return inLanguage(err, lang)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("droits insuffisants (%s)", Visible(path.Path))
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("%s n’existe pas", Visible(path.Path))
	case errors.Is(err, errIsFolder):
		return "c’est un dossier"
	}
	return inLanguage(err, lang)
}
