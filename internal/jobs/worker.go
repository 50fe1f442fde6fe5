package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// leaseFor is how long a process that says nothing keeps its jobs. It
// extends them three times as often, so that one late answer costs nothing.
var leaseFor = crashpoint.Duration("EASEL_LEASE", 15*time.Second)

const (
	// maxCrashes is how many processes may be gone while they run a job, before
	// it is taken for the reason.
	maxCrashes = 5
)

// Work runs a job and says how it ended. It must expect that an earlier attempt
// got anywhere: a job that has a Ticket may have been submitted. When ctx ends
// it returns as soon as it can; context.Cause tells why: ErrCancelled, ErrTaken
// or ErrStopping.
type Work func(ctx context.Context, l *Lease) Outcome

// Causes of the end of a Work's context.
var (
	ErrCancelled = errors.New("the job was cancelled")
	ErrStopping  = errors.New("the process is stopping")
)

// An Outcome is how an attempt ended.
type Outcome struct {
	State   State // Succeeded, Failed, Cancelled; or Queued to try again
	Result  json.RawMessage
	Error   json.RawMessage
	Outputs []Output // what is stored, with N, Name, Kind, MediaType, ...

	// For State Queued:
	After    time.Duration // not before that
	HandBack bool          // nothing failed: the process is stopping, or the backend is away
	Forget   bool          // the run is over or gone: the next attempt submits a new one
}

// A Lease is a job in the hands of a worker.
type Lease struct {
	Job Job
	db  *DB

	mu       sync.Mutex
	progress time.Time // when progress was last written
}

// Submitted writes down the ticket of a run, before it is submitted and
// whenever it changes. It fails with ErrTaken when the job is not this worker's
// any more: then nothing may be submitted.
func (l *Lease) Submitted(ctx context.Context, ticket json.RawMessage, promptID, backend, seed string) error {
	rows, err := l.db.q.SetTicket(ctx, dbq.SetTicketParams{
		ID: l.Job.ID, Attempt: l.Job.Attempt, Ticket: given(string(ticket)), PromptID: given(promptID),
		Backend: given(backend), Seed: given(seed), Now: millis(l.db.now()),
	})
	if err := l.db.failure(fenced(rows, err)); err != nil {
		return err
	}
	l.mu.Lock()
	l.Job.Ticket, l.Job.PromptID = ticket, promptID
	l.mu.Unlock()
	return nil
}

// progressEvery bounds how often a progress is written to the database.
// Watchers of this process get every one.
const progressEvery = time.Second

// Progress tells watchers how far the run is.
func (l *Lease) Progress(ctx context.Context, progress json.RawMessage) error {
	now := l.db.now()
	l.db.hub.spread(Event{Job: l.Job.ID, Key: l.Job.Key, Type: EventProgress, Data: progress, Created: now})
	l.mu.Lock()
	write := now.Sub(l.progress) >= progressEvery
	if write {
		l.progress = now
	}
	l.mu.Unlock()
	if !write {
		return nil
	}
	rows, err := l.db.q.SetProgress(ctx, dbq.SetProgressParams{
		ID: l.Job.ID, Attempt: l.Job.Attempt, Progress: given(string(progress)), Now: millis(now),
	})
	return fenced(rows, err)
}

// Preview shows watchers of this process a picture of the run on its way.
func (l *Lease) Preview(image []byte, mediaType string) {
	l.db.hub.spread(Event{Job: l.Job.ID, Key: l.Job.Key, Type: EventPreview, Image: image, MediaType: mediaType, Created: l.db.now()})
}

// fenced is the error of a write that counts only while the job is ours.
func fenced(rows int64, err error) error {
	if err == nil && rows == 0 {
		return ErrTaken
	}
	return err
}

