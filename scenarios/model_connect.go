package scenarios

import (
	"crypto/tls"
	"strings"
	"time"
)

// Connect asks for a new connection, in the place of the one that is open.
type Connect struct {
	Pos Source
	// Present names the identity that we show: "" for the candidate file's own,
	// NoIdentity for none, else one of its tls.identities or of its folder tls.bad.
	Present string
	Plain   bool   // without TLS, to a candidate that expects it
	Offer   *Offer // what of TLS we speak; nil: as always
	// Crowd is how many further connections are opened, which say nothing and are
	// held until the play ends.
	Crowd int
	// Renewed waits until the candidate shows another certificate than on the
	// play's connection before, as long as its file says that takes.
	Renewed bool
}

// Accept lets a candidate of role GAM connect to us.
type Accept struct {
	Pos     Source
	Present string // the identity that we show, as in a Connect
	Plain   bool   // we speak plain text, to a candidate that expects TLS
	Offer   *Offer
	Within  time.Duration // for it to connect and to send; 0: the candidate's limit
}

// connect is what we show of ourselves.
func (a *Accept) connect() *Connect {
	return &Connect{Pos: a.Pos, Present: a.Present, Plain: a.Plain, Offer: a.Offer}
}

// NoIdentity is the Present of a client that shows no certificate.
const NoIdentity = "none"

// strange reports a connection that is not our usual one.
func (c *Connect) strange() bool {
	return c != nil && (c.Present != "" || c.Plain || c.Offer != nil || c.Renewed)
}

// Offer is what of TLS one end of a connection speaks, when that is not what
// package mllp speaks.
type Offer struct {
	Min, Max uint16 // versions; 0: as always
	Suites   Suites
}

// Suites says which suites of TLS 1.2 and before are offered. Those of TLS 1.3
// cannot be chosen, and none of them is weak.
type Suites string

// The choices of suites.
const (
	GoodSuites Suites = ""     // forward secret and authenticated, as always
	WeakSuites Suites = "weak" // those with RSA key exchange, CBC, 3DES or RC4, and no other
	AllSuites  Suites = "all"  // all that can be spoken
)

// tlsVersions are the versions that an Offer can name.
func tlsVersions() []string { return []string{"1.0", "1.1", "1.2", "1.3"} }

// versionNumber is the number of a version by its name; 0 for none.
func versionNumber(name string) uint16 {
	for i, known := range tlsVersions() {
		if name == known {
			return tls.VersionTLS10 + uint16(i)
		}
	}
	return 0
}

// bounds are the versions that an offer amounts to. Weak suites end with TLS
// 1.2, and one bound that is alone on the other side of what we usually speak
// brings the other with it.
func (o *Offer) bounds() (least, most uint16) {
	least, most = o.Min, o.Max
	if most == 0 {
		most = tls.VersionTLS13
		if o.Suites == WeakSuites {
			most = tls.VersionTLS12
		}
	}
	if least == 0 {
		least = min(tls.VersionTLS12, most)
	}
	return least, most
}

// apply makes a configuration speak what the offer says. Versions before 1.2
// have no suite that we usually offer, so all are offered with them.
func (o *Offer) apply(config *tls.Config) {
	if o == nil {
		return
	}
	config.MinVersion, config.MaxVersion = o.bounds()
	suites := o.Suites
	if suites == GoodSuites && config.MinVersion < tls.VersionTLS12 {
		suites = AllSuites
	}
	if suites == GoodSuites {
		return
	}
	good := config.CipherSuites
	config.CipherSuites = nil
	for _, suite := range append(tls.InsecureCipherSuites(), tls.CipherSuites()...) {
		strong := false
		for _, id := range good {
			strong = strong || id == suite.ID
		}
		before13 := suite.SupportedVersions[0] < tls.VersionTLS13
		if before13 && (suites == AllSuites || !strong) {
			config.CipherSuites = append(config.CipherSuites, suite.ID)
		}
	}
}

// String tells the offer in a few words: "TLS 1.0 to 1.1, all suites".
func (o *Offer) String() string {
	if o == nil {
		return ""
	}
	least, most := o.bounds()
	words := "TLS " + tlsVersion(least)
	if most != least {
		words += " to " + tlsVersion(most)
	}
	if o.Suites != GoodSuites {
		words += ", " + strings.ToLower(string(o.Suites)) + " suites"
	}
	return words
}
