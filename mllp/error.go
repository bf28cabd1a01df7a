package mllp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// ErrServerClosed is what Serve and ListenAndServe return after Shutdown or
// Close.
var ErrServerClosed = errors.New("mllp: server closed")

// ErrorKind says at which point of an exchange something went wrong. The kinds
// are told apart because a verdict hangs on them: a partner that is not there
// is not a partner that refuses.
type ErrorKind string

// The kinds of Error.
const (
	NoConnection     ErrorKind = "no-connection"     // the connection could not be opened
	HandshakeRefused ErrorKind = "handshake-refused" // the TLS handshake failed, at either end
	NoAnswer         ErrorKind = "no-answer"         // nothing, or nothing that is a block, came in time
	PeerClosed       ErrorKind = "peer-closed"       // the peer closed or reset the connection
	BrokenFrame      ErrorKind = "broken-frame"      // what came is no block, or not a whole one
	TooLarge         ErrorKind = "too-large"         // a block passes the limit
	NotRead          ErrorKind = "not-read"          // the peer does not read: writing timed out
	Idle             ErrorKind = "idle"              // server only: no block came within IdleTimeout
	Interrupted      ErrorKind = "interrupted"       // the caller's context ended, or the Client was closed
	Panicked         ErrorKind = "panicked"          // server only: the handler panicked
	Overloaded       ErrorKind = "overloaded"        // server only: MaxMemory was used up, and this block was the one given up
)

// An Error is a connection or an exchange that failed.
type Error struct {
	Kind    ErrorKind
	Addr    string        // the peer
	Err     error         // the cause; may be nil
	Alert   string        // RFC 8446 name of the TLS alert, if there was one
	Remote  bool          // the alert was sent by the peer
	Timeout time.Duration // the limit that was passed, if it was one

	// Partial is what had come of a block that is not whole. It may hold message
	// content, so keep it out of technical logs.
	Partial []byte
	// Oddities are those seen since the last whole block.
	Oddities []Oddity

	answer     bool // client only: what was awaited is the answer to a message
	plainFirst bool // to the first message of a connection without TLS
}

// Error describes the error in English.
func (e *Error) Error() string { return e.In("en") }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// In describes the error in French ("fr") or English, on one line.
func (e *Error) In(lang string) string {
	s := e.sentence(lang)
	if came := e.instead(lang); came != "" {
		s += pick(lang, " ; ", "; ") + came
	}
	if e.Kind != HandshakeRefused && e.Alert != "" {
		s += fmt.Sprintf(pick(lang, " (alerte TLS %s)", " (TLS alert %s)"), e.Alert)
	}
	return s
}

func (e *Error) sentence(lang string) string {
	switch e.Kind {
	case NoConnection:
		return e.because(lang, "pas de connexion à %s", "no connection to %s")
	case HandshakeRefused:
		return e.handshakeSentence(lang)
	case NoAnswer:
		return e.limited(lang, "pas de réponse de %s", "no answer from %s")
	case PeerClosed:
		return e.because(lang, "%s a fermé la connexion", "%s closed the connection")
	case BrokenFrame, TooLarge:
		if _, alert := e.speaksTLS(); alert {
			return fmt.Sprintf(pick(lang,
				"pas de bloc MLLP de %s, le correspondant a répondu par une alerte TLS : il parle TLS sur ce port",
				"no MLLP block from %s, the peer answered with a TLS alert: it speaks TLS on this port"), e.Addr)
		}
		return e.because(lang, "bloc MLLP défectueux de %s", "broken MLLP block from %s")
	case NotRead:
		return e.limited(lang, "%s ne lit pas ce qu'on lui écrit", "%s does not read what is written to it")
	case Idle:
		return e.limited(lang, "aucun message de %s", "no message from %s")
	case Interrupted:
		return e.because(lang, "échange avec %s interrompu", "exchange with %s interrupted")
	case Overloaded:
		return fmt.Sprintf(pick(lang,
			"bloc de %s abandonné, la mémoire prévue pour les messages en cours de réception est prise",
			"block from %s given up, the memory for messages that are being received is used up"), e.Addr)
	case Panicked:
		return e.because(lang, "erreur interne en traitant un message de %s", "internal error while handling a message from %s")
	}
	return e.because(lang, "%s", "%s")
}

