package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// An arrival is a call of Enqueue that waits for its rows.
type arrival struct {
	ctx  context.Context
	e    Enqueue
	done chan enqueueResult
}

type enqueueResult struct {
	enqueued Enqueued
	err      error
}

// Enqueue writes jobs down. When it returns nil they are on disk and survive a
// power cut. Calls that come while a transaction is being written share the
// next one, so that many clients wait for the disk together.
//
// A call with an Idempotency name that was used before returns the first
// call's jobs, and ErrKeyReused when its body was another one.
func (db *DB) Enqueue(ctx context.Context, e Enqueue) (Enqueued, error) {
	a := arrival{ctx, e, make(chan enqueueResult, 1)}
	select {
	case db.arrivals.in <- a:
	case <-ctx.Done():
		return Enqueued{}, ctx.Err()
	case <-db.closing:
		return Enqueued{}, ErrUnavailable
	}
	select {
	case r := <-a.done:
		return r.enqueued, r.err
	case <-ctx.Done():
		return Enqueued{}, ctx.Err() // the jobs may be written all the same: the client's idempotency key finds them
	}
}

// admit writes a group of arrivals in one transaction. When that fails each is
// tried alone, so that one's mistake is nobody else's.
func (db *DB) admit(group []arrival) {
	results := make([]enqueueResult, len(group))
	var lanes []string
	err := db.tx(context.Background(), func(ctx context.Context, t *tx) (err error) {
		lanes, err = db.insert(ctx, t, group, results)
		return err
	})
	if err != nil && len(group) > 1 && !errors.Is(err, ErrUnavailable) {
		for _, a := range group {
			db.admit([]arrival{a})
		}
		return
	}
	if err == nil {
		for _, key := range lanes {
			db.lanes.Store(key, true)
		}
	}
	for i, a := range group {
		switch r := results[i]; {
		case err != nil:
			results[i] = enqueueResult{err: err}
		case r.err == nil && !r.enqueued.Replay:
			db.backlog.add(int64(len(r.enqueued.Jobs)))
		}
		a.done <- results[i]
	}
}

// insert writes what a group asks for, and what became of each. It returns the keys
// whose lanes are there once that is committed.
func (db *DB) insert(ctx context.Context, t *tx, group []arrival, results []enqueueResult) (lanes []string, err error) {
	for i, a := range group {
		if err := a.ctx.Err(); err != nil {
			results[i].err = err
			continue
		}
		out := &results[i].enqueued
		if a.e.Batch != nil {
			out.Batch = newID()
		}
		for range a.e.Jobs {
			out.Jobs = append(out.Jobs, newID())
		}
	}
	if err := db.reserve(ctx, t, group, results); err != nil {
		return nil, err
	}
	var rows []dbq.InsertJobParams
	for i, a := range group {
		r := results[i]
		if r.err != nil || r.enqueued.Replay {
			continue
		}
		now := db.now()
		if a.e.Batch != nil {
			err := t.later.InsertBatch(ctx, dbq.InsertBatchParams{
				ID: r.enqueued.Batch, KeyID: a.e.Key, WorkflowID: a.e.Batch.Workflow, Total: int64(len(a.e.Jobs)),
				Request: string(a.e.Batch.Request), CreatedAt: millis(now),
			})
			if err != nil {
				return nil, fmt.Errorf("writing a batch: %w", err)
			}
		}
		if _, ok := db.lanes.Load(a.e.Key); !ok {
			lanes = append(lanes, a.e.Key)
		}
		for n, id := range r.enqueued.Jobs {
			rows = append(rows, jobRow(a.e, n, r.enqueued, now))
			t.tell(Event{Job: id, Key: a.e.Key, Type: EventState, Data: stateData(Queued, 0), Created: now})
		}
	}
	slices.Sort(lanes) // transactions that make the same ones do it in the same order
	lanes = slices.Compact(lanes)
	for _, key := range lanes {
		if err := t.later.EnsureLane(ctx, key); err != nil {
			return nil, fmt.Errorf("writing the lane of a key: %w", err)
		}
	}
	if err := t.insertJobs(ctx, rows); err != nil {
		return nil, fmt.Errorf("writing jobs: %w", err)
	}
	t.hand(len(rows), time.Time{})
	return lanes, nil
}

