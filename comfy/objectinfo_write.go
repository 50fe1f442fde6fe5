package comfy

import "encoding/json"

// acceptsAny is an option of an input whose list is only an excerpt: the
// server takes any value. easel's emulator sets it.
const acceptsAny = "accepts_any"

// AcceptsAny reports whether the server says that its list of this input is
// not the whole of it.
func (in *InputInfo) AcceptsAny() bool {
	var o map[string]json.RawMessage
	_ = json.Unmarshal(in.Options, &o) // options of another shape say nothing
	return string(o[acceptsAny]) == "true"
}

// MarshalJSON writes the definition in the server's own form, as
// ParseObjectInfo reads it below the name of the class.
func (ci *ClassInfo) MarshalJSON() ([]byte, error) {
	type object = map[string]any
	sections, order := object{}, map[string][]string{}
	for i := range ci.Inputs {
		in := &ci.Inputs[i]
		section := "optional"
		switch {
		case in.Hidden:
			section = "hidden"
		case in.Required:
			section = "required"
		}
		if sections[section] == nil {
			sections[section] = object{}
		}
		sections[section].(object)[in.Name] = in.spec()
		order[section] = append(order[section], in.Name)
	}
	types, names, lists := []string{}, []string{}, []bool{}
	for _, o := range ci.Outputs {
		types, names, lists = append(types, o.Type), append(names, o.Name), append(lists, o.List)
	}
	return json.Marshal(object{
		"input": sections, "input_order": order,
		"output": types, "output_name": names, "output_is_list": lists,
		"name": ci.Name, "display_name": ci.DisplayName, "description": ci.Description,
		"category": ci.Category, "python_module": ci.Module, "output_node": ci.OutputNode,
		"deprecated": ci.Deprecated, "experimental": ci.Experimental, "api_node": ci.APINode,
	})
}

// spec is the input as [type] or [type, options], or as the type alone for a
// hidden one. Limits, default and tooltip are among the options.
func (in *InputInfo) spec() any {
	if in.Hidden {
		return in.Type
	}
	var typ any = in.Type
	if in.Type == "COMBO" && in.Values != nil {
		typ = in.Values
	}
	if in.Options == nil {
		return []any{typ}
	}
	return []any{typ, in.Options}
}
