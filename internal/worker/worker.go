// Package worker runs the jobs of a database by the engine: an order becomes a
// run on one of the backends, whose ticket is in the job's row before it is
// submitted, so that whoever takes the job next collects it instead of
// computing it again.
package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Place is a backend where jobs run.
type Place struct {
	Name    string
	Address string // to open it again; "" when it dies with this process
	Backend comfy.Backend
	// Definitions are those that are kept of it; nil: none are.
	Definitions *preflight.Cache

	Aliases map[string]string          // model names of workflows -> names there
	Models  func(folder string) string // see run.Runner
	Price   func() float64             // USD per hour; nil = nobody knows
	Paused  func() bool                // it is to get no further runs for now; nil = never
}

// Options of a Worker.
type Options struct {
	Catalog *plan.Catalog
	Places  []Place // at least one
	Store   storage.Store
	Out     string // how to open the store again
	Inputs  run.OpenInput
	// Contents opens an upload by its hash, lower-case hex.
	Contents func(sha256 string) (io.ReadCloser, error)
	Version  string
	Slots    int // jobs at once, for reports
	Log      *slog.Logger
}

// A Worker runs jobs. It is safe for concurrent use.
type Worker struct {
	o      Options
	prefix string // of the location of every object
	places []*place

	choosing sync.Mutex // one place is chosen after the other, by what was chosen before

	mu    sync.Mutex
	lease map[string]*jobs.Lease // by run
}

// place is a backend with what runs there.
type place struct {
	Place
	runner *run.Runner

	changed chan struct{} // has an element when a report is due

	mu      sync.Mutex
	running int
	breaker run.Breaker
	act     activity
}

// New makes a worker.
func New(o Options) *Worker {
	w := &Worker{o: o, lease: map[string]*jobs.Lease{}}
	w.prefix = strings.TrimSuffix(o.Store.Location("x"), "x")
	if w.o.Log == nil {
		w.o.Log = slog.New(slog.DiscardHandler)
	}
	for _, p := range o.Places {
		w.places = append(w.places, &place{Place: p, changed: make(chan struct{}, 1), runner: &run.Runner{
			Backend: p.Backend, BackendName: p.Name, Address: p.Address, Store: o.Store, Out: o.Out, OpenInput: o.Inputs,
			Contents: o.Contents, Version: o.Version, Definitions: p.Definitions, Aliases: p.Aliases, Models: p.Models, Price: p.Price, Leave: true, History: rows{w},
		}})
	}
	return w
}

// Patience with what fails for reasons that pass.
const (
	maxFailures = 3
	awayFor     = 5 * time.Second  // between two looks at backends that are all away or paused
	refusedMost = 10 * time.Minute // a backend that says later (429) is asked at least so often
	settleFor   = 10 * time.Second
)

// Work is the jobs.Work of a worker.
func (w *Worker) Work(ctx context.Context, l *jobs.Lease) jobs.Outcome {
	t, state, err := openTicket(l.Job.Ticket)
	if err != nil {
		return failed(fmt.Errorf("the ticket of the job cannot be read: %w", err))
	}
	if t == nil && l.Job.Cancel {
		return jobs.Outcome{State: jobs.Cancelled}
	}
	if t == nil {
		return w.begin(ctx, l)
	}
	p := w.at(l.Job.Backend)
	if p == nil {
		return failed(fmt.Errorf("the run is on backend %q, which this process does not have", l.Job.Backend))
	}
	out, _ := w.on(ctx, p, l, func() (*run.Ticket, *run.Result, error) {
		defer w.bind(t.Run, l)()
		if l.Job.Cancel {
			state = ledger.Cancelling
		}
		res, err := p.runner.Resume(ctx, t, state, w.sink(ctx, l))
		return t, res, err
	})
	return out
}

