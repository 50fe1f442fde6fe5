package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A key with the scope generate runs workflows as their entries offer them: what no
// parameter stands for, as the file that a node loads from the folder of a ComfyUI
// that all keys share, is for the scope graphs.

// reach turns the name of a graph input, "12.steps", into that of the parameter that
// stands for it, so that its range is checked and its file is looked up. Without one
// the input needs the scope graphs.
func reach(ctx context.Context, wf *registry.Workflow, name string) (string, error) {
	p, ok := wf.Addressed(name)
	if !ok || may(ctx, jobs.ScopeGraphs) == nil {
		return name, nil
	}
	if p == nil {
		return "", outside(name, fmt.Sprintf("Graph input '%s' is no parameter of the workflow", name))
	}
	return p.Name, nil
}

// reachAll is reach for each of a request's values.
func reachAll(ctx context.Context, wf *registry.Workflow, values []registry.NamedValue) error {
	for i := range values {
		name, err := reach(ctx, wf, values[i].Name)
		if err != nil {
			return err
		}
		values[i].Name = name
	}
	return nil
}

// outside is the answer about a graph input that a key may not set.
func outside(field, message string) error {
	return &statusError{
		Status: http.StatusForbidden, Code: "scope", Detail: message, Hint: "a key with the scope graphs may set any input of a graph",
		Errors: []fieldError{{Field: field, Message: message}},
	}
}

// within holds a bound graph against its workflow, for a key that may run workflows
// only: it has the same nodes and links, and other values only where parameters of the
// workflow land, within their ranges, and only files that came with it.
func (s *Server) within(ctx context.Context, g *comfy.Graph, id string, files []graphFile) error {
	wf, err := s.workflow(id)
	if err != nil {
		return may(ctx, jobs.ScopeGraphs)
	}
	own := likeOf(wf, g)
	if own == nil {
		return outside("graph", "The graph is not that of the workflow "+id)
	}
	c := crossing{workflow: wf, files: files, given: map[string]json.RawMessage{}}
	for _, id := range own.IDs() {
		if err := c.node(id, own.Node(id), g.Node(id)); err != nil {
			return err
		}
	}
	for _, f := range files {
		for _, t := range f.Targets {
			if p, _ := wf.Lands(t); p == nil || !p.Type.File() {
				return outside("files", "Graph input '"+t.String()+"' takes no file of a parameter")
			}
		}
	}
	if err := c.check(); err != nil {
		return err
	}
	return s.checkPixels(wf, func(p *registry.Parameter) (value json.RawMessage) {
		for _, t := range p.Targets {
			if n := g.Node(t.Node); n != nil {
				value, _ = n.Inputs.Get(t.Input)
			}
		}
		return value
	})
}

// likeOf is the workflow's graph as its file has it, or as a run without any value
// binds it, whichever has the nodes and links of g; nil when neither has.
func likeOf(wf *registry.Workflow, g *comfy.Graph) *comfy.Graph {
	own, err := wf.Graph()
	if err != nil {
		return nil
	}
	if sameShape(own, g) {
		return own
	}
	if bound, _, err := preflight.Sample(wf); err == nil && sameShape(bound, g) {
		return bound
	}
	return nil
}

// crossing are the values of a graph that differ from its workflow's.
type crossing struct {
	workflow *registry.Workflow
	files    []graphFile
	given    map[string]json.RawMessage // by parameter
}

func (c *crossing) node(id string, own, n *comfy.Node) error {
	names := own.Inputs.Names()
	for _, name := range n.Inputs.Names() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if _, ok := own.Inputs.Link(name); ok {
			continue // the same one, as the shape says
		}
		before, _ := own.Inputs.Get(name)
		now, there := n.Inputs.Get(name)
		if !there || sameValue(before, now) {
			continue
		}
		if err := c.value(comfy.Target{Node: id, Input: name}, now); err != nil {
			return err
		}
	}
	return nil
}

// value takes one that differs.
func (c *crossing) value(t comfy.Target, now json.RawMessage) error {
	var text string
	isText := json.Unmarshal(now, &text) == nil
	if t.Input == "filename_prefix" && isText && strings.HasPrefix(text, "easel/") && path.Clean(text) == text {
		return nil // the folder of the run, which its client chooses
	}
	p, plain := c.workflow.Lands(t)
	switch {
	case p == nil:
		return outside("graph", "Graph input '"+t.String()+"' is no parameter of the workflow")
	case p.Type.File():
		came := func(f graphFile) bool { return isText && f.Name == text && slices.Contains(f.Targets, t) }
		if !slices.ContainsFunc(c.files, came) {
			return outside("graph", "Graph input '"+t.String()+"' names a file that did not come with the graph")
		}
		c.given[p.Name] = json.RawMessage(`"stand-in"`)
	case !plain: // what was typed is not known any more
	case c.given[p.Name] != nil && !sameValue(c.given[p.Name], now):
		return outside("graph", "Graph input '"+t.String()+"' has another value than the parameter "+p.Name+" has elsewhere")
	default:
		c.given[p.Name] = now
	}
	return nil
}

// check resolves what was given, and fails with what the workflow says of it.
func (c *crossing) check() error {
	var args []registry.Arg
	for name, value := range c.given {
		args = append(args, registry.Arg{Name: name, JSON: value, Origin: registry.FromParams})
	}
	_, err := c.workflow.Resolve(args, registry.ResolveOptions{})
	values, ok := errors.AsType[*registry.ValuesError](err)
	if !ok {
		return err
	}
	var wrong []registry.Problem // what else a run needs is in the graph already
	for _, p := range values.Problems {
		if c.given[p.Parameter] != nil {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) > 0 {
		return &registry.ValuesError{Workflow: values.Workflow, Problems: wrong}
	}
	return nil
}

// sameValue compares values as a server reads them: however they are spaced, whatever
// separators the names of files have, and 1.0 is 1.
func sameValue(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return false
	}
	if bytes.Equal(x.Bytes(), y.Bytes()) {
		return true
	}
	var one, other string
	if json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil {
		return strings.ReplaceAll(one, `\`, "/") == strings.ReplaceAll(other, `\`, "/")
	}
	var n, m float64
	return json.Unmarshal(a, &n) == nil && json.Unmarshal(b, &m) == nil && n == m && math.Abs(n) < 1<<53
}
