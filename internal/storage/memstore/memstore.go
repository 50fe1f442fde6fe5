// Package memstore is a store in memory, for tests and for outputs that are
// handed on at once.
package memstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Store is an empty store as New gives it.
type Store struct {
	mu      sync.Mutex
	objects map[string]object
}

type object struct {
	data     []byte // never changed after commit
	modified time.Time
	about    storage.Object
}

var _ storage.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{objects: map[string]object{}} }

// Create implements storage.Store.
func (s *Store) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, &storage.Error{Op: "create", Location: "memory:", Err: err}
	}
	o.Metadata = maps.Clone(o.Metadata)
	return &writer{store: s, ctx: ctx, about: o}, nil
}

// Open implements storage.Store.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, storage.Info, error) {
	o, err := s.get(ctx, "open", name)
	if err != nil {
		return nil, storage.Info{}, err
	}
	return io.NopCloser(bytes.NewReader(o.data)), o.info(name), nil
}

// OpenRange implements storage.Store.
func (s *Store) OpenRange(ctx context.Context, name string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	o, err := s.get(ctx, "open", name)
	if err != nil {
		return nil, storage.Info{}, err
	}
	rest := o.data[min(offset, int64(len(o.data))):]
	return storage.Limit(io.NopCloser(bytes.NewReader(rest)), length), o.info(name), nil
}

// Probe implements storage.Store.
func (s *Store) Probe(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return s.fail("probe", "", err)
	}
	return nil
}

// Close implements storage.Store. What was stored stays.
func (s *Store) Close() error { return nil }

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, name string) (storage.Info, error) {
	o, err := s.get(ctx, "stat", name)
	if err != nil {
		return storage.Info{}, err
	}
	return o.info(name), nil
}

func (s *Store) get(ctx context.Context, op, name string) (object, error) {
	if err := s.check(ctx, op, name); err != nil {
		return object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[name]
	if !ok {
		return object{}, s.fail(op, name, storage.ErrNotExist)
	}
	return o, nil
}

// Remove implements storage.Store.
func (s *Store) Remove(ctx context.Context, name string) error {
	if err := s.check(ctx, "remove", name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, name)
	return nil
}

// List implements storage.Store. It shows the store as it was at the start.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		s.mu.Lock()
		seen := maps.Clone(s.objects)
		s.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(seen)) {
			if err := ctx.Err(); err != nil {
				yield(storage.Info{}, s.fail("list", prefix, err))
				return
			}
			if o := seen[name]; strings.HasPrefix(name, prefix) &&
				!yield(storage.Info{Name: name, Size: int64(len(o.data)), Modified: o.modified}, nil) {
				return
			}
		}
	}
}

// URL implements storage.Store: there is none.
func (s *Store) URL(_ context.Context, name string, _ time.Duration) (string, error) {
	return "", s.fail("address", name, storage.ErrNoURL)
}

// Location implements storage.Store.
func (s *Store) Location(name string) string { return "memory:" + name }

func (s *Store) check(ctx context.Context, op, name string) error {
	if err := ctx.Err(); err != nil {
		return s.fail(op, name, err)
	}
	if err := storage.CheckName(name); err != nil {
		return s.fail(op, name, err)
	}
	return nil
}

func (s *Store) fail(op, name string, err error) error {
	return &storage.Error{Op: op, Location: s.Location(name), Err: err}
}

func (o object) info(name string) storage.Info {
	sum := sha256.Sum256(o.data)
	return storage.Info{
		Name: name, Size: int64(len(o.data)), Modified: o.modified, MediaType: o.about.MediaType, CacheControl: o.about.CacheControl,
		SHA256: hex.EncodeToString(sum[:]), Metadata: maps.Clone(o.about.Metadata),
	}
}

type writer struct {
	storage.Ending

	store *Store
	ctx   context.Context
	about storage.Object
	buf   bytes.Buffer
}

func (w *writer) Write(p []byte) (int, error) {
	if err := w.Usable(w.ctx); err != nil {
		return 0, w.store.fail("write", "", err)
	}
	return w.buf.Write(p)
}

func (w *writer) Commit(ctx context.Context, name string) (storage.Info, error) {
	if err := w.Usable(ctx); err != nil {
		w.End()
		return storage.Info{}, w.store.fail("write", name, err)
	}
	if err := storage.CheckName(name); err != nil {
		w.End()
		return storage.Info{}, w.store.fail("write", name, err)
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if _, taken := w.store.objects[name]; taken && !w.about.Replace {
		return storage.Info{}, w.store.fail("write", name, storage.ErrExist)
	}
	w.End()
	o := object{data: w.buf.Bytes(), modified: time.Now(), about: w.about}
	w.store.objects[name] = o
	return o.info(name), nil
}

func (w *writer) Abort() error {
	w.End()
	return nil
}
