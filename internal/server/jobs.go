package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/worker"
	"github.com/seed-7d77cb5c/easel/registry"
)

func (s *Server) jobRoutes() {
	get := func(path, id, summary string) huma.Operation {
		o := operation(http.MethodGet, path, id, summary, "jobs")
		o.Errors = append(o.Errors, http.StatusNotFound)
		return o
	}
	post := func(path, id, summary string) huma.Operation {
		o := operation(http.MethodPost, path, id, summary, "jobs")
		o.Errors = append(o.Errors, http.StatusNotFound, http.StatusConflict)
		return o
	}
	huma.Register(s.api, get("/jobs", "list-jobs", "List jobs, newest first"), s.listJobs)
	huma.Register(s.api, get("/jobs/{id}", "get-job", "Show a job"), s.getJob)
	huma.Register(s.api, get("/status/{id}", "get-status", "Show a job, by the name of the first version"), s.getJob)
	huma.Register(s.api, post("/jobs/{id}/cancel", "cancel-job", "Cancel a job that waits or runs"), s.changing(s.o.DB.Cancel))
	huma.Register(s.api, post("/jobs/{id}/retry", "retry-job", "Queue a failed or cancelled job again"), s.changing(s.o.DB.Retry))
	huma.Register(s.api, post("/jobs/{id}/priority", "set-priority", "Change the place of a waiting job"), s.setPriority)
	remove := post("/jobs/{id}", "delete-job", "Delete a job that ended, with its results")
	remove.Method, remove.DefaultStatus = http.MethodDelete, http.StatusNoContent
	huma.Register(s.api, remove, s.deleteJob)
	huma.Register(s.api, get("/batches/{id}", "get-batch", "Show a batch"), s.getBatch)
	huma.Register(s.api, post("/batches/{id}/cancel", "cancel-batch", "Cancel what has not ended of a batch"), s.cancelBatch)
}

// jobView is a job as the API shows it.
type jobView struct {
	ID         string                                  `json:"id"`
	WorkflowID string                                  `json:"workflow_id"`
	Character  *string                                 `json:"character_id"`
	BatchID    *string                                 `json:"batch_id"`
	Item       *string                                 `json:"item" doc:"of the batch"`
	Sweep      shaped[map[string]string]               `json:"sweep,omitzero" doc:"its point of a sweep: values by parameter, as text"`
	Prompt     string                                  `json:"prompt"`
	State      jobs.State                              `json:"state" enum:"queued,running,succeeded,failed,cancelled"`
	Progress   shapedOrNull[worker.Progress]           `json:"progress" doc:"null before it runs"`
	Request    shaped[anyObject]                       `json:"request" doc:"as it was sent"`
	Parameters shapedOrNull[map[string]parameterValue] `json:"parameters" doc:"what the run was made with, after character, defaults and draws; the seed, and integers above 2^53, as text; null before it is prepared, and in lists for a job that has no result"`
	Seed       *string                                 `json:"seed" doc:"an exact integer, as text"`
	Backend    *string                                 `json:"backend"`
	Outputs    []outputView                            `json:"outputs"`
	Warnings   []string                                `json:"warnings"`
	Error      shapedOrNull[jobError]                  `json:"error" doc:"null while nothing failed"`
	Attempt    int64                                   `json:"attempt"`
	Priority   int64                                   `json:"priority" doc:"higher goes first"`
	Position   int64                                   `json:"position" doc:"within a priority and a key, lower goes first"`
	Created    time.Time                               `json:"created_at"`
	Started    *time.Time                              `json:"started_at"`
	Finished   *time.Time                              `json:"finished_at"`
	Links      jobLinks                                `json:"links"`
}

type jobLinks struct {
	Self   string `json:"self"`
	Events string `json:"events" doc:"valid for an hour without a key"`
	Cancel string `json:"cancel"`
}

type batchView struct {
	ID         string               `json:"id"`
	WorkflowID string               `json:"workflow_id"`
	Total      int64                `json:"total"`
	States     map[jobs.State]int64 `json:"states" doc:"how many jobs are in each"`
	Jobs       []string             `json:"jobs" doc:"their ids, in the order of the items"`
	Created    time.Time            `json:"created_at"`
	Cancelled  *time.Time           `json:"cancelled_at"`
	Links      batchLinks           `json:"links"`
}

type batchLinks struct {
	Self   string `json:"self"`
	Jobs   string `json:"jobs"`
	Cancel string `json:"cancel"`
}

