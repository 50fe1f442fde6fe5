package comfy

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Check refuses shapes that a server rejects or dies of: dangling links and
// cycles. All problems are joined. Lists and objects that are no links are
// values like any other; whether a node takes them is for the server to say.
func (g *Graph) Check() error {
	if g.Len() == 0 {
		return errors.New("the graph has no nodes")
	}
	var errs []error
	for _, id := range g.order {
		n := g.nodes[id]
		for _, name := range n.Inputs.names {
			v := n.Inputs.values[name]
			if len(v) == 0 || v[0] != '[' {
				continue
			}
			if node, ok := linked(v); ok && g.nodes[node] == nil {
				errs = append(errs, fmt.Errorf("node %s (%s): input %s links to node %s, which does not exist", id, n.Class, name, node))
			}
		}
	}
	if cyc := g.cycle(); cyc != "" {
		errs = append(errs, fmt.Errorf("the graph runs in a circle through node %s", cyc))
	}
	return errors.Join(errs...)
}

// linked is the node that a server takes a value for a link to. It takes a slot for
// one that is any number, and its language counts true and false among them.
func linked(v json.RawMessage) (node string, ok bool) {
	if l, ok := LinkOf(v); ok {
		return l.Node, true
	}
	node, slot, ok := linkParts(v)
	var number json.Number
	return node, ok && (slot == "true" || slot == "false" || slot != "null" && slot[0] != '"' && json.Unmarshal([]byte(slot), &number) == nil)
}

// cycle returns a node on a cycle, or "". It does not recurse: graphs come
// from files that strangers write.
func (g *Graph) cycle() string {
	const grey, black = 1, 2
	colour := make(map[string]int, len(g.nodes))
	type frame struct {
		id   string
		next int
	}
	for _, root := range g.order {
		if colour[root] != 0 {
			continue
		}
		stack := []frame{{id: root}}
		colour[root] = grey
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			n := g.nodes[f.id]
			if f.next >= len(n.Inputs.names) {
				colour[f.id] = black
				stack = stack[:len(stack)-1]
				continue
			}
			name := n.Inputs.names[f.next]
			f.next++
			l, ok := LinkOf(n.Inputs.values[name])
			if !ok || g.nodes[l.Node] == nil {
				continue
			}
			switch colour[l.Node] {
			case grey:
				return l.Node
			case 0:
				colour[l.Node] = grey
				stack = append(stack, frame{id: l.Node})
			}
		}
	}
	return ""
}
