package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// Job reads a job. A missing one is ErrNotFound.
func (db *DB) Job(ctx context.Context, id string) (Job, error) {
	row, err := db.r.GetJob(ctx, id)
	if err != nil {
		return Job{}, db.failure(err)
	}
	return jobOf(row), nil
}

// Cancel asks for the end of a job. One that waits is cancelled at once; one
// that runs, or was submitted before, is told, and ends soon. A job that ended
// stays as it is, which is ErrState.
func (db *DB) Cancel(ctx context.Context, id string) error { return db.change(ctx, id, db.cancel) }

func (db *DB) cancel(ctx context.Context, t *tx, job Job) (Event, error) {
	now, id := db.now(), job.ID
	told := Event{Job: id, Key: job.Key, Type: EventState, Data: stateData(Cancelled, job.Attempt), Created: now}
	rows, err := t.q.CancelQueued(ctx, dbq.CancelQueuedParams{ID: id, Now: millis(now)})
	if err != nil {
		return Event{}, err
	}
	if rows == 1 {
		return told, db.deliver(ctx, t, job, Cancelled, now)
	}
	rows, err = t.q.RequestCancel(ctx, dbq.RequestCancelParams{ID: id, Now: millis(now)})
	if err != nil {
		return Event{}, err
	}
	if rows == 0 {
		return Event{}, ErrState
	}
	if job.State == Queued { // a run that was submitted before has to be taken off its backend
		t.hand(1, time.Time{})
	}
	told.Type, told.Data = EventCancel, json.RawMessage("{}")
	return told, nil
}

// CancelBatch cancels what has not ended of a batch.
func (db *DB) CancelBatch(ctx context.Context, id string) error {
	if _, err := db.q.GetBatch(ctx, id); err != nil {
		return db.failure(err)
	}
	if _, err := db.q.CancelBatch(ctx, dbq.CancelBatchParams{ID: id, Now: at(db.now())}); err != nil {
		return db.failure(err)
	}
	rows, err := db.q.JobsOfBatch(ctx, &id)
	if err != nil {
		return db.failure(err)
	}
	var ids []string
	for _, r := range rows {
		if !State(r.State).Ended() {
			ids = append(ids, r.ID)
		}
	}
	return db.cancelAll(ctx, ids)
}

// CancelWaiting cancels all jobs of a key that wait, of all keys for nil, and
// returns how many there were.
func (db *DB) CancelWaiting(ctx context.Context, key *string) (int, error) {
	total := 0
	for {
		found, err := db.Jobs(ctx, Filter{Key: key, States: []State{Queued}, Cleared: true, OldFirst: true, Limit: cancelledTogether})
		if err != nil || len(found) == 0 {
			return total, err
		}
		ids := make([]string, len(found))
		for i, j := range found {
			ids[i] = j.ID
		}
		if err := db.cancelAll(ctx, ids); err != nil {
			return total, err
		}
		total += len(ids)
		if len(found) < cancelledTogether {
			return total, nil
		}
	}
}

// cancelledTogether bounds the jobs that are cancelled in one transaction.
const cancelledTogether = 200

