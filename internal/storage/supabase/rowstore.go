package supabase

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// RowName is the name that a row has as an object of a RowStore.
func RowName(r Row) string { return fmt.Sprintf("%s-%d.json", r.Run, r.Output) }

// A RowStore takes rows as objects, so that they can wait where objects do: each
// object is the JSON of one row, and committing it puts the row into the table.
// Nothing can be read from it.
type RowStore struct {
	table Table
	at    string
}

var _ storage.Store = (*RowStore)(nil)

// NewRowStore makes a store of a table; at says which, for users.
func NewRowStore(table Table, at string) *RowStore { return &RowStore{table, at} }

// Create implements storage.Store.
func (s *RowStore) Create(ctx context.Context, _ storage.Object) (storage.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fail("create", "", err)
	}
	return &rowWriter{store: s}, nil
}

func (s *RowStore) fail(op, name string, err error) error {
	return &storage.Error{Op: op, Location: s.Location(name), Err: err}
}

// Open implements storage.Store.
func (s *RowStore) Open(_ context.Context, name string) (io.ReadCloser, storage.Info, error) {
	return nil, storage.Info{}, s.fail("open", name, storage.ErrNotExist)
}

// OpenRange implements storage.Store.
func (s *RowStore) OpenRange(ctx context.Context, name string, _, _ int64) (io.ReadCloser, storage.Info, error) {
	return s.Open(ctx, name)
}

// Stat implements storage.Store.
func (s *RowStore) Stat(_ context.Context, name string) (storage.Info, error) {
	return storage.Info{}, s.fail("stat", name, storage.ErrNotExist)
}

// Remove implements storage.Store.
func (s *RowStore) Remove(context.Context, string) error { return nil }

// List implements storage.Store.
func (s *RowStore) List(context.Context, string) iter.Seq2[storage.Info, error] {
	return func(func(storage.Info, error) bool) {}
}

// Location implements storage.Store.
func (s *RowStore) Location(name string) string {
	if name == "" {
		return s.at
	}
	return s.at + " " + name
}

// URL implements storage.Store.
func (s *RowStore) URL(_ context.Context, name string, _ time.Duration) (string, error) {
	return "", s.fail("address", name, storage.ErrNoURL)
}

// Probe implements storage.Store by an empty list of rows.
func (s *RowStore) Probe(ctx context.Context) error { return s.table.Put(ctx) }

// Close implements storage.Store.
func (s *RowStore) Close() error { return s.table.Close() }

// maxRow bounds a row in bytes.
const maxRow = 8 << 20

type rowWriter struct {
	storage.Ending

	store *RowStore
	buf   bytes.Buffer
}

func (w *rowWriter) Write(p []byte) (int, error) {
	if w.Over() {
		return 0, w.store.fail("write", "", fs.ErrClosed)
	}
	if w.buf.Len()+len(p) > maxRow {
		return 0, w.store.fail("write", "", errors.New("the row is too large"))
	}
	return w.buf.Write(p)
}

func (w *rowWriter) Commit(ctx context.Context, name string) (storage.Info, error) {
	if !w.End() {
		return storage.Info{}, w.store.fail("write", name, fs.ErrClosed)
	}
	var row Row
	if err := json.Unmarshal(w.buf.Bytes(), &row); err != nil {
		return storage.Info{}, w.store.fail("write", name, err)
	}
	if err := w.store.table.Put(ctx, row); err != nil {
		return storage.Info{}, err
	}
	return storage.Info{Name: name, Size: int64(w.buf.Len()), Modified: time.Now()}, nil
}

func (w *rowWriter) Abort() error {
	w.End()
	return nil
}
