package dirstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// later is a folder that does not exist when the store is opened. It is made
// for the first file that is created in it; until then it is empty, unless
// somebody else makes it.
type later struct {
	dir string

	mu   sync.Mutex
	root *rooted
}

// there reports whether the folder has been made or found.
func (l *later) there() bool {
	_, err := l.open(false)
	return err == nil
}

func (l *later) open(create bool) (rooted, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.root != nil {
		return *l.root, nil
	}
	if create {
		if err := makeDurably(l.dir); err != nil {
			return rooted{}, err
		}
	}
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return rooted{}, err
	}
	l.root = &rooted{root}
	return *l.root, nil
}

// makeDurably makes a folder and its parents, each on disk before the next.
func makeDurably(dir string) error {
	made := missing(dir)
	for i := len(made) - 1; i >= 0; i-- {
		if err := os.Mkdir(made[i], 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := syncFolder(filepath.Dir(made[i])); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(dir string) error {
	if !syncsFolders {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// missing lists the folders on the way to dir that do not exist, the deepest
// first.
func missing(dir string) []string {
	var made []string
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			return made
		}
		made = append(made, d)
	}
}

// makeable finds out, without making it, whether a folder can be made.
func makeable(dir string) error {
	parent := filepath.Clean(dir)
	if made := missing(dir); len(made) > 0 {
		first := made[len(made)-1]
		// What is there now and is no link has been made by somebody else meanwhile.
		if info, err := os.Lstat(first); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if _, err := os.Stat(first); errors.Is(err, fs.ErrNotExist) {
				return errDangling
			}
		}
		parent = filepath.Dir(first)
	}
	info, err := os.Stat(parent)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	}
	return mayWrite(parent)
}

// tryParent finds out whether folders can be made where dir would be, by making
// one under a name of its own and taking it away: some file systems, /proc for
// one, say so only then.
func tryParent(dir string) error {
	parent := filepath.Clean(dir)
	if made := missing(dir); len(made) > 0 {
		parent = filepath.Dir(made[len(made)-1])
	}
	probe, err := os.MkdirTemp(parent, ".easel-probe-")
	if err != nil {
		return err
	}
	return os.Remove(probe)
}

func (l *later) OpenFile(name string, flag int) (file, error) {
	r, err := l.open(flag&os.O_CREATE != 0)
	if err != nil {
		return nil, err
	}
	return r.OpenFile(name, flag)
}

func (l *later) Mkdir(name string) error {
	r, err := l.open(true)
	if err != nil {
		return err
	}
	return r.Mkdir(name)
}

func (l *later) Rename(from, to string) error {
	r, err := l.open(false)
	if err != nil {
		return err
	}
	return r.Rename(from, to)
}

func (l *later) Publish(from, to string) error {
	r, err := l.open(false)
	if err != nil {
		return err
	}
	return r.Publish(from, to)
}

func (l *later) Remove(name string) error {
	r, err := l.open(false)
	if err != nil {
		return err
	}
	return r.Remove(name)
}

func (l *later) Stat(name string) (fs.FileInfo, error) {
	r, err := l.open(false)
	if err != nil {
		return nil, err
	}
	return r.Stat(name)
}

func (l *later) ReadDir(name string) ([]fs.DirEntry, error) {
	r, err := l.open(false)
	if name == "." && errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it will be there, and is empty
	}
	if err != nil {
		return nil, err
	}
	return r.ReadDir(name)
}

func (l *later) SyncDir(name string) error {
	r, err := l.open(false)
	if err != nil {
		return err
	}
	return r.SyncDir(name)
}

func (l *later) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.root == nil {
		return nil
	}
	return l.root.Close()
}
