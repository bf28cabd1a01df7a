package pki

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// CRLInfo is what is known about one certificate revocation list.
type CRLInfo struct {
	File       string
	Issuer     string // RFC 2253
	Number     string // decimal; "" if it has none
	Signature  string
	ThisUpdate time.Time
	NextUpdate time.Time
	Revoked    []RevokedInfo

	list *x509.RevocationList
}

// RevokedInfo is one entry of a CRL.
type RevokedInfo struct {
	Serial string // hexadecimal
	At     time.Time
	Reason string // as RFC 5280 calls it; "" if none is given
}

// Problems are what is wrong with the CRL.
func (c CRLInfo) Problems(now time.Time) []Problem {
	var all []Problem
	if !c.NextUpdate.IsZero() && now.After(c.NextUpdate) {
		all = append(all, Problem{Code: "stale", Text: Text{"périmée : personne ne peut s'y fier", "stale: nobody can rely on it"}})
	}
	if now.Before(c.ThisUpdate) {
		all = append(all, Problem{Code: "not-yet-valid", Text: Text{"pas encore valide", "not valid yet"}})
	}
	if weakSignature(c.list.SignatureAlgorithm) {
		all = append(all, Problem{Code: "sha1", Text: Text{"signature " + c.Signature + " : contrefaisable", "signature " + c.Signature + ": can be forged"}})
	}
	return all
}

// Names finds the entry of a certificate in the CRL. The signature of the CRL is
// not looked at.
func (c CRLInfo) Names(i Info) (RevokedInfo, bool) {
	if i.cert == nil || string(c.list.RawIssuer) != string(i.cert.RawIssuer) {
		return RevokedInfo{}, false
	}
	at := slices.IndexFunc(c.Revoked, func(r RevokedInfo) bool { return r.Serial == i.Serial })
	if at < 0 {
		return RevokedInfo{}, false
	}
	return c.Revoked[at], true
}

// ShowCRLs returns what there is to know about the CRLs in a file, in PEM or
// DER, or in the *.pem and *.crl files of a folder; of a CRL that stands there
// in both forms, once. It is no error if there are none. The error is an *Error.
func ShowCRLs(path string) ([]CRLInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, readError(path, err)
	}
	if !info.IsDir() {
		return showCRLFile(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, &Error{Kind: Failed, Path: path, Err: err}
	}
	var all []CRLInfo
	seen := map[string]bool{}
	for _, ext := range []string{".pem", ".crl"} {
		for _, e := range entries {
			if e.IsDir() || filepath.Ext(e.Name()) != ext {
				continue
			}
			found, err := showCRLFile(filepath.Join(path, e.Name()))
			if err != nil {
				continue // not ours to judge: a folder holds other things
			}
			for _, c := range found {
				if !seen[string(c.list.Raw)] {
					all = append(all, c)
				}
				seen[string(c.list.Raw)] = true
			}
		}
	}
	return all, nil
}

func showCRLFile(path string) ([]CRLInfo, error) {
	data, err := readUpTo(path, maxCRL)
	if err != nil {
		return nil, err
	}
	if list, err := x509.ParseRevocationList(data); err == nil {
		return []CRLInfo{newCRLInfo(path, list)}, nil
	}
	var all []CRLInfo
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "X509 CRL" {
			continue
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, &Error{Kind: BadCRL, Path: path, Err: err}
		}
		all = append(all, newCRLInfo(path, list))
	}
	return all, nil
}

// maxCRL bounds what is read of a CRL: those of a national authority are large.
const maxCRL = 64 << 20

func newCRLInfo(path string, l *x509.RevocationList) CRLInfo {
	c := CRLInfo{File: path, Issuer: l.Issuer.String(), Signature: l.SignatureAlgorithm.String(), ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, list: l}
	if l.Number != nil {
		c.Number = l.Number.String()
	}
	for _, e := range l.RevokedCertificateEntries {
		c.Revoked = append(c.Revoked, RevokedInfo{Serial: fmt.Sprintf("%x", e.SerialNumber), At: e.RevocationTime, Reason: reasonName(e.ReasonCode)})
	}
	return c
}

// reasonName is the name of a code; "" for the one that says nothing.
func reasonName(code int) string {
	switch code {
	case 0:
		return ""
	case 6:
		return "certificateHold"
	case 8:
		return "removeFromCRL"
	}
	for _, r := range reasons {
		if r.code == code {
			return r.name
		}
	}
	return fmt.Sprint(code)
}
