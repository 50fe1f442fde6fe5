package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
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
	facts, tried, err := o.requeue(ctx, file, args[1:])
	if err != nil {
		return place.located(file, err)
	}
	if tried.again == 0 && tried.open == 0 {
		o.app.note("no item has failed")
		return nil
	}
	if facts.Args == nil {
		o.app.note("%s; the plan came from stdin, so give the command once more", tried.words())
		return nil
	}
	o.app.note("%s", tried.words())
	return o.app.repeat(ctx, facts, file)
}

// A retrial is what there is to make once a batch was told to try items again.
type retrial struct {
	again int // items that had ended
	open  int // items that had not, or were planned again by easel verify
}

// requeue plans items again, all that are named or none.
func (o *batchRetryOptions) requeue(ctx context.Context, file string, ids []string) (ledger.Facts, retrial, error) {
	lock, err := ledger.LockBatch(ctx, file, false, nil)
	if err != nil {
		return ledger.Facts{}, retrial{}, err
	}
	book, err := ledger.OpenBatch(file, lock)
	if err != nil {
		return ledger.Facts{}, retrial{}, err
	}
	tried, err := o.plan(book, ids)
	return book.Facts(), tried, errors.Join(err, book.Close())
}

func (o *batchRetryOptions) plan(book *ledger.Batch, ids []string) (retrial, error) {
	var tried retrial
	known, named := map[string]bool{}, map[string]bool{}
	for _, id := range ids {
		named[id] = true
	}
	failed := o.failed || len(ids) == 0
	for it, err := range book.Items() {
		if err != nil {
			return tried, err
		}
		known[it.ID] = true
		switch {
		case named[it.ID]:
		case it.State == ledger.ItemFailed && failed:
			named[it.ID] = true
			ids = append(ids, it.ID)
		case !it.State.Ended():
			tried.open++
		}
	}
	for _, id := range ids {
		if !known[id] {
			return tried, &ledger.UnknownItemError{Item: id, Nearest: nearest.To(id, slices.Sorted(maps.Keys(known)), 3)}
		}
	}
	for _, id := range ids {
		if err := book.Retry(id); err != nil {
			return tried, err
		}
	}
	tried.again = len(named)
	return tried, nil
}

// words say what is made now.
func (t retrial) words() string {
	again := fmt.Sprintf("%d %s %s planned again", t.again, plural(t.again, "item"), isAre(t.again))
	open := isAre(t.open) + " still to make"
	switch {
	case t.again == 0:
		return fmt.Sprintf("no item has failed, and %d %s", t.open, open)
	case t.open == 0:
		return again
	}
	return fmt.Sprintf("%s, and %d more %s", again, t.open, open)
}

// repeat runs the command of the batch of a ledger once more, where it was run.
func (a *app) repeat(ctx context.Context, facts ledger.Facts, file string) error {
	again := newApp(ctx, a.streams, a.build, facts.Dir, a.environ)
	again.args, again.retried = facts.Args, file
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
