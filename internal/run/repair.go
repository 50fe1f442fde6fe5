package run

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A localGraph is a graph in the words of one runner's backend.
type localGraph struct {
	runner *Runner
	graph  *comfy.Graph
}

// localGraph is the copy of a run's graph that this backend gets: with its own
// names of models, each replaced once, since a name may be both an alias and what
// another one stands for. What the preflight repairs stays in the copy.
func (r *Runner) localGraph(t *Ticket) *comfy.Graph {
	if t.local.runner != r {
		t.local = localGraph{r, t.Graph.Clone()}
		applyAliases(t.local.graph, r.Aliases)
	}
	return t.local.graph
}

// applyAliases writes the backend's names of models into a graph: what a
// workflow calls one way may lie there under another name. Separators do not
// matter in the names to be replaced.
func applyAliases(g *comfy.Graph, aliases map[string]string) {
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
			if same, ok := otherwiseSpelled(name, in.Choices); ok {
				n.Inputs.SetString(in.Name, same)
			}
		}
	}
}

// otherwiseSpelled finds the choice that has other separators than name.
func otherwiseSpelled(name string, choices []string) (string, bool) {
	if !strings.ContainsAny(name, `/\`) || slices.Contains(choices, name) {
		return "", false
	}
	i := slices.IndexFunc(choices, func(c string) bool { return slashes(c) == slashes(name) })
	if i < 0 {
		return "", false
	}
	return choices[i], true
}

// repairRejected repairs a graph that the server refused for nothing but
// separators and the range of a seed that easel drew: it reports whether another
// try makes sense.
func (r *Runner) repairRejected(ctx context.Context, t *Ticket, err error) bool {
	var invalid *comfy.ValidationError
	if !errors.As(err, &invalid) || len(invalid.Nodes) == 0 {
		return false
	}
	repaired := map[comfy.Target]string{}
	limits := map[comfy.Target]comfy.NodeProblem{}
	for _, np := range invalid.Nodes {
		if t.rejectsSeed(np) {
			limits[comfy.Target{Node: np.Node, Input: np.Input}] = np
			continue
		}
		if np.Type != "value_not_in_list" || !strings.ContainsAny(np.Received, `/\`) {
			return false
		}
		choices := np.Choices
		if len(choices) == 0 {
			choices = r.liveChoices(ctx, np)
		}
		same, ok := otherwiseSpelled(np.Received, choices)
		if !ok || r.localGraph(t).Node(np.Node) == nil {
			return false
		}
		repaired[comfy.Target{Node: np.Node, Input: np.Input}] = same
	}
	if len(limits) > 0 && !t.fitSeed(func(target comfy.Target) (low, high string) {
		return limits[target].Min, limits[target].Max
	}) {
		return false
	}
	for target, name := range repaired {
		r.localGraph(t).Node(target.Node).Inputs.SetString(target.Input, name)
	}
	return true
}
