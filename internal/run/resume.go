package run

import (
	"context"
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// Resume finishes a run that another process left behind: it collects what the
// backend finished or still works on, and completes a cancel that was not
// confirmed. A run that was recorded but never reached the backend is closed
// as lost; nothing is ever submitted again.
func (r *Runner) Resume(ctx context.Context, t *Ticket, state ledger.State, sink Sink) (*Result, error) {
	if state != ledger.Cancelling {
		return r.Collect(ctx, t, sink)
	}
	if err := r.Backend.Cancel(ctx, t.Handle); err != nil {
		var lost *comfy.LostError
		if !errors.As(err, &lost) || !lost.Gone {
			return nil, err
		}
	}
	res := &Result{ID: t.Run, Workflow: t.Workflow, Backend: t.Backend, Status: Cancelled, PromptID: t.PromptID,
		Parameters: t.Parameters, Seed: t.Seed, Outputs: []Output{}, Warnings: []string{}}
	return res, r.record(t, ledger.Cancelled, res, nil)
}
