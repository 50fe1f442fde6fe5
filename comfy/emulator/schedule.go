package emulator

import "fmt"

// A schedule is what is left to run of a prompt: nodes whose results are not
// kept, with the links between them.
type schedule struct {
	e       *execution
	waiting []string                   // in the order in which they were found
	needs   map[string]map[string]bool // node -> sources that did not run yet
	feeds   map[string][]string        // node -> consumers in the schedule
}

func newSchedule(e *execution) *schedule {
	return &schedule{e: e, needs: map[string]map[string]bool{}, feeds: map[string][]string{}}
}

// add takes a node and everything above it that has no result yet. A link to
// a node that does not exist is an error, which kills the worker.
func (s *schedule) add(id string) error {
	stack := []string{id}
	type edge struct{ from, to string }
	var edges []edge
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.needs[id] != nil {
			continue
		}
		in, err := s.e.inputs(id)
		if err != nil {
			return fmt.Errorf("schedule node %s: %w", id, err)
		}
		s.waiting = append(s.waiting, id)
		s.needs[id] = map[string]bool{}
		for _, m := range in.Members() {
			if from, _, ok := linkOf(m.Value); ok && s.e.result(from) == nil {
				stack = append(stack, from)
				edges = append(edges, edge{from, id})
			}
		}
	}
	for _, l := range edges {
		if !s.needs[l.to][l.from] {
			s.needs[l.to][l.from] = true
			s.feeds[l.from] = append(s.feeds[l.from], l.to)
		}
	}
	return nil
}

func (s *schedule) empty() bool { return len(s.waiting) == 0 }

// pick chooses the next node: an output that is ready, else what brings an
// output one step nearer, else two steps, else the first that is ready. People
// see a picture as early as can be. ok is false in a cycle.
func (s *schedule) pick() (id string, ok bool) {
	var ready []string
	for _, id := range s.waiting {
		if len(s.needs[id]) == 0 {
			ready = append(ready, id)
		}
	}
	for distance := range 3 {
		for _, id := range ready {
			if s.leads(id, distance) {
				return id, true
			}
		}
	}
	if len(ready) == 0 {
		return "", false
	}
	return ready[0], true
}

// leads reports whether an output node is so many links below.
func (s *schedule) leads(id string, distance int) bool {
	if distance == 0 {
		return s.e.class(id).OutputNode
	}
	for _, next := range s.feeds[id] {
		if s.leads(next, distance-1) {
			return true
		}
	}
	return false
}

func (s *schedule) finish(id string) {
	for i, w := range s.waiting {
		if w == id {
			s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
			break
		}
	}
	for _, next := range s.feeds[id] {
		delete(s.needs[next], id)
	}
}

// inCycle names a node that waits for itself.
func (s *schedule) inCycle() string {
	left := map[string]int{}
	for _, id := range s.waiting {
		left[id] = len(s.feeds[id])
	}
	// Whoever feeds nobody that waits is below a cycle, not in one.
	for changed := true; changed; {
		changed = false
		for _, id := range s.waiting {
			if n, ok := left[id]; !ok || n > 0 {
				continue
			}
			delete(left, id)
			changed = true
			for source := range s.needs[id] {
				left[source]--
			}
		}
	}
	for _, id := range s.waiting {
		if _, ok := left[id]; ok {
			return id
		}
	}
	return s.waiting[0]
}