// begin makes a run on the first backend that can: what one has not, or refuses, is no
// other one's matter.
func (w *Worker) begin(ctx context.Context, l *jobs.Lease) jobs.Outcome {
	for tried := []*place(nil); ; {
		p := w.choose(tried)
		if p == nil { // all are paused
			return jobs.Outcome{State: jobs.Queued, HandBack: true, After: awayFor}
		}
		tried = append(tried, p)
		out, elsewhere := w.on(ctx, p, l, func() (*run.Ticket, *run.Result, error) {
			t, err := w.prepare(ctx, p, l)
			if err != nil {
				return t, nil, err
			}
			defer w.bind(t.Run, l)()
			res, err := p.runner.Execute(ctx, t, w.sink(ctx, l))
			return t, res, err
		})
		if !elsewhere || len(tried) == len(w.places) {
			return out
		}
		w.o.Log.Info("a job goes to another backend", "job", l.Job.ID, "from", p.Name)
	}
}

// on does something with a run on a backend. elsewhere says that it was not taken
// there, and that another one may.
func (w *Worker) on(ctx context.Context, p *place, l *jobs.Lease, do func() (*run.Ticket, *run.Result, error)) (out jobs.Outcome, elsewhere bool) {
	defer p.leave()
	began := time.Now()
	p.begin(l.Job.ID)
	defer func() {
		ended := time.Now()
		p.end(l.Job.ID, began, ended, out)
		w.o.Log.Info("job attempt ended", "job", l.Job.ID, "attempt", l.Job.Attempt, "state", out.State, "backend", p.Name, "ms", ended.Sub(began).Milliseconds())
	}()
	t, res, err := do()
	verdict := run.Judge(err)
	p.judge(err, verdict)
	var open *run.UncollectedError
	var lost *comfy.LostError
	var perhaps *comfy.AmbiguousError
	elsewhere = verdict != run.Final && ctx.Err() == nil && res == nil && !errors.As(err, &open) && !errors.As(err, &lost) && !errors.As(err, &perhaps)
	out = w.outcome(ctx, p, l, t, res, err)
	if elsewhere && len(w.places) > 1 && out.State == jobs.Queued {
		out.Forget = true // whoever is there first makes it
	}
	return out, elsewhere
}

// Discard is the jobs.Options.Discard of a worker.
func (w *Worker) Discard(ctx context.Context, name string) {
	for _, n := range []string{name, name + run.RecordSuffix} {
		if err := w.o.Store.Remove(ctx, n); err != nil {
			w.o.Log.Warn("removing a result of an attempt that was taken over", "name", n, "error", err)
		}
	}
}

// prepare makes the ticket of a job's order.
func (w *Worker) prepare(ctx context.Context, p *place, l *jobs.Lease) (*run.Ticket, error) {
	if g := unwrap(l.Job.Order); g != nil {
		t := g.ticket()
		t.Backend, t.Address, t.Out = p.Name, p.Address, w.o.Out
		return t, p.runner.Preflight(ctx, t)
	}
	var o plan.Order
	if err := json.Unmarshal(l.Job.Order, &o); err != nil {
		return nil, fmt.Errorf("the order of the job cannot be read: %w", err)
	}
	req, err := w.o.Catalog.Resolve(o)
	if err != nil {
		return nil, err
	}
	req.Preview = true
	p.loads(req)
	t, err := p.runner.Prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	return t, p.runner.Preflight(ctx, t)
}

