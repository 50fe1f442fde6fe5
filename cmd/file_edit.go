package cmd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// editTries bounds how often an edit begins again because somebody else has
// changed the file meanwhile.
const editTries = 10

// editFile changes a file that people and other commands write too: if it is
// no longer what the change was made from, the edit begins again.
func editFile(path string, change func([]byte) ([]byte, error)) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link to a file in somebody's repository stays one
	}
	for range editTries {
		before, err := readExisting(path)
		if err != nil {
			return err
		}
		after, err := change(before)
		if err != nil {
			return err
		}
		same := func() (bool, error) {
			now, err := readExisting(path)
			return slices.Equal(before, now), err
		}
		if done, err := replaceIf(path, after, same); err != nil || done {
			return err
		}
	}
	return &storage.Error{Op: "change", Location: path, Err: errors.New("other programs keep changing it")}
}

// readExisting reads a file; one that is not there is empty.
func readExisting(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &storage.Error{Op: "read", Location: path, Err: reasonOf(err)}
	}
	return data, nil
}

// writeFile makes data the content of a file, whatever was there.
func writeFile(path string, data []byte) error {
	_, err := replaceIf(path, data, func() (bool, error) { return true, nil })
	return err
}

// replaceIf writes a file beside path, asks once more, and renames it: no
// reader and no crash meets half of it. It reports whether it did.
func replaceIf(path string, data []byte, still func() (bool, error)) (done bool, err error) {
	fail := func(err error) error { return &storage.Error{Op: "write", Location: path, Err: reasonOf(err)} }
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, fail(err)
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return false, fail(err)
	}
	defer func() {
		if !done {
			_ = os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return false, fail(err)
	}
	if ok, err := still(); err != nil || !ok {
		return false, err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return false, fail(err)
	}
	return true, nil
}
