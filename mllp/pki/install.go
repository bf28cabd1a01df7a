package pki

import (
	"cmp"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// badDir is the folder of the faulty identities.
const badDir = "bad"

// a file is one file of the PKI, in memory.
type file struct {
	name   string // may begin with badDir
	data   []byte
	mode   fs.FileMode
	cert   *x509.Certificate // nil: no certificate
	update bool              // replaces what is there, whatever was asked for
}

// generate makes the whole PKI in memory.
func generate(p *Profile, opt Options) ([]file, error) {
	h := &house{profile: p, now: opt.Now, state: state{Profile: p.Name, Names: opt.Names}}
	for i, a := range p.authorities() {
		// An authority below the root is needed for tests of chains, even where
		// the root signs the identities itself.
		below := max(0, 1-i)
		t := p.authorityTemplate(a.CN, opt.Now, opt.Days, below)
		var by *identity
		if i > 0 {
			by = h.root()
		}
		ca, err := sign(a.Role, t, opt.Key, by)
		if err != nil {
			return nil, err
		}
		h.cas = append(h.cas, ca)
	}
	ids := h.cas
	for _, ip := range p.Identities {
		names := append(usual(ip.Party), opt.Names...)
		id, err := h.issue(ip.Role, opt.Key, p.leafTemplate(cmp.Or(ip.CN, ip.Party), ip.Usage, names, opt.Now, opt.Days))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	files, err := filesOf(ids)
	if err != nil {
		return nil, err
	}
	crls, err := h.crls(DefaultCRLDays)
	for i := range crls {
		crls[i].update = false // another PKI is not ours to change
	}
	return append(files, crls...), err
}

func filesOf(ids []identity) ([]file, error) {
	var all []file
	for _, id := range ids {
		files, err := id.files()
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// install puts the files into dir, all or none.
func install(dir string, files []file, force bool) (err error) {
	created, err := makeDir(dir)
	if err == nil && slices.ContainsFunc(files, func(f file) bool { return strings.HasPrefix(f.name, badDir+"/") }) {
		var more []string
		more, err = makeDir(filepath.Join(dir, badDir))
		created = append(more, created...)
	}
	if err != nil {
		return &Error{Kind: Failed, Path: dir, Err: err}
	}
	stage, err := os.MkdirTemp(dir, ".pki-")
	if err == nil {
		err = os.Mkdir(filepath.Join(stage, badDir), 0o700)
	}
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
		undo, err := replace(stage, dir, f.name, force || f.update)
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
// A second name in the stage keeps what stood there until all is done, so that
// at no moment there is no file: somebody may be reading it for a handshake.
func replace(stage, dir, name string, force bool) (undo func(), err error) {
	from, to := filepath.Join(stage, name), filepath.Join(dir, name)
	old := from + ".old"
	_, err = os.Lstat(to)
	existed := err == nil
	if existed && !force {
		return nil, &Error{Kind: Exists, Path: to}
	}
	if existed {
		if err := keep(to, old); err != nil {
			return nil, &Error{Kind: Failed, Path: to, Err: err}
		}
	}
	if err := os.Rename(from, to); err != nil {
		return nil, &Error{Kind: Failed, Path: to, Err: err}
	}
	return func() {
		if existed {
			os.Rename(old, to)
		} else {
			os.Remove(to)
		}
	}, nil
}

// keep gives a file a second name, or copies it where the file system knows no
// second names.
func keep(path, old string) error {
	if os.Link(path, old) == nil {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return writeFile(old, file{data: data, mode: info.Mode().Perm()})
}
