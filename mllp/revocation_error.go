package mllp

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"time"
)

// RevocationErrorKind says why a certificate did not pass the question whether
// it is revoked.
type RevocationErrorKind string

// The kinds of RevocationError.
const (
	Revoked           RevocationErrorKind = "revoked"         // a list, or the attached OCSP response, says so
	RevocationUnknown RevocationErrorKind = "unknown"         // required, and no list of its authority is there
	RevocationStale   RevocationErrorKind = "list-stale"      // required, and the list of its authority is past its date
	RevocationEarly   RevocationErrorKind = "list-early"      // required, and the list of its authority is from the future
	StapleBad         RevocationErrorKind = "staple-bad"      // the attached OCSP response is not one about this certificate by its authority
	StapleStale       RevocationErrorKind = "staple-stale"    // it is past its date
	StapleEarly       RevocationErrorKind = "staple-early"    // it is from the future
	StapleUnknown     RevocationErrorKind = "staple-no-trace" // it says that the authority does not know the certificate
)

// A RevocationError is a certificate that is revoked, or about which that cannot
// be told.
//
// crypto/tls has no way to send the alert that says so (certificate_revoked): a
// peer is told bad_certificate, whichever end it is.
type RevocationError struct {
	Kind    RevocationErrorKind
	Subject string // of the certificate
	Issuer  string
	Serial  *big.Int
	Date    time.Time // of the revocation, or the one that was passed
	Reason  int       // Revoked: code of RFC 5280 §5.3.1
	Path    string    // the file of the list; "" if it was no list
	Err     error     // StapleBad: the cause; may be nil
}

func newRevocationError(kind RevocationErrorKind, cert *x509.Certificate) *RevocationError {
	return &RevocationError{Kind: kind, Subject: cert.Subject.String(), Issuer: cert.Issuer.String(), Serial: cert.SerialNumber}
}

// alert is the name of the alert that fits best.
func (e *RevocationError) alert() string {
	switch e.Kind {
	case Revoked:
		return "certificate_revoked"
	case StapleBad, StapleStale, StapleEarly, StapleUnknown:
		return "bad_certificate_status_response"
	}
	return "certificate_unknown"
}

// Error describes the error in English.
func (e *RevocationError) Error() string { return e.In("en") }

// Unwrap returns the cause.
func (e *RevocationError) Unwrap() error { return e.Err }

// In describes the error in French ("fr") or English, on one line.
func (e *RevocationError) In(lang string) string {
	who := fmt.Sprintf(pick(lang, "le certificat « %s » (numéro %x)", "the certificate %q (serial number %x)"), e.Subject, e.Serial)
	day := e.Date.UTC().Format("2006-01-02 15:04 UTC")
	switch e.Kind {
	case Revoked:
		s := who + pick(lang, " est révoqué depuis le ", " was revoked on ") + day
		if reason := reasonIn(lang, e.Reason); reason != "" {
			s += " (" + reason + ")"
		}
		return s
	case RevocationUnknown:
		return fmt.Sprintf(pick(lang, "rien ne dit si %s est révoqué : aucune liste de révocation de « %s »", "nothing says whether %s is revoked: there is no revocation list of %q"), who, e.Issuer)
	case RevocationStale:
		return fmt.Sprintf(pick(lang, "rien ne dit si %s est révoqué : la liste de « %s » est périmée depuis le %s (%s)", "nothing says whether %s is revoked: the list of %q is out of date since %s (%s)"), who, e.Issuer, day, e.Path)
	case RevocationEarly:
		return fmt.Sprintf(pick(lang, "rien ne dit si %s est révoqué : la liste de « %s » ne vaut qu'à partir du %s (%s)", "nothing says whether %s is revoked: the list of %q is valid only from %s (%s)"), who, e.Issuer, day, e.Path)
	}
	return e.stapleIn(lang, day)
}

func (e *RevocationError) stapleIn(lang, day string) string {
	s := fmt.Sprintf(pick(lang, "la réponse OCSP jointe au certificat « %s » ", "the OCSP response attached to the certificate %q "), e.Subject)
	switch e.Kind {
	case StapleStale:
		return s + pick(lang, "est périmée depuis le ", "is out of date since ") + day
	case StapleEarly:
		return s + pick(lang, "ne vaut qu'à partir du ", "is valid only from ") + day
	case StapleUnknown:
		return s + pick(lang, "dit que son autorité ne le connaît pas", "says that its authority does not know it")
	}
	s += pick(lang, "ne prouve rien", "proves nothing")
	if e.Err != nil {
		s += pick(lang, " : ", ": ") + explain(e.Err).in(lang)
	}
	return s
}

// Hint says what to do about the error, in French or English.
func (e *RevocationError) Hint(lang string) string {
	switch e.Kind {
	case Revoked:
		return pick(lang, "le correspondant doit présenter un autre certificat : demandez-en un nouveau à son autorité",
			"the peer has to present another certificate: have its authority issue a new one")
	case RevocationUnknown:
		return pick(lang, "donnez la liste de révocation de cette autorité (tls.crl, --tls-crl), ou n'exigez pas de réponse (if-present)",
			"give the revocation list of this authority (tls.crl, --tls-crl), or do not insist (if-present)")
	case RevocationStale:
		return pick(lang, "prenez la liste à jour chez l'autorité : un fichier remplacé est relu aussitôt",
			"get the current list from the authority: a file that is replaced is read at once")
	case RevocationEarly, StapleEarly:
		return pick(lang, "comparez l'horloge de cette machine à celle de l'autorité", "compare the clock of this machine with that of the authority")
	}
	return pick(lang, "corrigez l'agrafage OCSP chez le correspondant (réponse à jour, signée par l'autorité de son certificat), ou désactivez-le",
		"correct OCSP stapling at the peer (a current response, signed by the authority of its certificate), or turn it off there")
}

// reasonIn words a reason of RFC 5280 §5.3.1; "" if it says nothing.
func reasonIn(lang string, code int) string {
	switch code {
	case 1:
		return pick(lang, "clé compromise", "key compromised")
	case 2:
		return pick(lang, "autorité compromise", "authority compromised")
	case 3:
		return pick(lang, "changement de rattachement", "affiliation changed")
	case 4:
		return pick(lang, "remplacé", "superseded")
	case 5:
		return pick(lang, "cessation d'activité", "operation ceased")
	case 6:
		return pick(lang, "suspendu", "on hold")
	case 9:
		return pick(lang, "droit retiré", "privilege withdrawn")
	case 10:
		return pick(lang, "autorité d'attributs compromise", "attribute authority compromised")
	}
	return ""
}
