package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Runner executes requests on one backend into one store. It is safe for
// concurrent use when its fields are not changed any more.
type Runner struct {
	Backend     comfy.Backend
	BackendName string // what records and results say; never an address
	Address     string // how resume opens the backend again; never with credentials; "" = it cannot
	Store       storage.Store
	Out         string    // how to open the store again, for resume
	History     Recorder  // nil: runs leave no record and cannot be resumed
	Publisher   Publisher // nil: nobody is told of single outputs
	OpenInput   OpenInput
	// Contents opens the input files of tickets that another process prepared, by
	// their hash; nil = such runs cannot be submitted, unless they have none.
	Contents func(sha256 string) (io.ReadCloser, error)
	Version  string            // of easel, for provenance
	Aliases  map[string]string // model names of workflows -> names on this backend
	// Models names the model of a folder that is taken where the backend lacks a
	// workflow's own, "" for none; nil = none of any folder.
	Models      func(folder string) string
	Definitions *preflight.Cache // node definitions between runs; nil = none are kept
	Now         func() time.Time // nil = time.Now
	// Leave makes a cancelled context end the following and not the run.
	Leave bool
	// CancelGrace bounds how long a cancelled run waits for the backend's
	// confirmation. Default 2 s.
	CancelGrace time.Duration

	USDPerHour float64 // what the backend costs; 0 = not known
	// Price is asked at the end of a run where USDPerHour is 0; nil = nobody knows.
	Price func() float64

	// Admit is asked before a run is submitted, and may refuse it; nil = nothing is
	// refused.
	Admit func(*Ticket) error

	modelPixels int // what a model paints well, instead of what its family does; for tests
}

func (r *Runner) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// attempts is how often a run is submitted when somebody else interrupts it.
const attempts = 2

// Run executes a request: Prepare, then Execute.
func (r *Runner) Run(ctx context.Context, req Request, sink Sink) (*Result, error) {
	t, err := r.Prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	return r.Execute(ctx, t, sink)
}

// Execute submits and collects a prepared run. The result is non-nil whenever
// the run ended on the backend, with err saying why it did not succeed. A
// partial result has no error: look at its Status.
func (r *Runner) Execute(ctx context.Context, t *Ticket, sink Sink) (*Result, error) {
	for attempt := 1; ; attempt++ {
		if err := r.Submit(ctx, t, sink); err != nil {
			return nil, err
		}
		res := r.newResult(t)
		err := r.collect(ctx, t, res, sink)
		if attempt == attempts || !interrupted(ctx, err) {
			return r.finish(ctx, t, res, err, sink)
		}
		t.PromptID = comfy.NewID()
		t.warn("somebody else interrupted the run, so it was submitted again")
	}
}

// interrupted reports whether somebody else stopped the run, and perhaps meant
// another.
func interrupted(ctx context.Context, err error) bool {
	var cancelled *comfy.CancelledError
	return ctx.Err() == nil && errors.As(err, &cancelled) && !cancelled.Ours && !cancelled.Meant
}

// Submit writes the ticket down and hands the graph to the backend. When it
// returns nil the run is the backend's, and Collect finishes it. That the history
// cannot be written any more by then is a warning: the run is paid for.
func (r *Runner) Submit(ctx context.Context, t *Ticket, sink Sink) error {
	files, err := r.contents(t)
	if err != nil {
		return err
	}
	if err := r.returnable(ctx, t); err != nil {
		return err
	}
	if r.Admit != nil {
		if err := r.Admit(t); err != nil {
			return err
		}
	}
	t.resumed, t.collected = false, false // from here on it is a new run
	t.Handle = ""
	if r.Backend.Can().ClientIDs {
		t.Handle = comfy.Handle(t.PromptID)
	}
	t.Backend, t.Address, t.Out = r.BackendName, r.Address, r.Out
	if err := r.record(t, ledger.Prepared, nil, nil); err != nil {
		return err
	}
	crashpoint.Here(crashpoint.Recorded)
	sink(Event{Type: EventPrepared, Run: t.Run})
	t.tell(sink)
	if n := len(t.Files); n > 0 {
		sink(Event{Type: EventUpload, Run: t.Run, Files: n})
	}
	ctx, stop := t.limit(ctx)
	defer stop()
	h, err := r.Backend.Submit(ctx, r.submission(t, files, sink))
	if err != nil && r.repairRejected(ctx, t, err) {
		t.tell(sink)
		h, err = r.Backend.Submit(ctx, r.submission(t, files, sink))
	}
	if err != nil {
		return r.refuse(ctx, t, err)
	}
	t.Handle = h
	crashpoint.Here(crashpoint.Accepted)
	if err := r.record(t, ledger.Submitted, nil, nil); err != nil {
		t.warn((&UnrecordedError{Run: t.Run, Err: err}).Error())
		t.tell(sink)
	}
	crashpoint.Here(crashpoint.Submitted)
	return nil
}

func (r *Runner) submission(t *Ticket, files []comfy.File, sink Sink) comfy.Submission {
	return comfy.Submission{
		ID:      t.PromptID,
		Label:   t.Workflow,
		Graph:   r.localGraph(t),
		Files:   files,
		PNGInfo: t.embedded(r.Version),
		Preview: t.Preview,
		Waiting: func(reason string, pause time.Duration) {
			sink(Event{Type: EventWaiting, Run: t.Run, Message: fmt.Sprintf("%s, the run is sent again in %s", reason, pause.Round(time.Second))})
		},
	}
}

// refuse ends a run that the backend did not take. If that is not sure, the
// record stays open for resume; if the user gave up or its time is over, the run
// is taken back.
func (r *Runner) refuse(ctx context.Context, t *Ticket, err error) error {
	var ambiguous *comfy.AmbiguousError
	switch {
	case ctx.Err() != nil:
		// Submit has waited for an answer for up to a second already.
		return r.giveUp(ctx, t, context.Cause(ctx), r.cancelGrace()/2)
	case errors.As(err, &ambiguous):
		t.Handle = ambiguous.Handle
		return errors.Join(r.record(t, ledger.Submitted, nil, err), err)
	}
	err = r.explain(ctx, t, err)
	return errors.Join(err, r.record(t, ledger.Failed, nil, err))
}

// cancelGrace is CancelGrace or its default.
func (r *Runner) cancelGrace() time.Duration {
	if r.CancelGrace == 0 {
		return 2 * time.Second
	}
	return r.CancelGrace
}

// giveUp takes the run off the backend within grace and says whether that is
// certain.
func (r *Runner) giveUp(ctx context.Context, t *Ticket, why error, grace time.Duration) error {
	cancelCtx, stop := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer stop()
	e := &StoppedError{Run: t.Run, Why: why}
	if err := r.Backend.Cancel(cancelCtx, t.Handle); !r.Backend.Can().Ephemeral { // else the run ends with this process
		e.Unconfirmed, e.Late = err, r.Backend.Can().LateCancel
	}
	state := ledger.Cancelled
	if e.Unconfirmed != nil {
		state = ledger.Cancelling
	}
	return errors.Join(e, r.record(t, state, nil, e))
}
