package editor

import (
	"encoding/json"
	"slices"
	"strings"
)

// A Workflow is an editor's file as its author sees it: boxes with titles and
// places, coloured groups, subgraphs, and what extensions keep beside them.
// What the graph needs of it is Convert's.
type Workflow struct {
	Drawing
	Subgraphs []*Subgraph                // in the order of the file, those in others behind them
	Extra     map[string]json.RawMessage // linearData (App mode), frontendVersion, ...
}

// A Drawing is one sheet of nodes: the root, or the inside of a subgraph.
type Drawing struct {
	Nodes  []*Node
	Groups []Group
}

// A Subgraph is a drawing with sockets, of which there may be many instances:
// nodes whose class is its id.
type Subgraph struct {
	Drawing
	ID, Name string
	Inputs   []Socket // in the author's order
	Outputs  []Socket
}

// A Node is one box of a drawing.
type Node struct {
	ID         string
	Class      string
	Title      string // "" when the author gave none
	Mode       int    // 2 is muted, 4 bypassed; all others run
	Inputs     []Socket
	Properties map[string]json.RawMessage
	Box        Box
}

// Pack is where the node comes from: cnr_id or aux_id, "" when the file does
// not say.
func (n *Node) Pack() string { return packOf(n.Properties) }

// A Socket is an input or output.
type Socket struct {
	Name   string
	Label  string // as it is shown, "" for the name
	Type   string
	Widget string // of the widget it belongs to, "" when it is only a socket
	Linked bool   // by what the socket itself says
}

// A Group is a frame around nodes.
type Group struct {
	Title string
	Box   Box
}

// Holds reports whether a node lies in the group: by its middle, as in the
// editor.
func (g Group) Holds(n *Node) bool {
	x, y := n.Box.X+n.Box.Width/2, n.Box.Y+n.Box.Height/2
	return x >= g.Box.X && x < g.Box.X+g.Box.Width && y >= g.Box.Y && y < g.Box.Y+g.Box.Height
}

// A Box is a place on a sheet, in the editor's units; y grows downwards.
type Box struct{ X, Y, Width, Height float64 }

// Read reads an editor's file for what its author sees. A file of another form
// is a *FormatError.
func Read(workflow []byte) (*Workflow, error) {
	data, err := clean(workflow)
	if err != nil {
		return nil, err
	}
	w := &Workflow{}
	budget := maxNodes
	file, err := readFile(data, &budget, 0)
	if err != nil {
		return nil, err
	}
	_ = json.Unmarshal(file.extra, &w.Extra) // of another shape it says nothing
	d, err := w.drawing(file, &budget, 0)
	if err != nil {
		return nil, err
	}
	w.Drawing = *d
	return w, nil
}

// Subgraph is the one that a node is an instance of, nil when it is none.
func (w *Workflow) Subgraph(class string) *Subgraph {
	for _, s := range w.Subgraphs {
		if s.ID == class {
			return s
		}
	}
	return nil
}

// Find is the node of a path: ids joined by ":", those of instances first. It
// is nil when there is none.
func (w *Workflow) Find(path string) *Node {
	d := &w.Drawing
	var at *Node
	for id := range strings.SplitSeq(path, ":") {
		if at != nil {
			sub := w.Subgraph(at.Class)
			if sub == nil {
				return nil
			}
			d = &sub.Drawing
		}
		if at = d.node(id); at == nil {
			return nil
		}
	}
	return at
}

