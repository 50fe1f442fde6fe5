// Package atomicfile is the one way to put a whole file in the place of another:
// no reader and no crash meets half of it.
package atomicfile

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Options of a replacement. The zero value makes a durable file of its owner.
type Options struct {
	Mode    fs.FileMode // of a file that is new; an existing one keeps its own. 0 is 0600
	DirMode fs.FileMode // of folders that are missing; 0 is 0700

	// Temp is the pattern of os.CreateTemp for the file that is written first,
	// in the same folder; empty is one that is hidden and begins like the file.
	Temp string

	// Fleeting leaves out what makes the file survive a power cut: a cache can
	// be made again.
	Fleeting bool

	// If is asked just before the file takes its place; false gives up.
	If func() (bool, error)
}

// Write makes data the content of a file, whatever was there, and makes its
// folder when there is none. Errors are of package os.
func Write(path string, data []byte, opts Options) error {
	opts.If = nil
	_, err := replace(path, data, opts)
	return err
}

// WriteTo is Write of a content that is made piece by piece. An error of write
// leaves what was there.
func WriteTo(path string, opts Options, write func(io.Writer) error) error {
	opts.If = nil
	_, err := replaceBy(path, opts, write)
	return err
}

// ErrBusy means that a file was changed by others each time when it was to be
// replaced.
var ErrBusy = errors.New("other programs keep changing it")

// editTries bounds how often an edit begins again.
const editTries = 10

// Edit changes a file that people and other programs write too: if it is no
// longer what the change was made from, the edit begins again. A file that is
// not there is empty, and one that the change leaves as it is is not written.
// A link stays a link to the file that is changed.
func Edit(path string, opts Options, change func([]byte) ([]byte, error)) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	for range editTries {
		before, err := Read(path)
		if err != nil {
			return err
		}
		after, err := change(before)
		if err != nil || bytes.Equal(before, after) {
			return err
		}
		opts.If = func() (bool, error) {
			now, err := Read(path)
			return bytes.Equal(before, now), err
		}
		if done, err := replace(path, after, opts); err != nil || done {
			return err
		}
	}
	return &fs.PathError{Op: "change", Path: path, Err: ErrBusy}
}

// EditTo is Edit of a file that is too large to be held: change reads what is
// there from before and writes what is to be there to after. What change does not
// read is read for it.
func EditTo(path string, opts Options, change func(before io.Reader, after io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	for range editTries {
		was, is := sha256.New(), sha256.New()
		same := false
		opts.If = func() (bool, error) {
			now := sha256.New()
			if err := readTo(path, func(r io.Reader) error { return drain(now, r) }); err != nil {
				return false, err
			}
			same = bytes.Equal(was.Sum(nil), is.Sum(nil))
			return !same && bytes.Equal(was.Sum(nil), now.Sum(nil)), nil
		}
		done, err := replaceBy(path, opts, func(w io.Writer) error {
			return readTo(path, func(r io.Reader) error {
				before := io.TeeReader(r, was)
				if err := change(before, io.MultiWriter(w, is)); err != nil {
					return err
				}
				return drain(io.Discard, before)
			})
		})
		if err != nil || done || same {
			return err
		}
	}
	return &fs.PathError{Op: "change", Path: path, Err: ErrBusy}
}

func drain(w io.Writer, r io.Reader) error {
	_, err := io.Copy(w, r)
	return err
}

// readTo gives f the content of a file; one that is not there is empty.
func readTo(path string, f func(io.Reader) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f(bytes.NewReader(nil))
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return f(io.LimitReader(file, info.Size())) // what is written behind it meanwhile was not there
}

// Read reads a file; one that is not there is empty.
func Read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func replace(path string, data []byte, opts Options) (done bool, err error) {
	return replaceBy(path, opts, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func replaceBy(path string, opts Options, write func(io.Writer) error) (done bool, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, cmp.Or(opts.DirMode, 0o700)); err != nil {
		return false, err
	}
	mode := cmp.Or(opts.Mode, 0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	tmp, err := os.CreateTemp(dir, cmp.Or(opts.Temp, "."+filepath.Base(path)+"-*"))
	if err != nil {
		return false, err
	}
	defer func() {
		if !done {
			_ = os.Remove(tmp.Name())
		}
	}()
	err = write(tmp)
	if e := tmp.Chmod(mode); !errors.Is(e, errors.ErrUnsupported) {
		err = errors.Join(err, e)
	}
	if !opts.Fleeting {
		err = errors.Join(err, tmp.Sync())
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return false, err
	}
	if opts.If != nil {
		if ok, err := opts.If(); err != nil || !ok {
			return false, err
		}
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return false, err
	}
	if opts.Fleeting {
		return true, nil
	}
	return true, SyncDir(dir)
}

// SyncDir makes the names in a folder survive a power cut. Windows has no such
// call and needs none.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
