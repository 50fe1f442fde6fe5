package plan

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// PresetOf is the order of a preset that makes such pictures as a run did: what
// it was given beside the defaults and its character, without what is of one
// picture only, which are prompt, seed and files.
func (c *Catalog) PresetOf(t *run.Ticket) (Order, error) {
	o := Order{Workflow: t.Workflow, Character: t.Character}
	bare := o
	wf, err := c.Workflow(o)
	if err != nil {
		return o, err
	}
	for _, m := range t.Parameters {
		if p := wf.Parameter(m.Name); p != nil && ofOnePicture(p) {
			bare = bare.with(Value{Name: m.Name, JSON: m.JSON, Origin: registry.FromPreset})
		}
	}
	if t.Repaint != nil {
		bare.Mask = &Mask{Rects: []string{"0,0,1,1"}} // it had one, and which one decides no other value
	}
	req, err := c.Resolve(bare)
	if err != nil {
		return o, err
	}
	call, err := req.Resolve()
	if err != nil {
		return o, err
	}
	for _, m := range t.Parameters {
		p := wf.Parameter(m.Name)
		if p == nil || ofOnePicture(p) || t.Character != "" && ofCharacter(p) {
			continue
		}
		if v, given := call.Value(m.Name); given && bytes.Equal(v.JSON, m.JSON) {
			continue
		}
		o = o.with(Value{Name: m.Name, JSON: m.JSON, Origin: registry.FromPreset})
	}
	return o, nil
}

func ofOnePicture(p *registry.Parameter) bool {
	return p.Role == registry.RolePrompt || p.Role == registry.RoleSeed || p.Type == registry.TypeSeed || p.Type.File()
}

// ofCharacter: what a character extends would be extended twice.
func ofCharacter(p *registry.Parameter) bool {
	return p.Role == registry.RoleNegative || p.Role == registry.RoleLora || p.Role == registry.RoleLoraStrength
}

// CheckPreset says what is wrong with the names and values in an order that is
// kept to be run later, when the rest is given.
func (c *Catalog) CheckPreset(o Order) error {
	req, err := c.Resolve(o)
	if err != nil {
		return err
	}
	_, err = req.Resolve()
	values, ok := errors.AsType[*registry.ValuesError](err)
	if !ok {
		return err
	}
	var own []registry.Problem
	for _, p := range values.Problems {
		if slices.ContainsFunc(o.Values, func(v Value) bool { return SameName(v.Name, p.Parameter) }) {
			own = append(own, p)
		}
	}
	if len(own) == 0 {
		return nil
	}
	return &registry.ValuesError{Workflow: req.Workflow.ID, Problems: own}
}

// SameName reports whether two names are of one parameter: lora-strength is
// lora_strength.
func SameName(a, b string) bool { return plainName(a) == plainName(b) }

// plainName is the one spelling of a name.
func plainName(name string) string { return strings.ReplaceAll(name, "-", "_") }