// because names the peer and the cause.
func (e *Error) because(lang, fr, en string) string {
	s := fmt.Sprintf(pick(lang, fr, en), e.Addr)
	if e.Err != nil {
		s += pick(lang, " : ", ": ") + explain(e.Err).in(lang)
	}
	return s
}

// limited names the peer and the limit that was passed.
func (e *Error) limited(lang, fr, en string) string {
	if e.Timeout == 0 {
		return e.because(lang, fr, en)
	}
	return fmt.Sprintf(pick(lang, fr+" en %s", en+" within %s"), e.Addr, span(e.Timeout))
}

// span writes a time limit: 5s, 2min, but not 2m0s.
func span(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%dmin", d/time.Minute)
	}
	return d.String()
}

func (e *Error) handshakeSentence(lang string) string {
	switch {
	case e.Remote:
		meaning, _ := ExplainAlert(e.Alert, lang)
		return fmt.Sprintf(pick(lang,
			"%s a refusé la poignée de main TLS : %s (alerte %s)",
			"%s refused the TLS handshake: %s (alert %s)"), e.Addr, meaning, e.Alert)
	case e.Timeout > 0:
		return fmt.Sprintf(pick(lang,
			"%s n'a pas achevé la poignée de main TLS en %s",
			"%s did not finish the TLS handshake within %s"), e.Addr, span(e.Timeout))
	case e.Alert != "":
		return e.because(lang, "poignée de main TLS avec %s refusée de ce côté", "TLS handshake with %s refused at this end")
	}
	return e.because(lang, "poignée de main TLS avec %s manquée", "TLS handshake with %s failed")
}

// Hint says what to do about the error, in French or English; "" if nothing
// useful can be said.
func (e *Error) Hint(lang string) string {
	if e.Remote {
		if _, remedy := ExplainAlert(e.Alert, lang); remedy != "" {
			return remedy
		}
	}
	if hint := e.insteadHint(lang); hint != "" {
		return hint
	}
	switch {
	case e.Kind == NoConnection && isTimeout(e.Err):
		return pick(lang,
			"vérifiez l'adresse, le port et les pare-feu entre les deux machines",
			"check the address, the port and the firewalls between the two machines")
	case e.Kind == HandshakeRefused && e.Timeout > 0:
		return pick(lang,
			"le correspondant parle sans doute en clair et attend un message : désactivez TLS ici, ou activez-le chez lui",
			"the peer probably speaks plain text and waits for a message: turn TLS off here, or on there")
	case e.Kind == HandshakeRefused && e.Alert == "" && isEOF(e.Err):
		return pick(lang,
			"le correspondant a fermé sans rien dire : regardez son journal ; il n'accepte peut-être pas notre certificat, ou ne parle pas TLS",
			"the peer closed without a word: look into its log; perhaps it does not accept our certificate, or does not speak TLS")
	case e.Kind == NoAnswer:
		return pick(lang,
			"vérifiez que le correspondant parle MLLP sur ce port et acquitte chaque message",
			"check that the peer speaks MLLP on this port and acknowledges every message")
	case e.Kind == PeerClosed && e.plainFirst && isEOF(e.Err):
		return pick(lang,
			"regardez le journal du correspondant ; si ce port attend du TLS, donnez les certificats",
			"look into the peer's log; if this port expects TLS, give the certificates")
	case e.Kind == Overloaded:
		return pick(lang, "augmentez MaxMemory, ou cherchez qui envoie de longs blocs sans les finir", "raise MaxMemory, or look for who sends long blocks without ending them")
	case e.Kind == NotRead:
		return pick(lang, "le correspondant est bloqué, ou surchargé", "the peer hangs, or is overloaded")
	case e.Err != nil:
		return explain(e.Err).hint(lang)
	}
	return ""
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}

func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
