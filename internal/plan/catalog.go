package plan

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Catalog is what orders are resolved against. It is safe for concurrent use.
type Catalog struct {
	// Registry is asked when an order names a workflow or a character.
	Registry func() (*registry.Registry, error)
	// Preset finds the order that has a name.
	Preset func(name string) (Order, error)
	// Dir is what relative names of graph files are relative to.
	Dir string
	// Graph reads the graph of what IsGraphFile knows. Nil reads files below Dir,
	// without node definitions.
	Graph func(name string) (*graphfile.File, error)
	// Wildcards are the folders where dynamic prompts find their choices.
	Wildcards func() (Wildcards, error)

	mu    sync.Mutex
	known map[string]*registry.Workflow // of files and graphs
}

// Find is the order that a word stands for: @PRESET, a file that holds a graph,
// or the id of a workflow.
func (c *Catalog) Find(word string) (Order, error) {
	if name, ok := strings.CutPrefix(word, "@"); ok {
		return c.Preset(name)
	}
	if IsGraphFile(word) && !c.isID(word) {
		return Order{File: word}, nil
	}
	return Order{Workflow: word}, nil
}

// isID reports whether a word is the id of a workflow although it looks like a
// file: flux.1. A registry that cannot be read is no reason not to run a file.
func (c *Catalog) isID(word string) bool {
	if strings.ContainsAny(word, `/\`) || word == "-" {
		return false
	}
	reg, err := c.Registry()
	if err != nil {
		return false
	}
	_, err = reg.Workflow(word)
	return err == nil
}

// Workflow is the workflow of an order.
func (c *Catalog) Workflow(o Order) (*registry.Workflow, error) {
	switch {
	case len(o.Graph) > 0:
		return c.remember("graph "+o.Workflow+"\n"+string(o.Graph), func() (*registry.Workflow, error) {
			g, err := comfy.ParseGraph(o.Graph)
			if err != nil {
				return nil, err
			}
			wf, _, err := registry.Draft(g, registry.DraftOptions{ID: o.Workflow, KeepFiles: true})
			return wf, err
		})
	case o.File != "":
		return c.remember("file "+o.File, func() (*registry.Workflow, error) {
			read := c.Graph
			if read == nil {
				read = func(name string) (*graphfile.File, error) { return ReadGraphFile(context.Background(), c.Dir, name) }
			}
			f, err := read(o.File)
			if err != nil {
				return nil, err
			}
			return DraftFile(f)
		})
	}
	reg, err := c.Registry()
	if err != nil {
		return nil, err
	}
	return reg.Workflow(o.Workflow)
}

// remember makes a workflow once, so that all runs of an order share it.
func (c *Catalog) remember(key string, draft func() (*registry.Workflow, error)) (*registry.Workflow, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wf, ok := c.known[key]; ok {
		return wf, nil
	}
	wf, err := draft()
	if err != nil {
		return nil, err
	}
	if c.known == nil || len(c.known) >= maxKnown {
		c.known = map[string]*registry.Workflow{}
	}
	c.known[key] = wf
	return wf, nil
}

// maxKnown bounds the graphs that a catalog keeps.
const maxKnown = 64

// Resolve makes of an order for one run what the engine takes. Its files must
// have their parameters already, as Expand leaves them.
func (c *Catalog) Resolve(o Order) (run.Request, error) {
	wf, err := c.Workflow(o)
	if err != nil {
		return run.Request{}, err
	}
	req := run.Request{
		ID: o.ID, Workflow: wf, Args: o.args(), Mask: o.Mask.Spec(), Recorded: o.Recorded, Timeout: o.Timeout,
		Naming: o.Naming, Sidecar: o.Provenance.Sidecar(), Embed: o.Provenance.Embedded(), Format: o.Format, Strip: o.Strip,
	}
	if o.Character != "" {
		reg, err := c.Registry()
		if err != nil {
			return run.Request{}, err
		}
		if req.Character, err = reg.Character(o.Character); err != nil {
			return run.Request{}, err
		}
	}
	if o.Dynamic {
		w, err := c.Wildcards()
		if err != nil {
			return run.Request{}, err
		}
		req.Expand = func(text string, seed uint64) (string, error) { return registry.ExpandDynamic(text, seed, w.Lines) }
	}
	return req, nil
}

// ParameterNames are the names of parameters that any workflow has.
func ParameterNames(reg *registry.Registry) []string {
	var names []string
	for _, wf := range reg.Workflows() {
		params, err := wf.Parameters()
		if err != nil {
			continue // it has none that could be given
		}
		for _, p := range params {
			if !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}
