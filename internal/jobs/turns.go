package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// A turn is what a worker brings between two jobs: how the one before ended, and
// that it takes the next one. Both are one transaction, which workers share.
type turn struct {
	over *Lease // nil: none ended
	out  Outcome
	take bool
	done chan turned
}

// turned is what became of a turn.
type turned struct {
	overErr error // ErrTaken when the attempt was taken over
	next    *Lease
	nextErr error // ErrNotFound when none waits
}

// atDesk has a turn written down. It waits for that whatever happens, since a job
// that was taken has to be run.
func (db *DB) atDesk(t *turn) turned {
	t.done = make(chan turned, 1)
	select {
	case db.turns.in <- t:
		return <-t.done
	case <-db.stopped:
		return turned{overErr: ErrUnavailable, nextErr: ErrUnavailable}
	}
}

// take takes the job that is next: of the keys that wait, the one that was
// served least; of its jobs the highest priority, then the first. A higher
// priority of another key goes before. It fails with ErrNotFound when none
// waits.
func (db *DB) take(ctx context.Context) (*Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := db.atDesk(&turn{take: true})
	return r.next, r.nextErr
}

// writeTurns writes turns down together. When that fails each is tried alone.
func (db *DB) writeTurns(group []*turn) {
	results := make([]turned, len(group))
	err := db.writeTogether(group, results)
	alone := len(group) == 1 && (group[0].over == nil || !group[0].take)
	for i, t := range group {
		switch {
		case err == nil:
		case alone || errors.Is(err, ErrUnavailable):
			results[i] = turned{overErr: err, nextErr: err}
		default:
			results[i] = db.writeAlone(t)
		}
		t.done <- results[i]
	}
}

func (db *DB) writeTogether(group []*turn, results []turned) error {
	db.ours.Lock()
	defer db.ours.Unlock()
	return db.tx(context.Background(), func(ctx context.Context, t *tx) error {
		clear(results)
		if err := db.writeEnds(ctx, t, group, results); err != nil {
			return err
		}
		return db.takeNext(ctx, t, group, results)
	})
}

// writeAlone writes the two parts of a turn, each in a transaction of its own.
func (db *DB) writeAlone(t *turn) (r turned) {
	if t.over != nil {
		r.overErr = db.end(context.Background(), t.over, t.out)
	}
	if t.take {
		one := make([]turned, 1)
		if err := db.writeTogether([]*turn{{take: true}}, one); err != nil {
			one[0].nextErr = err
		}
		r.next, r.nextErr = one[0].next, one[0].nextErr
	}
	return r
}

// end writes down how an attempt ended, all of it or nothing.
func (db *DB) end(ctx context.Context, l *Lease, out Outcome) error {
	return db.tx(ctx, func(ctx context.Context, t *tx) error {
		results := make([]turned, 1)
		if err := db.writeEnds(ctx, t, []*turn{{over: l, out: out}}, results); err != nil {
			return err
		}
		return results[0].overErr
	})
}

// writeEnds writes down how attempts ended. Of one that was taken over nothing is
// written.
func (db *DB) writeEnds(ctx context.Context, t *tx, group []*turn, results []turned) error {
	now := db.now()
	var over []int
	for i, g := range group {
		if g.over != nil {
			over = append(over, i)
		}
	}
	// All who lock several jobs do it in the order of their numbers.
	slices.SortFunc(over, func(a, b int) int { return cmp.Compare(group[a].over.Job.Seq, group[b].over.Job.Seq) })
	var finished []int
	var params []dbq.FinishJobsParams
	for _, i := range over {
		l, out := group[i].over, group[i].out
		if out.State == Queued {
			err := db.again(ctx, t, l, out, now)
			if err != nil && !errors.Is(err, ErrTaken) {
				return err
			}
			results[i].overErr = err
			continue
		}
		finished = append(finished, i)
		params = append(params, dbq.FinishJobsParams{
			ID: l.Job.ID, Attempt: l.Job.Attempt, State: string(out.State), Result: given(string(out.Result)),
			Error: given(string(out.Error)), Now: millis(now),
		})
	}
	if len(finished) == 0 {
		return nil
	}
	var failed error
	t.q.FinishJobs(ctx, params).QueryRow(func(n int, _ int64, err error) {
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			results[finished[n]].overErr = ErrTaken
		case failed == nil:
			failed = err
		}
	})
	if failed != nil {
		return failed
	}
	for _, i := range finished {
		if results[i].overErr != nil {
			continue
		}
		if err := db.writeResults(ctx, t, group[i].over.Job, group[i].out, now); err != nil {
			return err
		}
	}
	return nil
}

