package pki

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// RevokeOptions say how Revoke works. The zero value is usable.
type RevokeOptions struct {
	Reason string // one of Reasons; "": none is given
	Days   int    // how long the new CRL counts; 0: DefaultCRLDays
	Now    time.Time
}

// A Revocation is what Revoke has done.
type Revocation struct {
	Serial  string // hexadecimal
	Subject string // "" if no certificate with that serial number is in the folder
	At      time.Time
	Already bool  // it had been revoked before: nothing has changed
	Made    *Made // the state and the CRLs; nil if nothing has changed
}

// CRLOptions say how long the CRLs of RenewCRLs count. The zero value is usable.
type CRLOptions struct {
	Days int // 0: DefaultCRLDays
	Now  time.Time
}

// Revoke enters a certificate, given by its file or its serial number
// (hexadecimal, colons allowed), into the CRL of its authority, and issues the
// CRLs anew. The error is an *Error.
func Revoke(dir, what string, opt RevokeOptions) (*Revocation, error) {
	days := cmp.Or(opt.Days, DefaultCRLDays)
	if err := checkDays(days, MaxDays); err != nil {
		return nil, err
	}
	if reasonCode(opt.Reason) < 0 {
		return nil, &Error{Kind: BadReason, Name: opt.Reason}
	}
	var out Revocation
	m, err := inHouse(dir, opt.Now, func(h *house) ([]file, bool, error) {
		r, err := h.find(what)
		if err != nil {
			return nil, false, err
		}
		r.At, r.Reason = h.now.UTC().Truncate(time.Second), opt.Reason
		if !h.state.revoke(&r) {
			out = Revocation{Serial: r.Serial, Subject: r.Subject, At: r.At, Already: true}
			return nil, false, nil
		}
		out = Revocation{Serial: r.Serial, Subject: r.Subject, At: r.At}
		files, err := h.crls(days)
		return files, true, err
	})
	if err != nil {
		return nil, err
	}
	if !out.Already {
		out.Made = m
	}
	return &out, nil
}

// RenewCRLs issues the CRLs of the PKI in dir anew, with a higher number:
// crl.pem, and one in DER for each authority. The error is an *Error.
func RenewCRLs(dir string, opt CRLOptions) (*Made, error) {
	days := cmp.Or(opt.Days, DefaultCRLDays)
	if err := checkDays(days, MaxDays); err != nil {
		return nil, err
	}
	return inHouse(dir, opt.Now, func(h *house) ([]file, bool, error) {
		files, err := h.crls(days)
		return files, true, err
	})
}

// find finds the certificate that is meant, and who issued it.
func (h *house) find(what string) (revoked, error) {
	_, err := os.Stat(what)
	if err == nil {
		return h.findFile(what)
	}
	if !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(what, `./\`) {
		return revoked{}, readError(what, err)
	}
	text := strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(what, ":", "")), "0x")
	n, ok := new(big.Int).SetString(text, 16)
	if !ok || n.Sign() <= 0 || n.BitLen() > 160 { // RFC 5280 §4.1.2.2: 20 octets
		return revoked{}, &Error{Kind: BadSerial, Name: what}
	}
	for _, dir := range []string{h.dir, filepath.Join(h.dir, badDir)} {
		infos, _ := Show(dir) // it only helps
		for _, i := range infos {
			if role, ok := h.issuer(i.cert); ok && i.cert.SerialNumber.Cmp(n) == 0 {
				return entry(i.cert, role, "", h.now), nil
			}
		}
	}
	return revoked{Serial: n.Text(16), Issuer: h.profile.issuing().Role}, nil
}

func (h *house) findFile(path string) (revoked, error) {
	infos, err := showFile(path)
	if err != nil {
		return revoked{}, err
	}
	role, ok := h.issuer(infos[0].cert)
	if !ok {
		return revoked{}, &Error{Kind: NotOurs, Path: path}
	}
	return entry(infos[0].cert, role, "", h.now), nil
}

// issuer finds the authority of the house that issued a certificate. Only those
// above it can revoke a certificate, so that a root has none.
func (h *house) issuer(c *x509.Certificate) (role string, ok bool) {
	if selfIssued(c) {
		return "", false
	}
	for i, a := range h.profile.authorities() {
		ca := h.cas[i].cert
		if !bytes.Equal(c.RawIssuer, ca.RawSubject) {
			continue
		}
		// What was signed with SHA-1 on purpose is ours all the same.
		err := c.CheckSignatureFrom(ca)
		_, weak := errors.AsType[x509.InsecureAlgorithmError](err)
		if err == nil || weak && bytes.Equal(c.AuthorityKeyId, ca.SubjectKeyId) {
			return a.Role, true
		}
	}
	return "", false
}
