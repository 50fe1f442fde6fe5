package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/mcp"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An mcpEngine makes the runs of `mcp` in this process, as generate does.
type mcpEngine struct {
	app    *app
	opts   *generateOptions
	dest   *destination
	inputs []string // folders whose files may be read, absolute
}

// Prepare makes of a request a run that can be executed.
func (e *mcpEngine) Prepare(ctx context.Context, req mcp.Request) (mcp.Run, error) {
	wf, err := e.app.catalog.Workflow(plan.Order{Workflow: req.Workflow})
	if err != nil {
		return nil, err
	}
	asked, err := req.Order(wf)
	if err != nil {
		return nil, err
	}
	out := &e.opts.output
	asked = plan.Order{
		Naming: out.naming(), Provenance: out.record(), Format: out.pictures(), Strip: out.public || out.strip, Timeout: e.opts.timeout,
	}.Over(asked)
	orders, err := e.app.catalog.Expand(asked)
	if err != nil {
		return nil, err
	}
	if len(orders) != 1 {
		return nil, &invalidError{"a call makes one run, and this would make several", "call the tool once for each picture"}
	}
	request, err := e.app.catalog.Resolve(orders[0])
	if err != nil {
		return nil, err
	}
	runner := &run.Runner{
		Out: e.dest.name, Store: e.dest.store, Publisher: e.dest.publisher(), Version: e.app.version(), OpenInput: opened(req.Files),
	}
	tickets, err := runner.PrepareAll(ctx, []run.Request{request})
	if err != nil {
		return nil, err
	}
	return &mcpRun{e, runner, tickets}, nil
}

// opened opens the files that a call named, and no others.
func opened(files []mcp.File) run.OpenInput {
	return func(ctx context.Context, name string) (io.ReadCloser, error) {
		for _, f := range files {
			if f.Name == name {
				return f.Open(ctx)
			}
		}
		return nil, errors.New("it is not open for reading")
	}
}

// An mcpRun is one call.
type mcpRun struct {
	engine  *mcpEngine
	runner  *run.Runner
	tickets []*run.Ticket
}

func (r *mcpRun) Execute(ctx context.Context, tell func(mcp.Progress)) (*run.Result, error) {
	e := r.engine
	engine, done, err := e.opts.executor(ctx, r.runner, r.tickets)
	if err != nil {
		return nil, err
	}
	defer done()
	res, err := engine.Execute(ctx, r.tickets[0], func(ev run.Event) {
		if p, ok := mcpProgress(ev); ok {
			tell(p)
		}
	})
	if res == nil {
		return nil, err
	}
	e.opts.costs.add(res)
	waiting := e.dest.settle(ctx)
	e.dest.arrive(ctx, res)
	if waiting != nil { // it is safe on this machine, and delivered later
		res.Warnings = append(res.Warnings, waiting.Error())
	}
	return res, cmp.Or(err, e.dest.sign(ctx, res))
}

// mcpProgress is an event as agents hear of it; ok is false for one that they do
// not.
func mcpProgress(ev run.Event) (p mcp.Progress, ok bool) {
	p = mcp.Progress{Node: cmp.Or(ev.Title, ev.Class), Step: ev.Step, Steps: ev.Steps, Fraction: ev.Fraction, ETA: ev.ETA, Position: ev.Position}
	switch ev.Type {
	case run.EventUpload:
		p.State = "uploading"
	case run.EventWaiting:
		p.State = "waiting: " + ev.Message
	case run.EventQueued:
		p.State = "queued"
	case run.EventStarted:
		p.State = "started"
	case run.EventNode, run.EventProgress:
		p.State = "running"
	case run.EventLost:
		p.State = "the backend is away"
	case run.EventEnded:
		p.State = "fetching the files"
	default:
		return p, false
	}
	return p, true
}

func (e *mcpEngine) Offers(ctx context.Context, of []*registry.Workflow) ([]map[string][]string, error) {
	return e.app.offersOf(ctx, e.asked(), of)
}

