package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/registry"
)

type workflowList struct {
	Workflows []json.RawMessage `json:"workflows"`
	Sources   map[string]string `json:"sources"`
}

func (s *Server) workflowRoutes() {
	huma.Register(s.api, described[workflowListDoc](s, operation(http.MethodGet, "/workflows", "list-workflows", "List the workflows", "workflows")), s.listWorkflows)
	huma.Register(s.api, described[workflowDoc](s, operation(http.MethodGet, "/workflows/{id}", "get-workflow", "Show a workflow with its parameters", "workflows")), s.getWorkflow)
	schema := described[workflowSchema](s, operation(http.MethodGet, "/workflows/{id}/schema", "get-workflow-schema", "Describe what a workflow takes", "workflows"))
	schema.Description = "All that a request can give: declared parameters in their order, then the standard inputs of the graph; with the choices that a backend has."
	huma.Register(s.api, schema, s.getWorkflowSchema)
	graph := described[workflowGraph](s, operation(http.MethodGet, "/workflows/{id}/graph", "get-workflow-graph", "Show the graph of a workflow, and where its parameters land", "workflows"))
	huma.Register(s.api, graph, s.getWorkflowGraph)
}

// Conditional is the part of an input that asks for an answer only when it is
// another one than the client has. Such parts are exported since huma does not
// see embedded structs that are not.
type Conditional struct {
	IfNoneMatch string `header:"If-None-Match"`
}

// A tagged answer is not sent again to who has it.
type tagged struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Status       int
	Body         json.RawMessage
}

func answer(v any, have string) (*tagged, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	t := &tagged{ETag: `"` + hex.EncodeToString(sum[:16]) + `"`, CacheControl: "private, no-cache", Status: http.StatusOK, Body: data}
	if matches(have, t.ETag) {
		t.Status, t.Body = http.StatusNotModified, nil
	}
	return t, nil
}

// matches reports whether a client has what an ETag names, by its If-None-Match.
func matches(have, tag string) bool {
	for one := range strings.SplitSeq(have, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

func (s *Server) listWorkflows(_ context.Context, in *struct {
	Conditional
	Category string `query:"category" maxLength:"200" doc:"generation, editing, upscaling or video"`
},
) (*tagged, error) {
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, s.refused(err)
	}
	list := workflowList{Workflows: []json.RawMessage{}, Sources: map[string]string{}}
	for _, wf := range reg.List(in.Category) {
		entry, err := wf.MarshalJSON()
		if err != nil {
			return nil, s.refused(err)
		}
		list.Workflows = append(list.Workflows, entry)
		list.Sources[wf.ID] = wf.Source.Layer
	}
	return answer(list, in.IfNoneMatch)
}

// WorkflowPath is the id of a workflow in a path.
type WorkflowPath struct {
	ID string `path:"id" maxLength:"200"`
}

func (s *Server) workflow(id string) (*registry.Workflow, error) {
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, err
	}
	return reg.Workflow(id)
}

