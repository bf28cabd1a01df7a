package pki

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// a file is one file of the PKI, in memory.
type file struct {
	name string
	data []byte
	mode fs.FileMode
	cert *x509.Certificate // nil: a key
}

// generate makes the whole PKI in memory.
func generate(opt Options) ([]file, error) {
	ca, err := newCA(opt)
	if err != nil {
		return nil, err
	}
	ids := []identity{ca}
	for _, role := range []string{roleGAM, roleDMN} {
		id, err := newIdentity(role, ca, opt)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	var files []file
	for _, id := range ids {
		key, err := id.keyPEM()
		if err != nil {
			return nil, err
		}
		files = append(files,
			file{name: id.role + ".pem", data: id.certPEM(), mode: 0o644, cert: id.cert},
			file{name: id.role + "-key.pem", data: key, mode: 0o600})
	}
	return files, nil
}

// install puts the files into dir, all or none.
func install(dir string, files []file, force bool) (err error) {
	created, err := makeDir(dir)
	if err != nil {
		return &Error{Kind: Failed, Path: dir, Err: err}
	}
	stage, err := os.MkdirTemp(dir, ".pki-")
	if err != nil {
		return &Error{Kind: Failed, Path: dir, Err: err}
	}
	defer func() {
		os.RemoveAll(stage)
		if err != nil {
			for _, d := range created {
				os.Remove(d) // fails, as it should, if something else is in it
			}
		}
	}()
	for _, f := range files {
		if err := writeFile(filepath.Join(stage, f.name), f); err != nil {
			return &Error{Kind: Failed, Path: filepath.Join(dir, f.name), Err: err}
		}
	}
	return replaceAll(stage, dir, files, force)
}

// replaceAll moves the files from the stage to their places, or leaves all as
// it was.
func replaceAll(stage, dir string, files []file, force bool) error {
	var done []func()
	for _, f := range files {
		undo, err := replace(stage, dir, f.name, force)
		if err != nil {
			for _, u := range done {
				u()
			}
			return err
		}
		done = append(done, undo)
	}
	return nil
}

// makeDir creates dir and its missing parents, for the owner alone, and returns
// those it created, the innermost first.
func makeDir(dir string) (created []string, err error) {
	dir = filepath.Clean(dir)
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		created = append(created, d)
	}
	return created, os.MkdirAll(dir, 0o700)
}

func writeFile(path string, f file) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return err
	}
	_, err = w.Write(f.data)
	return errors.Join(err, w.Sync(), w.Close())
}

// replace moves a file from the stage to its place and returns how to undo it.
// What stood there is kept in the stage until all is done.
func replace(stage, dir, name string, force bool) (undo func(), err error) {
	from, to := filepath.Join(stage, name), filepath.Join(dir, name)
	old := from + ".old"
	_, err = os.Lstat(to)
	existed := err == nil
	if existed && !force {
		return nil, &Error{Kind: Exists, Path: to}
	}
	if existed {
		if err := os.Rename(to, old); err != nil {
			return nil, &Error{Kind: Failed, Path: to, Err: err}
		}
	}
	undo = func() {
		os.Remove(to)
		if existed {
			os.Rename(old, to)
		}
	}
	if err := os.Rename(from, to); err != nil {
		undo()
		return nil, &Error{Kind: Failed, Path: to, Err: err}
	}
	return undo, nil
}
