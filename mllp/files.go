package mllp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
)

// Files names the PEM files that a TLS end is made of, and makes a
// configuration of them for either end.
//
// The files are looked at again before every handshake, so that a renewed
// certificate, or another list of authorities, is used without a restart. A
// replacement that cannot be used (half written, a key that belongs to another
// certificate, expired) is reported to OnReload once, and the last good files
// stay in use.
//
// Only TLS 1.2 and 1.3 are spoken, 1.2 with the forward secret AEAD suites alone
// (IHE ITI TF-2 3.19, "TLS 1.2 floor using BCP195", as far as crypto/tls has
// them: it has no DHE). Sessions are not resumed: every connection proves its
// identity anew, against the authorities of the moment.
type Files struct {
	CA   string // authorities that the peer's certificate must come from; nothing else is trusted
	Cert string // own certificate, followed by the intermediate ones
	Key  string // its private key; "" if it stands in Cert

	// ServerName is the host name, or IP address, that a client expects in the
	// server's certificate. Empty: the one it connects to.
	ServerName string

	// AnyIdentity shows whatever Cert and Key hold: a certificate outside its
	// validity, one whose key is another's, a chain in a wrong order. It is for
	// tests that show a faulty identity to a peer on purpose.
	AnyIdentity bool

	// Revocation says whether a peer's certificates may be revoked, and CRL where
	// the revocation lists are: files, PEM or DER, or folders whose files .crl and
	// .pem are looked at. Each certificate below the root is looked up in the lists
	// of its issuer; a peer's own certificate also in the OCSP response that it
	// attaches, if any. "" is RevocationOff without CRL, RevocationIfPresent with.
	Revocation RevocationMode
	CRL        []string

	// OnReload, if not nil, is told when files have changed: nil when the new
	// ones are in use, a *FileError when the old ones stay; and with FileStaleCRL
	// once when a revocation list passes its date. It is called during a
	// handshake, which waits for it, from any goroutine. If it is nil,
	// slog.Default() is told.
	OnReload func(error)
}

// suites12 are the TLS 1.2 suites offered and accepted.
func suites12() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// ServerConfig makes the configuration of a server, which requires a client
// certificate from CA. The files are read at once; the error is a *FileError.
//
// The configuration may be changed before it is used, but not through a clone:
// each handshake takes it as it is, with the certificates of the moment.
func (f Files) ServerConfig() (*tls.Config, error) {
	store, err := f.load()
	if err != nil {
		return nil, err
	}
	if store.now.pair == nil {
		return nil, &FileError{Kind: FileNotGiven, Role: RoleCert}
	}
	config := &tls.Config{
		MinVersion:             tls.VersionTLS12,
		CipherSuites:           suites12(),
		ClientAuth:             tls.RequireAndVerifyClientCert,
		SessionTicketsDisabled: true,
		VerifyConnection:       store.verifyConnection,
	}
	store.now.apply(config)
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c := config.Clone()
		c.GetConfigForClient = nil
		store.current().apply(c)
		return c, nil
	}
	return config, nil
}

// apply makes a server show, and trust, what the files hold.
func (m *material) apply(c *tls.Config) {
	c.ClientCAs, c.Certificates = m.pool, []tls.Certificate{*m.pair}
}

// ClientConfig makes the configuration of a client, which verifies the server's
// chain up to CA and its name. Without Cert the client has no identity to show.
// The files are read at once; the error is a *FileError.
//
// A Client tells the configuration whom it connects to. Used with crypto/tls
// alone, a connection to an IP address needs ServerName. The state of a
// connection has no VerifiedChains, because the verification is our own.
func (f Files) ClientConfig() (*tls.Config, error) {
	store, err := f.load()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		CipherSuites: suites12(),
		ServerName:   f.ServerName,
		// Shown whatever authorities the server names: one that refuses it should
		// say so, rather than miss it.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if pair := store.current().pair; pair != nil {
				return pair, nil
			}
			return new(tls.Certificate), nil
		},
		// crypto/tls can only verify against authorities that are fixed when the
		// configuration is made. Its verification is therefore switched off and
		// done here, against those of the moment: chain, dates, purpose and name.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			return verifyServer(s, store.current(), cmp.Or(f.ServerName, s.ServerName))
		},
	}, nil
}

var (
	errNoName        = errors.New("mllp: no name to verify the server's certificate against: set ServerName")
	errNoCertificate = errors.New("mllp: the server has no certificate")
)

// verifyServer does what crypto/tls does with the certificate of a server, and
// asks whether it is revoked.
func verifyServer(s tls.ConnectionState, m *material, name string) error {
	if name == "" {
		return errNoName
	}
	if len(s.PeerCertificates) == 0 {
		return errNoCertificate
	}
	opts := x509.VerifyOptions{Roots: m.pool, DNSName: name, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	chains, err := s.PeerCertificates[0].Verify(opts)
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	return m.revocation.check(chains, s.OCSPResponse)
}

func (f Files) reloaded(err error) {
	fe, _ := errors.AsType[*FileError](err)
	switch {
	case f.OnReload != nil:
		f.OnReload(err)
	case fe != nil && fe.Kind == FileStaleCRL:
		slog.LogAttrs(context.Background(), slog.LevelWarn, "mllp: a revocation list has passed its date", slog.Any("error", err))
	case err != nil:
		slog.LogAttrs(context.Background(), slog.LevelWarn, "mllp: TLS files changed and cannot be used; the old ones stay in use", slog.Any("error", err))
	default:
		slog.LogAttrs(context.Background(), slog.LevelInfo, "mllp: TLS files changed; the new ones are in use")
	}
}
