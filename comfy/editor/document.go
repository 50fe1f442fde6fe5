package editor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/scan"
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
	from  map[string][]*link  // by the node they come from, in the order of the file
	sets  map[string]*node    // by the name they set, once they are looked for
	last  int64               // highest id that was given away

	version string // of the layout
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

	kept *values // of values, once they are read
	list *[]proxy
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

// A fileSheet is a drawing as it stands in a file.
type fileSheet struct {
	Version                         string // "" when it does not say
	Nodes, Links, Groups, Subgraphs []json.RawMessage
	Last                            int64 // highest id that was given away
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
	if json.Valid(data) {
		return data, nil
	}
	if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		return nil, &FormatError{Reason: fmt.Sprintf("its JSON is broken at byte %d of %d", syntax.Offset, len(data))}
	}
	return nil, &FormatError{Reason: "it is no JSON"}
}

// readFile reads the members of a sheet, within what is left of the budget of
// nodes. The data is valid JSON.
func readFile(data []byte, budget *int, depth int) (*fileSheet, error) {
	if depth > maxNesting {
		return nil, &FormatError{Reason: fmt.Sprintf("subgraphs are defined in each other more than %d deep", maxNesting)}
	}
	file := &fileSheet{}
	found := false
	err := scan.Members(data, func(key string, v json.RawMessage) (err error) {
		switch key {
		case "version":
			file.Version = strings.Trim(string(v), `"`)
		case "nodes":
			file.Nodes, err = elements(v)
			found = v[0] == '['
		case "links":
			file.Links, err = elements(v)
		case "groups":
			file.Groups, _ = elements(v) // they are only for the eyes
		case "last_node_id":
			file.Last = max(file.Last, lastID(v))
		case "state":
			_ = members(v, func(key string, v json.RawMessage) {
				if key == "lastNodeId" {
					file.Last = max(file.Last, lastID(v))
				}
			})
		case "definitions":
			err = members(v, func(key string, v json.RawMessage) {
				if key == "subgraphs" {
					file.Subgraphs, err = elements(v)
				}
			})
		}
		return err
	})
	if err != nil {
		return nil, &FormatError{Reason: "it has not the form of an editor's file", Err: err}
	}
	if !found {
		return nil, &FormatError{Reason: "it has no list of nodes"}
	}
	if *budget -= len(file.Nodes); *budget < 0 {
		return nil, &FormatError{Reason: fmt.Sprintf("it has more than %d nodes", maxNodes)}
	}
	return file, nil
}

// readSheet reads the nodes and links of a drawing, and the subgraphs that are
// defined in it.
func (d *document) readSheet(data []byte, budget *int, depth int) (*sheet, error) {
	file, err := readFile(data, budget, depth)
	if err != nil {
		return nil, err
	}
	s := &sheet{byID: map[string]*node{}, links: map[string]*link{}, into: map[socketKey]*link{}, from: map[string][]*link{}}
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
	s.last, s.version = file.Last, file.Version
	for _, raw := range file.Links {
		l, err := readLink(raw)
		if err != nil {
			return nil, err
		}
		if l != nil {
			s.add(l)
		}
	}
	for _, raw := range file.Subgraphs {
		if err := d.readDefinition(raw, budget, depth+1); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// A fileHead is what a subgraph says of itself.
type fileHead struct {
	ID              word
	Name            phrase
	Inputs, Outputs []*fileBoundary
}

// readHead reads what a subgraph says of itself; nil for a hole in the list.
func readHead(raw json.RawMessage) (*fileHead, error) {
	if raw[0] == 'n' {
		return nil, nil
	}
	file := &fileHead{}
	err := scan.Members(raw, func(key string, v json.RawMessage) error {
		switch key {
		case "id":
			return file.ID.UnmarshalJSON(v)
		case "name":
			return file.Name.UnmarshalJSON(v)
		case "inputs":
			return json.Unmarshal(v, &file.Inputs)
		case "outputs":
			return json.Unmarshal(v, &file.Outputs)
		}
		return nil
	})
	if err != nil {
		return nil, &FormatError{Reason: "a subgraph cannot be read", Err: err}
	}
	return file, nil
}

// add takes a link. Of several into an input that names none of them the last
// counts, of several into an output of a subgraph the first.
func (s *sheet) add(l *link) {
	if old := s.links[l.id]; old != nil && old.to == l.to && old.toSlot == l.toSlot {
		return
	}
	s.links[l.id] = l
	if at := (socketKey{l.to, l.toSlot}); l.to != subgraphOutput || s.into[at] == nil {
		s.into[at] = l
	}
	s.from[l.from] = append(s.from[l.from], l)
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

// linkInto finds what an input of a node is linked to: the link that the input
// names, if that ends at the node, else the one that ends at the input.
func (s *sheet) linkInto(n *node, i int) *link {
	if l := s.links[n.inputs[i].link]; l != nil && l.to == n.id {
		return l
	}
	return s.into[socketKey{n.id, i}]
}
