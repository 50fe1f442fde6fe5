package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A Layer is one source of workflows and characters: a registry file, an extras
// file (see extras.go) and a characters file (characters.json, .yaml or .yml)
// beside it.
type Layer struct {
	Name    string // "built-in", "user", "project", "flag"
	FS      fs.FS
	File    string // registry file within FS; it may be missing when the characters file is there
	Display string // its path in messages
}

// A Registry is the merged view of all layers. It is safe for concurrent use.
type Registry struct {
	workflows  entries[*Workflow]
	characters entries[*Character]
}

// entries are found by id and keep the order in which each id came first.
type entries[T any] struct {
	ids  []string
	list []T
	at   map[string]int
}

// put adds an entry, or replaces the one of its id and returns that.
func (e *entries[T]) put(id string, entry T) (replaced T, found bool) {
	if i, ok := e.at[id]; ok {
		replaced, e.list[i] = e.list[i], entry
		return replaced, true
	}
	if e.at == nil {
		e.at = map[string]int{}
	}
	e.at[id] = len(e.list)
	e.ids, e.list = append(e.ids, id), append(e.list, entry)
	return replaced, false
}

// get finds an entry, else the ids that were probably meant.
func (e *entries[T]) get(id string) (entry T, near []string) {
	if i, ok := e.at[id]; ok {
		return e.list[i], nil
	}
	return entry, nearest.To(id, e.ids, 3)
}

// Load reads the layers in order; a later one replaces whole entries, which
// keep the place of the first. Layers of one name are one source, and an id is
// in a source once, except for "flag": each of those is given by hand. All
// problems of all files are joined, each a *FileError. Graphs are read when
// they are first needed.
func Load(layers ...Layer) (*Registry, error) {
	r := &Registry{}
	var errs []error
	for _, l := range layers {
		f, err := readLayer(l)
		errs = append(errs, err...)
		for _, w := range f.workflows {
			if old, found := r.workflows.put(w.ID, w); found {
				errs = append(errs, twice("workflow", w.ID, old.Source, w.Source)...)
			}
		}
		for _, c := range f.characters {
			if old, found := r.characters.put(c.ID, c); found {
				errs = append(errs, twice("character", c.ID, old.Source, c.Source)...)
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

// twice refuses an id that two files of one source have.
func twice(what, id string, first, second Source) []error {
	if first.Layer != second.Layer || first.Layer == "flag" || first.Path == second.Path {
		return nil
	}
	return []error{&FileError{
		Path: second.Path, Message: fmt.Sprintf("%s %q is in %s too", what, id, first.Path),
		Hint: "keep one of the two, or give one another id",
	}}
}

func readLayer(l Layer) (layerFile, []error) {
	var f layerFile
	dir := path.Dir(l.File)
	found, errs := readFile(l, l.File, l.Display, &f, nil)
	if found {
		errs = append(errs, readExtras(l, &f)...)
	}
	for _, name := range []string{"characters.json", "characters.yaml", "characters.yml"} {
		file := path.Join(dir, name)
		if file == l.File {
			continue
		}
		also, more := readFile(l, file, strings.TrimSuffix(l.Display, path.Base(l.File))+name, &f, nil)
		found = found || also
		errs = append(errs, more...)
	}
	if !found && len(errs) == 0 {
		errs = append(errs, &FileError{Path: l.Display, Message: "the registry file does not exist", Err: fs.ErrNotExist})
	}
	return f, errs
}

// readFile adds one file to a layer; found is false when it does not exist. base
// holds the workflows that an extras file may add to.
func readFile(l Layer, name, display string, f *layerFile, base map[string]*Workflow) (found bool, errs []error) {
	data, err := readRegular(l.FS, name, textdoc.MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return true, []error{&FileError{Path: display, Message: fmt.Sprintf("reading the registry: %v", err), Err: err}}
	}
	root, fe := parseDocument(name, data)
	if fe != nil {
		fe.Path = display
		return true, []error{fe}
	}
	var own layerFile
	d := &decoder{layer: l, display: display, dir: path.Dir(name), base: base}
	decodeObject(d, "", root, fileSections(), &own)
	before := map[string]bool{}
	for _, c := range f.characters {
		before[c.ID] = true
	}
	for _, c := range own.characters {
		if before[c.ID] {
			_ = d.failAt(0, 0, "character %q is in the registry file too", c.ID)
		}
	}
	f.workflows = append(f.workflows, own.workflows...)
	f.characters = append(f.characters, own.characters...)
	return true, d.problems()
}

// readRegular reads a file of at most limit bytes. What is no file, a pipe or a
// device, is refused unread.
func readRegular(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	case info.Size() > limit:
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	}
	return fs.ReadFile(fsys, name)
}

// Workflows lists all workflows in file order.
func (r *Registry) Workflows() []*Workflow { return slices.Clone(r.workflows.list) }

// Workflow finds a workflow by id, or fails with *UnknownWorkflowError.
func (r *Registry) Workflow(id string) (*Workflow, error) {
	w, nearest := r.workflows.get(id)
	if w == nil {
		return nil, &UnknownWorkflowError{ID: id, Nearest: nearest}
	}
	return w, nil
}

// Characters lists all characters in file order.
func (r *Registry) Characters() []*Character { return slices.Clone(r.characters.list) }

// Character finds a character by id, or fails with *UnknownCharacterError.
func (r *Registry) Character(id string) (*Character, error) {
	c, nearest := r.characters.get(id)
	if c == nil {
		return nil, &UnknownCharacterError{ID: id, Nearest: nearest}
	}
	return c, nil
}
