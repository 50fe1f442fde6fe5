package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// batchRepairOptions are the settings of `batch repair`.
type batchRepairOptions struct {
	app   *app
	state string
	name  string
}

func newBatchRepairCmd(a *app) *cobra.Command {
	o := &batchRepairOptions{app: a}
	c := &cobra.Command{
		Use:   "repair [OUT]",
		Short: "Rebuild the damaged ledger of a batch",
		Long: `Rebuild a damaged ledger from what can be read of it, from the files and from the
records beside them. An item counts as made only when each of its files is there
as it was stored; the others are planned again. The damaged ledger is kept.`,
		Example: `  easel batch repair art/`,
		Args:    atMostOne("one folder of outputs"),
		RunE:    func(c *cobra.Command, args []string) error { return runBatchRepair(c.Context(), o, args) },
	}
	c.Flags().StringVar(&o.state, "state", "", "the ledgers are in the folder `DIR`")
	c.Flags().StringVar(&o.name, "name", "", "only the batch `NAME`")
	return c
}

func runBatchRepair(ctx context.Context, o *batchRepairOptions, args []string) error {
	place, err := o.app.batchesAt(args, o.state, o.name)
	if err != nil {
		return err
	}
	files, err := place.some()
	if err != nil {
		return err
	}
	repaired := []batch.Repaired{}
	for _, file := range files {
		r, err := o.repair(ctx, place, file)
		if err != nil {
			return place.located(file, err)
		}
		if r != nil {
			repaired = append(repaired, *r)
		}
	}
	if o.app.global.json {
		return o.app.printJSON(repaired)
	}
	for _, r := range repaired {
		fmt.Fprintf(o.app.streams.Out, "%s: %d %s, %d made, %d to make, %d failed, %d on a backend\n",
			batchName(r.Ledger), r.Items, plural(r.Items, "item"), r.Committed, r.Planned, r.Failed, r.Open)
		o.app.note("the damaged ledger is kept as %s", r.Kept)
		if r.Lost > 0 {
			o.app.note("%d %s could not be read: the next easel batch with the plan adds what is missing", r.Lost, plural(r.Lost, "item"))
		}
	}
	return nil
}

// repair rebuilds one ledger; nil when it is sound.
func (o *batchRepairOptions) repair(ctx context.Context, place *batchPlace, file string) (*batch.Repaired, error) {
	lock, err := ledger.LockBatch(ctx, file, false, nil)
	if err != nil {
		return nil, err
	}
	book, err := ledger.ReadBatch(file)
	damaged, isDamaged := errors.AsType[*ledger.DamagedError](err)
	if err == nil {
		err = book.Check()
		damaged, isDamaged = errors.AsType[*ledger.DamagedError](err)
		book.Close()
	}
	if err == nil {
		lock.Release()
		o.app.note("%s is sound", batchName(file))
		return nil, nil
	}
	if !isDamaged {
		lock.Release()
		return nil, err
	}
	defer lock.Release()
	o.app.note("%s", damaged.Error())
	store, err := o.app.openStore(o.app.shown(place.out))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	r, err := batch.Repair(ctx, file, store)
	if err != nil {
		return nil, err
	}
	return &r, nil
}
