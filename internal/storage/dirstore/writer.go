package dirstore

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A writer is one object on its way into the store. The first failure other
// than a taken name ends it and removes what was written: after a failed sync
// the system may have dropped the data and still report success next time.
type writer struct {
	storage.Ending

	store   *Store
	ctx     context.Context
	replace bool
	temp    string
	file    file // nil once closed
	info    fs.FileInfo
	group   *group // nil: the folder is synced with each commit
}

// Create implements storage.Store. The object grows beside the final names,
// so that the rename stays within one file system. A folder keeps bytes and
// names, and nothing else that is known of an object.
func (s *Store) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	return s.create(ctx, o, nil)
}

func (s *Store) create(ctx context.Context, o storage.Object, g *group) (storage.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fail("create", "", err)
	}
	temp := temporaryPrefix + strings.ToLower(rand.Text()[:12]) + temporarySuffix
	f, err := s.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, s.fail("create", "", err)
	}
	return &writer{store: s, ctx: ctx, replace: o.Replace, temp: temp, file: f, group: g}, nil
}

func (w *writer) Write(p []byte) (int, error) {
	err := w.Usable(w.ctx)
	if err == nil && w.file == nil {
		err = fs.ErrClosed // a commit was tried: the bytes are final
	}
	if err != nil {
		return 0, w.end("write", "", err)
	}
	n, err := w.file.Write(p)
	if err != nil {
		return n, w.end("write", "", err)
	}
	return n, nil
}

// Commit implements storage.Writer. When the folder cannot be synced after the
// rename, the new name is taken back; one that replaced another stays.
func (w *writer) Commit(ctx context.Context, name string) (storage.Info, error) {
	err := w.Usable(ctx)
	if err == nil {
		err = storage.CheckName(name)
	}
	if err == nil {
		err = w.finish()
	}
	if err == nil {
		crashpoint.Here(crashpoint.Synced)
		err = w.store.makeFolders(path.Dir(name))
	}
	if err != nil {
		return storage.Info{}, w.end("write", name, err)
	}
	if w.replace {
		err = w.store.fs.Rename(w.temp, name)
	} else {
		err = w.store.fs.Publish(w.temp, name)
	}
	if errors.Is(err, fs.ErrExist) && !w.replace {
		return storage.Info{}, w.store.fail("write", name, storage.ErrExist) // may be tried again under another name
	}
	if err != nil {
		return storage.Info{}, w.end("write", name, err)
	}
	w.End()
	crashpoint.Here(crashpoint.Renamed)
	done := storage.Info{Name: name, Size: w.info.Size(), Modified: w.info.ModTime()}
	if w.group != nil {
		w.group.add(name, w.replace)
		return done, nil
	}
	if err := w.store.fs.SyncDir(path.Dir(name)); err != nil {
		if !w.replace {
			_ = w.store.fs.Remove(name)
		}
		return storage.Info{}, w.end("write", name, err)
	}
	return done, nil
}

// finish brings the bytes to the disk, once.
func (w *writer) finish() error {
	if w.file == nil {
		return nil
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	info, err := w.file.Stat()
	if err != nil {
		return err
	}
	w.info = info
	return w.close()
}

func (w *writer) close() error {
	f := w.file
	w.file = nil
	if f == nil {
		return nil
	}
	return f.Close() // network file systems report a full quota here
}

// end gives the object up after a failure.
func (w *writer) end(op, name string, err error) error {
	return w.Fail(w.store.fail(op, name, err), w.Abort)
}

func (w *writer) Abort() error {
	if !w.End() {
		return nil
	}
	_ = w.close()
	if err := w.store.fs.Remove(w.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return w.store.fail("remove", w.temp, err)
	}
	return nil
}

// makeFolders makes a folder and its parents durable.
func (s *Store) makeFolders(dir string) error {
	if dir == "." {
		return nil
	}
	if info, err := s.fs.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := path.Dir(dir)
	if err := s.makeFolders(parent); err != nil {
		return err
	}
	err := s.fs.Mkdir(dir)
	if errors.Is(err, fs.ErrExist) {
		info, statErr := s.fs.Stat(dir)
		if statErr != nil {
			return statErr // a link that leads out of the folder
		}
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: errNotFolder}
		}
		return nil // another writer was faster
	}
	if err != nil {
		return err
	}
	return s.fs.SyncDir(parent)
}

// inNameOrder gives the entries so that whole names come out in order: a
// folder sorts as its name with the slash ("a-b" before "a/b").
func inNameOrder(entries []fs.DirEntry) []string {
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name()+"/")
		} else {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

var _ storage.Writer = (*writer)(nil)
