package run

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// progress estimates how much of a graph is done. Each node weighs one unit,
// a node with steps one unit per step; what the server had kept weighs nothing.
type progress struct {
	graph   *comfy.Graph
	weight  map[string]float64
	total   float64
	done    float64
	current string
	part    float64 // of the current node, 0 to 1
	began   time.Time
	now     func() time.Time
	usual   func() time.Duration // what earlier runs took; 0 = not known
}

// usual asks once, when it is wanted, how long such a run computes.
func (r *Runner) usual(t *Ticket) func() time.Duration {
	if r.History == nil {
		return func() time.Duration { return 0 }
	}
	return sync.OnceValue(func() time.Duration { return r.History.Usual(t.Workflow, t.Backend) })
}

func newProgress(g *comfy.Graph, now func() time.Time, usual func() time.Duration) *progress {
	p := &progress{graph: g, weight: map[string]float64{}, now: now, usual: usual}
	for _, id := range g.IDs() {
		w := 1.0
		if raw, ok := g.Node(id).Inputs.Get("steps"); ok {
			var steps float64
			if json.Unmarshal(raw, &steps) == nil && steps > 1 && steps < 10_000 {
				w = steps
			}
		}
		p.weight[id] = w
		p.total += w
	}
	return p
}

// cached takes nodes out of the sum: they will not run.
func (p *progress) cached(ids []string) {
	for _, id := range ids {
		p.total -= p.weight[id]
		delete(p.weight, id)
	}
}

// enter notes that a node began, which ends the one before it.
func (p *progress) enter(id string) {
	if p.began.IsZero() {
		p.began = p.now()
	}
	if id == p.current {
		return
	}
	p.leave()
	p.current, p.part = id, 0
}

func (p *progress) leave() {
	if p.current != "" {
		p.done += p.weight[p.current]
		delete(p.weight, p.current)
		p.current = ""
	}
}

func (p *progress) step(id string, value, max int) {
	p.enter(id)
	if max > 0 {
		p.part = min(1, float64(value)/float64(max))
	}
}

// fraction is between 0 and 1 and never 1 before the run is over.
func (p *progress) fraction() float64 {
	if p.total <= 0 {
		return 0
	}
	f := (p.done + p.weight[p.current]*p.part) / p.total
	return max(0, min(f, 0.999))
}

// eta is the time that is left; 0 is "not known yet". It begins with what
// earlier runs took and moves over to the run's own pace, which is all that
// counts from its middle on.
func (p *progress) eta() time.Duration {
	if p.began.IsZero() {
		return 0
	}
	passed, f := p.now().Sub(p.began), p.fraction()
	var own time.Duration
	if f >= 0.02 {
		own = time.Duration(float64(passed) * (1 - f) / f)
	}
	left := p.usual() - passed
	switch weight := min(1, 2*f); {
	case left <= 0: // nothing is known, or it takes longer than usual
		left = own
	case own > 0:
		left = time.Duration(weight*float64(own) + (1-weight)*float64(left))
	}
	return left.Round(100 * time.Millisecond)
}

// describe fills the node facts of an event.
func (p *progress) describe(e *Event, id string) {
	e.Node = id
	if n := p.graph.Node(id); n != nil {
		e.Class, e.Title = n.Class, n.Title
	}
}
