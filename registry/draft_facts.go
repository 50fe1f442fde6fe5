package registry

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// describe finds type, range, choices and default of a place in the graph, as
// far as p leaves them open. Where several places take the value, it fits all.
func (d *draft) describe(p *Parameter, targets []comfy.Target) {
	t := targets[0]
	n := d.w.g.Node(t.Node)
	v, ok := n.Inputs.Get(t.Input)
	if _, linked := comfy.LinkOf(v); !ok || linked {
		p.Type = ""
		return
	}
	in := d.inputAt(t)
	if at, taken := d.takenBy(t); taken != nil && len(v) > 0 && v[0] == '"' && len(taken.Choices) > 0 && (p.Type == "" || p.Type == TypeText) {
		p.Type, in = TypeEnum, taken
		n = d.w.g.Node(at.Node)
		t = at
	}
	if p.Type == "" {
		p.Type = d.typeOf(t, v, in)
	}
	if in != nil && p.Description == "" {
		p.Description = firstSentence(in.Tooltip)
	}
	switch p.Type {
	case TypeImage, TypeMask, TypeVideo, TypeAudio, "":
		return
	case TypeModel:
		if p.Folder = d.folderOf(t); p.Folder == "" {
			p.Type = TypeString
		}
	case TypeEnum:
		d.choices(p, n, t.Input, in, v)
	case TypeInt, TypeFloat:
		if p.Min == "" && p.Max == "" {
			for _, t := range targets {
				d.limit(p, t)
			}
			d.widen(p, v)
		}
	case TypeSeed:
		limitSeed(p, in)
		v = json.RawMessage("-1")
	}
	if p.Default != nil || p.Required {
		return
	}
	if p.Type == TypeInt && !isInteger(string(v)) {
		if whole := rational(json.Number(v)); whole.IsInt() {
			v = json.RawMessage(whole.Num().String()) // 20.0 is written by some programs
		} else {
			p.Type = TypeFloat
		}
	}
	if p.List {
		v = list([]json.RawMessage{v})
	}
	if len(v) <= maxDefault {
		p.Default = v
	}
}

// maxDefault bounds a value of the graph that its entry repeats, in bytes. A longer
// one, a text of megabytes, counts from the graph all the same.
const maxDefault = 64 << 10

// inputAt is the definition of an input of the graph, nil when there is none.
func (d *draft) inputAt(t comfy.Target) *comfy.InputInfo {
	n := d.w.g.Node(t.Node)
	def := d.Definitions[n.Class]
	if def == nil {
		return nil
	}
	inputs := def.InputsOf(&n.Inputs)
	if i := slices.IndexFunc(inputs, func(in comfy.InputInfo) bool { return in.Name == t.Input }); i >= 0 {
		return &inputs[i]
	}
	return nil
}

// takenBy is the input that takes the value of a node that only holds one, nil
// when nothing is known of it.
func (d *draft) takenBy(t comfy.Target) (comfy.Target, *comfy.InputInfo) {
	if !slices.Contains(append(primitives(), "default", "default_value"), t.Input) {
		return t, nil
	}
	for _, u := range d.w.uses[t.Node] {
		if in := d.inputAt(u.Target); in != nil {
			return u.Target, in
		}
	}
	return t, nil
}

// limit narrows the range of a number to that of a place. Where a node only
// holds the value, those count that it gives it to.
func (d *draft) limit(p *Parameter, t comfy.Target) {
	if in := d.inputAt(t); in != nil {
		p.narrow(in)
	}
	if !slices.Contains(primitives(), t.Input) {
		return
	}
	for _, u := range d.w.uses[t.Node] {
		if in := d.inputAt(u.Target); in != nil && (in.Type == "INT" || in.Type == "FLOAT") {
			p.narrow(in)
		}
	}
}

// narrow takes the limits of an input where they are closer, unless they are
// those of the number's own type, which say nothing.
func (p *Parameter) narrow(in *comfy.InputInfo) {
	const huge = "4294967295"
	if in.Min != "" && compareNumbers(in.Min, "-"+huge) > 0 && (p.Min == "" || compareNumbers(in.Min, p.Min) > 0) {
		p.Min = in.Min
	}
	if in.Max != "" && compareNumbers(in.Max, huge) < 0 && (p.Max == "" || compareNumbers(in.Max, p.Max) < 0) {
		p.Max = in.Max
	}
	if in.Step != "" && compareNumbers(in.Step, "0") > 0 && (p.Step == "" || compareNumbers(in.Step, p.Step) > 0) {
		p.Step = in.Step
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

// typeOf is the type of a value by the server's definition, else by the value
// itself.
func (d *draft) typeOf(t comfy.Target, v json.RawMessage, in *comfy.InputInfo) ParamType {
	if d.isModel(t) {
		return TypeModel
	}
	if kind := d.fileKind(t); kind != "" {
		return kind
	}
	return typeByDefinition(d.w.g.Node(t.Node).Class, t.Input, v, in)
}

// fileKind is the kind of file that a place loads, "" when it loads none.
func (d *draft) fileKind(t comfy.Target) ParamType {
	for _, kind := range []ParamType{TypeImage, TypeVideo, TypeAudio} {
		if at, ok := loaderOf(d.w, t.Node, string(kind)); ok && at == t {
			if kind == TypeImage && maskChannelOf(d.w, t.Node) != "" && !slices.Contains(d.r.image, t) {
				return TypeMask
			}
			return kind
		}
	}
	return ""
}

func (d *draft) isFile(t comfy.Target) bool { return d.fileKind(t) != "" }

// typeByDefinition is the type of a value that is no file.
func typeByDefinition(class, input string, v json.RawMessage, in *comfy.InputInfo) ParamType {
	text := len(v) > 0 && v[0] == '"'
	choice := in != nil && (in.Type == "COMBO" || len(in.Choices) > 0)
	switch {
	case input == "seed" || input == "noise_seed":
		return TypeSeed
	case choice && (text || isNumber(v)), text && (input == "sampler_name" || input == "scheduler"), class == customCombo && input == "choice":
		return TypeEnum
	case in != nil && in.Type == "FLOAT" && isNumber(v):
		return TypeFloat
	case in != nil && in.Type == "INT" && isNumber(v):
		return TypeInt
	case string(v) == "true", string(v) == "false":
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
	return slices.Contains([]string{"cfg", "denoise", "guidance", "scale_by", "strength", "strength_model", "strength_clip", "shift", "fps", "megapixels"}, input)
}

// fewChoices are written into the entry; longer lists, and those that grow
// with the server, are the live one's.
const fewChoices = 12

// customCombo is the class whose choices stand in the node itself.
const customCombo = "CustomCombo"

func (d *draft) choices(p *Parameter, n *comfy.Node, input string, in *comfy.InputInfo, v json.RawMessage) {
	if len(p.Choices) > 0 {
		return
	}
	if n.Class == customCombo {
		for _, name := range n.Inputs.Names() {
			if text, ok := n.Inputs.Text(name); ok && strings.HasPrefix(name, "option") && text != "" && !slices.Contains(p.Choices, text) {
				p.Choices = append(p.Choices, text)
			}
		}
		return
	}
	if in == nil || len(in.Choices) == 0 || len(in.Choices) > fewChoices || input == "sampler_name" || input == "scheduler" {
		p.ChoicesFrom = n.Class + "." + input
		return
	}
	p.Choices = slices.Clone(in.Choices)
	if own := plainValue(v); own != "" && !slices.Contains(p.Choices, own) {
		p.Choices = append(p.Choices, own) // the graph's own, which this server does not have
	}
}

// plainValue is a scalar as text.
func plainValue(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
