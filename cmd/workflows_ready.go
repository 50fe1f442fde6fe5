package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A readyWorkflow is one entry of `workflows list --ready --json`: the entry
// as it stands in its file, with two more keys.
type readyWorkflow struct {
	entry   *registry.Workflow
	ready   bool
	missing []string
	shown   []string // missing, with what a run can take instead
}

// MarshalJSON adds ready and missing at the end of the entry.
func (r readyWorkflow) MarshalJSON() ([]byte, error) {
	return withMore(r.entry, struct {
		Ready   bool     `json:"ready"`
		Missing []string `json:"missing"`
	}{r.ready, r.missing})
}

// withMore is an entry as it stands in its file, with the members of a struct
// behind its own.
func withMore(wf *registry.Workflow, members any) ([]byte, error) {
	entry, err := json.Marshal(wf)
	if err != nil {
		return nil, err
	}
	more, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	entry = bytes.TrimSuffix(entry, []byte("}"))
	if len(entry) > 1 {
		entry = append(entry, ',')
	}
	return append(entry, more[1:]...), nil
}

// survey asks a backend what it has, as far as the workflows need it.
func (a *app) survey(ctx context.Context, backend string, workflows []*registry.Workflow) (*preflight.Survey, error) {
	be, err := a.openBackend(ctx, backend, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer be.Close()
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	s, err := preflight.NewSurvey(ctx, be, cfg.Backends[be.Name].Aliases, workflows...)
	if err == nil {
		s.Models = defaultModels(cfg)
	}
	return s, err
}

// listReady prints which workflows run on the backend, and what the others lack.
func listReady(ctx context.Context, o *workflowsListOptions, found []*registry.Workflow) error {
	s, err := o.app.survey(ctx, o.backend, found)
	if err != nil {
		return err
	}
	list := []readyWorkflow{}
	for _, wf := range found {
		r := readyWorkflow{entry: wf, missing: []string{}}
		lacks, err := s.Check(ctx, wf)
		if err != nil {
			lacks = []preflight.Lack{{What: "a graph that can be read"}}
		}
		for _, l := range lacks {
			if slices.Contains(r.missing, l.What) {
				continue
			}
			r.missing = append(r.missing, l.What)
			r.shown = append(r.shown, problem.OfLack(l))
		}
		r.ready = len(r.missing) == 0
		list = append(list, r)
	}
	if o.app.global.json {
		return o.app.printJSON(list)
	}
	st := o.app.streams.OutStyle()
	headers := []string{"ID", "NAME", "READY", "MISSING"}
	narrow := o.app.streams.OutTTY && o.app.streams.Width < 100 // the names of files need the room
	if narrow {
		headers = slices.Delete(headers, 1, 2)
	}
	t := term.NewTable(o.app.streams, headers...)
	for _, r := range list {
		mark := st.Good("yes")
		if !r.ready {
			mark = st.Bad("no")
		}
		row := []string{r.entry.ID, r.entry.Name, mark, strings.Join(r.shown, ", ")}
		if narrow {
			row = slices.Delete(row, 1, 2)
		}
		t.Row(row...)
	}
	return t.Flush()
}

// checkOnBackend adds what the backend lacks to the results of validate.
func checkOnBackend(ctx context.Context, a *app, backend string, chosen []*registry.Workflow, results []checkedWorkflow) error {
	s, err := a.survey(ctx, backend, chosen)
	if err != nil {
		return err
	}
	for i, wf := range chosen {
		lacks, err := s.Check(ctx, wf)
		if err != nil {
			continue // the check of the entry reports it
		}
		for _, l := range lacks {
			results[i].Problems = append(results[i].Problems, problem.OfFinding(l.Problem, ""))
			results[i].OK = false
		}
		drift, err := s.Drift(wf)
		if err != nil {
			continue // the check of the entry reports it
		}
		results[i].Drift = append(results[i].Drift, drift...)
	}
	return nil
}
