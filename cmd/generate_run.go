package cmd

import (
	"cmp"
	"context"
	"errors"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

func runGenerate(ctx context.Context, o *generateOptions) error {
	if err := o.configure(); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	if err := o.checkSavePreset(); err != nil {
		return err
	}
	orders, err := o.orders()
	if err != nil {
		return err
	}
	requests, err := o.requests(orders)
	if err != nil {
		return err
	}
	if err := o.output.fits(requests, o.app.global.json); err != nil {
		return err
	}
	dest, err := o.output.open(ctx, o.app, o.dryRun)
	if err != nil {
		return err
	}
	defer dest.close()
	runner := &run.Runner{
		Out: dest.name, OpenInput: o.app.inputs.Open, Version: o.app.version(),
	}
	if !o.dryRun {
		runner.Store, runner.Publisher = dest.store, dest.publisher()
	}
	if err := o.writeMaskPreview(ctx, runner, requests); err != nil {
		return err
	}
	if o.dryRun {
		return o.printPlan(ctx, runner, requests)
	}
	tickets, err := o.prepare(ctx, runner, requests)
	if err != nil {
		return err
	}
	engine, done, err := o.executor(ctx, runner, tickets)
	if err != nil {
		return err
	}
	defer done()
	return o.runAll(ctx, engine, tickets, dest)
}

// view is what is shown of the runs.
func (o *generateOptions) view() viewOptions {
	return viewOptions{app: o.app, show: o.show, events: o.events, stdout: o.output.stdout(), preset: o.preset, reconnect: o.reconnect}
}

func (o *generateOptions) prepare(ctx context.Context, runner *run.Runner, requests []run.Request) ([]*run.Ticket, error) {
	if o.target.again != nil {
		return o.prepareAgain(ctx, runner, requests)
	}
	return runner.PrepareAll(ctx, requests)
}

// runAll executes the plan. With several runs a failure does not stop the next
// one; at the end is a *problem.PartialError.
func (o *generateOptions) runAll(ctx context.Context, engine executor, tickets []*run.Ticket, dest *destination) error {
	view := newRunView(o.view(), len(tickets))
	defer view.close()
	var first, waiting error
	failed, partial := 0, 0
	for i, t := range tickets {
		view.begin(i, t)
		res, err := o.runOne(ctx, engine, t, view)
		o.costs.add(res)
		if res != nil && i == len(tickets)-1 {
			waiting = dest.settle(ctx)
			dest.arrive(ctx, res)
		}
		if err == nil {
			err = cmp.Or(dest.sign(ctx, res), dest.deliver(res))
		}
		if res != nil {
			view.result(res)
			o.openOutputs(ctx, res)
			if res.Status == run.Partial {
				partial++
			}
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil || len(tickets) == 1 {
			return err
		}
		if first == nil {
			first = err
		}
		if _, used := errors.AsType[*problem.LimitError](err); used {
			return err
		}
		failed++
		view.failure(explain(err))
	}
	if failed > 0 || partial > 0 {
		return &problem.PartialError{Runs: len(tickets), Failed: failed, First: first}
	}
	return cmp.Or(view.err, waiting)
}

// openOutputs is --open. A viewer that does not start fails nothing: the files
// are there.
func (o *generateOptions) openOutputs(ctx context.Context, res *run.Result) {
	if !o.open || o.output.stdout() {
		return
	}
	for _, out := range res.Outputs {
		at := out.Path
		if out.URL != nil {
			at = *out.URL
		}
		if err := o.app.openFile(ctx, at); err != nil {
			o.app.note("warning: %s", err)
			return
		}
	}
}

func (o *generateOptions) runOne(ctx context.Context, engine executor, t *run.Ticket, view *runView) (*run.Result, error) {
	if !o.detach {
		return engine.Execute(ctx, t, view.event)
	}
	if err := engine.Submit(ctx, t, view.event); err != nil {
		return nil, err
	}
	return nil, view.detached(t)
}

// printPlan is --dry-run: the graph, or with --json the request and the graph.
func (o *generateOptions) printPlan(ctx context.Context, runner *run.Runner, requests []run.Request) error {
	tickets, err := o.prepare(ctx, runner, requests)
	if err != nil {
		return err
	}
	_, runner.Definitions = o.app.kept(o.backend)
	runner.FitSeeds(tickets...)
	estimate := o.estimateRun(tickets[0])
	if words := estimate.words(); words != "" {
		o.app.note("%s", words)
	}
	for _, t := range tickets {
		var v any = t.Graph
		if o.app.global.json {
			v = struct {
				Workflow   string     `json:"workflow"`
				Seed       *run.Seed  `json:"seed"`
				Character  *string    `json:"character"`
				Parameters run.Values `json:"parameters"`
				Templates  run.Values `json:"templates,omitempty"`
				Graph      any        `json:"graph"`

				Estimate runEstimate `json:"estimate"`
			}{t.Workflow, t.Seed, text(t.Character), t.ShownParameters(), t.Templates, t.Graph, estimate}
		}
		if err := o.app.printJSON(v); err != nil {
			return err
		}
	}
	return nil
}
