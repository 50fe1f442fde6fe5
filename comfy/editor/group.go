package editor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// unpackGroups makes a subgraph of each group node, the older form of one, so
// that the rest of the package knows only subgraphs.
func (c *converter) unpackGroups() {
	for _, n := range c.doc.root.nodes {
		name, ok := groupName(n.class)
		raw, known := c.doc.groups[name]
		if !ok || !known || c.doc.definitions[n.class] != nil {
			continue
		}
		def := c.readGroup(name, raw)
		if def == nil {
			continue
		}
		c.doc.definitions[n.class] = def
		c.doc.order = append(c.doc.order, def)
	}
	for _, n := range c.doc.root.nodes {
		if _, ok := groupName(n.class); ok && c.doc.definitions[n.class] != nil {
			c.unpackInstance(n)
		}
	}
}

func groupName(class string) (string, bool) {
	for _, prefix := range []string{"workflow>", "workflow/"} {
		if name, ok := strings.CutPrefix(class, prefix); ok {
			return name, true
		}
	}
	return "", false
}

// readGroup reads a group node's inside. Its nodes are known by their place.
func (c *converter) readGroup(name string, raw json.RawMessage) *definition {
	var file struct {
		Nodes    []json.RawMessage   `json:"nodes"`
		Links    [][]json.RawMessage `json:"links"`
		External [][]json.RawMessage `json:"external"`
		Config   map[string]struct {
			Input map[string]struct {
				Name    string `json:"name"`
				Visible *bool  `json:"visible"`
			} `json:"input"`
		} `json:"config"`
	}
	if json.Unmarshal(raw, &file) != nil {
		return nil
	}
	def := &definition{id: name, name: name, group: true}
	def.byID, def.links, def.into, def.from = map[string]*node{}, map[string]*link{}, map[socketKey]*link{}, map[string][]*link{}
	for i, raw := range file.Nodes {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return nil
		}
		object["id"] = json.RawMessage(strconv.Itoa(i))
		raw, err := json.Marshal(object)
		if err != nil {
			return nil
		}
		n, err := readNode(raw)
		if err != nil || n == nil {
			return nil
		}
		for j := range n.inputs {
			n.inputs[j].link = "" // of the drawing that the group was made of
		}
		def.nodes = append(def.nodes, n)
		def.byID[n.id] = n
	}
	add := func(l *link) {
		l.id = strconv.Itoa(len(def.links) + 1)
		def.add(l)
	}
	inner := map[[2]int]bool{}      // outputs that feed a node of the group
	outside := map[socketKey]bool{} // inputs that were fed from outside when the group was made
	for _, parts := range file.Links {
		var from, to word
		var fromSlot, toSlot slot
		if len(parts) < 4 || from.UnmarshalJSON(parts[0]) != nil || to.UnmarshalJSON(parts[2]) != nil {
			continue
		}
		_, _ = fromSlot.UnmarshalJSON(parts[1]), toSlot.UnmarshalJSON(parts[3]) // -1 is no place
		if from == "" {
			outside[socketKey{string(to), int(toSlot)}] = true
			continue
		}
		inner[[2]int{int(number(string(from))), int(fromSlot)}] = true
		add(&link{from: string(from), fromSlot: int(fromSlot), to: string(to), toSlot: int(toSlot)})
	}
	used := map[string]bool{}
	for i, n := range def.nodes {
		for j, in := range n.inputs {
			key := socketKey{n.id, j}
			if def.into[key] != nil || in.widget != "" && !outside[key] {
				continue // fed inside of the group, or by its own widget
			}
			label := in.name
			if set := file.Config[strconv.Itoa(i)].Input[in.name]; set.Name != "" {
				label = set.Name
			}
			if used[label] {
				label = strings.TrimSpace(n.titleOrClass()) + " " + label
				for k := 1; used[label]; k++ {
					label = fmt.Sprintf("%s %d", label, k)
				}
			}
			used[label] = true
			l := &link{from: subgraphInput, fromSlot: len(def.inputs), to: n.id, toSlot: j}
			add(l)
			def.inputs = append(def.inputs, socket{name: label, typ: in.typ, links: []string{l.id}})
		}
	}
	external := map[[2]int]bool{}
	for _, parts := range file.External {
		var at word
		var out slot
		if len(parts) >= 2 && at.UnmarshalJSON(parts[0]) == nil && out.UnmarshalJSON(parts[1]) == nil {
			external[[2]int{int(number(string(at))), int(out)}] = true
		}
	}
	for i, n := range def.nodes {
		for j, out := range n.outputs {
			if inner[[2]int{i, j}] && !external[[2]int{i, j}] {
				continue
			}
			l := &link{from: n.id, fromSlot: j, to: subgraphOutput, toSlot: len(def.outputs)}
			add(l)
			def.outputs = append(def.outputs, socket{name: out.name, typ: out.typ, links: []string{l.id}})
		}
	}
	return def
}

func (n *node) titleOrClass() string {
	if n.title != "" {
		return n.title
	}
	return n.class
}

// unpackInstance gives an instance of a group a copy of its inside, with the
// values that the instance holds: one after the other, in the order of the
// nodes, as each of them would save its own.
func (c *converter) unpackInstance(n *node) {
	shared := c.doc.definitions[n.class]
	own := *shared
	own.id = n.class + "#" + n.id
	own.nodes = make([]*node, len(shared.nodes))
	own.byID = map[string]*node{}
	v := readValues(n.values)
	for i, inner := range shared.nodes {
		copied := *inner
		copied.kept = nil
		if layouts := c.layoutsOf(inner.class); len(layouts) > 0 {
			taken := shared.slotsOf(&copied, layouts, v.list[min(v.next, len(v.list)):])
			if raw, err := json.Marshal(v.list[min(v.next, len(v.list)):min(v.next+taken, len(v.list))]); err == nil && taken > 0 {
				copied.values = raw
			}
			v.next += taken
		}
		own.nodes[i] = &copied
		own.byID[copied.id] = &copied
	}
	c.doc.definitions[own.id] = &own
	c.doc.order = slices.DeleteFunc(c.doc.order, func(d *definition) bool { return d == shared })
	c.doc.order = append(c.doc.order, &own)
	n.class = own.id
	for i := range n.inputs { // the file's names, where they differ, go by their place
		if !slices.ContainsFunc(own.inputs, func(b socket) bool { return b.name == n.inputs[i].name }) && i < len(own.inputs) {
			n.inputs[i].name = own.inputs[i].name
		}
	}
	n.values, n.kept = nil, nil
}

// slotsOf counts the values that a node takes from a list of them.
func (d *definition) slotsOf(n *node, layouts []inputLayout, list []json.RawMessage) int {
	raw, err := json.Marshal(list)
	if err != nil {
		return 0
	}
	v := readValues(raw)
	r := widgetReader{values: &v}
	uploads := 0
	for _, l := range layouts {
		if l.Hidden || !l.widget {
			continue
		}
		if i := n.input(l.Name); i >= 0 && d.into[socketKey{n.id, i}] != nil {
			continue // it is a socket, and has no value
		}
		r.read(l, l.Name, maxNesting)
		if l.upload {
			uploads++
		}
	}
	return v.next + uploads
}
