package registry

import (
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Addressed says which parameter stands for the graph input that a name such as
// "12.steps" or "KSampler.steps" addresses: whose value is written there as it is, and
// nowhere else; nil when none does. ok is false for the name of a parameter, and for
// one that addresses nothing or several inputs.
func (w *Workflow) Addressed(name string) (p *Parameter, ok bool) {
	a, err := w.analyse()
	if err != nil || a.parameter(name) != nil {
		return nil, false
	}
	targets := a.w.address(name)
	if len(targets) != 1 {
		return nil, false
	}
	if p, plain := w.Lands(targets[0]); plain && len(p.Targets) == 1 {
		return p, true
	}
	return nil, true
}

// Lands is a parameter whose value lands on a graph input, nil when none does. plain
// says that it is written there as it is.
func (w *Workflow) Lands(t comfy.Target) (p *Parameter, plain bool) {
	a, err := w.analyse()
	if err != nil {
		return nil, false
	}
	for _, p := range a.params {
		if !slices.Contains(p.Targets, t) {
			continue
		}
		if p.Type.File() {
			return p, true
		}
		for _, l := range p.landings {
			if l.Target == t && !l.turn {
				return p, l.scale == 0 && l.values == nil
			}
		}
	}
	return nil, false
}
