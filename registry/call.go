package registry

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Origin is where a value came from; a later one in this list wins over an
// earlier one (INTERFACE section 3).
type Origin int

// Origins in ascending precedence.
const (
	FromLiteral Origin = iota // the graph says so itself
	FromDefault
	FromCharacter
	FromPlan
	FromPreset
	FromParams // --params, --request
	FromSet
	FromFlag
	FromSweep
	FromRow
)

// An Arg is one value as somebody gave it. Text comes from a flag or a table
// and is coerced by the parameter's type; JSON comes from a file or the API
// and must already have it (numbers may be strings, for exactness).
type Arg struct {
	Name   string // parameter ("steps", "lora-strength"), or "Class.input", "#Title.input", "12.input"
	Text   string
	JSON   json.RawMessage // used instead of Text when not nil; null = not given
	Origin Origin
}

// A Value is a resolved parameter: JSON is its canonical text (numbers as
// numbers; a file parameter holds the path or URL as given).
type Value struct {
	Param  *Parameter
	JSON   json.RawMessage
	Origin Origin
	// Given is the value before a character extended it; nil when it did not.
	Given json.RawMessage
	// FS is where the file of a file parameter is read; nil = as the user
	// named it. A character's reference picture has one.
	FS fs.FS
}

// Texts are the strings in the value: one, or those of a list.
func (v Value) Texts() []string {
	raws := []json.RawMessage{v.JSON}
	if len(v.JSON) > 0 && v.JSON[0] == '[' {
		raws = items(v.JSON)
	}
	texts := make([]string, len(raws))
	for i, raw := range raws {
		if json.Unmarshal(raw, &texts[i]) != nil {
			texts[i] = string(raw)
		}
	}
	return texts
}

// A Set is a graph input given by its address instead of by a parameter.
type Set struct {
	Target  string          // as given: "KSampler.steps"
	JSON    json.RawMessage // of the type of the value it replaces
	Targets []comfy.Target
}

// A Call is a workflow with all its values: what one run does. It is safe for
// concurrent use and must not be changed.
type Call struct {
	Workflow *Workflow
	Values   []Value  // in the order of Parameters: given, default, or the graph's own
	Sets     []Set    // in the order given
	Notes    []string // oddities worth telling that are no errors

	analysis  *analysis
	loras     []loraUse
	seed      uint64
	seeded    bool
	seedDrawn bool
}

// Seed is the seed of the run; false when the workflow has none.
func (c *Call) Seed() (uint64, bool) { return c.seed, c.seeded }

// SeedDrawn reports whether the seed is one that nobody gave: drawn, or counted
// up from one that was.
func (c *Call) SeedDrawn() bool { return c.seedDrawn }

// SeedParameter is the parameter that holds the run's seed, or nil.
func (c *Call) SeedParameter() *Parameter { return c.analysis.role(RoleSeed) }

// Value returns the value of a parameter; hyphens and underscores are the same.
func (c *Call) Value(name string) (Value, bool) {
	for _, v := range c.Values {
		if fold(v.Param.Name) == fold(name) {
			return v, true
		}
	}
	return Value{}, false
}

// Files lists the file parameters that were given.
func (c *Call) Files() []Value {
	var files []Value
	for _, v := range c.Values {
		if v.Param.Type.File() {
			files = append(files, v)
		}
	}
	return files
}

// FileTargets lists the graph inputs that take the server's name of a file
// parameter's file. Of a list parameter the first file lands in the first
// target, the second in the second, and so on. A mask that travels in the
// image's alpha has none.
func (c *Call) FileTargets(param string) []comfy.Target {
	p := c.analysis.parameter(param)
	if p == nil {
		return nil
	}
	return slices.Clone(p.Targets)
}

// Bind writes the call into a copy of the graph. names holds, for each file
// parameter that was given, the files' names on the server in the order of the
// value. Loaders of optional files that were not given are left out.
func (c *Call) Bind(names map[string][]string) (*comfy.Graph, error) {
	g := c.analysis.w.g.Clone()
	site := c.analysis.roles.lora
	for _, v := range c.Values {
		switch {
		case v.Param.Type.File():
			if err := c.bindFiles(g, v, names[v.Param.Name]); err != nil {
				return nil, err
			}
		default:
			for _, l := range v.Param.landings {
				if !l.turn && l.Node != site.slot { // the slot is written with the LoRAs
					g.Node(l.Node).Inputs.Set(l.Input, l.write(v))
				}
			}
		}
	}
	site.place(g, c.loras, c.analysis.optional)
	for _, id := range c.switchedOff() {
		bypass(g, id)
	}
	for _, t := range c.absentLoaders() {
		leaveOut(g, t.Node)
	}
	for _, s := range c.Sets {
		for _, t := range s.Targets {
			if n := g.Node(t.Node); n != nil {
				n.Inputs.Set(t.Input, s.JSON)
			}
		}
	}
	return g, nil
}

func (c *Call) bindFiles(g *comfy.Graph, v Value, names []string) error {
	if v.Param.ViaAlpha {
		return nil
	}
	if want := len(v.Texts()); len(names) != want {
		return fmt.Errorf("binding %s of workflow %s: %d file names for %d files", v.Param.Name, c.Workflow.ID, len(names), want)
	}
	for i, t := range v.Param.Targets {
		name := names[0]
		if v.Param.List {
			if i >= len(names) {
				break
			}
			name = names[i]
		}
		g.Node(t.Node).Inputs.SetString(t.Input, name)
	}
	return nil
}

