package provenance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Repetition is what is run again: a recorded run, or a graph that another
// program wrote into a file.
type Repetition struct {
	Record *run.Record // nil for another program's graph
	Note   string      // what the user should know about the graph that runs

	word     string       // what the user named
	id       string       // what the run is called
	graph    *comfy.Graph // as it ran; nil when only the record is left
	bare     bool         // the graph runs, and not the registry's workflow
	order    plan.Order
	unlinked []plan.Value // seeds of the graph beside its first one
	folder   string       // where the result was stored, absolute; "" = in a store that is no folder
	dir      string       // what relative names are relative to
}

// Find looks for what made a file, or for a run of the history, and how to make
// it again: on the registry's workflow when that is as it was, else by the
// recorded graph.
func (f *Finder) Find(ctx context.Context, word string, reg func() (*registry.Registry, error)) (*Repetition, error) {
	rep, err := f.recorded(ctx, word)
	if err != nil {
		return nil, err
	}
	rep.word, rep.dir = word, f.Dir
	if rep.Record == nil {
		return rep, rep.useGraph()
	}
	known, err := reg()
	if err != nil {
		return nil, err
	}
	wf, character, changed := rep.sameWorkflow(known)
	if changed != "" {
		rep.Note = changed + ": the recorded graph runs as it is"
		return rep, rep.useGraph()
	}
	rep.order = plan.Order{Workflow: wf.ID, Character: rep.Record.Character, Values: rep.parameters(wf, character)}
	if rep.Record.Mask != nil {
		rep.order.Mask = plan.RecordedMask(*rep.Record.Mask)
	}
	return rep, nil
}

// recorded looks for a file first and for a run then.
func (f *Finder) recorded(ctx context.Context, word string) (*Repetition, error) {
	rep := &Repetition{}
	if !f.isStored(word) {
		info, err := os.Stat(f.path(word))
		if err != nil || info.IsDir() {
			if plan.LooksLikeFile(word) {
				return nil, &Error{Kind: NoFile, File: word, Err: err}
			}
			return f.recordedRun(word)
		}
		rep.folder = filepath.Dir(f.path(word))
	}
	found, err := f.Inspect(ctx, word)
	if err != nil {
		return nil, err
	}
	rep.Record = found.Record
	if len(found.Graph) > 0 {
		rep.graph, err = comfy.ParseGraph(found.Graph)
	}
	switch {
	case rep.Record != nil:
		rep.id = rep.Record.Workflow
	case rep.graph != nil:
		rep.id = plan.GraphName(word)
		rep.Note = "the graph inside " + word + " runs as it is"
	case err != nil:
		return nil, &registry.FileError{Path: word, Message: "carries a graph that cannot be used: " + err.Error(), Err: err}
	case len(found.Editor) > 0 && f.Convert != nil:
		file, err := f.Convert(ctx, &graphfile.Found{Name: word, Editor: found.Editor})
		if err != nil {
			return nil, err
		}
		rep.graph, rep.id = file.Graph, plan.GraphName(word)
		rep.Note = "the editor's graph inside " + word + " runs, converted"
	case len(found.Editor) > 0:
		return nil, &Error{Kind: EditorOnly, File: word}
	default:
		return nil, &Error{Kind: TextOnly, File: word}
	}
	return rep, nil
}

func (f *Finder) recordedRun(word string) (*Repetition, error) {
	h, err := f.History()
	if err != nil {
		return nil, err
	}
	rec, err := h.Get(word)
	if err != nil {
		return nil, err
	}
	t, err := run.OpenTicket(rec.Request)
	if err != nil {
		return nil, err
	}
	record := t.Record("")
	return &Repetition{id: record.Workflow, Record: &record, graph: t.Graph, folder: t.Out}, nil
}

