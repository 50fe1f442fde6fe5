package preflight

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Checker holds graphs against one backend.
type Checker struct {
	Backend comfy.Backend // nil: only Version is known
	Address string        // how a command names the backend; "" when it cannot
	Cache   *Cache        // nil: no definitions are kept
	Version string        // of the server, where there is no Backend
	// Models names the model of a folder that is taken where the backend lacks a
	// workflow's own, "" for none. May be nil.
	Models func(folder string) string
}

// A Subject is a graph that is meant for a backend, and where its values came from.
type Subject struct {
	Workflow string             // its id
	Entry    *registry.Workflow // nil when it is not at hand
	Call     *registry.Call     // nil when it is not at hand
	Graph    *comfy.Graph       // for this backend alone: names are repaired in it
	Uploads  []comfy.Target     // inputs whose files are sent first, and are not there yet
	// Replace puts another model than the workflow's own into the run, for a default
	// of the user's. May be nil.
	Replace func(at comfy.Target, model string)
	// Fit takes what the run may choose by itself, a drawn seed, into the limits
	// of the definitions. May be nil.
	Fit func(defs map[string]*comfy.ClassInfo)
}

// RejectedError means that a backend refused the graph, or would refuse it.
// Problems name the parameters that the user typed, where the value came from one.
type RejectedError struct {
	Problems []Finding
	Nodes    []comfy.NodeProblem // of the same index
	Err      *comfy.ValidationError
	Address  string // how a command names the backend; "" when it cannot
}

func (e *RejectedError) Error() string {
	if len(e.Problems) == 0 {
		return e.Err.Error()
	}
	s := e.Problems[0].Message
	if n := len(e.Problems) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}
func (e *RejectedError) Unwrap() error { return e.Err }

// Check fails with one *RejectedError that names all that the backend would
// refuse. Kept definitions cost nothing. The backend is asked only when files must
// be uploaded or several runs follow; for a single plain run its own refusal is
// the check. A backend that cannot be asked checks nothing here.
func (c Checker) Check(ctx context.Context, subjects ...Subject) error {
	if !c.Backend.Can().ObjectInfo {
		return nil
	}
	look := &lookup{ask: c.Backend, cache: c.Cache, defs: map[string]*comfy.ClassInfo{}, fresh: map[string]bool{}, version: c.version}
	if unknown := look.cached(classesOf(subjects)); len(unknown) > 0 {
		if len(subjects) < 2 && !slices.ContainsFunc(subjects, func(s Subject) bool { return len(s.Uploads) > 0 }) {
			return nil
		}
		if err := look.live(ctx, unknown); err != nil {
			return fatal(ctx, err)
		}
	}
	// What a kept definition refuses may be there by now.
	if err := look.live(ctx, look.stale(subjects)); err != nil {
		return fatal(ctx, err)
	}
	for _, s := range subjects {
		c.useDefaults(s, look.defs)
	}
	rejected := &RejectedError{Address: c.Address, Err: &comfy.ValidationError{Type: "preflight", Message: "it does not fit this server"}}
	for _, s := range subjects {
		for _, np := range s.inspect(look.defs) {
			rejected.add(c.problem(ctx, s, np), np)
		}
	}
	if len(rejected.Problems) == 0 {
		return nil
	}
	return rejected
}

// fatal passes on what would end the run as well. Anything else, a proxy that
// hides the definitions, say, only means that there is no preflight.
func fatal(ctx context.Context, err error) error {
	var unreachable *comfy.UnreachableError
	if ctx.Err() != nil || errors.As(err, &unreachable) {
		return err
	}
	return nil
}

// add notes a problem once, however many runs have it.
func (e *RejectedError) add(p Finding, np comfy.NodeProblem) {
	if slices.ContainsFunc(e.Problems, func(o Finding) bool { return o.Message == p.Message }) {
		return
	}
	e.Problems = append(e.Problems, p)
	e.Nodes = append(e.Nodes, np)
	e.Err.Nodes = e.Nodes
}

func classesOf(subjects []Subject) []string {
	var classes []string
	seen := map[string]bool{}
	for _, s := range subjects {
		for _, id := range s.Graph.IDs() {
			if class := s.Graph.Node(id).Class; !seen[class] {
				seen[class] = true
				classes = append(classes, class)
			}
		}
	}
	return classes
}

// stale lists the kept classes by which something would be refused.
func (l *lookup) stale(subjects []Subject) []string {
	var classes []string
	for _, s := range subjects {
		for _, np := range s.inspect(l.defs) {
			if !l.fresh[np.Class] && !slices.Contains(classes, np.Class) {
				classes = append(classes, np.Class)
			}
		}
	}
	return classes
}

// version is that of the backend, "" when it does not say.
func (c Checker) version(ctx context.Context) string {
	if c.Backend == nil {
		return c.Version
	}
	version, _ := c.Backend.Version(ctx) // one that cannot be asked says nothing
	return version
}