// offersOf is what a backend offers for the parameters of workflows.
func (a *app) offersOf(ctx context.Context, spec string, of []*registry.Workflow) ([]map[string][]string, error) {
	be, inv, err := a.openInventory(ctx, spec, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer be.Close()
	var offers []map[string][]string
	for _, wf := range of {
		o, err := collectOffer(ctx, inv, be.Name, wf)
		if err != nil {
			return offers, err
		}
		offers = append(offers, o.choices)
	}
	return offers, nil
}

// asked is the backend that is asked what it has: of a pool the first.
func (e *mcpEngine) asked() string {
	first, _, _ := strings.Cut(e.opts.backend, ",")
	return strings.TrimSpace(first)
}

func (e *mcpEngine) Models(ctx context.Context, folder string) ([]inventory.Item, error) {
	return e.app.modelsOf(ctx, e.asked(), folder)
}

// modelsOf lists what a backend has now.
func (a *app) modelsOf(ctx context.Context, spec, folder string) ([]inventory.Item, error) {
	be, inv, err := a.openInventory(ctx, spec, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer be.Close()
	inv.Memory = askAnew{inv.Memory}
	return listModels(ctx, inv, folder)
}

// records are the runs that stored where this process does, the newest first: an
// agent sees its results, and not what else was made on this machine.
func (e *mcpEngine) records(limit int, wanted func(ledger.Record) bool) ([]ledger.Record, error) {
	h, err := e.app.history()
	if err != nil {
		return nil, err
	}
	found := []ledger.Record{}
	for rec, err := range h.List() {
		if len(found) == limit {
			break
		}
		if _, damaged := errors.AsType[*ledger.CorruptError](err); damaged {
			continue
		}
		if err != nil {
			return nil, err
		}
		if e.ours(rec) && wanted(rec) {
			found = append(found, rec)
		}
	}
	return found, nil
}

func (e *mcpEngine) ours(rec ledger.Record) bool {
	t, err := run.OpenTicket(rec.Request)
	return err == nil && t.Out == e.dest.name
}

func (e *mcpEngine) Jobs(_ context.Context, limit int) (json.RawMessage, error) {
	records, err := e.records(limit, func(ledger.Record) bool { return true })
	if err != nil {
		return nil, err
	}
	runs := []pastRun{}
	for _, rec := range records {
		runs = append(runs, e.app.pastRunOf(rec))
	}
	return json.Marshal(runs)
}

func (e *mcpEngine) Results(_ context.Context, limit int) ([]*run.Result, error) {
	records, err := e.records(limit, func(rec ledger.Record) bool { return rec.State == ledger.Done })
	if err != nil {
		return nil, err
	}
	var results []*run.Result
	for _, rec := range records {
		if res, err := e.result(rec); err == nil {
			results = append(results, res)
		}
	}
	return results, nil
}

func (e *mcpEngine) Result(_ context.Context, id string) (*run.Result, error) {
	h, err := e.app.history()
	if err != nil {
		return nil, err
	}
	rec, err := h.Get(id)
	if err != nil || rec.ID != id || !e.ours(rec) {
		return nil, mcp.ErrNoResult
	}
	return e.result(rec)
}

// result is a recorded one, with the places where its outputs are now.
func (e *mcpEngine) result(rec ledger.Record) (*run.Result, error) {
	if rec.Result == nil {
		return nil, mcp.ErrNoResult
	}
	var res run.Result
	if err := json.Unmarshal(rec.Result, &res); err != nil {
		return nil, err
	}
	for i, o := range e.app.pastRunOf(rec).Outputs {
		res.Outputs[i].Path, res.Outputs[i].File, res.Outputs[i].Destination = o.Path, o.File, o.Destination
	}
	return &res, nil
}

func (e *mcpEngine) Open(ctx context.Context, res *run.Result, n int) (io.ReadCloser, error) {
	if n < 1 || n > len(res.Outputs) {
		return nil, mcp.ErrNoResult
	}
	body, _, err := e.dest.store.Open(ctx, e.stored(res.Outputs[n-1]))
	return body, err
}

// stored is an output's name in the store.
func (e *mcpEngine) stored(o run.Output) string {
	if o.Name != "" {
		return o.Name
	}
	if stores.IsRemote(o.Path) {
		return strings.TrimPrefix(o.Path, strings.TrimSuffix(e.dest.store.Location("x"), "x"))
	}
	name, err := filepath.Rel(e.dest.name, o.Path)
	if err != nil {
		return o.Path
	}
	return filepath.ToSlash(name)
}
