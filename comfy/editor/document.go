package editor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Modes of a node that keep it out of the graph. All others let it run.
const (
	modeMuted    = 2
	modeBypassed = 4
)

// Ends of links inside a subgraph that are the subgraph's own sockets.
const (
	subgraphInput  = "-10"
	subgraphOutput = "-20"
)

// Bounds of what is read. Published workflows have under 1,000 nodes and four
// levels of subgraphs.
const (
	maxNodes   = 50_000
	maxNesting = 32
)

// A document is an editor's file.
type document struct {
	root        *sheet
	definitions map[string]*definition
	order       []*definition // in the order of the file
	groups      map[string]json.RawMessage
}

// A sheet is one drawing of nodes: the root, or the inside of a subgraph.
type sheet struct {
	nodes []*node
	byID  map[string]*node
	links map[string]*link
	into  map[socketKey]*link // by where they end
	last  int64               // highest id that was given away
}

type socketKey struct {
	node string
	slot int
}

// A definition is a subgraph, of which there may be many instances.
type definition struct {
	sheet
	id, name        string
	inputs, outputs []boundary
	group           bool // it was a group node, whose inner nodes are known by their place
}

// A boundary is a socket of a subgraph.
type boundary struct {
	name, label, typ string
	links            []string
}

// A node is one box of a drawing.
type node struct {
	id, class, title string
	renamed          string // the id in the graph, where the file has one twice
	mode             int
	inputs           []socket
	outputs          []socket
	values           json.RawMessage // widgets_values
	named            json.RawMessage // widgets_values_named
	properties       map[string]json.RawMessage
}

// A socket is an input or output that the file lists for a node.
type socket struct {
	name, label, typ string
	link             string // "" when there is none
	widget           string // name of the widget that the socket belongs to
	links            []string
}

// A link joins an output of one node to an input of another.
type link struct {
	id       string
	from     string
	fromSlot int
	to       string
	toSlot   int
	typ      string
}

// off reports whether the node does not run.
func (n *node) off() bool { return n.mode == modeMuted || n.mode == modeBypassed }

// label is how messages name a node.
func (s *scope) label(n *node) string {
	if n.title != "" && n.title != n.class {
		return fmt.Sprintf("node %s%s (%s, %q)", s.path, n.id, n.class, n.title)
	}
	return fmt.Sprintf("node %s%s (%s)", s.path, n.id, n.class)
}

// A word is a string in places where files also hold numbers: ids.
type word string

func (w *word) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0 || string(data) == "null":
		*w = ""
		return nil
	case data[0] == '"':
		var s string
		err := json.Unmarshal(data, &s)
		*w = word(s)
		return err
	case data[0] == '-' || data[0] >= '0' && data[0] <= '9':
		*w = word(strings.TrimSuffix(string(data), ".0"))
		return nil
	}
	return errors.New("an id is neither a number nor a text")
}

// A slot is a small number that files also write as text.
type slot int

func (s *slot) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil || n < -1 || n > 1e6 {
		*s = -1 // nothing is there
		return nil
	}
	*s = slot(n)
	return nil
}

// A phrase is a text; anything else in its place is read as none.
type phrase string

func (p *phrase) UnmarshalJSON(data []byte) error {
	var s string
	_ = json.Unmarshal(data, &s) // what is no text says nothing
	*p = phrase(s)
	return nil
}

// socketType is the type of a socket: a text, a list of choices, which is a
// COMBO, or a number in old files, which means anything.
type socketType string

func (t *socketType) UnmarshalJSON(data []byte) error {
	var s string
	switch {
	case json.Unmarshal(data, &s) == nil:
		*t = socketType(s)
	case len(data) > 0 && data[0] == '[':
		*t = "COMBO"
	default:
		*t = "*"
	}
	return nil
}

type fileSheet struct {
	Nodes      []json.RawMessage `json:"nodes"`
	Links      []json.RawMessage `json:"links"`
	LastNodeID json.Number       `json:"last_node_id"`
	State      struct {
		LastNodeID json.Number `json:"lastNodeId"`
	} `json:"state"`
	Definitions struct {
		Subgraphs []json.RawMessage `json:"subgraphs"`
	} `json:"definitions"`
	Groups []json.RawMessage `json:"groups"`
}

