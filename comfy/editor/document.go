package editor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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

// A word is a string in places where files also hold numbers: ids.
type word string

func (w *word) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0 || string(data) == "null":
		*w = ""
		return nil
	case data[0] == '"':
		s, _ := scan.Text(data)
		*w = word(s)
		return nil
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
	s, _ := scan.Text(data) // what is no text says nothing
	*p = phrase(s)
	return nil
}

// socketType is the type of a socket: a text, a list of choices, which is a
// COMBO, or a number in old files, which means anything.
type socketType string

func (t *socketType) UnmarshalJSON(data []byte) error {
	s, ok := scan.Text(data)
	switch {
	case ok:
		*t = socketType(s)
	case len(data) > 0 && data[0] == '[':
		*t = "COMBO"
	default:
		*t = "*"
	}
	return nil
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

// elements lists a list, or the values of an object; null is none.
func elements(v json.RawMessage) ([]json.RawMessage, error) {
	var list []json.RawMessage
	add := func(item json.RawMessage) error {
		list = append(list, item)
		return nil
	}
	switch v[0] {
	case 'n':
		return nil, nil
	case '{':
		err := scan.Members(v, func(_ string, item json.RawMessage) error { return add(item) })
		return list, err
	}
	return list, scan.Elements(v, add)
}

// members visits an object; null is an empty one.
func members(v json.RawMessage, f func(key string, v json.RawMessage)) error {
	if v[0] == 'n' {
		return nil
	}
	return scan.Members(v, func(key string, v json.RawMessage) error {
		f(key, v)
		return nil
	})
}

// lastID reads a counter; what is no whole number counts nothing.
func lastID(v json.RawMessage) int64 {
	n, _ := strconv.ParseInt(string(v), 10, 64) // what is no number is 0
	return n
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

func (s *sheet) add(l *link) {
	s.links[l.id] = l
	s.into[socketKey{l.to, l.toSlot}] = l
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

// readNode reads a node; nil for a hole in the list.
func readNode(raw json.RawMessage) (*node, error) {
	if raw[0] == 'n' {
		return nil, nil
	}
	n := &node{}
	var id word
	err := scan.Members(raw, func(key string, v json.RawMessage) (err error) {
		switch key {
		case "id":
			err = id.UnmarshalJSON(v)
		case "type":
			n.class = text(v)
		case "title":
			n.title = text(v)
		case "mode":
			var mode slot
			err = mode.UnmarshalJSON(v)
			n.mode = int(mode)
		case "inputs":
			n.inputs, err = sockets(v)
		case "outputs":
			n.outputs, err = sockets(v)
		case "widgets_values":
			n.values = v
		case "widgets_values_named":
			n.named = v
		case "properties":
			n.properties = map[string]json.RawMessage{}
			err = members(v, func(key string, v json.RawMessage) { n.properties[key] = v })
		}
		return err
	})
	if err != nil {
		return nil, &FormatError{Reason: "a node cannot be read", Err: err}
	}
	if n.id = string(id); n.id == "" {
		return nil, &FormatError{Reason: "a node has no id"}
	}
	if n.class == "" {
		return nil, &FormatError{Reason: "node " + n.id + " has no type"}
	}
	return n, nil
}

// text is a text; anything else in its place is none.
func text(v json.RawMessage) string {
	s, _ := scan.Text(v)
	return s
}

func sockets(raw json.RawMessage) ([]socket, error) {
	list, err := elements(raw)
	if err != nil {
		return nil, err
	}
	all := make([]socket, len(list))
	for i, item := range list {
		if item[0] == 'n' {
			continue
		}
		if err := all[i].read(item); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *socket) read(raw json.RawMessage) error {
	s.typ = ""
	return scan.Members(raw, func(key string, v json.RawMessage) (err error) {
		switch key {
		case "name":
			s.name = text(v)
		case "label":
			s.label = text(v)
		case "type":
			var t socketType
			err = t.UnmarshalJSON(v)
			s.typ = string(t)
		case "link":
			var l word
			err = l.UnmarshalJSON(v)
			s.link = string(l)
		case "links":
			var ids []json.RawMessage
			ids, err = elements(v)
			for _, raw := range ids {
				var id word
				if err == nil {
					err = id.UnmarshalJSON(raw)
				}
				s.links = append(s.links, string(id))
			}
		case "widget":
			if v[0] == '{' {
				err = members(v, func(key string, v json.RawMessage) {
					if key == "name" {
						s.widget = text(v)
					}
				})
			}
		}
		return err
	})
}

// readLink reads a link in either layout, a list or an object; nil for a hole.
func readLink(raw json.RawMessage) (*link, error) {
	if raw[0] == 'n' {
		return nil, nil
	}
	bad := &FormatError{Reason: "a link cannot be read"}
	l := &link{}
	if raw[0] == '{' {
		err := scan.Members(raw, func(key string, v json.RawMessage) error {
			var id word
			var at slot
			var typ socketType
			switch key {
			case "id", "origin_id", "target_id":
				if err := id.UnmarshalJSON(v); err != nil {
					return err
				}
			case "origin_slot", "target_slot":
				_ = at.UnmarshalJSON(v) // -1 is no place
			case "type":
				_ = typ.UnmarshalJSON(v) // every shape has a meaning
			}
			switch key {
			case "id":
				l.id = string(id)
			case "origin_id":
				l.from = string(id)
			case "target_id":
				l.to = string(id)
			case "origin_slot":
				l.fromSlot = int(at)
			case "target_slot":
				l.toSlot = int(at)
			case "type":
				l.typ = string(typ)
			}
			return nil
		})
		if err != nil {
			bad.Err = err
			return nil, bad
		}
		return l, nil
	}
	if raw[0] != '[' {
		return nil, bad
	}
	parts, err := elements(raw)
	if err != nil || len(parts) < 5 {
		return nil, bad
	}
	var id, from, to word
	var fromSlot, toSlot slot
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
