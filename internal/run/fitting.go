package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
)

// RejectedError means that the backend refused the graph, or would refuse it.
type RejectedError = preflight.RejectedError

// Preflight compares prepared runs with the node definitions of the backend
// and fails with one *RejectedError that names all problems, before anything
// is uploaded. Names of models that the backend only spells differently, by an
// alias or with another path separator, are written into what is submitted: the
// tickets keep the names of the workflow.
func (r *Runner) Preflight(ctx context.Context, tickets ...*Ticket) error {
	subjects := make([]preflight.Subject, len(tickets))
	for i, t := range tickets {
		subjects[i] = r.subject(t)
	}
	return r.checker().Check(ctx, subjects...)
}

// FitSeeds takes seeds that easel drew into the range that their nodes have by the
// definitions that are kept of the backend. Nobody is asked: what is not kept
// limits nothing.
func (r *Runner) FitSeeds(tickets ...*Ticket) {
	for _, t := range tickets {
		defs := map[string]*comfy.ClassInfo{}
		for _, id := range t.Graph.IDs() {
			class := t.Graph.Node(id).Class
			defs[class], _ = r.Definitions.Kept(class)
		}
		t.fitSeedTo(defs)
	}
}

func (r *Runner) checker() preflight.Checker {
	return preflight.Checker{Backend: r.Backend, Address: r.Address, Cache: r.Definitions, Models: r.Models}
}

func (r *Runner) subject(t *Ticket) preflight.Subject {
	s := preflight.Subject{Workflow: t.Workflow, Call: t.call, Graph: r.localGraph(t), Fit: t.fitSeedTo}
	s.Replace = func(at comfy.Target, model string) { t.useModel(r.localGraph(t), at, model) }
	if t.call != nil {
		s.Entry = t.call.Workflow
	}
	for _, f := range t.Files {
		s.Uploads = append(s.Uploads, f.Targets...)
	}
	return s
}

// explain turns the backend's words into the user's.
func (r *Runner) explain(ctx context.Context, t *Ticket, err error) error {
	var invalid *comfy.ValidationError
	if errors.As(err, &invalid) {
		return r.checker().Explain(ctx, r.subject(t), invalid)
	}
	var node *comfy.NodeError
	if errors.As(err, &node) {
		e := &FailedError{Err: node}
		if t.call != nil {
			e.Parameter = soleParameter(t, node.Node)
		}
		return e
	}
	return err
}

// soleParameter names the parameter that lands in a node, if it is the only one.
func soleParameter(t *Ticket, node string) string {
	found := ""
	n := t.Graph.Node(node)
	if n == nil {
		return ""
	}
	for _, input := range n.Inputs.Names() {
		p, ok := t.call.Explain(node, input)
		if !ok {
			continue
		}
		if found != "" && found != p.Name {
			return ""
		}
		found = p.Name
	}
	return found
}

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
		preflight.ApplyAliases(t.local.graph, r.Aliases)
	}
	return t.local.graph
}

// useModel puts a default model in place of the workflow's own, into the ticket
// and into the graph that the backend gets.
func (t *Ticket) useModel(local *comfy.Graph, at comfy.Target, model string) {
	own, _ := t.Graph.Node(at.Node).Inputs.Text(at.Input)
	for _, g := range []*comfy.Graph{t.Graph, local} {
		g.Node(at.Node).Inputs.SetString(at.Input, model)
	}
	if p, ok := t.call.Explain(at.Node, at.Input); ok {
		i := slices.IndexFunc(t.Parameters, func(v NamedValue) bool { return v.Name == p.Name })
		if i < 0 {
			t.Parameters = append(t.Parameters, NamedValue{Name: p.Name})
			i = len(t.Parameters) - 1
		}
		t.Parameters[i].JSON = comfy.RawString(model)
	}
	t.warn(fmt.Sprintf("the backend does not have %s: the default model %s is used instead", own, model))
}

// repairRejected repairs a graph that the server refused for nothing but
// separators, the range of a seed that easel drew, and models for which there is a
// default: it reports whether another
// try makes sense.
func (r *Runner) repairRejected(ctx context.Context, t *Ticket, err error) bool {
	var invalid *comfy.ValidationError
	if !errors.As(err, &invalid) || len(invalid.Nodes) == 0 {
		return false
	}
	repaired := map[comfy.Target]string{}
	defaults := map[comfy.Target]string{}
	limits := map[comfy.Target]comfy.NodeProblem{}
	for _, np := range invalid.Nodes {
		if t.rejectsSeed(np) {
			limits[comfy.Target{Node: np.Node, Input: np.Input}] = np
			continue
		}
		at := comfy.Target{Node: np.Node, Input: np.Input}
		if np.Type != "value_not_in_list" || r.Models == nil && !strings.ContainsAny(np.Received, `/\`) {
			return false
		}
		choices := np.Choices
		if len(choices) == 0 {
			choices = r.checker().Choices(ctx, np)
		}
		if name, ok := r.checker().Default(r.subject(t), np, choices); ok {
			defaults[at] = name
			continue
		}
		same, ok := preflight.OtherwiseSpelled(np.Received, choices)
		if !ok || r.localGraph(t).Node(np.Node) == nil {
			return false
		}
		repaired[at] = same
	}
	if len(limits) > 0 && !t.fitSeed(func(target comfy.Target) (low, high string) {
		return limits[target].Min, limits[target].Max
	}) {
		return false
	}
	for target, name := range defaults {
		t.useModel(r.localGraph(t), target, name)
	}
	for target, name := range repaired {
		r.localGraph(t).Node(target.Node).Inputs.SetString(target.Input, name)
	}
	return true
}
