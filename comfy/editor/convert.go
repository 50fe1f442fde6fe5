package editor

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Options say how a workflow is converted.
type Options struct {
	// Definitions are those of the server that will run the graph, by class.
	Definitions map[string]*comfy.ClassInfo
	// StoredWidgets lets nodes whose class has no definition have the widgets that
	// the file lists for them, where a subgraph shows one. To the editor they have
	// none, so that it may give their values to other widgets.
	StoredWidgets bool
	// Now is put into file names that ask for the date. The zero value means
	// time.Now.
	Now time.Time
	// Choose draws one of n choices of a text such as {a|b}, from 0 to n-1. Nil
	// leaves such texts as they are written.
	Choose func(n int) int
}

// A Result is a converted workflow.
type Result struct {
	Graph *comfy.Graph
	// Origins says of each node of the graph which box of the drawing it is, and
	// how sure its values are, in the order of the graph. Nodes whose class has
	// no definition are there with what the file holds for them; a server that
	// lacks the class refuses the whole graph.
	Origins []Origin
	// Places are where the values of widgets landed, as the editor shows them.
	Places map[Place][]comfy.Target
	// Inlets are what feeds the sockets of subgraphs' instances, as far as
	// something inside uses it.
	Inlets map[Place]comfy.Link
	// Notes are what was left out, filled in or doubtful, in the order of the
	// graph.
	Notes []Note
}

// A Note is something worth knowing about a conversion.
type Note struct {
	Node string // id in the file, with those of the subgraphs around it; "" when it is about the whole
	Text string // names the node too
}

// An Origin is the box that a node of the graph was drawn as.
type Origin struct {
	Node       string // id in the graph
	Path       string // ids in the file, those of the subgraphs around it first: "57:8"
	Class      string
	Title      string
	Pack       string // where the class comes from: cnr_id or aux_id, "" when the file does not say
	Confidence Confidence
}

// Confidence is how sure the values of a converted node are.
type Confidence string

// Confidences.
const (
	Certain  Confidence = "certain"  // by the definition of its class
	Likely   Confidence = "likely"   // without a definition; all values stand in the file under their names
	Doubtful Confidence = "doubtful" // without a definition, and values are missing or have no name
)

// A Place is a widget as the editor shows it: on a node, on an instance of a
// subgraph, or on a primitive node.
type Place struct {
	Node   string // ids in the file, those of the subgraphs around it first
	Widget string // its name; of a primitive node "value"
}

// Convert makes of an editor's file what the editor would submit. A file of
// another form is a *FormatError; a node that cannot be converted without
// changing what the graph makes is a *NodeError.
func Convert(workflow []byte, opts Options) (*Result, error) {
	doc, err := parse(workflow)
	if err != nil {
		return nil, err
	}
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	c := &converter{doc: doc, opts: opts, layouts: map[string][]inputLayout{}, widgets: map[*node][]widget{}, sockets: map[*node][]effective{}}
	if v := doc.root.version; v != "" && !slices.Contains(knownVersions, v) {
		c.note(nil, nil, "the file has the layout of version %s, which is not known: it is read as version 1", v)
	}
	c.unpackGroups()
	doc.renumber()
	c.listInputs(doc.root)
	for _, def := range doc.order {
		c.listInputs(&def.sheet)
	}
	c.applyBroadcasts(doc.root, "")
	for _, def := range doc.order {
		c.applyBroadcasts(&def.sheet, def.name+": ")
	}
	return c.convert()
}

// knownVersions are the layouts of files there have been.
var knownVersions = []string{"0.1", "0.2", "0.3", "0.4", "1", "1.0"}

type converter struct {
	doc     *document
	opts    Options
	layouts map[string][]inputLayout
	widgets map[*node][]widget
	sockets map[*node][]effective
	hops    int
	result  Result
	steps   []step
	noted   map[string]bool
	trail   []Place // instances that show the widget whose value is looked for
}

// A scope is one place where a drawing stands: the root, or an instance of a
// subgraph.
type scope struct {
	*sheet
	parent   *scope
	instance *node // in the parent; nil at the root
	def      *definition
	prefix   string // of ids in the graph: "106:"
	path     string // the same of ids in the file
	depth    int
	inner    map[*node]*scope
}

// A step is a node that may become one of the graph.
type step struct {
	scope *scope
	node  *node
}

func (s step) id() string { return s.scope.prefix + s.node.execID() }

// note says something about a node, nil for the whole.
func (c *converter) note(sc *scope, n *node, format string, args ...any) {
	text, at := fmt.Sprintf(format, args...), ""
	if n != nil {
		at, text = sc.path+n.id, sc.label(n)+": "+text
	}
	if c.noted[text] {
		return
	}
	if c.noted == nil {
		c.noted = map[string]bool{}
	}
	c.noted[text] = true
	c.result.Notes = append(c.result.Notes, Note{Node: at, Text: text})
}