// sameWorkflow finds the workflow and the character of the record, or says what
// is not as it was.
func (rep *Repetition) sameWorkflow(reg *registry.Registry) (wf *registry.Workflow, character *registry.Character, changed string) {
	wf, err := reg.Workflow(rep.Record.Workflow)
	if err != nil {
		return nil, nil, "the registry has no workflow " + rep.Record.Workflow
	}
	if digest, err := wf.Digest(); err != nil || digest != rep.Record.WorkflowDigest {
		return nil, nil, "workflow " + wf.ID + " has changed since"
	}
	if id := rep.Record.Character; id != "" {
		if character, err = reg.Character(id); err != nil {
			return nil, nil, "the registry has no character " + id
		}
	}
	return wf, character, ""
}

// parameters are the recorded values. What the workflow or the character gives
// by itself is left to them.
func (rep *Repetition) parameters(wf *registry.Workflow, character *registry.Character) []plan.Value {
	var values []plan.Value
	for _, nv := range rep.Record.Parameters {
		if p := wf.Parameter(nv.Name); p != nil {
			if character == nil && len(p.Default) > 0 && bytes.Equal(p.Default, nv.JSON) {
				continue
			}
			if character != nil && p.Type.File() && character.ReferenceImage != "" && plan.JSONText(nv.JSON) == character.ReferenceImage {
				continue
			}
		}
		values = append(values, recordedValue(nv.Name, nv.JSON))
	}
	for _, s := range rep.Record.Explicit {
		values = append(values, recordedValue(s.Target, s.JSON))
	}
	return values
}

func recordedValue(name string, raw json.RawMessage) plan.Value {
	return plan.Value{Name: name, JSON: raw, Origin: registry.FromPreset}
}

// useGraph makes the recorded graph itself the workflow, with its own seeds.
func (rep *Repetition) useGraph() error {
	if rep.graph == nil {
		return &Error{Kind: NoGraph, File: rep.word}
	}
	graph, err := rep.graph.MarshalJSON()
	if err != nil {
		return err
	}
	wf, _, err := registry.Draft(rep.graph, registry.DraftOptions{ID: rep.id, KeepFiles: true})
	if err != nil {
		return err
	}
	params, err := wf.Parameters()
	if err != nil {
		return err
	}
	rep.bare = true
	rep.order = plan.Order{Workflow: rep.id, Graph: graph, Values: rep.maskedInputs(wf)}
	if rep.Record != nil {
		rep.order.Recorded = rep.Record.Inputs
		if rep.Record.Mask != nil {
			rep.order.Mask = plan.RecordedMask(*rep.Record.Mask)
		}
	}
	seed := plan.WithRole(params, registry.RoleSeed)
	if seed == nil {
		return nil
	}
	for i, at := range seed.Targets {
		raw, _ := rep.graph.Node(at.Node).Inputs.Get(at.Input)
		if i == 0 {
			rep.order.Values = append(rep.order.Values, recordedValue(seed.Name, raw))
		} else {
			rep.unlinked = append(rep.unlinked, recordedValue(at.String(), raw))
		}
	}
	return nil
}

// masked reports whether only a part of the picture was painted, which makes
// easel send another picture than the user's and put the rest back.
func (rep *Repetition) masked() bool {
	return rep.Record != nil && (rep.Record.Mask != nil ||
		slices.ContainsFunc(rep.Record.Inputs, func(in run.Input) bool { return in.Parameter == string(registry.RoleMask) }))
}

// maskedInputs are picture and mask of a recorded graph that paints a part:
// they are prepared anew, whatever the graph calls them.
func (rep *Repetition) maskedInputs(wf *registry.Workflow) []plan.Value {
	if !rep.masked() {
		return nil
	}
	var values []plan.Value
	for _, in := range rep.Record.Inputs {
		if p := wf.Parameter(in.Parameter); p != nil && p.Type.File() {
			values = append(values, recordedValue(p.Name, comfy.RawString(in.File)))
		}
	}
	return values
}

// Order is what ran, without what only the command that asks again knows.
func (rep *Repetition) Order() plan.Order { return rep.order }

