package graphfile

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
)

// A Form is what a graph was before it was read.
type Form string

// Forms of a graph.
const (
	API    Form = "api"    // as it is submitted
	Editor Form = "editor" // a file of the editor, converted
)

// Definitions are node definitions, and how far they reach.
type Definitions struct {
	Classes map[string]*comfy.ClassInfo
	// Complete says that a class that was asked for and is not here does not
	// exist there; else nobody who knows was asked.
	Complete bool
	From     string // whose they are, as it may be shown: a host, a file; "" without any
	Note     string // what the user should know about them, "" for nothing
}

// Options say how a file is read.
type Options struct {
	// Define finds the definitions of classes: those of the server that will run
	// the graph. It is asked only for a file of the editor. Nil: there are none.
	Define func(ctx context.Context, classes []string) (Definitions, error)
	// Prefer says which of the two a file that holds both is read for. "" is API:
	// it is what made the file.
	Prefer Form
	// Drawing converts a file of the editor that stands beside an API-format
	// graph too, for the places of its widgets in that graph.
	Drawing bool
	// KeepMissing keeps nodes that cannot be converted, with what the file holds
	// for them, and lists them; else, and without any definitions, they are a
	// *MissingError.
	KeepMissing bool
	// Choose draws one of n choices of a text such as {a|b}; nil leaves them.
	Choose func(n int) int
}

// A File is a graph that was read, and what is known of where it comes from.
type File struct {
	Found
	Form  Form
	Graph *comfy.Graph
	// Origins say which box of the editor each node of the graph is, and how sure
	// its values are. Nil for an API-format graph without a drawing.
	Origins []editor.Origin
	// Places are where the values of widgets are in the graph, as the editor shows
	// them: on nodes, on instances of subgraphs, on primitive nodes.
	Places map[editor.Place][]comfy.Target
	// Inlets are what feeds the sockets of subgraphs' instances.
	Inlets map[editor.Place]comfy.Link
	// Notes are what was left out, filled in or doubtful.
	Notes []editor.Note
	// Missing are the nodes that could not be converted, where they were to be kept.
	Missing []editor.Origin
	From    string // whose definitions it was converted by, "" when by none
}

// Drawing is the editor's file as its author sees it, nil when there is none.
func (f *File) Drawing() (*editor.Workflow, error) {
	if f.Editor == nil {
		return nil, nil
	}
	return editor.Read(f.Editor)
}

// Read reads the graph of a file, which name tells apart in messages. What is
// wrong with it is an *Error, and nodes that cannot be converted a
// *MissingError.
func Read(ctx context.Context, r io.ReaderAt, size int64, name string, o Options) (*File, error) {
	found, err := Find(r, size, name)
	if err != nil {
		return nil, err
	}
	return found.Read(ctx, o)
}

// Read makes a graph of what was found.
func (f *Found) Read(ctx context.Context, o Options) (*File, error) {
	file := &File{Found: *f}
	if f.API == nil || f.Editor != nil && o.Prefer == Editor {
		return file, file.convert(ctx, o)
	}
	g, err := comfy.ParseGraph(f.API)
	if err != nil {
		nodes, others := onlyNodes(f.API)
		rest, again := comfy.ParseGraph(nodes)
		if len(others) == 0 || again != nil {
			return nil, &Error{Name: f.Name, Kind: Broken, Err: err}
		}
		g, file.API = rest, nodes
		file.Notes = append(file.Notes, editor.Note{Text: "left out of the graph, for they are no nodes: " + strings.Join(others, ", ")})
	}
	if err := check(g); err != nil {
		return nil, &Error{Name: f.Name, Kind: Broken, Err: err}
	}
	file.Form, file.Graph = API, g
	if f.Editor != nil && o.Drawing {
		file.lay(ctx, o)
	}
	return file, nil
}

