package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// outputsDeleteOptions say what is deleted.
type outputsDeleteOptions struct {
	app       *app
	match     string
	recursive bool
	dryRun    bool
}

func newOutputsDeleteCmd(a *app) *cobra.Command {
	o := &outputsDeleteOptions{app: a}
	c := &cobra.Command{
		Use:   "delete FILE|DIR|URL...",
		Short: "Delete stored outputs with their records",
		Long: `Delete stored outputs, each with the record beside it, and print what was deleted.
A folder or a prefix needs --recursive; --dry-run shows what would go. What easel
keeps of batches stays: their ledgers say then which outputs are missing.`,
		Example: `  easel outputs delete s3://art/today/flux_single-01.png
  easel outputs delete s3://art/today --recursive --match '*.png' --dry-run`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runOutputsDelete(c.Context(), o, args) },
	}
	c.Flags().StringVar(&o.match, "match", "", "only names that `PATTERN` fits, such as '*.png'")
	c.Flags().BoolVarP(&o.recursive, "recursive", "r", false, "delete all that is in a folder or below a prefix")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be deleted, and delete nothing")
	return c
}

func runOutputsDelete(ctx context.Context, o *outputsDeleteOptions, args []string) error {
	if err := checkPattern(o.match); err != nil {
		return err
	}
	cfg, err := o.app.config()
	if err != nil {
		return err
	}
	deleted := []string{}
	for _, word := range args {
		gone, err := o.delete(ctx, cfg.ExpandHome(word))
		deleted = append(deleted, gone...)
		if err != nil {
			return err
		}
	}
	if o.app.global.json {
		return o.app.printJSON(struct {
			Deleted []string `json:"deleted"`
			DryRun  bool     `json:"dry_run"`
		}{deleted, o.dryRun})
	}
	return nil
}

func (o *outputsDeleteOptions) delete(ctx context.Context, word string) (gone []string, err error) {
	from, err := o.app.openShelf(ctx, word)
	if err != nil {
		return nil, err
	}
	defer from.store.Close()
	if from.name == "" && !o.recursive {
		there := false
		for _, err := range from.store.List(ctx, "") {
			if err != nil {
				return nil, err
			}
			there = true
			break
		}
		if there {
			return nil, usagef("--recursive deletes all that is in it; --dry-run shows what", "%s is not one output", word)
		}
		return nil, &storage.Error{Op: "delete", Location: word, Err: storage.ErrNotExist}
	}
	var names []string // listed first: what is listed while it shrinks may be left out
	for info, err := range from.objects(ctx) {
		if err != nil {
			return nil, err
		}
		if matches(o.match, info.Name) && (from.name != "" || !isKept(info.Name)) {
			names = append(names, info.Name)
		}
	}
	for _, name := range names {
		if !o.dryRun {
			for _, n := range []string{name, name + run.RecordSuffix} { // the record last: without its file it still says what there was
				if err := from.store.Remove(ctx, n); err != nil {
					return gone, err
				}
			}
		}
		gone = append(gone, from.store.Location(name))
		if !o.app.global.json {
			if _, err := fmt.Fprintln(o.app.streams.Out, from.store.Location(name)); err != nil {
				return gone, err
			}
		}
	}
	return gone, nil
}
