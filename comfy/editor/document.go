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

	broadcasts []broadcast // links that an extension adds when the editor submits

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
	inputs, outputs []socket
	group           bool // it was a group node, whose inner nodes are known by their place
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

	kept   *values // of values, once they are read
	rescue string  // how its widgets were read otherwise than the editor does
	list   *[]proxy
}

// A socket is an input or output that the file lists for a node or a subgraph.
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
	version                         string // "" when it does not say
	nodes, links, groups, subgraphs []json.RawMessage
	last                            int64 // highest id that was given away
	extra                           json.RawMessage

	// What a subgraph says of itself.
	id, name        string
	inputs, outputs []socket
}

// parse reads an editor's file. It finds all that is wrong with its form.
func parse(data []byte) (*document, error) {
	data, err := clean(data)
	if err != nil {
		return nil, err
	}
	d := &document{definitions: map[string]*definition{}}
	budget := maxNodes
	file, err := readFile(data, &budget, 0)
	if err != nil {
		return nil, err
	}
	d.groups = groupsOf(file.extra)
	root, err := d.readSheet(file, &budget, 0)
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

// readFile reads the members of a sheet, a file or the inside of a subgraph,
// within what is left of the budget of nodes. The data is valid JSON.
func readFile(data []byte, budget *int, depth int) (*fileSheet, error) {
	if depth > maxNesting {
		return nil, &FormatError{Reason: fmt.Sprintf("subgraphs are defined in each other more than %d deep", maxNesting)}
	}
	file := &fileSheet{}
	found := false
	err := scan.Members(data, func(key string, v json.RawMessage) (err error) {
		switch key {
		case "version":
			file.version = strings.Trim(string(v), `"`)
		case "nodes":
			file.nodes, err = elements(v)
			found = v[0] == '['
		case "links":
			file.links, err = elements(v)
		case "groups":
			file.groups, _ = elements(v) // they are only for the eyes
		case "last_node_id":
			file.last = max(file.last, lastID(v))
		case "state":
			_ = members(v, func(key string, v json.RawMessage) {
				if key == "lastNodeId" {
					file.last = max(file.last, lastID(v))
				}
			})
		case "definitions":
			if v[0] == 'n' {
				break
			}
			err = scan.Members(v, func(key string, v json.RawMessage) (err error) {
				if key == "subgraphs" {
					file.subgraphs, err = elements(v)
				}
				return err
			})
		case "extra":
			file.extra = v
		case "name":
			file.name = text(v)
		}
		if depth == 0 { // the rest is only in subgraphs
			return err
		}
		switch key {
		case "id":
			var id word
			err = id.UnmarshalJSON(v)
			file.id = string(id)
		case "inputs":
			file.inputs, err = sockets(v)
		case "outputs":
			file.outputs, err = sockets(v)
		}
		return err
	})
	if err != nil {
		return nil, &FormatError{Reason: "it has not the form of an editor's file", Err: err}
	}
	if !found {
		return nil, &FormatError{Reason: "it has no list of nodes"}
	}
	if *budget -= len(file.nodes); *budget < 0 {
		return nil, &FormatError{Reason: fmt.Sprintf("it has more than %d nodes", maxNodes)}
	}
	return file, nil
}

// readSheet reads the nodes and links of a drawing, and the subgraphs that are
// defined in it.
func (d *document) readSheet(file *fileSheet, budget *int, depth int) (*sheet, error) {
	nodes, links := len(file.nodes), len(file.links)
	s := &sheet{
		nodes: make([]*node, 0, nodes),
		byID:  make(map[string]*node, nodes),
		links: make(map[string]*link, links),
		into:  make(map[socketKey]*link, links),
		from:  make(map[string][]*link, nodes),
	}
	for _, raw := range file.nodes {
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
	s.last, s.version, s.broadcasts = file.last, file.version, broadcastsOf(file.extra)
	for _, raw := range file.links {
		l, err := readLink(raw)
		if err != nil {
			return nil, err
		}
		if l != nil {
			s.add(l)
		}
	}
	for _, raw := range file.subgraphs {
		if err := d.readDefinition(raw, budget, depth+1); err != nil {
			return nil, err
		}
	}
	return s, nil
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
	if raw[0] == 'n' {
		return nil // a hole in the list
	}
	file, err := readFile(raw, budget, depth)
	if err != nil {
		return fmt.Errorf("subgraph: %w", err)
	}
	def := &definition{id: file.id, name: file.name, inputs: file.inputs, outputs: file.outputs}
	d.order = append(d.order, def) // before those inside of it
	s, err := d.readSheet(file, budget, depth)
	if err != nil {
		return fmt.Errorf("subgraph %s: %w", def.name, err)
	}
	def.sheet = *s
	if def.id != "" && d.definitions[def.id] == nil {
		d.definitions[def.id] = def
	}
	return nil
}

// linkInto finds what an input of a node is linked to: the link that the input
// names, if that ends at the node, else the one that ends at the input.
func (s *sheet) linkInto(n *node, i int) *link {
	if l := s.links[n.inputs[i].link]; l != nil && l.to == n.id {
		return l
	}
	return s.into[socketKey{n.id, i}]
}