type fileNode struct {
	ID         *word                      `json:"id"`
	Type       phrase                     `json:"type"`
	Title      phrase                     `json:"title"`
	Mode       slot                       `json:"mode"`
	Inputs     []*fileSocket              `json:"inputs"`
	Outputs    []*fileSocket              `json:"outputs"`
	Values     json.RawMessage            `json:"widgets_values"`
	Named      json.RawMessage            `json:"widgets_values_named"`
	Properties map[string]json.RawMessage `json:"properties"`
}

type fileSocket struct {
	Name   phrase     `json:"name"`
	Label  phrase     `json:"label"`
	Type   socketType `json:"type"`
	Link   word       `json:"link"`
	Links  []word     `json:"links"`
	Widget struct {
		Name phrase `json:"name"`
	} `json:"widget"`
}

type fileBoundary struct {
	Name    phrase     `json:"name"`
	Label   phrase     `json:"label"`
	Type    socketType `json:"type"`
	LinkIDs []word     `json:"linkIds"`
}

// parse reads an editor's file. It finds all that is wrong with its form.
func parse(data []byte) (*document, error) {
	data, err := clean(data)
	if err != nil {
		return nil, err
	}
	d := &document{definitions: map[string]*definition{}}
	d.groups = groupsOf(data)
	budget := maxNodes
	root, err := d.readSheet(data, &budget, 0)
	if err != nil {
		return nil, err
	}
	d.root = root
	return d, nil
}

// clean makes JSON of what writers in Python and on Windows add to it.
func clean(data []byte) ([]byte, error) {
	data = comfy.ReplaceNonFinite(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		return nil, &FormatError{Reason: fmt.Sprintf("its JSON is broken at byte %d of %d", syntax.Offset, len(data))}
	}
	return data, nil
}

// readFile reads the members of a sheet, within what is left of the budget of
// nodes.
func readFile(data []byte, budget *int, depth int) (*fileSheet, error) {
	if depth > maxNesting {
		return nil, &FormatError{Reason: fmt.Sprintf("subgraphs are defined in each other more than %d deep", maxNesting)}
	}
	var file fileSheet
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, &FormatError{Reason: "it has not the form of an editor's file", Err: err}
	}
	if file.Nodes == nil {
		return nil, &FormatError{Reason: "it has no list of nodes"}
	}
	if *budget -= len(file.Nodes); *budget < 0 {
		return nil, &FormatError{Reason: fmt.Sprintf("it has more than %d nodes", maxNodes)}
	}
	return &file, nil
}

// readSheet reads the nodes and links of a drawing, and the subgraphs that are
// defined in it.
func (d *document) readSheet(data []byte, budget *int, depth int) (*sheet, error) {
	file, err := readFile(data, budget, depth)
	if err != nil {
		return nil, err
	}
	s := &sheet{byID: map[string]*node{}, links: map[string]*link{}, into: map[socketKey]*link{}}
	for _, raw := range file.Nodes {
		n, err := readNode(raw)
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		if s.byID[n.id] != nil {
			return nil, &FormatError{Reason: "node " + n.id + " is there twice"}
		}
		s.nodes = append(s.nodes, n)
		s.byID[n.id] = n
	}
	for _, last := range []json.Number{file.LastNodeID, file.State.LastNodeID} {
		if v, err := last.Int64(); err == nil {
			s.last = max(s.last, v)
		}
	}
	for _, raw := range file.Links {
		l, err := readLink(raw)
		if err != nil {
			return nil, err
		}
		if l != nil {
			s.links[l.id] = l
			s.into[socketKey{l.to, l.toSlot}] = l
		}
	}
	for _, raw := range file.Definitions.Subgraphs {
		if err := d.readDefinition(raw, budget, depth+1); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// A fileHead is what a subgraph says of itself.
type fileHead struct {
	ID      word            `json:"id"`
	Name    phrase          `json:"name"`
	Inputs  []*fileBoundary `json:"inputs"`
	Outputs []*fileBoundary `json:"outputs"`
}

// readHead reads what a subgraph says of itself; nil for a hole in the list.
func readHead(raw json.RawMessage) (*fileHead, error) {
	var file *fileHead
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, &FormatError{Reason: "a subgraph cannot be read", Err: err}
	}
	return file, nil
}

func (d *document) readDefinition(raw json.RawMessage, budget *int, depth int) error {
	file, err := readHead(raw)
	if file == nil || err != nil {
		return err
	}
	def := &definition{id: string(file.ID), name: string(file.Name), inputs: boundaries(file.Inputs), outputs: boundaries(file.Outputs)}
	d.order = append(d.order, def) // before those inside of it
	s, err := d.readSheet(raw, budget, depth)
	if err != nil {
		return fmt.Errorf("subgraph %s: %w", def.name, err)
	}
	def.sheet = *s
	if def.id != "" && d.definitions[def.id] == nil {
		d.definitions[def.id] = def
	}
	return nil
}

func boundaries(list []*fileBoundary) []boundary {
	var all []boundary
	for _, b := range list {
		if b == nil {
			b = &fileBoundary{}
		}
		all = append(all, boundary{string(b.Name), string(b.Label), string(b.Type), plain(b.LinkIDs)})
	}
	return all
}

func plain(words []word) []string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	return all
}

