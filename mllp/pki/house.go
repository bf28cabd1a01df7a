package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"path/filepath"
	"time"
)

// a house is the PKI in a folder, open for work: its authorities with their
// keys, and what it remembers.
type house struct {
	dir     string
	profile *Profile
	state   state
	cas     []identity // as the profile has them, the root first
	now     time.Time
}

func (h *house) root() *identity    { return &h.cas[0] }
func (h *house) issuing() *identity { return &h.cas[len(h.cas)-1] }

// openHouse reads the PKI in dir.
func openHouse(dir string, now time.Time) (*house, error) {
	s, err := readState(dir)
	if err != nil {
		return nil, err
	}
	p, err := profile(s.Profile)
	if err != nil {
		return nil, &Error{Kind: BadState, Path: filepath.Join(dir, stateFile), Err: err}
	}
	h := &house{dir: dir, profile: p, state: s, now: now}
	for _, a := range p.authorities() {
		ca, err := readAuthority(dir, a.Role, now)
		if err != nil {
			return nil, err
		}
		if len(h.cas) > 0 {
			ca.chain = h.root().below()
		}
		h.cas = append(h.cas, ca)
	}
	return h, nil
}

// readAuthority reads a CA and its key.
func readAuthority(dir, role string, now time.Time) (identity, error) {
	certPath, keyPath := filepath.Join(dir, role+".pem"), filepath.Join(dir, role+"-key.pem")
	infos, err := showFile(certPath)
	if err != nil {
		return identity{}, noAuthority(dir, err)
	}
	data, err := read(keyPath)
	if err != nil {
		return identity{}, noAuthority(dir, err)
	}
	id := identity{role: role, cert: infos[0].cert}
	for block, rest := pem.Decode(data); block != nil && id.key == nil; block, rest = pem.Decode(rest) {
		id.key = decodeKey(block)
	}
	switch c := id.cert; {
	case id.key == nil || !sameKey(c, id.key):
		return identity{}, &Error{Kind: BadAuthority, Path: keyPath, Detail: Text{"ce n'est pas sa clé", "that is not its key"}}
	case !c.IsCA || c.KeyUsage&x509.KeyUsageCertSign == 0 || c.KeyUsage&x509.KeyUsageCRLSign == 0:
		return identity{}, &Error{Kind: BadAuthority, Path: certPath,
			Detail: Text{"ce certificat ne peut pas signer de certificats et de CRL", "that certificate may not sign certificates and CRLs"}}
	case now.After(c.NotAfter):
		return identity{}, &Error{Kind: BadAuthority, Path: certPath,
			Detail: Text{"elle a expiré le " + c.NotAfter.Format(time.DateOnly), "it expired on " + c.NotAfter.Format(time.DateOnly)}}
	}
	return id, nil
}

// noAuthority says that there is no authority, where a file is just not there.
func noAuthority(dir string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Missing {
		return &Error{Kind: NoAuthority, Path: e.Path, Name: dir, Err: e.Err}
	}
	return err
}

// kind is the kind of key that the authority has. What is made later has it too:
// whoever asked for RSA may have partners that know nothing else, and those
// would refuse another for a reason of their own.
func (h *house) kind() KeyKind {
	for _, k := range KeyKinds() {
		if k.describes(h.issuing().cert.PublicKey) {
			return k
		}
	}
	return h.profile.Key
}

// issue makes an identity of the PKI.
func (h *house) issue(role string, kind KeyKind, t *x509.Certificate) (identity, error) {
	key, err := kind.generate()
	if err != nil {
		return identity{}, err
	}
	cert, err := h.vouch(t, key.Public())
	return identity{role: role, cert: cert, chain: h.issuing().below(), key: key}, err
}

// vouch makes a certificate for somebody's public key.
func (h *house) vouch(t *x509.Certificate, pub crypto.PublicKey) (*x509.Certificate, error) {
	ca := h.issuing()
	if end := ca.cert.NotAfter; t.NotAfter.After(end) && !t.NotBefore.After(end) {
		t.NotAfter = end // nothing outlives who vouches for it
	}
	return certify(t, ca.cert, pub, ca.key)
}

// usual are the names that every identity of a party is made out to: any of
// them will be dialled on one machine.
func usual(parties ...string) []string {
	all := []string{"localhost"}
	for _, p := range parties {
		all = append(all, p+".test")
	}
	return append(all, "127.0.0.1", "::1")
}
