package preflight

import (
	"encoding/json"
	"iter"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Files are the models that a workflow loads with its defaults, and whether a backend
// has each: those that its entry lists, then those that only stand in its graph or as
// the default of a parameter. A nil survey knows nothing.
func (s *Survey) Files(wf *registry.Workflow) iter.Seq2[registry.Model, string] {
	return func(yield func(registry.Model, string) bool) {
		bound, _, err := Sample(wf)
		if err != nil {
			bound = nil // the entry's own check says why
		}
		graphs := graphsOf(wf, bound)
		for _, m := range modelsOf(wf, bound) {
			if !yield(m, s.model(graphs, m)) {
				return
			}
		}
	}
}

// modelsOf are the files of an entry, then those that only stand in its bound graph,
// if there is one.
func modelsOf(wf *registry.Workflow, g *comfy.Graph) []registry.Model {
	models := slices.Clone(wf.Models)
	if g == nil {
		return models
	}
	for _, id := range g.IDs() {
		n := g.Node(id)
		for _, name := range n.Inputs.Names() {
			file, ok := n.Inputs.Text(name)
			folder := registry.ModelFolder(n.Class, name)
			if !ok || folder == "" || !looksLikeModel(file) || names(models, file) {
				continue
			}
			models = append(models, registry.Model{Folder: folder, File: file})
		}
	}
	return models
}

func names(models []registry.Model, file string) bool {
	return slices.ContainsFunc(models, func(m registry.Model) bool { return slashes(m.File) == slashes(file) })
}

// Whether a backend has a model file.
const (
	ModelThere   = "there"
	ModelMissing = "missing"
	ModelUnknown = "unknown" // no node that the backend has loads it, or the backend does not tell
)

// Model says whether a backend has a file that a workflow loads: by the lists of
// the nodes that load it. A nil survey knows nothing.
func (s *Survey) Model(wf *registry.Workflow, m registry.Model) string {
	bound, _, err := Sample(wf)
	if err != nil {
		bound = nil
	}
	return s.model(graphsOf(wf, bound), m)
}

// graphsOf are the graph of a workflow, and bound, which has the defaults of
// parameters, if there is one. None is there when the graph cannot be read.
func graphsOf(wf *registry.Workflow, bound *comfy.Graph) []*comfy.Graph {
	own, err := wf.Graph()
	switch {
	case err != nil:
		return nil
	case bound == nil:
		return []*comfy.Graph{own}
	}
	return []*comfy.Graph{own, bound}
}

func (s *Survey) model(graphs []*comfy.Graph, m registry.Model) string {
	state := ModelUnknown
	if s == nil {
		return state
	}
	file := m.File
	for name, on := range s.aliases {
		if slashes(name) == slashes(m.File) {
			file = on
		}
	}
	for _, g := range graphs {
		for _, id := range g.IDs() {
			n := g.Node(id)
			def := s.defs[n.Class]
			if def == nil {
				continue
			}
			for _, in := range def.InputsOf(&n.Inputs) {
				if text, ok := n.Inputs.Text(in.Name); !ok || slashes(text) != slashes(m.File) || len(in.Values) == 0 {
					continue
				}
				if !offers(in.Values, file) {
					return ModelMissing
				}
				state = ModelThere
			}
		}
	}
	return state
}

// offers reports whether a list of choices has a file, whatever separators it uses.
func offers(values []json.RawMessage, file string) bool {
	return slices.ContainsFunc(values, func(v json.RawMessage) bool {
		var name string
		return json.Unmarshal(v, &name) == nil && slashes(name) == slashes(file)
	})
}
