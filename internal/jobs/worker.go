package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

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
// Tickets that find nothing are used up; there is one for each job at least.
func (db *DB) useTicket(ctx context.Context) error {
	for {
		if more, err := db.runNext(ctx); !more || err != nil {
			return err
		}
	}
}

// runNext takes the job that is next and runs it; false when none waits, or
// the process is stopping.
func (db *DB) runNext(ctx context.Context) (bool, error) {
	l, err := db.take(ctx)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	running, ok := db.held.add(ctx, l)
	if !ok { // the process is stopping
		return false, db.end(context.WithoutCancel(ctx), l, Outcome{State: Queued, HandBack: true})
	}
	defer db.held.remove(l)
	out := db.attempt(running, l)
	if errors.Is(context.Cause(running), ErrTaken) {
		db.background.Go(func() { db.discardOf(l.Job.ID, out.Outputs) })
		return true, nil
	}
	err = db.endSurely(context.WithoutCancel(ctx), l, out)
	if errors.Is(err, ErrTaken) {
		db.log.Warn("a job was taken over while it ran here", "job", l.Job.ID, "attempt", l.Job.Attempt)
		db.background.Go(func() { db.discardOf(l.Job.ID, out.Outputs) })
		return true, nil
	}
	return err == nil, err
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

// take takes the job that is next: of the keys that wait, the one that was
// served least; of its jobs the highest priority, then the first. A higher
// priority of another key goes before. It fails with ErrNotFound when none
// waits.
func (db *DB) take(ctx context.Context) (*Lease, error) {
	for {
		var row dbq.Job
		var told Event
		now := db.now()
		lost := false
		err := db.tx(ctx, func(ctx context.Context, t *tx) error {
			lost = false
			id, lane, err := firstOf(ctx, t, now)
			if err != nil {
				return err
			}
			row, err = t.q.TakeJob(ctx, dbq.TakeJobParams{ID: id, Owner: &db.process, LeaseUntil: at(now.Add(leaseFor)), Now: millis(now)})
			if errors.Is(err, pgx.ErrNoRows) {
				lost = true // another process was faster
			}
			if err != nil {
				return err
			}
			if err := t.q.ServeLane(ctx, dbq.ServeLaneParams{KeyID: lane.KeyID, Served: lane.Served + 1}); err != nil {
				return err
			}
			told, err = t.tell(ctx, Event{Job: row.ID, Key: row.KeyID, Type: EventState, Data: stateData(Running, row.Attempt), Created: now})
			return err
		})
		switch {
		case lost:
			continue
		case err != nil:
			return nil, err
		}
		db.hub.spread(told)
		return &Lease{Job: jobOf(row), db: db}, nil
	}
}

// firstOf is the id of the job that is next, and the lane it stands in.
func firstOf(ctx context.Context, t *tx, now time.Time) (string, dbq.Lane, error) {
	paused, err := t.q.GetSetting(ctx, settingPaused)
	if err != nil {
		return "", dbq.Lane{}, err
	}
	if paused != 0 {
		return "", dbq.Lane{}, pgx.ErrNoRows
	}
	lanes, err := t.q.Lanes(ctx)
	if err != nil {
		return "", dbq.Lane{}, err
	}
	var best dbq.FirstOfLaneRow
	var lane dbq.Lane
	for _, l := range lanes { // who was served least comes first
		head, err := t.q.FirstOfLane(ctx, dbq.FirstOfLaneParams{KeyID: l.KeyID, Now: millis(now)})
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return "", lane, err
		}
		if best.ID == "" || head.Priority > best.Priority {
			best, lane = head, l
		}
	}
	if best.ID == "" {
		return "", lane, pgx.ErrNoRows
	}
	return best.ID, lane, nil
}

// end writes down how an attempt ended, all of it or nothing.
func (db *DB) end(ctx context.Context, l *Lease, out Outcome) error {
	now := db.now()
	var told []Event
	err := db.tx(ctx, func(ctx context.Context, t *tx) error {
		told = nil
		if out.State == Queued {
			return db.again(ctx, t, l, out, now, &told)
		}
		rows, err := t.q.FinishJob(ctx, dbq.FinishJobParams{
			ID: l.Job.ID, Attempt: l.Job.Attempt, State: string(out.State), Result: given(string(out.Result)),
			Error: given(string(out.Error)), Now: millis(now),
		})
		if err := fenced(rows, err); err != nil {
			return err
		}
		before, err := t.q.LastOutput(ctx, l.Job.ID) // of a run that failed halfway before it was tried again
		if err != nil {
			return err
		}
		for _, o := range out.Outputs {
			err := t.q.InsertOutput(ctx, dbq.InsertOutputParams{
				ID: newID(), JobID: l.Job.ID, KeyID: l.Job.Key, WorkflowID: l.Job.Workflow, CharacterID: given(l.Job.Character), BatchID: given(l.Job.Batch),
				N: before + o.N, Name: o.Name, Kind: o.Kind, MediaType: o.MediaType, Node: o.Node,
				Width: o.Width, Height: o.Height, Bytes: o.Bytes, Sha256: o.SHA256, Content: o.Text, CreatedAt: millis(now),
			})
			if err != nil {
				return fmt.Errorf("writing an output of job %s: %w", l.Job.ID, err)
			}
		}
		if err := db.deliver(ctx, t, l.Job, out.State, now); err != nil {
			return err
		}
		event, err := t.tell(ctx, Event{Job: l.Job.ID, Key: l.Job.Key, Type: EventState, Data: stateData(out.State, l.Job.Attempt), Created: now})
		told = append(told, event)
		return err
	})
	if err == nil {
		db.hub.spread(told...)
	}
	return err
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

// again puts a job back into the queue.
func (db *DB) again(ctx context.Context, t *tx, l *Lease, out Outcome, now time.Time, told *[]Event) error {
	p := dbq.HandBackParams{
		ID: l.Job.ID, Attempt: l.Job.Attempt, Error: given(string(out.Error)), Now: millis(now),
		Ticket: given(string(l.Job.Ticket)), PromptID: given(l.Job.PromptID),
	}
	if out.Forget {
		p.Ticket, p.PromptID = nil, nil
	}
	if !out.HandBack {
		p.Failed = 1
	}
	var due time.Time
	if out.After > 0 {
		due = now.Add(out.After)
		p.NotBefore = millis(due)
	}
	if err := fenced(t.q.HandBack(ctx, p)); err != nil {
		return err
	}
	if err := t.hand(ctx, 1, due); err != nil {
		return err
	}
	event, err := t.tell(ctx, Event{Job: l.Job.ID, Key: l.Job.Key, Type: EventState, Data: stateData(Queued, l.Job.Attempt), Created: now})
	*told = append(*told, event)
	return err
}

// Submission is the ticket as it was last written down, nil before.
func (l *Lease) Submission() json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Job.Ticket
}
