package emulator

import (
	"cmp"
	"iter"
	"maps"
	"math/big"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// eachInput lists the required, then the optional inputs.
func (c *class) eachInput() iter.Seq2[*input, bool] {
	return func(yield func(*input, bool) bool) {
		for i := range c.required {
			if !yield(&c.required[i], true) {
				return
			}
		}
		for i := range c.optional {
			if !yield(&c.optional[i], false) {
				return
			}
		}
	}
}

// isCombo reports whether the input is a choice from a list.
func (in *input) isCombo() bool { return in.choices != nil || in.folder != "" }

// typeValue is the first element of the input's specification: the name of a
// type, or the list of a combo in the older interface.
func (in *input) typeValue(v3 bool) any {
	if in.isCombo() && !v3 {
		return in.choices
	}
	return in.typ
}

// config is the input's specification as complaints quote it: the type, then
// the options in the order that people expect.
func (in *input) config(v3 bool) []any {
	options := pyval.Fields{}
	usual := []string{"default", "min", "max", "step", "round", "multiline", "dynamicPrompts"}
	for _, k := range usual {
		if v, ok := in.options[k]; ok {
			options = append(options, pyval.Member{Key: k, Value: v})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(in.options)) {
		if !slices.Contains(usual, k) {
			options = append(options, pyval.Member{Key: k, Value: in.options[k]})
		}
	}
	if v3 && in.isCombo() {
		options = append(options, pyval.Member{Key: "multiselect", Value: false}, pyval.Member{Key: "options", Value: in.choices})
	}
	if _, told := in.options["multiline"]; v3 && in.typ == "STRING" && !told {
		options = append(options, pyval.Member{Key: "multiline", Value: false})
	}
	return []any{in.typeValue(v3), options}
}

// spec is the input as /object_info shows it.
func (in *input) spec(v3 bool) []any {
	config := in.config(v3)
	if len(in.options) == 0 && !v3 {
		return config[:1]
	}
	return config
}

// info is the class as /object_info shows it.
func (c *class) info() pyval.Fields {
	sections, order := pyval.Fields{}, pyval.Fields{}
	add := func(name string, inputs []input) {
		if len(inputs) == 0 && name == "optional" {
			return
		}
		specs, names := pyval.Fields{}, []string{}
		for i := range inputs {
			specs = append(specs, pyval.Member{Key: inputs[i].name, Value: inputs[i].spec(c.v3)})
			names = append(names, inputs[i].name)
		}
		sections = append(sections, pyval.Member{Key: name, Value: specs})
		order = append(order, pyval.Member{Key: name, Value: names})
	}
	add("required", c.required)
	add("optional", c.optional)
	if len(c.hidden) > 0 {
		hidden, names := pyval.Fields{}, []string{}
		for _, typ := range c.hidden {
			name := hiddenName(typ)
			var value any = typ
			if c.v3 {
				value = []any{typ}
			}
			hidden = append(hidden, pyval.Member{Key: name, Value: value})
			names = append(names, name)
		}
		sections = append(sections, pyval.Member{Key: "hidden", Value: hidden})
		order = append(order, pyval.Member{Key: "hidden", Value: names})
	}
	lists := make([]any, len(c.outputs))
	for i := range lists {
		lists[i] = false
	}
	names := c.outputNames
	if names == nil {
		names = c.outputs
	}
	shown := any(cmp.Or(c.display, c.name))
	if c.v3 && c.display == "" {
		shown = nil
	}
	info := pyval.Fields{
		{Key: "input", Value: sections},
		{Key: "input_order", Value: order},
		{Key: "output", Value: c.outputs},
		{Key: "output_is_list", Value: lists},
		{Key: "output_name", Value: names},
		{Key: "name", Value: c.name},
		{Key: "display_name", Value: shown},
		{Key: "description", Value: c.description},
		{Key: "python_module", Value: cmp.Or(c.module, "nodes")},
		{Key: "category", Value: c.category},
		{Key: "output_node", Value: c.outputNode},
	}
	if c.v3 {
		info = append(info, pyval.Member{Key: "output_tooltips", Value: make([]any, len(c.outputs))},
			pyval.Member{Key: "deprecated", Value: false}, pyval.Member{Key: "api_node", Value: false})
	}
	if c.v3 || c.experimental {
		info = append(info, pyval.Member{Key: "experimental", Value: c.experimental})
	}
	return info
}

// hiddenName is the conventional name of a hidden input.
func hiddenName(typ string) string {
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

// goValue gives a coerced constant the types that a call promises: integers
// beyond int64 become uint64, and beyond that the nearest limit.
func goValue(v any) any {
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
