package comfy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// A Graph is an API-format prompt: nodes by id, in the order of the file.
// Literal values stay the exact JSON text they were written as, so integers
// survive to 2^64-1 and a clone costs no decoding.
//
// Source of the format: ComfyUI's POST /prompt.
type Graph struct {
	order []string
	nodes map[string]*Node
}

// A Node is one step of a graph.
type Node struct {
	Class  string // class_type
	Title  string // _meta.title
	Inputs Inputs
	meta   json.RawMessage // _meta as it was, kept for writing back
}

// Inputs are the values of a node's inputs, in file order.
type Inputs struct {
	names  []string
	values map[string]json.RawMessage
}

// A Link is a value that comes from another node's output.
type Link struct {
	Node string
	Slot int
}

// UIFormatError means that the file is the editor's own format, not an API graph.
type UIFormatError struct{}

func (UIFormatError) Error() string {
	return "this is the editor's own file format, not an API-format graph"
}

// NewGraph returns an empty graph.
func NewGraph() *Graph { return &Graph{nodes: map[string]*Node{}} }

// ParseGraph reads an API-format graph. Bare NaN and Infinity, which Python
// writes, are read as null; is_changed marks are dropped, because a server
// would trust them instead of looking at the file. The shape is checked by
// Check, not here.
func ParseGraph(data []byte) (*Graph, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data = bytes.Clone(ReplaceNonFinite(data)) // nodes keep parts of it
	g := NewGraph()
	err := eachMember(data, func(id string, raw json.RawMessage) error {
		n, err := parseNode(raw)
		if err != nil {
			return fmt.Errorf("node %s: %w", id, err)
		}
		if _, dup := g.nodes[id]; dup {
			return fmt.Errorf("node %s: this id is there twice", id)
		}
		g.Set(id, n)
		return nil
	})
	if err != nil && isEditorFile(data) {
		return nil, UIFormatError{}
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// isEditorFile recognises the editor's own format by its list of nodes, which
// stands behind other members.
func isEditorFile(data []byte) bool {
	var probe struct {
		Nodes []json.RawMessage `json:"nodes"`
	}
	return json.Unmarshal(data, &probe) == nil && probe.Nodes != nil
}

func parseNode(raw json.RawMessage) (*Node, error) {
	n := &Node{}
	hasInputs := false
	err := members(raw, func(key string, v json.RawMessage) error {
		switch key {
		case "class_type":
			if json.Unmarshal(v, &n.Class) != nil {
				return errors.New("its class_type is not a text")
			}
		case "inputs":
			hasInputs = true
			return members(v, func(name string, v json.RawMessage) error {
				n.Inputs.Set(name, v)
				return nil
			})
		case "_meta":
			n.meta = v
			var m struct {
				Title string `json:"title"`
			}
			_ = json.Unmarshal(v, &m) // free form: a title that is no text is no title
			n.Title = m.Title
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if n.Class == "" {
		return nil, errors.New("no class_type")
	}
	if !hasInputs {
		return nil, errors.New("no inputs (a server would hang on it)")
	}
	return n, nil
}

// ReplaceNonFinite turns the bare words NaN, Infinity and -Infinity outside of
// strings into null; other bytes stay. Data without them is returned as is.
func ReplaceNonFinite(data []byte) []byte { return transport.ReplaceNonFinite(data) }

// Len is the number of nodes.
func (g *Graph) Len() int { return len(g.order) }

// IDs lists the node ids in file order.
func (g *Graph) IDs() []string { return slices.Clone(g.order) }

// Node returns the node with this id, or nil.
func (g *Graph) Node(id string) *Node { return g.nodes[id] }

// Set adds a node, or replaces the one with this id in its place.
func (g *Graph) Set(id string, n *Node) {
	if _, ok := g.nodes[id]; !ok {
		g.order = append(g.order, id)
	}
	g.nodes[id] = n
}

// Remove drops a node; links to it dangle until the caller rewires them.
func (g *Graph) Remove(id string) {
	if _, ok := g.nodes[id]; !ok {
		return
	}
	delete(g.nodes, id)
	g.order = slices.DeleteFunc(g.order, func(s string) bool { return s == id })
}

// FreeID returns an integer-like id that the graph does not use.
func (g *Graph) FreeID() string {
	top := 0
	for id := range g.nodes {
		if n, err := strconv.Atoi(id); err == nil && n > top {
			top = n
		}
	}
	return strconv.Itoa(top + 1)
}

// Clone copies the graph; values are shared, which is safe because they are
// replaced, never changed in place.
func (g *Graph) Clone() *Graph {
	c := &Graph{order: slices.Clone(g.order), nodes: make(map[string]*Node, len(g.nodes))}
	for id, n := range g.nodes {
		c.nodes[id] = n.Clone()
	}
	return c
}

// Clone copies the node.
func (n *Node) Clone() *Node {
	c := *n
	c.Inputs = Inputs{names: slices.Clone(n.Inputs.names), values: make(map[string]json.RawMessage, len(n.Inputs.values))}
	for k, v := range n.Inputs.values {
		c.Inputs.values[k] = v
	}
	return &c
}

// Names lists the inputs in file order.
func (in *Inputs) Names() []string { return slices.Clone(in.names) }

// Get returns the exact JSON of an input.
func (in *Inputs) Get(name string) (json.RawMessage, bool) {
	v, ok := in.values[name]
	return v, ok
}

// Set gives an input a value: JSON text.
func (in *Inputs) Set(name string, v json.RawMessage) {
	if in.values == nil {
		in.values = map[string]json.RawMessage{}
	}
	if _, ok := in.values[name]; !ok {
		in.names = append(in.names, name)
	}
	in.values[name] = v
}

// SetString gives an input a string.
func (in *Inputs) SetString(name, s string) { in.Set(name, RawString(s)) }

// SetLink connects an input to another node's output.
func (in *Inputs) SetLink(name string, l Link) {
	in.Set(name, json.RawMessage("["+string(RawString(l.Node))+","+strconv.Itoa(l.Slot)+"]"))
}

// Delete removes an input.
func (in *Inputs) Delete(name string) {
	if _, ok := in.values[name]; !ok {
		return
	}
	delete(in.values, name)
	in.names = slices.DeleteFunc(in.names, func(s string) bool { return s == name })
}

// Link returns the link in an input, if it is one.
func (in *Inputs) Link(name string) (Link, bool) { return LinkOf(in.values[name]) }

// Text returns the string in an input, if it is one.
func (in *Inputs) Text(name string) (string, bool) {
	v := in.values[name]
	if len(v) == 0 || v[0] != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal(v, &s) == nil
}

// LinkOf reads a value as a link: a two-element array of a node id and a slot.
func LinkOf(v json.RawMessage) (Link, bool) {
	if len(v) < 5 || v[0] != '[' {
		return Link{}, false
	}
	if l, ok := plainLink(string(v)); ok {
		return l, true
	}
	node, slot, ok := linkParts(v)
	n, err := strconv.Atoi(slot)
	if !ok || err != nil {
		return Link{}, false
	}
	return Link{node, n}, true
}

// linkParts cuts a list of a text and something else in two.
func linkParts(v json.RawMessage) (node, slot string, ok bool) {
	var parts []json.RawMessage
	if json.Unmarshal(v, &parts) != nil || len(parts) != 2 || parts[0][0] != '"' {
		return "", "", false
	}
	err := json.Unmarshal(parts[0], &node)
	return node, string(parts[1]), err == nil
}

// plainLink reads a link as nearly all are written, ["12",0].
func plainLink(v string) (Link, bool) {
	v, opened := strings.CutPrefix(v, `["`)
	v, closed := strings.CutSuffix(v, "]")
	id, slot, ok := strings.Cut(v, `",`)
	n, err := strconv.Atoi(strings.TrimSpace(slot))
	return Link{id, n}, opened && closed && ok && err == nil && plainASCII(id)
}

// RawString is s as JSON text, with nothing escaped that need not be.
func RawString(s string) json.RawMessage {
	if plainASCII(s) {
		return json.RawMessage(`"` + s + `"`)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}

// plainASCII reports whether s stands in JSON as it is.
func plainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Consumers lists the inputs that link to an output of the node, in file order.
func (g *Graph) Consumers(id string) []Target {
	var ts []Target
	for _, nid := range g.order {
		n := g.nodes[nid]
		for _, name := range n.Inputs.names {
			if l, ok := LinkOf(n.Inputs.values[name]); ok && l.Node == id {
				ts = append(ts, Target{nid, name})
			}
		}
	}
	return ts
}

// OfClass lists the ids of nodes of a class, in file order.
func (g *Graph) OfClass(class string) []string {
	var ids []string
	for _, id := range g.order {
		if g.nodes[id].Class == class {
			ids = append(ids, id)
		}
	}
	return ids
}
