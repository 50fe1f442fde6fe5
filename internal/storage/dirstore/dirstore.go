// Package dirstore keeps outputs in a folder. An object is written under a
// temporary name, synced, and only then renamed, so a name in the folder is
// always a complete file, whatever dies in between.
package dirstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Store is a folder. Close it when no writer is open any more.
type Store struct {
	dir   string
	fs    folder
	sweep sweep
}

var _ storage.Store = (*Store)(nil)

// Open opens a folder and begins to clear away what a process that died over a
// day ago left half-written. A folder that is missing is made with its parents when the
// first object is created, so that a run that comes to nothing leaves nothing.
// Failures are a *storage.Error.
func Open(dir string) (*Store, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeable(dir); err != nil {
			return nil, failure("create", dir, err)
		}
		return &Store{dir: dir, fs: &later{dir: dir}}, nil
	}
	if err != nil {
		return nil, failure("open", dir, err)
	}
	s := &Store{dir: dir, fs: rooted{root}}
	s.sweep.start(root, time.Now().Add(-24*time.Hour))
	return s, nil
}

// Probe finds out whether objects can be stored, and leaves nothing.
func (s *Store) Probe(ctx context.Context) error {
	if l, ok := s.fs.(*later); ok && !l.there() {
		err := ctx.Err()
		if err == nil {
			err = tryParent(l.dir)
		}
		if err != nil {
			return failure("create", l.dir, err)
		}
		return nil
	}
	w, err := s.Create(ctx, storage.Object{})
	if err != nil {
		return err
	}
	return w.Abort()
}

// Close releases the folder.
func (s *Store) Close() error {
	s.sweep.stop()
	return s.fs.Close()
}

// Location is the path of a name as the user would write it: relative when
// the folder was opened so.
func (s *Store) Location(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// URL implements storage.Store: a folder has none.
func (s *Store) URL(_ context.Context, name string, _ time.Duration) (string, error) {
	return "", s.fail("address", name, storage.ErrNoURL)
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, name string) (storage.Info, error) {
	if err := check(ctx, name); err != nil {
		return storage.Info{}, s.fail("stat", name, err)
	}
	info, err := s.fs.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotExist
	}
	if err != nil {
		return storage.Info{}, s.fail("stat", name, err)
	}
	return storage.Info{Name: name, Size: info.Size(), Modified: info.ModTime()}, nil
}

// Open implements storage.Store.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, storage.Info, error) {
	if _, err := s.Stat(ctx, name); err != nil { // a pipe would block the open
		return nil, storage.Info{}, err
	}
	f, err := s.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, storage.Info{}, s.fail("open", name, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, storage.Info{}, s.fail("open", name, err)
	}
	return f, storage.Info{Name: name, Size: info.Size(), Modified: info.ModTime()}, nil
}

// OpenRange implements storage.Store.
func (s *Store) OpenRange(ctx context.Context, name string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	body, info, err := s.Open(ctx, name)
	if err != nil {
		return nil, info, err
	}
	if at, ok := body.(io.Seeker); ok {
		_, err = at.Seek(offset, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, body, min(offset, info.Size))
	}
	if err != nil {
		body.Close()
		return nil, info, s.fail("open", name, err)
	}
	return storage.Limit(body, length), info, nil
}

// Remove implements storage.Store. Folders that became empty stay.
func (s *Store) Remove(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return s.fail("remove", name, err)
	}
	err := s.fs.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.fs.SyncDir(path.Dir(name))
	}
	if err != nil {
		return s.fail("remove", name, err)
	}
	return nil
}

// List implements storage.Store. It yields every file of the folder that is
// not half-written, also those that easel did not make.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		s.walk(ctx, ".", prefix, yield)
	}
}

// walk yields the files in a folder whose names begin with prefix; it returns
// false when the walk is over.
func (s *Store) walk(ctx context.Context, dir, prefix string, yield func(storage.Info, error) bool) bool {
	entries, err := s.fs.ReadDir(dir)
	if err != nil {
		return yield(storage.Info{}, s.fail("list", dir, err))
	}
	for _, name := range inNameOrder(entries) {
		if err := ctx.Err(); err != nil {
			yield(storage.Info{}, s.fail("list", dir, err))
			return false
		}
		sub, isDir := strings.CutSuffix(name, "/")
		full := path.Join(dir, sub)
		if isDir {
			if within := full + "/"; strings.HasPrefix(within, prefix) || strings.HasPrefix(prefix, within) {
				if !s.walk(ctx, full, prefix, yield) {
					return false
				}
			}
			continue
		}
		if !strings.HasPrefix(full, prefix) || isTemporary(sub) {
			continue
		}
		info, err := s.fs.Stat(full)
		if err != nil || !info.Mode().IsRegular() {
			continue // removed meanwhile, a link that leads out, or no file
		}
		if !yield(storage.Info{Name: full, Size: info.Size(), Modified: info.ModTime()}, nil) {
			return false
		}
	}
	return true
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckName(name)
}
