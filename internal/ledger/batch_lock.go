package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/filelock"
)

// An Owner is the process that holds the lock of a batch.
type Owner struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host,omitempty"`
	Since time.Time `json:"since"`
}

// A Lock keeps other processes from a batch. The system releases it when the
// process ends, however it ends.
type Lock struct {
	file *os.File
	once sync.Once
}

// lockPace is how often a lock that another process holds is tried again.
const lockPace = 200 * time.Millisecond

// LockBatch takes the lock of the ledger in a file, making the folder. A held one
// is a *LockedError; with wait it is waited for until ctx ends, and waiting is
// called once with who holds it.
func LockBatch(ctx context.Context, path string, wait bool, waiting func(Owner)) (*Lock, error) {
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, storing(path, err)
	}
	name := strings.TrimSuffix(path, ".db") + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, storing(path, err)
	}
	for told := false; ; told = true {
		err := filelock.TryFile(f)
		if err == nil {
			break
		}
		if !errors.Is(err, filelock.ErrHeld) {
			f.Close()
			return nil, storing(path, err)
		}
		owner := ownerOf(name)
		if !wait {
			f.Close()
			return nil, &LockedError{File: path, Owner: owner}
		}
		if !told && waiting != nil {
			waiting(owner)
		}
		select {
		case <-time.After(lockPace):
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		}
	}
	host, _ := os.Hostname() // only to be shown
	if data, err := json.Marshal(Owner{os.Getpid(), host, time.Now().UTC()}); err == nil {
		_ = f.Truncate(0) // what is written is only to be shown
		_, _ = f.WriteAt(data, 0)
	}
	return &Lock{file: f}, nil
}

func ownerOf(name string) Owner {
	var o Owner
	f, err := os.Open(name)
	if err != nil {
		return o
	}
	defer f.Close()
	_ = json.NewDecoder(io.LimitReader(f, 4096)).Decode(&o) // only to be shown
	return o
}

// Holder is who runs the batch of a ledger now; false when nobody does.
func Holder(path string) (Owner, bool) {
	name := strings.TrimSuffix(path, ".db") + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return Owner{}, false
	}
	defer f.Close()
	if !errors.Is(filelock.TryFile(f), filelock.ErrHeld) {
		return Owner{}, false
	}
	return ownerOf(name), true
}

// Release gives the lock back. A nil lock is none.
func (l *Lock) Release() {
	if l == nil {
		return
	}
	l.once.Do(func() {
		_ = l.file.Truncate(0)
		l.file.Close() // which releases it
	})
}
