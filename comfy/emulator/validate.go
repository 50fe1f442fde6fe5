package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A validated prompt: the outputs that will run, and what is wrong with the rest.
type validated struct {
	refusal    pyval.Fields // nil when at least one output can run
	outputs    []string     // those that can
	nodeErrors pyval.Fields // node id -> errors, dependent_outputs, class_type
}

// errMalformed stands for a Python exception outside of all handlers: the
// answer is a bare 500.
var errMalformed = errors.New("the prompt has a shape that crashes the handler")

// A raised error is one that validation catches and reports.
type raised struct{ typ, message string }

func (e *raised) Error() string { return e.message }

// A checked node is one whose validation ended.
type checked struct {
	valid  bool
	errors []pyval.Fields
}

// A validation is one walk over a prompt. Inputs are coerced in place.
type validation struct {
	server *Server
	prompt *pyval.Object
	done   map[string]*checked
	order  []string // of done
	path   []string // from the output to where we are: a cycle if met again

	problems []*nodeProblem
}

func (v *validation) finish(id string, c *checked) {
	if v.done[id] == nil {
		v.order = append(v.order, id)
	}
	v.done[id] = c
}

// validate checks a prompt and coerces its constants.
func (s *Server) validate(graph, targets any) (*validated, error) {
	prompt, outputs, refusal, err := s.findOutputs(graph, targets)
	if err != nil || refusal != nil {
		return &validated{refusal: refusal}, err
	}
	v := &validation{server: s, prompt: prompt, done: map[string]*checked{}}
	result := &validated{}
	var lines []string
	for _, o := range outputs {
		c, err := v.node(o)
		var r *raised
		if errors.As(err, &r) {
			c = &checked{errors: []pyval.Fields{problem("exception_during_validation", "Exception when validating node", r.message,
				pyval.Fields{{Key: "exception_type", Value: r.typ}, {Key: "traceback", Value: traceback("validate_prompt")}})}}
			v.finish(o, c)
		}
		if c.valid {
			result.outputs = append(result.outputs, o)
			continue
		}
		for _, e := range c.errors {
			lines = append(lines, fmt.Sprintf("%v: %v", e[1].Value, e[2].Value))
		}
		v.reportDependents(o)
	}
	for _, p := range v.problems {
		result.nodeErrors = append(result.nodeErrors, p.member())
	}
	if len(result.outputs) == 0 {
		result.refusal = problem("prompt_outputs_failed_validation", "Prompt outputs failed validation", strings.Join(lines, "\n"), nil)
	}
	return result, nil
}

// findOutputs checks the shape of the prompt and its classes.
func (s *Server) findOutputs(graph, targets any) (prompt *pyval.Object, outputs []string, refusal pyval.Fields, err error) {
	prompt, ok := graph.(*pyval.Object)
	if s.since(replacementVersion) && (!ok || !replaceable(prompt)) {
		return nil, nil, nil, errMalformed
	}
	if list, empty := graph.([]any); empty && len(list) == 0 || graph == any("") {
		prompt, ok = &pyval.Object{}, true
	}
	if !ok {
		return nil, nil, nil, errMalformed
	}
	for _, m := range prompt.Members() {
		node, isObject := m.Value.(*pyval.Object)
		classed, valid := has(m.Value, "class_type")
		if !valid || classed && !isObject {
			return nil, nil, nil, errMalformed
		}
		var name any
		if isObject {
			name, _ = node.Get("class_type")
		}
		switch name.(type) {
		case []any, *pyval.Object:
			return nil, nil, nil, errMalformed
		}
		text, _ := name.(string)
		class := s.classes(text)
		if class == nil {
			refusal, err := s.unknownClass(m.Key, node, name, classed)
			return nil, nil, refusal, err
		}
		if class.OutputNode {
			chosen := targets == nil
			if !chosen {
				if chosen, valid = has(targets, m.Key); !valid {
					return nil, nil, nil, errMalformed
				}
			}
			if chosen {
				outputs = append(outputs, m.Key)
			}
		}
	}
	if len(outputs) == 0 {
		return nil, nil, problem("prompt_no_outputs", "Prompt has no outputs", "", nil), nil
	}
	return prompt, outputs, nil, nil
}

