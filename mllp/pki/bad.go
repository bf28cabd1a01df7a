package pki

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// BadOptions say what Bad makes. The zero value is usable.
type BadOptions struct {
	Only  []string  // names of Faults; what they name is replaced; nil: all
	Names []string  // further host names and IP addresses
	Force bool      // replace what is there
	Now   time.Time // zero: the present
}

// Bad makes the identities of the catalogue with the authority in dir, in its
// folder bad: bad/NAME.pem and bad/NAME-key.pem for each of Faults, and what
// some of them need beside (bad/NAME-ca.pem, bad/NAME.crl.pem). The CRL of the
// authority, dir/crl.pem, is issued anew if it has to name a revoked one.
//
// They are made out to the names that Init was given. Unless BadOptions.Force
// is set, or they are named one by one, Bad refuses to replace any. It makes all
// or nothing. The error is an *Error.
func Bad(dir string, opt BadOptions) (*Made, error) {
	opt.Now = cmp.Or(opt.Now, time.Now())
	entries, err := opt.entries()
	if err != nil {
		return nil, err
	}
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	h, err := openHouse(dir, opt.Now)
	if err != nil {
		return nil, err
	}
	force := opt.Force || len(opt.Only) > 0
	if err := checkTarget(dir, badNames(entries), force); err != nil {
		return nil, err
	}
	files, err := newBadMaker(h, opt).makeAll(entries)
	if err != nil {
		return nil, err
	}
	if err := install(dir, files, force); err != nil {
		return nil, err
	}
	m := made(dir, h.profile.Name, files)
	m.Dir = filepath.Join(dir, badDir)
	return m, nil
}

// entries are the entries of the catalogue that are wanted.
func (o BadOptions) entries() ([]entryOf, error) {
	if err := checkNames(o.Names); err != nil {
		return nil, err
	}
	all := catalogue()
	if len(o.Only) == 0 {
		return all, nil
	}
	for _, name := range o.Only {
		if !slices.Contains(faultNames(), name) {
			return nil, &Error{Kind: BadFault, Name: name}
		}
	}
	return slices.DeleteFunc(all, func(e entryOf) bool { return !slices.Contains(o.Only, e.Name) }), nil
}

// badNames are the two files that every entry has.
func badNames(entries []entryOf) []string {
	var all []string
	for _, e := range entries {
		all = append(all, path.Join(badDir, e.Name+".pem"), path.Join(badDir, e.Name+"-key.pem"))
	}
	return all
}

// makeAll makes entries in memory.
func (m *badMaker) makeAll(entries []entryOf) ([]file, error) {
	var all []file
	for _, e := range entries {
		files, err := m.make(e)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			f.name = path.Join(badDir, f.name)
			all = append(all, f)
		}
	}
	if !m.revokes {
		return all, nil
	}
	crls, err := m.h.crls(DefaultCRLDays)
	if err != nil {
		return nil, failed(m.h.dir, err)
	}
	return append(all, crls...), nil
}

func (m *badMaker) make(e entryOf) ([]file, error) {
	m.name = e.Name
	id, more, err := e.make(m)
	if err != nil {
		return nil, failed(m.h.dir, err)
	}
	files, err := id.files()
	if err != nil {
		return nil, failed(m.h.dir, err)
	}
	return append(files, more...), nil
}