func (s *Server) view(j jobs.Job, outputs []jobs.Output) jobView {
	self := apiPath + "/jobs/" + j.ID
	v := jobView{
		ID: j.ID, WorkflowID: j.Workflow, Character: known(j.Character), BatchID: known(j.Batch), Item: known(j.Item), Sweep: shaped[map[string]string]{j.Sweep}, Prompt: j.Prompt, State: j.State, Progress: shapedOrNull[worker.Progress]{j.Progress},
		Request: shaped[anyObject]{j.Request}, Seed: known(j.Seed), Backend: known(j.Backend), Outputs: []outputView{}, Warnings: []string{}, Error: shapedOrNull[jobError]{j.Error},
		Attempt: j.Attempt, Priority: j.Priority, Position: j.Position, Created: j.Created, Started: moment(j.Started), Finished: moment(j.Finished),
		Links: jobLinks{Self: self, Events: s.link(self + "/events"), Cancel: self + "/cancel"},
	}
	if j.State == jobs.Succeeded {
		v.Error.RawMessage = nil // of an earlier attempt
	}
	for _, o := range outputs {
		v.Outputs = append(v.Outputs, s.viewOutput(o))
	}
	made := worker.MadeOf(j)
	v.Warnings = append(v.Warnings, made.Warnings...)
	v.Parameters.RawMessage = shownValues(made.Parameters, j.Seed)
	return v
}

// shownValues are the values of a run with integers that JavaScript cannot hold as
// text, and with the seed so in any case: whoever reads one small seed reads all.
func shownValues(values run.Values, seed string) json.RawMessage {
	if values == nil {
		return nil
	}
	shown := make(run.Values, len(values))
	for i, v := range values {
		if n, err := strconv.ParseUint(strings.TrimPrefix(string(v.JSON), "-"), 10, 64); err == nil && (n > 1<<53 || v.Name == string(registry.RoleSeed)) {
			v.JSON = json.RawMessage(`"` + string(v.JSON) + `"`)
		}
		shown[i] = v
	}
	data, _ := shown.MarshalJSON() // of JSON
	return data
}

func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s *Server) jobView(ctx context.Context, j jobs.Job) (jobView, error) {
	outputs, err := s.o.DB.OutputsOf(ctx, j.ID)
	if err != nil {
		return jobView{}, err
	}
	return s.view(j, outputs), nil
}