// writeResults writes what follows from the end of a job.
func (db *DB) writeResults(ctx context.Context, t *tx, job Job, out Outcome, now time.Time) error {
	before := int64(0)
	if job.Attempt > 1 && len(out.Outputs) > 0 { // those of a run that failed halfway before it was tried again stay
		var err error
		if before, err = t.q.LastOutput(ctx, job.ID); err != nil {
			return err
		}
	}
	for _, o := range out.Outputs {
		err := t.later.InsertOutput(ctx, dbq.InsertOutputParams{
			ID: newID(), JobID: job.ID, KeyID: job.Key, WorkflowID: job.Workflow, CharacterID: given(job.Character), BatchID: given(job.Batch),
			N: before + o.N, Name: o.Name, Kind: o.Kind, MediaType: o.MediaType, Node: o.Node,
			Width: o.Width, Height: o.Height, Bytes: o.Bytes, Sha256: o.SHA256, Content: o.Text, CreatedAt: millis(now),
		})
		if err != nil {
			return fmt.Errorf("writing an output of job %s: %w", job.ID, err)
		}
	}
	if err := db.deliver(ctx, t, job, out.State, now); err != nil {
		return err
	}
	t.tell(Event{Job: job.ID, Key: job.Key, Type: EventState, Data: stateData(out.State, job.Attempt), Created: now})
	return nil
}

// again puts a job back into the queue.
func (db *DB) again(ctx context.Context, t *tx, l *Lease, out Outcome, now time.Time) error {
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
	t.hand(1, due)
	t.tell(Event{Job: l.Job.ID, Key: l.Job.Key, Type: EventState, Data: stateData(Queued, l.Job.Attempt), Created: now})
	return nil
}

// takeNext takes a job for each turn that wants one, as long as any waits.
func (db *DB) takeNext(ctx context.Context, t *tx, group []*turn, results []turned) error {
	var wanting []int
	for i, g := range group {
		if g.take {
			wanting = append(wanting, i)
			results[i].nextErr = ErrNotFound
		}
	}
	for len(wanting) > 0 {
		now := db.now()
		next, err := nextJobs(ctx, t, now, len(wanting))
		if err != nil || len(next) == 0 {
			return err
		}
		params := make([]dbq.TakeJobsParams, len(next))
		for i, n := range next {
			params[i] = dbq.TakeJobsParams{ID: n.ID, Owner: &db.process, LeaseUntil: at(now.Add(leaseFor)), Now: millis(now)}
		}
		taken := map[string]int64{} // of each key
		var failed error
		t.q.TakeJobs(ctx, params).QueryRow(func(_ int, row dbq.Job, err error) {
			switch {
			case errors.Is(err, pgx.ErrNoRows): // another process was faster
			case err != nil:
				failed = cmp.Or(failed, err)
			default:
				results[wanting[0]] = turned{overErr: results[wanting[0]].overErr, next: &Lease{Job: jobOf(row), db: db}}
				wanting = wanting[1:]
				taken[row.KeyID]++
				t.tell(Event{Job: row.ID, Key: row.KeyID, Type: EventState, Data: stateData(Running, row.Attempt), Created: now})
			}
		})
		if failed != nil {
			return failed
		}
		for _, key := range slices.Sorted(maps.Keys(taken)) {
			if err := t.later.ServeLane(ctx, dbq.ServeLaneParams{KeyID: key, Taken: taken[key]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextJobs are the n jobs that are next, in the order of their numbers.
func nextJobs(ctx context.Context, t *tx, now time.Time, n int) ([]dbq.FirstOfLanesRow, error) {
	lanes, err := t.q.OpenLanes(ctx)
	if err != nil || len(lanes) == 0 {
		return nil, err
	}
	params := make([]dbq.FirstOfLanesParams, len(lanes))
	for i, l := range lanes {
		params[i] = dbq.FirstOfLanesParams{KeyID: l.KeyID, Now: millis(now), Most: int32(n)}
	}
	heads := make([][]dbq.FirstOfLanesRow, len(lanes))
	t.q.FirstOfLanes(ctx, params).Query(func(i int, rows []dbq.FirstOfLanesRow, e error) {
		heads[i], err = rows, cmp.Or(err, e)
	})
	if err != nil {
		return nil, err
	}
	next := fairly(lanes, heads, n)
	slices.SortFunc(next, func(a, b dbq.FirstOfLanesRow) int { return cmp.Compare(a.Seq, b.Seq) })
	return next, nil
}

// fairly picks n jobs from the heads of lanes, one after the other: the highest
// priority, and of the same the lane that was served least.
func fairly(lanes []dbq.Lane, heads [][]dbq.FirstOfLanesRow, n int) (next []dbq.FirstOfLanesRow) {
	for len(next) < n {
		best := -1
		for i, h := range heads {
			if len(h) == 0 {
				continue
			}
			if best < 0 || h[0].Priority > heads[best][0].Priority ||
				h[0].Priority == heads[best][0].Priority && lanes[i].Served < lanes[best].Served {
				best = i
			}
		}
		if best < 0 {
			break
		}
		next = append(next, heads[best][0])
		heads[best] = heads[best][1:]
		lanes[best].Served++
	}
	return next
}