func (c *converter) convert() (*Result, error) {
	c.applyPrimitives(c.doc.root)
	for _, def := range c.doc.order {
		c.applyPrimitives(&def.sheet)
	}
	root := &scope{sheet: c.doc.root}
	for _, n := range c.doc.root.inOrder() {
		if err := c.collect(root, n); err != nil {
			return nil, err
		}
	}
	graph := comfy.NewGraph()
	c.result.Places = map[Place][]comfy.Target{}
	c.result.Inlets = map[Place]comfy.Link{}
	c.sortSteps()
	for _, s := range c.steps {
		if !c.emitted(s.node) {
			continue
		}
		if broadcasts(s.node.class) && !slices.ContainsFunc(s.scope.broadcasts, func(b broadcast) bool { return string(b.Controller) == s.node.id }) {
			c.note(s.scope, s.node, "it links nodes only in the browser: inputs that it feeds are empty; link them and save the file again")
		}
		out, err := c.build(s)
		if err != nil {
			return nil, err
		}
		graph.Set(s.id(), out)
	}
	dropDangling(graph)
	c.result.Graph = graph
	return &c.result, nil
}

// collect adds a node and what is inside of it.
func (c *converter) collect(sc *scope, n *node) error {
	c.steps = append(c.steps, step{sc, n})
	def := c.doc.definitions[n.class]
	if def == nil || n.off() && sc.parent == nil { // deeper ones keep what is inside, as in the editor
		return nil
	}
	inner, err := sc.enter(n, def)
	if err != nil {
		return err
	}
	if len(c.steps) > maxNodes {
		return &FormatError{Reason: fmt.Sprintf("with its subgraphs it has more than %d nodes", maxNodes)}
	}
	for _, child := range def.nodes {
		if err := c.collect(inner, child); err != nil {
			return err
		}
	}
	return nil
}

// enter is the scope inside an instance of a subgraph.
func (s *scope) enter(n *node, def *definition) (*scope, error) {
	if inner := s.inner[n]; inner != nil {
		return inner, nil
	}
	for up := s; up != nil; up = up.parent {
		if up.def == def {
			return nil, &NodeError{Node: s.prefix + n.execID(), Class: def.name, Title: n.title, Reason: "the subgraph contains itself"}
		}
	}
	inner := &scope{sheet: &def.sheet, parent: s, instance: n, def: def, prefix: s.prefix + n.execID() + ":", path: s.path + n.id + ":", depth: s.depth + 1}
	if inner.depth > maxNesting {
		return nil, &NodeError{Node: inner.prefix, Class: def.name, Reason: fmt.Sprintf("subgraphs are nested more than %d deep", maxNesting)}
	}
	if s.inner == nil {
		s.inner = map[*node]*scope{}
	}
	s.inner[n] = inner
	return inner, nil
}

// emitted reports whether a node becomes one of the graph.
func (c *converter) emitted(n *node) bool {
	return !n.off() && c.doc.definitions[n.class] == nil && !c.virtual(n)
}

// sortSteps brings nodes into the order of the editor's object: ids that are
// whole numbers first, by size, then the others as they were met.
func (c *converter) sortSteps() {
	number := func(s step) (uint64, bool) {
		if s.scope.parent != nil {
			return 0, false
		}
		v, err := strconv.ParseUint(s.node.execID(), 10, 32)
		return v, err == nil
	}
	slices.SortStableFunc(c.steps, func(a, b step) int {
		x, xOK := number(a)
		y, yOK := number(b)
		switch {
		case xOK && yOK:
			return cmp.Compare(x, y)
		case xOK:
			return -1
		case yOK:
			return 1
		}
		return 0
	})
}

// build makes a node of the graph.
func (c *converter) build(s step) (*comfy.Node, error) {
	n, def := s.node, c.opts.Definitions[s.node.class]
	out := &comfy.Node{Class: n.class, Title: n.title}
	if out.Title == "" {
		out.Title = n.class
		if def != nil {
			out.Title = def.DisplayName
		}
	}
	if def == nil {
		return out, c.buildUnknown(s, out)
	}
	c.origin(s, out, Certain)
	ws, err := c.widgetsOf(n)
	if err != nil {
		return nil, &NodeError{Node: s.id(), Class: n.class, Title: n.title, Pack: n.pack(), Reason: err.Error()}
	}
	if n.rescue != "" {
		c.note(s.scope, n, "%s", n.rescue)
	}
	named := map[string]bool{}
	for _, w := range ws {
		named[w.name] = true
		if !w.sent {
			continue
		}
		c.trail = s.scope.shownAt(n, w.name)
		if w.primitive != nil {
			c.trail = append(c.trail, Place{s.scope.path + w.primitive.id, "value"})
		}
		if v := s.scope.hostValue(n, w.name); v != nil {
			w.value, w.dynamic = v, false
		}
		if err := c.setWidget(s, out, w); err != nil {
			return nil, err
		}
	}
	for _, in := range c.socketsOf(n) {
		if in.saved < 0 || named[in.name] {
			continue
		}
		c.trail = nil
		src, err := c.resolveInput(s.scope, n, in.saved, in.typ)
		if err != nil {
			return nil, err
		}
		switch src.kind {
		case sourceLink:
			out.Inputs.SetLink(in.name, src.link)
		case sourceOwn: // it is fed by what feeds a widget too, which has the value
			src.value = c.ownValue(src.scope, src.at)
			fallthrough
		case sourceValue:
			if src.value != nil {
				out.Inputs.Set(in.name, wrap("", src.value))
				c.landed(s, in.name)
			}
		}
	}
	return out, nil
}

