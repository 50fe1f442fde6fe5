package batch

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A fate is what becomes of an item after an attempt.
type fate int

const (
	commits   fate = iota // it is stored
	fails                 // and is not tried again
	requeues              // no backend has it: it is tried again
	limbo                 // the lane's backend may have it: it is asked when it answers again
	elsewhere             // the backend will not take it: others may
	leaves                // the next invocation goes on with it
	stops                 // nothing can be written any more: the batch ends
)

// maxKills is how often a server may end under an item.
const maxKills = 3

// maxTries is how often an item may come back from backends in one invocation.
const maxTries = 6

// A judgement says why.
type judgement struct {
	fate
	lane   error // the backend itself has failed
	dead   bool  // and will not come back
	forgot bool  // it is there, and has lost the run
	killed bool  // while it executed the item
	err    error
}

// judge decides what becomes of an item. cause is why its context has ended, if it has.
func judge(it *item, res *run.Result, err, cause error) judgement {
	j := judgement{fate: fails, err: err}
	var lost *comfy.LostError
	var ambiguous *comfy.AmbiguousError
	var uncollected *run.UncollectedError
	var unreachable *comfy.UnreachableError
	var status *comfy.StatusError
	var auth *comfy.AuthError
	var rejected *preflight.RejectedError
	var invalid *comfy.ValidationError
	var cancelled *comfy.CancelledError
	var stopped *run.StoppedError
	var failed *run.FailedError
	var stored *storage.Error
	var written *ledger.WriteError
	var damaged *ledger.DamagedError
	var edited *run.EditedError
	var worker *comfy.WorkerError
	var refuses interface{ Permanent() bool }
	switch {
	case errors.As(err, &written), errors.As(err, &damaged):
		j.fate = stops
	case err == nil && res.Recovered:
		j.fate = requeues // the rest of its files is made again, with them
	case err == nil && res.Status == run.Succeeded:
		j.fate = commits
	case err == nil:
		j.err = &run.IncompleteError{Reason: partial(res)}
	case errors.Is(cause, errTaken):
		j.fate = requeues
	case errors.Is(cause, errLeave):
		j.fate = leaves
	case errors.As(err, &edited):
	case errors.Is(err, storage.ErrExist):
	case errors.As(err, &stored) && !stored.Temporary:
		j.fate = stops
	case errors.As(err, &stored):
		j.fate = leaves
	case errors.As(err, &lost) && lost.Gone:
		j.fate, j.killed, j.forgot = requeues, it.started, true
	case errors.As(err, &lost):
		j.fate, j.lane = limbo, err
	case errors.As(err, &ambiguous):
		j.fate, j.lane = limbo, err
	case errors.As(err, &auth):
		j.fate, j.lane, j.dead = requeues, err, true
		if errors.As(err, &uncollected) {
			j.fate = leaves
		}
	case errors.As(err, &uncollected) && uncollected.Ended:
		j.fate = leaves
	case errors.As(err, &uncollected):
		j.fate, j.lane = limbo, err
	case errors.As(err, &refuses) && refuses.Permanent(): // no such endpoint, no credit
		j.fate, j.lane, j.dead = requeues, err, true
	case errors.As(err, &worker):
		j.fate, j.lane = requeues, err
	case errors.As(err, &rejected), errors.As(err, &invalid):
		j.fate = elsewhere
	case errors.As(err, &unreachable), errors.As(err, &status):
		j.fate, j.lane = requeues, err
	case errors.As(err, &cancelled) && (!cancelled.Meant || it.earlier): // by whoever made the batch before, perhaps
		j.fate = requeues
	case errors.As(err, &stopped):
	case errors.As(err, &failed) && failed.Err.OOM && !it.memory:
		it.memory = true
		j.fate = requeues
	}
	if j.fate == requeues && !errors.Is(cause, errTaken) {
		if it.tries++; it.tries > maxTries {
			j.fate, j.err = fails, &GivenUpError{it.tries, err}
		}
	}
	return j
}

func partial(res *run.Result) string {
	if n := len(res.Warnings); n > 0 {
		return "some of its outputs are missing: " + res.Warnings[n-1]
	}
	return "some of its outputs are missing"
}

