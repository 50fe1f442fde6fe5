package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

func newQueueCancelCmd(a *app) *cobra.Command {
	o := &queueOptions{app: a}
	c := &cobra.Command{
		Use:   "cancel ID...",
		Short: "Take runs of ours off their backend, waiting or executing",
		Long: `Take runs of ours off their backend, waiting or executing: by the id of a run, of
an item of a batch, or as the backend calls it. Runs of others are left alone,
and so is what another process of this machine still follows: Ctrl-C there
cancels it. An item that is cancelled is made again by the next easel batch.
With --server it is jobs of an easel serve, as far as its key may.`,
		Example: `  easel queue cancel last
  easel queue cancel 01jd7 01jd8`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("easel queue list shows them", "queue cancel needs the id of a run")
			}
			return nil
		},
		ValidArgsFunction: a.completeRuns,
		RunE:              func(c *cobra.Command, args []string) error { return runQueueCancel(c.Context(), o, args) },
	}
	o.addFlags(c)
	return c
}

func runQueueCancel(ctx context.Context, o *queueOptions, words []string) error {
	if o.server != "" {
		return o.onServer(func(c *served.Client) error { return o.cancelJobs(ctx, c, words) })
	}
	all, err := o.ours()
	if err != nil {
		return err
	}
	var runs []*ourRun
	for _, word := range words {
		r, err := o.find(all, word)
		if err != nil {
			return err // before anything is cancelled
		}
		runs = append(runs, r)
	}
	return eachOf(ctx, runs, func(r *ourRun) error { return o.cancel(ctx, r) }, func(_ *ourRun, err error) { o.app.report(err) })
}

func (o *queueOptions) cancel(ctx context.Context, r *ourRun) error {
	if r.batch == "" {
		if o.backend != "" {
			be, err := o.at(ctx, r)
			if err != nil {
				return err
			}
			be.Close()
		}
		return runCancel(ctx, &cancelOptions{app: o.app}, r.id)
	}
	if owner, held := ledger.Holder(r.ledger); held {
		return usagef("Ctrl-C there cancels what it has", "item %s is followed by process %d, which runs batch %s", r.item, owner.PID, r.batch)
	}
	be, err := o.at(ctx, r)
	if err != nil {
		return err
	}
	defer be.Close()
	if r.handle == "" {
		return &invalidError{fmt.Sprintf("%s never said under which id it took item %s", be.Name, r.item), "the same easel batch goes on with it"}
	}
	if err := be.Cancel(ctx, r.handle); err != nil {
		return err
	}
	o.app.note("run %s of item %s is off %s", r.id, r.item, be.Name)
	return o.app.printEnded(r.id, ledger.Cancelled)
}
