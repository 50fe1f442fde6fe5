package batch

import (
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// An item is one of the plan that has not ended.
type item struct {
	*plan.Item
	// Of its row in the ledger, which has the rest; changed only by who has the item.
	run     string // of its last attempt
	backend string // that has it or had it last
	seed    string // that was drawn for it
	kills   int    // how often a server ended while it executed the item

	started bool            // a backend has said that it executes it
	tries   int             // how often it came back from a backend in this invocation
	refused map[*lane]error // backends that will not take it
	left    map[*lane]bool  // backends that it came back from
	ticket  *run.Ticket     // of a run that may still be on a backend; nil = none is
	owned   []run.Owned     // files that it replaces
	memory  bool            // it has failed for want of memory once
	earlier bool            // an earlier invocation submitted what is collected now
}

// suspect says that a server ended while it executed the item: it is run alone, and
// after all others, so that it takes nobody with it.
func (it *item) suspect() bool { return it.kills > 0 }

// travelled reports whether a backend has refused the item or given it back.
func (it *item) travelled() bool { return len(it.refused)+len(it.left) > 0 }

// A queue holds what no backend has, in groups that need the same models.
type queue struct {
	groups   []*group
	byKey    map[string]*group
	suspects []*item
	size     int
	flat     bool // as given: one group
}

// A group is items that need the same models, in the order in which they run.
type group struct {
	key   string
	items []*item
	lanes int // backends that have its models loaded, or were given items of it last
}

// maxNear bounds the groups among which neighbours are looked for.
const maxNear = 2000

// newQueue sorts items. Grouped, those with the same models follow each other, and
// among them those with the same texts, each kind where its first item stands in
// the plan. After a group comes the one whose models are most like its own.
func newQueue(items []*item, order Ordering) *queue {
	q := &queue{byKey: map[string]*group{}, flat: order == AsGiven}
	for _, it := range items {
		if it.suspect() {
			q.suspects = append(q.suspects, it)
			q.size++
			continue
		}
		q.put(it)
	}
	if q.flat {
		return q
	}
	for _, g := range q.groups {
		rank := map[string]int{}
		for _, it := range g.items {
			if _, ok := rank[it.Group.Texts]; !ok {
				rank[it.Group.Texts] = len(rank)
			}
		}
		slices.SortStableFunc(g.items, func(a, b *item) int { return rank[a.Group.Texts] - rank[b.Group.Texts] })
	}
	if n := len(q.groups); n > 2 && n <= maxNear {
		for i := range q.groups[:n-2] {
			best := i + 1
			for j := i + 2; j < n; j++ {
				if shared(q.groups[i].key, q.groups[j].key) > shared(q.groups[i].key, q.groups[best].key) {
					best = j
				}
			}
			near := q.groups[best]
			q.groups = slices.Insert(slices.Delete(q.groups, best, best+1), i+1, near)
		}
	}
	return q
}

// shared is how long two keys are the same from their beginning.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func (q *queue) key(it *item) string {
	if q.flat {
		return ""
	}
	return it.Group.Models
}

// put adds an item behind those of its group.
func (q *queue) put(it *item) {
	g := q.group(q.key(it))
	g.items = append(g.items, it)
	q.size++
}

func (q *queue) group(key string) *group {
	g := q.byKey[key]
	if g == nil {
		g = &group{key: key}
		q.byKey[key] = g
		q.groups = append(q.groups, g)
	}
	return g
}

// giveBack puts an item at the front of its group, or among the suspects.
func (q *queue) giveBack(it *item) {
	q.size++
	if it.suspect() {
		q.suspects = append(q.suspects, it)
		return
	}
	g := q.group(q.key(it))
	g.items = slices.Insert(g.items, 0, it)
}

// take gives a lane what it runs next: an item for the models that it has loaded,
// else one of a group that no other lane is on, else one of the group with most
// left for each of its lanes. Items that the lane must not run are passed over.
func (q *queue) take(l *lane, may func(*item) bool) *item {
	if g := q.byKey[l.key]; g != nil && l.on {
		if it := g.pop(may); it != nil {
			q.size--
			return it
		}
	}
	for _, g := range q.ranked() {
		it := g.pop(may)
		if it == nil {
			continue
		}
		q.size--
		q.move(l, g.key)
		return it
	}
	for i, it := range q.suspects {
		if may(it) {
			q.suspects = slices.Delete(q.suspects, i, i+1)
			q.size--
			return it
		}
	}
	return nil
}

// ranked are the groups with items, in the order in which a lane without one of its
// own takes from them.
func (q *queue) ranked() []*group {
	var free, taken []*group
	for _, g := range q.groups {
		switch {
		case len(g.items) == 0:
		case g.lanes == 0:
			free = append(free, g)
		default:
			taken = append(taken, g)
		}
	}
	if len(free) > 0 {
		return append(free, taken...)
	}
	slices.SortStableFunc(taken, func(a, b *group) int { return len(b.items)*a.lanes - len(a.items)*b.lanes })
	return taken
}

// move notes that a lane goes on with another group.
func (q *queue) move(l *lane, key string) {
	if g := q.byKey[l.key]; g != nil && l.on {
		g.lanes--
	}
	l.key, l.on = key, true
	q.group(key).lanes++
}

// pop takes the first item that may run.
func (g *group) pop(may func(*item) bool) *item {
	for i, it := range g.items {
		if !may(it) {
			continue
		}
		if i == 0 {
			g.items[0] = nil
			g.items = g.items[1:]
		} else {
			g.items = slices.Delete(g.items, i, i+1)
		}
		return it
	}
	return nil
}
