package spool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A writer receives an output into a file of the spool. What becomes of it is
// decided when it is complete: it is delivered at once, or waits.
type writer struct {
	storage.Ending

	store  *Store
	ctx    context.Context
	about  storage.Object
	file   *os.File
	size   int64
	sealed bool           // a commit was tried: the bytes are final
	remote storage.Writer // has all bytes and waits for a free name; nil = there is none
}

// Create implements storage.Store.
func (s *Store) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fail("create", err)
	}
	f, err := s.room.create(s.place)
	if err != nil {
		return nil, s.fail("create", err)
	}
	o.Metadata = maps.Clone(o.Metadata)
	return &writer{store: s, ctx: ctx, about: o, file: f}, nil
}

func (w *writer) Write(p []byte) (int, error) {
	err := w.Usable(w.ctx)
	if err == nil && w.sealed {
		err = fs.ErrClosed
	}
	if err != nil {
		return 0, w.end("write", err)
	}
	n, err := w.file.Write(p)
	w.size += int64(n)
	if err != nil {
		return n, w.end("write", err)
	}
	return n, nil
}

// end gives the output up after a failure.
func (w *writer) end(op string, err error) error {
	return w.Fail(w.store.fail(op, err), w.Abort)
}

// Abort implements storage.Writer.
func (w *writer) Abort() error {
	if !w.End() {
		return nil
	}
	if w.remote != nil {
		_ = w.remote.Abort()
	}
	w.file.Close()
	_ = os.Remove(w.progress())
	if err := os.Remove(w.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return w.store.fail("remove", err)
	}
	return nil
}

// progress is the file that says how far the transfer of the output is.
func (w *writer) progress() string {
	return filepath.Join(w.store.room.dir, progressName(filepath.Base(w.file.Name())))
}

// Commit implements storage.Writer. The output goes to its place, or waits here
// when that fails for another reason than its name; then Info says where it is.
// When the spool is full, Commit pauses until something has left it.
func (w *writer) Commit(ctx context.Context, name string) (storage.Info, error) {
	err := w.Usable(ctx)
	if err == nil {
		err = storage.CheckName(name)
	}
	if err != nil {
		return storage.Info{}, w.end("write", w.store.at(name, err))
	}
	w.sealed = true
	waits, err := w.store.room.get(name)
	if err == nil && !w.about.Replace {
		return storage.Info{}, w.store.at(name, storage.ErrExist)
	}
	var info storage.Info
	if err == nil { // it takes the place of what waits, and must not be overtaken by it
		err = errors.New(waits.Reason)
	} else {
		info, err = w.deliver(ctx, name)
	}
	switch {
	case err == nil:
		_ = w.Abort() // what is left of it here
		return info, nil
	case ctx.Err() != nil:
		return storage.Info{}, w.end("write", err)
	case errors.Is(err, storage.ErrExist) && !w.about.Replace:
		return storage.Info{}, err // may be tried again under another name
	case errors.Is(err, storage.ErrName):
		return storage.Info{}, w.end("write", err)
	}
	info, err = w.keep(ctx, name, err)
	switch {
	case errors.Is(err, storage.ErrExist):
		return storage.Info{}, w.store.at(name, storage.ErrExist)
	case err != nil:
		return storage.Info{}, w.end("write", err)
	}
	return info, nil
}

// at is an error about a name of the store behind the spool.
func (s *Store) at(name string, err error) error {
	return &storage.Error{Op: "write", Location: s.remote.Location(name), Err: err}
}

// deliver hands the output on, unless the store is known to be away.
func (w *writer) deliver(ctx context.Context, name string) (storage.Info, error) {
	w.store.mu.Lock()
	away := w.store.away
	w.store.mu.Unlock()
	if away != nil {
		return storage.Info{}, away
	}
	info, err := w.hand(ctx, name)
	if errors.Is(err, storage.ErrBegun) { // under the name before
		info, err = w.hand(ctx, name)
	}
	return info, err
}

// hand gives the store all bytes, unless it has them from a try under another
// name, and commits them.
func (w *writer) hand(ctx context.Context, name string) (storage.Info, error) {
	if w.remote == nil {
		about := w.about
		about.Name, about.Progress = name, w.progress()
		remote, err := transfer(ctx, w.store.remote, about, w.file, w.size)
		if err != nil {
			return storage.Info{}, err
		}
		w.remote = remote
	}
	info, err := w.remote.Commit(ctx, name)
	if err != nil && !errors.Is(err, storage.ErrExist) {
		_ = w.remote.Abort()
		w.remote = nil
	}
	return info, err
}

// transfer writes a file into a store.
func transfer(ctx context.Context, to storage.Store, about storage.Object, from io.ReaderAt, size int64) (storage.Writer, error) {
	remote, err := to.Create(ctx, about)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(remote, io.NewSectionReader(from, 0, size)); err != nil {
		_ = remote.Abort()
		return nil, err
	}
	return remote, nil
}

// keep makes the output wait, durably.
func (w *writer) keep(ctx context.Context, name string, why error) (storage.Info, error) {
	s := w.store
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(w.file, 0, w.size)); err != nil {
		return storage.Info{}, err
	}
	if err := s.fit(ctx, w.size, why); err != nil {
		return storage.Info{}, err
	}
	data := dataName(filepath.Base(w.file.Name()), name)
	if err := w.settle(data); err != nil {
		return storage.Info{}, err
	}
	e := entry{
		Name: name, Data: data, Size: w.size, SHA256: hex.EncodeToString(hash.Sum(nil)), Since: time.Now().UTC(),
		Reason: reason(why).Error(), Replace: w.about.Replace,
		Progress: filepath.Base(w.progress()), MediaType: w.about.MediaType, CacheControl: w.about.CacheControl, Metadata: w.about.Metadata,
	}
	crashpoint.Here(crashpoint.Spooling)
	if err := s.room.put(e); err != nil {
		return storage.Info{}, errors.Join(err, w.unsettle(data))
	}
	crashpoint.Here(crashpoint.Spooled)
	w.End()
	s.spooled(name, why)
	return s.room.info(e), nil
}

// settle puts the bytes on disk under the name that they wait by.
func (w *writer) settle(data string) error {
	if err := w.file.Sync(); err != nil {
		return err
	}
	at := filepath.Join(w.store.room.dir, data)
	if err := w.file.Close(); err != nil { // Windows renames no open file
		return err
	}
	if err := os.Rename(w.file.Name(), at); err != nil {
		return err
	}
	return atomicfile.SyncDir(w.store.room.dir)
}

// unsettle takes the bytes back for a commit under another name.
func (w *writer) unsettle(data string) error {
	part := w.file.Name()
	if err := os.Rename(filepath.Join(w.store.room.dir, data), part); err != nil {
		return err
	}
	f, err := os.Open(part)
	if err != nil {
		return err
	}
	w.file = f
	return nil
}

// fit waits until an output fits into the spool. One that is larger than the limit
// is let in when nothing else waits: it must not be lost either.
func (s *Store) fit(ctx context.Context, size int64, why error) error {
	for told := false; ; {
		used, err := Size(s.opts.Dir)
		if err != nil {
			return err
		}
		if used == 0 || used+size <= s.opts.Limit {
			return nil
		}
		if !told {
			told = true
			s.opts.Note(fmt.Sprintf("outputs of %d MB wait for their place, which is the limit of the spool: going on when %s takes some (%v)",
				used>>20, s.place.Address, reason(why)))
		}
		s.deliverLater()
		if err := s.opts.pause(ctx, time.Second); err != nil { // others may make room too
			return err
		}
	}
}
