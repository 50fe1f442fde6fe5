package emulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// node checks a node and everything above it. The error is a *raised.
func (v *validation) node(id string) (*checked, error) {
	if c := v.done[id]; c != nil {
		return c, nil
	}
	if i := slices.Index(v.path, id); i >= 0 {
		return v.cycle(v.path[i:]), nil
	}
	v.path = append(v.path, id)
	defer func() { v.path = v.path[:len(v.path)-1] }()
	member, _ := v.prompt.Get(id)
	node := member.(*pyval.Object)
	class := v.server.classes(classOf(v.prompt, id))
	inputs, err := inputsOf(node)
	if err != nil {
		return nil, err
	}
	c := &checked{valid: true}
	for in, required := range class.EachInput() {
		value, given := inputs.Get(in.Name)
		switch {
		case !given && required:
			c.errors = append(c.errors, problem("required_input_missing", "Required input is missing", in.Name,
				pyval.Fields{{Key: "input_name", Value: in.Name}}))
		case !given:
		default:
			if err := v.input(c, class, in, inputs, value); err != nil {
				return nil, err
			}
		}
	}
	raw, _ := node.Get("inputs")
	if err := v.custom(c, class, raw, inputs); err != nil {
		return nil, err
	}
	if before := v.done[id]; before != nil { // a cycle through it was found on the way
		c.errors = append(slices.Clone(before.errors), c.errors...)
	}
	c.valid = c.valid && len(c.errors) == 0
	v.finish(id, c)
	return c, nil
}

// cycle is the refusal of nodes that feed each other.
func (v *validation) cycle(nodes []string) *checked {
	if !v.server.since(cycleVersion) {
		// The server recurses until Python gives up, and every node of the
		// cycle ends invalid without an error of its own.
		return &checked{}
	}
	nodes = slices.Clone(nodes)
	steps := make([]string, 0, len(nodes)+1)
	for _, id := range append(nodes[:len(nodes):len(nodes)], nodes[0]) {
		steps = append(steps, id+" ("+classOf(v.prompt, id)+")")
	}
	for _, id := range nodes {
		v.finish(id, &checked{errors: []pyval.Fields{problem("dependency_cycle", "Dependency cycle detected", strings.Join(steps, " -> "),
			pyval.Fields{{Key: "node_id", Value: id}, {Key: "cycle_nodes", Value: nodes}})}})
	}
	return v.done[nodes[0]]
}

// inputsOf gives the inputs of a node as validation sees them: a list or a
// text has no inputs.
func inputsOf(node *pyval.Object) (*pyval.Object, error) {
	v, ok := node.Get("inputs")
	if !ok {
		return nil, &raised{"KeyError", "'inputs'"}
	}
	switch v := v.(type) {
	case *pyval.Object:
		return v, nil
	case []any, string:
		return &pyval.Object{}, nil
	default:
		return nil, &raised{"TypeError", "argument of type '" + pyval.TypeName(v) + "' is not iterable"}
	}
}

func (v *validation) input(c *checked, class *nodes.Class, in *nodes.Input, inputs *pyval.Object, value any) error {
	if list, ok := value.([]any); ok {
		return v.link(c, class, in, list)
	}
	config := in.Config(class.V3)
	if wrapped, ok := value.(*pyval.Object); ok && wrapped.Has("__value__") {
		value, _ = wrapped.Get("__value__")
		inputs.Set(in.Name, value)
	}
	coerced, err := coerce(in.Type, value)
	if err != nil {
		c.errors = append(c.errors, problem("invalid_input_type", "Failed to convert an input value to a "+in.Type+" value",
			fmt.Sprintf("%s, %s, %s", in.Name, pyval.Str(value), err), pyval.Fields{
				{Key: "input_name", Value: in.Name},
				{Key: "input_config", Value: config},
				{Key: "received_value", Value: value},
				{Key: "exception_message", Value: err.Error()},
			}))
		return nil
	}
	inputs.Set(in.Name, coerced)
	if slices.Contains(class.OwnsInputs, in.Name) {
		return nil
	}
	if p := v.limits(class, in, coerced, config); p != nil {
		c.errors = append(c.errors, p)
	}
	return nil
}

