package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/mcp"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

const (
	agentsPath   = "/mcp"
	agentHeaders = "Mcp-Session-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name"
	agentPicture = 1024 // pixels of the longer side of pictures in answers
)

// agents are the servers of the Model Context Protocol, one for each key: a
// session belongs to whoever began it.
type agents struct {
	mu    sync.Mutex
	byKey map[string]*mcpServer
	over  bool
}

type mcpServer struct {
	*mcp.Server
	http.Handler
}

func (a *agents) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	for _, s := range a.byKey {
		s.Close()
	}
}

// serveAgents offers workflows as tools of agents, whose calls become jobs.
func (s *Server) serveAgents(w http.ResponseWriter, r *http.Request) {
	of, err := s.agentsOf(asking(r.Context()))
	if err != nil {
		s.fail(w, err)
		return
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	of.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), baseKey{}, scheme+r.Host)))
}

// baseKey is that of the address of this server as the client has it.
type baseKey struct{}

func (s *Server) agentsOf(p principal) (*mcpServer, error) {
	s.agents.mu.Lock()
	defer s.agents.mu.Unlock()
	if s.agents.over {
		return nil, stopping()
	}
	if of := s.agents.byKey[p.key.ID]; of != nil {
		return of, nil
	}
	made, err := mcp.New(mcp.Options{
		Engine: agentEngine{s}, Registry: s.o.Catalog.Registry, Picture: agentPicture, Version: s.o.Version, Log: s.o.Log,
		Presets: s.agentPresets, Problem: agentProblem,
	})
	if err != nil {
		return nil, err
	}
	if s.agents.byKey == nil {
		s.agents.byKey = map[string]*mcpServer{}
	}
	of := &mcpServer{made, made.Handler()}
	s.agents.byKey[p.key.ID] = of
	return of, nil
}

func stopping() error {
	return &statusError{Status: http.StatusServiceUnavailable, Code: "stopping", Detail: "The server stops", Hint: "what was queued goes on when it is back", RetryAfter: 5}
}

// agentPresets are the presets of who asks.
func (s *Server) agentPresets(ctx context.Context) ([]mcp.Preset, error) {
	found, err := s.o.DB.Presets(ctx, asking(ctx).key.ID)
	if err != nil {
		return nil, err
	}
	var presets []mcp.Preset
	for _, p := range found {
		req, err := plan.DecodeRequest(p.Name, p.Order)
		if err != nil {
			continue // it was kept by another version
		}
		wf, err := s.workflow(req.Workflow)
		if err != nil {
			continue // it is gone since
		}
		o, err := req.Order(wf)
		if err != nil {
			continue
		}
		o.Workflow = wf.ID
		presets = append(presets, mcp.Preset{Name: p.Name, Order: o})
	}
	return presets, nil
}

// A failedJob is the error of a job that ended.
type failedJob struct{ problem problem.Problem }

func (e *failedJob) Error() string { return e.problem.Message }

// agentProblem words an error for agents: as everywhere, and what only the API
// knows as the API does.
func agentProblem(err error) problem.Problem {
	if job, ok := errors.AsType[*failedJob](err); ok {
		return job.problem
	}
	p := problem.Of(err)
	if len(p.Problems) > 0 || p.Exit != problem.ExitFailure {
		return p
	}
	e := failure(err)
	p.Code, p.Message, p.Hint = e.Code, e.Detail, e.Hint
	for _, f := range e.Errors {
		p.Problems = append(p.Problems, registry.Problem{Parameter: f.Field, Message: f.Message, Allowed: f.Allowed, Nearest: f.Nearest})
	}
	return p
}

// agentEngine runs calls of agents as jobs.
type agentEngine struct{ s *Server }

// Input finds what an agent sends or made before; anything else is looked up when
// the order is made, as for other requests.
func (e agentEngine) Input(ctx context.Context, in mcp.Input) (mcp.File, error) {
	s := e.s
	switch {
	case in.Data != nil:
		if err := may(ctx, jobs.ScopeGenerate); err != nil {
			return mcp.File{}, err
		}
		got, err := s.keep(ctx, bytes.NewReader(in.Data))
		if err != nil {
			return mcp.File{}, err
		}
		f, err := s.o.DB.AddFile(ctx, jobs.File{
			Key: asking(ctx).key.ID, Name: got.sha256[:16], SHA256: got.sha256, Bytes: got.bytes, MediaType: got.mediaType, Width: got.width, Height: got.height,
		})
		return mcp.File{Name: f.ID}, err
	case in.Output != nil:
		out, err := e.output(ctx, in.Output.Run, in.Output.N)
		if errors.Is(err, jobs.ErrNotFound) {
			err = invalid(in.Parameter, "there is no such result", "list_jobs shows those that there are")
		}
		return mcp.File{Name: out.ID}, err
	}
	return mcp.File{Name: in.Name}, nil
}

