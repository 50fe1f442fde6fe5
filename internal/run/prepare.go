package run

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Prepare resolves a request, reads and checks its input files, and binds
// everything into a copy of the graph. It touches neither network nor store,
// apart from asking whether a fixed output name is free. All problems with
// values are reported together, as *registry.ValuesError.
func (p *Preparation) Prepare(ctx context.Context, req Request) (*Ticket, error) {
	t, err := p.ticket(req)
	if err != nil {
		return nil, err
	}
	if _, err := p.stem(t, 1, ""); err != nil { // a template that does not fit, before files are read
		return nil, err
	}
	names, err := p.readInputs(ctx, t, req.Mask)
	if err != nil {
		return nil, err
	}
	if t.Graph, err = t.call.Bind(names); err != nil {
		return nil, err
	}
	if err := p.attach(ctx, t, req.Recorded); err != nil {
		return nil, err
	}
	if err := t.Graph.Check(); err != nil {
		return nil, &registry.FileError{Path: req.Workflow.Path, Message: "the graph cannot run", Err: err}
	}
	setPrefix(t)
	if err := t.nameable(); err != nil {
		return nil, err
	}
	if err := t.strippable(); err != nil {
		return nil, err
	}
	return t, p.reserve(ctx, t)
}

// ticket resolves a request. Its files are not read and its graph is not bound.
func (r *Runner) ticket(req Request) (*Ticket, error) {
	call, args, err := resolve(req)
	if err != nil {
		return nil, err
	}
	t := &Ticket{
		Run:      req.ID,
		PromptID: comfy.NewID(),
		Workflow: req.Workflow.ID,
		Naming:   req.Naming,
		Sidecar:  req.Sidecar,
		Embed:    req.Embed,
		Strip:    req.Strip,
		Format:   req.Format,
		Timeout:  req.Timeout,
		Preview:  req.Preview,
		Member:   req.Member,
		Owned:    req.Owned,
		Warnings: call.Notes,
		Prepared: r.now(),
		call:     call,
	}
	if t.Run == "" {
		t.Run = NewID(t.Prepared)
	}
	if req.Expand != nil {
		if call, err = t.expand(req, args, call); err != nil {
			return nil, err
		}
		t.call, t.Warnings = call, call.Notes
	}
	if t.WorkflowDigest, err = req.Workflow.Digest(); err != nil {
		return nil, err
	}
	if req.Character != nil {
		t.Character = req.Character.ID
	}
	if seed, ok := call.Seed(); ok {
		s := Seed(seed)
		t.Seed = &s
	}
	for _, v := range call.Values {
		if repaint.IsDrawn(v) {
			continue // the mask is in the ticket as it was drawn
		}
		t.Parameters = append(t.Parameters, NamedValue{v.Param.Name, v.JSON})
		if v.Param.Role == registry.RolePrompt {
			fields := map[string]string{"prompt": text(v.JSON)}
			maps.Copy(fields, t.Naming.Fields)
			t.Naming.Fields = fields
		}
	}
	for _, s := range call.Sets {
		t.Explicit = append(t.Explicit, Set{s.Target, s.JSON})
	}
	return t, nil
}

// reserve refuses a fixed output name that is taken before anything runs. A
// dry run has no store.
func (r *Runner) reserve(ctx context.Context, t *Ticket) error {
	if r.Store == nil || t.Naming.Fixed == "" || t.Naming.Force {
		return nil
	}
	if _, err := r.Store.Stat(ctx, t.Naming.Fixed); err == nil {
		return &storage.Error{Op: "write", Location: r.Store.Location(t.Naming.Fixed), Err: storage.ErrExist}
	}
	return nil
}

// savesFiles reports whether a node writes files under a prefix.
func savesFiles(n *comfy.Node) bool {
	_, ok := n.Inputs.Text("filename_prefix")
	return ok
}

// setPrefix gives each run a folder of its own on the server: a saving node
// lists its whole folder each time, so one shared folder makes every run
// slower than the last, and counters of several servers cannot meet in it.
func setPrefix(t *Ticket) {
	explicit := map[string]bool{}
	for _, s := range t.call.Sets {
		for _, target := range s.Targets {
			explicit[target.String()] = true
		}
	}
	for _, id := range t.Graph.IDs() {
		n := t.Graph.Node(id)
		if savesFiles(n) && !explicit[id+".filename_prefix"] {
			n.Inputs.SetString("filename_prefix", fmt.Sprintf("easel/%s/%s", t.Run, storage.SafeName(t.Workflow)))
		}
	}
}

// text is the string in a value, or its JSON.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
