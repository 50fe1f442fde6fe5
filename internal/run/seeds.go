package run

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// fitSeed takes a seed that easel drew into the range that the nodes it lands in
// have, and reports whether it changed. A seed that somebody gave stays as it
// is: the server says what is wrong with it.
func (t *Ticket) fitSeed(limits func(comfy.Target) (low, high string)) bool {
	if t.call == nil || t.Seed == nil || !t.call.SeedDrawn() {
		return false
	}
	p := t.call.SeedParameter()
	lo, hi := p.SeedRange()
	for _, target := range p.Targets {
		low, high := limits(target)
		if n, err := strconv.ParseUint(low, 10, 64); err == nil {
			lo = max(lo, n)
		}
		if n, err := strconv.ParseUint(high, 10, 64); err == nil {
			hi = min(hi, n)
		}
	}
	old := uint64(*t.Seed)
	if lo > hi || old >= lo && old <= hi {
		return false
	}
	seed := Seed(lo + old%(hi-lo+1)) // not all of 2^64, or the old one was within
	was, text := json.RawMessage(strconv.FormatUint(old, 10)), json.RawMessage(seed.String())
	for _, g := range []*comfy.Graph{t.Graph, t.local.graph} {
		replaceValue(g, p.Targets, was, text)
	}
	t.Seed = &seed
	if i := slices.IndexFunc(t.Parameters, func(v NamedValue) bool { return v.Name == p.Name }); i >= 0 {
		t.Parameters[i].JSON = text
	}
	return true
}

// replaceValue puts another value where the graph has the old one.
func replaceValue(g *comfy.Graph, at []comfy.Target, old, value json.RawMessage) {
	if g == nil {
		return
	}
	for _, target := range at {
		n := g.Node(target.Node)
		if n == nil {
			continue
		}
		if v, ok := n.Inputs.Get(target.Input); ok && string(v) == string(old) {
			n.Inputs.Set(target.Input, value)
		}
	}
}

// fitSeedTo fits a drawn seed to a server's definitions.
func (t *Ticket) fitSeedTo(defs map[string]*comfy.ClassInfo) {
	t.fitSeed(func(target comfy.Target) (low, high string) {
		n := t.Graph.Node(target.Node)
		if n == nil || defs[n.Class] == nil {
			return "", ""
		}
		in := defs[n.Class].Input(target.Input)
		if in == nil {
			return "", ""
		}
		return string(in.Min), string(in.Max)
	})
}

// rejectsSeed reports whether a server refused the range of a value that the
// run's seed lands in.
func (t *Ticket) rejectsSeed(np comfy.NodeProblem) bool {
	if np.Type != "value_bigger_than_max" && np.Type != "value_smaller_than_min" || t.call == nil {
		return false
	}
	p := t.call.SeedParameter()
	return p != nil && slices.Contains(p.Targets, comfy.Target{Node: np.Node, Input: np.Input})
}
