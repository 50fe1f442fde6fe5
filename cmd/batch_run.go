package cmd

import (
	"context"
	"errors"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

func runBatch(ctx context.Context, o *batchOptions) error {
	// A batch keeps its plan in memory and mostly waits: memory is dearer than the
	// work of keeping it small.
	debug.SetGCPercent(40)
	if err := o.configure(); err != nil {
		return err
	}
	o.fresh = o.fresh && o.app.retried == "" // only some of its items are tried again
	o.chooseOut()
	if err := o.checkFlags(); err != nil {
		return err
	}
	if err := o.output.check(); err != nil {
		return err
	}
	if o.plan == nil && len(o.from) == 0 {
		return usagef("easel batch flux_single --from prompts.txt is one", "batch needs a plan, a workflow or --from")
	}
	d, err := o.draft()
	if err != nil {
		return err
	}
	b, err := o.planOf(ctx, d)
	if err != nil {
		return err
	}
	for _, note := range b.Notes {
		o.app.note("note: %s", note)
	}
	o.noteSkipped(b)
	switch {
	case o.check:
		return runBatchCheck(ctx, o, b)
	case o.dryRun:
		err = o.printItems(b)
	default:
		err = o.execute(ctx, b)
	}
	if err == nil && b.Skipped != nil {
		return &plan.SkippedError{Rows: len(b.Skipped.Rows) + b.Skipped.More}
	}
	return err
}

// chooseOut takes the place for outputs from the plan, where no flag names one.
// A relative one is relative to the plan.
func (o *batchOptions) chooseOut() {
	if o.plan == nil || o.plan.file == nil || o.plan.file.Out == "" || o.changed("out") {
		return
	}
	o.output.out = o.plan.file.Out
	if dir := o.plan.file.Draft.Dir; dir != "" && !stores.IsRemote(o.output.out) && !filepath.IsAbs(o.output.out) {
		o.output.out = filepath.Join(dir, filepath.FromSlash(o.output.out))
	}
}

// noteSkipped tells what is wrong with the rows that are left out.
func (o *batchOptions) noteSkipped(b *plan.Batch) {
	if b.Skipped == nil {
		return
	}
	for i, row := range b.Skipped.Rows {
		if i == mostShown {
			break
		}
		p := problem.Of(row)
		o.app.note("warning: left out: %s", p.Message)
	}
	if more := len(b.Skipped.Rows) + b.Skipped.More - mostShown; more > 0 {
		o.app.note("warning: %d more %s %s left out", more, plural(more, "row"), isAre(more))
	}
}

// planFile is the plan's own file, absolute; "" without one.
func (o *batchOptions) planFile() string {
	if o.plan == nil || o.plan.target != nil && o.plan.file == nil {
		return ""
	}
	return o.app.path(o.plan.word)
}

// execute runs what is left of the batch.
func (o *batchOptions) execute(ctx context.Context, b *plan.Batch) error {
	dest, err := o.output.open(ctx, o.app, false)
	if err != nil {
		return err
	}
	defer dest.close()
	lock, err := o.openAssets(b, dest)
	if err != nil {
		return err
	}
	book, err := o.openLedger(ctx, b, dest)
	if err != nil {
		return err
	}
	defer book.Close()
	ctx, far, err := o.claimRemote(ctx, b, book, dest)
	if err != nil {
		return err
	}
	defer far.release(ctx)
	if err := lock.adopt(ctx, book); err != nil {
		return err
	}
	prepare := &run.Runner{
		Store: dest.store, Out: dest.name, OpenInput: o.app.inputs.Open, Version: o.app.version(), Publisher: dest.publisher(),
	}
	var done func()
	defer func() {
		if done != nil {
			done()
		}
	}()
	maxFailures := o.maxFailures
	if o.failFast {
		maxFailures = 0
	}
	view := newBatchView(o.app, b, o.show)
	sum, err := batch.Run(ctx, batch.Options{
		Batch: b, Catalog: o.app.catalog, Ledger: book, Prepare: prepare,
		Connect: func(ctx context.Context) ([]batch.Place, error) {
			var places []batch.Place
			var err error
			places, done, err = o.connect(ctx, prepare)
			return places, err
		},
		Ordering: batch.Ordering(o.order), Depth: o.depth, Force: o.output.force, Timeout: o.timeout,
		MaxFailures: maxFailures, MaxCost: o.maxCost, Grace: o.graceAfter, Patience: o.reconnect,
		State: o.state, Code: func(err error) string { return explain(err).Code }, Sink: view.event,
	})
	if e := errors.Join(lock.write(book), far.close(ctx)); e != nil {
		err = errors.Join(err, e)
	}
	if ctx.Err() == nil {
		if waiting := dest.settle(ctx); err == nil {
			err = waiting
		}
	}
	return errors.Join(err, view.summary(sum))
}

// openLedger opens the ledger of the batch, or makes it.
func (o *batchOptions) openLedger(ctx context.Context, b *plan.Batch, dest *destination) (*ledger.Batch, error) {
	path, err := o.app.ledgerPath(dest.name, o.state, b.Name)
	if err != nil {
		return nil, err
	}
	if was := o.app.retried; was != "" && !sameFile(was, path) {
		return nil, usagef("run the command once more with its outputs where they are now", "the batch of %s was run with %s as its ledger, and was moved since", was, path)
	}
	args := o.app.args
	if o.app.inputs.Stdin.Used() { // what it held is gone
		args = nil
	}
	book, err := batch.OpenLedger(ctx, b, batch.LedgerOptions{
		Path: path, Easel: o.app.version(), Out: dest.name, Args: args, Dir: o.app.dir,
		Update: o.update, New: o.fresh, Wait: o.wait,
		Waiting: func(owner ledger.Owner) { o.app.note("waiting: %s", (&ledger.LockedError{Owner: owner}).Error()) },
	})
	if err != nil {
		return nil, &batch.LocatedError{At: batch.Location{Out: o.output.out, State: o.state, Name: b.Name}, Waits: true, Err: err}
	}
	return book, nil
}

// graceAfter is how long an ended batch collects what runs: SIGTERM does not wait.
func (o *batchOptions) graceAfter(cause error) time.Duration {
	if signal, ok := errors.AsType[*problem.SignalError](cause); ok && signal.Exit != problem.ExitInterrupt {
		return 0
	}
	return o.grace
}

// backends are where to run, with commas between them: as --backend says, else
// the plan, else the settings.
func (o *batchOptions) backends(settings string) string {
	switch {
	case o.backend != "":
		return o.backend
	case o.plan != nil && o.plan.file != nil && len(o.plan.file.Backends) > 0:
		return strings.Join(o.plan.file.Backends, ",")
	}
	return settings
}

// connect opens the backends. done must be called when the batch is over, also after
// an error, unless it is nil: it deals with pods and closes all.
func (o *batchOptions) connect(ctx context.Context, prepare *run.Runner) (places []batch.Place, done func(), err error) {
	cfg, err := o.app.config()
	if err != nil {
		return nil, nil, err
	}
	names := strings.FieldsFunc(o.backends(cfg.Backend), func(r rune) bool { return r == ',' })
	given := o.backend != ""
	opener, err := o.app.opener()
	if err != nil {
		return nil, nil, err
	}
	pods, err := o.pod.use(ctx, o.app, opener)
	if err != nil {
		return nil, nil, err
	}
	var open []*backends.Backend
	done = func() {
		for _, be := range open {
			if be.Pod != nil {
				o.pod.finish(ctx, o.app, pods, be.Pod, be)
			}
			be.Close()
		}
	}
	if len(names) == 0 {
		be, err := opener.Open(ctx, "", o.reconnect)
		if err != nil {
			o.noteBackend("")
			return nil, done, err
		}
		open = append(open, be)
	}
	for _, name := range slices.Compact(names) {
		be, err := opener.DialContext(ctx, strings.TrimSpace(name), given, o.reconnect)
		if err != nil {
			return nil, done, err
		}
		open = append(open, be)
	}
	if (o.pod.start || o.pod.stop.given) && !slices.ContainsFunc(open, func(be *backends.Backend) bool { return be.Pod != nil }) {
		return nil, done, usagef("--backend pod://ID_OR_NAME is one; easel runpod pods list shows them", "--start-pod and --stop-after are for pods, and none of the backends is one")
	}
	places = make([]batch.Place, len(open))
	for i, be := range open {
		if be.Public {
			o.app.note("warning: %s", backends.OpenToAll(be.Address))
		}
		r := *prepare
		r.Backend, r.BackendName, r.Address = be, be.Name, be.Reopen
		r.Aliases = cfg.Backends[be.Name].Aliases
		if !be.Can().Ephemeral {
			r.Definitions = preflight.NewCache(cfg.CacheDir, be.Address, nil)
		}
		places[i] = batch.Place{Runner: &r, USDPerHour: be.USDPerHour(ctx), Paused: o.app.pausedAt(opener, be)}
	}
	return places, done, nil
}
