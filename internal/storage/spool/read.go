package spool

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// pending is the entry of a name that waits.
func (s *Store) pending(ctx context.Context, op, name string) (entry, bool, error) {
	err := ctx.Err()
	if err == nil {
		err = storage.CheckName(name)
	}
	if err != nil {
		return entry{}, false, &storage.Error{Op: op, Location: s.remote.Location(name), Err: err}
	}
	e, err := s.room.get(name)
	return e, err == nil, nil
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, name string) (storage.Info, error) {
	e, waits, err := s.pending(ctx, "stat", name)
	switch {
	case err != nil:
		return storage.Info{}, err
	case waits:
		return s.room.info(e), nil
	}
	return s.remote.Stat(ctx, name)
}

// Open implements storage.Store.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, storage.Info, error) {
	return s.OpenRange(ctx, name, 0, -1)
}

// OpenRange implements storage.Store.
func (s *Store) OpenRange(ctx context.Context, name string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	e, waits, err := s.pending(ctx, "open", name)
	if err != nil {
		return nil, storage.Info{}, err
	}
	if waits {
		f, err := os.Open(filepath.Join(s.room.dir, e.Data))
		if err == nil {
			if _, err = f.Seek(offset, io.SeekStart); err == nil {
				return storage.Limit(f, length), s.room.info(e), nil
			}
			f.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) { // else it has arrived just now
			return nil, storage.Info{}, s.fail("open", err)
		}
	}
	if offset == 0 && length < 0 {
		return s.remote.Open(ctx, name)
	}
	return s.remote.OpenRange(ctx, name, offset, length)
}

// Remove implements storage.Store.
func (s *Store) Remove(ctx context.Context, name string) error {
	e, waits, err := s.pending(ctx, "remove", name)
	if err != nil {
		return err
	}
	if waits {
		if err := s.room.remove(e); err != nil {
			return s.fail("remove", err)
		}
		s.mu.Lock()
		delete(s.waiting, name)
		s.mu.Unlock()
	}
	return s.remote.Remove(ctx, name)
}

// List implements storage.Store: what the store has and what waits for it.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		waits, err := s.room.list()
		if err != nil {
			yield(storage.Info{}, s.fail("list", err))
			return
		}
		waits = slices.DeleteFunc(waits, func(e entry) bool { return !strings.HasPrefix(e.Name, prefix) })
		slices.SortFunc(waits, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
		for info, err := range s.remote.List(ctx, prefix) {
			if err != nil {
				yield(info, err)
				return
			}
			for len(waits) > 0 && waits[0].Name < info.Name {
				if !yield(s.room.info(waits[0]), nil) {
					return
				}
				waits = waits[1:]
			}
			if len(waits) > 0 && waits[0].Name == info.Name { // it waits to replace this one
				info, waits = s.room.info(waits[0]), waits[1:]
			}
			if !yield(info, nil) {
				return
			}
		}
		for _, e := range waits {
			if !yield(s.room.info(e), nil) {
				return
			}
		}
	}
}
