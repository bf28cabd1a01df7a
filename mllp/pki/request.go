package pki

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Bounds of a certificate signing request. Verifying one costs time that grows
// with the size of its key, so the size is looked at first.
const (
	maxRequest  = 64 << 10
	maxRSABits  = 8192
	maxReqNames = 200
)

// A Request is a certificate signing request (PKCS#10) whose signature fits its
// key.
type Request struct {
	File    string
	Subject string
	Names   []string // host names and IP addresses it asks for
	Key     string   // algorithm and size
	CA      bool     // it asks to be an authority

	csr *x509.CertificateRequest
}

// SignOptions say how Sign answers a request. The zero value is usable.
type SignOptions struct {
	Names []string // further names, or those the request lacks
	As    string   // names the file; "": as the request's file
	Usage Usage
	Days  int
	Force bool
	Now   time.Time
}

// ReadRequest reads a certificate signing request, in PEM or DER, and checks
// its signature and its key. The error is an *Error.
func ReadRequest(path string) (*Request, error) {
	bad := func(fr, en string, err error) (*Request, error) {
		return nil, &Error{Kind: BadRequest, Path: path, Detail: Text{fr, en}, Err: err}
	}
	data, err := readUpTo(path, maxRequest)
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == NoCertificate { // too big, or not a file
		return bad("ce n'est pas une demande de certificat (64 Kio au plus)", "not a certificate signing request (64 KiB at most)", nil)
	}
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(data); block != nil {
		if !strings.HasSuffix(block.Type, "CERTIFICATE REQUEST") {
			return bad("bloc PEM "+block.Type+" au lieu de CERTIFICATE REQUEST", "PEM block "+block.Type+" instead of CERTIFICATE REQUEST", nil)
		}
		data = block.Bytes
	}
	csr, err := x509.ParseCertificateRequest(data)
	if err != nil {
		return bad("ce n'est pas une demande de certificat (PKCS#10)", "not a certificate signing request (PKCS#10)", err)
	}
	if fr, en := weakKey(csr.PublicKey); en != "" {
		return bad(fr, en, nil)
	}
	if err := csr.CheckSignature(); err != nil {
		return bad("sa signature ne correspond pas à sa clé", "its signature does not fit its key", err)
	}
	r := &Request{File: path, Subject: csr.Subject.String(), Names: csr.DNSNames, Key: describeKey(csr.PublicKey), CA: asksCA(csr), csr: csr}
	for _, ip := range csr.IPAddresses {
		r.Names = append(r.Names, ip.String())
	}
	return r, nil
}

// weakKey says why no certificate should be made for a key; "" if nothing
// speaks against it.
func weakKey(pub crypto.PublicKey) (fr, en string) {
	name := describeKey(pub)
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits >= 2048 && bits <= maxRSABits {
			return "", ""
		}
		return "clé " + name + " : il en faut 2048 à 8192 bits", "key " + name + ": 2048 to 8192 bits are needed"
	case *ecdsa.PublicKey:
		if slices.Contains([]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}, k.Curve) {
			return "", ""
		}
	case ed25519.PublicKey:
		return "", ""
	}
	return "clé " + name + " : il faut RSA, ECDSA P-256 à P-521 ou Ed25519", "key " + name + ": RSA, ECDSA P-256 to P-521 or Ed25519 is needed"
}

// asksCA reports whether a request wants to be an authority.
func asksCA(csr *x509.CertificateRequest) bool {
	for _, e := range csr.Extensions {
		var basic struct {
			CA   bool `asn1:"optional"`
			Path int  `asn1:"optional,default:-1"`
		}
		if e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 19}) {
			_, err := asn1.Unmarshal(e.Value, &basic)
			return err != nil || basic.CA
		}
	}
	return false
}

// unsuitable says why a request is not signed.
func (r *Request) unsuitable(h *house) error {
	bad := func(fr, en string) error {
		return &Error{Kind: BadRequest, Path: r.File, Detail: Text{fr, en}}
	}
	switch {
	case r.CA:
		return bad("elle demande à être une autorité", "it asks to be an authority")
	case len(r.csr.EmailAddresses) > 0 || len(r.csr.URIs) > 0:
		return bad("elle demande d'autres noms que des noms d'hôte et des adresses IP", "it asks for other names than host names and IP addresses")
	case len(r.Names) > maxReqNames:
		return bad("elle demande trop de noms", "it asks for too many names")
	}
	for _, ca := range h.cas {
		if pub, ok := r.csr.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok && pub.Equal(ca.key.Public()) {
			return bad("sa clé est celle de l'autorité", "its key is that of the authority")
		}
	}
	return nil
}

// Sign makes the certificate that a request asks for: NAME.pem in dir, with its
// chain. Its names are those of the request; what else it may ask for (usage,
// further extensions) is decided here. The error is an *Error.
func Sign(dir string, r *Request, opt SignOptions) (*Made, error) {
	return inHouse(dir, opt.Now, func(h *house) ([]file, bool, error) {
		if err := r.unsuitable(h); err != nil {
			return nil, false, err
		}
		base := filepath.Base(r.File)
		want := leafWish{names: append(slices.Clone(r.Names), opt.Names...), usage: opt.Usage, days: opt.Days,
			as: cmp.Or(opt.As, strings.TrimSuffix(base, filepath.Ext(base)))}
		t, err := h.wish(&want)
		if err != nil {
			return nil, false, err
		}
		name := want.as + ".pem"
		if err := checkTarget(h.dir, []string{name}, opt.Force); err != nil {
			return nil, false, err
		}
		cert, err := h.vouch(t, r.csr.PublicKey)
		id := identity{role: want.as, cert: cert, chain: h.issuing().below()}
		if err != nil {
			return nil, false, err
		}
		return []file{{name: name, data: id.certPEM(), mode: 0o644, cert: cert}}, opt.Force, nil
	})
}
