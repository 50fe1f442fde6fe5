package batch

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// An attempt is one item on one lane.
type attempt struct {
	item      *item
	lane      *lane
	cancel    context.CancelCauseFunc
	submitted bool         // it may be on the backend
	freed     bool         // its place on the backend is free: it is ended, or about to be
	ended     bool         // the backend has ended it
	counted   bool         // what it cost is in the sum
	started   time.Time    // the backend began to execute it, by what was heard; zero = it has not
	lost      bool         // the connection to its backend is gone
	lostFirst time.Time    // it was gone for the first time; zero = it never was
	handle    comfy.Handle // by which the backend knows it; "" = it has not accepted it, as far as is known
	taken     bool         // it is being taken off the lane
	leaving   bool         // it waits here for longer than others need, and is to be theirs
	stays     bool         // it could not be taken off: it has begun
	gone      bool         // it is proven not to be on the backend any more
	seen      bool         // the backend has said something of it
	since     time.Time    // it was submitted, or begun to be adopted
}

// attempt prepares an item, runs it, and deals with what comes of it.
func (s *scheduler) attempt(l *lane, it *item, adopted bool) {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	a := &attempt{item: it, lane: l, cancel: cancel, submitted: adopted, since: s.o.Now()}
	s.mu.Lock()
	l.attempts[a] = true
	if s.stopped != "" && adopted { // it was on its way here when the batch ended
		cancel(errLeave)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(l.attempts, a)
		s.stayed(a)
		s.cond.Broadcast()
		s.mu.Unlock()
	}()
	if adopted {
		s.adopt(ctx, a)
		return
	}
	t, err := s.prepare(ctx, it)
	if err == nil {
		err = l.runner.Preflight(ctx, t)
	}
	if err != nil {
		s.unplace(a, func() { l.ready-- })
		s.conclude(ctx, a, t, nil, err)
		return
	}
	if !s.admit(a) {
		s.giveBack(a)
		return
	}
	if err := s.o.Ledger.Bind(it.ID, t.Run); err != nil {
		s.unplace(a, func() { l.posting-- })
		s.place(a)
		s.conclude(ctx, a, t, nil, err)
		return
	}
	limit := t.Timeout
	t.Timeout = 0 // it counts from where it executes, and not from where it waits
	a.since = s.o.Now()
	sink := s.sink(a, limit)
	err = l.runner.Submit(ctx, t, sink)
	s.unplace(a, func() {
		l.posting--
		if err == nil {
			l.sending.add(s.o.Now().Sub(a.since))
			a.handle = t.Handle
		}
	})
	var res *run.Result
	if err == nil {
		res, err = l.runner.Collect(ctx, t, sink)
	}
	s.place(a)
	s.conclude(ctx, a, t, res, err)
}

// prepare makes the ticket of an item.
func (s *scheduler) prepare(ctx context.Context, it *item) (*run.Ticket, error) {
	order := it.Order()
	if seeds, draws := it.Draws(); draws {
		seed, err := strconv.ParseUint(it.seed, 10, 64)
		if err != nil {
			seed = seeds.Draw()
			it.seed = strconv.FormatUint(seed, 10)
			if err := s.o.Ledger.KeepSeed(it.ID, it.seed); err != nil {
				return nil, err
			}
		}
		order = it.OrderWith(seed)
	}
	if it.run != "" { // the same folder on the server, and the same name here
		order.ID = it.run
	}
	req, err := s.o.Catalog.Resolve(order)
	if err != nil {
		return nil, err
	}
	if s.o.Timeout > 0 {
		req.Timeout = s.o.Timeout
	}
	req.Naming.Force = req.Naming.Force || s.o.Force
	req.Member = &run.Member{Batch: s.o.Batch.Name, Item: it.ID, Digest: it.Digest}
	if req.Owned, err = s.ownedBy(it); err != nil {
		return nil, err
	}
	s.preparing.Lock()
	if s.prep == nil {
		s.prep = s.o.Prepare.Preparation()
	}
	prep := s.prep
	s.preparing.Unlock()
	t, err := prep.Prepare(ctx, req)
	if err == nil {
		it.run, it.owned = t.Run, req.Owned
	}
	return t, err
}

// ownedBy are the files that an item has or may have left.
func (s *scheduler) ownedBy(it *item) ([]run.Owned, error) {
	files, err := s.o.Ledger.Files(it.ID)
	if err != nil {
		return nil, err
	}
	var owned []run.Owned
	for _, f := range files {
		owned = append(owned, run.Owned{Name: f.Name, SHA256: f.SHA256, Sure: f.Stored})
	}
	return owned, nil
}

// admit waits for a free place on the lane; false when there will be none soon.
func (s *scheduler) admit(a *attempt) bool {
	l, it := a.lane, a.item
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		now := s.o.Now()
		if s.tooDear(a.lane) {
			s.stop(StoppedMaxCost, nil)
		}
		switch {
		case s.stopped != "", l.dead != nil, a.leaving, (l.held || l.down(now)) && len(s.lanes) > 1:
			return false
		case l.posting > 0 && l.posted != s.queue.key(it): // the server is to have them in their order
		case l.takes(now) && !l.alone && l.onServer < l.depth() && (!it.suspect() || l.onServer == 0):
			l.ready--
			l.onServer++
			l.posting++
			l.posted = s.queue.key(it)
			l.alone = it.suspect()
			a.submitted = true
			s.cond.Broadcast()
			return true
		}
		s.cond.Wait()
	}
}