func (s *Server) jobJSON(ctx context.Context, j jobs.Job) (json.RawMessage, error) {
	v, err := s.jobView(ctx, j)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func (s *Server) batchJSON(ctx context.Context, id string) (json.RawMessage, error) {
	v, err := s.viewBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// IDPath is the id in a path.
type IDPath struct {
	ID string `path:"id" maxLength:"64"`
}

type jobAnswer struct{ Body jobView }

type jobList struct {
	Body struct {
		Jobs       []jobView `json:"jobs"`
		NextCursor *string   `json:"next_cursor" doc:"null on the last page"`
	}
}

// Page says which part of a list is wanted.
type Page struct {
	Cursor string `query:"cursor" maxLength:"100"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

func (s *Server) listJobs(ctx context.Context, in *struct {
	Page
	Status    []jobs.State `query:"status" enum:"queued,running,succeeded,failed,cancelled" doc:"queued, running, succeeded, failed, cancelled; several with commas"`
	Workflow  string       `query:"workflow" maxLength:"200" doc:"id"`
	Character string       `query:"character" maxLength:"200" doc:"id"`
	Batch     string       `query:"batch" maxLength:"64" doc:"id; its cleared jobs too"`
	Search    string       `query:"search" maxLength:"500" doc:"words of the prompt; one or two letters are looked for in the newest 10,000 jobs"`
	Since     time.Time    `query:"since" doc:"queued then or later"`
	Until     time.Time    `query:"until" doc:"queued before"`
	Cleared   bool         `query:"cleared" doc:"also those that POST /queue/clear took out"`
	Order     string       `query:"order" enum:"newest,oldest" default:"newest"`
},
) (*jobList, error) {
	f := jobs.Filter{
		States: in.Status, Workflow: in.Workflow, Character: in.Character, Batch: in.Batch, Search: in.Search, Since: in.Since, Until: in.Until,
		Cleared: in.Cleared || in.Batch != "", OldFirst: in.Order == "oldest", Limit: in.Limit + 1,
	}
	if err := s.filter(ctx, &f, in.Cursor); err != nil {
		return nil, s.refused(err)
	}
	found, err := s.o.DB.Jobs(ctx, f)
	if err != nil {
		return nil, s.refused(err)
	}
	out := &jobList{}
	out.Body.Jobs = []jobView{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.NextCursor = cursor(found[len(found)-1].Seq)
	}
	outputs, err := s.outputsOf(ctx, found)
	if err != nil {
		return nil, s.refused(err)
	}
	for _, j := range found {
		out.Body.Jobs = append(out.Body.Jobs, s.view(j, outputs[j.ID]))
	}
	return out, nil
}

// own reads a job of who asks.
func (s *Server) own(ctx context.Context, id string) (jobs.Job, error) {
	j, err := s.o.DB.Job(ctx, id)
	if err != nil {
		return j, err
	}
	return j, owns(ctx, j.Key)
}

func (s *Server) getJob(ctx context.Context, in *struct {
	IDPath
	Wait int `query:"wait" minimum:"0" maximum:"600" doc:"seconds to wait for the end"`
},
) (*jobAnswer, error) {
	j, err := s.own(ctx, in.ID)
	if err == nil && in.Wait > 0 && !j.State.Ended() {
		j, err = s.await(ctx, in.ID, time.Duration(in.Wait)*time.Second)
	}
	if err != nil {
		return nil, s.refused(err)
	}
	return s.answerJob(ctx, j)
}

func (s *Server) answerJob(ctx context.Context, j jobs.Job) (*jobAnswer, error) {
	v, err := s.jobView(ctx, j)
	if err != nil {
		return nil, s.refused(err)
	}
	return &jobAnswer{v}, nil
}

// changing is an operation that changes a job and answers with it.
func (s *Server) changing(change func(context.Context, string) error) func(context.Context, *IDPath) (*jobAnswer, error) {
	return func(ctx context.Context, in *IDPath) (*jobAnswer, error) {
		if err := may(ctx, jobs.ScopeGenerate); err != nil {
			return nil, s.refused(err)
		}
		if _, err := s.own(ctx, in.ID); err != nil {
			return nil, s.refused(err)
		}
		if err := change(ctx, in.ID); err != nil {
			return nil, s.refused(err)
		}
		j, err := s.o.DB.Job(ctx, in.ID)
		if err != nil {
			return nil, s.refused(err)
		}
		return s.answerJob(ctx, j)
	}
}

func (s *Server) setPriority(ctx context.Context, in *struct {
	IDPath
	Body struct {
		Priority *int64 `json:"priority,omitempty" minimum:"-100" maximum:"100" doc:"higher goes first"`
		Before   string `json:"before,omitempty" maxLength:"64" doc:"the waiting job that is to come after this one"`
		First    bool   `json:"first,omitempty" doc:"before all others of its priority"`
		Last     bool   `json:"last,omitempty" doc:"behind all others of its priority"`
	}
},
) (*jobAnswer, error) {
	move := func(ctx context.Context, id string) error {
		return s.o.DB.Move(ctx, id, jobs.Place{Priority: in.Body.Priority, Before: in.Body.Before, First: in.Body.First, Last: in.Body.Last})
	}
	return s.changing(move)(ctx, &in.IDPath)
}

func (s *Server) deleteJob(ctx context.Context, in *IDPath) (*struct{}, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	if _, err := s.own(ctx, in.ID); err != nil {
		return nil, s.refused(err)
	}
	return nil, s.refused(s.remove(ctx, in.ID))
}

// Tidy removes what is kept no longer; with a keep above 0 also jobs that ended
// longer ago, with their results.
func (s *Server) Tidy(ctx context.Context, keep time.Duration) error {
	for {
		var before time.Time
		if keep > 0 {
			before = s.o.Now().Add(-keep)
		}
		ids, err := s.o.DB.Tidy(ctx, before)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := s.remove(ctx, id); err != nil {
				return err
			}
		}
	}
}

// remove deletes a job and what it stored.
func (s *Server) remove(ctx context.Context, id string) error {
	outputs, err := s.o.DB.OutputsOf(ctx, id)
	if err != nil {
		return err
	}
	if err := s.o.DB.Delete(ctx, id); err != nil {
		return err
	}
	for _, o := range outputs {
		s.removeObject(ctx, o.Name)
	}
	return nil
}

type batchAnswer struct{ Body batchView }

func (s *Server) viewBatch(ctx context.Context, id string) (batchView, error) {
	b, err := s.o.DB.Batch(ctx, id)
	if err != nil {
		return batchView{}, err
	}
	if err := owns(ctx, b.Key); err != nil {
		return batchView{}, err
	}
	ids, err := s.o.DB.JobIDs(ctx, id)
	if err != nil {
		return batchView{}, err
	}
	self := apiPath + "/batches/" + b.ID
	return batchView{
		ID: b.ID, WorkflowID: b.Workflow, Total: b.Total, States: b.Counts, Jobs: ids, Created: b.Created, Cancelled: moment(b.Cancelled),
		Links: batchLinks{Self: self, Jobs: apiPath + "/jobs?batch=" + b.ID, Cancel: self + "/cancel"},
	}, nil
}

func (s *Server) getBatch(ctx context.Context, in *IDPath) (*batchAnswer, error) {
	v, err := s.viewBatch(ctx, in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	return &batchAnswer{v}, nil
}

func (s *Server) cancelBatch(ctx context.Context, in *IDPath) (*batchAnswer, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	if _, err := s.viewBatch(ctx, in.ID); err != nil {
		return nil, s.refused(err)
	}
	if err := s.o.DB.CancelBatch(ctx, in.ID); err != nil {
		return nil, s.refused(err)
	}
	return s.getBatch(ctx, in)
}