// retried reports whether what a run made is to be asked for once more at once.
func retried(err, cause error) bool {
	if cause != nil {
		return false
	}
	var edited *run.EditedError
	if errors.As(err, &edited) || errors.Is(err, storage.ErrExist) {
		return false
	}
	var stored *storage.Error
	if errors.As(err, &stored) {
		return stored.Temporary
	}
	var uncollected *run.UncollectedError
	var auth *comfy.AuthError
	return errors.As(err, &uncollected) && uncollected.Ended && !errors.As(err, &auth)
}

// conclude deals with the end of an attempt, whose place is free already.
func (s *scheduler) conclude(ctx context.Context, a *attempt, t *run.Ticket, res *run.Result, err error) {
	it, l := a.item, a.lane
	if retried(err, context.Cause(ctx)) {
		res, err = s.recollect(ctx, a, t)
	}
	if errors.Is(context.Cause(ctx), errTaken) && err != nil && a.submitted && !a.ended && !a.gone {
		res, err = s.takeBack(a, t, res, err)
	}
	s.counted(a, res)
	j := judge(it, res, err, context.Cause(ctx))
	if j.lane != nil {
		s.mu.Lock()
		if j.dead {
			l.dead = j.lane
		}
		s.laneFailed(l, j.lane)
		s.mu.Unlock()
	}
	if j.forgot {
		s.mu.Lock()
		l.forgot(s.o.Now())
		s.mu.Unlock()
	}
	switch j.fate {
	case commits:
		if err := s.commit(it, t, res); err != nil {
			s.halt(err)
			s.left(a)
			return
		}
		s.mu.Lock()
		l.wellAgain()
		s.mu.Unlock()
		s.ended(it, Outcome{Item: it.Item, Result: res})
	case fails:
		s.fail(it, res, j.err)
	case requeues:
		s.again(a, t, res, j)
	case limbo:
		it.ticket = t
		s.mu.Lock()
		if s.stopped == "" {
			l.limbo = append(l.limbo, it)
			s.cond.Broadcast()
			s.mu.Unlock()
			s.emit(Event{Type: EventLeft, Item: it.Item, Backend: l.runner.BackendName})
			return
		}
		s.mu.Unlock()
		s.left(a)
	case elsewhere:
		s.mu.Lock()
		if it.refused == nil {
			it.refused = map[*lane]error{}
		}
		it.refused[l] = err
		others := false
		for _, o := range s.lanes {
			others = others || it.refused[o] == nil && o.dead == nil
		}
		s.mu.Unlock()
		if !others {
			s.fail(it, res, err)
			return
		}
		s.again(a, t, res, j)
	case leaves:
		s.left(a)
	case stops:
		s.halt(err)
		s.left(a)
	}
}

// takeBack gets a run that was not begun off its backend. When that cannot be
// confirmed the error says so, and when it has ended meanwhile it is collected.
func (s *scheduler) takeBack(a *attempt, t *run.Ticket, res *run.Result, err error) (*run.Result, error) {
	var stopped *run.StoppedError
	if errors.As(err, &stopped) { // in the middle of its submission: the engine has cancelled it
		if stopped.Unconfirmed == nil {
			return res, err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), takeBack)
	defer cancel()
	be := a.lane.runner.Backend
	if err := be.Cancel(ctx, t.Handle); err != nil {
		s.mu.Lock()
		away := a.lane.away > 0 || a.lane.down(s.o.Now())
		s.mu.Unlock()
		if away && s.stopped == "" {
			return res, err // another lane makes it; what this one may still make of it is not used
		}
		return res, &run.UncollectedError{Run: t.Run, Ended: true, Err: err}
	}
	if st, e := be.State(ctx, t.Handle); e == nil && st.Phase == comfy.PhaseDone {
		return a.lane.runner.Collect(ctx, t, func(run.Event) {})
	}
	return res, err
}

// counted adds what a backend has executed for the item.
func (s *scheduler) counted(a *attempt, res *run.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.counted = true
	if a.ended && !a.item.earlier {
		s.sum.Executed++
	}
	if res == nil {
		return
	}
	a.lane.executed(res)
	s.gpuMS += res.Timing.Execution
	if res.Cost.USD != nil {
		s.spent += *res.Cost.USD
	}
}

