package pki

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Init makes a CA and the identities gam and dmn in dir, which is created if
// need be: ca.pem, ca-key.pem, gam.pem, gam-key.pem, dmn.pem, dmn-key.pem, and
// an empty CRL, crl.pem and ca.crl (the same in DER); pki.json remembers what is
// revoked. Another Profile makes others.
//
// Keys are readable by the owner alone. Unless Options.Force is set, Init
// refuses to work where one of the files exists, before it writes anything. It
// makes all of the PKI or nothing: the files are written under a temporary name
// first, and what they replace is put back if one cannot take its place. The
// error is an *Error.
func Init(dir string, opt Options) (*Made, error) {
	p, err := opt.complete()
	if err != nil {
		return nil, err
	}
	if err := checkTarget(dir, p.files(), opt.Force); err != nil {
		return nil, err
	}
	files, err := generate(p, opt)
	if err != nil {
		return nil, &Error{Kind: Failed, Path: dir, Err: err}
	}
	if err := install(dir, files, opt.Force); err != nil {
		return nil, err
	}
	return made(dir, p.Name, files), nil
}

// made tells what has been made of files.
func made(dir, profile string, files []file) *Made {
	m := &Made{Dir: dir, Profile: profile}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		m.Files = append(m.Files, path)
		if f.cert != nil {
			info := newInfo(path, f.cert)
			info.Of = bytes.Count(f.data, []byte("-----BEGIN CERTIFICATE-----"))
			m.Infos = append(m.Infos, info)
		}
	}
	for i := range m.Infos {
		m.Infos[i].findKey()
	}
	return m
}

// complete fills in what is not given and checks the rest.
func (o *Options) complete() (*Profile, error) {
	p, err := profile(o.Profile)
	if err != nil {
		return nil, err
	}
	o.Now = cmp.Or(o.Now, time.Now())
	o.Days = cmp.Or(o.Days, p.Days)
	o.Key = cmp.Or(o.Key, p.Key)
	return p, first(checkDays(o.Days, p.MaxDays), checkNames(o.Names), o.Key.check())
}

// first is the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkDays(days, most int) error {
	if days < 1 || days > most {
		return &Error{Kind: BadDays, Days: days, Most: most}
	}
	return nil
}

func checkNames(names []string) error {
	for _, name := range names {
		if net.ParseIP(name) == nil && !hostName(name) {
			return &Error{Kind: BadName, Name: name}
		}
	}
	return nil
}

// hostName reports whether a name may stand in a certificate: letters, digits
// and hyphens in labels, a wildcard in front at most.
func hostName(name string) bool {
	name = strings.TrimPrefix(name, "*.")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

// checkTarget finds out what would stop work in dir, before it starts.
func checkTarget(dir string, names []string, force bool) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{Kind: Failed, Path: dir, Err: err}
	}
	if !info.IsDir() {
		return &Error{Kind: NotADirectory, Path: dir}
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return &Error{Kind: Failed, Path: path, Err: err}
		case !force:
			return &Error{Kind: Exists, Path: path}
		case info.IsDir():
			return &Error{Kind: IsDirectory, Path: path}
		}
	}
	return nil
}
