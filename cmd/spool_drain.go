package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
)

func newSpoolDrainCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "drain [PLACE]",
		Short: "Deliver what waits now",
		Long: `Deliver the outputs that wait on this machine: all of them, or those for PLACE. Where
each one is now is printed, a line each. What a place still does not take stays,
and the exit code is 3.`,
		Example: "  easel spool drain\n  easel spool drain supabase://art/today",
		Args:    atMostOne("one place"),
		RunE:    func(c *cobra.Command, args []string) error { return runSpoolDrain(c.Context(), a, args) },
	}
}

func runSpoolDrain(ctx context.Context, a *app, args []string) error {
	dir, err := a.spoolFolder()
	if err != nil {
		return err
	}
	all, listErr := spool.List(dir)
	if listErr != nil {
		a.note("warning: what waits cannot all be read: %s", listErr)
	}
	delivered := []deliveredOutput{}
	var failed []error
	known := false
	for _, s := range all {
		if len(args) > 0 && s.Place.Address != args[0] {
			continue
		}
		known = true
		done, err := a.drain(ctx, s.Place)
		delivered = append(delivered, done...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	if !known {
		a.note("nothing waits")
	}
	if a.global.json {
		if err := a.printJSON(delivered); err != nil {
			return err
		}
	}
	for i, err := range failed {
		if i < len(failed)-1 {
			a.report(err)
		}
	}
	if len(failed) > 0 {
		return failed[len(failed)-1]
	}
	return nil
}

// A deliveredOutput is a line of `spool drain --json`.
type deliveredOutput struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// drain delivers what waits for one place.
func (a *app) drain(ctx context.Context, place spool.Place) ([]deliveredOutput, error) {
	opener, err := a.remoteStores()
	if err != nil {
		return nil, err
	}
	st, err := opener.Spooled(place)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	var done []deliveredOutput
	var printed error
	err = st.Deliver(ctx, func(name string, err error) {
		if err != nil {
			return
		}
		done = append(done, deliveredOutput{name, st.Location(name)})
		if !a.global.json {
			_, failed := fmt.Fprintln(a.streams.Out, st.Location(name))
			printed = errors.Join(printed, failed)
		}
	})
	return done, errors.Join(err, printed)
}