// commit ends an item well: what it has left from before and does not have any
// more is removed, and the row says so.
func (s *scheduler) commit(it *item, t *run.Ticket, res *run.Result) error {
	if s.o.Keep != nil {
		if err := s.o.Keep(Outcome{Item: it.Item, Result: res}); err != nil {
			return err
		}
	}
	files, err := s.filesOf(t, res)
	if err != nil {
		return err
	}
	crashpoint.Here(crashpoint.Closing)
	s.removeSuperseded(it, files)
	usd := 0.0
	if res.Cost.USD != nil {
		usd = *res.Cost.USD
	}
	made, err := json.Marshal(remote{t.Address, t.Made})
	if err != nil {
		return err
	}
	return s.o.Ledger.Commit(it.ID, files, made, usd, !t.Sidecar)
}

// A remote is where a backend keeps what an item made: the outputs in their order.
type remote struct {
	Address string         `json:"address"`
	Outputs []comfy.Output `json:"outputs"`
}

// fail ends an item that is not tried again.
func (s *scheduler) fail(it *item, res *run.Result, err error) {
	usd := 0.0
	if res != nil && res.Cost.USD != nil {
		usd = *res.Cost.USD
	}
	if e := s.o.Ledger.Fail(it.ID, s.o.Code(err), err.Error(), usd); e != nil {
		s.halt(e)
		return
	}
	s.ended(it, Outcome{Item: it.Item, Result: res, Err: err})
}

// ended counts an item that has ended, and tells it.
func (s *scheduler) ended(it *item, out Outcome) {
	if row, err := s.o.Ledger.Item(it.ID); err == nil { // else the next write says so
		out.Attempts = row.Attempt
	}
	out.Adopted = it.earlier
	s.mu.Lock()
	s.active--
	if out.Err == nil {
		s.sum.Committed++
		s.all = false
		s.finishes = append(s.finishes, s.o.Now())
	} else {
		s.sum.Failed++
		if s.first == nil {
			s.first = out.Err
		}
		var edited *run.EditedError
		if errors.As(out.Err, &edited) {
			s.edited++
		}
		var retired *RetiredError
		if errors.As(out.Err, &retired) {
			s.sum.Retired++
		}
		if s.o.MaxFailures >= 0 && s.sum.Failed > s.o.MaxFailures {
			s.stop(StoppedMaxFailures, nil)
		}
	}
	s.cond.Broadcast()
	s.mu.Unlock()
	s.emit(Event{Type: EventItem, Item: it.Item, Outcome: &out})
}

// again puts an item back into the queue, or retires it.
func (s *scheduler) again(a *attempt, t *run.Ticket, res *run.Result, j judgement) {
	it := a.item
	if !a.gone { // it came back because of its backend
		if it.left == nil {
			it.left = map[*lane]bool{}
		}
		it.left[a.lane] = true
	}
	s.requeue(it, j.killed)
	if j.killed && it.kills >= maxKills {
		s.fail(it, res, &RetiredError{it.ID, it.kills, j.err})
		return
	}
	s.emit(Event{Type: EventLeft, Item: it.Item, Backend: a.lane.runner.BackendName})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	s.stayed(a)
	s.queue.giveBack(it)
	s.cond.Broadcast()
}

// requeue makes an item one that no backend has.
func (s *scheduler) requeue(it *item, killed bool) {
	if killed {
		it.kills++
	}
	it.started, it.ticket, it.earlier = false, nil, false
	_ = s.o.Ledger.Requeue(it.ID, killed) // a ledger that cannot be written fails at the next submission
}

// left leaves an item to the next invocation.
func (s *scheduler) left(a *attempt) {
	s.mu.Lock()
	s.active--
	s.cond.Broadcast()
	s.mu.Unlock()
	s.emit(Event{Type: EventLeft, Item: a.item.Item, Backend: a.lane.runner.BackendName})
}

// halt ends the batch because nothing can be written any more.
func (s *scheduler) halt(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop(StoppedDisk, err)
}
