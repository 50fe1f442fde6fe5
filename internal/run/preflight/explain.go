package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Explain turns a backend's refusal into the words of who asked for the run. What
// was kept of its definitions is forgotten: whatever they said, it says otherwise.
func (c Checker) Explain(ctx context.Context, s Subject, invalid *comfy.ValidationError) *RejectedError {
	c.Cache.Forget()
	e := &RejectedError{Address: c.Address, Err: invalid, Nodes: invalid.Nodes}
	for _, np := range invalid.Nodes {
		e.Problems = append(e.Problems, c.problem(ctx, s, np))
	}
	return e
}

func (c Checker) problem(ctx context.Context, s Subject, np comfy.NodeProblem) Finding {
	where := fmt.Sprintf("node %s (%s)", np.Node, np.Class)
	if np.Title != "" && np.Title != np.Class {
		where = fmt.Sprintf("node %s (%s, %q)", np.Node, np.Class, np.Title)
	}
	wf := s.Entry
	if s.Call != nil {
		wf = s.Call.Workflow
	}
	if np.Type == "missing_node_type" || (np.Type == "invalid_prompt" && np.Input == "") {
		return missingNode(np, s.Workflow, wf, func() string { return c.version(ctx) })
	}
	p := Finding{Problem: registry.Problem{Message: where + ": " + np.Message}}
	if np.Input == "" {
		return p
	}
	subject := where + ", input " + np.Input
	var param *registry.Parameter
	if s.Call != nil {
		if set, ok := s.Call.SetAt(np.Node, np.Input); ok {
			p.Parameter = set.Target
			subject = fmt.Sprintf("Input '%s'", set.Target)
		} else if at, ok := s.Call.Explain(np.Node, np.Input); ok {
			param, p.Parameter = at, at.Name
			subject = fmt.Sprintf("Parameter '%s'", param.Name)
		}
	}
	switch np.Type {
	case "value_not_in_list":
		choices := np.Choices
		if len(choices) == 0 {
			choices = c.Choices(ctx, np)
		}
		p.Message = fmt.Sprintf("%s: the server does not have %q", subject, np.Received)
		p.Nearest = nearest.To(np.Received, choices, 3)
		if len(choices) > 0 && len(choices) <= 20 {
			p.Allowed = strings.Join(choices, ", ")
		}
		if len(choices) == 0 {
			p.Hint = "the server's list for this input is empty: is the model folder mounted?"
		} else {
			p.Lists = &Values{Folder: registry.ModelFolder(np.Class, np.Input), Class: np.Class, Input: np.Input}
		}
		missingValue(&p, np, wf, func() string { return c.version(ctx) })
		s.insteadOfOwn(&p, np, param, choices)
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

// A Finding is one thing that a backend refuses: a problem, with what is true of it
// for everybody, and facts of which each face makes advice in its own words.
type Finding struct {
	registry.Problem
	Lists *Values // of what the value is to be one
	Offer *Offer  // what can be taken instead
	Needs string  // workflow whose own model it is; its entry says where to get it
	Page  string  // where that model is offered
}

// Values are what an input takes on a backend: the models of a folder, or the
// choices of an input of a class.
type Values struct {
	Folder       string // "" when they are no models
	Class, Input string
}

// An Offer is a value that the backend has.
type Offer struct {
	Value     string
	Parameter string       // that takes it; "" when none does
	Target    comfy.Target // where it goes
}

// insteadOfOwn offers, where a workflow's own model is missing, one that is
// there: trying it costs nothing, and a download gigabytes.
func (s Subject) insteadOfOwn(p *Finding, np comfy.NodeProblem, param *registry.Parameter, choices []string) {
	if len(choices) == 0 || !s.own(np) {
		return
	}
	offer := Offer{Value: choices[0], Target: comfy.Target{Node: np.Node, Input: np.Input}}
	if param != nil {
		offer.Parameter = param.Name
	}
	if near := nearest.To(np.Received, choices, 1); len(near) > 0 {
		offer.Value = near[0]
	}
	p.Offer = &offer
}

func limits(np comfy.NodeProblem) string {
	if np.Min == "" || np.Max == "" {
		return ""
	}
	return np.Min + " to " + np.Max
}

// Choices asks for the list that the server left out of its answer because
// it is long.
func (c Checker) Choices(ctx context.Context, np comfy.NodeProblem) []string {
	if c.Backend == nil || !c.Backend.Can().ObjectInfo {
		return nil
	}
	defs, err := c.Backend.Definitions(ctx, np.Class)
	if err != nil || defs[np.Class] == nil {
		return nil // the rejection itself is the error to report
	}
	if in := defs[np.Class].Input(np.Input); in != nil {
		return slices.Clone(in.Choices)
	}
	return nil
}
