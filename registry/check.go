package registry

import (
	"errors"
	"fmt"
	"strings"
)

// Check lists what is wrong with an entry when it is held against its graph:
// dead and ambiguous bindings, defaults that the parameter itself refuses,
// required inputs without a place, and outputs. A graph that cannot be read is
// one problem.
func (w *Workflow) Check() []Problem {
	a, err := w.analyse()
	if err != nil {
		problem := Problem{Message: err.Error()}
		var file *FileError
		if errors.As(err, &file) {
			problem.Hint = file.Hint
		}
		return []Problem{problem}
	}
	var problems []Problem
	add := func(p *Parameter, format string, args ...any) {
		problem := Problem{Message: fmt.Sprintf(format, args...)}
		if p != nil {
			problem.Parameter = p.Name
			problem.Message = fmt.Sprintf("Parameter '%s': %s", p.Name, problem.Message)
		}
		problems = append(problems, problem)
	}
	for _, p := range a.params {
		if err := a.trouble[p.Name]; err != nil {
			add(p, "%v", err)
		}
		if !p.Standard {
			problems = append(problems, checkDeclared(p)...)
		}
	}
	for _, need := range []struct {
		required bool
		role     Role
		key      string
	}{{w.RequiresInputImage, RoleImage, "requires_input_image"}, {w.RequiresMask, RoleMask, "requires_mask"}} {
		if need.required && a.role(need.role) == nil {
			add(nil, "%s: %s", need.key, a.roles.absent(need.role))
		}
	}
	if w.SupportsBatch && a.role(RoleImage) == nil {
		add(nil, "supports_batch: %s", a.roles.absent(RoleImage))
	}
	problems = append(problems, a.checkOutputs(w)...)
	return problems
}

func (a *analysis) checkOutputs(w *Workflow) []Problem {
	switch {
	case w.Output != "" && len(a.outputs) == 0:
		return []Problem{{Message: fmt.Sprintf("output %q: the graph has no such node", w.Output)}}
	case len(a.outputs) == 0:
		return []Problem{{Message: "the graph has no node that saves a result"}}
	case len(a.outputs) > 1:
		return []Problem{{
			Message: "the graph has more than one output: nodes " + strings.Join(a.outputs, ", "),
			Hint:    `name the one that counts: "output": "` + a.outputs[0] + `"`,
		}}
	}
	return nil
}

// checkDeclared holds a parameter against itself.
func checkDeclared(p *Parameter) []Problem {
	var problems []Problem
	add := func(format string, args ...any) {
		problems = append(problems, Problem{Parameter: p.Name, Message: fmt.Sprintf("Parameter '%s': ", p.Name) + fmt.Sprintf(format, args...)})
	}
	if p.Min != "" && p.Max != "" && compareNumbers(p.Min, p.Max) > 0 {
		add("minimum %s is above maximum %s", p.Min, p.Max)
	}
	if p.Step != "" && compareNumbers(p.Step, "0") <= 0 {
		add("step %s is not above 0", p.Step)
	}
	if p.Type == TypeEnum && len(p.Choices) == 0 && p.ChoicesFrom == "" {
		add("an enum needs choices or choices_from")
	}
	if p.Type == TypeModel && p.Folder == "" && p.ChoicesFrom == "" {
		add("a model needs a folder or choices_from")
	}
	for _, l := range p.landings {
		if l.turn && p.Type != TypeBool {
			add("a switch needs the type bool")
		}
	}
	if len(p.Default) > 0 {
		if _, bad := p.fromJSON(p.Default); bad != nil {
			add("the default %s does not fit: %s", p.Default, bad.Message)
		}
	}
	return problems
}
