package batch

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
)

// review has runs that wait on a lane handed to the others, when those end them, and all
// that has no lane, before this one would. What executes is left where it is, so that
// nothing is computed twice. It is called with the lock held.
func (s *scheduler) review(l *lane, now time.Time) {
	if s.stopped != "" || len(s.lanes) < 2 || !l.usable(now) {
		return
	}
	for others := s.others(l, now); ; {
		a := l.lastWaiting()
		if a == nil {
			return
		}
		takers := othersFor(l, a.item, others)
		key, way := s.queue.key(a.item), time.Duration(0)
		other := !slices.ContainsFunc(takers, func(o *lane) bool { return o.key == key })
		if a.submitted {
			way = 3 * l.sending.value // it is removed, and looked for in two places
		}
		if worthKeeping(l, takers, s.laneless(), way, other, now) {
			return
		}
		a.leaving = true
		s.leaving++
		if a.submitted {
			s.running.Go(func() { s.withdraw(a) })
		} else {
			s.cond.Broadcast()
		}
	}
}

// laneless is how many items have no lane, or will soon have none.
func (s *scheduler) laneless() int { return s.queue.size + s.leaving }

// lastWaiting is the run that the lane would execute last, if it can still be handed
// over: one that is not submitted yet, else the last of those that the server has not
// begun.
func (l *lane) lastWaiting() *attempt {
	var last *attempt
	for a := range l.attempts {
		switch {
		case a.leaving, a.taken, a.freed, a.stays, a.item.started, a.item.suspect():
		case a.submitted && (a.handle == "" || l.runner.Backend.Can().LateCancel):
			// It may be on its way, or execute unheard.
		case last == nil, last.submitted && !a.submitted, last.submitted == a.submitted && a.since.After(last.since):
			last = a
		}
	}
	return last
}

// withdraw takes a run off its server for another lane, unless it has begun there. The
// ledger says that the server has it until it is proven to be gone.
func (s *scheduler) withdraw(a *attempt) {
	ctx, stop := context.WithTimeout(s.ctx, takeBack)
	defer stop()
	gone, err := withdrawn(ctx, a.lane.runner.Backend, a.handle)
	if gone {
		crashpoint.Here(crashpoint.Withdrawn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || !gone {
		a.stays = true
		s.stayed(a)
		s.cond.Broadcast()
		return
	}
	a.taken, a.gone = true, true
	a.cancel(errTaken)
}

// withdrawn removes a run that waits, and reports whether the backend is proven not to
// have it any more.
func withdrawn(ctx context.Context, be comfy.Backend, h comfy.Handle) (bool, error) {
	if w, ok := be.(comfy.Withdrawer); ok {
		if gone, err := w.Withdraw(ctx, h); !errors.Is(err, errors.ErrUnsupported) {
			return gone, err
		}
	}
	st, err := be.State(ctx, h)
	if err != nil || st.Phase != comfy.PhaseQueued {
		return false, err
	}
	if err := be.Cancel(ctx, h); err != nil {
		return false, err
	}
	st, err = be.State(ctx, h)
	return err == nil && (st.Phase == comfy.PhaseUnknown || st.Phase == comfy.PhaseCancelled), err
}

// stayed notes that the attempt is not on its way to another lane, or has arrived. It is
// called with the lock held.
func (s *scheduler) stayed(a *attempt) {
	if a.leaving {
		a.leaving = false
		s.leaving--
	}
}
