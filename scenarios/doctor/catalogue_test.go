package doctor_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/doctor"
)

// What is told of a server that shows an identity of the catalogue.
var ofServers = map[string][]string{
	"expired":              {"certificate.expired"},
	"not-yet-valid":        {"certificate.not-yet-valid"},
	"other-ca":             {"chain.unknown-authority"},
	"self-signed":          {"chain.self-signed"},
	"client-only":          {"chain.not-for-servers"},
	"wrong-name":           {"chain.other-name"},
	"cn-only":              {"chain.no-names"},
	"revoked":              {"chain.revocation-revoked"},
	"stale-crl":            {"files.stale-list", "chain.revocation-list-stale"},
	"missing-intermediate": {"chain.unknown-authority"},
	"misordered-chain":     {"versions.broken", "chain.authority-first"},
	"rsa-1024":             {"certificate.weak-key"},
	"sha1":                 {"certificate.weak-signature"},
	"short-lived":          {"certificate.expires-soon"},
	"key-mismatch":         {"versions.broken"},
}

// Every identity of the catalogue, shown by a server: what is wrong with it is
// found, and nothing else.
func TestServersOfTheCatalogue(t *testing.T) {
	h := newHouse(t)
	_, err := pki.Bad(h.dir, pki.BadOptions{})
	require.NoError(t, err)
	for _, fault := range pki.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			pair := looseKeyPair(t, filepath.Join(h.dir, "bad", fault.Name))
			config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}
			files := h.files("gam")
			files.CRL = []string{filepath.Join(h.dir, "crl.pem")}
			if fault.Name == "stale-crl" {
				files.CRL = append(files.CRL, filepath.Join(h.dir, "bad", "stale-crl.crl.pem"))
				files.Revocation = "required"
			}
			r := examine(t, doctor.Options{Addr: tlsServer(t, config, acknowledge), Files: files})
			require.Equal(t, ofServers[fault.Name], codes(r))
		})
	}
}

// looseKeyPair loads a certificate and its key, even if they do not belong
// together.
func looseKeyPair(t *testing.T, base string) tls.Certificate {
	t.Helper()
	var pair tls.Certificate
	data, err := os.ReadFile(base + ".pem")
	require.NoError(t, err)
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		pair.Certificate = append(pair.Certificate, block.Bytes)
	}
	data, err = os.ReadFile(base + "-key.pem")
	require.NoError(t, err)
	block, _ := pem.Decode(data)
	pair.PrivateKey, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return pair
}

// A revocation list that is past its date is told, though it stays in use and
// has nothing to say about the server.
func TestStaleList(t *testing.T) {
	h := newHouse(t)
	_, err := pki.Bad(h.dir, pki.BadOptions{Only: []string{"stale-crl"}})
	require.NoError(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{looseKeyPair(t, filepath.Join(h.dir, "dmn"))}, ClientAuth: tls.RequireAnyClientCert}
	files := h.files("gam")
	files.CRL = []string{filepath.Join(h.dir, "bad", "stale-crl.crl.pem")}
	r := examine(t, doctor.Options{Addr: tlsServer(t, config, acknowledge), Files: files})
	require.Equal(t, []string{"files.stale-list"}, codes(r))
	require.Zero(t, r.Exit, "a warning")
}
