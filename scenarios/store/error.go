package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrorKind says what is wrong with a store.
type ErrorKind string

// The kinds of Error.
const (
	Missing  ErrorKind = "missing"   // there is no such file
	NoFolder ErrorKind = "no-folder" // there is no folder to make it in
	Foreign  ErrorKind = "foreign"   // a file, but not a store
	TooNew   ErrorKind = "too-new"   // made by a later version of pamlab
	Full     ErrorKind = "full"      // no room left
	Failing  ErrorKind = "failing"   // the disk, or the right to use it
	Locked   ErrorKind = "locked"    // another program writes and does not come to an end
	Owned    ErrorKind = "owned"     // another program has the right to write to it
	Closed   ErrorKind = "closed"    // this Store was closed
	NotFound ErrorKind = "not-found" // no record has that id, or no value that key
)

// An Error says why a store cannot be used.
type Error struct {
	Kind ErrorKind
	Path string
	ID   int64 // of NotFound
	Err  error // of the system or of SQLite, or nil

	Process int // of Owned: whose number it has, 0 when that is not known
}

// Error returns the English sentence.
func (e *Error) Error() string { return e.In("en") }

// Unwrap returns the error of the system.
func (e *Error) Unwrap() error { return e.Err }

// Is makes a Missing one an fs.ErrNotExist.
func (e *Error) Is(target error) bool { return e.Kind == Missing && target == fs.ErrNotExist }

// In returns the sentence in "fr" or "en".
func (e *Error) In(lang string) string {
	words, ok := sentences[e.Kind]
	if !ok {
		words = sentences[Failing]
	}
	text := words.en
	if lang == "fr" {
		text = words.fr
	}
	if e.Kind == NotFound {
		return fmt.Sprintf(text, e.ID)
	}
	text = e.Path + ": " + text
	if lang == "fr" {
		text = e.Path + " : " + words.fr
	}
	if e.Err != nil && (e.Kind == Failing || e.Kind == Full) {
		text += " (" + cause(e.Err) + ")"
	}
	if e.Process > 0 {
		text += fmt.Sprintf(process[lang == "fr"], e.Process)
	}
	return text
}

// cause is the shortest true word for an error: paths are told already.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// Hint says what to do about it.
func (e *Error) Hint(lang string) string {
	if lang == "fr" {
		return sentences[e.Kind].hintFR
	}
	return sentences[e.Kind].hintEN
}

var sentences = map[ErrorKind]struct{ fr, en, hintFR, hintEN string }{
	Missing: {"ce fichier n'existe pas", "there is no such file",
		"--store nomme le fichier que « pamlab listen --store » a écrit", "--store names the file that `pamlab listen --store` has written"},
	NoFolder: {"le dossier de ce fichier n'existe pas", "the folder of this file does not exist",
		"créez le dossier d'abord, ou donnez un autre --store", "make the folder first, or give another --store"},
	Foreign: {"ce n'est pas un fichier de messages de pamlab", "this is not a file of messages of pamlab",
		"donnez le nom d'un fichier qui n'existe pas encore : il sera créé", "give the name of a file that does not exist yet: it will be made"},
	TooNew: {"ce fichier vient d'une version plus récente de pamlab", "this file comes from a later version of pamlab",
		"mettez pamlab à jour, ou choisissez un autre fichier", "update pamlab, or choose another file"},
	Full: {"il n'y a plus de place", "there is no room left",
		"libérez de la place, ou « pamlab messages purge --older 180d »", "make room, or `pamlab messages purge --older 180d`"},
	Failing: {"impossible d'y lire ou d'y écrire", "cannot be read or written",
		"vérifiez le disque et les droits sur le fichier et son dossier", "check the disk, and the rights on the file and its folder"},
	Locked: {"un autre programme y écrit sans finir", "another program writes to it and does not come to an end",
		"arrêtez l'autre programme, ou donnez à chacun son fichier", "stop the other program, or give each a file of its own"},
	Owned: {"un autre pamlab y écrit", "another pamlab writes to it",
		"arrêtez l'autre, ou donnez à chacun son fichier ; « pamlab messages » peut lire et effacer à côté", "stop the other one, or give each a file of its own; `pamlab messages` can read and purge beside it"},
	Closed:   {"le fichier est fermé", "the file is closed", "", ""},
	NotFound: {"aucun message n'a le numéro %d", "no message has the number %d", "« pamlab messages list » les montre", "`pamlab messages list` shows them"},
}

// process says which one it is, in French or not.
var process = map[bool]string{true: " (processus %d)", false: " (process %d)"}

// ofDisk reports whether an error concerns everything that is written, and not
// just one record.
func ofDisk(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return false
	}
	return true
}

// explain gives an error of SQLite, or of the system, its kind.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	kind := Failing
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			kind = Full
		case sqlite3.SQLITE_NOTADB:
			kind = Foreign
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			kind = Locked
		case sqlite3.SQLITE_INTERRUPT:
			return err
		}
	} else if errors.Is(err, sql.ErrNoRows) {
		kind = NotFound
	} else if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EIO) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &Error{Kind: kind, Path: s.path, Err: err}
}

// fileError is a file that cannot be opened or made.
func fileError(path string, err error) error {
	kind := Failing
	if errors.Is(err, fs.ErrNotExist) {
		kind = Missing
	}
	return &Error{Kind: kind, Path: path, Err: err}
}
