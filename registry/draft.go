package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// DraftOptions say how a graph becomes an entry.
type DraftOptions struct {
	ID          string
	Name        string // "" = the id
	Description string
	Path        string // workflow_path of the entry
	// Definitions are a server's, for types, ranges and choices; nil = what
	// the graph's own values tell.
	Definitions map[string]*comfy.ClassInfo
	// KeepFiles lets an input that is not given stay what the graph names;
	// else it is required.
	KeepFiles bool
	// Named are parameters that the importer names, besides those that are found.
	Named []Named
}

// Draft makes a registry entry of a graph: the parameters that its author
// marked by the titles of nodes (see titles.go), else the usual controls of
// its samplers, loaders and sizes. Standard inputs need no declaration.
// Bindings name a class or a title where one is unique, so that they survive
// another export of the graph; where neither is, the note says so. The graph
// is copied. The error says why a server would refuse its shape, or which of the
// Named cannot be parameters.
func Draft(g *comfy.Graph, o DraftOptions) (*Workflow, []string, error) {
	if err := g.Check(); err != nil {
		return nil, nil, &FileError{Path: o.ID, Message: "the graph cannot be used: " + err.Error(), Err: err}
	}
	g = g.Clone()
	w := newWiring(g)
	d := &draft{DraftOptions: o, w: w, r: findRoles(w)}
	if problems := d.named(); len(problems) > 0 {
		return nil, nil, &ValuesError{Workflow: o.ID, Problems: problems}
	}
	if !d.markedByTitles() {
		d.usualControls()
	}
	d.narrowSeed()
	d.files()
	wf := &Workflow{Source: Source{Layer: "import", Path: o.Path}}
	v, fe := parseDocument("entry.json", d.entry())
	if fe != nil {
		return nil, nil, fe
	}
	reader := &decoder{display: o.ID}
	decodeObject(reader, "", v, workflowKeys(), wf)
	if len(reader.errs) > 0 {
		return nil, nil, reader.errs[0]
	}
	wf.entry = v
	wf.prepare(func() (*comfy.Graph, error) { return g, nil })
	return wf, d.notes, nil
}

// A draft is an entry in the making.
type draft struct {
	DraftOptions
	w      *wiring
	r      *roles
	params []*Parameter
	output string // node that a title marks as the result
	notes  []string
}

// usualControls declares what people change in a graph of this kind.
func (d *draft) usualControls() {
	r, w := d.r, d.w
	for _, c := range []struct {
		name, group string
		advanced    bool
		targets     []comfy.Target
	}{
		{"width", "Size", false, r.across(w, "width")},
		{"height", "Size", false, r.across(w, "height")},
		{"frames", "Size", false, r.across(w, "length")},
		{"steps", "Sampling", false, r.control(w, "steps")},
		{"cfg", "Sampling", false, r.control(w, "cfg")},
		{"guidance", "Sampling", false, r.guidance},
		{"denoise", "Sampling", !r.imageFeedsLatent, r.control(w, "denoise")},
		{"sampler", "Sampling", true, r.control(w, "sampler_name")},
		{"scheduler", "Sampling", true, r.control(w, "scheduler")},
		{"checkpoint", "Models", true, modelFile("ckpt_name")(w, r)},
		{"model", "Models", true, modelFile("unet_name")(w, r)},
		{"upscale_model", "Models", true, upscaler(w, r)},
		{"scale", "Size", false, d.only("scale_by", "upscale_by", "rescale_factor")},
		{"fps", "Size", true, d.only("fps", "frame_rate")},
	} {
		if len(c.targets) > 0 {
			d.add(&Parameter{Name: c.name, Group: c.group, Advanced: c.advanced}, c.targets)
		}
	}
	for i, t := range r.otherPrompts {
		d.add(&Parameter{Name: d.nameOf(t, fmt.Sprintf("prompt_%d", i+2)), Type: TypeText, Group: "Prompt"}, []comfy.Target{t})
	}
}

