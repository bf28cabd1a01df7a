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
		if a := &alertTable[i]; a.text == text && text != "" {
			return a.name, true
		}
	}
	text, ok = strings.CutPrefix(text, "alert(")
	text, closed := strings.CutSuffix(text, ")")
	number, err := strconv.ParseUint(text, 10, 8)
	if !ok || !closed || err != nil {
		return "", false
	}
	for i := range alertTable {
		if a := &alertTable[i]; uint64(a.number) == number {
			return a.name, true
		}
	}
	return "alert_" + text, true
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

// An Explanation puts an error of a connection into words, for the reader at
// this end of it.
type Explanation struct {
	Alert  string // the TLS alert, as Alert names it; "" if there is none
	Remote bool   // the peer sent it
	words  explanation
}

// In says what happened, in French ("fr") or English, as a sentence without its
// full stop.
func (e Explanation) In(lang string) string { return e.words.in(lang) }

// Hint says what to do about it; "" if nothing useful can be said.
func (e Explanation) Hint(lang string) string { return e.words.hint(lang) }

// Explain finds the alert in an error of crypto/tls, of the network or of this
// package, and the words for it: what the peer means by the alert that it sent,
// or what was wrong with the peer at this end.
func Explain(err error) Explanation {
	if err == nil {
		return Explanation{}
	}
	e := Explanation{words: explain(err)}
	e.Alert, e.Remote, _ = Alert(err)
	if _, ours := errors.AsType[*Error](err); ours || !e.Remote {
		return e
	}
	fr, hintFR := ExplainAlert(e.Alert, "fr")
	en, hintEN := ExplainAlert(e.Alert, "en")
	e.words = explanation{
		subject(fr, "il ", "le correspondant ") + " (alerte TLS " + e.Alert + ")",
		subject(en, "it ", "the peer ") + " (TLS alert " + e.Alert + ")",
		hintFR, hintEN}
	return e
}

// subject puts the peer in the place of its pronoun.
func subject(clause, pronoun, peer string) string {
	if rest, ok := strings.CutPrefix(clause, pronoun); ok {
		return peer + rest
	}
	return clause
}