// output is the n-th of a job of who asks.
func (e agentEngine) output(ctx context.Context, job string, n int) (jobs.Output, error) {
	j, err := e.s.own(ctx, job)
	if err != nil {
		return jobs.Output{}, err
	}
	outputs, err := e.s.o.DB.OutputsOf(ctx, j.ID)
	if err != nil {
		return jobs.Output{}, err
	}
	for _, o := range outputs {
		if o.N == int64(n) {
			return o, nil
		}
	}
	return jobs.Output{}, jobs.ErrNotFound
}

func (e agentEngine) Prepare(ctx context.Context, req mcp.Request) (mcp.Run, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, err
	}
	points, _, err := e.s.points(ctx, req.Request, ours{})
	if err != nil {
		return nil, err
	}
	if len(points) != 1 {
		return nil, invalid("", "a call makes one run, and this would make several", "call the tool once for each picture")
	}
	n, err := newJob(points[0], req.Request, req.Body, "")
	if err != nil {
		return nil, err
	}
	return agentRun{e.s, n}, nil
}

// agentRun is a call that is not queued yet.
type agentRun struct {
	s   *Server
	job jobs.New
}

// Execute queues the job and waits for its end. A client that gives up cancels it;
// when this server stops, it goes on.
func (r agentRun) Execute(ctx context.Context, tell func(mcp.Progress)) (*run.Result, error) {
	s := r.s
	made, err := s.admit(ctx, jobs.Enqueue{Key: asking(ctx).key.ID, Jobs: []jobs.New{r.job}})
	if err != nil {
		return nil, err
	}
	id := made.Jobs[0]
	tell(mcp.Progress{State: "queued"})
	for {
		j, over, err := s.follow(ctx, id, tell)
		switch {
		case over:
			return s.agentResult(ctx, j)
		case err == nil:
			continue // it fell behind
		}
		select {
		case <-s.closing:
			return nil, stopping()
		default:
		}
		if ctx.Err() != nil {
			if err := s.o.DB.Cancel(context.WithoutCancel(ctx), id); err != nil && !errors.Is(err, jobs.ErrState) {
				s.o.Log.Warn("cancelling a job whose client is gone", "job", id, "error", err)
			}
		}
		return nil, err
	}
}

// follow tells of a job until it is over. Without an error it is to be called
// again.
func (s *Server) follow(ctx context.Context, id string, tell func(mcp.Progress)) (j jobs.Job, over bool, err error) {
	watch := s.o.DB.Watch(func(e jobs.Event) bool {
		return e.Job == id && (e.Type == jobs.EventState || e.Type == jobs.EventProgress)
	})
	defer watch.Close()
	if j, err = s.o.DB.Job(ctx, id); err != nil || j.State.Ended() {
		return j, err == nil, err
	}
	for {
		select {
		case e, open := <-watch.C:
			if !open || e.Type == jobs.EventState {
				j, err = s.o.DB.Job(ctx, id)
				if err != nil || j.State.Ended() || !open {
					return j, err == nil && j.State.Ended(), err
				}
				continue
			}
			tell(agentProgress(e.Data))
		case <-s.closing:
			return j, false, stopping()
		case <-ctx.Done():
			return j, false, context.Cause(ctx)
		}
	}
}

// agentProgress is a job's progress as agents hear of it.
func agentProgress(data json.RawMessage) mcp.Progress {
	var p struct {
		Node     *string `json:"node"`
		Step     int     `json:"step"`
		Steps    int     `json:"steps"`
		Fraction float64 `json:"fraction"`
		ETA      *int64  `json:"eta_ms"`
	}
	_ = json.Unmarshal(data, &p) // it is ours
	out := mcp.Progress{State: "running", Step: p.Step, Steps: p.Steps, Fraction: p.Fraction}
	if p.Node != nil {
		out.Node = *p.Node
	}
	if p.ETA != nil {
		out.ETA = *p.ETA
	}
	return out
}

