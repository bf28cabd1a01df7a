package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

const noFollow = 0

// theByte is what is locked: one behind all that is written, since Windows lets
// nobody else read what is locked.
func theByte() *windows.Overlapped { return &windows.Overlapped{OffsetHigh: 1} }

// lock takes the lock upon a file, or fails with errOwned.
func lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, theByte())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errOwned
	}
	return err
}

// unlock gives it back.
func unlock(f *os.File) error {
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, theByte())
}
