package jobs

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// held are the jobs that this process runs.
type held struct {
	mu       sync.Mutex
	jobs     map[string]holding
	stopping bool
	empty    chan struct{} // closed when stopping and nothing runs
}

type holding struct {
	attempt int64
	end     context.CancelCauseFunc
}

// add makes the context of a job's work; false when the process is stopping.
func (h *held) add(ctx context.Context, l *Lease) (context.Context, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return ctx, false
	}
	ctx, end := context.WithCancelCause(ctx)
	if h.jobs == nil {
		h.jobs = map[string]holding{}
	}
	h.jobs[l.Job.ID] = holding{l.Job.Attempt, end}
	if l.Job.Cancel {
		end(ErrCancelled)
	}
	return ctx, true
}

// closed reports whether no job begins any more.
func (h *held) closed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopping
}

func (h *held) remove(l *Lease) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if j, ok := h.jobs[l.Job.ID]; ok && j.attempt == l.Job.Attempt {
		j.end(context.Canceled)
		delete(h.jobs, l.Job.ID)
	}
	if h.stopping && len(h.jobs) == 0 {
		close(h.empty)
	}
}

// attempt is the number of the attempt of a job that runs here.
func (h *held) attempt(id string) (int64, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j, ok := h.jobs[id]
	return j.attempt, ok
}

// endAttempt ends the work of one job, if that attempt of it runs here.
func (h *held) endAttempt(id string, attempt int64, cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if j, ok := h.jobs[id]; ok && j.attempt == attempt {
		j.end(cause)
	}
}

// drain lets no job begin any more and waits for those that run, until ctx
// ends: then they are told to stop, and still waited for.
func (h *held) drain(ctx context.Context) {
	h.mu.Lock()
	if h.stopping {
		h.mu.Unlock()
		return
	}
	h.stopping, h.empty = true, make(chan struct{})
	if len(h.jobs) == 0 {
		close(h.empty)
	}
	h.mu.Unlock()
	select {
	case <-h.empty:
		return
	case <-ctx.Done():
	}
	h.mu.Lock()
	for _, j := range h.jobs {
		j.end(ErrStopping)
	}
	h.mu.Unlock()
	<-h.empty
}

// keepLeases extends the leases of what runs here, ends the work of jobs that
// were cancelled or taken over, and takes back what other processes left.
func (db *DB) keepLeases(ctx context.Context) {
	tick := time.NewTicker(leaseFor / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := db.setClock(ctx); err != nil && ctx.Err() == nil {
			db.log.Warn("asking the database for the time", "error", err)
		}
		if err := db.extendLeases(ctx); err != nil && ctx.Err() == nil {
			db.log.Warn("extending the leases of running jobs", "error", err)
		}
		if n, err := db.takeBack(ctx); err != nil && ctx.Err() == nil {
			db.log.Warn("looking for jobs that were left", "error", err)
		} else if n > 0 {
			db.log.Info("jobs whose process is gone were queued again", "jobs", n)
		}
		if err := db.handIdle(ctx); err != nil && ctx.Err() == nil {
			db.log.Warn("looking for jobs that nobody was told of", "error", err)
		}
	}
}

func (db *DB) extendLeases(ctx context.Context) error {
	db.held.mu.Lock()
	mine := make(map[string]int64, len(db.held.jobs))
	for id, j := range db.held.jobs {
		mine[id] = j.attempt
	}
	db.held.mu.Unlock()
	if len(mine) == 0 {
		return nil
	}
	db.ours.Lock()
	rows, err := db.q.ExtendLeases(ctx, dbq.ExtendLeasesParams{Owner: &db.process, LeaseUntil: at(db.now().Add(leaseFor))})
	db.ours.Unlock()
	if err != nil {
		return db.failure(err)
	}
	for _, r := range rows {
		if r.CancelRequested != 0 {
			db.held.endAttempt(r.ID, r.Attempt, ErrCancelled)
		}
		if mine[r.ID] == r.Attempt {
			delete(mine, r.ID)
		}
	}
	for id, attempt := range mine { // it ended meanwhile, or somebody else has it
		db.held.endAttempt(id, attempt, ErrTaken)
	}
	return nil
}

// suspectUntil is how long a job is left alone after processes ended while they ran
// it: the job that ends them lets others be done between, and one that was only there
// each time is not the first to be there again. Zero: it may run at once.
func suspectUntil(now time.Time, crashes int64) time.Time {
	if crashes < 2 {
		return time.Time{}
	}
	return now.Add(5 * time.Second << (2 * min(crashes-2, 3))) // 5, 20, 80 seconds
}

