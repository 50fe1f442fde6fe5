package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// generateBatch takes a list of items, each of which may have what a request
// has, or one request with several images.
func (s *Server) generateBatch(ctx context.Context, in *generateInput) (*queued, error) {
	if err := s.permit(ctx, in); err != nil {
		return nil, err
	}
	members, err := registry.DecodeObject(requestBody, in.RawBody)
	if err != nil {
		return nil, s.refused(err)
	}
	i := slices.IndexFunc(members, func(m registry.NamedValue) bool { return m.Name == "items" })
	if i < 0 {
		return s.accept(ctx, in, batched, func(r *plan.Request) error {
			swept := slices.ContainsFunc(members, func(m registry.NamedValue) bool { return m.Name == "sweep" })
			if len(r.Images) == 0 && r.Count == 0 && !swept {
				return invalid("items", "items, input_images, sweep or count is required", "POST "+apiPath+"/generate makes one run")
			}
			return nil
		})
	}
	var items []json.RawMessage
	if err := json.Unmarshal(members[i].JSON, &items); err != nil || len(items) == 0 {
		return nil, s.refused(invalid("items", "items is a list of requests, at least one", `{"workflow_id": "flux_single", "items": [{"prompt": "a fox"}, {"prompt": "an owl"}]}`))
	}
	if len(items) > s.o.Limits.Batch {
		return nil, s.refused(invalid("items", fmt.Sprintf("a batch has at most %d items", s.o.Limits.Batch), "send several batches"))
	}
	shared := slices.Delete(slices.Clone(members), i, i+1)
	e := jobs.Enqueue{Key: asking(ctx).key.ID, Batch: &jobs.NewBatch{Request: in.RawBody}}
	var problems []fieldError
	for n, item := range items {
		made, wf, err := s.batchItem(ctx, shared, item)
		if err != nil {
			f := failure(err)
			if f.Status != http.StatusBadRequest && f.Status != http.StatusNotFound {
				return nil, s.refused(err)
			}
			if problems = append(problems, itemErrors(n, f)...); len(problems) >= mostProblems {
				break // who has so many looks at the first ones
			}
			continue
		}
		if e.Batch.Workflow == "" {
			e.Batch.Workflow = wf
		}
		for k := range made.jobs {
			made.jobs[k].Item = strconv.Itoa(n + 1)
		}
		e.Priority = made.priority
		e.Jobs = append(e.Jobs, made.jobs...)
	}
	if len(problems) > 0 {
		return nil, s.refused(&statusError{Status: http.StatusBadRequest, Code: "invalid_parameter", Detail: problems[0].Message, Errors: problems})
	}
	return s.enqueue(ctx, in, batched, e)
}

// mostProblems bounds the mistakes of a batch that are looked for.
const mostProblems = 100

type batchItem struct {
	jobs     []jobs.New
	priority int64
}

func (s *Server) batchItem(ctx context.Context, shared []registry.NamedValue, item json.RawMessage) (batchItem, string, error) {
	members, err := registry.DecodeObject(itemBody, item)
	if err != nil {
		return batchItem{}, "", err
	}
	for _, m := range shared {
		if !slices.ContainsFunc(members, func(o registry.NamedValue) bool { return o.Name == m.Name }) {
			members = append(members, m)
		}
	}
	var parts []string
	for _, m := range members {
		name, _ := json.Marshal(m.Name) // a string does not fail
		parts = append(parts, string(name)+":"+string(m.JSON))
	}
	body := []byte("{" + strings.Join(parts, ",") + "}")
	p, err := s.prepare(ctx, body, func(*plan.Request) error { return nil })
	if err != nil {
		return batchItem{}, "", err
	}
	made, err := p.jobs(body)
	return batchItem{made, p.job.Priority}, p.workflow.ID, err
}

// itemErrors are the errors of an item with its place in the list.
func itemErrors(n int, f *statusError) []fieldError {
	at := fmt.Sprintf("items[%d]", n)
	if len(f.Errors) == 0 {
		return []fieldError{{Field: at, Message: f.Detail}}
	}
	errs := slices.Clone(f.Errors)
	for i := range errs {
		errs[i].Field = strings.TrimSuffix(at+"."+errs[i].Field, ".")
	}
	return errs
}
