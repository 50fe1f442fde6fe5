package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A repetition is what `rerun` does again: a recorded run, or a graph that
// another program wrote into a file.
type repetition struct {
	id       string         // what the run is called
	record   *run.Record    // nil for another program's graph
	graph    *comfy.Graph   // as it ran; nil when only the record is left
	bare     bool           // the graph runs, and not the registry's workflow
	note     string         // what the user should know about that
	unlinked []registry.Arg // seeds of the graph beside its first one
	folder   string         // where the result was stored, absolute
}

// resolveRepetition finds what made a file, or a run of the history, and the
// workflow to run it on again.
func (a *app) resolveRepetition(word string) (*target, error) {
	rep, err := a.findRepetition(word)
	if err != nil {
		return nil, err
	}
	t := &target{word: word, again: rep}
	if rep.record == nil {
		return t, rep.useGraph(t)
	}
	reg, err := a.registry()
	if err != nil {
		return nil, err
	}
	wf, person, changed := rep.sameWorkflow(reg)
	if changed != "" {
		rep.note = changed + ": the recorded graph runs as it is"
		return t, rep.useGraph(t)
	}
	t.workflow, t.person = wf, rep.record.Character
	t.preset = rep.parameters(wf, person)
	return t, nil
}

// findRepetition looks for a file first and for a run then.
func (a *app) findRepetition(word string) (*repetition, error) {
	info, err := os.Stat(a.path(word))
	if err != nil || info.IsDir() {
		if looksLikeFile(word) {
			return nil, &invalidError{"there is no file " + word, problem.NearestFile(word, "easel history list shows what ran here")}
		}
		return a.recordedRun(word)
	}
	found, err := a.inspect(word)
	if err != nil {
		return nil, err
	}
	rep := &repetition{record: found.Record, folder: filepath.Dir(a.path(word))}
	if len(found.Graph) > 0 {
		rep.graph, err = comfy.ParseGraph(found.Graph)
	}
	switch {
	case rep.record != nil:
		rep.id = rep.record.Workflow
	case rep.graph != nil:
		rep.id = strings.TrimSuffix(filepath.Base(word), filepath.Ext(word))
		rep.note = "the graph inside " + word + " runs as it is"
	case err != nil:
		return nil, &registry.FileError{Path: word, Message: "carries a graph that cannot be used: " + err.Error(), Err: err}
	default:
		return nil, &invalidError{
			word + " carries the text of its parameters, but no graph",
			"easel inspect " + word + " shows them; give them to a workflow such as sd_single",
		}
	}
	return rep, nil
}

func (a *app) recordedRun(word string) (*repetition, error) {
	h, err := a.history()
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
	return &repetition{id: record.Workflow, record: &record, graph: t.Graph, folder: t.Out}, nil
}

// sameWorkflow finds the workflow and the character of the record, or says what
// is not as it was.
func (rep *repetition) sameWorkflow(reg *registry.Registry) (wf *registry.Workflow, person *registry.Character, changed string) {
	wf, err := reg.Workflow(rep.record.Workflow)
	if err != nil {
		return nil, nil, "the registry has no workflow " + rep.record.Workflow
	}
	if digest, err := wf.Digest(); err != nil || digest != rep.record.WorkflowDigest {
		return nil, nil, "workflow " + wf.ID + " has changed since"
	}
	if id := rep.record.Character; id != "" {
		if person, err = reg.Character(id); err != nil {
			return nil, nil, "the registry has no character " + id
		}
	}
	return wf, person, ""
}

// parameters are the recorded values as arguments. What the workflow or the
// character gives by itself is left to them.
func (rep *repetition) parameters(wf *registry.Workflow, person *registry.Character) []registry.Arg {
	var args []registry.Arg
	for _, nv := range rep.record.Parameters {
		if p := wf.Parameter(nv.Name); p != nil {
			if person == nil && len(p.Default) > 0 && bytes.Equal(p.Default, nv.JSON) {
				continue
			}
			if person != nil && p.Type.File() && person.ReferenceImage != "" && jsonText(nv.JSON) == person.ReferenceImage {
				continue
			}
		}
		args = append(args, registry.Arg{Name: nv.Name, JSON: nv.JSON, Origin: registry.FromPreset})
	}
	for _, s := range rep.record.Explicit {
		args = append(args, registry.Arg{Name: s.Target, JSON: s.JSON, Origin: registry.FromPreset})
	}
	return args
}

// templates are the recorded prompts as they were written, for --dynamic.
func (rep *repetition) templates() []registry.Arg {
	if rep.record == nil {
		return nil
	}
	var args []registry.Arg
	for _, nv := range rep.record.Templates {
		args = append(args, registry.Arg{Name: nv.Name, JSON: nv.JSON, Origin: registry.FromPreset})
	}
	return args
}

// useGraph makes the recorded graph itself the workflow, with its own seeds.
func (rep *repetition) useGraph(t *target) error {
	if rep.graph == nil {
		return &invalidError{
			fmt.Sprintf("%s cannot be run again: the workflow is not as it was, and %s holds no graph", rep.id, t.word),
			"easel inspect " + t.word + " shows what is recorded",
		}
	}
	wf, _, err := registry.Draft(rep.graph, registry.DraftOptions{ID: rep.id, KeepFiles: true})
	if err != nil {
		return err
	}
	rep.bare = true
	t.workflow, t.person, t.preset = wf, "", rep.maskedInputs(wf)
	params, err := wf.Parameters()
	if err != nil {
		return err
	}
	seed := byRole(params, registry.RoleSeed)
	if seed == nil {
		return nil
	}
	for i, at := range seed.Targets {
		raw, _ := rep.graph.Node(at.Node).Inputs.Get(at.Input)
		if i == 0 {
			t.preset = append(t.preset, registry.Arg{Name: seed.Name, JSON: raw, Origin: registry.FromPreset})
		} else {
			rep.unlinked = append(rep.unlinked, registry.Arg{Name: at.String(), JSON: raw, Origin: registry.FromPreset})
		}
	}
	return nil
}

