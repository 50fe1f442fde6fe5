package editor

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/scan"
)

// A proxy is a widget inside a subgraph that an instance shows as its own.
type proxy struct {
	node, widget string // "-1": the subgraph's input of this name
	deepest      string // the node that has the widget, where there are several
}

// proxiesOf reads which widgets an instance shows, where the file says it.
func proxiesOf(properties map[string]json.RawMessage) []proxy {
	raw := properties["proxyWidgets"]
	if packed, ok := scan.Text(raw); ok {
		if !json.Valid([]byte(packed)) {
			return nil
		}
		raw = bytes.TrimSpace([]byte(packed))
	}
	if len(raw) == 0 || raw[0] != '[' {
		return nil
	}
	list, _ := elements(raw) // a list it is
	var all []proxy
	for _, item := range list {
		entry, err := words(item)
		if err != nil {
			return nil
		}
		p := proxy{}
		if len(entry) > 1 {
			p.node, p.widget = entry[0], entry[1]
			if before, after, ok := strings.Cut(p.widget, ": "); ok && number(before) > 0 {
				p.widget = after
			}
		}
		if len(entry) > 2 {
			p.deepest = entry[2]
		}
		all = append(all, p)
	}
	return all
}

// proxies are the widgets that an instance shows, where the file says it.
func (n *node) proxies() []proxy {
	if n.list == nil {
		list := proxiesOf(n.properties)
		n.list = &list
	}
	return *n.list
}

// stored are the values of a node, from their beginning.
func (n *node) stored() values {
	if n.kept == nil {
		v := readValues(n.values)
		n.kept = &v
	}
	return *n.kept
}

// hostValue is the value that an instance holds for a widget of a node inside
// of it, nil when it holds none.
func (s *scope) hostValue(n *node, widget string) json.RawMessage {
	if s.instance == nil {
		return nil
	}
	proxies := s.instance.proxies()
	i := slices.IndexFunc(proxies, func(p proxy) bool { return p.node == n.id && p.widget == widget })
	return valueAt(s.instance, i)
}

// shownAt lists the instances around a node that show one of its widgets as
// their own, by the file's list of such widgets. Where they have an input of the
// same name, that is what the name means there.
func (s *scope) shownAt(n *node, widget string) []Place {
	var at []Place
	id := n.id
	for ; s.instance != nil; s = s.parent {
		if !slices.ContainsFunc(s.instance.proxies(), func(p proxy) bool { return p.node == id && p.widget == widget }) {
			break
		}
		own := slices.ContainsFunc(s.def.inputs, func(b socket) bool { return b.name == widget })
		if id = s.instance.id; own {
			break // the instance has an input of that name, which may lead elsewhere
		}
		at = append(at, Place{s.parent.path + id, widget})
	}
	return at
}

// valueAt is the value at a place of widgets_values, nil where none is.
func valueAt(n *node, i int) json.RawMessage {
	v := n.stored()
	if i < 0 || i >= len(v.list) || string(v.list[i]) == "null" {
		return nil
	}
	return v.list[i]
}

// promoted is the value that an instance holds for an input of its subgraph,
// nil when it holds none or the input is no widget.
func (c *converter) promoted(sc *scope, at int) json.RawMessage {
	b, inst := sc.def.inputs[at], sc.instance
	target, ok := c.widgetBehind(sc.def, at, 0)
	if !ok {
		return nil
	}
	if proxies := inst.proxies(); len(proxies) > 0 {
		i := slices.IndexFunc(proxies, func(p proxy) bool { return p.node == "-1" && p.widget == b.name })
		if i < 0 {
			i = slices.IndexFunc(proxies, func(p proxy) bool { return p.node == target.node.id && p.widget == target.widget })
		}
		return valueAt(inst, i)
	}
	if v := inst.stored(); v.names != nil {
		if i := slices.Index(v.names, b.name); i >= 0 && string(v.list[i]) != "null" {
			return v.list[i]
		}
		return nil
	}
	// One value for each input that is a widget, in the order of the inputs. Some
	// writers put a control behind those that have one.
	place, before := -1, 0
	var controls []int // places of controls, as if there were some
	count := 0
	for _, i := range c.inputOrder(sc.def, inst) {
		t, ok := c.widgetBehind(sc.def, i, 0)
		if !ok {
			continue
		}
		if i == at {
			place, before = count, len(controls)
		}
		count++
		if t.control {
			controls = append(controls, count+len(controls))
		}
	}
	v := inst.stored()
	if len(controls) > 0 && !slices.ContainsFunc(controls, func(i int) bool { return i >= len(v.list) || !isControl(v.list[i]) }) {
		place += before
	}
	return valueAt(inst, place)
}

