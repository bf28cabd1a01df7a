package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// an entryOf is an entry of the catalogue and how it is made: an identity, and
// the files that it needs beside.
type entryOf struct {
	Fault
	make func(*badMaker) (identity, []file, error)
}

// a badMaker makes entries of the catalogue, one after the other.
type badMaker struct {
	h       *house
	name    string   // of the one at hand
	given   []string // names asked for
	names   []string // all that they are made out to
	revokes bool     // the CRL has to be issued anew
}

// month is how far from the present the dates of a fault are: more than any
// clock is wrong.
const month = 30 * 24 * time.Hour

func newBadMaker(h *house, opt BadOptions) *badMaker {
	var parties []string
	for _, id := range h.profile.Identities {
		if n := len(parties); n == 0 || parties[n-1] != id.Party {
			parties = append(parties, id.Party)
		}
	}
	given := append(slices.Clone(h.state.Names), opt.Names...)
	return &badMaker{h: h, given: given, names: append(usual(parties...), given...)}
}

// leaf is a good identity, before anything is wrong with it. It is for both
// ends, whatever the profile says: a wrong usage would be a second fault.
func (m *badMaker) leaf() *x509.Certificate {
	p := m.h.profile
	return p.leafTemplate(p.Prefix+m.name, UsageBoth, m.names, m.h.now, p.Days)
}

func (m *badMaker) issue(t *x509.Certificate, kind KeyKind) (identity, []file, error) {
	id, err := m.h.issue(m.name, kind, t)
	return id, nil, err
}

// bent is a good identity, changed in some way.
func bent(bend func(t *x509.Certificate, now time.Time)) func(*badMaker) (identity, []file, error) {
	return func(m *badMaker) (identity, []file, error) {
		t := m.leaf()
		bend(t, m.h.now.UTC().Truncate(time.Second))
		return m.issue(t, m.h.kind())
	}
}

func expired(t *x509.Certificate, now time.Time) {
	t.NotBefore, t.NotAfter = now.Add(-2*month), now.Add(-month)
}

func notYetValid(t *x509.Certificate, now time.Time) {
	t.NotBefore, t.NotAfter = now.Add(month), now.Add(2*month)
}

// shortLife is how long the entry short-lived counts.
const shortLife = 90 * time.Second

func shortLived(t *x509.Certificate, now time.Time) { t.NotAfter = now.Add(shortLife) }

func used(u Usage) func(*badMaker) (identity, []file, error) {
	return func(m *badMaker) (identity, []file, error) {
		p := m.h.profile
		return m.issue(p.leafTemplate(p.Prefix+m.name, u, m.names, m.h.now, p.Days), m.h.kind())
	}
}

func keyed(kind KeyKind) func(*badMaker) (identity, []file, error) {
	return func(m *badMaker) (identity, []file, error) { return m.issue(m.leaf(), kind) }
}

// renewed is what an authority would put in the place of the identity of a device:
// nothing of its subject changes.
func (m *badMaker) renewed() (identity, []file, error) {
	p := m.h.profile
	return m.issue(p.leafTemplate(p.Prefix+roleDMN, UsageBoth, m.names, m.h.now, p.Days), m.h.kind())
}

func (m *badMaker) otherCA() (identity, []file, error) {
	p := m.h.profile
	ca, err := sign(m.name+"-ca", p.authorityTemplate(p.Prefix+"pamlab other test CA", m.h.now, p.Days, 0), m.h.kind(), nil)
	if err != nil {
		return identity{}, nil, err
	}
	id, err := sign(m.name, m.leaf(), m.h.kind(), &ca)
	return id, []file{ca.certFile()}, err
}

func (m *badMaker) selfSigned() (identity, []file, error) {
	id, err := sign(m.name, m.leaf(), m.h.kind(), nil)
	return id, nil, err
}

func (m *badMaker) wrongName() (identity, []file, error) {
	t := m.leaf()
	t.DNSNames, t.IPAddresses = []string{"wrong-name.invalid"}, nil
	return m.issue(t, m.h.kind())
}

