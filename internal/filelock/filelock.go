// Package filelock is a lock between processes that ends with the process that
// holds it, however that dies.
package filelock

import (
	"errors"
	"os"
)

// A Lock is held until it is released or the process dies.
type Lock struct{ file *os.File }

// ErrHeld means that another process, or this one, holds the lock.
var ErrHeld = errors.New("another process holds the lock")

// Try takes the lock that the file at path stands for, and makes the file where
// there is none. It does not wait: a lock that is held is ErrHeld. Other errors
// are of package os.
func Try(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := TryFile(f); err != nil {
		f.Close()
		return nil, err
	}
	return &Lock{f}, nil
}

// TryFile takes the lock that an open file stands for, until the file is closed or
// the process dies. What the file holds can be read by others meanwhile. It does
// not wait: a lock that is held is ErrHeld. Other errors are of package os.
func TryFile(f *os.File) error {
	err := tryLock(f)
	if err == nil || errors.Is(err, ErrHeld) {
		return err
	}
	return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
}

// Release gives the lock up. The file stays: to remove it would let two processes
// lock two files of one name.
func (l *Lock) Release() error { return l.file.Close() }
