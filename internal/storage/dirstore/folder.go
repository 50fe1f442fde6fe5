package dirstore

import (
	"io"
	"io/fs"
	"os"
)

// A folder is what the store asks of the system, with slash-separated names
// below one root. Tests put one in between that fails on the n-th call.
type folder interface {
	OpenFile(name string, flag int) (file, error)
	Mkdir(name string) error
	// Rename replaces what is there; Publish does not and fails with fs.ErrExist.
	Rename(from, to string) error
	Publish(from, to string) error
	Remove(name string) error
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error) // in any order
	SyncDir(name string) error
	Close() error
}

type file interface {
	io.ReadWriteCloser
	Stat() (fs.FileInfo, error)
	Sync() error
}

// rooted is the real folder. Every name is resolved below an open directory
// handle: a symbolic link that leads out of it is refused, also when it is put
// there while the store is in use.
type rooted struct{ root *os.Root }

func (r rooted) OpenFile(name string, flag int) (file, error) {
	f, err := r.root.OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, err // not f: a nil *os.File is not a nil file
	}
	return f, nil
}

func (r rooted) Mkdir(name string) error               { return r.root.Mkdir(name, 0o755) }
func (r rooted) Rename(from, to string) error          { return r.root.Rename(from, to) }
func (r rooted) Publish(from, to string) error         { return publish(r.root, from, to) }
func (r rooted) Remove(name string) error              { return r.root.Remove(name) }
func (r rooted) Stat(name string) (fs.FileInfo, error) { return r.root.Stat(name) }
func (r rooted) Close() error                          { return r.root.Close() }

func (r rooted) ReadDir(name string) ([]fs.DirEntry, error) {
	d, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.ReadDir(-1)
}

func (r rooted) SyncDir(name string) error {
	if !syncsFolders {
		return nil
	}
	d, err := r.root.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// publishByLink gives a file its name without replacing another one, on
// systems whose rename always replaces. A file system without hard links (FAT)
// is left with a look before the rename.
func publishByLink(root *os.Root, from, to string) error {
	err := root.Link(from, to)
	if err == nil {
		_ = root.Remove(from) // the file has its name; what is left of it is swept away
		return nil
	}
	if _, statErr := root.Lstat(to); statErr == nil {
		return fs.ErrExist
	}
	if !lacksLinks(err) {
		return err
	}
	return root.Rename(from, to)
}
