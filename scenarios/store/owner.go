package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// An owner is the program that writes to a store: two that receive would each
// know half of what was answered, and two that send would send everything twice.
//
// SQLite lets any number of programs write by turns, so the right to is a lock of
// the system upon a file of its own, beside the store: it ends with the program,
// however that ends. (A lock upon the store itself would get in the way of
// SQLite's, which the system counts as ours.) The file has the number of the
// process, for who comes second to be told, and is gone when the store is closed.
type owner struct{ file *os.File }

// errOwned is a lock that another has.
var errOwned = errors.New("another program has the lock")

// own takes the right to write to a store. The error is an *Error, of kind Owned
// when another program has it.
func own(path string) (*owner, error) {
	name := ownerName(path)
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
		if err != nil {
			return nil, fileError(name, err)
		}
		if err := lock(f); err != nil {
			defer f.Close()
			if errors.Is(err, errOwned) {
				return nil, &Error{Kind: Owned, Path: path, Process: processIn(f)}
			}
			return nil, fileError(name, err)
		}
		// Who had it may have taken the file away in between: then others will lock
		// another one.
		if same(f, name) {
			sign(f)
			return &owner{file: f}, nil
		}
		_ = f.Close()
	}
}

// ownerName is the file that is locked: one for all names that lead to a store.
func ownerName(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path + "-owner"
}

func same(f *os.File, name string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(ours, there)
}

// sign writes whose the lock is. It is for people: where it cannot be written
// they are not told.
func sign(f *os.File) {
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
}

// processIn reads whose a lock is, 0 when the file does not say.
func processIn(f *os.File) int {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return n
}

// leave gives the right to write back.
func (o *owner) leave() error {
	name := o.file.Name()
	removed := os.Remove(name) == nil // while nobody else can have it
	err := errors.Join(unlock(o.file), o.file.Close())
	if !removed {
		_ = os.Remove(name) // Windows removes no file that is open: now, or when the next one leaves
	}
	return err
}
