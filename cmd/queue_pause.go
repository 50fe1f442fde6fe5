package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/backends"
)

func newQueuePauseCmd(a *app) *cobra.Command {
	o := &queueOptions{app: a}
	c := &cobra.Command{
		Use:   "pause",
		Short: "Let batches and servers of this machine send nothing to a backend for now",
		Long: `Let the batches and the easel serve of this machine send no further runs to a
backend until easel queue resume. What it has already is collected, and what
others send goes on: no backend has a pause of its own. A generate that you
start runs all the same. With --server an easel serve holds back what waits
there; its key must be one that may manage.`,
		Example: "  easel queue pause\n  easel queue pause --backend studio\n  easel queue pause --server http://127.0.0.1:7860",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return runQueuePause(c.Context(), o, true) },
	}
	o.addBackend(c)
	return c
}

func newQueueResumeCmd(a *app) *cobra.Command {
	o := &queueOptions{app: a}
	c := &cobra.Command{
		Use:     "resume",
		Short:   "End a pause",
		Example: "  easel queue resume --backend studio\n  easel queue resume --server http://127.0.0.1:7860",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return runQueuePause(c.Context(), o, false) },
	}
	o.addBackend(c)
	return c
}

func (o *queueOptions) addBackend(c *cobra.Command) {
	c.Flags().StringVarP(&o.backend, "backend", "b", "", "`NAME|URL` of the backend")
	_ = c.RegisterFlagCompletionFunc("backend", o.app.completeBackends)
	o.addServer(c)
}

// spec is the backend that the flag or the settings choose, without opening it.
func (o *queueOptions) spec(ctx context.Context, opener *backends.Opener) (string, error) {
	spec := o.backend
	if spec == "" {
		spec = opener.Config.Backend
	}
	if spec == "" {
		if spec = backends.FindLocal(ctx); spec == "" {
			return "", &backends.NoneError{}
		}
	}
	return spec, opener.Check(spec)
}

func runQueuePause(ctx context.Context, o *queueOptions, pause bool) error {
	if o.server != "" {
		return o.onServer(func(c *served.Client) error { return o.pauseJobs(ctx, c, pause) })
	}
	opener, err := o.app.opener()
	if err != nil {
		return err
	}
	spec, err := o.spec(ctx, opener)
	if err != nil {
		return err
	}
	place := opener.Place(spec)
	if place == "" {
		return usagef("Ctrl-C ends the process, and the same command goes on", "the embedded emulator belongs to one process and cannot be paused by another")
	}
	pauses, err := o.app.pauses()
	if err != nil {
		return err
	}
	if pause {
		if err := pauses.Pause(place); err != nil {
			return err
		}
		o.app.note("batches and servers of this machine send nothing to %s until easel queue resume", place)
	} else {
		ended, err := pauses.Resume(place)
		if err != nil {
			return err
		}
		if ended {
			o.app.note("%s is used again", place)
		} else {
			o.app.note("%s was not paused", place)
		}
	}
	if !o.app.global.json {
		return nil
	}
	return o.app.printJSON(map[string]any{"backend": place, "paused": pause})
}
