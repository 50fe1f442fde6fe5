package comfy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// CheckAgainst compares a graph with a server's node definitions and lists
// what the server would reject, in file order: classes it lacks, required
// inputs without a value, values outside of lists and limits, links to outputs
// that do not exist. A class that defs lacks is missing. It finds at most what
// the server finds, which may know more reasons; but for the choices of dynamic
// combos, which the server does not check, so that the node fails.
func CheckAgainst(g *Graph, defs map[string]*ClassInfo) []NodeProblem {
	var ps []NodeProblem
	for _, id := range g.order {
		n := g.nodes[id]
		def := defs[n.Class]
		if def == nil {
			near := nearest.To(n.Class, slices.Sorted(maps.Keys(defs)), 3)
			ps = append(ps, NodeProblem{
				Node: id, Class: n.Class, Title: n.Title, Type: "missing_node_type",
				Message: "the server has no node class " + n.Class + didYouMean(near), Received: n.Class, Choices: near,
			})
			continue
		}
		inputs := def.InputsOf(&n.Inputs)
		for i := range inputs {
			in := &inputs[i]
			p, bad := checkInput(g, defs, n, in)
			if bad {
				p.Node, p.Class, p.Title, p.Input = id, n.Class, n.Title, in.Name
				ps = append(ps, p)
			}
		}
	}
	return ps
}

func didYouMean(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, ", ") + "?"
}

func checkInput(g *Graph, defs map[string]*ClassInfo, n *Node, in *InputInfo) (NodeProblem, bool) {
	if in.Hidden {
		return NodeProblem{}, false
	}
	v, ok := n.Inputs.Get(in.Name)
	switch {
	case !ok && in.Required && !dynamic(in.Type):
		return NodeProblem{Type: "required_input_missing", Message: "a required input is missing"}, true
	case !ok:
		return NodeProblem{}, false
	}
	if l, isLink := LinkOf(v); isLink {
		return checkLink(g, defs, l)
	}
	v = unwrapValue(v)
	text := plainText(v)
	switch {
	case (in.Type == "COMBO" || in.Type == dynamicCombo) && in.Values != nil && !in.Upload() && !in.allows(v) && !in.AcceptsAny():
		near := nearest.To(text, in.Choices, 3)
		return NodeProblem{
			Type: "value_not_in_list", Message: fmt.Sprintf("%q is not one of the %d allowed values%s", transport.Excerpt(text, 100), len(in.Choices), didYouMean(near)),
			Received: text, Choices: in.Choices,
		}, true
	case in.Type != "INT" && in.Type != "FLOAT":
		return NodeProblem{}, false
	}
	x, ok := rational(text)
	if !ok {
		return NodeProblem{}, false // the server's conversion knows more forms
	}
	if limit, ok := rational(string(in.Min)); ok && x.Cmp(limit) < 0 {
		return NodeProblem{
			Type: "value_smaller_than_min", Message: fmt.Sprintf("%s is smaller than %s", text, in.Min),
			Received: text, Min: string(in.Min), Max: string(in.Max),
		}, true
	}
	if limit, ok := rational(string(in.Max)); ok && x.Cmp(limit) > 0 {
		return NodeProblem{
			Type: "value_bigger_than_max", Message: fmt.Sprintf("%s is bigger than %s", text, in.Max),
			Received: text, Min: string(in.Min), Max: string(in.Max),
		}, true
	}
	return NodeProblem{}, false
}

func checkLink(g *Graph, defs map[string]*ClassInfo, l Link) (NodeProblem, bool) {
	source := g.Node(l.Node)
	if source == nil {
		return NodeProblem{Type: "bad_linked_input", Message: "links to node " + l.Node + ", which does not exist"}, true
	}
	def := defs[source.Class]
	if def == nil || l.Slot >= 0 && l.Slot < len(def.Outputs) {
		return NodeProblem{}, false
	}
	return NodeProblem{Type: "bad_linked_input", Message: fmt.Sprintf("links to output %d of node %s, and %s has %d", l.Slot, l.Node, source.Class, len(def.Outputs))}, true
}

// unwrapValue takes a literal out of {"__value__": ...}.
func unwrapValue(v json.RawMessage) json.RawMessage {
	var w struct {
		Value json.RawMessage `json:"__value__"`
	}
	if len(v) > 0 && v[0] == '{' && json.Unmarshal(v, &w) == nil && len(w.Value) > 0 {
		return w.Value
	}
	return v
}

// allows reports whether a value is among the choices; several may be chosen
// where the definition says so.
func (in *InputInfo) allows(v json.RawMessage) bool {
	var several []json.RawMessage
	if len(v) == 0 || v[0] != '[' || json.Unmarshal(v, &several) != nil {
		return contains(in.Values, v)
	}
	var o struct {
		Several json.RawMessage `json:"multiselect"`
	}
	_ = json.Unmarshal(in.Options, &o) // options of another shape say nothing
	if string(o.Several) != "true" {
		return false
	}
	return !slices.ContainsFunc(several, func(v json.RawMessage) bool { return !contains(in.Values, v) })
}

// contains compares as the server does: 1, 1.0 and true are equal, 1 and "1" are not.
func contains(values []json.RawMessage, v json.RawMessage) bool {
	key := func(v json.RawMessage) string {
		switch {
		case len(v) > 0 && v[0] == '"':
			return "s" + plainText(v)
		case string(v) == "true":
			return "1"
		case string(v) == "false":
			return "0"
		}
		if x, ok := rational(string(v)); ok {
			return x.RatString()
		}
		return string(v)
	}
	want := key(v)
	return slices.ContainsFunc(values, func(x json.RawMessage) bool { return key(x) == want })
}

// rational reads a number exactly; ones with a huge exponent are left alone.
func rational(s string) (*big.Rat, bool) {
	if len(s) == 0 || len(s) > 64 || strings.ContainsAny(s, "/xX_pP") {
		return nil, false
	}
	if _, exp, ok := strings.Cut(strings.ToLower(s), "e"); ok && len(strings.TrimLeft(exp, "+-0")) > 3 {
		return nil, false
	}
	return new(big.Rat).SetString(strings.TrimSpace(s))
}