// setWidget gives the node what a widget sends: what its socket is linked to,
// or its value.
func (c *converter) setWidget(s step, out *comfy.Node, w widget) error {
	value := w.value
	if i := s.node.input(w.name); i >= 0 {
		src, err := c.resolveInput(s.scope, s.node, i, w.typ)
		if err != nil {
			return err
		}
		switch src.kind {
		case sourceLink:
			out.Inputs.SetLink(w.name, src.link)
			return nil
		case sourceValue:
			value, w.dynamic = src.value, false // what an instance shows is sent as it is written
		case sourceOwn:
			w.dynamic = false
		}
	}
	if value == nil {
		c.note(s.scope, s.node, "nothing says which value %s has", w.name)
		return nil
	}
	if w.value = value; w.misfit() {
		c.note(s.scope, s.node, "the value of %s does not fit: it is %s; the file may be of another version of the node", w.name, shortened(value))
	}
	if w.dynamic {
		value = c.drawText(s, w.name, value)
	}
	if w.name == "filename_prefix" && takesTokens(s.node.class) {
		value = c.replaceTokens(value)
	}
	out.Inputs.Set(w.name, wrap(w.typ, value))
	c.landed(s, w.name)
	return nil
}

// landed writes down where the value of a widget is in the graph, for the node
// itself and for all that show the widget.
func (c *converter) landed(s step, name string) {
	to := comfy.Target{Node: s.id(), Input: name}
	for _, p := range append(c.trail, Place{s.scope.path + s.node.id, name}) {
		if at := c.result.Places[p]; !slices.Contains(at, to) {
			c.result.Places[p] = append(at, to)
		}
	}
	c.trail = nil
}

// origin writes down which box a node of the graph is.
func (c *converter) origin(s step, out *comfy.Node, sure Confidence) {
	c.result.Origins = append(c.result.Origins, Origin{
		Node: s.id(), Path: s.scope.path + s.node.id, Class: s.node.class, Title: out.Title, Pack: s.node.pack(), Confidence: sure,
	})
}

// listInputs gives nodes that are linked and for which the file lists no inputs
// those that the editor gives them, which the links count by.
func (c *converter) listInputs(s *sheet) {
	for key := range s.into {
		n := s.byID[key.node]
		if n == nil || len(n.inputs) > 0 || c.opts.Definitions[n.class] == nil {
			continue
		}
		for _, e := range c.socketsOf(n) {
			n.inputs = append(n.inputs, socket{name: e.name, typ: e.typ})
		}
		delete(c.sockets, n)
	}
}

func (n *node) pack() string { return packOf(n.properties) }

// packOf says where a node comes from: cnr_id or aux_id, "" when neither is
// there.
func packOf(properties map[string]json.RawMessage) string {
	for _, key := range []string{"cnr_id", "aux_id"} {
		var s string
		if json.Unmarshal(properties[key], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

// input is the index of the saved input of this name, -1 when there is none.
func (n *node) input(name string) int {
	return slices.IndexFunc(n.inputs, func(s socket) bool { return s.name == name || s.widget == name && s.name == "" })
}

// widgetsOf reads a node's widgets once.
func (c *converter) widgetsOf(n *node) ([]widget, error) {
	if ws, ok := c.widgets[n]; ok {
		return ws, nil
	}
	module := ""
	if def := c.opts.Definitions[n.class]; def != nil {
		module = def.Module
	}
	r := widgetsOf(n, c.layoutsOf(n.class), module)
	if r.complaint != "" {
		return nil, errors.New(r.complaint)
	}
	c.widgets[n], n.rescue = r.widgets, r.rescue
	return r.widgets, nil
}

func (c *converter) layoutsOf(class string) []inputLayout {
	if ls, ok := c.layouts[class]; ok {
		return ls
	}
	var ls []inputLayout
	if def := c.opts.Definitions[class]; def != nil {
		for _, in := range def.Inputs {
			if !in.Hidden {
				ls = append(ls, layoutOf(in))
			}
		}
	}
	c.layouts[class] = ls
	return ls
}

// dropDangling takes out inputs that are linked to nodes that are not there.
func dropDangling(g *comfy.Graph) {
	for _, id := range g.IDs() {
		n := g.Node(id)
		for _, name := range n.Inputs.Names() {
			if l, ok := n.Inputs.Link(name); ok && g.Node(l.Node) == nil {
				n.Inputs.Delete(name)
			}
		}
	}
}
