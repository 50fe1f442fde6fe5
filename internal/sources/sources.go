// Package sources reads and writes the places where workflows and characters
// are kept: those that ship with easel, the user's, the project's, and files
// that are named by the way.
package sources

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Source is one place where people keep workflows and characters of their
// own (INTERFACE section 7).
type Source struct {
	Name       string   // "user" or "project"
	registries []string // files that may hold workflows; the first that exists takes new ones
}

// User is the source in the user's configuration folder.
func User(configDir string) Source {
	s := Source{Name: "user"}
	for _, name := range []string{"registry.json", "registry.yaml"} {
		s.registries = append(s.registries, filepath.Join(configDir, "workflows", name))
	}
	return s
}

// Project is the source of the project in a folder.
func Project(dir string) Source {
	s := Source{Name: "project"}
	for _, name := range []string{"workflows/registry.json", "workflows/registry.yaml", "registry.yaml", "config/workflows.yaml"} {
		s.registries = append(s.registries, filepath.Join(dir, filepath.FromSlash(name)))
	}
	return s
}

// Folder is the source that a folder is made which is to be shared.
func Folder(dir string) Source {
	return Source{Name: "folder", registries: []string{filepath.Join(dir, "registry.json")}}
}

// Registry is the registry file that takes new workflows.
func (s Source) Registry() string {
	for _, file := range s.registries {
		if isRegularFile(file) {
			return file
		}
	}
	return s.registries[0]
}

// characterFiles are the names of a characters file beside a registry file.
func characterFiles() []string {
	return []string{"characters.json", "characters.yaml", "characters.yml"}
}

// CharacterFile is the file beside the registry that takes new characters.
func (s Source) CharacterFile() string {
	return firstFile(filepath.Dir(s.Registry()), characterFiles()...)
}

// files lists the files of the source that exist and may hold a section.
func (s Source) files(section Section) []string {
	var found []string
	for _, file := range s.registries {
		candidates := []string{file}
		if section == Characters {
			for _, name := range characterFiles() {
				candidates = append(candidates, filepath.Join(filepath.Dir(file), name))
			}
		}
		for _, c := range candidates {
			if isRegularFile(c) && !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
	}
	return found
}

// Layers are what the source adds to the registry. A characters file may stand
// without a registry file.
func (s Source) Layers() []registry.Layer {
	var layers []registry.Layer
	for _, file := range s.registries {
		if isRegularFile(file) {
			layers = append(layers, File(s.Name, file))
		}
	}
	if file := s.Registry(); len(layers) == 0 && isRegularFile(s.CharacterFile()) {
		layers = append(layers, File(s.Name, file))
	}
	return layers
}

// Find returns the file that holds an entry, "" when none does.
func (s Source) Find(section Section, id string) (string, error) {
	for _, file := range s.files(section) {
		data, err := read(file)
		if err != nil {
			return "", err
		}
		has, err := hasEntry(file, data, section, id)
		if err != nil || has {
			return file, err
		}
	}
	return "", nil
}

func isRegularFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Set writes an entry: over the one of that id with force, else behind the
// others of the file that takes new ones. It returns the file.
func (s Source) Set(section Section, id string, entry []byte, force bool) (string, error) {
	file, err := s.Find(section, id)
	if err != nil {
		return "", err
	}
	switch {
	case file != "" && !force:
		return "", &storage.Error{Op: "write", Location: fmt.Sprintf("%s in %s", id, file), Err: storage.ErrExist}
	case file == "" && section == Characters:
		file = s.CharacterFile()
	case file == "":
		file = s.Registry()
	}
	return file, edit(file, func(data []byte) ([]byte, error) {
		return setEntry(file, data, section, id, entry)
	})
}

// Remove takes an entry out of the file that holds it and returns the file, ""
// when none does.
func (s Source) Remove(section Section, id string) (string, error) {
	file, err := s.Find(section, id)
	if err != nil || file == "" {
		return "", err
	}
	return file, edit(file, func(data []byte) ([]byte, error) {
		changed, _, err := removeEntry(file, data, section, id)
		return changed, err
	})
}

// File is a registry file as a layer. Its file system begins at its folder's
// parent, since a workflow_path may be relative to either.
func File(name, file string) registry.Layer {
	root := filepath.Dir(filepath.Dir(file))
	rel, err := filepath.Rel(root, file)
	if err != nil {
		root, rel = filepath.Dir(file), filepath.Base(file)
	}
	return registry.Layer{Name: name, FS: os.DirFS(root), File: filepath.ToSlash(rel), Display: file}
}

// Named are files, or folders with one, that somebody named: further layers of
// the registry, relative to dir.
func Named(dir string, names ...string) ([]registry.Layer, error) {
	var layers []registry.Layer
	for _, name := range names {
		file := name
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		info, err := os.Stat(file)
		if err != nil {
			return nil, &registry.FileError{Path: name, Message: "there is no such registry file or folder", Err: err}
		}
		if info.IsDir() {
			file = firstFile(file, "registry.json", "registry.yaml")
		}
		layers = append(layers, File("flag", file))
	}
	return layers, nil
}

// firstFile is the first of the names that exists in a folder, else the first.
func firstFile(dir string, names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name)
		}
	}
	return filepath.Join(dir, names[0])
}

// readable is what files of a source are made as: they hold no secrets.
func readable() atomicfile.Options { return atomicfile.Options{Mode: 0o644, DirMode: 0o755} }

// Write makes data the content of a file of a source, whatever was there; its
// error is a *storage.Error.
func Write(path string, data []byte) error {
	return failed("write", path, atomicfile.Write(path, data, readable()))
}

// edit changes a file of a source; its errors are those of change, or a
// *storage.Error.
func edit(path string, change func([]byte) ([]byte, error)) error {
	var own error
	err := atomicfile.Edit(path, readable(), func(data []byte) ([]byte, error) {
		var after []byte
		after, own = change(data)
		return after, own
	})
	if own != nil {
		return own
	}
	return failed("write", path, err)
}

func read(path string) ([]byte, error) {
	data, err := atomicfile.Read(path)
	return data, failed("read", path, err)
}

// failed says which file it was, without saying it twice.
func failed(op, path string, err error) error {
	if err == nil {
		return nil
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return &storage.Error{Op: op, Location: path, Err: err}
}
