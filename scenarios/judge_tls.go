package scenarios

import (
	"crypto/tls"
	"errors"
	"io"
	"strconv"
	"syscall"

	"github.com/pamlab/pamlab/mllp"
)

// session is whether an exchange went over the connection of the one before.
func session(out *outcome) Actual {
	switch {
	case out.response == nil:
		return ActualText("")
	case out.response.Reopened:
		return ActualText(SessionReopened)
	}
	return ActualText(SessionKept)
}

// tlsFact is what a handshake, or its refusal, shows.
func tlsFact(field string, out *outcome) Actual {
	switch field {
	case "outcome":
		return ActualText(tlsOutcome(out))
	case "alert":
		var e *mllp.Error
		if errors.As(out.err, &e) {
			return ActualText(e.Alert)
		}
		return ActualText("")
	}
	if out.conn == nil || out.conn.TLS == nil {
		return ActualText("")
	}
	info := tlsInfo(out.conn.TLS)
	switch field {
	case "version":
		return ActualText(info.Version)
	case "cipher":
		return ActualText(info.Cipher)
	case "peer.subject":
		return ActualText(info.PeerSubject)
	case "peer.fingerprint":
		return ActualText(info.PeerFingerprint)
	case "peer.renewed":
		return ActualText(strconv.FormatBool(out.renewed))
	case "peer.not_after":
		if info.PeerNotAfter != nil {
			return ActualTime(*info.PeerNotAfter)
		}
	}
	return ActualText("")
}

// tlsOutcome says whether the connection carries messages: accepted, refused by
// the candidate, or "" when that cannot be told. Only the candidate's own refusal
// counts: that we did not like its certificate, or that nobody spoke TLS there,
// says nothing about what it would have done.
func tlsOutcome(out *outcome) string {
	switch {
	case out.visit != nil:
		return out.visit.outcome
	case out.letter != nil:
		return TLSAccepted
	}
	kind := kindOf(out.err)
	switch {
	case out.response != nil:
		return TLSAccepted
	case out.plain && kind != mllp.NoConnection && kind != mllp.Interrupted:
		return TLSRefused // it did not answer plain text on its TLS port
	case kind == mllp.HandshakeRefused && (alerted(out.err) || hungUp(out.err) && !out.closesAnyway):
		return TLSRefused
	case kind == mllp.NoAnswer, kind == mllp.BrokenFrame, kind == mllp.TooLarge:
		return TLSAccepted // the handshake was taken; what came of it is another matter
	case kind == mllp.PeerClosed && out.conn != nil && out.conn.TLS != nil:
		if out.conn.TLS.Version < tls.VersionTLS13 || out.closesAnyway {
			return "" // a handshake of TLS 1.2 ends with the certificate accepted
		}
		return TLSRefused
	}
	return ""
}

// alerted reports a connection that the other end broke off with a TLS alert.
func alerted(err error) bool {
	e, ok := errors.AsType[*mllp.Error](err)
	return ok && e.Remote
}

// hungUp reports a connection that the other end closed without a word, in the
// handshake or after it.
func hungUp(err error) bool {
	e, ok := errors.AsType[*mllp.Error](err)
	if !ok || e.Remote {
		return false
	}
	return e.Kind == mllp.PeerClosed || e.Kind == mllp.HandshakeRefused && e.Alert == "" && e.Timeout == 0 &&
		(errors.Is(e.Err, io.EOF) || errors.Is(e.Err, io.ErrUnexpectedEOF) ||
			errors.Is(e.Err, syscall.ECONNRESET) || errors.Is(e.Err, syscall.EPIPE))
}
