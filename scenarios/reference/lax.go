package reference

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"slices"
	"time"
)

// laxity is what a verification of certificates overlooks, at either end.
type laxity struct {
	expired, notYetValid bool // dates
	anyUsage             bool // the extended key usage
	selfSigned           bool // that nobody vouches for it
	sha1                 bool // a signature that crypto/x509 does not look at
	authorities          []*x509.Certificate
}

func (l laxity) any() bool { return l.expired || l.notYetValid || l.anyUsage || l.selfSigned || l.sha1 }

// verify does what crypto/tls does with the certificates of a peer, but for what
// is overlooked. Of a certificate that is taken without looking there are no
// chains.
func (l laxity) verify(certs []*x509.Certificate, opts x509.VerifyOptions) ([][]*x509.Certificate, error) {
	opts.Intermediates = x509.NewCertPool()
	for _, c := range certs[1:] {
		opts.Intermediates.AddCert(c)
	}
	if l.anyUsage {
		opts.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	}
	if l.vouched(certs[0]) {
		return nil, nil
	}
	return l.seen(certs[0]).Verify(opts)
}

// seen is a certificate with the dates that the bugs see. Its signature is still
// looked at.
func (l laxity) seen(c *x509.Certificate) *x509.Certificate {
	seen, now := *c, time.Now()
	if l.expired && seen.NotAfter.Before(now) {
		seen.NotAfter = now.Add(time.Hour)
	}
	if l.notYetValid && seen.NotBefore.After(now) {
		seen.NotBefore = now.Add(-time.Hour)
	}
	return &seen
}

// vouched reports a certificate whose signature is good enough for a bug
// although crypto/x509 would not take it.
func (l laxity) vouched(c *x509.Certificate) bool {
	signed := func(by *x509.Certificate) bool {
		return by.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
	}
	old := c.SignatureAlgorithm == x509.ECDSAWithSHA1 || c.SignatureAlgorithm == x509.SHA1WithRSA
	return l.sha1 && old && slices.ContainsFunc(l.authorities, signed) || l.selfSigned && signed(c)
}

// pool is the authorities as crypto/x509 wants them.
func (l laxity) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range l.authorities {
		pool.AddCert(c)
	}
	return pool
}

// certificates are those of a PEM file.
func certificates(file string) (list []*x509.Certificate, err error) {
	data, err := os.ReadFile(file)
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, bad := x509.ParseCertificate(block.Bytes)
		list, err = append(list, c), errors.Join(err, bad)
	}
	return list, err
}
