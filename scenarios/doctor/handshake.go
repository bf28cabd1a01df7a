package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/pamlab/pamlab/mllp"
)

// an offer is what we say in a ClientHello.
type offer struct {
	min, max uint16
	suites   []uint16         // of TLS 1.2 and before
	pair     *tls.Certificate // nil: anonymous
}

// ourOffer is what pamlab offers in every other command: TLS 1.2 with forward
// secret AEAD suites, and TLS 1.3.
func ourOffer(pair *tls.Certificate) offer {
	return offer{min: tls.VersionTLS12, max: tls.VersionTLS13, suites: ourSuites(), pair: pair}
}

func ourSuites() []uint16 {
	var ids []uint16
	for _, s := range tls.CipherSuites() {
		if strings.Contains(s.Name, "_GCM_") || strings.Contains(s.Name, "_CHACHA20_") {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// everySuite are all suites that crypto/tls has, weak ones too: to learn what a
// server would take.
func everySuite() []uint16 {
	var ids []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}

// a shake is a handshake and how far it came.
type shake struct {
	answered bool // the server took the offer: its certificates were seen
	done     bool // the handshake is over at our end; in TLS 1.3 the server may still refuse

	version, suite uint16
	state          tls.ConnectionState // when the certificates were seen
	chain          []*x509.Certificate
	request        *tls.CertificateRequestInfo // nil: the server did not ask for a certificate
	err            error
}

// config is that of an offer. It verifies nothing, so that everything can be
// seen: the certificates are judged one by one afterwards.
func (e *exam) config(o offer, s *shake) *tls.Config {
	return &tls.Config{
		MinVersion: o.min, MaxVersion: o.max, CipherSuites: o.suites, ServerName: e.name,
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			s.answered, s.version, s.suite = true, state.Version, state.CipherSuite
			s.state, s.chain = state, state.PeerCertificates
			return nil
		},
		// Shown whatever authorities the server names, as mllp.Files does.
		GetClientCertificate: func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			s.request = info
			if o.pair != nil {
				return o.pair, nil
			}
			return new(tls.Certificate), nil
		},
	}
}

// shakeHands opens a connection, does the handshake and closes it.
func (e *exam) shakeHands(ctx context.Context, o offer) *shake {
	s := &shake{}
	nc, err := e.open(ctx)
	if err != nil {
		s.err = err
		return s
	}
	defer nc.Close()
	hctx, cancel := context.WithTimeout(ctx, e.opt.Handshake)
	defer cancel()
	s.err = tls.Client(nc, e.config(o, s)).HandshakeContext(hctx)
	s.done = s.err == nil
	return s
}

// open opens a connection to the address that answers.
func (e *exam) open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.opt.Connect)
	defer cancel()
	return e.opt.Dial(ctx, "tcp", e.used)
}

// broken reports whether we gave the handshake up after the server's certificate
// was seen, for what the server sent next.
func (s *shake) broken() bool {
	if s.err == nil || !s.answered || ended(s.err) || portState(s.err) == PortFiltered {
		return false
	}
	_, remote, _ := mllp.Alert(s.err)
	return !remote
}

// spoken tells from a handshake what the port speaks.
func (s *shake) spoken() (Speech, string) {
	if s.answered || s.done {
		return SpeaksTLS, ""
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](s.err); ok {
		first := record.RecordHeader[:]
		if first[0] == startBlock {
			return SpeaksMLLP, ""
		}
		return SpeaksOther, string(bytes.TrimRight(first, "\x00"))
	}
	if _, _, ok := mllp.Alert(s.err); ok {
		return SpeaksTLS, ""
	}
	if strings.Contains(s.err.Error(), "tls: ") { // it came as far as a message of TLS
		return SpeaksTLS, ""
	}
	if ended(s.err) {
		return HangsUp, ""
	}
	return Silent, ""
}

const startBlock = 0x0B

// ended reports whether the peer closed or reset the connection.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// failure puts a failed handshake into words.
func (e *exam) failure(err error) *mllp.Error {
	f := &mllp.Error{Kind: mllp.HandshakeRefused, Addr: e.used, Err: err}
	f.Alert, f.Remote, _ = mllp.Alert(err)
	if portState(err) == PortFiltered {
		f.Timeout = e.opt.Handshake
	}
	return f
}

// newClient returns a client for messages, as pamlab would speak.
func (e *exam) newClient(pair *tls.Certificate) *mllp.Client {
	c := &mllp.Client{
		Addr: e.used, Dial: e.dialUsed, MaxMessage: maxAnswer,
		ConnectTimeout: e.opt.Connect, HandshakeTimeout: e.opt.Handshake, AnswerTimeout: e.opt.Answer, WriteTimeout: e.opt.Answer,
		Settle: e.opt.Settle,
	}
	if e.speaks == SpeaksTLS {
		c.TLSConfig = e.config(ourOffer(pair), &shake{})
	}
	return c
}

const maxAnswer = 1 << 20