// cancelAll cancels jobs, many in one transaction. Those that ended meanwhile
// stay as they are.
func (db *DB) cancelAll(ctx context.Context, ids []string) error {
	for part := range slices.Chunk(ids, cancelledTogether) {
		err := db.tx(ctx, func(ctx context.Context, t *tx) error {
			for _, id := range part {
				row, err := t.q.GetJob(ctx, id)
				if errors.Is(err, pgx.ErrNoRows) {
					continue
				}
				if err != nil {
					return err
				}
				e, err := db.cancel(ctx, t, jobOf(row))
				if errors.Is(err, ErrState) {
					continue
				}
				if err != nil {
					return err
				}
				t.tell(e)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Clear takes jobs that ended in some states out of lists, of one key or of all
// for nil, and returns how many. Their results stay.
func (db *DB) Clear(ctx context.Context, key *string, states []State) (int64, error) {
	now := db.now()
	c := &clause{args: []any{millis(now)}}
	ended, args := among("state", states, c.args)
	c.where, c.args = []string{"cleared_at IS NULL", ended}, args
	if key != nil {
		c.add("key_id = $%d", *key)
	}
	var rows int64
	err := db.tx(ctx, func(ctx context.Context, t *tx) error {
		tag, err := t.on.Exec(ctx, "UPDATE jobs SET cleared_at = $1 WHERE "+c.String(), c.args...)
		if err != nil {
			return err
		}
		rows = tag.RowsAffected()
		t.tell(Event{Key: text(key), Type: EventQueue, Data: fmt.Appendf(nil, `{"cleared":%d}`, rows), Created: now})
		return nil
	})
	if err != nil {
		return 0, err
	}
	return rows, nil
}

// Retry queues a failed or cancelled job again, as a new run at the end of the
// queue.
func (db *DB) Retry(ctx context.Context, id string) error {
	now := db.now()
	return db.change(ctx, id, func(ctx context.Context, t *tx, job Job) (Event, error) {
		rows, err := t.q.RetryJob(ctx, dbq.RetryJobParams{ID: id, Position: placeAt(now, 0), Now: millis(now)})
		if err != nil {
			return Event{}, err
		}
		if rows == 0 {
			return Event{}, ErrState
		}
		t.hand(1, time.Time{})
		return Event{Type: EventState, Data: stateData(Queued, job.Attempt), Created: now}, nil
	})
}

// A Place says where in its key's part of the queue a waiting job goes.
type Place struct {
	Priority *int64 // nil: it keeps its own
	Before   string // the waiting job that comes after it; "" = its place stays
	First    bool   // before all others of its priority
	Last     bool   // behind them
}

// Move changes the place of a waiting job. It is ErrState when either does not
// wait any more, and ErrNotFound when there is no such job of its key.
func (db *DB) Move(ctx context.Context, id string, p Place) error {
	now := db.now()
	return db.change(ctx, id, func(ctx context.Context, t *tx, job Job) (Event, error) {
		priority, position := job.Priority, job.Position
		if p.Priority != nil {
			priority = *p.Priority
		}
		var err error
		switch {
		case p.Before != "":
			after, e := t.q.GetJob(ctx, p.Before)
			switch {
			case e != nil:
				return Event{}, e
			case after.KeyID != job.Key:
				return Event{}, ErrNotFound
			case State(after.State) != Queued:
				return Event{}, ErrState
			}
			priority = after.Priority
			position, err = between(ctx, t, job.Key, priority, after.Position)
		case p.First:
			var first int64
			first, err = t.q.FirstPosition(ctx, dbq.FirstPositionParams{KeyID: job.Key, Priority: priority})
			position = first - 1<<10
		case p.Last:
			var last int64
			last, err = t.q.LastPosition(ctx, dbq.LastPositionParams{KeyID: job.Key, Priority: priority})
			position = last + 1<<10
		}
		if err != nil {
			return Event{}, err
		}
		rows, err := t.q.SetPlace(ctx, dbq.SetPlaceParams{ID: id, Priority: priority, Position: position, Now: millis(now)})
		if err != nil {
			return Event{}, err
		}
		if rows == 0 {
			return Event{}, ErrState
		}
		return Event{Type: EventState, Data: stateData(Queued, job.Attempt), Created: now}, nil
	})
}

// between is a position before another one and behind its neighbour. Where
// none is left between them, what comes before is moved away.
func between(ctx context.Context, t *tx, key string, priority, position int64) (int64, error) {
	before, err := t.q.PositionBefore(ctx, dbq.PositionBeforeParams{KeyID: key, Priority: priority, Position: position})
	if err != nil {
		return 0, err
	}
	if before == 0 {
		return position - 1<<10, nil
	}
	if position-before < 2 {
		if err := t.q.ShiftBefore(ctx, dbq.ShiftBeforeParams{KeyID: key, Priority: priority, Position: position, By: 1 << 10}); err != nil {
			return 0, err
		}
		before -= 1 << 10
	}
	return before + (position-before)/2, nil
}

// Delete removes a job that ended, with its outputs' rows and events. It is
// ErrState for others.
func (db *DB) Delete(ctx context.Context, id string) error {
	rows, err := db.q.DeleteJob(ctx, id)
	if err != nil {
		return db.failure(err)
	}
	if rows == 1 {
		return nil
	}
	if _, err := db.Job(ctx, id); err != nil {
		return err
	}
	return ErrState
}

// Pause holds waiting jobs back, in all processes; what runs goes on.
func (db *DB) Pause(ctx context.Context, paused bool) error {
	now, value := db.now(), int64(0)
	if paused {
		value = 1
	}
	return db.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.q.SetSetting(ctx, dbq.SetSettingParams{Name: settingPaused, Value: value}); err != nil {
			return err
		}
		if !paused { // the tickets that came meanwhile were used up
			waiting, err := t.q.CountQueued(ctx)
			if err != nil {
				return err
			}
			t.hand(int(waiting), time.Time{})
		}
		t.tell(Event{Type: EventQueue, Data: fmt.Appendf(nil, `{"paused":%t}`, paused), Created: now})
		return nil
	})
}

const settingPaused = "paused"

// Paused reports whether waiting jobs are held back.
func (db *DB) Paused(ctx context.Context) (bool, error) {
	v, err := db.r.GetSetting(ctx, settingPaused)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return v != 0, db.failure(err)
}

// Counts are the jobs in each state.
func (db *DB) Counts(ctx context.Context) (map[State]int64, error) {
	rows, err := db.r.CountStates(ctx)
	if err != nil {
		return nil, db.failure(err)
	}
	counts := map[State]int64{Queued: 0, Running: 0, Succeeded: 0, Failed: 0, Cancelled: 0}
	for _, r := range rows {
		counts[State(r.State)] = r.Jobs
	}
	return counts, nil
}

// Waiting is how many jobs of a key have not ended.
func (db *DB) Waiting(ctx context.Context, key string) (int64, error) {
	n, err := db.r.CountWaiting(ctx, key)
	return n, db.failure(err)
}

// Batch reads a batch with the states of its jobs. A missing one is ErrNotFound.
func (db *DB) Batch(ctx context.Context, id string) (Batch, error) {
	row, err := db.r.GetBatch(ctx, id)
	if err != nil {
		return Batch{}, db.failure(err)
	}
	counts, err := db.r.CountOfBatch(ctx, &id)
	if err != nil {
		return Batch{}, db.failure(err)
	}
	b := Batch{
		ID: row.ID, Key: row.KeyID, Workflow: row.WorkflowID, Total: row.Total, Request: json.RawMessage(row.Request),
		Created: timeOf(&row.CreatedAt), Cancelled: timeOf(row.CancelledAt), Counts: map[State]int64{},
	}
	for _, c := range counts {
		b.Counts[State(c.State)] = c.Jobs
	}
	return b, nil
}

// JobIDs are the jobs of a batch, in the order of its items.
func (db *DB) JobIDs(ctx context.Context, batch string) ([]string, error) {
	rows, err := db.r.JobsOfBatch(ctx, &batch)
	if err != nil {
		return nil, db.failure(err)
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids, nil
}

// Watch begins to receive the events that want is true for, from now on. It
// must be closed. Read what is being watched afterwards: then nothing is missed.
func (db *DB) Watch(want func(Event) bool) *Watch { return db.hub.watch(want) }

// EventsSince are the kept events behind an id, oldest first, at most 1000.
func (db *DB) EventsSince(ctx context.Context, id int64) ([]Event, error) {
	rows, err := db.r.EventsAfter(ctx, id)
	if err != nil {
		return nil, db.failure(err)
	}
	events := make([]Event, len(rows))
	for i, r := range rows {
		events[i] = eventOf(r)
	}
	return events, nil
}

// change reads a job and changes it in one transaction, and tells watchers.
func (db *DB) change(ctx context.Context, id string, f func(context.Context, *tx, Job) (Event, error)) error {
	return db.tx(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.q.GetJob(ctx, id)
		if err != nil {
			return err
		}
		e, err := f(ctx, t, jobOf(row))
		if err != nil {
			return err
		}
		e.Job, e.Key = id, row.KeyID
		t.tell(e)
		return nil
	})
}
