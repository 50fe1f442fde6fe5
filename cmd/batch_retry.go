package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// batchRetryOptions are the settings of `batch retry`.
type batchRetryOptions struct {
	app    *app
	state  string
	name   string
	failed bool
}

func newBatchRetryCmd(a *app) *cobra.Command {
	o := &batchRetryOptions{app: a}
	c := &cobra.Command{
		Use:   "retry OUT [ITEM...]",
		Short: "Try items of a batch again",
		Long: `Try the failed items of a batch again, or the ITEMs that are named, whether they
failed or not: a file that was made is replaced. The command that ran the batch
is repeated for them.`,
		Example: `  easel batch retry art/
  easel batch retry art/ hero banner`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return runBatchRetry(c.Context(), o, args) },
	}
	c.Flags().BoolVar(&o.failed, "failed", false, "all items that failed (the default when none is named)")
	c.Flags().StringVar(&o.state, "state", "", "the ledger is in the folder `DIR`")
	c.Flags().StringVar(&o.name, "name", "", "the batch `NAME`, where there are several")
	return c
}

func runBatchRetry(ctx context.Context, o *batchRetryOptions, args []string) error {
	if len(args) == 0 {
		return usagef("easel batch retry art/", "batch retry needs the folder of the outputs")
	}
	place, err := o.app.batchesAt(args[:1], o.state, o.name)
	if err != nil {
		return err
	}
	file, err := place.one()
	if err != nil {
		return err
	}
	facts, n, err := o.requeue(ctx, file, args[1:])
	if err != nil {
		return err
	}
	if n == 0 {
		o.app.note("no item has failed")
		return nil
	}
	if facts.Args == nil {
		o.app.note("%s; the plan came from stdin, so give the command once more", arePlanned(n))
		return nil
	}
	o.app.note("%s", arePlanned(n))
	return o.app.repeat(ctx, facts)
}

// requeue plans items again and says how many.
func (o *batchRetryOptions) requeue(ctx context.Context, file string, ids []string) (ledger.Facts, int, error) {
	lock, err := ledger.LockBatch(ctx, file, false, nil)
	if err != nil {
		return ledger.Facts{}, 0, err
	}
	book, err := ledger.OpenBatch(file, lock)
	if err != nil {
		return ledger.Facts{}, 0, err
	}
	if len(ids) == 0 || o.failed {
		for it, err := range book.Items() {
			if err != nil {
				return book.Facts(), 0, errors.Join(err, book.Close())
			}
			if it.State == ledger.ItemFailed {
				ids = append(ids, it.ID)
			}
		}
	}
	for _, id := range ids {
		if err := book.Retry(id); err != nil {
			return book.Facts(), 0, errors.Join(err, book.Close())
		}
	}
	return book.Facts(), len(ids), book.Close()
}

// arePlanned says how many items are tried again.
func arePlanned(n int) string {
	if n == 1 {
		return "1 item is planned again"
	}
	return fmt.Sprintf("%d items are planned again", n)
}

// repeat runs the command of a batch once more, where it was run.
func (a *app) repeat(ctx context.Context, facts ledger.Facts) error {
	again := newApp(ctx, a.streams, a.build, facts.Dir, a.environ)
	defer again.inputs.Close()
	again.scanGlobals(facts.Args)
	again.global.json = again.global.json || a.global.json
	root, err := newRootCmd(again, facts.Args)
	if err != nil {
		return err
	}
	root.SetArgs(facts.Args)
	return root.ExecuteContext(ctx)
}
