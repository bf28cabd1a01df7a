package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"path/filepath"
	"time"
)

// stateFile is what a PKI remembers: a small file that people can read.
const stateFile = "pki.json"

type state struct {
	Profile   string    `json:"profile,omitempty"`
	Names     []string  `json:"names,omitempty"` // that every identity is made out to, beside the usual ones
	CRLNumber int64     `json:"crl_number"`      // of the last list issued
	Revoked   []revoked `json:"revoked"`
}

// revoked is one certificate that no longer counts.
type revoked struct {
	Serial  string    `json:"serial"` // hexadecimal
	Issuer  string    `json:"issuer"` // role of the authority
	At      time.Time `json:"at"`
	Reason  string    `json:"reason,omitempty"`  // as RFC 5280 calls it
	Subject string    `json:"subject,omitempty"` // for people
}

func (r revoked) number() (*big.Int, bool) { return new(big.Int).SetString(r.Serial, 16) }

// readState reads what the PKI in dir remembers. Without the file it remembers
// nothing: an authority that somebody else has made.
func readState(dir string) (state, error) {
	path := filepath.Join(dir, stateFile)
	data, err := read(path)
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Missing {
		return state{}, nil
	}
	if err != nil {
		return state{}, err
	}
	var s state
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // a misspelt list would forget who is revoked
	if err := d.Decode(&s); err != nil {
		return state{}, &Error{Kind: BadState, Path: path, Err: err}
	}
	if _, err := d.Token(); err != io.EOF {
		return state{}, &Error{Kind: BadState, Path: path, Err: errors.New("text after the end")}
	}
	for _, r := range s.Revoked {
		if n, ok := r.number(); !ok || n.Sign() <= 0 || reasonCode(r.Reason) < 0 {
			return state{}, &Error{Kind: BadState, Path: path, Err: errors.New("revoked: serial " + r.Serial + ", reason " + r.Reason)}
		}
	}
	return s, nil
}

func (s state) file() (file, error) {
	if s.Revoked == nil {
		s.Revoked = []revoked{}
	}
	data, err := json.MarshalIndent(s, "", "  ")
	return file{name: stateFile, data: append(data, '\n'), mode: 0o644, update: true}, err
}

// revoke enters a certificate, once. It reports whether it was new; if not, r
// becomes the old entry.
func (s *state) revoke(r *revoked) bool {
	for _, old := range s.Revoked {
		if old.Serial == r.Serial && old.Issuer == r.Issuer {
			*r = old
			return false
		}
	}
	s.Revoked = append(s.Revoked, *r)
	return true
}

func entry(c *x509.Certificate, issuer, reason string, at time.Time) revoked {
	return revoked{Serial: c.SerialNumber.Text(16), Issuer: issuer, At: at.UTC().Truncate(time.Second), Reason: reason, Subject: c.Subject.String()}
}
