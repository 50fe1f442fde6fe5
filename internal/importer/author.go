package importer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Author says what the author of a file put into view: the choice of the App
// mode, else what the boxes of subgraphs show and primitive nodes with titles
// hold. Notes are what he chose and the graph does not have. A file without a
// drawing says nothing.
func Author(f *graphfile.File) (author registry.Author, notes []string, err error) {
	drawing, err := f.Drawing()
	if drawing == nil || err != nil {
		return registry.Author{}, nil, err
	}
	r := &reader{file: f, drawing: drawing, titles: map[string]string{}}
	for _, o := range f.Origins {
		r.titles[o.Path] = o.Title
	}
	r.app()
	if !r.author.Chosen {
		r.boxes()
	}
	r.heading()
	r.models()
	return r.author, r.notes, nil
}

// A reader reads a drawing.
type reader struct {
	file    *graphfile.File
	drawing *editor.Workflow
	titles  map[string]string // of the graph's nodes, by their ids in the file
	author  registry.Author
	notes   []string
}

// app reads the choice of inputs and outputs of the App mode. Source:
// extra.linearData, inputs as [node, widget], outputs as nodes.
func (r *reader) app() {
	var app struct {
		Inputs  []json.RawMessage `json:"inputs"`
		Outputs []json.RawMessage `json:"outputs"`
	}
	_ = json.Unmarshal(r.drawing.Extra["linearData"], &app) // of another shape it says nothing
	for _, raw := range app.Inputs {
		id, widget := address(raw)
		if id == "" || widget == "" {
			continue
		}
		path, n := r.find(id)
		if n == nil {
			r.notes = append(r.notes, fmt.Sprintf("the App mode shows %s of node %s, which is not there", widget, id))
			continue
		}
		if off(n) {
			continue
		}
		sub := r.drawing.Subgraph(n.Class)
		targets := r.shownAt(path, n, widget)
		if len(targets) == 0 {
			r.notes = append(r.notes, fmt.Sprintf("the App mode shows %s of node %s (%s), which has no value of its own in the graph", widget, id, r.title(id, n)))
			continue
		}
		r.show(widget, labelOf(n, sub, widget), r.title(path, n), targets)
		r.author.Chosen = true
	}
	if len(app.Outputs) > 0 {
		id, _ := address(app.Outputs[0])
		r.result(id)
	}
}

// address reads where an entry of the App mode points to: [node, widget, ...],
// a node, or, in newer files, "graph:node:widget" with the graph's UUID.
func address(raw json.RawMessage) (node, widget string) {
	var entry []json.RawMessage
	if json.Unmarshal(raw, &entry) == nil && len(entry) > 0 {
		if len(entry) > 1 {
			widget = word(entry[1])
		}
		raw = entry[0]
	}
	node = word(raw)
	graph, rest, ok := strings.Cut(node, ":")
	if !ok || len(graph) != len("00000000-0000-0000-0000-000000000000") {
		return node, widget
	}
	node, named, _ := strings.Cut(rest, ":")
	return node, cmp.Or(named, widget)
}

// find is the node of an id, with its path: at the root, else the first that has
// it inside of a subgraph, as the editor looks for it.
func (r *reader) find(id string) (path string, n *editor.Node) {
	if n = r.drawing.Find(id); n != nil {
		return id, n
	}
	for _, o := range r.file.Origins {
		if strings.HasSuffix(o.Path, ":"+id) {
			return o.Path, r.drawing.Find(o.Path)
		}
	}
	return "", nil
}

// result takes the first output of the App mode as the result.
func (r *reader) result(id string) {
	for _, o := range r.file.Origins {
		if o.Path == id {
			r.author.Output = o.Node
		}
	}
}

// show adds a value that is in view.
func (r *reader) show(name, label, box string, targets []comfy.Target) {
	if slices.ContainsFunc(r.author.Shown, func(p *registry.Parameter) bool { return slices.Equal(p.Targets, targets) }) {
		return
	}
	r.author.Shown = append(r.author.Shown, &registry.Parameter{Name: name, Label: label, Group: box, Targets: targets})
}

// shownAt are the places of a widget on a node, or on the box of a subgraph.
func (r *reader) shownAt(path string, n *editor.Node, widget string) []comfy.Target {
	var targets []comfy.Target
	sub := r.drawing.Subgraph(n.Class)
	listed := slices.DeleteFunc(editor.Proxies(n), func(p editor.Proxy) bool { return p.Widget != widget || p.Node == "-1" })
	if sub != nil && !slices.ContainsFunc(sub.Inputs, func(s editor.Socket) bool { return s.Name == widget }) && len(listed) > 0 {
		targets = r.behind(path, sub, listed[0])
	}
	if len(targets) == 0 {
		targets = r.file.Places[editor.Place{Node: path, Widget: widget}]
	}
	return targets
}

