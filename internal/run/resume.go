package run

import (
	"context"
	"errors"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// A backend may still be checking a graph whose sender died: so long it is asked
// for a run that may have been submitted, before it is taken for absent.
const (
	settle     = 6 * time.Second
	settlePace = 250 * time.Millisecond
)

// Resume finishes a run that another process left behind: it collects what the
// backend finished or still works on, and completes a cancel that was not
// confirmed. A run that was recorded but never reached the backend is closed
// as lost; nothing is ever submitted again.
func (r *Runner) Resume(ctx context.Context, t *Ticket, state ledger.State, sink Sink) (*Result, error) {
	if t.Handle != "" && (state == ledger.Prepared || state == ledger.Cancelling) {
		r.settle(ctx, t)
	}
	if state != ledger.Cancelling {
		return r.Collect(ctx, t, sink)
	}
	if err := r.Backend.Cancel(ctx, t.Handle); err != nil {
		var lost *comfy.LostError
		if !errors.As(err, &lost) || !lost.Gone {
			return nil, err
		}
	}
	res := &Result{
		ID: t.Run, Workflow: t.Workflow, Backend: t.Backend, Status: Cancelled, PromptID: t.PromptID,
		Parameters: t.ShownParameters(), Seed: t.Seed, Outputs: []Output{}, Warnings: []string{},
	}
	return res, r.record(t, ledger.Cancelled, res, nil)
}

// settle waits for a run whose submission may have been lost: until the backend
// knows it, or would know it by now. What is wrong with the backend is reported by
// the question that follows.
func (r *Runner) settle(ctx context.Context, t *Ticket) {
	tick := time.NewTicker(settlePace)
	defer tick.Stop()
	for end := time.Now().Add(settle); time.Now().Before(end); {
		if st, err := r.Backend.State(ctx, t.Handle); err != nil || st.Phase != comfy.PhaseUnknown {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
