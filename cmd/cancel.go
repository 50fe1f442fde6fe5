package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// cancelOptions are the settings of `cancel`.
type cancelOptions struct {
	app     *app
	backend string
}

func newCancelCmd(a *app) *cobra.Command {
	o := &cancelOptions{app: a}
	c := &cobra.Command{
		Use:   "cancel RUN",
		Short: "Take a run off its backend that was left there",
		Long: `Take a run off its backend, queued or running, that --detach or a killed easel
left there. A run that has finished meanwhile is left for easel resume. When the
backend does not answer, easel resume finishes the cancel later.`,
		Example:           "  easel cancel last\n  easel cancel 01jd7",
		Args:              exactArgs("a run"),
		ValidArgsFunction: firstWord(a.completeRuns),
		RunE:              func(c *cobra.Command, args []string) error { return runCancel(c.Context(), o, args[0]) },
	}
	c.Flags().StringVarP(&o.backend, "backend", "b", "", "where the run is, a `NAME` or address, when that is not in its record")
	return c
}

func runCancel(ctx context.Context, o *cancelOptions, name string) error {
	h, err := o.app.history()
	if err != nil {
		return err
	}
	rec, err := h.Get(name)
	if err != nil {
		return err
	}
	if rec.State.Ended() {
		o.app.note("run %s has ended: %s", rec.ID, rec.State)
		return o.app.printEnded(rec.ID, rec.State)
	}
	if rec.Alive() {
		return usagef("Ctrl-C there cancels it", "run %s is still followed by process %d", rec.ID, rec.PID)
	}
	t, err := run.OpenTicket(rec.Request)
	if err != nil {
		return &invalidError{"run " + rec.ID + ": " + err.Error(), "easel resume " + rec.ID + " --discard gives it up"}
	}
	return o.cancel(ctx, h, rec, t)
}

func (o *cancelOptions) cancel(ctx context.Context, h *ledger.History, rec ledger.Record, t *run.Ticket) error {
	spec := o.backend
	if spec == "" {
		spec = t.Address
	}
	if spec == "" { // the embedded emulator ended with its process
		return o.ended(h, rec)
	}
	be, err := o.app.openBackend(ctx, spec, 5*time.Second)
	if err != nil {
		return err
	}
	defer be.Close()
	if st, err := be.State(ctx, t.Handle); err == nil && st.Phase == comfy.PhaseDone {
		o.app.note("run %s has finished meanwhile: easel resume %s collects it", rec.ID, rec.ID)
		return o.app.printEnded(rec.ID, rec.State)
	}
	// From here on resume goes on with the cancel if this process cannot.
	rec.State, rec.Updated = ledger.Cancelling, time.Now()
	if err := h.Put(rec); err != nil {
		return err
	}
	runner := &run.Runner{Backend: be, BackendName: t.Backend, Address: t.Address, History: h, Version: o.app.version()}
	if _, err := runner.Resume(ctx, t, ledger.Cancelling, func(run.Event) {}); err != nil {
		return err
	}
	o.app.note("run %s is cancelled and off %s", rec.ID, be.Name)
	return o.app.printEnded(rec.ID, ledger.Cancelled)
}

// ended closes the record of a run that cannot go on anywhere.
func (o *cancelOptions) ended(h *ledger.History, rec ledger.Record) error {
	if err := closeRun(h, rec, ledger.Cancelled, ""); err != nil {
		return err
	}
	o.app.note("run %s ended with its embedded emulator", rec.ID)
	return o.app.printEnded(rec.ID, ledger.Cancelled)
}

// printEnded says with --json how a run stands now.
func (a *app) printEnded(id string, state ledger.State) error {
	if !a.global.json {
		return nil
	}
	return a.printJSON(map[string]string{"id": id, "state": string(state)})
}
