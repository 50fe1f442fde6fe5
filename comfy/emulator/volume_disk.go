package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"
)

// A diskVolume keeps files in a folder on disk, which it makes when first
// written to. It never leaves that folder.
type diskVolume struct {
	dir string

	mu   sync.Mutex
	root *os.Root
}

func newDiskVolume(parent, name string) *diskVolume {
	return &diskVolume{dir: filepath.Join(parent, name)}
}

// folder opens the folder, after making it.
func (v *diskVolume) folder() (*os.Root, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.root != nil {
		return v.root, nil
	}
	if err := os.MkdirAll(v.dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(v.dir)
	v.root = root
	return root, err
}

func (v *diskVolume) open(name string) (storedFile, error) {
	root, err := v.folder()
	if err != nil {
		return nil, err
	}
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, fs.ErrNotExist
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, fs.ErrNotExist
	}
	return &diskReader{File: f, info: info}, nil
}

func (v *diskVolume) write(name string, data []byte) error {
	root, err := v.folder()
	if err != nil {
		return err
	}
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(filepath.FromSlash(dir), 0o755); err != nil {
			return err
		}
	}
	return root.WriteFile(filepath.FromSlash(name), data, 0o644)
}

func (v *diskVolume) remove(name string) error {
	root, err := v.folder()
	if err != nil {
		return err
	}
	return root.Remove(filepath.FromSlash(name))
}

func (v *diskVolume) list(dir string) ([]string, error) {
	root, err := v.folder()
	if err != nil {
		return nil, err
	}
	f, err := root.Open(filepath.FromSlash(path.Clean(dir)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return f.Readdirnames(-1)
}

func (v *diskVolume) isDir(name string) bool {
	root, err := v.folder()
	if err != nil {
		return false
	}
	info, err := root.Stat(filepath.FromSlash(path.Clean(name)))
	return err == nil && info.IsDir()
}

func (v *diskVolume) wipe() {
	root, err := v.folder()
	if err != nil {
		return
	}
	names, _ := v.list(".")
	for _, name := range names {
		_ = root.RemoveAll(name)
	}
}

func (v *diskVolume) close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	root := v.root
	v.root = nil
	if root == nil {
		return nil
	}
	if err := root.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close folder %s: %w", v.dir, err)
	}
	return nil
}

type diskReader struct {
	*os.File
	info fs.FileInfo
}

func (r *diskReader) size() int64        { return r.info.Size() }
func (r *diskReader) modTime() time.Time { return r.info.ModTime() }