// coerce converts a constant to the declared type, as Python's constructors do.
func coerce(typ string, value any) (any, error) {
	switch typ {
	case "INT":
		return pyval.Int(value)
	case "FLOAT":
		return pyval.Float(value)
	case "STRING":
		return pyval.Str(value), nil
	case "BOOLEAN":
		return pyval.Truthy(value), nil
	}
	return value, nil
}

// limits checks min, max and the list of a combo; only the first problem counts.
func (v *validation) limits(class *nodes.Class, in *nodes.Input, value any, config any) pyval.Fields {
	info := func(config any) pyval.Fields {
		return pyval.Fields{{Key: "input_name", Value: in.Name}, {Key: "input_config", Value: config}, {Key: "received_value", Value: value}}
	}
	if low, ok := in.Options["min"]; ok {
		if order, ok := pyval.Compare(value, low); ok && order < 0 {
			return problem("value_smaller_than_min", fmt.Sprintf("Value %s smaller than min of %s", pyval.Str(value), pyval.Str(low)), in.Name, info(config))
		}
	}
	if high, ok := in.Options["max"]; ok {
		if order, ok := pyval.Compare(value, high); ok && order > 0 {
			return problem("value_bigger_than_max", fmt.Sprintf("Value %s bigger than max of %s", pyval.Str(value), pyval.Str(high)), in.Name, info(config))
		}
	}
	unchecked := in.Folder != "" && !v.server.opts.StrictModels || class.V3 && !v.server.since(v3ChoicesVersion)
	if !in.IsCombo() || unchecked {
		return nil
	}
	if text, ok := value.(string); ok && slices.Contains(in.Choices, text) {
		return nil
	}
	list := pyval.Repr(in.Choices)
	if len(in.Choices) > 20 {
		list, config = fmt.Sprintf("(list of length %d)", len(in.Choices)), nil
	}
	shown := "'" + pyval.Str(value) + "'"
	if v.server.since(choiceReprVersion) {
		shown = pyval.Repr(value)
	}
	return problem("value_not_in_list", "Value not in list", fmt.Sprintf("%s: %s not in %s", in.Name, shown, list), info(config))
}

// link checks a link and what is above it.
func (v *validation) link(c *checked, class *nodes.Class, in *nodes.Input, link []any) error {
	config := in.Config(class.V3)
	if len(link) != 2 {
		c.errors = append(c.errors, problem("bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", in.Name,
			pyval.Fields{{Key: "input_name", Value: in.Name}, {Key: "input_config", Value: config}, {Key: "received_value", Value: link}}))
		return nil
	}
	source, err := v.source(link[0])
	if err != nil {
		return err
	}
	above := v.server.classes(classOf(v.prompt, source))
	slot, err := outputSlot(above, link[1])
	if err != nil {
		return err
	}
	received := above.Outputs[slot]
	if !typesMeet(received, in.Type) {
		c.errors = append(c.errors, problem("return_type_mismatch", "Return type mismatch between linked nodes",
			fmt.Sprintf("%s, received_type(%s) mismatch input_type(%s)", in.Name, received, pyval.Str(in.TypeValue(class.V3))),
			pyval.Fields{
				{Key: "input_name", Value: in.Name},
				{Key: "input_config", Value: config},
				{Key: "received_type", Value: received},
				{Key: "linked_node", Value: link},
			}))
		return nil
	}
	result, err := v.node(source)
	var r *raised
	if errors.As(err, &r) {
		c.valid = false
		v.finish(source, &checked{errors: []pyval.Fields{problem("exception_during_inner_validation", "Exception when validating inner node", r.message,
			pyval.Fields{
				{Key: "input_name", Value: in.Name},
				{Key: "input_config", Value: config},
				{Key: "exception_message", Value: r.message},
				{Key: "exception_type", Value: r.typ},
				{Key: "traceback", Value: traceback("validate_inputs")},
				{Key: "linked_node", Value: link},
			})}})
		return nil
	}
	if !result.valid {
		c.valid = false
	}
	return nil
}

