package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/served"
)

// queueMoveOptions say where a run goes.
type queueMoveOptions struct {
	queueOptions
	before string
	first  bool
	last   bool
}

func newQueueMoveCmd(a *app) *cobra.Command {
	o := &queueMoveOptions{queueOptions: queueOptions{app: a}}
	c := &cobra.Command{
		Use:   "move ID",
		Short: "Move a waiting run of ours in the queue: --first, --last, --before ID",
		Long: `Move a waiting run of ours in the queue of a ComfyUI, also while another easel
follows it. ComfyUI has no request for that: the run is taken out, proven to be
neither queued nor executing nor done, and submitted again as it was, under the
same id. Serverless endpoints and services of the Comfy API take runs in their
own order and cannot. With --server it is a job of an easel serve, which moves
among those of its priority.`,
		Example: `  easel queue move last --first
  easel queue move 01jd7 --before 01jd8`,
		Args:              exactArgs("a run"),
		ValidArgsFunction: firstWord(a.completeRuns),
		RunE:              func(c *cobra.Command, args []string) error { return runQueueMove(c.Context(), o, args[0]) },
	}
	c.Flags().BoolVar(&o.first, "first", false, "before all that wait (the default)")
	c.Flags().BoolVar(&o.last, "last", false, "behind all that wait")
	c.Flags().StringVar(&o.before, "before", "", "before the waiting run `ID`, anybody's")
	o.addFlags(c)
	return c
}

func runQueueMove(ctx context.Context, o *queueMoveOptions, word string) error {
	if o.first && o.last || o.before != "" && (o.first || o.last) {
		return usagef("leave out all but one", "--first, --last and --before say different places")
	}
	if o.server != "" {
		return o.onServer(func(c *served.Client) error { return o.moveJob(ctx, c, word) })
	}
	all, err := o.ours()
	if err != nil {
		return err
	}
	r, err := o.find(all, word)
	if err != nil {
		return err
	}
	spot := comfy.Spot{Before: o.before, Last: o.last}
	if other, err := o.find(all, o.before); o.before != "" && err == nil {
		spot.Before = other.promptID
	}
	be, err := o.at(ctx, r)
	if err != nil {
		return err
	}
	defer be.Close()
	err = be.Move(ctx, r.promptID, spot)
	switch {
	case isUnsupported(err):
		return cannot(be, "move a run")
	case err != nil:
		return err
	}
	o.app.note("run %s has another place in the queue of %s", r.id, be.Name)
	return o.app.printEnded(r.id, "submitted")
}
