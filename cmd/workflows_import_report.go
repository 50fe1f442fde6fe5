package cmd

import (
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
)

// report says what was imported, and what of it is worth knowing.
func (o *importOptions) report(res *importedWorkflow) error {
	a := o.app
	if a.global.json {
		return a.printJSON(res)
	}
	fmt.Fprintf(a.streams.Out, "%s\n", res.ID)
	params, err := res.Entry.Parameters()
	if err != nil {
		return err
	}
	a.note("imported into %s", res.File)
	for _, p := range params {
		targets := make([]string, len(p.Targets))
		for i, t := range p.Targets {
			targets[i] = t.String()
		}
		a.note("  %s %s %s", p.Name, typeWord(p), strings.Join(targets, ", "))
	}
	for _, n := range res.Notes {
		a.note("note: %s", n)
	}
	for _, p := range res.Problems {
		a.note("note: %s", p.Message)
	}
	if len(params) == 0 {
		if err := o.showInputs(res.Entry); err != nil {
			return err
		}
	}
	if example := exampleCommand(res.ID, res.Entry); example != "" {
		a.note("run it: %s", example)
	}
	return nil
}

// showInputs says what could be a parameter of a graph in which none was found.
func (o *importOptions) showInputs(wf *registry.Workflow) error {
	inputs, err := wf.Inputs()
	if err != nil {
		return err
	}
	if len(inputs) == 0 {
		o.app.note("note: no parameter was found, and the graph has no values of its own")
		return nil
	}
	o.app.note("note: no parameter was found. The graph's inputs are:")
	for _, input := range inputs {
		o.app.note("  %s", input)
	}
	address, _, _ := strings.Cut(inputs[0], "=")
	o.app.note("hint: name them: --force --param NAME=%s", problem.ShellQuote(address))
	return nil
}
