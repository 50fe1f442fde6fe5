package editor

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// What an input turns out to be fed by.
const (
	sourceNone  = iota // nothing: a socket is absent, a widget keeps its value
	sourceLink         // the output of a node of the graph
	sourceValue        // a value that an instance of a subgraph holds
	sourceOwn          // what the innermost widget holds: no instance has its own value
)

// A source is what feeds an input.
type source struct {
	kind  int
	link  comfy.Link
	value json.RawMessage
	scope *scope // of sourceOwn: the subgraph whose input it is, and which one
	at    int
}

// Bounds of the ways from inputs to their sources: of one, which is a circle when
// it is longer, and of all of a file together.
const (
	maxHops    = 10_000
	maxAllHops = 2_000_000
)

// resolveInput finds what feeds an input of a node. typ is what is wanted, ""
// for what the input itself takes.
func (c *converter) resolveInput(sc *scope, n *node, i int, typ string) (source, error) {
	return c.hop(sc, n, i, typ, maxHops)
}

func (c *converter) hop(sc *scope, n *node, i int, typ string, left int) (source, error) {
	if c.hops++; c.hops > maxAllHops {
		return source{}, &FormatError{Reason: "its links lead over too many nodes that only hand on"}
	}
	if left == 0 {
		return source{}, &NodeError{Node: sc.prefix + n.execID(), Class: n.class, Title: n.title, Reason: "its input " + n.inputs[i].name + " is linked in a circle"}
	}
	l := sc.linkInto(n, i)
	if l == nil {
		if id := n.inputs[i].link; id != "" && sc.links[id] == nil {
			c.note(sc, n, "its input %s names the link %s, which the file does not have", n.inputs[i].name, id)
		}
		return source{}, nil
	}
	if typ == "" {
		typ = n.inputs[i].typ
	}
	if l.from == subgraphInput && sc.def != nil {
		return c.boundaryInput(sc, l.fromSlot, left-1)
	}
	return c.resolveOutput(sc, l.from, l.fromSlot, typ, left-1)
}

// boundaryInput is what feeds an input of the subgraph that sc is the inside of.
func (c *converter) boundaryInput(sc *scope, at, left int) (source, error) {
	if at < 0 || at >= len(sc.def.inputs) {
		return source{}, nil
	}
	b := sc.def.inputs[at]
	inst := sc.instance
	c.trail = append(c.trail, Place{sc.parent.path + inst.id, b.name})
	if i := inst.input(b.name); i >= 0 && sc.parent.linkInto(inst, i) != nil {
		src, err := c.hop(sc.parent, inst, i, inst.inputs[i].typ, left)
		if src.kind == sourceLink {
			c.result.Inlets[Place{sc.parent.path + inst.id, b.name}] = src.link
		}
		if err != nil || src.kind != sourceOwn && !c.fromPrimitive(sc.parent, inst, i) {
			return src, err
		}
	}
	if v := c.promoted(sc, at); v != nil {
		return source{kind: sourceValue, value: v}, nil
	}
	return source{kind: sourceOwn, scope: sc, at: at}, nil
}

// fromPrimitive reports whether an input of an instance is fed by a primitive
// node, which has no effect there: what the instance holds is sent.
func (c *converter) fromPrimitive(sc *scope, n *node, i int) bool {
	l := sc.linkInto(n, i)
	from := sc.byID[l.from]
	if from == nil || from.class != primitiveNode {
		return false
	}
	c.note(sc, n, "a primitive node feeds its input %s, which the editor does not send: what the subgraph holds is used", n.inputs[i].name)
	return true
}

// resolveOutput finds what an output of a node stands for.
func (c *converter) resolveOutput(sc *scope, id string, slot int, typ string, left int) (source, error) {
	n := sc.byID[id]
	if n == nil {
		c.note(sc, nil, "a link comes from node %s%s, which is not there", sc.path, id)
		return source{}, nil
	}
	switch {
	case left <= 0:
		return source{}, &NodeError{Node: sc.prefix + n.execID(), Class: n.class, Title: n.title, Reason: "it is linked in a circle"}
	case n.mode == modeMuted:
		return source{}, nil
	case n.mode == modeBypassed:
		i := c.bypass(n, slot, typ)
		if i < 0 {
			return source{}, nil
		}
		return c.hop(sc, n, i, c.inputType(n, i), left-1)
	}
	if def := c.doc.definitions[n.class]; def != nil {
		return c.instanceOutput(sc, n, def, slot, typ, left-1)
	}
	switch {
	case n.class == primitiveNode:
		return source{}, nil
	case isGet(n.class):
		return c.resolveGet(sc, n, slot, typ, left-1)
	case isSet(n.class) || c.passesThrough(n):
		i := slot
		if i < 0 || i >= len(n.inputs) {
			i = 0
		}
		if len(n.inputs) == 0 {
			return source{}, nil
		}
		return c.hop(sc, n, i, typ, left-1)
	case c.virtual(n):
		return source{}, nil
	}
	return source{kind: sourceLink, link: comfy.Link{Node: sc.prefix + n.execID(), Slot: slot}}, nil
}