// outcome says what becomes of a job.
func (w *Worker) outcome(ctx context.Context, p *place, l *jobs.Lease, t *run.Ticket, res *run.Result, err error) jobs.Outcome {
	switch cause := context.Cause(ctx); {
	case res != nil && err == nil, ctx.Err() == nil: // it ended by itself
	case errors.Is(cause, jobs.ErrCancelled):
		return w.cancel(ctx, p, l, t)
	default: // the process is stopping, or the job is somebody else's: the next one collects the run
		return jobs.Outcome{State: jobs.Queued, HandBack: true}
	}
	out := jobs.Outcome{State: jobs.Succeeded}
	if res != nil {
		out.Result, out.Outputs = w.results(res)
		if res.Status == run.Cancelled {
			out.State = jobs.Cancelled
			return out
		}
		if res.Status == run.Partial && err == nil {
			err = &problem.PartialError{Runs: 1}
		}
	}
	if err == nil {
		return out
	}
	what := problem.Of(err)
	out.State, out.Error = jobs.Failed, problemJSON(what)
	var lost *comfy.LostError
	var perhaps *comfy.AmbiguousError
	var status *comfy.StatusError
	switch {
	case errors.Is(err, jobs.ErrUnavailable):
		// What could not be written down was not submitted, or is looked up by its id.
		return jobs.Outcome{State: jobs.Queued, HandBack: true, After: time.Second, Error: out.Error}
	case what.Code == problem.CodeUnreachable, what.Code == problem.CodeNoBackend, errors.As(err, &perhaps) && perhaps.Handle != "":
		// Nothing was submitted, or the next attempt looks for it by its id and makes it
		// again where it is not there: the job waits until its backend is back.
		return jobs.Outcome{State: jobs.Queued, HandBack: true, After: awayFor, Error: out.Error}
	case res == nil && errors.As(err, &status) && status.Status == http.StatusTooManyRequests:
		// It took nothing and says when it may: that is no failure of the job.
		return jobs.Outcome{State: jobs.Queued, HandBack: true, Forget: true, After: min(max(status.RetryAfter, awayFor), refusedMost), Error: out.Error}
	case l.Job.Failures+1 >= maxFailures || !what.Retryable:
		return out
	case errors.As(err, &lost):
		return jobs.Outcome{State: jobs.Queued, Forget: true, After: apart(l.Job.Failures), Error: out.Error}
	}
	return jobs.Outcome{State: jobs.Queued, Forget: res != nil, After: backoff(l.Job.Failures), Error: out.Error}
}

// backoff is how long a job waits after its n-th failure, from 0.
func backoff(n int64) time.Duration { return time.Second << min(2*n, 8) }

// apart is how long a job waits whose run its server lost, after its n-th failure. It
// is drawn: a job that ends its server would else be tried beside the same jobs each
// time, until they are given up with it.
func apart(n int64) time.Duration { return rand.N(backoff(n)) }

// cancel takes a run off its backend.
func (w *Worker) cancel(ctx context.Context, p *place, l *jobs.Lease, t *run.Ticket) jobs.Outcome {
	if t == nil || l.Submission() == nil {
		return jobs.Outcome{State: jobs.Cancelled}
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settleFor)
	defer stop()
	res, err := p.runner.Resume(ctx, t, ledger.Cancelling, func(run.Event) {})
	if err != nil {
		// Whether it is gone is not known: asked again until it is.
		return jobs.Outcome{State: jobs.Queued, HandBack: true, After: awayFor, Error: problemJSON(problem.Of(err))}
	}
	out := jobs.Outcome{State: jobs.Cancelled}
	out.Result, out.Outputs = w.results(res)
	return out
}

func failed(err error) jobs.Outcome {
	return jobs.Outcome{State: jobs.Failed, Error: problemJSON(problem.Of(err))}
}

func problemJSON(p problem.Problem) json.RawMessage {
	data, _ := json.Marshal(p) // texts, numbers and lists of them
	return data
}

// results are a run's result as rows keep it.
func (w *Worker) results(res *run.Result) (json.RawMessage, []jobs.Output) {
	data, _ := json.Marshal(res) // its values are JSON already
	outputs := make([]jobs.Output, 0, len(res.Outputs))
	for i, o := range res.Outputs {
		out := jobs.Output{
			N: int64(i + 1), Name: strings.TrimPrefix(o.Path, w.prefix), Kind: string(o.Kind), MediaType: o.MediaType, Node: o.Node,
			Bytes: o.Bytes, SHA256: o.SHA256, Text: o.Text, Width: wide(o.Width), Height: wide(o.Height),
		}
		outputs = append(outputs, out)
	}
	return data, outputs
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

// at is the backend where a run was submitted.
func (w *Worker) at(name string) *place {
	for _, p := range w.places {
		if p.Name == name {
			p.mu.Lock()
			p.running++
			p.mu.Unlock()
			return p
		}
	}
	return nil
}

func (p *place) leave() {
	p.mu.Lock()
	p.running--
	p.mu.Unlock()
}

// judge notes how a run went for the backend's part.
func (p *place) judge(err error, v run.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case v == run.Failing:
		p.breaker.Fail(time.Now())
	case err == nil:
		p.breaker.Well()
	}
}

