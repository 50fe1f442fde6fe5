package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// Collect follows a submitted run to its end and stores what it made. It may
// be called in another process than Submit, with the ticket from the history.
// The result is nil when the context ended meanwhile and the run is still to be
// collected: then the error is an *UncollectedError.
func (r *Runner) Collect(ctx context.Context, t *Ticket, sink Sink) (*Result, error) {
	res := r.newResult(t)
	return r.finish(ctx, t, res, r.collect(ctx, t, res, sink), sink)
}

func (r *Runner) newResult(t *Ticket) *Result {
	return &Result{
		ID: t.Run, Workflow: t.Workflow, Backend: t.Backend, Seed: t.Seed, Character: known(t.Character),
		Parameters: t.ShownParameters(), PromptID: t.PromptID, Outputs: []Output{},
		Warnings: append([]string{}, t.Warnings...), Started: t.Prepared,
	}
}

// finish records how a run ended, if it has, and reports it to the sink.
func (r *Runner) finish(ctx context.Context, t *Ticket, res *Result, err error, sink Sink) (*Result, error) {
	t.collected = true
	res.Finished = r.now()
	res.Timing.Total = res.Finished.Sub(t.Prepared).Milliseconds()
	state := ledger.Done
	var stopped *StoppedError
	switch {
	case errors.As(err, &stopped):
		res.Status = Cancelled
		return res, err // giveUp has recorded it
	case err != nil && ctx.Err() != nil:
		return nil, &UncollectedError{Run: t.Run, Err: err} // the record stays open: resume goes on
	case err != nil:
		res.Status, state = endOf(err)
	case res.Status == "":
		res.Status = Succeeded
	}
	if e := r.record(t, state, res, err); e != nil {
		err = errors.Join(err, &UnrecordedError{Run: t.Run, Ended: true, Err: e})
	}
	crashpoint.Here(crashpoint.Finished)
	sink(Event{Type: EventDone, Run: t.Run, Result: res})
	return res, err
}

// endOf maps a failure to how the run is called in results and in the history.
func endOf(err error) (Status, ledger.State) {
	var lost *comfy.LostError
	var cancelled *comfy.CancelledError
	var uncollected *UncollectedError
	switch {
	case errors.As(err, &uncollected):
		return Failed, ledger.Submitted // resume asks again, and fetches what there is
	case errors.As(err, &lost) && lost.Gone:
		return Lost, ledger.Lost
	case errors.As(err, &lost):
		return Lost, ledger.Submitted // nobody answered: resume may still find it
	case errors.As(err, &cancelled):
		return Cancelled, ledger.Cancelled
	}
	return Failed, ledger.Failed
}

// limit ends what is done about the run when its time limit is over: submitting
// and following have it each, so that neither hangs.
func (t *Ticket) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, t.Timeout, &comfy.TimeoutError{What: "run " + t.Run, After: t.Timeout})
}

// collect follows a run and stores its outputs. Only what the backend itself says
// of the run ends it: done, failed, cancelled, or proven to be gone. Whatever else
// stands in for an answer, a refused login, a proxy's page, is an
// *UncollectedError, or a *comfy.LostError that is not Gone, and leaves it open.
func (r *Runner) collect(ctx context.Context, t *Ticket, res *Result, sink Sink) error {
	if t.Handle == "" {
		return &comfy.LostError{ID: t.Run, Gone: true, Reason: "it was perhaps submitted, but the answer that would have named it there never came"}
	}
	followCtx, stop := t.limit(ctx)
	defer stop()
	st, err := r.follow(followCtx, t, sink)
	if followCtx.Err() != nil {
		if r.Leave && ctx.Err() != nil && !timedOut(ctx) {
			return context.Cause(ctx)
		}
		return r.giveUp(ctx, t, context.Cause(followCtx), r.cancelGrace())
	}
	var lost *comfy.LostError
	if err == nil && st.Phase == comfy.PhaseUnknown {
		err = &comfy.LostError{ID: t.Run, Gone: true, Reason: "the backend does not know it any more: it was restarted, or the run was removed there"}
	}
	if errors.As(err, &lost) && lost.Gone && r.refetch(ctx, t, res, sink) {
		return nil
	}
	if errors.As(err, &lost) && lost.Gone && r.findStored(ctx, t, res, sink) {
		return nil
	}
	if lost != nil {
		return &comfy.LostError{ID: t.Run, Gone: lost.Gone, Reason: lost.Reason, Err: lost.Err} // by the id that users know
	}
	if err != nil {
		return r.uncollected(t, false, err)
	}
	crashpoint.Here(crashpoint.Ended)
	res.Timing.Execution, res.Timing.Queued = span(st.Started, st.Finished), span(st.Queued, st.Started)
	res.ExecutionStarted, res.ExecutionFinished = st.Started, st.Finished
	res.Cost = r.cost(res.Timing.Execution)
	sink(Event{Type: EventEnded, Run: t.Run})
	if st.Phase == comfy.PhaseDone {
		if err := r.recordEnd(t, keepers(st.Outputs)); err != nil {
			res.note(sink, (&UnrecordedError{Run: t.Run, Err: err}).Error())
		}
	}
	res.Cached = onlySaved(t.Graph, st)
	for _, w := range st.Warnings {
		res.Warnings = append(res.Warnings, w)
		sink(Event{Type: EventWarning, Run: t.Run, Message: w})
	}
	if st.Phase == comfy.PhaseDone {
		return r.harvest(ctx, t, res, st, sink)
	}
	if st.Err == nil {
		return fmt.Errorf("run %s ended as %s without a reason", t.Run, st.Phase)
	}
	return r.explain(ctx, t, st.Err)
}