func (s *Server) getWorkflow(_ context.Context, in *struct {
	Conditional
	WorkflowPath
},
) (*tagged, error) {
	wf, err := s.workflow(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	return answer(wf, in.IfNoneMatch)
}

// An input is one thing that a workflow takes, declared or by its role.
type input struct {
	Name         string         `json:"name"`
	Type         string         `json:"type" doc:"int, float, bool, string, text, enum, model, seed, size, image, mask, video, audio, or list<TYPE>"`
	Role         registry.Role  `json:"role,omitempty" doc:"what it is in the graph: prompt, negative, image, mask, seed, width, height, lora, ..."`
	Label        string         `json:"label,omitempty"`
	Description  string         `json:"description,omitempty"`
	Required     bool           `json:"required"`
	Declared     bool           `json:"declared" doc:"its entry lists it; else the graph has it by its role"`
	Default      parameterValue `json:"default,omitzero"`
	Min          number         `json:"min,omitzero" doc:"inclusive; exact, also above 2^53"`
	Max          number         `json:"max,omitzero" doc:"inclusive; exact, also above 2^53"`
	Step         number         `json:"step,omitzero"`
	Unit         string         `json:"unit,omitempty"`
	Group        string         `json:"group,omitempty"`
	Advanced     bool           `json:"advanced,omitempty"`
	Choices      []string       `json:"choices,omitempty"`
	ChoicesFrom  string         `json:"choices_from,omitempty" doc:"the input of a node whose list is meant: KSampler.sampler_name"`
	ChoicesState string         `json:"choices_state,omitempty" enum:"registry,live,unreachable" doc:"where choices come from: the entry, the backend, or nowhere since it does not answer"`
	Folder       string         `json:"folder,omitempty" doc:"of a model"`
	Pattern      string         `json:"pattern,omitempty" doc:"RE2; the whole text matches it"`
	MaxLength    int            `json:"max_length,omitempty" doc:"characters"`
	Targets      []string       `json:"targets" doc:"where it lands: NODE.INPUT"`
}

type workflowSchema struct {
	Workflow string  `json:"workflow_id"`
	Backend  *string `json:"backend" doc:"whose choices they are; null when none was asked"`
	Inputs   []input `json:"inputs"`
}

func (s *Server) getWorkflowSchema(ctx context.Context, in *struct {
	Conditional
	WorkflowPath
	Backend string `query:"backend" maxLength:"200" doc:"name; the first of this process when it is left out"`
},
) (*tagged, error) {
	wf, err := s.workflow(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	params, err := wf.Parameters()
	if err != nil {
		return nil, s.refused(err)
	}
	out := workflowSchema{Workflow: wf.ID, Inputs: inputsOf(wf, params)}
	if b, err := s.backend(in.Backend); err == nil && b != nil {
		out.Backend = &b.Name
	}
	if err := s.choose(ctx, wf, params, out.Inputs, in.Backend); err != nil {
		return nil, s.refused(err)
	}
	return answer(out, in.IfNoneMatch)
}

func inputsOf(wf *registry.Workflow, params []*registry.Parameter) []input {
	inputs := []input{}
	for _, p := range params {
		i := input{
			Name: p.Name, Type: p.TypeName(), Role: p.Role, Label: p.Label, Description: p.Description, Required: p.Required, Declared: !p.Standard,
			Default: parameterValue{p.Default}, Min: exactly(p.Min), Max: exactly(p.Max), Step: exactly(p.Step), Unit: p.Unit, Group: p.Group, Advanced: p.Advanced, Choices: p.Choices,
			ChoicesFrom: p.ChoicesFrom, Folder: p.Folder, Pattern: p.Pattern, MaxLength: p.MaxLength, Targets: []string{},
		}
		for _, t := range p.Targets {
			i.Targets = append(i.Targets, strings.TrimSuffix(t.String(), ".")) // a switch takes the node
		}
		inputs = append(inputs, i)
	}
	return inputs
}

// workflowGraph is a graph with what somebody needs who draws it.
type workflowGraph struct {
	Workflow string                       `json:"workflow_id"`
	Graph    shaped[map[string]graphNode] `json:"graph" doc:"in the API format: nodes by id"`
	Outputs  []string                     `json:"outputs" doc:"nodes whose files are the result"`
	Bindings []binding                    `json:"bindings" doc:"in the order of the parameters"`
}

type binding struct {
	Parameter string        `json:"parameter"`
	Role      registry.Role `json:"role,omitempty"`
	Node      string        `json:"node"`
	Class     string        `json:"class"`
	Title     string        `json:"title,omitempty"`
	Input     string        `json:"input" doc:"empty where the parameter turns the node on and off"`
}

func (s *Server) getWorkflowGraph(_ context.Context, in *struct {
	Conditional
	WorkflowPath
},
) (*tagged, error) {
	wf, err := s.workflow(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	g, err := wf.Graph()
	if err != nil {
		return nil, s.refused(err)
	}
	params, err := wf.Parameters()
	if err != nil {
		return nil, s.refused(err)
	}
	out := workflowGraph{Workflow: wf.ID, Bindings: []binding{}}
	if out.Graph.RawMessage, err = json.Marshal(g); err != nil {
		return nil, s.refused(err)
	}
	if out.Outputs, err = wf.Outputs(); err != nil {
		return nil, s.refused(err)
	}
	for _, p := range params {
		for _, t := range p.Targets {
			b := binding{Parameter: p.Name, Role: p.Role, Node: t.Node, Input: t.Input}
			if n := g.Node(t.Node); n != nil {
				b.Class, b.Title = n.Class, n.Title
			}
			out.Bindings = append(out.Bindings, b)
		}
	}
	return answer(out, in.IfNoneMatch)
}