// source looks a link's node up as Python indexes a dictionary.
func (v *validation) source(id any) (string, error) {
	switch id := id.(type) {
	case string:
		if !v.prompt.Has(id) {
			return "", &raised{"KeyError", pyval.Repr(id)}
		}
		return id, nil
	case []any, *pyval.Object:
		return "", &raised{"TypeError", "unhashable type: '" + pyval.TypeName(id) + "'"}
	default:
		return "", &raised{"KeyError", pyval.Repr(id)}
	}
}

// outputSlot finds an output of a class.
func outputSlot(c *nodes.Class, v any) (int, error) {
	sequence := "tuple"
	if c.V3 {
		sequence = "list"
	}
	return slotOf(v, len(c.Outputs), sequence)
}

// slotOf indexes n values as Python indexes a sequence of that type: from the
// end with negative numbers, and a bool is a number.
func slotOf(v any, n int, sequence string) (int, error) {
	var slot int64
	switch v := v.(type) {
	case int64:
		slot = v
	case bool:
		if v {
			slot = 1
		}
	case *big.Int:
		return 0, &raised{"IndexError", "cannot fit 'int' into an index-sized integer"}
	default:
		return 0, &raised{"TypeError", sequence + " indices must be integers or slices, not " + pyval.TypeName(v)}
	}
	if slot < 0 {
		slot += int64(n)
	}
	if slot < 0 || slot >= int64(n) {
		return 0, &raised{"IndexError", sequence + " index out of range"}
	}
	return int(slot), nil
}

// typesMeet reports whether a link may join the two types: equal, one in
// common, or one of them "*".
func typesMeet(received, wanted string) bool {
	if received == wanted || received == "*" || wanted == "*" {
		return true
	}
	for a := range strings.SplitSeq(received, ",") {
		for b := range strings.SplitSeq(wanted, ",") {
			if strings.TrimSpace(a) == strings.TrimSpace(b) {
				return true
			}
		}
	}
	return false
}

// indexed indexes the inputs with each of their keys, as the server does before
// it calls a class's own check; a list and a text are not made for that.
func indexed(inputs any) error {
	switch inputs := inputs.(type) {
	case string:
		if inputs != "" {
			return &raised{"TypeError", "string indices must be integers, not 'str'"}
		}
	case []any:
		for _, key := range inputs {
			if _, err := slotOf(key, len(inputs), "list"); err != nil {
				return err
			}
		}
	}
	return nil
}

// custom runs the class's own check, if it has one.
func (v *validation) custom(c *checked, class *nodes.Class, raw any, inputs *pyval.Object) error {
	if class.Validate == nil {
		return nil
	}
	if err := indexed(raw); err != nil {
		return err
	}
	constants := map[string]any{}
	for _, name := range class.OwnsInputs {
		value, ok := inputs.Get(name)
		if !ok {
			return &raised{"TypeError", fmt.Sprintf("%s.VALIDATE_INPUTS() missing 1 required positional argument: '%s'", cmp.Or(class.Base, class.Name), name)}
		}
		if list, ok := value.([]any); ok && len(list) == 2 {
			return &raised{"AttributeError", "'NoneType' object has no attribute 'endswith'"}
		}
		if _, ok := value.(string); !ok {
			return &raised{"AttributeError", "'" + pyval.TypeName(value) + "' object has no attribute 'endswith'"}
		}
	}
	for in := range class.EachInput() {
		if value, ok := inputs.Get(in.Name); ok {
			constants[in.Name] = nodes.GoValue(value)
		}
	}
	call := &nodes.Call{Class: class, Inputs: constants, Files: v.server.files.forNode(context.Background())}
	if name, reason := class.Validate(call); reason != "" {
		c.errors = append(c.errors, problem("custom_validation_failed", "Custom validation failed for node", name+" - "+reason,
			pyval.Fields{{Key: "input_name", Value: name}}))
	}
	return nil
}
