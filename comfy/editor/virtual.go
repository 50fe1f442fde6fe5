package editor

import (
	"encoding/json"
	"strings"
)

const primitiveNode = "PrimitiveNode"

// ownNode reports whether a class is the editor's own, whatever a server has.
func ownNode(class string) bool {
	switch class {
	case "Note", "MarkdownNote", "Reroute", primitiveNode:
		return true
	}
	return false
}

// virtual reports whether a node is the editor's own and never sent.
func (c *converter) virtual(n *node) bool {
	if ownNode(n.class) {
		return true
	}
	if c.opts.Definitions[n.class] != nil {
		return false
	}
	return isGet(n.class) || isSet(n.class) || c.passesThrough(n) || decoration(n.class)
}

// passesThrough reports whether a node hands on what it gets.
func (c *converter) passesThrough(n *node) bool {
	if n.class == "Reroute" {
		return true
	}
	return c.opts.Definitions[n.class] == nil && len(n.inputs) == 1 && strings.Contains(strings.ToLower(n.class), "reroute")
}

// decoration reports whether a class of an extension is only for the eyes of
// who edits: labels, bookmarks, and switches that mute or bypass others.
func decoration(class string) bool {
	low := strings.ToLower(class)
	for _, word := range []string{"bookmark", "label (", "groups muter", "groups bypasser", "fast muter", "fast bypasser", "fast actions", "note plus", "sticky note"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return false
}

// The pair of nodes that joins distant places of a drawing by a name.
func isSet(class string) bool { return class == "SetNode" || class == "easy setNode" }
func isGet(class string) bool { return class == "GetNode" || class == "easy getNode" }

// resolveGet finds the node that sets the name which n gets: in the same
// drawing, else in those around it.
func (c *converter) resolveGet(sc *scope, n *node, slot int, typ string, left int) (source, error) {
	name := firstText(n)
	for at := sc; at != nil && name != ""; at = at.parent {
		if set := at.setOf(name); set != nil {
			if set.mode == modeMuted {
				return source{}, nil
			}
			return c.hop(at, set, min(max(slot, 0), len(set.inputs)-1), typ, left)
		}
	}
	c.note(sc, n, "nothing sets %q", name)
	return source{}, nil
}

// setOf is the first node of a drawing that sets a name.
func (s *sheet) setOf(name string) *node {
	if s.sets == nil {
		s.sets = map[string]*node{}
		for _, n := range s.nodes {
			if isSet(n.class) && len(n.inputs) > 0 && s.sets[firstText(n)] == nil {
				s.sets[firstText(n)] = n
			}
		}
	}
	return s.sets[name]
}

// firstText is the first value of a node, if it is a text.
func firstText(n *node) string {
	v := n.stored()
	var s string
	if len(v.list) > 0 {
		_ = json.Unmarshal(v.list[0], &s) // what is no text is no name
	}
	return s
}

// applyPrimitives gives the value of each primitive node to the widgets that
// it is linked to. Muted ones count too.
func (c *converter) applyPrimitives(s *sheet) {
	for _, n := range s.nodes {
		if n.class != primitiveNode {
			continue
		}
		v := readValues(n.values)
		if len(v.list) == 0 {
			continue
		}
		for _, l := range s.from[n.id] {
			to := s.byID[l.to]
			if l.fromSlot != 0 || to == nil || l.toSlot < 0 || l.toSlot >= len(to.inputs) {
				continue
			}
			in := to.inputs[l.toSlot]
			name := in.widget
			if name == "" {
				name = in.name
			}
			c.override(to, name, v.list[0], n)
		}
	}
}

// override gives a widget the value of a primitive node instead of its own.
func (c *converter) override(n *node, name string, value json.RawMessage, from *node) {
	ws, err := c.widgetsOf(n)
	if err != nil {
		return // the node is refused when it is built
	}
	for i := range ws {
		if ws[i].name == name {
			ws[i].value, ws[i].primitive = ws[i].given(value), from
		}
	}
}
