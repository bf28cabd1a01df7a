package inspect

import (
	"errors"
	"io/fs"

	"github.com/pamlab/pamlab/hl7/pam"
)

// NoMessageError reports a source that was read to its end and holds nothing
// that is or was meant to be a message: an empty file is no success.
type NoMessageError struct{ Name string }

// Error returns the English sentence.
func (e *NoMessageError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en". It does not repeat the name.
func (e *NoMessageError) In(lang string) string {
	if e.Name == "-" {
		return pam.Text{FR: "aucun message dans l'entrée standard", EN: "no message in the standard input"}.In(lang)
	}
	return pam.Text{FR: "aucun message dans ce fichier", EN: "no message in this file"}.In(lang)
}

// Hint says what a message looks like.
func (e *NoMessageError) Hint(lang string) string {
	return pam.Text{FR: `un message commence par MSH|^~\&`, EN: `a message begins with MSH|^~\&`}.In(lang)
}

// SourceError reports a source that could not be opened or read.
type SourceError struct{ Err error }

// Error returns the English sentence.
func (e *SourceError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en". It does not repeat the name; what the
// system alone knows is in the language of the system.
func (e *SourceError) In(lang string) string {
	if own, ok := errors.AsType[interface {
		error
		In(string) string
	}](e.Err); ok {
		return own.In(lang)
	}
	var path *fs.PathError
	switch {
	case errors.Is(e.Err, fs.ErrNotExist):
		return pam.Text{FR: "le fichier n'existe pas", EN: "no such file"}.In(lang)
	case errors.Is(e.Err, fs.ErrPermission):
		return pam.Text{FR: "accès refusé", EN: "permission denied"}.In(lang)
	case errors.As(e.Err, &path):
		return path.Err.Error()
	}
	return e.Err.Error()
}

// Hint says what can be done about it, where something can.
func (e *SourceError) Hint(lang string) string {
	own, ok := errors.AsType[interface {
		error
		Hint(string) string
	}](e.Err)
	switch {
	case ok:
		return own.Hint(lang)
	case errors.Is(e.Err, fs.ErrNotExist):
		return pam.Text{FR: "« - » lit l'entrée standard", EN: "`-` reads the standard input"}.In(lang)
	}
	return ""
}

// Unwrap returns what the system said.
func (e *SourceError) Unwrap() error { return e.Err }

// sentence is the sentence of an error in the language of the reader.
func sentence(err error, lang string) string {
	if e, ok := err.(interface{ In(string) string }); ok {
		return e.In(lang)
	}
	return err.Error()
}

// advice is the hint of an error, "" when it has none.
func advice(err error, lang string) string {
	if e, ok := err.(interface{ Hint(string) string }); ok {
		return e.Hint(lang)
	}
	return ""
}
