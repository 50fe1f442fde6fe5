package editor

import (
	"cmp"
	"slices"
	"strconv"
)

// inOrder lists the nodes as the editor executes them: those without a linked
// input first, each other one when the last of its sources is listed.
func (s *sheet) inOrder() []*node {
	waiting := map[*node]int{}
	var queue []*node
	for _, n := range s.nodes {
		for i := range n.inputs {
			if s.linkInto(n, i) != nil {
				waiting[n]++
			}
		}
		if waiting[n] == 0 {
			queue = append(queue, n)
		}
	}
	listed := make(map[*node]bool, len(s.nodes))
	order := make([]*node, 0, len(s.nodes))
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if listed[n] {
			continue
		}
		listed[n] = true
		order = append(order, n)
		for _, out := range n.outputs {
			for _, id := range out.links {
				l := s.links[id]
				if l == nil {
					continue
				}
				to := s.byID[l.to]
				if to == nil || listed[to] {
					continue
				}
				if waiting[to]--; waiting[to] == 0 {
					queue = append(queue, to)
				}
			}
		}
	}
	rest := make([]*node, 0, len(s.nodes)-len(order))
	for _, n := range s.nodes {
		if !listed[n] {
			rest = append(rest, n)
		}
	}
	slices.SortStableFunc(rest, func(a, b *node) int { return cmp.Compare(number(a.id), number(b.id)) })
	return append(order, rest...)
}

func number(id string) int64 {
	v, _ := strconv.ParseInt(id, 10, 64) // what is no number comes first
	return v
}

// renumber gives nodes in subgraphs ids that no other node has, as the editor
// does when it loads a file: an id that is taken becomes the next free number.
// Links and stored references keep the ids of the file.
func (d *document) renumber() {
	used := map[int64]bool{}
	last := d.root.last
	for _, n := range d.root.nodes {
		if v, err := strconv.ParseInt(n.id, 10, 64); err == nil {
			used[v] = true
			last = max(last, v)
		}
	}
	for _, def := range d.order {
		if def.group {
			continue
		}
		for _, n := range def.nodes {
			v, err := strconv.ParseInt(n.id, 10, 64)
			if err != nil {
				continue
			}
			for used[v] {
				last++
				v = last
			}
			used[v] = true
			last = max(last, v)
			if id := strconv.FormatInt(v, 10); id != n.id {
				n.renamed = id
			}
		}
	}
}

// execID is the node's part of its id in the graph.
func (n *node) execID() string {
	if n.renamed != "" {
		return n.renamed
	}
	return n.id
}
