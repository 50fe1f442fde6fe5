package cmd

import (
	"fmt"
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
		data, err := readExisting(file)
		if err != nil {
			return "", err
		}
		has, err := registry.HasEntry(file, data, section, id)
		if err != nil || has {
			return file, err
		}
	}
	return "", nil
}

// removeEntry takes an entry out of the user's files, or the project's, and
// returns the file that held it. One that is in another source, or nowhere, is
// an error that says so.
func (a *app) removeEntry(section registry.Section, id string, project bool) (string, error) {
	src, err := a.source(project)
	if err != nil {
		return "", err
	}
	file, err := src.remove(section, id)
	if err != nil || file != "" {
		return file, err
	}
	reg, err := a.registry()
	if err != nil {
		return "", err
	}
	from, err := layerOf(reg, section, id)
	if err != nil {
		return "", err
	}
	what := "workflow"
	if section == registry.Characters {
		what = "character"
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
	return "", &invalidError{fmt.Sprintf("the %s's registry has no %s %q", src.name, what, id), hint}
}

// layerOf names the source that an entry comes from.
func layerOf(reg *registry.Registry, section registry.Section, id string) (string, error) {
	if section == registry.Characters {
		c, err := reg.Character(id)
		if err != nil {
			return "", err
		}
		return c.Source.Layer, nil
	}
	wf, err := reg.Workflow(id)
	if err != nil {
		return "", err
	}
	return wf.Source.Layer, nil
}

// printRemoved says what is gone, and from where.
func (a *app) printRemoved(id, file string) error {
	a.note("removed %s from %s", id, file)
	if !a.global.json {
		return nil
	}
	return a.printJSON(map[string]string{"id": id, "file": file})
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
