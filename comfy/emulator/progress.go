package emulator

import "github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"

// A progress is the state of all nodes of a job that have begun.
type progress struct {
	prompt string
	order  []string
	nodes  map[string]*nodeProgress
}

// Values are float64 when a node begins and whatever it reports afterwards:
// clients see 0.0 and 1.0, then whole numbers.
type nodeProgress struct {
	value, max any
	finished   bool
	parent     string // of a node that came by expansion
}

func newProgress(prompt string) *progress {
	return &progress{prompt: prompt, nodes: map[string]*nodeProgress{}}
}

func (p *progress) node(id string) *nodeProgress {
	n := p.nodes[id]
	if n == nil {
		n = &nodeProgress{value: 0, max: 1}
		p.nodes[id] = n
		p.order = append(p.order, id)
	}
	return n
}

func (p *progress) start(id, parent string) {
	*p.node(id) = nodeProgress{value: 0.0, max: 1.0, parent: parent}
}

func (p *progress) update(id string, value, limit int) {
	n := p.node(id)
	n.value, n.max, n.finished = value, limit, false
}

func (p *progress) finish(id string) {
	n := p.node(id)
	n.value, n.finished = n.max, true
}

// snapshot is the payload of progress_state.
func (p *progress) snapshot() pyval.Fields {
	nodes := make(pyval.Fields, 0, len(p.order))
	for _, id := range p.order {
		n := p.nodes[id]
		state, display := "running", id
		var parent any
		if n.parent != "" {
			parent, display = n.parent, n.parent
		}
		if n.finished {
			state = "finished"
		}
		nodes = append(nodes, pyval.Member{Key: id, Value: pyval.Fields{
			{Key: "value", Value: n.value},
			{Key: "max", Value: n.max},
			{Key: "state", Value: state},
			{Key: "node_id", Value: id},
			{Key: "prompt_id", Value: p.prompt},
			{Key: "display_node_id", Value: display},
			{Key: "parent_node_id", Value: parent},
			{Key: "real_node_id", Value: display},
		}})
	}
	return pyval.Fields{{Key: "prompt_id", Value: p.prompt}, {Key: "nodes", Value: nodes}}
}

// sendProgress posts the whole state, which the server does at every change.
func (e *execution) sendProgress() {
	if e.in.hub.wanted(e.job.sid, !e.job.hasSID) {
		e.send("progress_state", e.progress.snapshot(), true)
	}
}
