package pki

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"time"
)

// crlFile holds the CRLs of all authorities of the folder, in PEM.
const crlFile = "crl.pem"

// DefaultCRLDays is how long a CRL counts unless asked otherwise: less than a
// certificate, or nobody would notice that it is never renewed.
const DefaultCRLDays = 30

// reasons are the reasons for a revocation that can be given, with their codes
// (RFC 5280 §5.3.1). What cannot be said of one certificate for good
// (certificateHold, removeFromCRL) is missing.
var reasons = []struct {
	name string
	code int
}{
	{"unspecified", 0}, {"keyCompromise", 1}, {"cACompromise", 2}, {"affiliationChanged", 3},
	{"superseded", 4}, {"cessationOfOperation", 5}, {"privilegeWithdrawn", 9}, {"aACompromise", 10},
}

// Reasons are the reasons for a revocation that can be given.
func Reasons() []string {
	var all []string
	for _, r := range reasons {
		all = append(all, r.name)
	}
	return all
}

// reasonCode is the code of a reason; -1 if there is no such reason.
func reasonCode(name string) int {
	if name == "" {
		return 0
	}
	i := slices.IndexFunc(reasons, func(r struct {
		name string
		code int
	}) bool {
		return r.name == name
	})
	if i < 0 {
		return -1
	}
	return reasons[i].code
}

// crls issues the CRL of every authority anew, and what goes with them: the
// state with their number.
func (h *house) crls(days int) ([]file, error) {
	h.state.CRLNumber++
	st, err := h.state.file()
	if err != nil {
		return nil, err
	}
	files := []file{st, {name: crlFile, mode: 0o644, update: true}}
	for i, a := range h.profile.authorities() {
		der, err := makeCRL(h.cas[i], h.state.entries(a.Role), h.state.CRLNumber, h.now, days)
		if err != nil {
			return nil, err
		}
		files[1].data = append(crlPEM(der), files[1].data...) // the one that is asked for most comes first
		files = append(files, file{name: a.CRL, data: der, mode: 0o644, update: true})
	}
	return files, nil
}

func crlPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// entries are the certificates of one authority that are revoked.
func (s state) entries(issuer string) []x509.RevocationListEntry {
	var all []x509.RevocationListEntry
	for _, r := range s.Revoked {
		if n, ok := r.number(); ok && r.Issuer == issuer {
			all = append(all, x509.RevocationListEntry{SerialNumber: n, RevocationTime: r.At, ReasonCode: reasonCode(r.Reason)})
		}
	}
	return all
}

func makeCRL(ca identity, entries []x509.RevocationListEntry, number int64, now time.Time, days int) ([]byte, error) {
	begin := now.Add(-skew).UTC().Truncate(time.Second)
	return x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number:                    big.NewInt(number),
		ThisUpdate:                begin,
		NextUpdate:                begin.AddDate(0, 0, days),
		RevokedCertificateEntries: entries,
	}, ca.cert, ca.key)
}
