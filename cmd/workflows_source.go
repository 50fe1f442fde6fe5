package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A source is one place where people keep workflows and characters of their
// own: the user's, or the project's (INTERFACE section 7).
type source struct {
	name       string   // "user" or "project"
	registries []string // files that may hold workflows; the first that exists takes new ones
}

func (a *app) source(project bool) (source, error) {
	if project {
		s := source{name: "project"}
		for _, name := range projectRegistries() {
			s.registries = append(s.registries, filepath.Join(a.dir, filepath.FromSlash(name)))
		}
		return s, nil
	}
	cfg, err := a.config()
	if err != nil {
		return source{}, err
	}
	s := source{name: "user"}
	for _, name := range []string{"registry.json", "registry.yaml"} {
		s.registries = append(s.registries, filepath.Join(cfg.ConfigDir, "workflows", name))
	}
	return s, nil
}

// main is the registry file that takes new workflows.
func (s source) main() string {
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

// characters is the file beside the registry that takes new characters.
func (s source) characters() string {
	return firstFile(filepath.Dir(s.main()), characterFiles()...)
}

// files lists the files of the source that exist and may hold a section.
func (s source) files(section registry.Section) []string {
	var found []string
	for _, file := range s.registries {
		candidates := []string{file}
		if section == registry.Characters {
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

// layers are what the source adds to the registry. A characters file may stand
// without a registry file.
func (s source) layers() []registry.Layer {
	var layers []registry.Layer
	for _, file := range s.registries {
		if isRegularFile(file) {
			layers = append(layers, fileLayer(s.name, file))
		}
	}
	if file := s.main(); len(layers) == 0 && isRegularFile(s.characters()) {
		layers = append(layers, fileLayer(s.name, file))
	}
	return layers
}

// find returns the file that holds an entry, "" when none does.
func (s source) find(section registry.Section, id string) (string, error) {
	for _, file := range s.files(section) {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", &storage.Error{Op: "read", Location: file, Err: reasonOf(err)}
		}
		has, err := registry.HasEntry(file, data, section, id)
		if err != nil || has {
			return file, err
		}
	}
	return "", nil
}

// notThere says why an entry cannot be removed from a source: it is in another
// one, or nowhere.
func (a *app) notThere(src source, what, id string, layer func(*registry.Registry) (string, error)) error {
	reg, err := a.registry()
	if err != nil {
		return err
	}
	from, err := layer(reg)
	if err != nil {
		return err
	}
	hint := "it is from " + from
	switch from {
	case "project":
		hint = "it is the project's: add --project"
	case "user":
		hint = "it is the user's: leave --project out"
	case "built-in":
		hint = "it is built in; an entry of your own with this id takes its place"
	}
	return &invalidError{fmt.Sprintf("the %s's registry has no %s %q", src.name, what, id), hint}
}

func isRegularFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// set writes an entry: over the one of that id with force, else behind the
// others of the file that takes new ones. It returns the file.
func (s source) set(section registry.Section, id string, entry []byte, force bool) (string, error) {
	file, err := s.find(section, id)
	if err != nil {
		return "", err
	}
	switch {
	case file != "" && !force:
		return "", &storage.Error{Op: "write", Location: fmt.Sprintf("%s in %s", id, file), Err: storage.ErrExist}
	case file == "" && section == registry.Characters:
		file = s.characters()
	case file == "":
		file = s.main()
	}
	return file, editFile(file, func(data []byte) ([]byte, error) {
		return registry.SetEntry(file, data, section, id, entry)
	})
}

// remove takes an entry out of the file that holds it and returns the file, ""
// when none does.
func (s source) remove(section registry.Section, id string) (string, error) {
	file, err := s.find(section, id)
	if err != nil || file == "" {
		return "", err
	}
	return file, editFile(file, func(data []byte) ([]byte, error) {
		changed, _, err := registry.RemoveEntry(file, data, section, id)
		return changed, err
	})
}

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
