package jobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-7d77cb5c/easel/internal/filelock"
)

// owners tells processes of one machine that live from those that are gone: each
// holds a lock on a file of its own as long as it lives, however it ends.
type owners struct {
	dir  string
	mine *filelock.Lock
}

// claim begins the life of a process.
func (o *owners) claim(process string) error {
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	lock, err := filelock.Try(o.file(process))
	if err != nil {
		return fmt.Errorf("marking this process as alive: %w", err)
	}
	o.mine = lock
	return nil
}

func (o *owners) file(process string) string { return filepath.Join(o.dir, filepath.Base(process)) }

// gone reports whether a process has ended. One that cannot be asked about is
// taken for alive: its lease ends then.
func (o *owners) gone(process string) bool {
	if _, err := os.Stat(o.file(process)); errors.Is(err, os.ErrNotExist) {
		return true
	}
	lock, err := filelock.Try(o.file(process))
	if err != nil {
		return false
	}
	_ = lock.Release()
	_ = os.Remove(o.file(process)) // names are never used again
	return true
}

// others reports whether another process than this one lives.
func (o *owners) others(process string) (bool, error) {
	entries, err := os.ReadDir(o.dir)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	for _, e := range entries {
		if e.Name() != process && !o.gone(e.Name()) {
			return true, nil
		}
	}
	return false, err
}

// release ends the life of this process.
func (o *owners) release(process string) {
	if o.mine == nil {
		return
	}
	_ = o.mine.Release()
	_ = os.Remove(o.file(process))
	o.mine = nil
}
