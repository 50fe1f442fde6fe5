package comfy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Types of inputs that stand for several. Their parts are sent under dotted
// names, "resize_type.width", and may be such inputs again. Source: node
// definitions since ComfyUI 0.4.0.
const (
	dynamicCombo = "COMFY_DYNAMICCOMBO_V3" // a choice, with inputs of its own for each
	dynamicSlot  = "COMFY_DYNAMICSLOT_V3"  // a link, with more inputs when it is there
	autogrow     = "COMFY_AUTOGROW_V3"     // a list, "images.image0", "images.image1", ...
)

// InputsOf lists the inputs that a node with these values has: those of its
// class, and instead of a dynamic one its parts as the values call for them.
// A dynamic combo stays in the list, with its choices.
func (ci *ClassInfo) InputsOf(values *Inputs) []InputInfo {
	if !slices.ContainsFunc(ci.Inputs, func(in InputInfo) bool { return dynamic(in.Type) }) {
		return ci.Inputs
	}
	var all []InputInfo
	for i := range ci.Inputs {
		all = expand(all, ci.Inputs[i], values, maxNesting)
	}
	return all
}

// maxNesting bounds dynamic inputs in dynamic inputs; real ones have three.
const maxNesting = 8

// expand appends an input, or what it stands for.
func expand(all []InputInfo, in InputInfo, values *Inputs, depth int) []InputInfo {
	_, given := values.Get(in.Name)
	if depth == 0 {
		return all
	}
	switch in.Type {
	case dynamicCombo:
		all = append(all, in)
		chosen, _ := values.Text(in.Name)
		for _, o := range comboOptions(in.Options) {
			if given && o.Key == chosen {
				all = expandParts(all, in.Name, o.Inputs, values, depth)
			}
		}
	case dynamicSlot:
		all = append(all, in)
		var o struct {
			Inputs inputSections `json:"inputs"`
		}
		if _ = json.Unmarshal(in.Options, &o); given { // what does not fit stays empty
			all = expandParts(all, in.Name, o.Inputs, values, depth)
		}
	case autogrow:
		all = append(all, grown(in)...)
	default:
		all = append(all, in)
	}
	return all
}

// inputSections are the inputs inside a dynamic one, as in a class.
type inputSections struct {
	Required json.RawMessage `json:"required"`
	Optional json.RawMessage `json:"optional"`
}

func (s inputSections) list() []InputInfo {
	return append(readSection("required", s.Required, nil), readSection("optional", s.Optional, nil)...)
}

func expandParts(all []InputInfo, name string, parts inputSections, values *Inputs, depth int) []InputInfo {
	for _, part := range parts.list() {
		part.Name = name + "." + part.Name
		all = expand(all, part, values, depth-1)
	}
	return all
}

// A comboOption is one choice of a dynamic combo.
type comboOption struct {
	Key    string        `json:"key"`
	Inputs inputSections `json:"inputs"`
}

func comboOptions(options json.RawMessage) []comboOption {
	var o struct {
		Options []comboOption `json:"options"`
	}
	_ = json.Unmarshal(options, &o) // what does not fit stays empty
	return o.Options
}

// maxGrown bounds the parts of a list; servers allow as many.
const maxGrown = 100

// grown are the parts that an autogrow input may have. The first ones can be
// required.
func grown(in InputInfo) []InputInfo {
	var o struct {
		Template struct {
			Input  inputSections `json:"input"`
			Names  []string      `json:"names"`
			Prefix string        `json:"prefix"`
			Min    int           `json:"min"`
			Max    int           `json:"max"`
		} `json:"template"`
	}
	_ = json.Unmarshal(in.Options, &o) // what does not fit stays empty
	t := o.Template
	kinds := t.Input.list()
	if len(kinds) == 0 {
		return nil
	}
	if t.Names == nil {
		for i := range min(t.Max, maxGrown) {
			t.Names = append(t.Names, t.Prefix+strconv.Itoa(i))
		}
	}
	parts := make([]InputInfo, min(len(t.Names), maxGrown))
	for i := range parts {
		parts[i] = kinds[0]
		parts[i].Name = in.Name + "." + t.Names[i]
		parts[i].Required = kinds[0].Required && i < t.Min
	}
	return parts
}

// dynamic reports whether an input stands for several with dotted names, or
// for one whose type is found out by what it is linked to.
func dynamic(typ string) bool {
	return strings.HasPrefix(typ, "COMFY_") && strings.HasSuffix(typ, "_V3")
}

// Parts lists the inputs that a choice of a dynamic combo brings with it, in
// their order and with their own names, without the combo's in front. ok is
// false when the input is no dynamic combo or has no such choice.
func (in *InputInfo) Parts(choice string) (parts []InputInfo, ok bool) {
	if in.Type != dynamicCombo {
		return nil, false
	}
	for _, o := range comboOptions(in.Options) {
		if o.Key == choice {
			return o.Inputs.list(), true
		}
	}
	return nil, false
}

// Grown lists the inputs that a list input may grow to, under their dotted
// names; nil when the input is no such list.
func (in *InputInfo) Grown() []InputInfo {
	if in.Type != autogrow {
		return nil
	}
	return grown(*in)
}

// Members calls f for the members of a JSON object in their order, which a Go
// map would lose. Values are parts of data.
func Members(data []byte, f func(key string, value json.RawMessage) error) error {
	return eachMember(data, f)
}
