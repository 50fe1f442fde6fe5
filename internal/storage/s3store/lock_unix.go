//go:build unix

package s3store

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock takes a file for this process until it is closed or the process dies; one
// that is taken is an error.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
