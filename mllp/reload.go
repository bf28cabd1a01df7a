package mllp

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// maxPEM bounds what is read of a file that is said to be PEM.
const maxPEM = 1 << 20

// racy is how old a change must be for the time of the file to be trusted: two
// changes within the resolution of the file system's clock look the same.
const racy = 2 * time.Second

// material is what the files hold at one time. It is not changed.
type material struct {
	pool       *x509.CertPool
	pair       *tls.Certificate // nil: no identity
	revocation *revocation
}

// A store keeps the last good material of the files.
type store struct {
	files Files

	mu   sync.Mutex
	seen []source  // what now, or the failed attempt after it, was made of
	due  time.Time // when that attempt is worth another try, if it came too early
	told time.Time // until when it was told which revocation lists have grown old
	now  *material
}

// A source is one file as it was read.
type source struct {
	path  string
	info  fs.FileInfo
	at    time.Time
	data  []byte
	err   error
	found bool // in a folder, rather than named
}

// load reads the files for the first time.
func (f Files) load() (*store, error) {
	s := &store{files: f}
	s.seen = s.read(nil)
	m, err := f.parse(s.seen, nil)
	if err != nil {
		return nil, err
	}
	s.now = m
	return s, nil
}

// current returns the material to use for a handshake that begins now.
func (s *store) current() *material {
	m, changed, err := s.refresh()
	if changed {
		s.files.reloaded(err)
	}
	for _, l := range s.grownOld(m) {
		s.files.reloaded(&FileError{Kind: FileStaleCRL, Role: RoleCRL, Path: l.path, Date: l.list.NextUpdate})
	}
	return m
}

// grownOld returns the revocation lists that have passed their date since it
// was last called.
func (s *store) grownOld(m *material) []*crl {
	if len(m.revocation.lists) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	since, now := s.told, time.Now()
	s.told = now
	return m.revocation.stale(since, now)
}

// refresh reads what has changed. It returns the material to use, whether the
// files hold something else than when they were last looked at, and why that
// cannot be used.
func (s *store) refresh() (m *material, changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.read(s.seen)
	changed = !same(seen, s.seen) || !s.due.IsZero() && !time.Now().Before(s.due)
	s.seen = seen
	if !changed {
		return s.now, false, nil
	}
	s.due = time.Time{}
	if m, err = s.files.parse(seen, s.now); err == nil {
		s.now, s.told = m, time.Time{}
	} else if fe, ok := errors.AsType[*FileError](err); ok && fe.Kind == FileNotYetValid {
		s.due = fe.Date // tomorrow's certificate, put in place today
	}
	return s.now, true, err
}

// read reads those files again that may have changed since old was read.
func (s *store) read(old []source) []source {
	var now []source
	for _, path := range []string{s.files.CA, s.files.Cert, s.files.Key} {
		i := len(now)
		if old != nil && old[i].unchanged() {
			now = append(now, old[i])
			continue
		}
		now = append(now, readSource(path, maxPEM))
	}
	return append(now, s.files.readCRLs(old[min(len(old), len(now)):])...)
}

// unchanged reports whether the file is certain to be what it was.
func (o *source) unchanged() bool {
	if o.path == "" {
		return true
	}
	info, err := os.Stat(o.path)
	return err == nil && o.err == nil && os.SameFile(info, o.info) &&
		info.Size() == o.info.Size() && info.ModTime().Equal(o.info.ModTime()) &&
		o.at.Sub(info.ModTime()) > racy
}

func same(a, b []source) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].path != b[i].path || !bytes.Equal(a[i].data, b[i].data) || (a[i].err == nil) != (b[i].err == nil) {
			return false
		}
	}
	return true
}

// readSource reads one file of at most limit bytes; an empty path is an empty
// file.
func readSource(path string, limit int) source {
	o := source{path: path, at: time.Now()}
	if path == "" {
		return o
	}
	if o.info, o.err = os.Stat(path); o.err != nil {
		return o
	}
	switch mode := o.info.Mode(); {
	case mode.IsDir():
		o.err = errDirectory
		return o
	case !mode.IsRegular(): // opening a named pipe would wait for its writer
		o.err = errNotRegular
		return o
	}
	file, err := os.Open(path)
	if err != nil {
		o.err = err
		return o
	}
	defer file.Close()
	o.data, o.err = io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if o.err == nil && len(o.data) > limit {
		o.data, o.err = nil, errTooBig
	}
	return o
}