// replaceable reports whether the server can look for old classes to replace:
// it walks over the inputs of every node that has a class.
func replaceable(prompt *pyval.Object) bool {
	for _, m := range prompt.Members() {
		classed, ok1 := has(m.Value, "class_type")
		filled, ok2 := has(m.Value, "inputs")
		if !ok1 || !ok2 {
			return false
		}
		if !classed || !filled {
			continue
		}
		node, ok := m.Value.(*pyval.Object)
		if !ok {
			return false
		}
		inputs, _ := node.Get("inputs")
		if _, ok := inputs.(*pyval.Object); !ok {
			return false
		}
	}
	return true
}

// unknownClass is the refusal of a node whose class the server does not have.
func (s *Server) unknownClass(id string, node *pyval.Object, class any, given bool) (pyval.Fields, error) {
	details := "Node ID '#" + id + "'"
	if !s.since(missingNodeVersion) {
		if !given {
			return problem("invalid_prompt", "Cannot execute because a node is missing the class_type property.", details, nil), nil
		}
		return problem("invalid_prompt", "Cannot execute because node "+pyval.Str(class)+" does not exist.", details, nil), nil
	}
	if node == nil {
		return nil, errMalformed
	}
	title := class // a node without a class has no title but its own
	if v, ok := node.Get("_meta"); ok {
		meta, ok := v.(*pyval.Object)
		if !ok {
			return nil, errMalformed
		}
		if t, ok := meta.Get("title"); ok {
			title = t
		}
	}
	message := "Node '" + pyval.Str(title) + "' not found. The custom node may not be installed."
	if !given {
		shown := "ID #" + id
		if pyval.Truthy(title) {
			shown = pyval.Str(title)
		}
		message = "Node '" + shown + "' has no class_type. The workflow may be corrupted or a custom node is missing."
	}
	return problem("missing_node_type", message, details, pyval.Fields{
		{Key: "node_id", Value: id}, {Key: "class_type", Value: class}, {Key: "node_title", Value: title},
	}), nil
}

// reportDependents adds every node that is known to be bad to the report and names the
// output as one that depends on it, whether it does or not.
func (v *validation) reportDependents(output string) {
	for _, id := range v.order {
		c := v.done[id]
		if c.valid || len(c.errors) == 0 {
			continue
		}
		i := slices.IndexFunc(v.problems, func(p *nodeProblem) bool { return p.node == id })
		if i < 0 {
			i = len(v.problems)
			v.problems = append(v.problems, &nodeProblem{node: id, class: classOf(v.prompt, id), errors: c.errors})
		}
		v.problems[i].dependents = append(v.problems[i].dependents, output)
	}
}

// A nodeProblem is one entry of node_errors.
type nodeProblem struct {
	node       string
	class      string
	errors     []pyval.Fields
	dependents []string
}

func (p *nodeProblem) member() pyval.Member {
	return pyval.Member{Key: p.node, Value: pyval.Fields{
		{Key: "errors", Value: p.errors}, {Key: "dependent_outputs", Value: p.dependents}, {Key: "class_type", Value: p.class},
	}}
}

// classOf gives the class of a node that findOutputs has seen.
func classOf(prompt *pyval.Object, id string) string {
	node, _ := prompt.Get(id)
	o, _ := node.(*pyval.Object)
	if o == nil {
		return ""
	}
	class, _ := o.Get("class_type")
	name, _ := class.(string)
	return name
}

// traceback stands in for Python's: its frames are no contract.
func traceback(functions ...string) []string {
	list := []string{}
	for i, f := range functions {
		list = append(list, fmt.Sprintf("  File \"execution.py\", line %d, in %s\n", i+1, f))
	}
	return list
}

// failLast makes the last output one that failed, for the fault node-errors-200.
func (d *validated) failLast(prompt *pyval.Object) {
	last := d.outputs[len(d.outputs)-1]
	if len(d.outputs) > 1 {
		d.outputs = d.outputs[:len(d.outputs)-1]
	}
	p := nodeProblem{node: last, class: classOf(prompt, last), dependents: []string{last}, errors: []pyval.Fields{
		problem("required_input_missing", "Required input is missing", "easel_fault", pyval.Fields{{Key: "input_name", Value: "easel_fault"}}),
	}}
	d.nodeErrors = append(slices.Clone(d.nodeErrors), p.member())
}