// behind are the places of a widget inside of a box.
func (r *reader) behind(path string, sub *editor.Subgraph, p editor.Proxy) []comfy.Target {
	for _, n := range sub.Nodes {
		if n.ID == p.Node {
			return r.shownAt(path+":"+n.ID, n, p.Widget)
		}
	}
	return nil
}

// boxes reads what the boxes of subgraphs show, and primitive nodes that have
// titles, in the order of the file.
func (r *reader) boxes() {
	for _, n := range r.drawing.Nodes {
		sub := r.drawing.Subgraph(n.Class)
		switch {
		case n.Class == "PrimitiveNode" && n.Title != "" && n.Title != "PrimitiveNode" && n.Title != "Primitive":
			if targets := r.file.Places[editor.Place{Node: n.ID, Widget: "value"}]; len(targets) > 0 {
				r.show("value", n.Title, "", targets)
			}
		case sub != nil && !off(n):
			r.box(n, sub)
		}
	}
}

// box reads what the box of a subgraph shows: as the file lists it, then what
// its inputs lead to.
func (r *reader) box(n *editor.Node, sub *editor.Subgraph) {
	title := r.title(n.ID, n)
	for _, p := range editor.Proxies(n) {
		targets := r.behind(n.ID, sub, p)
		if p.Node == "-1" {
			targets = r.file.Places[editor.Place{Node: n.ID, Widget: p.Widget}]
		}
		if len(targets) == 0 {
			continue
		}
		name, label := p.Widget, ""
		for _, in := range sub.Inputs {
			at := r.file.Places[editor.Place{Node: n.ID, Widget: in.Name}]
			if p.Node == "-1" && in.Name == p.Widget || p.Node != "-1" && overlap(at, targets) {
				name, label, targets = in.Name, labelOf(n, sub, in.Name), at
				break
			}
		}
		r.show(name, label, title, targets)
	}
	for _, in := range sub.Inputs {
		place := editor.Place{Node: n.ID, Widget: in.Name}
		if targets := r.file.Places[place]; len(targets) > 0 {
			r.show(in.Name, labelOf(n, sub, in.Name), title, targets)
		}
		if from, fed := r.file.Inlets[place]; fed {
			if r.author.Files == nil {
				r.author.Files = map[string]string{}
			}
			if r.author.Files[from.Node] == "" {
				r.author.Files[from.Node] = cmp.Or(labelOf(n, sub, in.Name), in.Name)
			}
		}
	}
}

func overlap(a, b []comfy.Target) bool {
	return slices.ContainsFunc(a, func(t comfy.Target) bool { return slices.Contains(b, t) })
}

// heading takes title and description of the only box there is, else what the
// file says about itself.
func (r *reader) heading() {
	var titles []string
	for _, n := range r.drawing.Nodes {
		if r.drawing.Subgraph(n.Class) != nil && !off(n) {
			titles = append(titles, r.title(n.ID, n))
		}
	}
	if len(titles) == 1 && titles[0] != "New Subgraph" {
		r.author.Title = titles[0]
	}
	r.author.Description = word(r.drawing.Extra["BlueprintDescription"])
}

// models reads which files the nodes, and the file as a whole, ask for.
func (r *reader) models() {
	read := func(raw json.RawMessage) {
		var list []struct {
			Name      string `json:"name"`
			Directory string `json:"directory"`
			URL       string `json:"url"`
		}
		_ = json.Unmarshal(raw, &list) // of another shape it says nothing
		for _, m := range list {
			said := registry.Model{Folder: m.Directory, File: m.Name, URL: m.URL}
			if m.Name != "" && !slices.Contains(r.author.Models, said) {
				r.author.Models = append(r.author.Models, said)
			}
		}
	}
	var file struct {
		Models json.RawMessage `json:"models"`
	}
	_ = json.Unmarshal(r.file.Editor, &file) // of another shape it says nothing
	read(file.Models)
	for _, n := range r.drawing.Nodes {
		read(n.Properties["models"])
	}
	for _, sub := range r.drawing.Subgraphs {
		for _, n := range sub.Nodes {
			read(n.Properties["models"])
		}
	}
}

// title is what a node or box is called on the drawing.
func (r *reader) title(path string, n *editor.Node) string {
	if sub := r.drawing.Subgraph(n.Class); sub != nil {
		return cmp.Or(n.Title, sub.Name)
	}
	return cmp.Or(n.Title, r.titles[path], n.Class)
}

// labelOf is the name that the author gave to a widget, "" when he left it as it
// was.
func labelOf(n *editor.Node, sub *editor.Subgraph, name string) string {
	lists := [][]editor.Socket{n.Inputs}
	if sub != nil {
		lists = append(lists, sub.Inputs)
	}
	for _, list := range lists {
		for _, s := range list {
			if s.Name == name && s.Label != "" && s.Label != name {
				return strings.TrimSpace(s.Label)
			}
		}
	}
	return ""
}

// off reports whether a node does not run.
func off(n *editor.Node) bool { return n.Mode == 2 || n.Mode == 4 }

// word is a text or a number as text, "" for anything else.
func word(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}
