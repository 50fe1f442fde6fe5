package cmd

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// verifyOptions are the settings of `verify`.
type verifyOptions struct {
	app    *app
	state  string
	repair bool
}

func newVerifyCmd(a *app) *cobra.Command {
	o := &verifyOptions{app: a}
	c := &cobra.Command{
		Use:   "verify DIR|URL",
		Short: "Check every stored file against what was made",
		Long: `Read every file of a folder or bucket and hold it against the ledgers of its
batches and the records beside files: what is missing, cut, changed, or of
nobody. Damage is exit 3; files of nobody are only named.

--repair fetches again what the backend still has, bit by bit the same, and plans
the other damaged items of batches again: the same easel batch makes them.`,
		Example: `  easel verify art/
  easel verify art/ --repair`,
		Args: exactArgs("the folder or address of the outputs"),
		RunE: func(c *cobra.Command, args []string) error { return runVerify(c.Context(), o, args) },
	}
	c.Flags().BoolVar(&o.repair, "repair", false, "fetch damaged files again, and plan the rest again")
	c.Flags().StringVar(&o.state, "state", "", "the ledgers are in the folder `DIR`")
	return c
}

func runVerify(ctx context.Context, o *verifyOptions, args []string) error {
	place, err := o.app.batchesAt(args, o.state, "")
	if err != nil {
		return err
	}
	if err := o.app.checkThere(place.out); err != nil {
		return err
	}
	if info, err := os.Stat(o.app.place(place.out)); err == nil && !info.IsDir() {
		return &invalidError{
			place.out + " is a file, and verify reads a whole folder",
			"easel inspect " + problem.ShellQuote(place.out) + " says whether this one is as it was made",
		}
	}
	store, err := o.app.openStore(o.app.shown(place.out))
	if err != nil {
		return err
	}
	defer store.Close()
	files, err := place.ledgers()
	if err != nil {
		return err
	}
	var books []*ledger.Batch
	defer func() {
		for _, b := range books {
			b.Close()
		}
	}()
	for _, file := range files {
		b, err := o.open(ctx, file)
		if err != nil {
			return place.located(file, err)
		}
		books = append(books, b)
	}
	var assets *batch.Assets // of plans whose ledger is elsewhere, as in a clone of a repository
	if path := batch.AssetsPath(o.app.place(place.out), ""); path != "" {
		if assets, err = batch.ReadAssets(path); err != nil {
			return err
		}
	}
	verdict, err := batch.Verify(ctx, store, books, assets)
	if err != nil {
		return err
	}
	if o.repair {
		if err := o.mend(ctx, store, books, &verdict); err != nil {
			return err
		}
	}
	return o.print(place, verdict)
}

// open opens a ledger: with --repair for this process alone.
func (o *verifyOptions) open(ctx context.Context, file string) (*ledger.Batch, error) {
	if !o.repair {
		return ledger.ReadBatch(file)
	}
	lock, err := ledger.LockBatch(ctx, file, false, nil)
	if err != nil {
		return nil, err
	}
	return ledger.OpenBatch(file, lock)
}

func (o *verifyOptions) print(place *batchPlace, v batch.Verdict) error {
	a := o.app
	if a.global.json {
		if err := a.printJSON(v); err != nil {
			return err
		}
	} else {
		for _, f := range v.Findings {
			line := string(f.Kind) + "\t" + term.Escape(f.Path)
			if f.Item != "" {
				line += "\titem " + term.Escape(f.Item)
			}
			if f.Mended != "" {
				line += "\t" + f.Mended
			}
			fmt.Fprintln(a.streams.Out, line)
		}
		a.note("%d %s, %s: %d damaged", v.Files, plural(v.Files, "file"), term.Bytes(v.Bytes), v.Damaged())
	}
	requeued, retries := 0, []string{}
	for _, f := range v.Findings {
		if f.Mended != "requeued" {
			continue
		}
		requeued++
		at := batch.Location{Out: place.out, State: o.state, Name: f.Batch}
		if retry := "easel batch retry " + problem.BatchWords(at); !slices.Contains(retries, retry) {
			retries = append(retries, retry)
		}
	}
	switch {
	case v.Damaged() > 0 && !o.repair:
		return &problem.DamageError{Files: v.Damaged(), Hint: "easel verify " + problem.BatchWords(batch.Location{Out: place.out, State: o.state}) + " --repair mends what it can"}
	case v.Damaged() > 0:
		return &problem.DamageError{Files: v.Damaged(), Hint: "no ledger knows these: the same batch makes its own again, easel rerun FILE any other"}
	case requeued > 0:
		return &problem.DamageError{Files: requeued, Hint: "made again by " + strings.Join(retries, "; "), Requeued: true}
	}
	return nil
}

func (o *verifyOptions) mend(ctx context.Context, store storage.Store, books []*ledger.Batch, v *batch.Verdict) error {
	var opened []*backends.Backend
	defer func() {
		for _, be := range opened {
			be.Close()
		}
	}()
	return batch.Mend(ctx, store, books, v, func(address string) (comfy.Backend, error) {
		be, err := o.app.openBackend(ctx, address, 0)
		if err != nil {
			return nil, err
		}
		opened = append(opened, be)
		return be, nil
	})
}
