package registry

import (
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// wiring is a graph with its links decoded once, in both directions.
type wiring struct {
	g    *comfy.Graph
	in   map[string][]source // links into a node, in the order of its inputs
	uses map[string][]use    // links out of a node, in file order
}

type source struct {
	input string
	from  comfy.Link
}

type use struct {
	comfy.Target
	slot int
}

func newWiring(g *comfy.Graph) *wiring {
	w := &wiring{g: g, in: map[string][]source{}, uses: map[string][]use{}}
	for _, id := range g.IDs() {
		n := g.Node(id)
		for _, input := range n.Inputs.Names() {
			l, ok := n.Inputs.Link(input)
			if !ok || g.Node(l.Node) == nil {
				continue
			}
			w.in[id] = append(w.in[id], source{input, l})
			w.uses[l.Node] = append(w.uses[l.Node], use{comfy.Target{Node: id, Input: input}, l.Slot})
		}
	}
	return w
}

// link returns the first of these inputs that is a link.
func (w *wiring) link(id string, inputs ...string) (comfy.Link, bool) {
	for _, input := range inputs {
		for _, s := range w.in[id] {
			if s.input == input {
				return s.from, true
			}
		}
	}
	return comfy.Link{}, false
}

func (w *wiring) has(id, input string) bool {
	n := w.g.Node(id)
	if n == nil {
		return false
	}
	_, ok := n.Inputs.Get(input)
	return ok
}

func (w *wiring) literal(id, input string) bool {
	if !w.has(id, input) {
		return false
	}
	_, linked := w.link(id, input)
	return !linked
}

func (w *wiring) isText(id, input string) bool {
	n := w.g.Node(id)
	if n == nil {
		return false
	}
	_, ok := n.Inputs.Text(input)
	return ok
}

// primitives are the inputs under which nodes that only hold a value keep it.
func primitives() []string {
	return []string{"value", "string", "text", "prompt", "seed", "noise_seed", "int", "float", "number", "boolean"}
}

// origin finds where the value of an input is written: at the input, or, when
// it is a link, in the node it comes from (primitives, seed nodes, text boxes).
func (w *wiring) origin(id, input string) (comfy.Target, bool) {
	for range w.g.Len() {
		l, linked := w.link(id, input)
		if !linked {
			return comfy.Target{Node: id, Input: input}, w.has(id, input)
		}
		next := ""
		for _, name := range append([]string{input}, primitives()...) {
			if w.has(l.Node, name) {
				next = name
				break
			}
		}
		if next == "" {
			return comfy.Target{}, false
		}
		id, input = l.Node, next
	}
	return comfy.Target{}, false
}

// upstream reports whether any node that fn accepts feeds the link.
func (w *wiring) upstream(l comfy.Link, accept func(id string) bool) bool {
	seen := map[string]bool{}
	stack := []string{l.Node}
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		if accept(id) {
			return true
		}
		for _, s := range w.in[id] {
			stack = append(stack, s.from.Node)
		}
	}
	return false
}

// walk visits the nodes that feed a link, depth first in input order, each
// once. follow says which links to go on with; it may record what it sees.
func (w *wiring) walk(l comfy.Link, follow func(at comfy.Link) []comfy.Link) {
	seen := map[comfy.Link]bool{}
	stack := []comfy.Link{l}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[at] || w.g.Node(at.Node) == nil {
			continue
		}
		seen[at] = true
		next := follow(at)
		for i := len(next) - 1; i >= 0; i-- {
			stack = append(stack, next[i])
		}
	}
}

// linksNamed lists the links whose input name contains one of the words.
func (w *wiring) linksNamed(id string, words ...string) []comfy.Link {
	var links []comfy.Link
	for _, s := range w.in[id] {
		for _, word := range words {
			if strings.Contains(s.input, word) {
				links = append(links, s.from)
				break
			}
		}
	}
	return links
}

// find resolves "KSampler", "#Title" or "12" to node ids.
func (w *wiring) find(selector string) []string {
	if title, ok := strings.CutPrefix(selector, "#"); ok {
		var ids []string
		for _, id := range w.g.IDs() {
			if w.g.Node(id).Title == title {
				ids = append(ids, id)
			}
		}
		return ids
	}
	if w.g.Node(selector) != nil {
		return []string{selector}
	}
	return w.g.OfClass(selector)
}

// address resolves "KSampler.steps" to inputs. Classes, titles and inputs may
// contain dots, so every split is tried. More than one target is ambiguous.
func (w *wiring) address(s string) []comfy.Target {
	var targets []comfy.Target
	for i := range len(s) {
		if s[i] != '.' {
			continue
		}
		for _, id := range w.find(s[:i]) {
			if w.has(id, s[i+1:]) {
				targets = append(targets, comfy.Target{Node: id, Input: s[i+1:]})
			}
		}
	}
	return targets
}

// nearestAddresses offers what can be written instead of a wrong address:
// inputs of the node that it names, else nodes that have the input it names.
func (w *wiring) nearestAddresses(s string, limit int) []string {
	var all []string
	for _, id := range w.g.IDs() {
		n := w.g.Node(id)
		selectors := []string{id}
		if len(w.g.OfClass(n.Class)) == 1 {
			selectors = []string{n.Class, id}
		}
		for _, input := range n.Inputs.Names() {
			for _, sel := range selectors {
				all = append(all, sel+"."+input)
			}
		}
	}
	for i := range len(s) {
		if s[i] != '.' {
			continue
		}
		var same []string
		for _, address := range all {
			if strings.HasPrefix(address, s[:i+1]) {
				same = append(same, strings.TrimPrefix(address, s[:i+1]))
			}
		}
		var near []string
		for _, input := range nearest.To(s[i+1:], same, limit) {
			near = append(near, s[:i+1]+input)
		}
		if len(near) > 0 {
			return near
		}
	}
	return nearest.To(s, all, limit)
}