// switchedOff lists the nodes that a switch turns off.
func (c *Call) switchedOff() []string {
	var off []string
	for _, v := range c.Values {
		for _, l := range v.Param.landings {
			if l.turn && string(v.JSON) == "false" {
				off = append(off, l.Node)
			}
		}
	}
	return off
}

// leftOut lists the nodes that Bind takes out and says why.
func (c *Call) leftOut() map[string]string {
	out := map[string]string{}
	if slot := c.analysis.roles.lora.slot; slot != "" && c.analysis.optional && len(c.loras) == 0 {
		out[slot] = "no LoRA is named"
	}
	for _, id := range c.switchedOff() {
		out[id] = "it is switched off"
	}
	for _, t := range c.absentLoaders() {
		out[t.Node] = "it gets no file"
	}
	return out
}

// absentLoaders lists loaders of declared, optional file parameters that got
// no file: the name in the graph is its author's and not on the server. (What
// the sampler starts from and masks are required: see analyse.)
func (c *Call) absentLoaders() []comfy.Target {
	var absent []comfy.Target
	for _, p := range c.analysis.params {
		if p.Standard || !p.Type.File() {
			continue
		}
		v, ok := c.Value(p.Name)
		switch {
		case !ok:
			absent = append(absent, p.Targets...)
		case p.List && len(v.Texts()) < len(p.Targets):
			absent = append(absent, p.Targets[len(v.Texts()):]...)
		}
	}
	return absent
}

// write is what a value becomes in this place of the graph.
func (l landing) write(v Value) json.RawMessage {
	text := strings.Join(v.Texts(), ",")
	if m, ok := l.values[text]; ok {
		return m
	}
	if v.Param.Type == TypeSize {
		width, height, _ := parseSize(text)
		if strings.Contains(l.Input, "height") {
			return json.RawMessage(height)
		}
		return json.RawMessage(width)
	}
	if l.scale != 0 && isNumber(v.JSON) {
		return scaled(v.JSON, l.scale, isInteger(string(l.like)))
	}
	if isNumber(l.like) && isNumber([]byte(text)) {
		return json.RawMessage(text) // a numeric choice, written as text
	}
	return v.JSON
}

func scaled(v json.RawMessage, factor float64, whole bool) json.RawMessage {
	r := rational(json.Number(v))
	f, ok := new(big.Rat).SetString(strconv.FormatFloat(factor, 'g', -1, 64))
	if !ok {
		return v
	}
	r.Mul(r, f)
	if whole {
		return json.RawMessage(r.FloatString(0)) // rounds half away from zero
	}
	x, _ := r.Float64()
	return strconv.AppendFloat(nil, x, 'g', -1, 64)
}

// bypass takes a node out and connects its consumers to its first link, as the
// editor does; inputs that have nothing to connect to are removed.
func bypass(g *comfy.Graph, id string) {
	n := g.Node(id)
	if n == nil {
		return
	}
	links := []comfy.Link{}
	for _, name := range n.Inputs.Names() {
		if l, ok := n.Inputs.Link(name); ok {
			links = append(links, l)
		}
	}
	if len(links) == 0 {
		leaveOut(g, id)
		return
	}
	for _, t := range g.Consumers(id) {
		l, _ := g.Node(t.Node).Inputs.Link(t.Input)
		through := links[0]
		if named, ok := n.Inputs.Link(t.Input); ok {
			through = named
		} else if l.Slot < len(links) {
			through = links[l.Slot]
		}
		g.Node(t.Node).Inputs.SetLink(t.Input, through)
	}
	g.Remove(id)
}

// leaveOut takes a loader out of the graph, with the nodes that only pass its
// picture on. What is left just loses the optional input.
func leaveOut(g *comfy.Graph, id string) {
	if g.Node(id) == nil {
		return
	}
	consumers := g.Consumers(id)
	g.Remove(id)
	for _, t := range consumers {
		n := g.Node(t.Node)
		if n == nil {
			continue
		}
		switch t.Input {
		case "image", "images", "pixels", "samples", "mask", "video", "audio", "input":
			leaveOut(g, t.Node)
		default:
			n.Inputs.Delete(t.Input)
		}
	}
}

// SetAt returns the address that was given for an input of the bound graph, if
// it got its value by one.
func (c *Call) SetAt(node, input string) (Set, bool) {
	at := comfy.Target{Node: node, Input: input}
	i := slices.IndexFunc(c.Sets, func(s Set) bool { return slices.Contains(s.Targets, at) })
	if i < 0 {
		return Set{}, false
	}
	return c.Sets[i], true
}

// Explain names the parameter that wrote an input of the bound graph, to
// translate a server's complaint back.
func (c *Call) Explain(node, input string) (*Parameter, bool) {
	t := comfy.Target{Node: node, Input: input}
	for _, v := range c.Values {
		if slices.Contains(v.Param.Targets, t) {
			return v.Param, true
		}
	}
	if c.analysis.w.g.Node(node) == nil { // a LoRA loader that Bind put in
		for role, inputs := range map[Role][]string{RoleLora: {"lora_name"}, RoleLoraStrength: {"strength_model", "strength_clip"}} {
			if p := c.analysis.role(role); p != nil && slices.Contains(inputs, input) {
				return p, true
			}
		}
	}
	return nil, false
}
