package comfy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// ReadRejection reads ComfyUI's refusal of a graph, the body of its 400, where a
// service in front of it passes that on: false when it is not ComfyUI's. The
// graph may be nil; else it gives titles and classes.
func ReadRejection(body []byte, g *Graph) (*ValidationError, bool) { return readValidation(body, g) }

// readValidation reads the body of a 400: false when it is not ComfyUI's. The
// server names only the first missing node class, but every other problem.
func readValidation(body []byte, g *Graph) (*ValidationError, bool) {
	var m struct {
		Error      json.RawMessage `json:"error"`
		NodeErrors json.RawMessage `json:"node_errors"`
	}
	if json.Unmarshal(ReplaceNonFinite(body), &m) != nil || len(m.Error) == 0 {
		return nil, false
	}
	v := &ValidationError{}
	var text string
	var e struct {
		Type    looseString `json:"type"`
		Message looseString `json:"message"`
		Details looseString `json:"details"`
		Extra   struct {
			NodeID looseString `json:"node_id"`
			Class  looseString `json:"class_type"`
		} `json:"extra_info"`
	}
	switch {
	case json.Unmarshal(m.Error, &text) == nil: // very old servers
		v.Message = transport.Excerpt(text, 500)
	default:
		_ = json.Unmarshal(m.Error, &e) // what does not fit stays empty
		v.Type = string(e.Type)
		v.Message = joinText(string(e.Message), string(e.Details))
	}
	v.Nodes = readNodeErrors(m.NodeErrors, g)
	if v.Type == "invalid_prompt" || v.Type == "missing_node_type" {
		id := string(e.Extra.NodeID)
		if id == "" { // "Node ID '#7'"
			_, rest, _ := strings.Cut(string(e.Details), "'#")
			id, _, _ = strings.Cut(rest, "'")
		}
		p := NodeProblem{Node: id, Class: string(e.Extra.Class), Type: "missing_node_type", Message: transport.Excerpt(string(e.Message), 500)}
		p.describe(g)
		v.Nodes = append([]NodeProblem{p}, v.Nodes...)
	}
	if v.Message == "" {
		v.Message = "no reason given"
	}
	return v, true
}

// joinText puts details behind a message, as one line.
func joinText(message, details string) string {
	if details == "" {
		return transport.Excerpt(message, 500)
	}
	return transport.Excerpt(message+": "+details, 500)
}

// readNodeErrors lists the problems of node_errors in the order of node ids.
func readNodeErrors(data json.RawMessage, g *Graph) []NodeProblem {
	var byNode map[string]json.RawMessage
	if json.Unmarshal(data, &byNode) != nil {
		return nil
	}
	var ps []NodeProblem
	for _, id := range slices.SortedFunc(maps.Keys(byNode), CompareIDs) {
		var n struct {
			Class  looseString       `json:"class_type"`
			Errors []json.RawMessage `json:"errors"`
		}
		if json.Unmarshal(byNode[id], &n) != nil {
			continue
		}
		for _, raw := range n.Errors {
			p := readProblem(raw)
			p.Node, p.Class = id, string(n.Class)
			p.describe(g)
			ps = append(ps, p)
		}
	}
	return ps
}

// describe adds what the graph knows about the node.
func (p *NodeProblem) describe(g *Graph) {
	if g == nil || g.Node(p.Node) == nil {
		return
	}
	n := g.Node(p.Node)
	p.Title = n.Title
	if p.Class == "" {
		p.Class = n.Class
	}
}

func readProblem(raw json.RawMessage) NodeProblem {
	var e struct {
		Type    looseString     `json:"type"`
		Message looseString     `json:"message"`
		Details looseString     `json:"details"`
		Extra   json.RawMessage `json:"extra_info"`
	}
	_ = json.Unmarshal(raw, &e) // what does not fit stays empty
	var x struct {
		Input    looseString     `json:"input_name"`
		Config   json.RawMessage `json:"input_config"`
		Received json.RawMessage `json:"received_value"`
	}
	_ = json.Unmarshal(e.Extra, &x)
	p := NodeProblem{Type: string(e.Type), Input: string(x.Input), Message: joinText(string(e.Message), string(e.Details))}
	if p.Input != "" && string(e.Details) == p.Input {
		p.Message = transport.Excerpt(string(e.Message), 500)
	}
	if len(x.Received) > 0 && string(x.Received) != "null" {
		p.Received = transport.Excerpt(plainText(x.Received), 500)
	}
	if in, ok := readInput(p.Input, x.Config); ok {
		p.Choices = in.Choices
		p.Min, p.Max = string(in.Min), string(in.Max)
	}
	return p
}

// plainText is a JSON string without its quotes, and any other value as it is.
func plainText(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
