package batch

import (
	"context"
	"slices"
	"time"
)

// drive gives one lane its items until nothing is left for it.
func (s *scheduler) drive(l *lane) {
	for {
		it, adopted := s.next(l)
		if it == nil {
			return
		}
		s.running.Go(func() { s.attempt(l, it, adopted) })
	}
}

// next waits for the next item of a lane; nil when there will be none.
func (s *scheduler) next(l *lane) (it *item, adopted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		now := s.o.Now()
		switch {
		case s.stopped != "", s.queue.size == 0 && s.active == 0, l.dead != nil && len(l.limbo) == 0:
			return nil, false
		case l.OnTrial() && l.load() == 0 && l.usable(now) && (s.queue.size > 0 || len(l.limbo) > 0):
			s.probe(l)
			continue
		case len(l.limbo) > 0 && l.usable(now):
			it, l.limbo = l.limbo[0], l.limbo[1:]
			l.onServer++
			return it, true
		}
		if l.takes(now) && l.ready == 0 && !l.alone && l.collecting < maxCollecting {
			if it := s.take(l, now); it != nil {
				return it, false
			}
		}
		s.review(l, now)
		s.cond.Wait()
	}
}

// take gives a lane an item of the queue to prepare; nil when the queue has none for it.
func (s *scheduler) take(l *lane, now time.Time) *item {
	left, others := s.laneless(), s.others(l, now)
	worth := worthTaking(l, others, left, now)
	it := s.queue.take(l, func(it *item) bool {
		return s.may(l, it) && (worth || it.travelled() && worthTaking(l, othersFor(l, it, others), left, now))
	})
	if it != nil {
		l.ready++
		s.active++
	}
	return it
}

// may reports whether a lane takes an item.
func (s *scheduler) may(l *lane, it *item) bool {
	if it.suspect() && (l.load() > 0 || s.queue.size > len(s.queue.suspects)) {
		return false // alone, and when the others have had their turn
	}
	if it.left[l] && slices.ContainsFunc(s.lanes, func(o *lane) bool {
		return !it.left[o] && it.refused[o] == nil && !o.OnTrial() && !o.held && !o.down(s.o.Now())
	}) {
		return false // is it the item, or the backend? Another one shows it
	}
	return it.refused[l] == nil
}

// probe asks a lane that has failed whether it is there again. The lock is released
// meanwhile.
func (s *scheduler) probe(l *lane) {
	l.probing = true
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	_, err := l.runner.Backend.Describe(ctx)
	cancel()
	s.mu.Lock()
	l.probing = false
	if err != nil {
		s.laneFailed(l, err)
		return
	}
	l.RestUntil(time.Time{})
	// One run shows whether it works.
	for s.stopped == "" && l.usable(s.o.Now()) && l.ready+l.onServer == 0 {
		if len(l.limbo) > 0 {
			it := l.limbo[0]
			l.limbo = l.limbo[1:]
			l.onServer++
			s.running.Go(func() { s.attempt(l, it, true) })
			return
		}
		var it *item
		if !l.held {
			it = s.take(l, s.o.Now())
		}
		if it == nil {
			l.RestUntil(s.o.Now().Add(tick))
			return
		}
		s.running.Go(func() { s.attempt(l, it, false) })
	}
}

// laneFailed notes a failure of a backend. It is called with the lock held.
func (s *scheduler) laneFailed(l *lane, err error) {
	l.failed(s.o.Now(), err)
	s.cond.Broadcast()
}