// templates are the recorded prompts as they were written.
func (rep *Repetition) templates() []plan.Value {
	if rep.Record == nil {
		return nil
	}
	var values []plan.Value
	for _, nv := range rep.Record.Templates {
		values = append(values, recordedValue(nv.Name, nv.JSON))
	}
	return values
}

// Runs are the orders of the runs that repeat it with what asked changes.
func (rep *Repetition) Runs(c *plan.Catalog, asked plan.Order) ([]plan.Order, error) {
	wf, err := c.Workflow(rep.order)
	if err != nil {
		return nil, err
	}
	below := rep.order
	if asked.Dynamic {
		below.Values = slices.Concat(below.Values, rep.templates())
	}
	if below.Mask != nil {
		asked.Mask = asked.Mask.Vary(below.Mask)
	}
	orders, err := c.Expand(asked.Over(below))
	if err != nil || !rep.bare {
		return orders, err
	}
	for i, o := range orders {
		seeded := slices.ContainsFunc(o.Values, func(v plan.Value) bool {
			p := wf.Parameter(v.Name)
			return p != nil && p.Role == registry.RoleSeed && v.Origin > registry.FromPreset
		})
		if !seeded {
			orders[i].Values = slices.Concat(o.Values, rep.unlinked)
		}
	}
	return orders, nil
}

// UseRecordedGraph makes the recorded graph run when a run that repeats it
// exactly would be of another graph, and reports whether it does now.
func (rep *Repetition) UseRecordedGraph(asked plan.Order, tickets []*run.Ticket) (bool, error) {
	if rep.Record == nil || rep.bare || rep.graph == nil || len(tickets) != 1 || varies(asked) || tickets[0].Graph.Digest() == rep.Record.GraphDigest {
		return false, nil
	}
	rep.Note = "workflow " + rep.id + " does not make the recorded graph any more: the recorded graph runs as it is"
	return true, rep.useGraph()
}

// varies reports whether somebody asked for something else than the recorded
// run.
func varies(asked plan.Order) bool {
	return asked.Character != "" || asked.Dynamic || asked.Mask != nil || asked.Count > 1 || len(asked.Values) > 0 || len(asked.Files) > 0
}

// inputFolders is how many folders above that of the result are searched for an
// input with a relative name.
const inputFolders = 4

// OpenInput finds inputs with relative names also from another folder than that
// of the recorded command: beside the result and above. Their content is checked
// in any case.
func (rep *Repetition) OpenInput(otherwise run.OpenInput) run.OpenInput {
	return func(ctx context.Context, name string) (io.ReadCloser, error) {
		if name == "-" || filepath.IsAbs(name) || strings.Contains(name, "://") || inputs.IsFile(filepath.Join(rep.dir, name)) || !filepath.IsAbs(rep.folder) {
			return otherwise(ctx, name)
		}
		dir := rep.folder
		for range inputFolders {
			if file := filepath.Join(dir, name); inputs.IsFile(file) {
				return os.Open(file)
			}
			dir = filepath.Dir(dir)
		}
		return otherwise(ctx, name)
	}
}

// Explain adds to the failure of a recorded input how to replace it.
func (rep *Repetition) Explain(err error) error {
	input, ok := errors.AsType[*run.InputError](err)
	if rep.Record == nil || !ok || input.Hint != "" {
		return err
	}
	for _, in := range rep.Record.Inputs {
		if in.File == input.File {
			told := *input
			told.Replace = true
			return &told
		}
	}
	return err
}

// CheckInputs compares what was read with what was recorded, file by file; what
// the user replaced has another name.
func (rep *Repetition) CheckInputs(t *run.Ticket) error {
	if rep.Record == nil {
		return nil
	}
	for _, was := range rep.Record.Inputs {
		i := slices.IndexFunc(t.Inputs, func(in run.Input) bool { return in.Parameter == was.Parameter && in.File == was.File })
		if i < 0 {
			continue
		}
		if err := was.Same(t.Inputs[i]); err != nil {
			return err
		}
	}
	return nil
}