func (d *Drawing) node(id string) *Node {
	for _, n := range d.Nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// drawing reads a sheet, and adds the subgraphs that are defined in it.
func (w *Workflow) drawing(file *fileSheet, budget *int, depth int) (*Drawing, error) {
	d := &Drawing{}
	for _, raw := range file.nodes {
		n, err := readNode(raw)
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		var place struct{ Pos, Size json.RawMessage }
		_ = json.Unmarshal(raw, &place) // without a place it is at the origin
		x, y := pairOf(place.Pos)
		width, height := pairOf(place.Size)
		d.Nodes = append(d.Nodes, &Node{
			ID: n.id, Class: n.class, Title: n.title, Mode: n.mode, Inputs: shownSockets(n.inputs), Properties: n.properties,
			Box: Box{x, y, width, height},
		})
	}
	for _, raw := range file.groups {
		var g struct {
			Title    phrase          `json:"title"`
			Bounding json.RawMessage `json:"bounding"`
		}
		if json.Unmarshal(raw, &g) != nil {
			continue // it is only for the eyes
		}
		b := numbersOf(g.Bounding)
		if len(b) < 4 {
			continue
		}
		d.Groups = append(d.Groups, Group{string(g.Title), Box{b[0], b[1], b[2], b[3]}})
	}
	for _, raw := range file.subgraphs {
		if raw[0] == 'n' {
			continue // a hole in the list
		}
		file, err := readFile(raw, budget, depth+1)
		if err != nil {
			return nil, err
		}
		sub := &Subgraph{ID: file.id, Name: file.name, Inputs: shownSockets(file.inputs), Outputs: shownSockets(file.outputs)}
		w.Subgraphs = append(w.Subgraphs, sub)
		inside, err := w.drawing(file, budget, depth+1)
		if err != nil {
			return nil, err
		}
		sub.Drawing = *inside
	}
	return d, nil
}

func shownSockets(list []socket) []Socket {
	all := make([]Socket, len(list))
	for i, s := range list {
		all[i] = Socket{Name: s.name, Label: s.label, Type: s.typ, Widget: s.widget, Linked: s.link != ""}
	}
	return all
}

// pairOf reads [1, 2] and {"0": 1, "1": 2}, which files use alike.
func pairOf(raw json.RawMessage) (x, y float64) {
	if v := numbersOf(raw); len(v) >= 2 {
		return v[0], v[1]
	}
	var object map[string]float64
	_ = json.Unmarshal(raw, &object) // of another shape it is no place
	return object["0"], object["1"]
}

func numbersOf(raw json.RawMessage) []float64 {
	var list []float64
	_ = json.Unmarshal(raw, &list) // of another shape it is none
	return list
}

// Classes lists the classes of a file's nodes, those in subgraphs and group
// nodes too, each once: what Convert looks up in the definitions.
func Classes(workflow []byte) ([]string, error) {
	data, err := clean(workflow)
	if err != nil {
		return nil, err
	}
	var classes []string
	seen, instances := map[string]bool{}, map[string]bool{}
	add := func(nodes []json.RawMessage) {
		for _, raw := range nodes {
			var n struct {
				Type phrase `json:"type"`
			}
			_ = json.Unmarshal(raw, &n) // Convert says what is wrong with it
			if class := string(n.Type); class != "" && !seen[class] {
				seen[class] = true
				classes = append(classes, class)
			}
		}
	}
	var sheets func(file *fileSheet, depth int)
	budget := maxNodes
	sheets = func(file *fileSheet, depth int) {
		add(file.nodes)
		for _, raw := range file.subgraphs {
			if raw[0] == 'n' {
				continue // a hole in the list
			}
			sub, err := readFile(raw, &budget, depth+1)
			if err != nil {
				continue // Convert says what is wrong with it
			}
			instances[sub.id] = true
			sheets(sub, depth+1)
		}
	}
	file, err := readFile(data, &budget, 0)
	if err != nil {
		return nil, err
	}
	sheets(file, 0)
	for _, group := range groupsOf(file.extra) {
		var inside struct {
			Nodes []json.RawMessage `json:"nodes"`
		}
		_ = json.Unmarshal(group, &inside) // Convert says what is wrong with it
		add(inside.Nodes)
	}
	return slices.DeleteFunc(classes, func(class string) bool {
		_, group := groupName(class)
		return instances[class] || group || ownNode(class)
	}), nil
}

// groupsOf are the group nodes that a file's extra part defines, by name.
func groupsOf(extra json.RawMessage) map[string]json.RawMessage {
	if len(extra) == 0 {
		return nil
	}
	var groups map[string]json.RawMessage
	_ = members(extra, func(key string, v json.RawMessage) { // of another shape it says nothing
		if key == "groupNodes" {
			_ = json.Unmarshal(v, &groups) // of another shape there are none
		}
	})
	return groups
}

// A Proxy is a widget inside of a subgraph that an instance shows as its own.
type Proxy struct {
	Node   string // inside of the subgraph; "-1": the subgraph's own input of this name
	Widget string
}

// Proxies lists the widgets that an instance shows, in their order, where the
// file says it. What belongs to the editor alone is left out.
func Proxies(n *Node) []Proxy {
	var all []Proxy
	for _, p := range proxiesOf(n.Properties) {
		if p.node != "" && !notSent(p.widget) {
			all = append(all, Proxy{p.node, p.widget})
		}
	}
	return all
}
