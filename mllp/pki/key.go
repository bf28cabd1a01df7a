package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
)

// KeyKind is a kind of key pair.
type KeyKind string

// The kinds of key pairs that are made for identities.
const (
	RSA2048 KeyKind = "rsa-2048"
	RSA3072 KeyKind = "rsa-3072"
	P256    KeyKind = "p-256"
	P384    KeyKind = "p-384"

	rsa1024 KeyKind = "rsa-1024" // too short: for the catalogue of faults alone
)

// KeyKinds are the kinds of key pairs that can be asked for.
func KeyKinds() []KeyKind { return []KeyKind{RSA2048, RSA3072, P256, P384} }

func (k KeyKind) check() error {
	if !slices.Contains(KeyKinds(), k) {
		return &Error{Kind: BadKey, Name: string(k)}
	}
	return nil
}

// generate makes a key pair.
func (k KeyKind) generate() (crypto.Signer, error) {
	switch k {
	case rsa1024:
		return rsa.GenerateKey(rand.Reader, 1024)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// describes reports whether a public key is of that kind.
func (k KeyKind) describes(pub crypto.PublicKey) bool {
	plain := strings.NewReplacer("ECDSA ", "", " ", "-").Replace(describeKey(pub))
	return strings.EqualFold(plain, string(k))
}

// describeKey names the algorithm of a public key and its size.
func describeKey(pub crypto.PublicKey) string {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return fmt.Sprintf("%T", pub)
}
