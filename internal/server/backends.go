package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/worker"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Backend is asked what it has to choose from.
type Backend struct {
	Name   string
	Server interface {
		comfy.Backend
		inventory.Server
	}
	Definitions *preflight.Cache           // nil: none are kept
	Aliases     map[string]string          // its names of models
	Models      func(folder string) string // as in preflight.Checker; nil: no model stands in for another
}

func (s *Server) backendRoutes() {
	list := operation(http.MethodGet, "/backends", "list-backends", "Show the backends where jobs run", "backends")
	list.Description = "Of all processes that run jobs of this database, as each reported within the last two minutes."
	huma.Register(s.api, list, s.listBackends)
	models := operation(http.MethodGet, "/backends/{name}/models", "list-models", "List what a backend has: models by folder, samplers, schedulers", "backends")
	models.Errors = append(models.Errors, http.StatusNotFound)
	huma.Register(s.api, models, s.listModels)
	s.readinessRoutes()
}

type backendView struct {
	Name string `json:"name"`
	worker.Report
	Seen time.Time `json:"seen_at" doc:"when its process said so"`
}

type backendList struct {
	Body struct {
		Backends []backendView `json:"backends"`
	}
}

func (s *Server) listBackends(ctx context.Context, _ *struct{}) (*backendList, error) {
	found, err := s.o.DB.Backends(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	out := &backendList{}
	out.Body.Backends = []backendView{}
	for _, b := range found {
		v := backendView{Name: b.Name, Seen: b.Seen}
		if err := json.Unmarshal(b.Report, &v.Report); err != nil {
			continue // of another version
		}
		out.Body.Backends = append(out.Body.Backends, v)
	}
	return out, nil
}

// choicePatience is how long a backend is waited for that somebody who looks at
// a form is to choose from.
const choicePatience = 3 * time.Second

// backend is the one of a name, or the first for "".
func (s *Server) backend(name string) (*Backend, error) {
	var names []string
	for i := range s.o.Backends {
		if b := &s.o.Backends[i]; name == "" || b.Name == name {
			return b, nil
		}
		names = append(names, s.o.Backends[i].Name)
	}
	if name == "" {
		return nil, nil
	}
	return nil, &statusError{
		Status: http.StatusNotFound, Code: "not_found", Detail: "Backend not found", Hint: "GET " + apiPath + "/backends lists them",
		Errors: []fieldError{{Field: "backend", Message: "there is no backend " + name + " in this process", Nearest: nearest.To(name, names, 3)}},
	}
}

func (b *Backend) inventory() *inventory.Inventory {
	inv := &inventory.Inventory{Server: b.Server}
	if b.Definitions != nil {
		inv.Memory = b.Definitions
	}
	return inv
}

// define finds definitions of classes on a backend, for graphs of the editor.
func (b *Backend) define(ctx context.Context, classes []string) (graphfile.Definitions, error) {
	ctx, stop := context.WithTimeout(ctx, choicePatience)
	defer stop()
	defs, err := preflight.Define(ctx, b.Server, b.Definitions, classes)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return graphfile.Definitions{}, nil
	case err != nil && b.Definitions != nil && ctx.Err() != nil || away(err):
		if old := b.Definitions.Old(classes); len(old) > 0 {
			return graphfile.Definitions{Classes: old, From: b.Name, Note: b.Name + " does not answer: read by the node definitions that are kept of it"}, nil
		}
		return graphfile.Definitions{Note: b.Name + " does not answer, so what it has is not known"}, nil
	}
	return graphfile.Definitions{Classes: defs, Complete: true, From: b.Name}, err
}

func away(err error) bool {
	_, unreachable := errors.AsType[*comfy.UnreachableError](err)
	return unreachable || errors.Is(err, context.DeadlineExceeded)
}

type modelList struct {
	Body struct {
		Models []inventory.Item `json:"models"`
	}
}

type modelsInput struct {
	Name   string `path:"name" maxLength:"200"`
	Folder string `query:"folder" maxLength:"200" doc:"checkpoints, loras, samplers, KSampler.scheduler, ...; all model folders when it is left out"`
}

func (s *Server) listModels(ctx context.Context, in *modelsInput) (*modelList, error) {
	b, err := s.backend(in.Name)
	if err != nil {
		return nil, s.refused(err)
	}
	ctx, stop := context.WithTimeout(ctx, choicePatience)
	defer stop()
	items, err := b.inventory().List(ctx, in.Folder)
	var unknown *inventory.UnknownError
	switch {
	case errors.As(err, &unknown):
		return nil, s.refused(&statusError{
			Status: http.StatusNotFound, Code: "not_found", Detail: "Folder not found",
			Errors: []fieldError{{Field: "folder", Message: unknown.Error(), Nearest: unknown.Nearest}},
		})
	case err != nil && away(err):
		return nil, s.refused(&statusError{Status: http.StatusServiceUnavailable, Code: "unreachable", Detail: "The backend does not answer", RetryAfter: 5})
	case errors.Is(err, errors.ErrUnsupported):
		items = nil // it does not say
	case err != nil:
		return nil, s.refused(err)
	}
	out := &modelList{}
	out.Body.Models = append([]inventory.Item{}, items...)
	return out, nil
}

// Where the choices of an input come from.
const (
	choicesRegistry    = "registry"    // of the entry
	choicesLive        = "live"        // of the backend, now or lately
	choicesUnreachable = "unreachable" // the backend did not answer: the entry's own, if it has any
)

// choose fills in what a backend has for the inputs of a workflow.
func (s *Server) choose(ctx context.Context, wf *registry.Workflow, params []*registry.Parameter, inputs []input, backend string) error {
	b, err := s.backend(backend)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, choicePatience)
	defer stop()
	gone := false
	for i, p := range params {
		if len(inputs[i].Choices) > 0 {
			inputs[i].ChoicesState = choicesRegistry
		}
		if _, ok := inventory.InputOf(wf, p); !ok || b == nil {
			continue
		}
		if gone {
			inputs[i].ChoicesState = choicesUnreachable
			continue
		}
		names, err := b.inventory().Choices(ctx, wf, p)
		switch {
		case err != nil && (away(err) || ctx.Err() != nil):
			gone = true
			inputs[i].ChoicesState = choicesUnreachable
		case errors.Is(err, errors.ErrUnsupported):
		case err != nil:
			return err
		case len(names) > 0:
			inputs[i].Choices, inputs[i].ChoicesState = names, choicesLive
		}
	}
	return nil
}
