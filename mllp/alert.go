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
// RFC 8446 §6 writes it; an alert that has no name is "alert_" and its number.
//
// remote tells whether the peer sent it. Otherwise this end found the fault,
// and the name is the one that fits it best; it need not be the one that was
// sent (as a client, crypto/tls sends bad_certificate for every certificate
// that it refuses). ok is false if there is no alert in err.
//
// crypto/tls gives the alert of a peer as a net.OpError with the operation
// "remote error" and a text; errors.As to a tls.AlertError does not find it.
// This is the only place that knows those texts, and a test pins each.
func Alert(err error) (name string, remote, ok bool) {
	if err == nil {
		return "", false, false
	}
	if op, found := errors.AsType[*net.OpError](err); found {
		if name, ok = alertByText(op.Err.Error()); ok {
			return name, op.Op == "remote error", true
		}
	}
	if a, found := errors.AsType[tls.AlertError](err); found {
		name, ok = alertByText(a.Error())
		return name, false, ok
	}
	name, ok = localAlert(err)
	return name, false, ok
}

// alertByText maps a text of crypto/tls to a name.
func alertByText(text string) (string, bool) {
	text, ok := strings.CutPrefix(text, "tls: ")
	if !ok {
		return "", false
	}
	for i := range alertTable {
		if alertTable[i].text == text {
			return alertTable[i].name, true
		}
	}
	number, ok := strings.CutPrefix(text, "alert(")
	number, closed := strings.CutSuffix(number, ")")
	if _, err := strconv.ParseUint(number, 10, 8); !ok || !closed || err != nil {
		return "", false
	}
	return "alert_" + number, true
}

// localAlert names a fault that crypto/tls found itself. For most of them it
// returns an error of its own that does not say which alert was sent.
func localAlert(err error) (string, bool) {
	if r, ok := errors.AsType[*RevocationError](err); ok {
		return r.alert(), true
	}
	if v, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return verificationAlert(v.Err), true
	}
	for _, t := range localTexts {
		if strings.Contains(err.Error(), t.text) {
			return t.alert, true
		}
	}
	return "", false
}

// verificationAlert names the fault of a certificate, as a Go server does.
func verificationAlert(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "unknown_ca"
	}
	if inv, ok := errors.AsType[x509.CertificateInvalidError](err); ok && inv.Reason == x509.Expired {
		return "certificate_expired"
	}
	return "bad_certificate"
}

// ExplainAlert returns, in French or English, what it means that a peer sends
// an alert, as a clause with the peer as its subject where it has one, and what
// to do about it; "" if nothing useful can be said.
func ExplainAlert(name, lang string) (meaning, remedy string) {
	for i := range alertTable {
		if a := &alertTable[i]; a.name == name {
			return pick(lang, a.fr, a.en), pick(lang, a.remedyFR, a.remedyEN)
		}
	}
	return pick(lang, "alerte TLS inconnue", "unknown TLS alert"), ""
}