// inspect lists what the server would refuse in a run.
func (s Subject) inspect(defs map[string]*comfy.ClassInfo) []comfy.NodeProblem {
	if s.Fit != nil {
		s.Fit(defs)
	}
	return slices.DeleteFunc(inspect(s.Graph, defs), func(np comfy.NodeProblem) bool {
		return np.Type == "value_not_in_list" && slices.Contains(s.Uploads, comfy.Target{Node: np.Node, Input: np.Input})
	})
}

// inspect repairs what is only spelled differently and lists what the server
// would refuse in the rest.
func inspect(g *comfy.Graph, defs map[string]*comfy.ClassInfo) []comfy.NodeProblem {
	repairSeparators(g, defs)
	problems := append(comfy.CheckAgainst(g, defs), checkKinds(g, defs)...)
	runs := upstreamOfOutputs(g, defs)
	return slices.DeleteFunc(problems, func(np comfy.NodeProblem) bool {
		if np.Type == "missing_node_type" {
			return false
		}
		return !runs[np.Node] || ownChecks(defs[np.Class], np)
	})
}

// ownChecks reports whether a custom node may accept what its definition does
// not list: many check such values themselves. A missing model file is worth
// telling all the same.
func ownChecks(def *comfy.ClassInfo, np comfy.NodeProblem) bool {
	if def == nil || !strings.HasPrefix(def.Module, "custom_nodes") {
		return false
	}
	switch np.Type {
	case "value_smaller_than_min", "value_bigger_than_max":
		return true
	case "value_not_in_list":
		return !looksLikeModel(np.Received)
	}
	return false
}

// upstreamOfOutputs are the nodes that the server looks at: outputs and what
// feeds them.
func upstreamOfOutputs(g *comfy.Graph, defs map[string]*comfy.ClassInfo) map[string]bool {
	reached := map[string]bool{}
	var stack []string
	for _, id := range g.IDs() {
		if def := defs[g.Node(id).Class]; def == nil || def.OutputNode {
			stack = append(stack, id)
		}
	}
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n := g.Node(id)
		if n == nil || reached[id] {
			continue
		}
		reached[id] = true
		for _, name := range n.Inputs.Names() {
			if l, ok := n.Inputs.Link(name); ok {
				stack = append(stack, l.Node)
			}
		}
	}
	return reached
}

// checkKinds finds links and values of the wrong kind: a mask where a picture
// is taken, a word where a number is.
func checkKinds(g *comfy.Graph, defs map[string]*comfy.ClassInfo) []comfy.NodeProblem {
	var problems []comfy.NodeProblem
	for _, id := range g.IDs() {
		n := g.Node(id)
		def := defs[n.Class]
		if def == nil {
			continue
		}
		inputs := def.InputsOf(&n.Inputs)
		for i := range inputs {
			in := &inputs[i]
			v, ok := n.Inputs.Get(in.Name)
			if !ok || in.Hidden {
				continue
			}
			np := comfy.NodeProblem{Node: id, Class: n.Class, Title: n.Title, Input: in.Name}
			if l, linked := comfy.LinkOf(v); linked {
				given := outputType(g, defs, l)
				if given == "" || typesMeet(given, in.Type) {
					continue
				}
				np.Type, np.Received = "return_type_mismatch", given
				np.Message = "takes " + in.Type + ", but node " + l.Node + " gives " + given
				problems = append(problems, np)
			} else if (in.Type == "INT" || in.Type == "FLOAT") && !maybeNumber(v) {
				np.Type, np.Received = "invalid_input_type", text(v)
				np.Message = "takes a number"
				problems = append(problems, np)
			}
		}
	}
	return problems
}

func outputType(g *comfy.Graph, defs map[string]*comfy.ClassInfo, l comfy.Link) string {
	source := g.Node(l.Node)
	if source == nil {
		return ""
	}
	def := defs[source.Class]
	if def == nil || l.Slot < 0 || l.Slot >= len(def.Outputs) {
		return ""
	}
	return def.Outputs[l.Slot].Type
}

// typesMeet compares as the server does: unions meet when they share a type,
// and * meets all. Choices and dynamic types are left to the server.
func typesMeet(given, taken string) bool {
	for _, a := range strings.Split(given, ",") {
		for _, b := range strings.Split(taken, ",") {
			a, b := strings.TrimSpace(a), strings.TrimSpace(b)
			if a == b || a == "*" || b == "*" || a == "COMBO" || b == "COMBO" ||
				strings.HasPrefix(a, "COMFY_") || strings.HasPrefix(b, "COMFY_") {
				return true
			}
		}
	}
	return false
}

// maybeNumber reports whether Python might read the value as a number: all
// but null and texts without any digit.
func maybeNumber(v json.RawMessage) bool {
	if string(v) == "null" {
		return false
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return true
	}
	switch strings.ToLower(strings.Trim(strings.TrimSpace(s), "+-")) {
	case "inf", "infinity", "nan":
		return true
	}
	return strings.ContainsAny(s, "0123456789")
}

// text is the string in a value, or its JSON.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