// isControl reports whether a value says what happens to a seed after a run.
func isControl(v json.RawMessage) bool {
	switch string(v) {
	case `"fixed"`, `"increment"`, `"decrement"`, `"randomize"`:
		return true
	}
	return false
}

// inputOrder lists the inputs of a subgraph as an instance has them: as the
// file lists them, then those that it does not list.
func (c *converter) inputOrder(def *definition, inst *node) []int {
	var order []int
	for _, in := range inst.inputs {
		i := slices.IndexFunc(def.inputs, func(b socket) bool { return b.name == in.name })
		if i >= 0 && !slices.Contains(order, i) {
			order = append(order, i)
		}
	}
	if len(order) == len(def.inputs) {
		return order
	}
	order = order[:0]
	for i := range def.inputs {
		order = append(order, i)
	}
	return order
}

// A target is the widget behind an input of a subgraph.
type target struct {
	node    *node
	widget  string
	control bool
}

// widgetBehind finds the widget that an input of a subgraph leads to: the first
// of its links that ends in one, through nested subgraphs.
func (c *converter) widgetBehind(def *definition, at, depth int) (target, bool) {
	if depth > maxNesting {
		return target{}, false
	}
	for _, id := range def.inputs[at].links {
		l := def.links[id]
		if l == nil {
			continue
		}
		n := def.byID[l.to]
		if n == nil || l.toSlot < 0 || l.toSlot >= len(n.inputs) {
			continue
		}
		in := n.inputs[l.toSlot]
		if inner := c.doc.definitions[n.class]; inner != nil {
			i := slices.IndexFunc(inner.inputs, func(b socket) bool { return b.name == in.name })
			if i < 0 {
				continue
			}
			if t, ok := c.widgetBehind(inner, i, depth+1); ok {
				return target{n, in.name, t.control}, true
			}
			continue
		}
		if t, ok := c.widgetOf(n, in); ok {
			return t, true
		}
	}
	return target{}, false
}

// ownValue is the value of the widget that an input of a subgraph leads to, nil
// when it leads to none.
func (c *converter) ownValue(sc *scope, at int) json.RawMessage {
	t, ok := c.widgetBehind(sc.def, at, 0)
	if !ok {
		return nil
	}
	if def := c.doc.definitions[t.node.class]; def != nil {
		inner, err := sc.enter(t.node, def)
		i := slices.IndexFunc(def.inputs, func(b socket) bool { return b.name == t.widget })
		if err != nil || i < 0 {
			return nil
		}
		if v := c.promoted(inner, i); v != nil {
			return v
		}
		return c.ownValue(inner, i)
	}
	if v := sc.hostValue(t.node, t.widget); v != nil {
		return v
	}
	ws, err := c.widgetsOf(t.node)
	if err != nil {
		return nil
	}
	for _, w := range ws {
		if w.name == t.widget {
			return w.value
		}
	}
	return nil
}

// widgetOf is the widget that a socket belongs to.
func (c *converter) widgetOf(n *node, in socket) (target, bool) {
	if c.opts.Definitions[n.class] == nil {
		if len(c.opts.Definitions) > 0 && !c.opts.StoredWidgets {
			return target{}, false
		}
		return target{n, in.widget, in.widget == "seed" || in.widget == "noise_seed"}, in.widget != ""
	}
	ws, err := c.widgetsOf(n)
	if err != nil {
		return target{}, false
	}
	for _, w := range ws {
		if w.name == in.name || w.name == in.widget {
			return target{n, w.name, w.control}, true
		}
	}
	return target{}, false
}
