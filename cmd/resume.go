package cmd

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// resumeOptions are the settings of `resume`.
type resumeOptions struct {
	app       *app
	backend   string
	reconnect time.Duration
	out       string
	discard   bool
	given     *pflag.FlagSet  // the flags of the command
	away      map[string]bool // backends that were waited for in vain: not once more for each of their runs
}

func newResumeCmd(a *app) *cobra.Command {
	o := &resumeOptions{app: a}
	c := &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Collect runs that were submitted and never finished here",
		Long: `Collect what a killed easel, a closed laptop, a lost network or --detach left on
a backend: all such runs, or the one that RUN names. Nothing is submitted again.
A run is called lost only when its backend answers and does not know it.

--out stores elsewhere than the run was to, when that folder is full or gone.
--discard gives a run up that cannot be collected any more: its backend is not
asked, and easel cancel takes it off there first.`,
		Example: `  easel resume
  easel resume last
  easel resume 01jd7 --backend http://192.168.1.20:8188
  easel resume 01jd7 --out rescued/
  easel resume 01jd7 --discard`,
		Args:              atMostOne("one run"),
		ValidArgsFunction: firstWord(a.completeRuns),
		RunE:              func(c *cobra.Command, args []string) error { return runResume(c.Context(), o, args) },
	}
	c.Flags().StringVarP(&o.backend, "backend", "b", "", "where the runs are, a `NAME` or address, when that is not in their record")
	c.Flags().DurationVar(&o.reconnect, "reconnect", 30*time.Second, "wait up to `DURATION` for a backend that is away")
	c.Flags().StringVarP(&o.out, "out", "o", "", "store in `DIR`, a folder or a bucket, instead of where the run was to")
	c.Flags().BoolVar(&o.discard, "discard", false, "give the run up: it is not collected any more")
	o.given = c.Flags()
	return c
}

func runResume(ctx context.Context, o *resumeOptions, args []string) error {
	switch {
	case o.discard && len(args) == 0:
		return usagef("easel history list shows the runs", "--discard gives one run up: name it")
	case o.discard && o.out != "":
		return usagef("leave one of them out", "--discard stores nothing, and --out says where")
	}
	pending, err := o.pending(args)
	if err != nil {
		return err
	}
	if len(pending) == 0 && len(args) == 0 {
		o.app.note("nothing to resume: every run of this machine has ended")
	}
	o.away = map[string]bool{}
	return eachOf(ctx, pending, func(rec ledger.Record) error { return o.resume(ctx, rec) }, func(_ ledger.Record, err error) { o.app.report(err) })
}

// pending are the runs to look after, the oldest first.
func (o *resumeOptions) pending(args []string) ([]ledger.Record, error) {
	h, err := o.app.history()
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return h.Pending()
	}
	rec, err := h.Get(args[0])
	if err != nil {
		return nil, err
	}
	if rec.State.Ended() {
		o.app.note("run %s has ended: %s", rec.ID, rec.State)
		return nil, nil
	}
	return []ledger.Record{rec}, nil
}

func (o *resumeOptions) resume(ctx context.Context, rec ledger.Record) error {
	if rec.Alive() {
		o.app.note("run %s is still followed by process %d", rec.ID, rec.PID)
		return nil
	}
	h, err := o.app.history()
	if err != nil {
		return err
	}
	if o.discard {
		if err := closeRun(h, rec, ledger.Lost, "given up by easel resume --discard"); err != nil {
			return err
		}
		o.app.note("run %s is given up", rec.ID)
		return o.app.printEnded(rec.ID, ledger.Lost)
	}
	t, err := run.OpenTicket(rec.Request)
	if err != nil {
		return &invalidError{"run " + rec.ID + ": " + err.Error(), "easel resume " + rec.ID + " --discard gives it up"}
	}
	if t.Out, err = o.folder(t); err != nil {
		return err
	}
	spec := o.backend
	if spec == "" {
		spec = t.Address
	}
	if spec == "" {
		return o.closeLost(h, rec)
	}
	follow, err := o.view()
	if err != nil {
		return err
	}
	if o.away[spec] {
		follow.reconnect = 0
	}
	be, err := o.app.openBackend(ctx, spec, follow.reconnect)
	if err != nil {
		return err
	}
	defer be.Close()
	at, err := o.app.openOutlet(ctx, t.Out)
	if err != nil {
		return &run.UncollectedError{Run: t.Run, Err: err}
	}
	defer at.close()
	runner := &run.Runner{
		Backend: be, BackendName: t.Backend, Address: t.Address, Store: at.store, Publisher: at.publisher(), Out: t.Out, History: h, OpenInput: o.app.inputs.Open,
		Version: o.app.version(), Leave: true,
	}
	view := newRunView(follow, 1)
	defer view.close()
	view.begin(0, t)
	res, err := runner.Resume(ctx, t, rec.State, view.event)
	var lost *comfy.LostError
	o.away[spec] = errors.As(err, &lost) && !lost.Gone
	var waiting error
	if res != nil && res.Status != run.Cancelled {
		waiting = at.settle(ctx)
		at.arrive(ctx, res)
		view.result(res)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if err == nil && res != nil && res.Status == run.Partial {
		return &problem.PartialError{Runs: 1}
	}
	return errors.Join(err, cmp.Or(view.err, waiting))
}

// view is what is shown of a run.
func (o *resumeOptions) view() (viewOptions, error) {
	cfg, err := o.app.config()
	if err != nil {
		return viewOptions{}, err
	}
	v := viewOptions{app: o.app, show: showOptions{pictures: cfg.Preview}, reconnect: o.reconnect}
	if !o.given.Changed("reconnect") {
		v.reconnect = cfg.Reconnect
	}
	return v, nil
}

// folder is where the outputs of a run go, absolute: where they were to go
// unless --out says otherwise. Output for the stdout of an ended process goes to the
// usual folder.
func (o *resumeOptions) folder(t *run.Ticket) (string, error) {
	if o.out == "" && !wentToStdout(t.Out) {
		return t.Out, nil
	}
	cfg, err := o.app.config()
	if err != nil {
		return "", err
	}
	if o.out == "" {
		out, err := usualOut(cfg)
		return o.app.place(out), err
	}
	return o.app.place(cfg.ExpandHome(o.out)), nil
}

// closeLost ends the record of a run whose backend lived in a process that is
// gone, the embedded emulator, and reports it as lost.
func (o *resumeOptions) closeLost(h *ledger.History, rec ledger.Record) error {
	const reason = "the embedded emulator ended with its process"
	if err := closeRun(h, rec, ledger.Lost, reason); err != nil {
		return err
	}
	return &comfy.LostError{ID: rec.ID, Gone: true, Reason: reason}
}

// closeRun ends the record of a run that is not asked for any more.
func closeRun(h *ledger.History, rec ledger.Record, state ledger.State, reason string) error {
	rec.State, rec.Updated, rec.Error = state, time.Now(), reason
	return h.Put(rec)
}