// cnOnly has the name where it was looked for long ago.
func (m *badMaker) cnOnly() (identity, []file, error) {
	t := m.leaf()
	t.Subject = m.h.profile.subject("localhost")
	if len(m.given) > 0 && len(m.given[0]) <= maxCN {
		t.Subject = m.h.profile.subject(m.given[0])
	}
	t.DNSNames, t.IPAddresses = nil, nil
	return m.issue(t, m.h.kind())
}

func (m *badMaker) revoked() (identity, []file, error) {
	id, more, err := m.issue(m.leaf(), m.h.kind())
	if err == nil {
		r := entry(id.cert, m.h.profile.issuing().Role, "keyCompromise", m.h.now)
		m.h.state.revoke(&r)
		m.revokes = true
	}
	return id, more, err
}

// intermediate makes an authority of the entry's own, below the root, so that
// what is wrong with it concerns no other. Its key is not kept.
func (m *badMaker) intermediate() (identity, error) {
	root := m.h.root()
	if root.cert.MaxPathLenZero {
		return identity{}, &Error{Kind: NoIntermediate, Path: m.h.dir}
	}
	p := m.h.profile
	t := p.authorityTemplate(p.Prefix+"pamlab intermediate test CA for "+m.name, m.h.now, p.Days, 0)
	if t.NotAfter.After(root.cert.NotAfter) {
		t.NotAfter = root.cert.NotAfter
	}
	return sign(m.name+"-ca", t, m.h.kind(), root)
}

// below makes an intermediate authority and an identity of it.
func (m *badMaker) below() (ca, id identity, err error) {
	if ca, err = m.intermediate(); err == nil {
		id, err = sign(m.name, m.leaf(), m.h.kind(), &ca)
	}
	return ca, id, err
}

func (m *badMaker) missingIntermediate() (identity, []file, error) {
	ca, id, err := m.below()
	if err != nil {
		return identity{}, nil, err
	}
	id.chain = nil
	return id, []file{ca.certFile()}, nil
}

func (m *badMaker) misorderedChain() (identity, []file, error) {
	ca, id, err := m.below()
	if err != nil {
		return identity{}, nil, err
	}
	return identity{role: id.role, cert: ca.cert, chain: []*x509.Certificate{id.cert}, key: id.key}, nil, nil
}

// staleCRL has a CRL that counted until a month ago.
func (m *badMaker) staleCRL() (identity, []file, error) {
	ca, id, err := m.below()
	if err != nil {
		return identity{}, nil, err
	}
	crl, err := makeCRL(ca, nil, 1, m.h.now.Add(-2*month), 30)
	if err != nil {
		return identity{}, nil, err
	}
	return id, []file{ca.certFile(), {name: m.name + ".crl.pem", data: crlPEM(crl), mode: 0o644}}, nil
}

// sha1 is signed as in the old days. Go still signs so, and refuses to verify.
func (m *badMaker) sha1() (identity, []file, error) {
	t := m.leaf()
	t.SignatureAlgorithm = x509.ECDSAWithSHA1
	if m.h.issuing().cert.PublicKeyAlgorithm == x509.RSA {
		t.SignatureAlgorithm = x509.SHA1WithRSA
	}
	return m.issue(t, m.h.kind())
}

// manyNamesCount is how many names the entry many-names has.
const manyNamesCount = 100

func (m *badMaker) manyNames() (identity, []file, error) {
	t := m.leaf()
	for i := 1; len(t.DNSNames)+len(t.IPAddresses) < manyNamesCount; i++ {
		t.DNSNames = append(t.DNSNames, fmt.Sprintf("name-%03d.many-names.test", i))
	}
	return m.issue(t, m.h.kind())
}

func (m *badMaker) keyMismatch() (identity, []file, error) {
	id, more, err := m.issue(m.leaf(), m.h.kind())
	if err != nil {
		return id, nil, err
	}
	id.key, err = m.h.kind().generate()
	return id, more, err
}

// certFile is the certificate of an authority whose key is not kept.
func (id identity) certFile() file {
	return file{name: id.role + ".pem", data: certsPEM(id.cert), mode: 0o644, cert: id.cert}
}

// failed wraps an error from elsewhere.
func failed(path string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Failed, Path: path, Err: err}
}
