package registry

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A Named is a parameter that the importer names himself: without a title in
// the graph.
type Named struct {
	Name   string // of the parameter
	Target string // "Class.input", "#Title.input" or "12.input"
}

// named declares what the importer names, before anything else. What cannot be
// a parameter is a problem.
func (d *draft) named() []Problem {
	var problems []Problem
	for _, n := range d.Named {
		bad := func(format string, args ...any) {
			problems = append(problems, Problem{Parameter: n.Name, Message: fmt.Sprintf(format, args...)})
		}
		found := d.w.address(n.Target)
		switch {
		case paramName(n.Name) == "" || !isWord(n.Name):
			bad("Parameter '%s' has no name that can be typed", n.Name)
		case slices.ContainsFunc(d.params, func(p *drafted) bool { return fold(p.Name) == fold(n.Name) }):
			bad("Parameter '%s' is named twice", n.Name)
		case len(found) == 0:
			bad("Unknown graph input '%s'", n.Target)
			problems[len(problems)-1].Nearest = d.w.nearestAddresses(n.Target, 3)
		case len(found) > 1:
			bad("Graph input '%s' is ambiguous", n.Target)
			for _, t := range found {
				problems[len(problems)-1].Nearest = append(problems[len(problems)-1].Nearest, t.String())
			}
		case !d.add(&Parameter{Name: n.Name}, found, rankShown):
			bad("Graph input '%s' is no value of its own: it is linked, or named already", n.Target)
			if own := inputsOf(d.w); len(own) > 0 {
				problems[len(problems)-1].Hint = "values of the graph are " + strings.Join(own[:min(len(own), 6)], ", ")
			}
		}
	}
	return problems
}

// narrowSeed declares the seed where a server's definitions give it less than
// 64 bits. Elsewhere the standard input of that name will do.
func (d *draft) narrowSeed() {
	if len(d.r.seed) == 0 {
		return
	}
	var p Parameter
	if d.describe(&p, d.r.seed[:1]); p.Type == TypeSeed && p.Max != "" {
		d.add(&Parameter{Name: string(RoleSeed), Label: "Seed", Group: "Sampling"}, d.r.seed, rankUsual)
	}
}

// limitSeed gives a seed the range of its node, where that is narrower than any
// seed's.
func limitSeed(p *Parameter, in *comfy.InputInfo) {
	if in == nil || p.Min != "" || p.Max != "" {
		return
	}
	if in.Max != "" && compareNumbers(in.Max, maxSeedText) < 0 {
		p.Min, p.Max = "0", in.Max
	}
	if in.Min != "" && compareNumbers(in.Min, "0") > 0 {
		p.Min = in.Min
	}
}

// Inputs lists the values in the workflow's graph that can be given, by the
// addresses they have: "EmptyImage.width=512".
func (w *Workflow) Inputs() ([]string, error) {
	a, err := w.analyse()
	if err != nil {
		return nil, err
	}
	return inputsOf(a.w), nil
}

func inputsOf(w *wiring) []string {
	d := &draft{w: w}
	var inputs []string
	for _, id := range w.g.IDs() {
		n := w.g.Node(id)
		for _, input := range n.Inputs.Names() {
			v, _ := n.Inputs.Get(input)
			if !w.literal(id, input) {
				continue
			}
			text := string(v)
			if utf8.RuneCountInString(text) > 24 {
				text = string([]rune(text)[:23]) + "…"
			}
			name, _ := d.selector(comfy.Target{Node: id, Input: input})
			inputs = append(inputs, name+"="+text)
		}
	}
	return inputs
}