// timedOut reports whether a context was ended because the run took too long.
func timedOut(ctx context.Context) bool {
	_, ok := errors.AsType[*comfy.TimeoutError](context.Cause(ctx))
	return ok
}

// cost is what an execution of so many milliseconds costs here.
func (r *Runner) cost(ms int64) Cost {
	c := Cost{GPUSeconds: float64(ms) / 1000}
	price := r.USDPerHour
	if price == 0 && r.Price != nil {
		price = r.Price()
	}
	if price > 0 {
		usd := c.GPUSeconds / 3600 * price
		c.USD = &usd
	}
	return c
}

// span is the time between two stamps of one clock in milliseconds, 0 when one
// of them is missing.
func span(from, to time.Time) int64 {
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return to.Sub(from).Milliseconds()
}

// onlySaved reports whether everything but the saving came from the server's
// cache. Saving itself runs each time, because every run has a folder of its own.
func onlySaved(g *comfy.Graph, st comfy.State) bool {
	if len(st.Cached) == 0 {
		return false
	}
	kept := make(map[string]bool, len(st.Cached))
	for _, id := range st.Cached {
		kept[id] = true
	}
	for _, id := range g.IDs() {
		if !kept[id] && !savesFiles(g.Node(id)) {
			return false
		}
	}
	return true
}

func (r *Runner) follow(ctx context.Context, t *Ticket, sink Sink) (comfy.State, error) {
	p := newProgress(t.Graph, r.now, r.usual(t))
	for ev, err := range r.Backend.Follow(ctx, t.Handle) {
		if err != nil {
			return comfy.State{}, err
		}
		out := Event{Run: t.Run}
		switch ev.Type {
		case comfy.EventQueued:
			out.Type, out.Position = EventQueued, ev.Position
		case comfy.EventStarted:
			out.Type = EventStarted
			crashpoint.Here(crashpoint.Started)
		case comfy.EventCached:
			p.cached(ev.Nodes)
			continue
		case comfy.EventNode:
			p.enter(ev.Node)
			out.Type = EventNode
			p.describe(&out, ev.Node)
		case comfy.EventProgress:
			p.step(ev.Node, ev.Value, ev.Max)
			out.Type, out.Step, out.Steps = EventProgress, ev.Value, ev.Max
			p.describe(&out, ev.Node)
		case comfy.EventPreview:
			out.Type, out.Image, out.MediaType = EventPreview, ev.Image, ev.MediaType
			p.describe(&out, ev.Node)
		case comfy.EventText:
			out.Type, out.Message = EventProgress, ev.Text
			p.describe(&out, ev.Node)
		case comfy.EventEnding:
			out.Type = EventEnding
		case comfy.EventLost:
			out.Type = EventLost
			if ev.Err != nil {
				out.Message = ev.Err.Error()
			}
		case comfy.EventBack:
			out.Type = EventBack
		case comfy.EventDone:
			return *ev.State, nil
		default:
			continue
		}
		out.Fraction, out.ETA = p.fraction(), p.eta().Milliseconds()
		sink(out)
	}
	if err := ctx.Err(); err != nil {
		return comfy.State{}, err
	}
	return r.Backend.State(ctx, t.Handle)
}