// takeBack queues the jobs whose process is gone, and returns how many.
func (db *DB) takeBack(ctx context.Context) (int, error) {
	if err := db.expireGone(ctx); err != nil {
		return 0, err
	}
	now := db.now()
	orphans, err := db.q.Orphans(ctx, at(now))
	if err != nil {
		return 0, db.failure(err)
	}
	n := 0
	for _, o := range orphans {
		back := dbq.TakeBackParams{ID: o.ID, Attempt: o.Attempt, Now: millis(now)}
		due := suspectUntil(now, o.Crashes+1)
		if !due.IsZero() {
			back.NotBefore = millis(due)
		}
		err := db.tx(ctx, func(ctx context.Context, t *tx) error {
			rows, err := t.q.TakeBack(ctx, back)
			if err := fenced(rows, err); err != nil {
				return err
			}
			t.hand(1, due)
			t.tell(Event{Job: o.ID, Key: o.KeyID, Type: EventState, Data: stateData(Queued, o.Attempt), Created: now})
			return nil
		})
		switch {
		case errors.Is(err, ErrTaken): // another process was faster
		case err != nil:
			return n, err
		default:
			n++
		}
	}
	return n, nil
}

// handIdle hands tickets out for jobs that are due while workers of this process
// have nothing to do: a process that was killed may have used a ticket and taken
// no job.
func (db *DB) handIdle(ctx context.Context) error {
	db.held.mu.Lock()
	idle := db.workers - len(db.held.jobs)
	db.held.mu.Unlock()
	if idle <= 0 {
		return nil
	}
	return db.tx(ctx, func(ctx context.Context, t *tx) error {
		next, err := nextJobs(ctx, t, db.now(), 1)
		if err == nil && len(next) > 0 {
			t.hand(idle, time.Time{})
		}
		return err
	})
}

// expireGone ends the leases of processes that are surely gone.
func (db *DB) expireGone(ctx context.Context) error {
	running, err := db.q.Orphans(ctx, at(time.UnixMilli(math.MaxInt64)))
	if err != nil {
		return db.failure(err)
	}
	seen := map[string]bool{}
	for _, r := range running {
		owner := text(r.Owner)
		if seen[owner] || owner == db.process {
			continue
		}
		seen[owner] = true
		if !db.engine.gone(owner) {
			continue
		}
		if _, err := db.q.ExtendLeases(ctx, dbq.ExtendLeasesParams{Owner: r.Owner, LeaseUntil: new(int64)}); err != nil {
			return db.failure(err)
		}
	}
	return nil
}

// listen spreads the events that other processes wrote, and ends the work of
// jobs that they cancelled, until ctx ends.
func (db *DB) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := db.engine.listen(ctx, func() { db.readEvents(ctx) })
		if ctx.Err() != nil {
			return
		}
		db.log.Warn("listening to the database", "error", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func (db *DB) readEvents(ctx context.Context) {
	for since := db.hub.since(); ; {
		rows, err := db.r.EventsAfter(ctx, since)
		if err != nil {
			if ctx.Err() == nil {
				db.log.Warn("reading events", "error", err)
			}
			return
		}
		for _, r := range rows {
			since = r.ID
			for _, e := range db.hub.spread(eventOf(r)) {
				switch {
				case e.Type == EventCancel:
					db.endCancelled(ctx, e.Job)
				case e.accepted():
					db.backlog.add(1) // who accepted the job may end before it is indexed
				}
			}
		}
		db.hub.readUpTo(since)
		if len(rows) < eventPage {
			return
		}
	}
}

// endCancelled ends the work of a job that runs here, if somebody asked for
// that: an event may be older than the attempt.
func (db *DB) endCancelled(ctx context.Context, id string) {
	attempt, runs := db.held.attempt(id)
	if !runs {
		return
	}
	row, err := db.q.GetJob(ctx, id)
	if err == nil && row.CancelRequested != 0 && row.Attempt == attempt {
		db.held.endAttempt(id, attempt, ErrCancelled)
	} // else it is looked at again when the leases are extended
}

func eventOf(r dbq.Event) Event {
	return Event{ID: r.ID, Job: r.JobID, Key: r.KeyID, Type: EventType(r.Type), Data: []byte(r.Data), Created: timeOf(&r.CreatedAt)}
}

// eventPage is the LIMIT of EventsAfter.
const eventPage = 1000
