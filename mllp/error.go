package mllp

import (
	"errors"
	"fmt"
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
}

// Error describes the error in English.
func (e *Error) Error() string { return e.In("en") }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// In describes the error in French ("fr") or English, on one line.
func (e *Error) In(lang string) string {
	s := e.sentence(lang)
	if e.Kind != HandshakeRefused && e.Alert != "" {
		s += fmt.Sprintf(pick(lang, " (alerte TLS %s)", " (TLS alert %s)"), e.Alert)
	}
	if n := len(e.Partial); n > 0 && e.Kind != TooLarge {
		s += fmt.Sprintf(pick(lang, " (%d octets reçus)", " (%d bytes had come)"), n)
	}
	return s
}

func (e *Error) sentence(lang string) string {
	switch e.Kind {
	case NoConnection:
		return e.join(lang, "pas de connexion à %s", "no connection to %s")
	case HandshakeRefused:
		return e.handshakeSentence(lang)
	case NoAnswer:
		if e.Timeout > 0 {
			return fmt.Sprintf(pick(lang, "pas de réponse de %s en %s", "no answer from %s within %s"), e.Addr, e.Timeout)
		}
		return e.join(lang, "pas de réponse de %s", "no answer from %s")
	case PeerClosed:
		return e.join(lang, "%s a fermé la connexion", "%s closed the connection")
	case BrokenFrame, TooLarge:
		return e.join(lang, "bloc MLLP défectueux de %s", "broken MLLP block from %s")
	case NotRead:
		return fmt.Sprintf(pick(lang, "%s ne lit pas : écriture impossible en %s", "%s does not read: writing was not possible within %s"), e.Addr, e.Timeout)
	case Idle:
		return fmt.Sprintf(pick(lang, "aucun message de %s en %s", "no message from %s within %s"), e.Addr, e.Timeout)
	case Interrupted:
		return e.join(lang, "échange avec %s interrompu", "exchange with %s interrupted")
	case Panicked:
		return e.join(lang, "erreur interne en traitant un message de %s", "internal error while handling a message from %s")
	}
	return e.join(lang, "%s", "%s")
}

// join makes "<what> <addr>: <cause>".
func (e *Error) join(lang, fr, en string) string {
	s := fmt.Sprintf(pick(lang, fr, en), e.Addr)
	if e.Err != nil {
		s += pick(lang, " : ", ": ") + cause(e.Err, lang)
	}
	return s
}

func (e *Error) handshakeSentence(lang string) string {
	s := fmt.Sprintf(pick(lang, "poignée de main TLS avec %s refusée", "TLS handshake with %s refused"), e.Addr)
	colon := pick(lang, " : ", ": ")
	if e.Remote {
		what, _ := ExplainAlert(e.Alert, lang)
		return s + fmt.Sprintf(pick(lang, " par le correspondant%s%s (alerte %s)", " by the peer%s%s (alert %s)"), colon, what, e.Alert)
	}
	if e.Timeout > 0 {
		return s + fmt.Sprintf(pick(lang, "%srien en %s", "%snothing within %s"), colon, e.Timeout)
	}
	if e.Err != nil {
		s += colon + cause(e.Err, lang)
	}
	return s
}
