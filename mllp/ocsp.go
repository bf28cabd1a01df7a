package mllp

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// stapleAge is how long an OCSP response is believed that does not say when the
// next one is due.
const stapleAge = 24 * time.Hour

var (
	errStapleSigner = errors.New("its signer is neither the authority nor entitled by it to answer")
	errStapleNow    = errors.New("its signer's certificate is outside its validity")
)

// checkStaple judges the OCSP response that a peer attached to its certificate.
// A client asks for it in every handshake, a server in those of TLS 1.3.
func checkStaple(staple []byte, cert, issuer *x509.Certificate, now time.Time) *RevocationError {
	bad := func(kind RevocationErrorKind, date time.Time, err error) *RevocationError {
		e := newRevocationError(kind, cert)
		e.Date, e.Err = date, err
		return e
	}
	response, err := ocsp.ParseResponseForCert(staple, cert, issuer)
	if err == nil {
		err = mayAnswer(response.Certificate, issuer, now)
	}
	if err != nil {
		return bad(StapleBad, time.Time{}, err)
	}
	until := response.NextUpdate
	if until.IsZero() {
		until = response.ThisUpdate.Add(stapleAge)
	}
	switch {
	case response.Status == ocsp.Revoked: // that does not grow old
		e := bad(Revoked, response.RevokedAt, nil)
		e.Reason = response.RevocationReason
		return e
	case now.Before(response.ThisUpdate):
		return bad(StapleEarly, response.ThisUpdate, nil)
	case now.After(until):
		return bad(StapleStale, until, nil)
	case response.Status != ocsp.Good:
		return bad(StapleUnknown, time.Time{}, nil)
	}
	return nil
}

// mayAnswer judges who signed a response. That the signature is right, and that
// the signer's certificate comes from the issuer, was verified; but so does
// every other certificate of that issuer, the one in question included.
func mayAnswer(signer, issuer *x509.Certificate, now time.Time) error {
	switch {
	case signer == nil, bytes.Equal(signer.Raw, issuer.Raw):
		return nil
	case !slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return errStapleSigner
	case now.Before(signer.NotBefore), now.After(signer.NotAfter):
		return errStapleNow
	}
	return nil
}
