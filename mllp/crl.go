package mllp

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// What revocation lists may take: the largest public ones have some megabytes.
const (
	maxCRL      = 16 << 20
	maxCRLTotal = 64 << 20
	maxCRLFiles = 256
	// maxSigners bounds the issuers whose signature on a list is remembered.
	maxSigners = 64
)

// A crl is one revocation list, made to be asked.
type crl struct {
	path    string
	data    []byte               // of the file; shared by all lists in it
	list    *x509.RevocationList // without its entries
	revoked map[string]revokedEntry
	scope   crlScope

	mu      sync.Mutex
	signers map[[sha256.Size]byte]bool // by certificate: whether it has signed the list
}

// A revokedEntry is what a list says about one certificate.
type revokedEntry struct {
	at     time.Time
	reason int8
}

// A crlScope is for which certificates of its issuer a list is complete.
type crlScope struct {
	partial           bool // it holds changes, or some reasons, only
	onlyUser, onlyCAs bool
	points            []string // the distribution points that it is for; none: all
}

// isCRLName tells which files of a folder are looked at; a .pem file without a
// list in it is something else.
func isCRLName(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return ext == ".crl" || ext == ".pem"
}

// crlPaths lists the files that f.CRL stands for. A folder stands for what it
// holds at the moment.
func (f Files) crlPaths() (paths []string) {
	if f.mode() == RevocationOff {
		return nil
	}
	for _, path := range f.CRL {
		entries, err := os.ReadDir(path)
		if err != nil { // a file, or what reading it will tell
			paths = append(paths, path)
			continue
		}
		for _, e := range entries {
			if !e.IsDir() && isCRLName(e.Name()) {
				paths = append(paths, filepath.Join(path, e.Name()))
			}
		}
	}
	return paths
}

// readCRLs reads those lists again that may have changed since old was read.
func (f Files) readCRLs(old []source) (now []source) {
	paths := f.crlPaths()
	if len(paths) > maxCRLFiles {
		return []source{{path: f.CRL[0], err: errTooMany}}
	}
	room := maxCRLTotal
	for _, path := range paths {
		i := slices.IndexFunc(old, func(o source) bool { return o.path == path })
		if i >= 0 && old[i].unchanged() {
			now = append(now, old[i])
		} else {
			now = append(now, readSource(path, min(maxCRL, room)))
		}
		o := &now[len(now)-1]
		o.found = !slices.Contains(f.CRL, path)
		if room -= len(o.data); room < 0 {
			o.data, o.err, room = nil, errTooBig, 0
		}
	}
	return now
}

// parseCRLs returns the lists of a file, PEM or DER, at least one unless the
// file may be something else.
func parseCRLs(o *source) ([]*crl, error) {
	if err := o.fail(RoleCRL); err != nil {
		return nil, err
	}
	ders, isPEM := crlBlocks(o.data)
	if len(ders) == 0 && isPEM && o.found {
		return nil, nil // a certificate or a key, beside the lists
	}
	if len(ders) == 0 {
		return nil, &FileError{Kind: FileNoCRL, Role: RoleCRL, Path: o.path}
	}
	var lists []*crl
	for _, der := range ders {
		l, err := newCRL(der)
		if err != nil {
			return nil, &FileError{Kind: FileBadCRL, Role: RoleCRL, Path: o.path, Err: err}
		}
		l.path, l.data = o.path, o.data
		lists = append(lists, l)
	}
	return lists, nil
}

// crlBlocks takes the lists out of a file.
func crlBlocks(data []byte) (ders [][]byte, isPEM bool) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		isPEM = true
		if block.Type == "X509 CRL" {
			ders = append(ders, block.Bytes)
		}
	}
	if !isPEM && len(data) > 0 && data[0] == 0x30 { // an ASN.1 SEQUENCE
		ders = append(ders, data)
	}
	return ders, isPEM
}

// newCRL parses a list and indexes its entries.
func newCRL(der []byte) (*crl, error) {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	l := &crl{list: list, revoked: make(map[string]revokedEntry, len(list.RevokedCertificateEntries)), signers: map[[sha256.Size]byte]bool{}}
	if l.scope, err = crlScopeOf(list); err != nil {
		return nil, err
	}
	for i := range list.RevokedCertificateEntries {
		e := &list.RevokedCertificateEntries[i]
		if e.ReasonCode == reasonRemove {
			continue // in a list of changes: no longer suspended, says the next full list
		}
		l.revoked[string(e.SerialNumber.Bytes())] = revokedEntry{e.RevocationTime, int8(e.ReasonCode)}
	}
	list.RevokedCertificateEntries = nil
	//lint:ignore SA1019 it holds every entry a second time
	list.RevokedCertificates = nil
	return l, nil
}