var (
	errDirectory  = errors.New("is a directory")
	errNotRegular = errors.New("not a regular file")
	errTooBig     = errors.New("too big")
	errTooMany    = errors.New("too many")
)

// fail makes a FileError of a file that could not be read.
func (o *source) fail(role Role) error {
	if o.err == nil {
		return nil
	}
	e := &FileError{Kind: FileUnreadable, Role: role, Path: o.path, Err: o.err}
	switch {
	case errors.Is(o.err, fs.ErrNotExist):
		e.Kind = FileMissing
	case errors.Is(o.err, errDirectory):
		e.Kind = FileDirectory
	case errors.Is(o.err, errTooBig):
		e.Kind = FileTooBig
	case errors.Is(o.err, errTooMany):
		e.Kind = FileTooMany
	}
	return e
}

// parse makes material of the three files and the revocation lists. old is what
// is in use.
func (f Files) parse(src []source, old *material) (*material, error) {
	ca, cert, key := &src[0], &src[1], &src[2]
	if f.CA == "" {
		return nil, &FileError{Kind: FileNotGiven, Role: RoleCA}
	}
	roots, err := parseCerts(ca, RoleCA)
	if err != nil {
		return nil, err
	}
	m := &material{pool: x509.NewCertPool()}
	for _, c := range roots {
		m.pool.AddCert(c)
	}
	if m.revocation, err = f.parseRevocation(src[3:], roots, old); err != nil {
		return nil, err
	}
	if f.Cert == "" {
		if f.Key != "" {
			return nil, &FileError{Kind: FileNotGiven, Role: RoleCert}
		}
		return m, nil
	}
	if f.Key == "" {
		key = cert
	}
	m.pair, err = f.parsePair(cert, key)
	return m, err
}

// parseCerts returns the certificates of a file, at least one.
func parseCerts(o *source, role Role) ([]*x509.Certificate, error) {
	if err := o.fail(role); err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(o.data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &FileError{Kind: FileBadCert, Role: role, Path: o.path, Err: err}
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, &FileError{Kind: FileNoCert, Role: role, Path: o.path}
	}
	return certs, nil
}

// parsePair puts an own certificate and its key together.
func (f Files) parsePair(cert, key *source) (*tls.Certificate, error) {
	certs, err := parseCerts(cert, RoleCert)
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(key)
	if err != nil {
		return nil, err
	}
	leaf := certs[0]
	if pub, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !f.AnyIdentity && (!ok || !pub.Equal(signer.Public())) {
		return nil, &FileError{Kind: FileKeyMismatch, Role: RoleKey, Path: key.path}
	}
	if err := f.checkDates(leaf, cert.path); err != nil {
		return nil, err
	}
	pair := &tls.Certificate{PrivateKey: signer, Leaf: leaf}
	for _, c := range certs {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	return pair, nil
}

func (f Files) checkDates(leaf *x509.Certificate, path string) error {
	now := time.Now()
	switch {
	case f.AnyIdentity:
	case now.After(leaf.NotAfter):
		return &FileError{Kind: FileExpired, Role: RoleCert, Path: path, Date: leaf.NotAfter}
	case now.Before(leaf.NotBefore):
		return &FileError{Kind: FileNotYetValid, Role: RoleCert, Path: path, Date: leaf.NotBefore}
	}
	return nil
}

// parseKey returns the first private key of a file.
func parseKey(o *source) (crypto.Signer, error) {
	if err := o.fail(RoleKey); err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(o.data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, &FileError{Kind: FileKeyLocked, Role: RoleKey, Path: o.path}
		}
		key, err := decodeKey(block)
		if err != nil {
			return nil, &FileError{Kind: FileNoKey, Role: RoleKey, Path: o.path, Err: err}
		}
		return key, nil
	}
	return nil, &FileError{Kind: FileNoKey, Role: RoleKey, Path: o.path}
}

// decodeKey reads the three forms in which private keys are met.
func decodeKey(block *pem.Block) (crypto.Signer, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("key cannot sign")
	}
	return signer, nil
}
