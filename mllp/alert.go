package mllp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"
)

// Alert finds the TLS alert in an error of crypto/tls and returns its name as
// RFC 8446 §6 writes it. remote tells whether the peer sent it; otherwise it is
// the alert that this end sent, or would send, for the fault it found. ok is
// false for errors that have nothing to do with an alert.
//
// crypto/tls gives the alert of a peer as a net.OpError with the operation
// "remote error" and a text; errors.As to a tls.AlertError does not find it.
// This is the only place that knows those texts, and a test pins each.
func Alert(err error) (name string, remote, ok bool) {
	if err == nil {
		return "", false, false
	}
	if op, found := errors.AsType[*net.OpError](err); found && (op.Op == "remote error" || op.Op == "local error") {
		if name, ok := alertByText(op.Err.Error()); ok {
			return name, op.Op == "remote error", true
		}
	}
	if a, found := errors.AsType[tls.AlertError](err); found {
		name, ok := alertByText(a.Error())
		return name, false, ok
	}
	name, ok = localAlert(err)
	return name, false, ok
}

// localAlert names the alert that crypto/tls sends for a fault that it found
// itself and returns as an error of another form.
func localAlert(err error) (string, bool) {
	if v, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return verificationAlert(v.Err), true
	}
	for _, l := range localTexts {
		if strings.Contains(err.Error(), l.text) {
			return l.name, true
		}
	}
	return "", false
}

func verificationAlert(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "unknown_ca"
	}
	if inv, ok := errors.AsType[x509.CertificateInvalidError](err); ok && inv.Reason == x509.Expired {
		return "certificate_expired"
	}
	return "bad_certificate"
}

var localTexts = []struct{ text, name string }{
	{"tls: client didn't provide a certificate", "certificate_required"},
	{"tls: client offered only unsupported versions", "protocol_version"},
	{"tls: server selected unsupported protocol version", "protocol_version"},
	{"tls: no cipher suite supported by both client and server", "handshake_failure"},
}

func alertByText(text string) (string, bool) {
	text = strings.TrimPrefix(text, "tls: ")
	for _, a := range alerts {
		if a.text == text {
			return a.name, true
		}
	}
	if n, ok := strings.CutPrefix(text, "alert("); ok {
		if _, err := strconv.Atoi(strings.TrimSuffix(n, ")")); err == nil {
			return "alert_" + strings.TrimSuffix(n, ")"), true
		}
	}
	return "", false
}

// ExplainAlert returns, in French or English, what an alert means when it is
// received, and what to do about it ("" if nothing is known).
func ExplainAlert(name, lang string) (meaning, remedy string) {
	for _, a := range alerts {
		if a.name == name {
			return pick(lang, a.fr, a.en), pick(lang, a.remedyFR, a.remedyEN)
		}
	}
	return pick(lang, "alerte TLS", "TLS alert"), ""
}