func readNode(raw json.RawMessage) (*node, error) {
	var f *fileNode
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, &FormatError{Reason: "a node cannot be read", Err: err}
	}
	if f == nil {
		return nil, nil
	}
	if f.ID == nil || *f.ID == "" {
		return nil, &FormatError{Reason: "a node has no id"}
	}
	if f.Type == "" {
		return nil, &FormatError{Reason: "node " + string(*f.ID) + " has no type"}
	}
	n := &node{
		id: string(*f.ID), class: string(f.Type), title: string(f.Title), mode: int(f.Mode),
		values: f.Values, named: f.Named, properties: f.Properties,
	}
	n.inputs, n.outputs = sockets(f.Inputs), sockets(f.Outputs)
	return n, nil
}

func sockets(list []*fileSocket) []socket {
	var all []socket
	for _, s := range list {
		if s == nil {
			s = &fileSocket{}
		}
		all = append(all, socket{
			name: string(s.Name), label: string(s.Label), typ: string(s.Type),
			link: string(s.Link), widget: string(s.Widget.Name), links: plain(s.Links),
		})
	}
	return all
}

// readLink reads a link in either layout, a list or an object; nil for a hole.
func readLink(raw json.RawMessage) (*link, error) {
	raw = bytes.TrimSpace(raw)
	if string(raw) == "null" {
		return nil, nil
	}
	bad := &FormatError{Reason: "a link cannot be read"}
	if raw[0] == '{' {
		var f struct {
			ID       word       `json:"id"`
			From     word       `json:"origin_id"`
			FromSlot slot       `json:"origin_slot"`
			To       word       `json:"target_id"`
			ToSlot   slot       `json:"target_slot"`
			Type     socketType `json:"type"`
		}
		if err := json.Unmarshal(raw, &f); err != nil {
			bad.Err = err
			return nil, bad
		}
		return &link{string(f.ID), string(f.From), int(f.FromSlot), string(f.To), int(f.ToSlot), string(f.Type)}, nil
	}
	var parts []json.RawMessage
	var id, from, to word
	var fromSlot, toSlot slot
	if json.Unmarshal(raw, &parts) != nil || len(parts) < 5 {
		return nil, bad
	}
	for i, into := range []json.Unmarshaler{&id, &from, &fromSlot, &to, &toSlot} {
		if err := into.UnmarshalJSON(parts[i]); err != nil {
			bad.Err = err
			return nil, bad
		}
	}
	var typ socketType
	if len(parts) > 5 {
		_ = typ.UnmarshalJSON(parts[5]) // every shape has a meaning
	}
	return &link{string(id), string(from), int(fromSlot), string(to), int(toSlot), string(typ)}, nil
}

// linkInto finds what an input of a node is linked to: by the list of links,
// and where that says nothing, as the input itself says.
func (s *sheet) linkInto(n *node, i int) *link {
	if l := s.into[socketKey{n.id, i}]; l != nil {
		return l
	}
	return nil
}
