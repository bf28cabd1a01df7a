package mllp_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/pamlab/pamlab/mllp"
)

// stapling are the two ends of a connection at which one attaches an OCSP
// response to its certificate.
func stapling(t *testing.T, files mllp.Files, staple []byte) (server, client *tls.Config) {
	t.Helper()
	server, client = serverConfig(t, files), clientConfig(t, files)
	own := server.GetConfigForClient
	server.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c, err := own(hello)
		if err == nil {
			c.Certificates[0].OCSPStaple = staple
		}
		return c, err
	}
	show := client.GetClientCertificate
	client.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		c, err := show(r)
		if err != nil {
			return nil, err
		}
		with := *c
		with.OCSPStaple = staple
		return &with, nil
	}
	return server, client
}

// An OCSP response that a peer attaches has to be right, and then stands for a
// list.
func TestStapledResponses(t *testing.T) {
	root, other := newAuthority(t, "root", nil), newAuthority(t, "other", nil)
	peer, own, third := root.issue(), root.issue(), root.issue()
	responder := root.issue(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })
	retired := root.issue(func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	})
	good := ocsp.Response{Status: ocsp.Good, SerialNumber: peer.cert.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	status := func(s int) func(*ocsp.Response) { return func(r *ocsp.Response) { r.Status = s } }
	cases := []struct {
		name   string
		staple []byte
		want   mllp.RevocationErrorKind // with RevocationRequired
		lax    mllp.RevocationErrorKind // with RevocationIfPresent
	}{
		{"none", nil, mllp.RevocationUnknown, ""},
		{"good", root.ocsp(peer.cert, nil), "", ""},
		{"good, by a responder of the authority", root.ocspBy(good, responder.cert, responder.key), "", ""},
		{"good, without next date", root.ocsp(peer.cert, func(r *ocsp.Response) { r.NextUpdate = time.Time{} }), "", ""},
		{"revoked", root.ocsp(peer.cert, func(r *ocsp.Response) {
			r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, time.Now().Add(-time.Hour), ocsp.Superseded
		}), mllp.Revoked, mllp.Revoked},
		{"unknown", root.ocsp(peer.cert, status(ocsp.Unknown)), mllp.StapleUnknown, mllp.StapleUnknown},
		{"expired", root.ocsp(peer.cert, func(r *ocsp.Response) {
			r.ThisUpdate, r.NextUpdate = time.Now().Add(-3*time.Hour), time.Now().Add(-2*time.Hour)
		}), mllp.StapleStale, mllp.StapleStale},
		{"old, without next date", root.ocsp(peer.cert, func(r *ocsp.Response) {
			r.ThisUpdate, r.NextUpdate = time.Now().Add(-25*time.Hour), time.Time{}
		}), mllp.StapleStale, mllp.StapleStale},
		{"of tomorrow", root.ocsp(peer.cert, func(r *ocsp.Response) {
			r.ThisUpdate, r.NextUpdate = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
		}), mllp.StapleEarly, mllp.StapleEarly},
		{"about another certificate", root.ocsp(third.cert, nil), mllp.StapleBad, mllp.StapleBad},
		{"of another authority", other.ocsp(peer.cert, nil), mllp.StapleBad, mllp.StapleBad},
		{"signed by the certificate itself", root.ocspBy(good, peer.cert, peer.key), mllp.StapleBad, mllp.StapleBad},
		{"by a responder that is expired", root.ocspBy(good, retired.cert, retired.key), mllp.StapleBad, mllp.StapleBad},
		{"try later", ocsp.TryLaterErrorResponse, mllp.StapleBad, mllp.StapleBad},
		{"bytes", []byte("hello"), mllp.StapleBad, mllp.StapleBad},
	}
	check := func(t *testing.T, err error, want mllp.RevocationErrorKind) {
		t.Helper()
		if want == "" {
			require.NoError(t, err)
			return
		}
		revocation(t, err, want)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server, client := stapling(t, peer.files, c.staple)
			for mode, want := range map[mllp.RevocationMode]mllp.RevocationErrorKind{
				mllp.RevocationOff: "", mllp.RevocationIfPresent: c.lax, mllp.RevocationRequired: c.want,
			} {
				files := own.files
				files.Revocation = mode
				for _, v := range versions {
					config := clientConfig(t, files)
					config.MaxVersion = v.id
					_, here := meet(t, server, config)
					check(t, here, want)
				}
				// A server is shown the response of a client in TLS 1.3 alone.
				there, _ := meet(t, serverConfig(t, files), client)
				check(t, there, want)
			}
		})
	}
}

// A list says more than a response that is older than it.
func TestListAgainstStapledResponse(t *testing.T) {
	root := newAuthority(t, "root", nil)
	peer, own := root.issue(), root.issue()
	server, _ := stapling(t, peer.files, root.ocsp(peer.cert, nil))
	files := own.files
	files.CRL = []string{root.file("list.crl", root.list(nil, peer.cert))}
	_, here := meet(t, server, clientConfig(t, files))
	revocation(t, here, mllp.Revoked)

	files.CRL, files.Revocation = []string{root.file("list.crl", root.list(stale))}, mllp.RevocationRequired
	files.OnReload = func(error) {}
	_, here = meet(t, server, clientConfig(t, files))
	require.NoError(t, here)
}
