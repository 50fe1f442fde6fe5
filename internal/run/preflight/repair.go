package preflight

import (
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// ApplyAliases writes the backend's names of models into a graph: what a
// workflow calls one way may lie there under another name. Separators do not
// matter in the names to be replaced.
func ApplyAliases(g *comfy.Graph, aliases map[string]string) {
	if len(aliases) == 0 {
		return
	}
	own := make(map[string]string, len(aliases))
	for name, on := range aliases {
		own[slashes(name)] = on
	}
	for _, id := range g.IDs() {
		n := g.Node(id)
		for _, input := range n.Inputs.Names() {
			if name, ok := n.Inputs.Text(input); ok {
				if on, ok := own[slashes(name)]; ok {
					n.Inputs.SetString(input, on)
				}
			}
		}
	}
}

func slashes(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// repairSeparators writes a file name as the server does when only the
// separators of its folders differ: a\b on a server for Windows, a/b elsewhere.
func repairSeparators(g *comfy.Graph, defs map[string]*comfy.ClassInfo) {
	for _, id := range g.IDs() {
		n := g.Node(id)
		def := defs[n.Class]
		if def == nil {
			continue
		}
		inputs := def.InputsOf(&n.Inputs)
		for i := range inputs {
			in := &inputs[i]
			name, ok := n.Inputs.Text(in.Name)
			if !ok || in.Type != "COMBO" {
				continue
			}
			if same, ok := OtherwiseSpelled(name, in.Choices); ok {
				n.Inputs.SetString(in.Name, same)
			}
		}
	}
}

// OtherwiseSpelled finds the choice that has other separators than name.
func OtherwiseSpelled(name string, choices []string) (string, bool) {
	if !strings.ContainsAny(name, `/\`) || slices.Contains(choices, name) {
		return "", false
	}
	i := slices.IndexFunc(choices, func(c string) bool { return slashes(c) == slashes(name) })
	if i < 0 {
		return "", false
	}
	return choices[i], true
}
