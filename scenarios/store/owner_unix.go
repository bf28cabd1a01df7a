//go:build unix

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// noFollow opens no file that a link in a folder of everybody leads to.
const noFollow = unix.O_NOFOLLOW

// lock takes the lock upon a file, or fails with errOwned.
func lock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EWOULDBLOCK):
			return errOwned
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
}

// unlock gives it back at once, also when a process that is just being started
// still has the file.
func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }
