package batch

import (
	"slices"
	"time"
)

// each is how long the lane executes one run: as measured, before the first is collected
// as heard, or as long as one executes already; 0 = nothing is known.
func (l *lane) each(now time.Time) time.Duration {
	if l.took.n > 0 {
		return max(l.took.value, time.Millisecond)
	}
	longest := l.heard
	for a := range l.attempts {
		longest = max(longest, a.executing(now))
	}
	return longest
}

// executes reports whether the backend executes the attempt, by what was heard.
func (a *attempt) executes() bool { return !a.started.IsZero() && !a.freed }

// executing is how long the attempt executes by now; 0 = it does not.
func (a *attempt) executing(now time.Time) time.Duration {
	if !a.executes() {
		return 0
	}
	return now.Sub(a.started)
}

// free is when, from now, the lane has executed all that it has and keeps.
func (l *lane) free(now time.Time) time.Duration {
	each, runs, spent := l.each(now), l.load(), time.Duration(0)
	for a := range l.attempts {
		if a.leaving {
			runs--
		}
		spent += min(a.executing(now), each)
	}
	// What waits behind the runs of others is expected to wait as long again.
	return max(0, time.Duration(runs)*each-spent) + l.stuck(now)
}

// stuck is how long a run waits on the server by now although it executes none of ours;
// 0 = none does.
func (l *lane) stuck(now time.Time) (longest time.Duration) {
	for a := range l.attempts {
		switch {
		case a.executes():
			return 0
		case a.handle != "" && !a.freed:
			since := a.since
			if l.freed.After(since) {
				since = l.freed
			}
			longest = max(longest, now.Sub(since))
		}
	}
	return longest
}

// others are the lanes besides l that take items as usual.
func (s *scheduler) others(l *lane, now time.Time) []*lane {
	return slices.DeleteFunc(slices.Clone(s.lanes), func(o *lane) bool { return o == l || !o.takes(now) || o.OnTrial() })
}

// othersFor are those of the others that take an item that may have been on lanes.
func othersFor(l *lane, it *item, others []*lane) []*lane {
	return slices.DeleteFunc(slices.Clone(others), func(o *lane) bool { return it.refused[o] != nil || it.left[o] && !it.left[l] })
}

// worthTaking reports whether a lane ends one of the runs that are left sooner than the
// others would end all of them, when each takes what it ends soonest.
func worthTaking(l *lane, others []*lane, left int, now time.Time) bool {
	if l.OnTrial() && soonDone(l, others, left) {
		return false // one that has just failed takes nothing that is then waited for
	}
	each := l.each(now)
	if each == 0 { // it is perhaps like the slowest
		for _, o := range others {
			each = max(each, o.took.value)
		}
	}
	return left > endedBefore(l.free(now)+each, others, now)
}

// worthKeeping reports the same of a run that waits on a lane as its last, when left
// others have no lane. way is what it takes to get the run off, and other says that the
// others have other models loaded.
func worthKeeping(l *lane, others []*lane, left int, way time.Duration, other bool, now time.Time) bool {
	end := l.free(now) - way
	n := 0
	for _, o := range others {
		enough := o.each(now) / 4 // measured times are not that exact
		if other {
			enough *= 8
		}
		n += endedBefore(end-enough, []*lane{o}, now)
	}
	return left+1 > n
}

// endedBefore is how many runs more lanes end before a time from now. One without a
// measure counts as none: what is heard comes in bursts after a connection was gone.
func endedBefore(end time.Duration, lanes []*lane, now time.Time) (n int) {
	for _, l := range lanes {
		if free := l.free(now); l.took.n > 0 && end > free {
			n += int((end - free - 1) / l.each(now))
		}
	}
	return n
}

// soonDone reports whether other lanes end all that is left before a run that this one
// loses again would be known to be lost.
func soonDone(l *lane, others []*lane, left int) bool {
	perSecond := 0.0
	for _, o := range others {
		if o.took.n > 0 {
			perSecond += 1 / max(o.took.value, time.Millisecond).Seconds()
		}
	}
	return len(others) > 0 && (left <= (len(others)+1)*defaultDepth || float64(left) < perSecond*(awayLong+l.took.value).Seconds())
}
