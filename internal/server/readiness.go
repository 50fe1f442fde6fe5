package server

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// readiness is what workflows need, held against what a backend has.
type readiness struct {
	Body struct {
		Backend   string          `json:"backend"`
		Workflows []readyWorkflow `json:"workflows" doc:"all, in the order of the registry"`
	}
}

type readyWorkflow struct {
	ID      string        `json:"id"`
	Ready   *bool         `json:"ready" doc:"it runs there with its defaults; null when the backend does not tell what it has"`
	Missing []lack        `json:"missing"`
	Models  []neededModel `json:"models" doc:"files that the graph names, with where they are offered"`
}

type lack struct {
	What      string `json:"what" doc:"short: node FaceDetailer, loras/milan.safetensors"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Parameter string `json:"parameter,omitempty" doc:"that can take one of the models there instead"`
	Models    int    `json:"models,omitempty" doc:"how many those are"`
}

func (s *Server) readinessRoutes() {
	op := operation(http.MethodGet, "/backends/{name}/workflows", "list-readiness", "Show which workflows run on a backend, and what the others lack", "backends")
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(s.api, op, s.listReadiness)
}

func (s *Server) listReadiness(ctx context.Context, in *struct {
	Name string `path:"name" maxLength:"200"`
},
) (*readiness, error) {
	b, err := s.backend(in.Name)
	if err != nil {
		return nil, s.refused(err)
	}
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, s.refused(err)
	}
	ctx, stop := context.WithTimeout(ctx, choicePatience)
	defer stop()
	survey, err := b.survey(ctx, reg.Workflows())
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		survey = nil // it does not say
	case err != nil && away(err):
		return nil, s.refused(&statusError{Status: http.StatusServiceUnavailable, Code: "unreachable", Detail: "The backend does not answer", RetryAfter: 5})
	case err != nil:
		return nil, s.refused(err)
	}
	out := &readiness{}
	out.Body.Backend, out.Body.Workflows = b.Name, []readyWorkflow{}
	for _, wf := range reg.Workflows() {
		out.Body.Workflows = append(out.Body.Workflows, readyOn(ctx, survey, wf))
	}
	return out, nil
}

// survey asks the backend once for what all of the workflows use.
func (b *Backend) survey(ctx context.Context, workflows []*registry.Workflow) (*preflight.Survey, error) {
	var classes []string
	for _, wf := range workflows {
		g, err := wf.Graph()
		if err != nil {
			continue // its own check says so
		}
		for _, id := range g.IDs() {
			if class := g.Node(id).Class; !slices.Contains(classes, class) {
				classes = append(classes, class)
			}
		}
	}
	defs, err := preflight.Define(ctx, b.Server, b.Definitions, classes)
	if err != nil {
		return nil, err
	}
	survey := preflight.SurveyOf(defs, b.Aliases)
	survey.Models = b.Models
	if info, err := b.Server.Describe(ctx); err == nil {
		survey.Version = info.Version
	}
	return survey, nil
}

// readyOn holds one workflow against a survey, nil for one that could not be made.
func readyOn(ctx context.Context, survey *preflight.Survey, wf *registry.Workflow) readyWorkflow {
	r := readyWorkflow{ID: wf.ID, Missing: []lack{}, Models: []neededModel{}}
	if survey != nil {
		lacks, err := survey.Check(ctx, wf)
		if err != nil {
			r.Missing = append(r.Missing, lack{What: "a graph that can be read", Message: err.Error()})
		}
		for _, l := range lacks {
			if !slices.ContainsFunc(r.Missing, func(m lack) bool { return m.What == l.What }) {
				r.Missing = append(r.Missing, lack{What: l.What, Message: l.Problem.Message, Hint: l.Problem.Hint, Parameter: l.Instead, Models: l.Models})
			}
		}
		ready := len(r.Missing) == 0
		r.Ready = &ready
	}
	for m, state := range survey.Files(wf) {
		r.Models = append(r.Models, neededModel{m, state})
	}
	return r
}