// tooDear reports whether another item on a lane may pass the limit of costs: what
// backends have is counted, and the item too, with what items cost there so far.
func (s *scheduler) tooDear(next *lane) bool {
	if s.o.MaxCost <= 0 {
		return false
	}
	cost := s.spent
	for _, l := range s.lanes {
		for a := range l.attempts {
			if a.submitted && !a.counted {
				cost += l.took.value.Hours() * l.price
			}
		}
	}
	return cost >= s.o.MaxCost || cost+next.took.value.Hours()*next.price > s.o.MaxCost
}

// place frees the place of an attempt, once.
func (s *scheduler) place(a *attempt) {
	s.unplace(a, func() {
		if a.freed {
			a.lane.collecting--
		} else {
			a.lane.onServer--
			a.lane.alone = false
		}
		a.back()
	})
}

func (s *scheduler) unplace(_ *attempt, change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.cond.Broadcast()
}

// free frees the place of an attempt that its backend computes no more. It is called
// with the lock held.
func (s *scheduler) free(a *attempt) {
	if a.freed {
		return
	}
	a.freed = true
	a.lane.freed = s.o.Now()
	a.lane.onServer--
	a.lane.collecting++
	a.lane.alone = false
	s.cond.Broadcast()
}

// back notes that the attempt does not keep its lane away any more.
func (a *attempt) back() {
	if a.lost {
		a.lost = false
		a.lane.away--
	}
}

// sink receives what happens in the run of an attempt. The limit counts from the
// moment in which the run executes; 0 = none.
func (s *scheduler) sink(a *attempt, limit time.Duration) run.Sink {
	l, it := a.lane, a.item
	return func(e run.Event) {
		s.mu.Lock()
		a.heard(e)
		switch e.Type {
		case run.EventStarted, run.EventNode, run.EventProgress:
			if !it.started && limit > 0 {
				stop := time.AfterFunc(limit, func() { a.cancel(&comfy.TimeoutError{What: "it", After: limit}) })
				context.AfterFunc(s.ctx, func() { stop.Stop() })
			}
			it.started = true
			if a.started.IsZero() {
				a.started = s.o.Now()
			}
		case run.EventEnding:
			if !a.started.IsZero() {
				l.heard = s.o.Now().Sub(a.started)
			}
			s.free(a)
		case run.EventEnded:
			a.ended = true
			s.free(a)
		case run.EventLost:
			if !a.lost {
				a.lost = true
				if a.lostFirst.IsZero() {
					a.lostFirst = s.o.Now()
				}
				if l.away++; l.away == 1 {
					l.awaySince = s.o.Now()
				}
			}
		case run.EventBack:
			a.back()
			s.cond.Broadcast()
		}
		s.mu.Unlock()
		s.emit(Event{Type: EventRun, Item: it.Item, Backend: l.runner.BackendName, Run: e})
	}
}

// heard notes that the backend has said something of the run.
func (a *attempt) heard(e run.Event) {
	switch e.Type {
	case run.EventPrepared, run.EventWaiting, run.EventWarning, run.EventLost:
		return
	}
	a.seen = true
	if t := a.item.ticket; t != nil { // it is adopted
		a.handle = t.Handle
	}
}

// giveBack returns an item that was prepared and found no place.
func (s *scheduler) giveBack(a *attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.lane.ready--
	s.active--
	s.stayed(a)
	s.queue.giveBack(a.item)
	s.cond.Broadcast()
}

// adoptAll gives runs that an earlier invocation submitted to the lanes that have
// them. Those of a backend that is not among the lanes are made again.
func (s *scheduler) adoptAll(items []*item) {
	for _, it := range items {
		l := s.laneOf(it.backend)
		ticket, err := s.o.Ledger.Ticket(it.ID)
		if err == nil && ticket != nil && l != nil && !l.runner.Backend.Can().Ephemeral {
			it.ticket, err = run.OpenTicket(ticket)
		}
		if it.ticket == nil || err != nil {
			if l == nil {
				s.note("item %s was submitted to %s, which is not among the backends: it is made again", it.ID, it.backend)
			}
			s.requeue(it, false)
			s.queue.put(it)
			continue
		}
		it.earlier = true
		s.active++
		l.limbo = append(l.limbo, it)
	}
}

func (s *scheduler) laneOf(backend string) *lane {
	for _, l := range s.lanes {
		if l.runner.BackendName == backend {
			return l
		}
	}
	return nil
}

// adopt goes on with a run that is perhaps on the lane's backend.
func (s *scheduler) adopt(ctx context.Context, a *attempt) {
	it, t := a.item, a.item.ticket
	state := ledger.Prepared
	if row, err := s.o.Ledger.Item(it.ID); err == nil && (row.Accepted || row.State == ledger.ItemDone) {
		state = ledger.Submitted
	}
	t.Owned, _ = s.ownedBy(it) // a ledger that cannot be read is found out soon enough
	it.owned = t.Owned
	res, err := a.lane.runner.Resume(ctx, t, state, s.sink(a, 0))
	if err == nil && it.earlier {
		s.mu.Lock()
		s.sum.Adopted++
		s.mu.Unlock()
	}
	s.place(a)
	s.conclude(ctx, a, t, res, err)
}

// recollect asks once more for what a run made, after a while: the way to the
// backend or the store failed.
func (s *scheduler) recollect(ctx context.Context, a *attempt, t *run.Ticket) (*run.Result, error) {
	var res *run.Result
	var err error
	for wait := time.Second; wait <= 16*time.Second; wait *= 2 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, &run.UncollectedError{Run: t.Run, Err: context.Cause(ctx)}
		}
		res, err = a.lane.runner.Collect(ctx, t, func(e run.Event) {
			if e.Type != run.EventEnded {
				s.emit(Event{Type: EventRun, Item: a.item.Item, Backend: a.lane.runner.BackendName, Run: e})
			}
		})
		var again *run.UncollectedError
		if err == nil || ctx.Err() != nil || !errors.As(err, &again) {
			break
		}
	}
	return res, err
}
