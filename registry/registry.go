package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A Layer is one source of workflows and characters: a registry file, and a
// characters file (characters.json, .yaml or .yml) beside it.
type Layer struct {
	Name    string // "built-in", "user", "project", "flag"
	FS      fs.FS
	File    string // registry file within FS; it may be missing when the characters file is there
	Display string // its path in messages
}

// A Registry is the merged view of all layers. It is safe for concurrent use.
type Registry struct {
	workflows  []*Workflow
	characters []*Character
}

// Load reads the layers in order; a later one replaces whole entries, which
// keep the place of the first. Layers of one name are one source, and an id is
// in a source once, except for "flag": each of those is given by hand. All
// problems of all files are joined, each a
// *FileError. Graphs are read when they are first needed.
func Load(layers ...Layer) (*Registry, error) {
	r := &Registry{}
	var errs []error
	for _, l := range layers {
		f, err := readLayer(l)
		errs = append(errs, err...)
		for _, w := range f.workflows {
			i := slices.IndexFunc(r.workflows, func(o *Workflow) bool { return o.ID == w.ID })
			if i >= 0 {
				errs = append(errs, twice("workflow", w.ID, r.workflows[i].Source, w.Source)...)
			}
			r.workflows = put(r.workflows, i, w)
		}
		for _, c := range f.characters {
			i := slices.IndexFunc(r.characters, func(o *Character) bool { return o.ID == c.ID })
			if i >= 0 {
				errs = append(errs, twice("character", c.ID, r.characters[i].Source, c.Source)...)
			}
			r.characters = put(r.characters, i, c)
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

func put[T any](list []T, i int, t T) []T {
	if i < 0 {
		return append(list, t)
	}
	list[i] = t
	return list
}

func readLayer(l Layer) (layerFile, []error) {
	var f layerFile
	dir := path.Dir(l.File)
	found, errs := readFile(l, l.File, l.Display, &f)
	for _, name := range []string{"characters.json", "characters.yaml", "characters.yml"} {
		file := path.Join(dir, name)
		if file == l.File {
			continue
		}
		also, more := readFile(l, file, strings.TrimSuffix(l.Display, path.Base(l.File))+name, &f)
		found = found || also
		errs = append(errs, more...)
	}
	if !found && len(errs) == 0 {
		errs = append(errs, &FileError{Path: l.Display, Message: "the registry file does not exist", Err: fs.ErrNotExist})
	}
	return f, errs
}

// readFile adds one file to a layer; found is false when it does not exist.
func readFile(l Layer, name, display string, f *layerFile) (found bool, errs []error) {
	data, err := fs.ReadFile(l.FS, name)
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
	d := &decoder{layer: l, display: display, dir: path.Dir(name)}
	decodeObject(d, "", root, fileSections(), &own)
	for _, c := range own.characters {
		if slices.ContainsFunc(f.characters, func(o *Character) bool { return o.ID == c.ID }) {
			_ = d.failAt(0, 0, "character %q is in the registry file too", c.ID)
		}
	}
	f.workflows = append(f.workflows, own.workflows...)
	f.characters = append(f.characters, own.characters...)
	return true, d.problems()
}

// Workflows lists all workflows in file order.
func (r *Registry) Workflows() []*Workflow { return slices.Clone(r.workflows) }

// Workflow finds a workflow by id, or fails with *UnknownWorkflowError.
func (r *Registry) Workflow(id string) (*Workflow, error) {
	ids := make([]string, len(r.workflows))
	for i, w := range r.workflows {
		if w.ID == id {
			return w, nil
		}
		ids[i] = w.ID
	}
	return nil, &UnknownWorkflowError{ID: id, Nearest: comfy.Nearest(id, ids, 3)}
}

// Characters lists all characters in file order.
func (r *Registry) Characters() []*Character { return slices.Clone(r.characters) }

// Character finds a character by id, or fails with *UnknownCharacterError.
func (r *Registry) Character(id string) (*Character, error) {
	ids := make([]string, len(r.characters))
	for i, c := range r.characters {
		if c.ID == id {
			return c, nil
		}
		ids[i] = c.ID
	}
	return nil, &UnknownCharacterError{ID: id, Nearest: comfy.Nearest(id, ids, 3)}
}
