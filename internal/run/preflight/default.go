package preflight

import (
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// own reports whether a value that a server refuses is the workflow's own model:
// nobody gave it, by a parameter or by its address.
func (s Subject) own(np comfy.NodeProblem) bool {
	if s.Call == nil || !looksLikeModel(np.Received) || s.Graph.Node(np.Node) == nil {
		return false
	}
	if _, set := s.Call.SetAt(np.Node, np.Input); set {
		return false
	}
	p, ok := s.Call.Explain(np.Node, np.Input)
	if !ok {
		return true
	}
	v, given := s.Call.Value(p.Name)
	return p.Type == registry.TypeModel && (!given || v.Origin <= registry.FromDefault)
}

// takes counts the models of a folder that the graph loads.
func (s Subject) takes(folder string) (n int) {
	for _, id := range s.Graph.IDs() {
		node := s.Graph.Node(id)
		for _, input := range node.Inputs.Names() {
			if _, literal := node.Inputs.Text(input); literal && registry.ModelFolder(node.Class, input) == folder {
				n++
			}
		}
	}
	return n
}

// Default is the model that Models names in place of a workflow's own, which the
// server does not have, as that server spells it. There is none where it is not
// among the server's choices either, and where the graph loads several models of
// that folder, which would all become the same.
func (c Checker) Default(s Subject, np comfy.NodeProblem, choices []string) (name string, ok bool) {
	folder := registry.ModelFolder(np.Class, np.Input)
	if c.Models == nil || folder == "" || np.Type != "value_not_in_list" || !s.own(np) || s.takes(folder) != 1 {
		return "", false
	}
	if name = c.Models(folder); slices.Contains(choices, name) {
		return name, true
	}
	return OtherwiseSpelled(name, choices)
}

// useDefaults puts default models into a subject where definitions of the
// backend lack the workflow's own.
func (c Checker) useDefaults(s Subject, defs map[string]*comfy.ClassInfo) {
	if c.Models == nil || s.Replace == nil {
		return
	}
	for _, np := range s.inspect(defs) {
		choices := np.Choices
		if def := defs[np.Class]; len(choices) == 0 && def != nil {
			if in := def.Input(np.Input); in != nil {
				choices = in.Choices
			}
		}
		if name, ok := c.Default(s, np, choices); ok {
			s.Replace(comfy.Target{Node: np.Node, Input: np.Input}, name)
		}
	}
}