// agentResult is what a job left, under the job's id, with links to its outputs
// instead of files of this machine.
func (s *Server) agentResult(ctx context.Context, j jobs.Job) (*run.Result, error) {
	var failed error
	if j.State != jobs.Succeeded {
		p := problem.Of(context.Canceled)
		p.Message = "the job " + j.ID + " was cancelled"
		if j.State == jobs.Failed && json.Unmarshal(j.Error, &p) != nil {
			p.Message = "the job " + j.ID + " failed"
		}
		failed = &failedJob{p}
	}
	if j.Result == nil {
		return nil, failed
	}
	res := new(run.Result)
	if err := json.Unmarshal(j.Result, res); err != nil {
		return nil, err
	}
	outputs, err := s.o.DB.OutputsOf(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	res.ID = j.ID
	base, _ := ctx.Value(baseKey{}).(string)
	for _, o := range outputs {
		if i := int(o.N) - 1; i >= 0 && i < len(res.Outputs) {
			link := base + s.link(apiPath+"/outputs/"+o.ID+"/content")
			res.Outputs[i].File, res.Outputs[i].URL = nil, &link
		}
	}
	return res, failed
}

func (e agentEngine) Offers(ctx context.Context, of []*registry.Workflow) ([]map[string][]string, error) {
	b, err := e.s.backend("")
	if err != nil || b == nil {
		return nil, err
	}
	inv := b.inventory()
	var offers []map[string][]string
	for _, wf := range of {
		params, err := wf.Parameters()
		if err != nil {
			return offers, err
		}
		offer := map[string][]string{}
		for _, p := range params {
			names, err := inv.Choices(ctx, wf, p)
			if err != nil && !errors.Is(err, errors.ErrUnsupported) {
				return offers, err
			}
			if len(names) > 0 {
				offer[p.Name] = names
			}
		}
		offers = append(offers, offer)
	}
	return offers, nil
}

func (e agentEngine) Models(ctx context.Context, folder string) ([]inventory.Item, error) {
	b, err := e.s.backend("")
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, &statusError{Status: http.StatusServiceUnavailable, Code: problem.CodeNoBackend, Detail: "This server has no backend of its own"}
	}
	list, err := e.s.listModels(ctx, &modelsInput{Name: b.Name, Folder: folder})
	if err != nil {
		return nil, err
	}
	return list.Body.Models, nil
}

// list are the latest jobs of who asks.
func (e agentEngine) list(ctx context.Context, limit int, states ...jobs.State) ([]jobs.Job, error) {
	f := jobs.Filter{States: states, Limit: limit}
	if err := e.s.filter(ctx, &f, ""); err != nil {
		return nil, err
	}
	return e.s.o.DB.Jobs(ctx, f)
}

func (e agentEngine) Jobs(ctx context.Context, limit int) (json.RawMessage, error) {
	found, err := e.list(ctx, limit)
	if err != nil {
		return nil, err
	}
	outputs, err := e.s.outputsOf(ctx, found)
	if err != nil {
		return nil, err
	}
	views := []jobView{}
	for _, j := range found {
		views = append(views, e.s.view(j, outputs[j.ID]))
	}
	return json.Marshal(views)
}

func (e agentEngine) Results(ctx context.Context, limit int) ([]*run.Result, error) {
	found, err := e.list(ctx, limit, jobs.Succeeded)
	if err != nil {
		return nil, err
	}
	var results []*run.Result
	for _, j := range found {
		if res, err := e.s.agentResult(ctx, j); err == nil {
			results = append(results, res)
		}
	}
	return results, nil
}

func (e agentEngine) Result(ctx context.Context, id string) (*run.Result, error) {
	j, err := e.s.own(ctx, id)
	if err != nil {
		return nil, err
	}
	res, err := e.s.agentResult(ctx, j)
	if res == nil && err == nil {
		err = mcp.ErrNoResult
	}
	return res, err
}

func (e agentEngine) Open(ctx context.Context, res *run.Result, n int) (io.ReadCloser, error) {
	out, err := e.output(ctx, res.ID, n)
	if err != nil {
		return nil, err
	}
	body, _, err := e.s.o.Store.Open(ctx, out.Name)
	return body, err
}