// masked reports whether only a part of the picture was painted, which makes
// easel send another picture than the user's and put the rest back.
func (rep *repetition) masked() bool {
	return rep.record != nil && (rep.record.Mask != nil ||
		slices.ContainsFunc(rep.record.Inputs, func(in run.Input) bool { return in.Parameter == string(registry.RoleMask) }))
}

// maskedInputs are picture and mask of a recorded graph that paints a part:
// they are prepared anew, whatever the graph calls them.
func (rep *repetition) maskedInputs(wf *registry.Workflow) []registry.Arg {
	if !rep.masked() {
		return nil
	}
	var args []registry.Arg
	for _, in := range rep.record.Inputs {
		if p := wf.Parameter(in.Parameter); p != nil && p.Type.File() {
			args = append(args, registry.Arg{Name: p.Name, JSON: comfy.RawString(in.File), Origin: registry.FromPreset})
		}
	}
	return args
}

// adjust adds to each request what only a repetition has.
func (rep *repetition) adjust(o *generateOptions, plan []run.Request) {
	for i := range plan {
		req := &plan[i]
		if rep.record != nil && rep.record.Mask != nil {
			mask := o.variedMask(*rep.record.Mask)
			req.Mask = &mask
		}
		if !rep.bare {
			continue
		}
		if rep.record != nil {
			req.Recorded = rep.record.Inputs
		}
		seeded := slices.ContainsFunc(req.Args, func(arg registry.Arg) bool {
			p := req.Workflow.Parameter(arg.Name)
			return p != nil && p.Role == registry.RoleSeed && arg.Origin > registry.FromPreset
		})
		if !seeded {
			req.Args = append(req.Args, rep.unlinked...)
		}
	}
}

// variedMask is the recorded mask with what flags change of it: what it
// selects, or only how that is treated.
func (o *generateOptions) variedMask(recorded run.MaskSpec) run.MaskSpec {
	m, given := recorded, o.mask.spec
	if given.Draws() {
		m = given
		m.Invert, m.Grow, m.Feather, m.Whole = recorded.Invert, recorded.Grow, recorded.Feather, recorded.Whole
		if m.Color == "" {
			m.Tolerance = 0
		}
	}
	if o.changed("mask-invert") {
		m.Invert = given.Invert
	}
	if o.changed("mask-grow") {
		m.Grow = given.Grow
	}
	if o.changed("mask-feather") {
		m.Feather = given.Feather
	}
	if o.changed("mask-whole") {
		m.Whole = given.Whole
	}
	return m
}

// prepareAgain prepares the runs of a repetition. Inputs must have the content
// that is recorded. When nothing was changed and the workflow still makes
// another graph than it did, the recorded graph runs.
func (o *generateOptions) prepareAgain(ctx context.Context, runner *run.Runner, plan []run.Request) ([]*run.Ticket, error) {
	rep := o.target.again
	runner.OpenInput = rep.open(o.app, o.app.inputs.Open)
	tickets, err := prepareAll(ctx, runner, plan)
	if err != nil {
		return nil, rep.missing(err)
	}
	if rep.note != "" {
		o.app.note("%s", rep.note)
	}
	if rep.record == nil {
		return tickets, nil
	}
	for _, t := range tickets {
		if err := rep.sameInputs(t); err != nil {
			return nil, err
		}
	}
	if rep.bare || rep.graph == nil || o.varies(plan) || tickets[0].Graph.Digest() == rep.record.GraphDigest {
		return tickets, nil
	}
	rep.note = "workflow " + rep.id + " does not make the recorded graph any more: the recorded graph runs as it is"
	if err := rep.useGraph(o.target); err != nil {
		return nil, err
	}
	if plan, err = o.plan(ctx); err != nil {
		return nil, err
	}
	return o.prepareAgain(ctx, runner, plan)
}

// varies reports whether the user asked for something else than the recorded
// run.
func (o *generateOptions) varies(plan []run.Request) bool {
	if o.character != "" || o.dynamic || slices.ContainsFunc(maskNames(), o.changed) || len(plan) > 1 {
		return true
	}
	return slices.ContainsFunc(plan[0].Args, func(arg registry.Arg) bool { return arg.Origin > registry.FromPreset })
}

// inputFolders is how many folders above that of the result are searched for an
// input with a relative name.
const inputFolders = 4

// open finds inputs with relative names also from another folder than that of
// the recorded command: beside the result and above. Their content is checked
// in any case.
func (rep *repetition) open(a *app, otherwise run.OpenInput) run.OpenInput {
	return func(ctx context.Context, name string) (io.ReadCloser, error) {
		if name == "-" || filepath.IsAbs(name) || strings.Contains(name, "://") || inputs.IsFile(a.path(name)) {
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

// missing adds to the failure of a recorded input how to replace it.
func (rep *repetition) missing(err error) error {
	var input *run.InputError
	if rep.record == nil || !errors.As(err, &input) || input.Hint != "" {
		return err
	}
	for _, in := range rep.record.Inputs {
		if in.File == input.File {
			told := *input
			told.Hint = in.Replace()
			return &told
		}
	}
	return err
}

// sameInputs compares what was read with what was recorded, file by file; what
// the user replaced has another name.
func (rep *repetition) sameInputs(t *run.Ticket) error {
	for _, was := range rep.record.Inputs {
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