// jobRow is the row of the n-th job of a call.
func jobRow(e Enqueue, n int, out Enqueued, now time.Time) dbq.InsertJobParams {
	j := e.Jobs[n]
	return dbq.InsertJobParams{
		ID: out.Jobs[n], KeyID: e.Key, BatchID: given(out.Batch), Item: given(j.Item), Sweep: given(string(j.Sweep)), WorkflowID: j.Workflow,
		CharacterID: given(j.Character), Prompt: j.Prompt, Priority: e.Priority, Position: placeAt(now, n),
		Request: string(j.Request), RunOrder: string(j.Order), Seed: given(j.Seed), Webhook: given(j.Webhook), CreatedAt: millis(now),
	}
}

// reserve takes the idempotency names of calls, or finds the calls that have them.
func (db *DB) reserve(ctx context.Context, t *tx, group []arrival, results []enqueueResult) error {
	var named []int
	for i, a := range group {
		if a.e.Idempotency.Name != "" && results[i].err == nil {
			named = append(named, i)
		}
	}
	if len(named) == 0 {
		return nil
	}
	// Transactions that take the same names do it in the same order.
	slices.SortStableFunc(named, func(a, b int) int {
		x, y := group[a].e, group[b].e
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Idempotency.Name, y.Idempotency.Name))
	})
	params := make([]dbq.ReserveNamesParams, len(named))
	first := map[string]Enqueued{} // by what the names stand for
	for n, i := range named {
		e, out := group[i].e, results[i].enqueued
		answer := cmp.Or(out.Batch, out.Jobs[0])
		first[answer] = out
		params[n] = dbq.ReserveNamesParams{
			KeyID: e.Key, Name: e.Idempotency.Name, BodyHash: e.Idempotency.Body, Answer: answer, CreatedAt: millis(db.now()),
		}
	}
	var used []int
	var failed error
	t.q.ReserveNames(ctx, params).QueryRow(func(n int, _ string, err error) {
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			used = append(used, named[n])
		case err != nil && failed == nil:
			failed = fmt.Errorf("writing an idempotency key: %w", err)
		}
	})
	if failed != nil {
		return failed
	}
	for _, i := range used {
		earlier, err := db.earlier(ctx, t, group[i].e, first)
		if err != nil && !errors.Is(err, ErrKeyReused) {
			return err
		}
		results[i] = enqueueResult{earlier, err}
	}
	return nil
}

// earlier is what the call made that has the name of another one. Those of the same
// transaction have no rows yet.
func (db *DB) earlier(ctx context.Context, t *tx, e Enqueue, here map[string]Enqueued) (Enqueued, error) {
	first, err := t.q.GetIdempotency(ctx, dbq.GetIdempotencyParams{KeyID: e.Key, Name: e.Idempotency.Name})
	if err != nil {
		return Enqueued{}, fmt.Errorf("reading an idempotency key: %w", err)
	}
	if first.BodyHash != e.Idempotency.Body {
		return Enqueued{}, ErrKeyReused
	}
	if out, ok := here[first.Answer]; ok {
		out.Replay = true
		return out, nil
	}
	out := Enqueued{Replay: true, Jobs: []string{first.Answer}}
	if e.Batch != nil {
		out.Batch = first.Answer
		rows, err := t.q.JobsOfBatch(ctx, &first.Answer)
		if err != nil {
			return Enqueued{}, fmt.Errorf("reading the jobs of a batch: %w", err)
		}
		out.Jobs = nil
		for _, r := range rows {
			out.Jobs = append(out.Jobs, r.ID)
		}
	}
	return out, nil
}

// placeAt is the position of the i-th job that is queued at a time. A
// microsecond is 1024 places, so that jobs can be moved between others.
func placeAt(now time.Time, i int) int64 { return (now.UnixMicro() + int64(i)) << 10 }
