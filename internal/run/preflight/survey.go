package preflight

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Survey is what a backend has, as far as some workflows need it: asked once
// and held against each of them.
type Survey struct {
	Version string // of the server, "" when it does not say
	// Models is as in Checker: what it replaces is not lacking.
	Models  func(folder string) string
	defs    map[string]*comfy.ClassInfo
	aliases map[string]string
}

// fewWorkflows are surveyed class by class; for more, the one large answer is
// faster.
const fewWorkflows = 3

// NewSurvey asks a backend for the definitions that the workflows need. An
// entry whose graph cannot be read is left to its own check.
func NewSurvey(ctx context.Context, backend comfy.Backend, aliases map[string]string, workflows ...*registry.Workflow) (*Survey, error) {
	if !backend.Can().ObjectInfo {
		return nil, errors.New("this backend does not tell which nodes it has")
	}
	info, err := backend.Describe(ctx)
	if err != nil {
		return nil, err
	}
	s := &Survey{Version: info.Version, aliases: aliases, defs: map[string]*comfy.ClassInfo{}}
	if len(workflows) > fewWorkflows {
		s.defs, err = backend.Definitions(ctx)
		return s, err
	}
	var classes []string
	for _, wf := range workflows {
		g, err := wf.Graph()
		if err != nil {
			continue
		}
		for _, id := range g.IDs() {
			if class := g.Node(id).Class; !slices.Contains(classes, class) {
				classes = append(classes, class)
			}
		}
	}
	look := &lookup{ask: backend, defs: s.defs, fresh: map[string]bool{}}
	return s, look.live(ctx, classes)
}

// SurveyOf is a survey of definitions that are at hand: of all classes that the
// workflows use, but for those that the backend does not have.
func SurveyOf(defs map[string]*comfy.ClassInfo, aliases map[string]string) *Survey {
	return &Survey{defs: defs, aliases: aliases}
}

// Definitions are what was asked for, by class.
func (s *Survey) Definitions() map[string]*comfy.ClassInfo { return s.defs }

// A Lack is one reason why a workflow does not run on a backend.
type Lack struct {
	What    string  // short: "node FaceDetailer", "loras/milan.safetensors"
	Problem Finding // in full
	Instead string  // the parameter that can take one of the models there; "" when there is none
	Models  int     // how many those are
}

// Check lists what the backend lacks for a workflow with its defaults. A graph
// that cannot be read is the error.
func (s *Survey) Check(ctx context.Context, wf *registry.Workflow) ([]Lack, error) {
	g, call, err := Sample(wf)
	if err != nil {
		return nil, err
	}
	ApplyAliases(g, s.aliases)
	subject := Subject{Workflow: wf.ID, Entry: wf, Call: call, Graph: g}
	c := Checker{Version: s.Version, Models: s.Models}
	var lacks []Lack
	for _, np := range inspect(g, s.defs) {
		if isDrawnSeed(call, np) {
			continue
		}
		if _, ok := c.Default(subject, np, np.Choices); ok {
			continue
		}
		l := Lack{What: s.short(wf, np), Problem: c.problem(ctx, subject, np)}
		l.Instead, l.Models = instead(call, np)
		if !slices.ContainsFunc(lacks, func(o Lack) bool { return o.Problem.Message == l.Problem.Message }) {
			lacks = append(lacks, l)
		}
	}
	return lacks, nil
}

// isDrawnSeed reports whether a refused value is the sample's own seed: a run
// draws one within the node's limits.
func isDrawnSeed(call *registry.Call, np comfy.NodeProblem) bool {
	if call == nil || !call.SeedDrawn() || np.Type != "value_bigger_than_max" && np.Type != "value_smaller_than_min" {
		return false
	}
	return slices.Contains(call.SeedParameter().Targets, comfy.Target{Node: np.Node, Input: np.Input})
}

// instead counts the models that the backend has where a parameter names one.
func instead(call *registry.Call, np comfy.NodeProblem) (parameter string, models int) {
	if call == nil || np.Type != "value_not_in_list" || len(np.Choices) == 0 {
		return "", 0
	}
	p, ok := call.Explain(np.Node, np.Input)
	if !ok || p.Type != registry.TypeModel {
		return "", 0
	}
	return p.Name, len(np.Choices)
}

func (s *Survey) short(wf *registry.Workflow, np comfy.NodeProblem) string {
	old := tooOld(wf, s.Version)
	switch np.Type {
	case "missing_node_type":
		if pack, ok := packageOf(np.Class); ok {
			return fmt.Sprintf("node %s (%s)", np.Class, pack.name)
		}
		if old {
			return "ComfyUI " + wf.MinVersion
		}
		return "node " + np.Class
	case "value_not_in_list":
		for _, m := range wf.Models {
			if slashes(m.File) == slashes(np.Received) {
				return m.Folder + "/" + m.File
			}
		}
		if folder := registry.ModelFolder(np.Class, np.Input); folder != "" && looksLikeModel(np.Received) {
			return folder + "/" + np.Received
		}
		if old {
			return "ComfyUI " + wf.MinVersion
		}
	}
	return fmt.Sprintf("%s.%s", np.Class, np.Input)
}

// Sample binds a workflow as a run without flags would, with stand-ins for
// what such a run must be given.
func Sample(wf *registry.Workflow) (*comfy.Graph, *registry.Call, error) {
	params, err := wf.Parameters()
	if err != nil {
		return nil, nil, err
	}
	var args []registry.Arg
	names := map[string][]string{}
	for _, p := range params {
		if !p.Required || len(p.Default) > 0 {
			continue
		}
		switch {
		case p.Type.File():
			args = append(args, registry.Arg{Name: p.Name, Text: "stand-in", Origin: registry.FromFlag})
			names[p.Name] = []string{"stand-in"}
		case p.Type == registry.TypeText || p.Type == registry.TypeString:
			args = append(args, registry.Arg{Name: p.Name, Text: "stand-in", Origin: registry.FromFlag})
		case p.Min != "":
			args = append(args, registry.Arg{Name: p.Name, JSON: json.RawMessage(p.Min), Origin: registry.FromFlag})
		case len(p.Choices) > 0:
			args = append(args, registry.Arg{Name: p.Name, Text: p.Choices[0], Origin: registry.FromFlag})
		}
	}
	call, err := wf.Resolve(args, registry.ResolveOptions{})
	if err == nil {
		var g *comfy.Graph
		if g, err = call.Bind(names); err == nil {
			return g, call, nil
		}
	}
	g, err := wf.Graph() // an entry with mistakes of its own is judged by its graph
	return g, nil, err
}