// bind says which job a run belongs to, until the result is called.
func (w *Worker) bind(id string, l *jobs.Lease) func() {
	w.mu.Lock()
	w.lease[id] = l
	w.mu.Unlock()
	return func() {
		w.mu.Lock()
		delete(w.lease, id)
		w.mu.Unlock()
	}
}

// rows is the run.Recorder of jobs: a run's record goes into its job's row.
type rows struct{ w *Worker }

// submission is what a row keeps of a run on its way.
type submission struct {
	State  ledger.State    `json:"state"`
	Ticket json.RawMessage `json:"ticket"`
}

func (r rows) Put(rec ledger.Record) error {
	if rec.State.Ended() {
		return nil // the end of a job is written in one transaction with its outputs
	}
	r.w.mu.Lock()
	l := r.w.lease[rec.ID]
	r.w.mu.Unlock()
	data, err := json.Marshal(submission{rec.State, rec.Request})
	if err != nil {
		return err
	}
	var shown struct {
		Seed *run.Seed `json:"seed"`
	}
	if err := json.Unmarshal(rec.Request, &shown); err != nil {
		return err
	}
	seed := ""
	if shown.Seed != nil {
		seed = shown.Seed.String()
	}
	ctx, stop := context.WithTimeout(context.Background(), settleFor)
	defer stop()
	return l.Submitted(ctx, data, rec.PromptID, rec.Backend, seed)
}

// Usual is not known: rows are asked for it where somebody wants to see it.
func (rows) Usual(string, string) time.Duration { return 0 }

// openTicket reads what an earlier attempt left; nil when it left nothing.
func openTicket(data json.RawMessage) (*run.Ticket, ledger.State, error) {
	if data == nil {
		return nil, "", nil
	}
	var s submission
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, "", err
	}
	t, err := run.OpenTicket(s.Ticket)
	return t, s.State, err
}

// A Made says what a run was made with.
type Made struct {
	Parameters run.Values `json:"parameters"` // after character, defaults and draws; nil before it was prepared
	Warnings   []string   `json:"warnings"`
}

// MadeOf reads what a job's run was made with: of its result, or of the ticket of
// one that has none yet.
func MadeOf(j jobs.Job) (m Made) {
	if j.Result != nil {
		_ = json.Unmarshal(j.Result, &m) // it is ours
		return m
	}
	var kept struct {
		Ticket Made `json:"ticket"`
	}
	if j.Ticket != nil {
		_ = json.Unmarshal(j.Ticket, &kept)
	}
	return kept.Ticket
}

// Progress is how far a run is, as the HTTP API shows it.
type Progress struct {
	Node     *string `json:"node"`
	NodeID   string  `json:"node_id,omitempty"`
	Step     int     `json:"step"`
	Steps    int     `json:"steps"`
	Fraction float64 `json:"fraction"`
	ETA      *int64  `json:"eta_ms"`
	Message  string  `json:"message,omitempty"`
}

// sink tells watchers what a run does.
func (w *Worker) sink(ctx context.Context, l *jobs.Lease) run.Sink {
	return func(e run.Event) {
		switch e.Type {
		case run.EventPreview:
			l.Preview(append([]byte(nil), e.Image...), e.MediaType)
			return
		case run.EventStarted, run.EventNode, run.EventProgress, run.EventUpload, run.EventWaiting, run.EventQueued, run.EventLost, run.EventBack:
		default:
			return
		}
		p := Progress{NodeID: e.Node, Step: e.Step, Steps: e.Steps, Fraction: e.Fraction, Message: e.Message}
		if name := e.Title; name != "" || e.Class != "" {
			if name == "" {
				name = e.Class
			}
			p.Node = &name
		}
		if e.ETA > 0 {
			p.ETA = &e.ETA
		}
		data, _ := json.Marshal(p) // texts and numbers
		if err := l.Progress(ctx, data); err != nil && ctx.Err() == nil {
			w.o.Log.Debug("writing the progress of a job", "job", l.Job.ID, "error", err)
		}
	}
}