// only finds the one place in the graph that has an input of such a name.
func (d *draft) only(names ...string) []comfy.Target {
	found, err := onlyInput(&Parameter{Name: names[0]}, d.w, names...)
	if err != nil {
		return nil
	}
	return found
}

// files declares the loaders of several pictures, of videos and sounds: which
// file is which only the graph's author knows.
func (d *draft) files() {
	for _, kind := range []ParamType{TypeImage, TypeVideo, TypeAudio} {
		found := loaders(d.w, string(kind))
		if kind == TypeImage && len(found) == 1 && len(d.r.image) == 1 {
			continue // a standard input
		}
		for _, t := range found {
			p := &Parameter{Name: d.nameOf(t, string(kind)), Type: kind, Required: !d.KeepFiles, Group: "Inputs"}
			switch {
			case kind == TypeImage && slices.Contains(d.r.image, t):
				p.Name = string(RoleImage)
			case kind == TypeImage && maskChannelOf(d.w, t.Node) != "":
				p.Name, p.Type = d.nameOf(t, string(RoleMask)), TypeMask
			}
			d.add(p, []comfy.Target{t})
		}
	}
}

// add declares a parameter unless its first place has one already. What p
// leaves open is taken from the definitions and the graph. It reports whether
// there is a parameter now.
func (d *draft) add(p *Parameter, targets []comfy.Target) bool {
	for _, other := range d.params {
		if overlap(other.Targets, targets) {
			return false
		}
	}
	p.Targets = targets
	d.describe(p, targets[0])
	if p.Type == "" {
		return false // a link, or a value of no type
	}
	base := p.Name
	for n := 2; slices.ContainsFunc(d.params, func(o *Parameter) bool { return fold(o.Name) == fold(p.Name) }); n++ {
		p.Name = fmt.Sprintf("%s_%d", base, n)
	}
	for _, t := range targets {
		p.Bind = append(p.Bind, Binding{Target: d.selector(t)})
	}
	d.params = append(d.params, p)
	return true
}

// describe finds type, range, choices and default of a place in the graph.
func (d *draft) describe(p *Parameter, t comfy.Target) {
	n := d.w.g.Node(t.Node)
	v, ok := n.Inputs.Get(t.Input)
	if _, linked := comfy.LinkOf(v); !ok || linked {
		p.Type = ""
		return
	}
	var in *comfy.InputInfo
	if def := d.Definitions[n.Class]; def != nil {
		inputs := def.InputsOf(&n.Inputs)
		if i := slices.IndexFunc(inputs, func(in comfy.InputInfo) bool { return in.Name == t.Input }); i >= 0 {
			in = &inputs[i]
		}
	}
	if p.Type == "" {
		p.Type = typeByDefinition(n.Class, t.Input, v, in)
	}
	if in != nil && p.Description == "" {
		p.Description = firstSentence(in.Tooltip)
	}
	switch p.Type {
	case TypeImage, TypeMask, TypeVideo, TypeAudio, "":
		return
	case TypeModel:
		p.Folder = ModelFolder(n.Class, t.Input)
	case TypeEnum:
		d.choices(p, n.Class, t.Input, in)
	case TypeInt, TypeFloat:
		if in != nil && p.Min == "" && p.Max == "" {
			p.Min, p.Max = in.Min, in.Max
		}
		if in != nil && p.Step == "" && in.Step != "" && compareNumbers(in.Step, "0") > 0 {
			p.Step = in.Step
		}
		d.widen(p, v)
	case TypeSeed:
		limitSeed(p, in)
		v = json.RawMessage("-1")
	}
	if p.Default == nil && !p.Required {
		p.Default = v
	}
}

// firstSentence is the beginning of a server's words about an input, "" when
// even that is longer than a line of help.
func firstSentence(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if before, _, more := strings.Cut(text, ". "); more {
		text = before
	}
	text = strings.TrimSuffix(strings.TrimSpace(text), ".")
	if len(text) > 90 {
		return ""
	}
	return text
}

