package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Drift lists where a workflow no longer fits what the backend has, although it
// still runs with its defaults: parameters and links whose input is gone, ranges
// and choices that the backend has narrowed, lists that it no longer has. What
// it has more than the workflow knows is no drift. A graph that cannot be read
// is the error.
func (s *Survey) Drift(wf *registry.Workflow) ([]registry.Problem, error) {
	params, err := wf.Parameters()
	if err != nil {
		return nil, err
	}
	g, err := wf.Graph()
	if err != nil {
		return nil, err
	}
	d := drift{g: g, defs: s.defs}
	for _, p := range params {
		d.parameter(p)
	}
	d.links()
	return d.found, nil
}

type drift struct {
	g     *comfy.Graph
	defs  map[string]*comfy.ClassInfo
	found []registry.Problem
}

func (d *drift) add(p *registry.Parameter, format string, args ...any) {
	problem := registry.Problem{Message: fmt.Sprintf(format, args...)}
	if p != nil {
		problem.Parameter, problem.Message = p.Name, fmt.Sprintf("Parameter '%s' ", p.Name)+problem.Message
	}
	if !slices.ContainsFunc(d.found, func(o registry.Problem) bool { return o.Message == problem.Message }) {
		d.found = append(d.found, problem)
	}
}

// input is the definition of an input. known is false when the class itself is
// not there, which is told elsewhere.
func (d *drift) input(t comfy.Target) (in *comfy.InputInfo, def *comfy.ClassInfo, known bool) {
	n := d.g.Node(t.Node)
	if n == nil || d.defs[n.Class] == nil {
		return nil, nil, false
	}
	def = d.defs[n.Class]
	inputs := def.InputsOf(&n.Inputs)
	i := slices.IndexFunc(inputs, func(in comfy.InputInfo) bool { return in.Name == t.Input })
	if i < 0 {
		return nil, def, true
	}
	return &inputs[i], def, true
}

func (d *drift) parameter(p *registry.Parameter) {
	asWritten := !slices.ContainsFunc(p.Bind, func(b registry.Binding) bool { return b.Scale != 0 || len(b.Map) > 0 || b.Switch })
	for _, t := range p.Targets {
		if t.Input == "" {
			continue // a switch takes the node
		}
		in, def, known := d.input(t)
		switch {
		case !known:
		case in == nil:
			d.add(p, "has no effect there: %s no longer has the input %s", def.Name, t.Input)
		case asWritten && !strings.HasPrefix(def.Module, "custom_nodes"): // those often check values themselves
			d.limits(p, in)
			d.choices(p, in)
		}
	}
	d.list(p)
}

// limits tells of values that the entry takes and the backend does not.
func (d *drift) limits(p *registry.Parameter, in *comfy.InputInfo) {
	if p.Type != registry.TypeInt && p.Type != registry.TypeFloat {
		return
	}
	if in.Min != "" && p.Min != "" && registry.CompareNumbers(p.Min, in.Min) < 0 || in.Max != "" && p.Max != "" && registry.CompareNumbers(p.Max, in.Max) > 0 {
		d.add(p, "takes %s, and the backend only %s to %s", p.Allowed(), in.Min, in.Max)
	}
}

func (d *drift) choices(p *registry.Parameter, in *comfy.InputInfo) {
	if len(in.Choices) == 0 {
		return
	}
	var gone []string
	for _, choice := range p.Choices {
		if !slices.Contains(in.Choices, choice) {
			gone = append(gone, choice)
		}
	}
	if len(gone) > 0 {
		d.add(p, "offers %s, which the backend no longer takes", strings.Join(gone, ", "))
	}
}

// list tells of a list that the choices come from and that is not there.
func (d *drift) list(p *registry.Parameter) {
	class, input, ok := cutLast(p.ChoicesFrom)
	def := d.defs[class]
	if ok && def != nil && def.Input(input) == nil {
		d.add(p, "takes its choices from %s, which the backend no longer has", p.ChoicesFrom)
	}
}

// cutLast splits "Class.input"; classes may contain dots.
func cutLast(s string) (class, input string, ok bool) {
	at := strings.LastIndexByte(s, '.')
	if at < 0 {
		return "", "", false
	}
	return s[:at], s[at+1:], true
}

// links tells of links that end nowhere.
func (d *drift) links() {
	for _, id := range d.g.IDs() {
		n := d.g.Node(id)
		for _, name := range n.Inputs.Names() {
			if _, linked := n.Inputs.Link(name); !linked || strings.Contains(name, ".") { // parts of dynamic inputs are the server's to judge
				continue
			}
			if in, def, known := d.input(comfy.Target{Node: id, Input: name}); known && in == nil && len(def.Inputs) > 0 {
				d.add(nil, "node %s (%s) no longer has the input %s: what is linked to it has no effect", id, n.Class, name)
			}
		}
	}
}