// useTicket runs the job that is next, and those after it, until none waits.
// Tickets that find nothing are used up.
func (db *DB) useTicket(ctx context.Context) error {
	l, err := db.take(ctx)
	for err == nil {
		l, err = db.runAndTake(ctx, l)
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// runAndTake runs a job and takes the next one. It fails with ErrNotFound when none
// waits, or the process is stopping.
func (db *DB) runAndTake(ctx context.Context, l *Lease) (*Lease, error) {
	running, ok := db.held.add(ctx, l)
	if !ok { // the process is stopping
		return nil, cmp.Or(db.end(context.WithoutCancel(ctx), l, Outcome{State: Queued, HandBack: true}), ErrNotFound)
	}
	out := db.attempt(running, l)
	if errors.Is(context.Cause(running), ErrTaken) {
		db.held.remove(l)
		db.background.Go(func() { db.discardOf(l.Job.ID, out.Outputs) })
		return db.take(ctx)
	}
	r := db.atDesk(&turn{over: l, out: out, take: !db.held.closed()})
	if errors.Is(r.overErr, ErrUnavailable) {
		r = turned{overErr: db.endSurely(context.WithoutCancel(ctx), l, out)}
	}
	db.held.remove(l)
	switch {
	case errors.Is(r.overErr, ErrTaken):
		db.log.Warn("a job was taken over while it ran here", "job", l.Job.ID, "attempt", l.Job.Attempt)
		db.background.Go(func() { db.discardOf(l.Job.ID, out.Outputs) })
	case r.overErr != nil && r.next == nil:
		return nil, r.overErr
	case r.overErr != nil:
		db.log.Error("writing down how a job ended", "job", l.Job.ID, "error", r.overErr)
	}
	switch {
	case r.next != nil || r.nextErr != nil:
		return r.next, r.nextErr
	case db.held.closed():
		return nil, ErrNotFound
	}
	return db.take(ctx)
}

// attempt runs the work. A job that was taken too often is not run again, and a
// panic is a failure of its job only.
func (db *DB) attempt(ctx context.Context, l *Lease) (out Outcome) {
	if l.Job.Crashes >= maxCrashes && !l.Job.Cancel {
		return Outcome{State: Failed, Error: retired}
	}
	defer func() {
		if p := recover(); p != nil {
			db.log.Error("a job panicked", "job", l.Job.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			out = Outcome{State: Failed, Error: panicked}
		}
	}()
	return db.work(ctx, l)
}

var (
	retired  = verdict("retired", "easel ended five times while it ran the job", "the server's log says why it ended")
	panicked = verdict("internal", "easel failed while it ran the job: that is a bug", "the server's log has more")
)

// verdict is an error in the form of those that the work returns.
func verdict(code, message, hint string) json.RawMessage {
	return json.RawMessage(`{"code":"` + code + `","exit":1,"message":"` + message + `","hint":"` + hint + `","retryable":false,` +
		`"node":null,"class":null,"parameter":null,"file":null,"row":null,"column":null,"problems":[]}`)
}

// discardOf removes what an attempt stored that was taken over, once the job is
// over by another one's word and that does not name it: the newer attempt may
// have found the file and taken it for its own.
func (db *DB) discardOf(id string, stored []Output) {
	if len(stored) == 0 || db.discard == nil {
		return
	}
	ctx := context.Background()
	tick := time.NewTicker(endAgain)
	defer tick.Stop()
	for range endTries {
		job, err := db.Job(ctx, id)
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err == nil && job.State.Ended() {
			named, err := db.OutputsOf(ctx, id)
			if err == nil {
				for _, o := range stored {
					if !slices.ContainsFunc(named, func(n Output) bool { return n.Name == o.Name }) {
						db.discard(ctx, o.Name)
					}
				}
				return
			}
		}
		select {
		case <-tick.C:
		case <-db.closing:
			return
		}
	}
}

// endAgain is how long is waited between two tries to write down how an attempt
// ended, and endTries how often that is tried. An outage of the database that
// takes longer leaves the job to its lease.
const (
	endAgain = 500 * time.Millisecond
	endTries = 240
)

// endSurely is end that outlives an outage of the database: the attempt goes on
// to be this process's until it is written down how it ended.
func (db *DB) endSurely(ctx context.Context, l *Lease, out Outcome) error {
	for try := 1; ; try++ {
		err := db.end(ctx, l, out)
		if !errors.Is(err, ErrUnavailable) || try == endTries {
			return err
		}
		db.log.Warn("writing down how a job ended", "job", l.Job.ID, "error", err)
		select {
		case <-time.After(endAgain):
		case <-db.closing:
			return err // the one that takes it next collects the run
		}
	}
}

// Submission is the ticket as it was last written down, nil before.
func (l *Lease) Submission() json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Job.Ticket
}
