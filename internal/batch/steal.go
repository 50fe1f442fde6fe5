package batch

import "time"

// steal takes one run from a lane that does not answer, for each lane that has nothing
// to do.
func (s *scheduler) steal(now time.Time) {
	for _, l := range s.lanes {
		if l.load() > 0 || !l.takes(now) || l.OnTrial() {
			continue
		}
		if it := s.fromLimbo(l, now); it != nil {
			s.queue.giveBack(it)
			s.active--
			continue
		}
		if a := s.stealable(l, now); a != nil {
			if !a.seen {
				a.lane.failed(now, errSilent)
			}
			a.taken = true
			a.cancel(errTaken)
		}
	}
}

// fromLimbo is an item of a lane that has been gone for a while.
func (s *scheduler) fromLimbo(l *lane, now time.Time) *item {
	for _, o := range s.lanes {
		if o == l || len(o.limbo) == 0 || !o.down(now) {
			continue
		}
		it := o.limbo[0]
		o.limbo = o.limbo[1:]
		s.requeue(it, false)
		return it
	}
	return nil
}

// stealable is a run of another lane that is away, or says nothing of it.
func (s *scheduler) stealable(l *lane, now time.Time) *attempt {
	for _, o := range s.lanes {
		if o == l {
			continue
		}
		away := o.away > 0 && now.Sub(o.awaySince) > awayLong
		for a := range o.attempts {
			it := a.item
			if a.taken || a.ended || !a.submitted || it.refused[l] != nil {
				continue
			}
			unseen := !a.seen && now.Sub(a.since) > unseenLong
			// The connection comes and goes: so long that making it again costs little.
			flaps := !a.lostFirst.IsZero() && l.took.n > 0 && now.Sub(a.lostFirst) > max(flapsLong, 3*max(l.took.value, o.took.value))
			if away || unseen || flaps {
				return a
			}
		}
	}
	return nil
}
