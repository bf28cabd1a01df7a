package pki

import (
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
// need be: ca.pem, ca-key.pem, gam.pem, gam-key.pem, dmn.pem, dmn-key.pem.
//
// Keys are readable by the owner alone. Unless Options.Force is set, Init
// refuses to work where one of the files exists, before it writes anything. It
// makes all of the PKI or nothing: the files are written under a temporary name
// first, and what they replace is put back if one cannot take its place. The
// error is an *Error.
func Init(dir string, opt Options) (*Made, error) {
	opt.Now = cmp.Or(opt.Now, time.Now())
	opt.Days = cmp.Or(opt.Days, DefaultDays)
	if err := opt.check(); err != nil {
		return nil, err
	}
	if err := checkTarget(dir, opt.Force); err != nil {
		return nil, err
	}
	files, err := generate(opt)
	if err != nil {
		return nil, &Error{Kind: Failed, Path: dir, Err: err}
	}
	if err := install(dir, files, opt.Force); err != nil {
		return nil, err
	}
	made := &Made{Dir: dir}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		made.Files = append(made.Files, path)
		if f.cert != nil {
			made.Infos = append(made.Infos, newInfo(path, f.cert))
		}
	}
	for i := range made.Infos {
		made.Infos[i].findKey()
	}
	return made, nil
}

func (o Options) check() error {
	if o.Days < 1 || o.Days > MaxDays {
		return &Error{Kind: BadDays, Days: o.Days}
	}
	for _, name := range o.Names {
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

func names() []string {
	var all []string
	for _, role := range []string{roleCA, roleGAM, roleDMN} {
		all = append(all, role+".pem", role+"-key.pem")
	}
	return all
}

// checkTarget finds out what would stop Init, before it starts.
func checkTarget(dir string, force bool) error {
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
	for _, name := range names() {
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
