package nodes

import (
	"cmp"
	"iter"
	"maps"
	"math/big"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// EachInput lists the required, then the optional inputs.
func (c *Class) EachInput() iter.Seq2[*Input, bool] {
	return func(yield func(*Input, bool) bool) {
		for i := range c.Required {
			if !yield(&c.Required[i], true) {
				return
			}
		}
		for i := range c.Optional {
			if !yield(&c.Optional[i], false) {
				return
			}
		}
	}
}

// IsCombo reports whether the input is a choice from a list.
func (in *Input) IsCombo() bool { return in.Choices != nil || in.Folder != "" }

// TypeValue is the first element of the input's specification: the name of a
// type, or the list of a combo in the older interface.
func (in *Input) TypeValue(v3 bool) any {
	if in.IsCombo() && !v3 {
		return in.Choices
	}
	return in.Type
}

// Config is the input's specification as complaints quote it: the type, then
// the options in the order that people expect.
func (in *Input) Config(v3 bool) []any {
	options := pyval.Fields{}
	usual := []string{"default", "min", "max", "step", "round", "multiline", "dynamicPrompts"}
	for _, k := range usual {
		if v, ok := in.Options[k]; ok {
			options = append(options, pyval.Member{Key: k, Value: v})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(in.Options)) {
		if !slices.Contains(usual, k) {
			options = append(options, pyval.Member{Key: k, Value: in.Options[k]})
		}
	}
	if v3 && in.IsCombo() {
		options = append(options, pyval.Member{Key: "multiselect", Value: false}, pyval.Member{Key: "options", Value: in.Choices})
	}
	if _, told := in.Options["multiline"]; v3 && in.Type == "STRING" && !told {
		options = append(options, pyval.Member{Key: "multiline", Value: false})
	}
	return []any{in.TypeValue(v3), options}
}

// spec is the input as /object_info shows it.
func (in *Input) spec(v3 bool) []any {
	config := in.Config(v3)
	if len(in.Options) == 0 && !v3 {
		return config[:1]
	}
	return config
}

// Info is the class as /object_info shows it.
func (c *Class) Info() pyval.Fields {
	sections, order := pyval.Fields{}, pyval.Fields{}
	add := func(name string, inputs []Input) {
		if len(inputs) == 0 && name == "optional" {
			return
		}
		specs, names := pyval.Fields{}, []string{}
		for i := range inputs {
			specs = append(specs, pyval.Member{Key: inputs[i].Name, Value: inputs[i].spec(c.V3)})
			names = append(names, inputs[i].Name)
		}
		sections = append(sections, pyval.Member{Key: name, Value: specs})
		order = append(order, pyval.Member{Key: name, Value: names})
	}
	add("required", c.Required)
	add("optional", c.Optional)
	if len(c.Hidden) > 0 {
		hidden, names := pyval.Fields{}, []string{}
		for _, typ := range c.Hidden {
			name := HiddenName(typ)
			var value any = typ
			if c.V3 {
				value = []any{typ}
			}
			hidden = append(hidden, pyval.Member{Key: name, Value: value})
			names = append(names, name)
		}
		sections = append(sections, pyval.Member{Key: "hidden", Value: hidden})
		order = append(order, pyval.Member{Key: "hidden", Value: names})
	}
	lists := make([]any, len(c.Outputs))
	for i := range lists {
		lists[i] = false
	}
	names := c.OutputNames
	if names == nil {
		names = c.Outputs
	}
	shown := any(cmp.Or(c.Display, c.Name))
	if c.V3 && c.Display == "" {
		shown = nil
	}
	info := pyval.Fields{
		{Key: "input", Value: sections},
		{Key: "input_order", Value: order},
		{Key: "output", Value: c.Outputs},
		{Key: "output_is_list", Value: lists},
		{Key: "output_name", Value: names},
		{Key: "name", Value: c.Name},
		{Key: "display_name", Value: shown},
		{Key: "description", Value: c.Description},
		{Key: "python_module", Value: cmp.Or(c.Module, "nodes")},
		{Key: "category", Value: c.Category},
		{Key: "output_node", Value: c.OutputNode},
	}
	if c.V3 {
		info = append(info, pyval.Member{Key: "output_tooltips", Value: make([]any, len(c.Outputs))},
			pyval.Member{Key: "deprecated", Value: false}, pyval.Member{Key: "api_node", Value: false})
	}
	if c.V3 || c.Experimental {
		info = append(info, pyval.Member{Key: "experimental", Value: c.Experimental})
	}
	return info
}

// HiddenName is the conventional name of a hidden input.
func HiddenName(typ string) string {
	switch typ {
	case "PROMPT":
		return "prompt"
	case "EXTRA_PNGINFO":
		return "extra_pnginfo"
	case "UNIQUE_ID":
		return "unique_id"
	}
	return typ
}

// GoValue gives a coerced constant the types that a call promises: integers
// beyond int64 become uint64, and beyond that the nearest limit.
func GoValue(v any) any {
	b, ok := v.(*big.Int)
	switch {
	case !ok:
		return v
	case b.IsUint64():
		return b.Uint64()
	case b.Sign() < 0:
		return int64(-1 << 63)
	}
	return ^uint64(0)
}