// instanceOutput is what an output of an instance stands for inside of it.
func (c *converter) instanceOutput(sc *scope, n *node, def *definition, slot int, typ string, left int) (source, error) {
	if slot < 0 || slot >= len(def.outputs) || len(def.outputs[slot].links) == 0 {
		return source{}, nil
	}
	l := def.into[socketKey{subgraphOutput, slot}]
	if l == nil {
		l = def.links[def.outputs[slot].links[0]]
	}
	if l == nil {
		return source{}, nil
	}
	inner, err := sc.enter(n, def)
	if err != nil {
		return source{}, err
	}
	if l.from == subgraphInput {
		src, err := c.boundaryInput(inner, l.fromSlot, left)
		if src.kind == sourceOwn {
			src.kind = sourceNone
		}
		return src, err
	}
	return c.resolveOutput(inner, l.from, l.fromSlot, typ, left)
}

// An effective input is one that the editor gives a node: by its definition,
// then by the file.
type effective struct {
	name, typ string
	saved     int // index in the file's list, -1 when it is not there
}

// ownClass reports whether a class comes with ComfyUI: the editor takes inputs
// away that belong to widgets which such a class does not have. Packs may make
// their widgets in the browser.
func (c *converter) ownClass(class string) bool {
	def := c.opts.Definitions[class]
	return def != nil && def.Module != "" && !strings.HasPrefix(def.Module, "custom_nodes")
}

// socketsOf lists the inputs that a node has in the editor: sockets in the
// order of the definition, then those of widgets, then what only the file has.
func (c *converter) socketsOf(n *node) []effective {
	if list, ok := c.sockets[n]; ok {
		return list
	}
	var list []effective
	saved := make(map[string]int, len(n.inputs))
	for i, in := range slices.Backward(n.inputs) {
		if in.name == "" && in.widget != "" {
			saved[in.widget] = i
		}
		saved[in.name] = i
	}
	seen := map[string]bool{}
	add := func(name, typ string) {
		if seen[name] {
			return
		}
		seen[name] = true
		at, ok := saved[name]
		if !ok {
			at = -1
		}
		list = append(list, effective{name, typ, at})
	}
	for _, l := range c.layoutsOf(n.class) {
		switch {
		case l.widget:
		case strings.HasPrefix(l.Type, "COMFY_AUTOGROW"):
			for _, in := range n.inputs {
				if strings.HasPrefix(in.name, l.Name+".") {
					add(in.name, in.typ)
				}
			}
		case strings.HasPrefix(l.Type, "COMFY_MATCHTYPE"):
			typ := "*"
			if i := n.input(l.Name); i >= 0 {
				typ = n.inputs[i].typ
			}
			add(l.Name, typ)
		default:
			add(l.Name, l.Type)
		}
	}
	if c.opts.Definitions[n.class] != nil {
		ws, err := c.widgetsOf(n)
		if err == nil { // else the node is refused when it is built
			for _, w := range ws {
				add(w.name, w.typ)
			}
		}
	}
	own := c.ownClass(n.class)
	removed := false // the editor passes over what follows one that it removes
	for _, in := range n.inputs {
		if seen[in.name] {
			continue
		}
		if removed = own && in.widget != "" && !removed; !removed {
			add(in.name, in.typ)
		}
	}
	c.sockets[n] = list
	return list
}

// inputType is the type of a saved input, by the definition where it has one.
func (c *converter) inputType(n *node, saved int) string {
	for _, in := range c.socketsOf(n) {
		if in.saved == saved {
			return in.typ
		}
	}
	return n.inputs[saved].typ
}

// bypass finds the input that stands for an output of a bypassed node, as an
// index in the file's list; -1 when none does or the file does not list it,
// since then nothing is linked to it.
func (c *converter) bypass(n *node, slot int, typ string) int {
	ins := c.socketsOf(n)
	if len(ins) == 0 || slot < 0 {
		return -1
	}
	if typ == "*" || typ == "" {
		if slot < len(ins) {
			return ins[slot].saved
		}
		return ins[0].saved
	}
	out := c.outputType(n, slot)
	if slot < len(ins) && compatible(ins[slot].typ, out) && compatible(ins[slot].typ, typ) {
		return ins[slot].saved
	}
	if i := slices.IndexFunc(ins, func(e effective) bool { return e.typ == typ }); i >= 0 {
		return ins[i].saved
	}
	for _, e := range ins {
		if compatible(e.typ, out) && compatible(e.typ, typ) {
			return e.saved
		}
	}
	return -1
}

// outputType is the type of an output, by the definition where it has one.
func (c *converter) outputType(n *node, slot int) string {
	if def := c.opts.Definitions[n.class]; def != nil && slot < len(def.Outputs) {
		if t := def.Outputs[slot].Type; !strings.HasPrefix(t, "COMFY_MATCHTYPE") {
			return t
		}
	}
	if slot < len(n.outputs) {
		return n.outputs[slot].typ
	}
	return "*"
}

// compatible reports whether an output of one type fits an input of another.
func compatible(a, b string) bool {
	if a == "" || a == "*" || b == "" || b == "*" || a == "0" || b == "0" || a == b {
		return true
	}
	for x := range strings.SplitSeq(strings.ToLower(a), ",") {
		for y := range strings.SplitSeq(strings.ToLower(b), ",") {
			if x == y {
				return true
			}
		}
	}
	return false
}
