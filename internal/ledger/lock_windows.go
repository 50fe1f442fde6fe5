package ledger

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByte is which byte of a lock file is locked: one far behind what it says,
// which stays readable so.
const lockedByte = 1 << 30

// tryLock takes the lock on an open file; false when another process holds it.
func tryLock(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{Offset: lockedByte})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return false, nil
	}
	return false, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
}