// widen drops a limit that the graph's own value does not keep.
func (d *draft) widen(p *Parameter, v json.RawMessage) {
	if !isNumber(v) {
		return
	}
	if p.Min != "" && compareNumbers(json.Number(v), p.Min) < 0 {
		p.Min = ""
	}
	if p.Max != "" && compareNumbers(json.Number(v), p.Max) > 0 {
		p.Max = ""
	}
}

// typeByDefinition is the type of a value by the server's definition, else by
// the value itself.
func typeByDefinition(class, input string, v json.RawMessage, in *comfy.InputInfo) ParamType {
	text := len(v) > 0 && v[0] == '"'
	switch {
	case text && ModelFolder(class, input) != "":
		return TypeModel
	case input == "seed" || input == "noise_seed":
		return TypeSeed
	case in != nil && in.Type == "COMBO", text && (input == "sampler_name" || input == "scheduler"):
		return TypeEnum
	case in != nil && in.Type == "FLOAT" && isNumber(v):
		return TypeFloat
	case in != nil && in.Type == "INT" && isNumber(v):
		return TypeInt
	case in != nil && in.Type == "BOOLEAN", string(v) == "true", string(v) == "false":
		return TypeBool
	case isNumber(v) && isInteger(string(v)) && !usuallyFraction(input):
		return TypeInt
	case isNumber(v):
		return TypeFloat
	case text && (in == nil || strings.Contains(string(in.Options), "multiline")):
		return TypeText
	case text:
		return TypeString
	}
	return ""
}

// usuallyFraction: graphs write 1 for 1.0.
func usuallyFraction(input string) bool {
	return slices.Contains([]string{"cfg", "denoise", "guidance", "scale_by", "strength", "strength_model", "strength_clip", "shift", "fps"}, input)
}

// fewChoices are written into the entry; longer lists, and those that grow
// with the server, are the live one's.
const fewChoices = 12

func (d *draft) choices(p *Parameter, class, input string, in *comfy.InputInfo) {
	if len(p.Choices) > 0 {
		return
	}
	if in == nil || len(in.Choices) == 0 || len(in.Choices) > fewChoices || input == "sampler_name" || input == "scheduler" {
		p.ChoicesFrom = class + "." + input
		return
	}
	p.Choices = slices.Clone(in.Choices)
}

// selector names a place so that the name survives another export, if it can.
func (d *draft) selector(t comfy.Target) string {
	n := d.w.g.Node(t.Node)
	names := []string{n.Class + "." + t.Input}
	if n.Title != "" {
		names = append(names, "#"+n.Title+"."+t.Input)
	}
	for _, name := range names {
		if found := d.w.address(name); len(found) == 1 && found[0] == t {
			return name
		}
	}
	d.notes = append(d.notes, fmt.Sprintf("%s is bound by its node id: give node %s (%s) a title of its own, then the binding survives another export", t, t.Node, n.Class))
	return t.String()
}

// nameOf makes a parameter name of a node's own title, else uses fallback.
func (d *draft) nameOf(t comfy.Target, fallback string) string {
	n := d.w.g.Node(t.Node)
	if name := paramName(n.Title); name != "" && !d.usualTitle(n) {
		return name
	}
	return fallback
}

// usualTitle reports whether a title is the class's own and not its author's:
// "CLIP Text Encode", and "CLIP Text Encode (Positive Prompt)" of ComfyUI's
// templates.
func (d *draft) usualTitle(n *comfy.Node) bool {
	if def := d.Definitions[n.Class]; def != nil && n.Title == def.DisplayName {
		return true
	}
	title := strings.ReplaceAll(strings.ToLower(n.Title), " ", "")
	rest, ok := strings.CutPrefix(title, strings.ToLower(n.Class))
	switch rest {
	case "", "(prompt)", "(positive)", "(positiveprompt)", "(negative)", "(negativeprompt)":
		return ok
	}
	return false
}

// paramName turns free text of any script into a name: "Hair colour" is
// hair_colour, "步数" stays as it is.
func paramName(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r) && b.Len() > 0, unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return strings.Trim(b.String(), "_")
}
