package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/registry"
)

type workflowList struct {
	Workflows []json.RawMessage `json:"workflows" doc:"entries as in the registry file, in its order"`
}

func (s *Server) workflowRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/workflows", "list-workflows", "List the workflows", "workflows"), s.listWorkflows)
	huma.Register(s.api, operation(http.MethodGet, "/workflows/{id}", "get-workflow", "Show a workflow with its parameters", "workflows"), s.getWorkflow)
	huma.Register(s.api, operation(http.MethodGet, "/workflows/{id}/schema", "get-workflow-schema", "Describe what a workflow takes", "workflows"), s.getWorkflowSchema)
	huma.Register(s.api, operation(http.MethodGet, "/characters", "list-characters", "List the characters", "workflows"), s.listCharacters)
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
	if have == t.ETag {
		t.Status, t.Body = http.StatusNotModified, nil
	}
	return t, nil
}

func (s *Server) listWorkflows(_ context.Context, in *struct {
	Conditional
	Category string `query:"category" doc:"generation, editing, upscaling or video"`
},
) (*tagged, error) {
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, s.refused(err)
	}
	list := workflowList{Workflows: []json.RawMessage{}}
	for _, wf := range reg.List(in.Category) {
		entry, err := wf.MarshalJSON()
		if err != nil {
			return nil, s.refused(err)
		}
		list.Workflows = append(list.Workflows, entry)
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
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Role        registry.Role   `json:"role,omitempty"`
	Label       string          `json:"label,omitempty"`
	Description string          `json:"description,omitempty"`
	Required    bool            `json:"required"`
	Default     json.RawMessage `json:"default,omitempty"`
	Min         json.Number     `json:"min,omitempty"`
	Max         json.Number     `json:"max,omitempty"`
	Step        json.Number     `json:"step,omitempty"`
	Unit        string          `json:"unit,omitempty"`
	Group       string          `json:"group,omitempty"`
	Advanced    bool            `json:"advanced,omitempty"`
	Choices     []string        `json:"choices,omitempty"`
}

type workflowSchema struct {
	Workflow string  `json:"workflow_id"`
	Inputs   []input `json:"inputs"`
}

func (s *Server) getWorkflowSchema(_ context.Context, in *struct {
	Conditional
	WorkflowPath
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
	out := workflowSchema{Workflow: wf.ID, Inputs: []input{}}
	for _, p := range params {
		out.Inputs = append(out.Inputs, inputOf(p))
	}
	return answer(out, in.IfNoneMatch)
}

func inputOf(p *registry.Parameter) input {
	return input{
		Name: p.Name, Type: p.TypeName(), Role: p.Role, Label: p.Label, Description: p.Description, Required: p.Required,
		Default: p.Default, Min: p.Min, Max: p.Max, Step: p.Step, Unit: p.Unit, Group: p.Group, Advanced: p.Advanced, Choices: p.Choices,
	}
}

type characterList struct {
	Characters []json.RawMessage `json:"characters"`
}

func (s *Server) listCharacters(_ context.Context, in *Conditional) (*tagged, error) {
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, s.refused(err)
	}
	list := characterList{Characters: []json.RawMessage{}}
	for _, c := range reg.Characters() {
		entry, err := c.MarshalJSON()
		if err != nil {
			return nil, s.refused(err)
		}
		list.Characters = append(list.Characters, entry)
	}
	return answer(list, in.IfNoneMatch)
}
