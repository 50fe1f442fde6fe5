package worker

import (
	"cmp"
	"slices"
	"time"
)

// choose is where a job runs that no backend has: on the one that ends it first, by
// what each took for its last runs and has to do. One that takes the last slot rather
// goes to a backend that has nothing to do, since jobs wait behind it. A backend that
// failed is left alone for a while and then tried with one run, as long as there are
// others; nil = all others are paused.
func (w *Worker) choose(tried []*place) *place {
	w.choosing.Lock()
	defer w.choosing.Unlock()
	var offers []offer
	all, quickest := 1, time.Duration(0)
	for _, p := range w.places {
		o := p.offer(time.Now())
		all += o.runs
		if o.each > 0 && (quickest == 0 || o.each < quickest) {
			quickest = o.each
		}
		if !slices.Contains(tried, p) && (p.Paused == nil || !p.Paused()) {
			offers = append(offers, o)
		}
	}
	if len(offers) == 0 {
		return nil
	}
	best := slices.MinFunc(offers, func(a, b offer) int { return a.compare(b, max(quickest, 1), all >= w.o.Slots) })
	best.place.mu.Lock()
	best.place.running++
	best.place.mu.Unlock()
	return best.place
}

// An offer is what a place would mean for one more run.
type offer struct {
	place   *place
	runs    int           // that it has
	each    time.Duration // what one takes there; 0 = not known
	resting bool          // it has failed
}

func (p *place) offer(now time.Time) offer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return offer{p, p.running, p.act.each(), p.breaker.Resting(now) || p.breaker.OnTrial() && p.running > 0}
}

// compare is negative when a is better than b. What is not known is taken to be as quick
// as the quickest is, so that it gets known. full says that no slot is left after this.
func (a offer) compare(b offer, quickest time.Duration, full bool) int {
	end := func(o offer) time.Duration { return time.Duration(o.runs+1) * cmp.Or(o.each, quickest) }
	busy := func(o offer) bool { return o.runs > 0 }
	if a.resting != b.resting {
		return order(a.resting)
	}
	if full && busy(a) != busy(b) {
		return order(busy(a))
	}
	return cmp.Or(cmp.Compare(end(a), end(b)), cmp.Compare(a.runs, b.runs))
}

// order is that of two of which the first is worse, or else the second.
func order(worse bool) int {
	if worse {
		return 1
	}
	return -1
}