// lay finds the places of a drawing in the API-format graph beside it. A drawing
// that does not fit says nothing.
func (f *File) lay(ctx context.Context, o Options) {
	drawn := &File{Found: f.Found}
	if drawn.convert(ctx, o) != nil {
		return
	}
	same := func(id string) bool {
		n := f.Graph.Node(id)
		return n != nil && n.Class == drawn.Graph.Node(id).Class
	}
	for _, at := range drawn.Origins {
		if same(at.Node) {
			f.Origins = append(f.Origins, at)
		}
	}
	f.Places, f.From = map[editor.Place][]comfy.Target{}, drawn.From
	f.Inlets = map[editor.Place]comfy.Link{}
	for place, l := range drawn.Inlets {
		if same(l.Node) {
			f.Inlets[place] = l
		}
	}
	for place, targets := range drawn.Places {
		for _, t := range targets {
			if !same(t.Node) {
				continue
			}
			if _, linked := f.Graph.Node(t.Node).Inputs.Link(t.Input); linked {
				continue
			}
			if _, there := f.Graph.Node(t.Node).Inputs.Get(t.Input); there {
				f.Places[place] = append(f.Places[place], t)
			}
		}
	}
	if f.Graph.Digest() != drawn.Graph.Digest() {
		f.Notes = append(f.Notes, editor.Note{Text: f.Name + " holds a graph and a drawing of the editor that differ: the graph is what made it"})
	}
}

// convert makes the graph of the editor's file.
func (f *File) convert(ctx context.Context, o Options) error {
	classes, err := editor.Classes(f.Editor)
	if err != nil {
		return &Error{Name: f.Name, Kind: Unusable, Err: err}
	}
	var defs Definitions
	if o.Define != nil {
		if defs, err = o.Define(ctx, classes); err != nil {
			return err
		}
	}
	res, err := editor.Convert(f.Editor, editor.Options{
		Definitions: defs.Classes, Choose: o.Choose, StoredWidgets: !defs.Complete || o.KeepMissing,
	})
	if err != nil {
		return &Error{Name: f.Name, Kind: Unusable, Err: err}
	}
	f.Form, f.Graph, f.Places, f.From = Editor, res.Graph, res.Places, defs.From
	f.Origins, f.Notes, f.Inlets = res.Origins, res.Notes, res.Inlets
	if defs.Note != "" {
		f.Notes = append(f.Notes, editor.Note{Text: defs.Note})
	}
	if err := f.refuse(defs, o.KeepMissing); err != nil {
		return err
	}
	if f.Graph.Len() == 0 {
		return &Error{Name: f.Name, Kind: NoNodes}
	}
	if err := check(f.Graph); err != nil {
		return &Error{Name: f.Name, Kind: Unusable, Err: err}
	}
	return nil
}

// check refuses circles and links to nowhere. The first of several is named.
func check(g *comfy.Graph) error {
	err := g.Check()
	several, ok := err.(interface{ Unwrap() []error }) // the joined errors themselves are meant
	if !ok || len(several.Unwrap()) < 2 {
		return err
	}
	all := several.Unwrap()
	return fmt.Errorf("%w (and %d more)", all[0], len(all)-1)
}

// refuse holds the nodes without a definition against what is known: one that
// nothing needs is left out, one that the server lacks or whose values are
// not certain is refused, or kept.
func (f *File) refuse(defs Definitions, keep bool) error {
	unknown := slices.DeleteFunc(slices.Clone(f.Origins), func(o editor.Origin) bool { return o.Confidence == editor.Certain })
	if len(unknown) == 0 {
		return nil
	}
	needed := neededBy(f.Graph, defs)
	var missing []editor.Origin
	for _, n := range unknown {
		switch {
		case !needed[n.Node]:
			f.drop(n)
		case isDrawn(n.Class): // no server has it
			return &Error{Name: f.Name, Kind: Unusable, Err: &editor.NodeError{
				Node: n.Path, Class: n.Class, Title: n.Title, Reason: "it is an instance of a subgraph that the file does not have",
			}}
		case defs.Complete || n.Confidence == editor.Doubtful:
			missing = append(missing, n)
		default:
			f.Notes = append(f.Notes, editor.Note{Node: n.Path, Text: fmt.Sprintf("node %s (%s) has the values that stand in the file: nothing defines its class", n.Path, n.Class)})
		}
	}
	if f.Missing = missing; len(missing) == 0 || keep && len(defs.Classes) > 0 {
		return nil
	}
	reason := "nothing defines these classes, and the file does not name all of their values"
	if defs.Complete {
		reason = cmp.Or(defs.From, "the server") + " does not have these classes"
	}
	return &MissingError{Name: f.Name, From: defs.From, Nodes: missing, Reason: reason}
}

