package mllp

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"path/filepath"
	"slices"
	"time"
)

// A RevocationMode says what is asked about the revocation of a peer's
// certificates.
type RevocationMode string

// The modes of Files.Revocation.
//
// RevocationIfPresent uses what is there. A certificate that a list names is
// refused, however old the list is; one that no list covers is accepted. When a
// list is past its date, certificates that it does not name are still accepted:
// refusing them would stop every exchange because an authority is late, which
// is what somebody who writes "if present" does not want. It is not hidden
// either: OnReload is told when a list passes its date.
//
// RevocationRequired refuses what cannot be shown to be good: every certificate
// below the root needs a list of its authority that is in its dates, or for the
// peer's own certificate an OCSP response that the peer attaches.
//
// In both modes an attached OCSP response must be right: it comes from the peer,
// so nobody else can make an exchange fail by it.
const (
	RevocationOff       RevocationMode = "off"        // nothing is looked at
	RevocationIfPresent RevocationMode = "if-present" // a list or a response that is there is believed
	RevocationRequired  RevocationMode = "required"   // without one, the certificate is refused
)

// mode is the mode in force: lists that are given without a word are used.
func (f Files) mode() RevocationMode {
	switch {
	case f.Revocation != "":
		return f.Revocation
	case len(f.CRL) > 0:
		return RevocationIfPresent
	}
	return RevocationOff
}

// revocation is what is known about revoked certificates at one time.
type revocation struct {
	mode  RevocationMode
	lists []*crl
}

// check looks at the chains of a peer, as they were verified, and at the OCSP
// response that it attached. One good chain is enough.
func (r *revocation) check(chains [][]*x509.Certificate, staple []byte) error {
	if r.mode == RevocationOff || len(chains) == 0 {
		return nil
	}
	now := time.Now()
	var worst *RevocationError
	for _, chain := range chains {
		err := r.checkChain(chain, staple, now)
		if err == nil {
			return nil
		}
		if worst == nil || err.Kind == Revoked && worst.Kind != Revoked {
			worst = err
		}
	}
	return worst
}

// checkChain looks at every certificate below the last, which is trusted as it
// stands.
func (r *revocation) checkChain(chain []*x509.Certificate, staple []byte, now time.Time) *RevocationError {
	for i := range len(chain) - 1 {
		cert, issuer := chain[i], chain[i+1]
		vouched := false
		if i == 0 && len(staple) > 0 {
			if err := checkStaple(staple, cert, issuer, now); err != nil {
				return err
			}
			vouched = true
		}
		if err := r.checkLists(cert, issuer, vouched, now); err != nil {
			return err
		}
	}
	return nil
}

// checkLists looks a certificate up in the lists of its issuer. What is vouched
// for needs no list, but a list may still name it.
func (r *revocation) checkLists(cert, issuer *x509.Certificate, vouched bool, now time.Time) *RevocationError {
	var missing *RevocationError
	for _, l := range r.lists {
		if !l.by(issuer) {
			continue
		}
		if e, ok := l.find(cert); ok {
			err := newRevocationError(Revoked, cert)
			err.Path, err.Date, err.Reason = l.path, e.at, int(e.reason)
			return err
		}
		switch kind, date := l.state(now); {
		case !l.covers(cert):
		case kind == "":
			vouched = true
		default:
			missing = newRevocationError(kind, cert)
			missing.Path, missing.Date = l.path, date
		}
	}
	switch {
	case vouched, r.mode != RevocationRequired:
		return nil
	case missing != nil:
		return missing
	}
	return newRevocationError(RevocationUnknown, cert)
}

// stale returns the lists that are past their date now and were not at the
// time since.
func (r *revocation) stale(since, now time.Time) (all []*crl) {
	for _, l := range r.lists {
		if until := l.list.NextUpdate; !until.IsZero() && now.After(until) && !since.After(until) {
			all = append(all, l)
		}
	}
	return all
}

// verifyConnection is the VerifyConnection of a server: crypto/tls has verified
// the chains already.
func (s *store) verifyConnection(state tls.ConnectionState) error {
	s.mu.Lock()
	m := s.now
	s.mu.Unlock()
	return m.revocation.check(state.VerifiedChains, state.OCSPResponse)
}

// reuse finds the lists of a file that has not changed, so that they are not
// parsed again.
func (m *material) reuse(o *source) (lists []*crl) {
	if m == nil {
		return nil
	}
	for _, l := range m.revocation.lists {
		if l.path == o.path && bytes.Equal(l.data, o.data) {
			lists = append(lists, l)
		}
	}
	return lists
}

// parseRevocation makes the lists of the files.
func (f Files) parseRevocation(src []source, roots []*x509.Certificate, old *material) (*revocation, error) {
	r := &revocation{mode: f.mode()}
	switch r.mode {
	case RevocationOff:
		return r, nil
	case RevocationIfPresent, RevocationRequired:
	default:
		return nil, &FileError{Kind: FileBadMode, Role: RoleCRL, Path: string(r.mode)}
	}
	for i := range src {
		o := &src[i]
		lists := old.reuse(o)
		if lists == nil {
			var err error
			if lists, err = parseCRLs(o); err != nil {
				return nil, err
			}
		}
		for _, l := range lists {
			if l.forged(roots) {
				return nil, &FileError{Kind: FileForgedCRL, Role: RoleCRL, Path: o.path, Err: errors.New(l.list.Issuer.String())}
			}
		}
		r.lists = append(r.lists, lists...)
	}
	for _, path := range f.CRL { // a folder without a list
		if !slices.ContainsFunc(r.lists, func(l *crl) bool { return l.path == path || filepath.Dir(l.path) == filepath.Clean(path) }) {
			return nil, &FileError{Kind: FileNoCRL, Role: RoleCRL, Path: path}
		}
	}
	return r, nil
}
