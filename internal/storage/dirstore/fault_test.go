package dirstore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// faulty fails the n-th call that reaches the system, once.
type faulty struct {
	folder
	n    int // calls until the failure; it has happened below zero
	with error
	call string // the call that failed
}

func (f *faulty) fault(call string) error {
	f.n--
	if f.n != 0 {
		return nil
	}
	f.call = call
	return &fs.PathError{Op: call, Path: "x", Err: f.with}
}

func (f *faulty) OpenFile(name string, flag int) (file, error) {
	if err := f.fault("open"); err != nil {
		return nil, err
	}
	under, err := f.folder.OpenFile(name, flag)
	return &faultyFile{under, f}, err
}

func (f *faulty) Mkdir(name string) error {
	if err := f.fault("mkdir"); err != nil {
		return err
	}
	return f.folder.Mkdir(name)
}

func (f *faulty) Rename(from, to string) error {
	if err := f.fault("rename"); err != nil {
		return err
	}
	return f.folder.Rename(from, to)
}

func (f *faulty) Publish(from, to string) error {
	if err := f.fault("publish"); err != nil {
		return err
	}
	return f.folder.Publish(from, to)
}

func (f *faulty) Remove(name string) error {
	if err := f.fault("remove"); err != nil {
		return err
	}
	return f.folder.Remove(name)
}

func (f *faulty) SyncDir(name string) error {
	if err := f.fault("syncdir"); err != nil {
		return err
	}
	return f.folder.SyncDir(name)
}

type faultyFile struct {
	file
	f *faulty
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.f.fault("write"); err != nil {
		n, _ := f.file.Write(p[:len(p)/2]) // a short write, as a full disk makes it
		return n, err
	}
	return f.file.Write(p)
}

func (f *faultyFile) Sync() error {
	if err := f.f.fault("sync"); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *faultyFile) Close() error {
	err := f.file.Close()
	if fault := f.f.fault("close"); fault != nil {
		return fault
	}
	return err
}

// P-F2: whichever call fails, there is a typed error and no partial file, and
// the same work done again succeeds.
func TestNthCallFails(t *testing.T) {
	t.Parallel()
	const name, body = "sub/deep/x.bin", "0123456789"
	for _, c := range []struct {
		errno     syscall.Errno
		kind      error
		temporary bool
	}{
		{syscall.EIO, syscall.EIO, false},
		{syscall.ENOSPC, storage.ErrFull, false},
		{syscall.EDQUOT, storage.ErrFull, false},
		{syscall.EACCES, storage.ErrRefused, false},
		{syscall.EROFS, storage.ErrRefused, false},
		{syscall.EMFILE, syscall.EMFILE, true},
		{syscall.ESTALE, syscall.ESTALE, true},
	} {
		for _, replace := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v replace=%v", c.errno, replace), func(t *testing.T) {
				t.Parallel()
				seen := map[string]bool{}
				for n := 1; ; n++ {
					dir := t.TempDir()
					s := open(t, dir)
					f := &faulty{folder: s.fs, n: n, with: c.errno}
					s.fs = f
					err := put(t, s, name, body, replace)
					if f.call == "" {
						if err != nil {
							t.Fatalf("without a fault: %v", err)
						}
						break
					}
					seen[f.call] = true
					var typed *storage.Error
					if !errors.Is(err, c.kind) || !errors.As(err, &typed) {
						t.Errorf("call %d (%s): got %v, want a *storage.Error of %v", n, f.call, err, c.kind)
					}
					if storage.Temporary(err) != c.temporary {
						t.Errorf("call %d (%s): %v says that trying again helps: %v, want %v", n, f.call, err, !c.temporary, c.temporary)
					}
					if info, err := s.Stat(t.Context(), name); err == nil && (!replace || info.Size != int64(len(body))) {
						t.Errorf("call %d (%s): there is %s with %d bytes", n, f.call, name, info.Size)
					}
					wantNoTemporaries(t, dir)
					if err := put(t, s, name, body, replace); err != nil {
						t.Errorf("call %d (%s): again: %v", n, f.call, err)
					}
				}
				want := []string{"open", "write", "sync", "close", "mkdir", "publish", "syncdir"}
				for _, call := range want {
					if call == "publish" && replace {
						call = "rename"
					}
					if !seen[call] {
						t.Errorf("%s never failed", call)
					}
				}
			})
		}
	}
}

func put(t *testing.T, s *Store, name, body string, replace bool) error {
	t.Helper()
	w, err := s.Create(t.Context(), storage.Object{Replace: replace})
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, half := range []string{body[:5], body[5:]} {
		if _, err := w.Write([]byte(half)); err != nil {
			return err
		}
	}
	_, err = w.Commit(t.Context(), name)
	return err
}

// A failed sync is never followed by a second one that seems to succeed: the
// writer is dead and must be replaced.
func TestFailedSyncIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	f := &faulty{folder: s.fs, n: 3, with: syscall.EIO}
	s.fs = f
	w, err := s.Create(t.Context(), storage.Object{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context(), "x"); err == nil || f.call != "sync" {
		t.Fatalf("the commit with a failing %s: %v", f.call, err)
	}
	if _, err := w.Commit(t.Context(), "x"); !errors.Is(err, syscall.EIO) {
		t.Errorf("the second commit: %v", err)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	s.fs = &faulty{folder: s.fs, n: 2, with: syscall.ENOSPC}
	err := put(t, s, "x", "0123456789", false)
	if want := "write " + s.dir + ": no space left"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