// reasonRemove is removeFromCRL of RFC 5280 §5.3.1.
const reasonRemove = 8

var (
	oidDeltaCRL          = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

	errCRLExtension = errors.New("a critical extension that is not supported")
	errCRLIndirect  = errors.New("an indirect list, for certificates of other authorities")
)

// distributionPoint is the IssuingDistributionPoint of RFC 5280 §5.2.5.
type distributionPoint struct {
	Point struct {
		FullName []asn1.RawValue `asn1:"optional,tag:0"`
		Relative asn1.RawValue   `asn1:"optional,tag:1"`
	} `asn1:"optional,tag:0"`
	OnlyUser      bool           `asn1:"optional,tag:1"`
	OnlyCA        bool           `asn1:"optional,tag:2"`
	OnlyReasons   asn1.BitString `asn1:"optional,tag:3"`
	Indirect      bool           `asn1:"optional,tag:4"`
	OnlyAttribute bool           `asn1:"optional,tag:5"`
}

// crlScopeOf reads the extensions that narrow a list.
func crlScopeOf(list *x509.RevocationList) (s crlScope, err error) {
	for _, e := range list.Extensions {
		switch {
		case e.Id.Equal(oidDeltaCRL):
			s.partial = true
		case e.Id.Equal(oidDistributionPoint):
			var p distributionPoint
			if rest, err := asn1.Unmarshal(e.Value, &p); err != nil || len(rest) > 0 {
				return s, errCRLExtension
			}
			if p.Indirect {
				return s, errCRLIndirect
			}
			s.onlyUser, s.onlyCAs = p.OnlyUser, p.OnlyCA
			s.partial = s.partial || p.OnlyReasons.BitLength > 0 || p.OnlyAttribute || len(p.Point.Relative.FullBytes) > 0
			for _, name := range p.Point.FullName {
				s.points = append(s.points, string(name.Bytes))
			}
		case e.Critical:
			return s, errCRLExtension
		}
	}
	return s, nil
}

// by reports whether an authority has issued and signed the list. Verifying a
// signature takes longer than all the rest, so the answer is remembered.
func (l *crl) by(issuer *x509.Certificate) bool {
	if !bytes.Equal(l.list.RawIssuer, issuer.RawSubject) {
		return false
	}
	key := sha256.Sum256(issuer.Raw)
	l.mu.Lock()
	signed, known := l.signers[key]
	l.mu.Unlock()
	if known {
		return signed
	}
	signed = l.list.CheckSignatureFrom(issuer) == nil
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.signers) < maxSigners {
		l.signers[key] = signed
	}
	return signed
}

// forged reports whether the list bears the name of a trusted authority and is
// signed by none of that name. That of an authority that only peers know is
// looked at when one shows its certificate.
func (l *crl) forged(roots []*x509.Certificate) bool {
	named := false
	for _, c := range roots {
		if bytes.Equal(l.list.RawIssuer, c.RawSubject) {
			if l.by(c) {
				return false
			}
			named = true
		}
	}
	return named
}

// find looks a certificate up.
func (l *crl) find(cert *x509.Certificate) (revokedEntry, bool) {
	e, ok := l.revoked[string(cert.SerialNumber.Bytes())]
	return e, ok
}

// covers reports whether a certificate that the list does not name is not
// revoked.
func (l *crl) covers(cert *x509.Certificate) bool {
	s := &l.scope
	switch {
	case s.partial, s.onlyCAs && !cert.IsCA, s.onlyUser && cert.IsCA:
		return false
	case len(s.points) == 0:
		return true
	}
	return slices.ContainsFunc(s.points, func(p string) bool { return slices.Contains(cert.CRLDistributionPoints, p) })
}

// state is "" for a list that is in its dates, else what is wrong with it and
// the date concerned. A list that names no next one does not grow old.
func (l *crl) state(now time.Time) (RevocationErrorKind, time.Time) {
	switch {
	case now.Before(l.list.ThisUpdate):
		return RevocationEarly, l.list.ThisUpdate
	case !l.list.NextUpdate.IsZero() && now.After(l.list.NextUpdate):
		return RevocationStale, l.list.NextUpdate
	}
	return "", time.Time{}
}
