package scenarios

import (
	"context"
	"crypto/x509"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// certificateOf is the certificate that the candidate showed, nil without TLS.
func certificateOf(conn *mllp.Conn) *x509.Certificate {
	if conn == nil || conn.TLS == nil || len(conn.TLS.PeerCertificates) == 0 {
		return nil
	}
	return conn.TLS.PeerCertificates[0]
}

// untilRenewed connects again and again until the candidate shows another
// certificate than on the play's connection, or the time that its file gives it
// is up; the last connection stays.
func (s *stage) untilRenewed(ctx context.Context, client *mllp.Client, out *outcome) (*mllp.Conn, error) {
	most := s.player.Candidate.TLS.Renews
	ctx, cancel := context.WithTimeout(ctx, most+s.player.Candidate.Limits.Handshake)
	defer cancel()
	begun := time.Now()
	for {
		conn, err := client.Connect(ctx)
		if err != nil {
			return nil, err
		}
		if s.peer == nil || !s.peer.Equal(certificateOf(conn)) {
			out.renewed = s.peer != nil
			return conn, nil
		}
		again := min(most/20, time.Second)
		if time.Since(begun)+again > most || !pause(ctx, again) {
			return conn, nil
		}
		_ = client.Close()
	}
}
