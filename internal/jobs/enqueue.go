package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// mostTogether bounds the calls whose rows are written in one transaction.
// Each transaction waits for the disk once, whoever is in it.
const mostTogether = 128

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
	case db.arrivals <- a:
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

// admit writes arrivals down until the database is closed.
func (db *DB) admit() {
	for {
		var group []arrival
		select {
		case a := <-db.arrivals:
			group = append(group, a)
		case <-db.closing:
			return
		}
		for more := true; more && len(group) < mostTogether; {
			select {
			case a := <-db.arrivals:
				group = append(group, a)
			default:
				more = false
			}
		}
		db.admitGroup(group)
	}
}

// admitGroup writes a group in one transaction. When that fails each is tried
// alone, so that one's mistake is nobody else's.
func (db *DB) admitGroup(group []arrival) {
	results := make([]enqueueResult, len(group))
	var told []Event
	err := db.tx(context.Background(), func(ctx context.Context, t *tx) error {
		told = nil
		for i, a := range group {
			if a.ctx.Err() != nil {
				results[i] = enqueueResult{err: a.ctx.Err()}
				continue
			}
			enqueued, events, err := db.insert(ctx, t, a.e)
			if err != nil && !errors.Is(err, ErrKeyReused) {
				return err
			}
			results[i] = enqueueResult{enqueued, err}
			told = append(told, events...)
		}
		return nil
	})
	if err != nil && len(group) > 1 {
		for _, a := range group {
			db.admitGroup([]arrival{a})
		}
		return
	}
	if err == nil {
		db.hub.spread(told...)
	}
	for i, a := range group {
		if err != nil {
			results[i] = enqueueResult{err: err}
		}
		a.done <- results[i]
	}
}

func (db *DB) insert(ctx context.Context, t *tx, e Enqueue) (Enqueued, []Event, error) {
	now := db.now()
	out := Enqueued{}
	if e.Batch != nil {
		out.Batch = newID()
	}
	for range e.Jobs {
		out.Jobs = append(out.Jobs, newID())
	}
	if name := e.Idempotency.Name; name != "" {
		earlier, err := db.reserve(ctx, t, e, out, now)
		if err != nil || earlier.Replay {
			return earlier, nil, err
		}
	}
	if e.Batch != nil {
		err := t.q.InsertBatch(ctx, dbq.InsertBatchParams{
			ID: out.Batch, KeyID: e.Key, WorkflowID: e.Batch.Workflow, Total: int64(len(e.Jobs)),
			Request: string(e.Batch.Request), CreatedAt: millis(now),
		})
		if err != nil {
			return out, nil, fmt.Errorf("writing a batch: %w", err)
		}
	}
	if err := t.q.EnsureLane(ctx, e.Key); err != nil {
		return out, nil, fmt.Errorf("writing the lane of a key: %w", err)
	}
	var events []Event
	for i, n := range e.Jobs {
		err := t.q.InsertJob(ctx, dbq.InsertJobParams{
			ID: out.Jobs[i], KeyID: e.Key, BatchID: given(out.Batch), Item: given(n.Item), Sweep: given(string(n.Sweep)), WorkflowID: n.Workflow,
			CharacterID: given(n.Character), Prompt: n.Prompt, Priority: e.Priority, Position: placeAt(now, i),
			Request: string(n.Request), RunOrder: string(n.Order), Seed: given(n.Seed), Webhook: given(n.Webhook), CreatedAt: millis(now),
		})
		if err != nil {
			return out, nil, fmt.Errorf("writing a job: %w", err)
		}
		event, err := t.tell(ctx, Event{Job: out.Jobs[i], Key: e.Key, Type: EventState, Data: stateData(Queued, 0), Created: now})
		if err != nil {
			return out, nil, err
		}
		events = append(events, event)
	}
	if err := t.hand(ctx, len(e.Jobs), time.Time{}); err != nil {
		return out, nil, fmt.Errorf("writing the tickets of jobs: %w", err)
	}
	return out, events, nil
}

// reserve takes an idempotency name for a call, or finds the call that has it.
func (db *DB) reserve(ctx context.Context, t *tx, e Enqueue, out Enqueued, now time.Time) (Enqueued, error) {
	answer := out.Batch
	if answer == "" {
		answer = out.Jobs[0]
	}
	rows, err := t.q.InsertIdempotency(ctx, dbq.InsertIdempotencyParams{
		KeyID: e.Key, Name: e.Idempotency.Name, BodyHash: e.Idempotency.Body, Answer: answer, CreatedAt: millis(now),
	})
	if err != nil {
		return Enqueued{}, fmt.Errorf("writing an idempotency key: %w", err)
	}
	if rows == 1 {
		return Enqueued{}, nil
	}
	first, err := t.q.GetIdempotency(ctx, dbq.GetIdempotencyParams{KeyID: e.Key, Name: e.Idempotency.Name})
	if err != nil {
		return Enqueued{}, fmt.Errorf("reading an idempotency key: %w", err)
	}
	if first.BodyHash != e.Idempotency.Body {
		return Enqueued{}, ErrKeyReused
	}
	earlier := Enqueued{Replay: true, Jobs: []string{first.Answer}}
	if e.Batch != nil {
		earlier.Batch = first.Answer
		rows, err := t.q.JobsOfBatch(ctx, &first.Answer)
		if err != nil {
			return Enqueued{}, fmt.Errorf("reading the jobs of a batch: %w", err)
		}
		earlier.Jobs = nil
		for _, r := range rows {
			earlier.Jobs = append(earlier.Jobs, r.ID)
		}
	}
	return earlier, nil
}

// placeAt is the position of the i-th job that is queued at a time. A
// microsecond is 1024 places, so that jobs can be moved between others.
func placeAt(now time.Time, i int) int64 { return (now.UnixMicro() + int64(i)) << 10 }
