package editor

import (
	"encoding/json"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// buildUnknown fills a node whose class has no definition with what the file
// holds: its links, and values where their names stand beside them.
func (c *converter) buildUnknown(s step, out *comfy.Node) error {
	n, sure := s.node, Doubtful
	if namedValues(n, out) {
		sure = Likely
	}
	c.origin(s, out, sure)
	for _, name := range out.Inputs.Names() {
		c.trail = s.scope.shownAt(n, name)
		c.landed(s, name)
	}
	for i, in := range n.inputs {
		c.trail = nil
		src, err := c.resolveInput(s.scope, n, i, in.typ)
		if err != nil {
			return err
		}
		switch src.kind {
		case sourceLink:
			out.Inputs.SetLink(in.name, src.link)
		case sourceValue:
			out.Inputs.Set(in.name, wrap("", src.value))
			c.landed(s, in.name)
		}
	}
	return nil
}

// namedValues sets the values of a node without a definition: those that the
// file keeps by name, else those whose widgets it lists, one value for each.
func namedValues(n *node, out *comfy.Node) (all bool) {
	set := map[string]bool{}
	for _, raw := range []json.RawMessage{n.named, n.values} {
		v := readValues(raw)
		if v.names == nil {
			continue
		}
		for i, name := range v.names {
			if !notSent(name) && !set[name] {
				out.Inputs.Set(name, wrap("", v.list[i]))
				set[name] = true
			}
		}
		return true
	}
	v := readValues(n.values)
	var names []string
	for _, in := range n.inputs {
		if in.widget != "" {
			names = append(names, in.widget)
			if in.widget == "seed" || in.widget == "noise_seed" {
				names = append(names, "control_after_generate")
			}
		}
	}
	if len(names) != len(v.list) {
		return len(v.list) == 0
	}
	for i, name := range names {
		if !notSent(name) {
			out.Inputs.Set(name, wrap("", v.list[i]))
		}
	}
	return true
}

// notSent reports whether a widget belongs to the editor and not to the node.
func notSent(name string) bool {
	switch name {
	case "control_after_generate", "control_filter_list", "upload", "videopreview", "audioUI", "refresh":
		return true
	}
	return strings.HasPrefix(name, "$$")
}