// drop takes a node out of the graph that nothing needs.
func (f *File) drop(n editor.Origin) {
	f.Graph.Remove(n.Node)
	f.Origins = slices.DeleteFunc(f.Origins, func(o editor.Origin) bool { return o.Node == n.Node })
	for place, targets := range f.Places {
		f.Places[place] = slices.DeleteFunc(targets, func(t comfy.Target) bool { return t.Node == n.Node })
		if len(f.Places[place]) == 0 {
			delete(f.Places, place)
		}
	}
	f.Notes = append(f.Notes, editor.Note{Node: n.Path, Text: fmt.Sprintf("node %s (%s) is left out: nothing defines its class, and no output needs it", n.Path, n.Class)})
}

// neededBy are the nodes that an output needs. A node without a definition that
// nothing reads counts as an output where nobody who knows was asked, or where
// no other is one.
func neededBy(g *comfy.Graph, defs Definitions) map[string]bool {
	var ends []string
	read := map[string]bool{}
	for _, id := range g.IDs() {
		for _, name := range g.Node(id).Inputs.Names() {
			if l, ok := g.Node(id).Inputs.Link(name); ok {
				read[l.Node] = true
			}
		}
		if def := defs.Classes[g.Node(id).Class]; def != nil && def.OutputNode {
			ends = append(ends, id)
		}
	}
	none := len(ends) == 0
	for _, id := range g.IDs() {
		if !read[id] && (none || !defs.Complete && defs.Classes[g.Node(id).Class] == nil) {
			ends = append(ends, id)
		}
	}
	needed := map[string]bool{}
	for len(ends) > 0 {
		id := ends[len(ends)-1]
		ends = ends[:len(ends)-1]
		n := g.Node(id)
		if needed[id] || n == nil {
			continue
		}
		needed[id] = true
		for _, name := range n.Inputs.Names() {
			if l, ok := n.Inputs.Link(name); ok {
				ends = append(ends, l.Node)
			}
		}
	}
	return needed
}

// subgraphID is the class of a subgraph's instance: a UUID.
var subgraphID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
})

// isDrawn reports whether a class is one that a file of the editor defines itself: a
// subgraph, or a group node.
func isDrawn(class string) bool {
	return strings.HasPrefix(class, "workflow>") || strings.HasPrefix(class, "workflow/") || subgraphID().MatchString(class)
}

// onlyNodes is an API-format graph without the members that are plainly no nodes, which
// people and programs keep beside them: {"_comment": "...", "version": 0.4}. A server
// refuses the whole graph for one of them.
func onlyNodes(api json.RawMessage) (nodes json.RawMessage, others []string) {
	nodes = json.RawMessage("{")
	err := comfy.Members(api, func(key string, v json.RawMessage) error {
		var node struct {
			Class json.RawMessage `json:"class_type"`
		}
		isNode := json.Unmarshal(v, &node) == nil && v[0] == '{'
		if !isNode || node.Class == nil && besides(key) {
			others = append(others, key)
			return nil
		}
		if len(nodes) > 1 {
			nodes = append(nodes, ',')
		}
		name, err := json.Marshal(key)
		nodes = append(append(append(nodes, name...), ':'), v...)
		return err
	})
	if err != nil {
		return api, nil
	}
	return append(nodes, '}'), others
}

// besides reports whether an object of this name is none of a graph's nodes.
func besides(key string) bool {
	switch key {
	case "extra", "extra_data", "extra_pnginfo", "meta", "metadata", "config", "definitions", "state":
		return true
	}
	return strings.HasPrefix(key, "_") || strings.HasPrefix(key, "$")
}
