package mllp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// cause puts the usual causes of a failed connection into words; others speak
// for themselves, in English.
func cause(err error, lang string) string {
	if s, ok := errors.AsType[interface {
		error
		In(lang string) string
	}](err); ok {
		return s.In(lang)
	}
	for _, c := range causes {
		if errors.Is(err, c.is) {
			return pick(lang, c.fr, c.en)
		}
	}
	return err.Error()
}

var causes = []struct {
	is     error
	fr, en string
}{
	{context.Canceled, "annulé", "cancelled"},
	{context.DeadlineExceeded, "délai dépassé", "time limit passed"},
	{os.ErrDeadlineExceeded, "délai dépassé", "time limit passed"},
	{net.ErrClosed, "connexion fermée de ce côté", "connection closed at this end"},
	{syscall.ECONNREFUSED, "connexion refusée, personne n'écoute à cette adresse", "connection refused, nobody listens at this address"},
	{syscall.ECONNRESET, "connexion réinitialisée", "connection reset"},
	{syscall.EPIPE, "connexion déjà fermée", "connection already closed"},
	{io.ErrUnexpectedEOF, "fin de connexion inattendue", "unexpected end of the connection"},
	{io.EOF, "fin de connexion", "end of the connection"},
}

// Hint says what to do about the error, in French or English; "" if nothing
// useful can be said.
func (e *Error) Hint(lang string) string { return "" }
