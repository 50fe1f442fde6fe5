package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// explain turns the backend's words into the user's.
func (r *Runner) explain(ctx context.Context, t *Ticket, err error) error {
	var invalid *comfy.ValidationError
	if errors.As(err, &invalid) {
		return r.explainRejection(ctx, t, invalid)
	}
	var node *comfy.NodeError
	if errors.As(err, &node) {
		e := &FailedError{Err: node}
		if t.call != nil {
			e.Parameter = soleParameter(t, node.Node)
		}
		return e
	}
	return err
}

// soleParameter names the parameter that lands in a node, if it is the only one.
func soleParameter(t *Ticket, node string) string {
	found := ""
	n := t.Graph.Node(node)
	if n == nil {
		return ""
	}
	for _, input := range n.Inputs.Names() {
		p, ok := t.call.Explain(node, input)
		if !ok {
			continue
		}
		if found != "" && found != p.Name {
			return ""
		}
		found = p.Name
	}
	return found
}

func (r *Runner) explainRejection(ctx context.Context, t *Ticket, invalid *comfy.ValidationError) error {
	r.Definitions.forget() // whatever they said, the server says otherwise
	e := &RejectedError{Err: invalid, Nodes: invalid.Nodes}
	for _, np := range invalid.Nodes {
		e.Problems = append(e.Problems, r.explainProblem(ctx, t, np))
	}
	return e
}

func (r *Runner) explainProblem(ctx context.Context, t *Ticket, np comfy.NodeProblem) registry.Problem {
	where := fmt.Sprintf("node %s (%s)", np.Node, np.Class)
	if np.Title != "" && np.Title != np.Class {
		where = fmt.Sprintf("node %s (%s, %q)", np.Node, np.Class, np.Title)
	}
	wf := t.entry
	if t.call != nil {
		wf = t.call.Workflow
	}
	if np.Type == "missing_node_type" || (np.Type == "invalid_prompt" && np.Input == "") {
		return missingNode(np, t.Workflow, wf, func() string { return r.serverVersion(ctx) })
	}
	p := registry.Problem{Message: where + ": " + np.Message}
	if np.Input == "" {
		return p
	}
	subject := where + ", input " + np.Input
	var param *registry.Parameter
	if t.call != nil {
		if set, ok := t.call.SetAt(np.Node, np.Input); ok {
			p.Parameter = set.Target
			subject = fmt.Sprintf("Input '%s'", set.Target)
		} else if at, ok := t.call.Explain(np.Node, np.Input); ok {
			param, p.Parameter = at, at.Name
			subject = fmt.Sprintf("Parameter '%s'", param.Name)
		}
	}
	switch np.Type {
	case "value_not_in_list":
		choices := np.Choices
		if len(choices) == 0 {
			choices = r.liveChoices(ctx, np)
		}
		p.Message = fmt.Sprintf("%s: the server does not have %q", subject, np.Received)
		p.Nearest = comfy.Nearest(np.Received, choices, 3)
		if len(choices) > 0 && len(choices) <= 20 {
			p.Allowed = strings.Join(choices, ", ")
		}
		if len(choices) == 0 {
			p.Hint = "the server's list for this input is empty: is the model folder mounted?"
		} else {
			p.List = r.listing(np)
		}
		missingValue(&p, np, wf, func() string { return r.serverVersion(ctx) })
		t.insteadOfDefault(&p, np, param, choices)
	case "value_smaller_than_min":
		p.Message = fmt.Sprintf("%s below the server's minimum %s", subject, np.Min)
		p.Allowed = limits(np)
	case "value_bigger_than_max":
		p.Message = fmt.Sprintf("%s above the server's maximum %s", subject, np.Max)
		p.Allowed = limits(np)
	default:
		p.Message = subject + ": " + np.Message
	}
	return p
}

// listing is the command that lists what an input takes on this backend.
func (r *Runner) listing(np comfy.NodeProblem) string {
	words := "easel models " + np.Class + "." + np.Input
	switch folder := registry.ModelFolder(np.Class, np.Input); {
	case folder != "":
		words = "easel models " + folder
	case np.Input == "sampler_name":
		words = "easel models samplers"
	case np.Input == "scheduler":
		words = "easel models schedulers"
	}
	if r.Address != "" {
		words += " --backend " + r.Address
	}
	return words
}

// insteadOfDefault offers, where a workflow's own model is missing, one that is
// there: trying it costs nothing, and a download gigabytes.
func (t *Ticket) insteadOfDefault(p *registry.Problem, np comfy.NodeProblem, param *registry.Parameter, choices []string) {
	if len(choices) == 0 || !looksLikeModel(np.Received) || t.call == nil {
		return
	}
	flag := "--set " + np.Node + "." + np.Input + "="
	switch {
	case param != nil && param.Type == registry.TypeModel:
		if v, given := t.call.Value(param.Name); given && v.Origin > registry.FromDefault {
			return
		}
		flag = "--" + flagOf(param.Name) + " "
	case p.Parameter != "" || t.Graph.Node(np.Node) == nil:
		return // it was given
	}
	offer := choices[0]
	if near := comfy.Nearest(np.Received, choices, 1); len(near) > 0 {
		offer = near[0]
	}
	offer = fmt.Sprintf("%s%s takes one that is there; %s shows all", flag, shellWord(offer), p.List)
	if p.Hint != "" {
		offer += "; " + p.Hint
	}
	p.Hint = offer
}

// shellWord quotes a name that a shell would take apart.
func shellWord(name string) string {
	if strings.ContainsAny(name, " \t\"'\\$`&|;<>()[]{}*?!#~") {
		return strconv.Quote(name)
	}
	return name
}

func limits(np comfy.NodeProblem) string {
	if np.Min == "" || np.Max == "" {
		return ""
	}
	return np.Min + " to " + np.Max
}

// liveChoices asks for the list that the server left out of its answer because
// it is long.
func (r *Runner) liveChoices(ctx context.Context, np comfy.NodeProblem) []string {
	if !r.Backend.Can().ObjectInfo {
		return nil
	}
	defs, err := r.Backend.Definitions(ctx, np.Class)
	if err != nil || defs[np.Class] == nil {
		return nil // the rejection itself is the error to report
	}
	if in := defs[np.Class].Input(np.Input); in != nil {
		return slices.Clone(in.Choices)
	}
	return nil
}
