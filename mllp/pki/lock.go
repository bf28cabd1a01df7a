package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// lockFile stands in the folder while something is changed there.
const lockFile = ".pki.lock"

// How long to wait for another to finish, and how often to look. Nothing here
// takes longer than making a few RSA keys.
const (
	lockWait = 20 * time.Second
	lockLook = 20 * time.Millisecond
)

// lock makes sure that nobody else changes the folder: two at once could lose a
// revocation. It works on every system and file system, at the price that a
// process which was killed leaves it behind.
func lock(dir string) (unlock func(), err error) { return lockFor(dir, lockWait) }

func lockFor(dir string, wait time.Duration) (unlock func(), err error) {
	path := filepath.Join(dir, lockFile)
	for end := time.Now().Add(wait); ; time.Sleep(lockLook) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			fmt.Fprintf(f, "%d\n", os.Getpid())
			f.Close()
			return func() { os.Remove(path) }, nil
		case errors.Is(err, fs.ErrNotExist):
			return nil, &Error{Kind: NoAuthority, Path: filepath.Join(dir, roleCA+".pem"), Name: dir, Err: err}
		case !taken(err):
			return nil, &Error{Kind: Failed, Path: path, Err: err}
		case time.Now().After(end):
			return nil, &Error{Kind: Locked, Path: path, Err: err}
		}
	}
}

// taken tells a file that is there from one that can never be made. Windows
// denies access to a file that is on its way out.
func taken(err error) bool {
	return errors.Is(err, fs.ErrExist) || runtime.GOOS == "windows" && errors.Is(err, fs.ErrPermission)
}
