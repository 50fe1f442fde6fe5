package s3store

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock takes a file for this process until it is closed or the process dies; one
// that is taken is an error. The byte that is locked is far behind the content,
// which others may read.
func lock(f *os.File) error {
	at := &windows.Overlapped{Offset: 1 << 30}
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
}
