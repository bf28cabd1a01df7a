package reference

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"

	"github.com/pamlab/pamlab/mllp"
)

// leastRSA is the shortest RSA key of a peer that is accepted. ITI-19 leaves it to
// the site from 1024 bits on; BCP 195 wants 2048 (RFC 9325 §4.5).
const leastRSA = 2048

// A WeakKeyError is a certificate of a peer with a key that is too short.
type WeakKeyError struct {
	Bits int
}

// Error says how long the key is, in English.
func (e *WeakKeyError) Error() string { return e.In("en") }

// In says how long the key is in lang, "fr" or "en".
func (e *WeakKeyError) In(lang string) string {
	return Text{fmt.Sprintf("clé RSA de %d bits, trop courte", e.Bits), fmt.Sprintf("RSA key of %d bits, too short", e.Bits)}.In(lang)
}

// Hint says how long it has to be.
func (e *WeakKeyError) Hint(lang string) string {
	return Text{fmt.Sprintf("il en faut %d au moins", leastRSA), fmt.Sprintf("%d are the least", leastRSA)}.In(lang)
}

// secure makes the configuration of mutual TLS, nil for plain TCP, and what is
// done to the listener: bugs may sit in both.
func (d *DMN) secure(files *mllp.Files) (config *tls.Config, wrap func(net.Listener) net.Listener, err error) {
	wrap = func(l net.Listener) net.Listener { return l }
	if files == nil {
		return nil, wrap, nil
	}
	given := *files
	if d.faults.on(acceptsRevoked) {
		given.Revocation, given.CRL = mllp.RevocationOff, nil
	}
	if config, err = given.ServerConfig(); err != nil {
		return nil, nil, err
	}
	if !d.faults.on(acceptsWeakKey) {
		config.VerifyConnection = alsoStrong(config.VerifyConnection)
	}
	if !d.faults.on(namesOf(tlsBugs())...) {
		return config, wrap, nil
	}
	bend, err := d.faults.tlsBend(files)
	if err != nil {
		return nil, nil, err
	}
	bent := bend.config(config)
	wrap = func(l net.Listener) net.Listener { return bend.listener(l, bent) }
	if d.faults.on(speaksPlainToo) {
		return nil, wrap, nil // the connections see to it
	}
	return bent, wrap, nil
}

// alsoStrong is a verification of connections that looks at the peer's keys too.
func alsoStrong(verify func(tls.ConnectionState) error) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if err := strong(state.PeerCertificates); err != nil {
			return err
		}
		return verify(state)
	}
}

func strong(certs []*x509.Certificate) error {
	for _, c := range certs {
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < leastRSA {
			return &WeakKeyError{Bits: key.N.BitLen()}
		}
	}
	return nil
}
