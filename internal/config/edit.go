package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// EditError means that a settings file cannot be changed.
type EditError struct {
	Path    string
	Message string
	Err     error
}

func (e *EditError) Error() string { return "change " + e.Path + ": " + e.Message }

// Unwrap returns the cause, if another error is one.
func (e *EditError) Unwrap() error { return e.Err }

// Set changes one setting in a file and makes the file if there is none. It
// leaves comments, order and everything else as they are. An unknown key is a
// *KeyError, a value that does not fit a *ValueError.
func Set(path, key, value string) error {
	k, err := lookup(key)
	if err != nil {
		return err
	}
	if public := WithoutUser(value); key == "backend" && public != value {
		return &ValueError{Source: key, Value: public, Message: "a user or password is kept with backends add --username --password"}
	}
	parsed, err := k.parse(value)
	if err != nil {
		return &ValueError{Source: key, Value: value, Message: err.Error()}
	}
	if strings.HasPrefix(key, modelsPrefix) && value == "" {
		_, err := remove(path, strings.Split(key, "."))
		return err
	}
	return edit(path, func(data []byte) ([]byte, error) {
		return setPath(data, strings.Split(key, "."), valueOf(parsed))
	})
}

// SetBackend writes a named backend into a file in place of the one of that
// name.
func SetBackend(path, name string, b Backend) error {
	if err := checkName(name); err != nil {
		return err
	}
	if b.URL == "" {
		return &ValueError{Source: "the address of backend " + name, Message: "it is http://host:8188 or another form of --backend"}
	}
	return edit(path, func(data []byte) ([]byte, error) {
		return setPath(data, []string{"backends", name}, b.tree())
	})
}

// RemoveBackend takes a named backend out of a file, and the choice of it as
// the one to use. It reports whether it was there.
func RemoveBackend(path, name string) (bool, error) {
	found, err := remove(path, []string{"backends", name})
	if err != nil || !found {
		return found, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return true, &EditError{path, "read it: " + err.Error(), err}
	}
	if l, err := readLayer(data, path, User); err != nil || l.values["backend"] != name {
		return true, err
	}
	_, err = remove(path, []string{"backend"})
	return true, err
}

// UseBackend makes a backend the one that is used when none is named.
func UseBackend(path, name string) error { return Set(path, "backend", name) }

// nameLetters are what a name of the user's may have.
const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// checkName refuses names that --backend would read as something else.
func checkName(name string) error {
	var message string
	switch {
	case name == "":
		message = "it is empty"
	case name == "emulator" || name == "comfy-cloud":
		message = "this name means something already"
	case strings.Trim(name, nameLetters) != "":
		message = "a name has letters, digits, dots, dashes and underscores"
	default:
		return nil
	}
	return &ValueError{Source: "the name of a backend", Value: name, Message: message}
}

// valueOf is a setting as it stands in a file.
func valueOf(parsed any) textdoc.Value {
	if list, ok := parsed.([]string); ok {
		return textdoc.Strings(list)
	}
	return textdoc.String(fmt.Sprint(parsed))
}

func setPath(data []byte, path []string, v textdoc.Value) ([]byte, error) {
	changed, e := textdoc.Set(textdoc.YAML, data, path, v, textdoc.Style{})
	return changed, editError(e)
}

func removePath(data []byte, path []string) (changed []byte, found bool, err error) {
	changed, found, e := textdoc.Remove(textdoc.YAML, data, path, textdoc.Style{})
	return changed, found, editError(e)
}

func editError(e *textdoc.Error) error {
	switch {
	case e == nil:
		return nil
	case e.Hint != "":
		return errors.New(e.Message + ", " + e.Hint)
	}
	return e
}

func remove(path string, at []string) (found bool, err error) {
	err = edit(path, func(data []byte) ([]byte, error) {
		var changed []byte
		changed, found, err = removePath(data, at)
		return changed, err
	})
	return found, err
}

// edit reads a file, changes it and puts the result in its place. The new
// content must be readable as settings, or nothing is written.
func edit(path string, change func([]byte) ([]byte, error)) error {
	target, mode, err := resolve(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &EditError{path, "read it: " + err.Error(), err}
	}
	if _, err := readLayer(data, path, User); err != nil {
		return err // the file had mistakes before
	}
	changed, err := change(data)
	if err != nil {
		return &EditError{path, err.Error(), err}
	}
	if slices.Equal(changed, data) {
		return nil
	}
	if _, err := readLayer(changed, path, User); err != nil {
		return &EditError{path, "the change does not fit its layout, edit it by hand", err}
	}
	if err := atomicfile.Write(target, changed, atomicfile.Options{Mode: mode}); err != nil {
		return &EditError{path, reasonOf(err), err}
	}
	return nil
}

// reasonOf is an error without the name of the file that was to become ours.
func reasonOf(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// resolve follows a link to the file that is to be written, since people keep
// their settings in a repository and link to them, but not another user's
// link. The mode of an existing file stays; a new one is its owner's alone.
func resolve(path string) (target string, mode fs.FileMode, err error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, 0o600, nil
	} else if err != nil {
		return "", 0, &EditError{path, err.Error(), err}
	}
	target = path
	if info.Mode()&fs.ModeSymlink != 0 {
		if !ownedByUs(info) {
			return "", 0, &EditError{path, "it is a link that belongs to another user", fs.ErrPermission}
		}
		if target, err = filepath.EvalSymlinks(path); err != nil {
			return "", 0, &EditError{path, "it is a link to nothing", err}
		}
		if info, err = os.Stat(target); err != nil {
			return "", 0, &EditError{path, err.Error(), err}
		}
	}
	if !info.Mode().IsRegular() {
		return "", 0, &EditError{path, "it is not a file", fs.ErrInvalid}
	}
	return target, info.Mode().Perm(), nil
}
