// Package pki makes and shows a small public key infrastructure for tests.
//
// Mutual TLS needs three things before the first message can be sent: an
// authority, and a certificate from it at each end. [Init] makes them in a
// folder, as PEM files that every TLS software reads: ca.pem, and for each of
// the two roles of a French PAM exchange, the hospital's admission system (gam)
// and the digital medical device (dmn), a certificate and its key. Both
// identities may be used at either end of a connection and are made out to
// localhost, so that everything can be tried on one machine.
//
// [Bad] adds the catalogue of [Faults]: identities that are wrong in one way
// each, to be shown to a peer on purpose, so that it can prove that it refuses
// them.
//
// It is for tests. The key of the authority lies unprotected beside the others,
// and nobody should trust ca.pem for anything else.
//
// [Show] tells what is in such files, its own or others.
package pki

import "time"

// The identities that Init makes.
const (
	roleCA  = "ca"
	roleGAM = "gam"
	roleDMN = "dmn"
)

// Validity of certificates, in days.
const (
	DefaultDays = 365
	MaxDays     = 730 // IHE ITI TF-2 3.19: two years at most
)

// skew is how far before Options.Now validity begins, for partners whose clock
// is slow.
const skew = time.Hour

// Options say what Init makes. The zero value is usable.
type Options struct {
	Names   []string  // further host names and IP addresses for both identities
	Force   bool      // replace what is there
	Now     time.Time // zero: the present
	Days    int       // validity; 0: DefaultDays; at most MaxDays
	Key     KeyKind   // of the authority and the identities; "": P256
	Profile string    // name of a Profile; "": the plain one
}

// Made is what has been made.
type Made struct {
	Dir   string
	Files []string // paths of the files, the CA's first
	Infos []Info   // their certificates; after Init: ca, gam, dmn

	Profile string // name of the Profile of the PKI; "": the plain one
}
