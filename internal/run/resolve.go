package run

import (
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
	"github.com/seed-7d77cb5c/easel/registry"
)

// withMask gives the mask parameter a value when the mask is drawn, so that
// nobody misses it.
func withMask(req Request) ([]registry.Arg, error) {
	if req.Mask == nil || !req.Mask.Draws() {
		return req.Args, nil
	}
	params, err := req.Workflow.Parameters()
	if err != nil {
		return nil, err
	}
	for _, p := range params {
		if p.Role != registry.RoleMask {
			continue
		}
		own := registry.Arg{Name: p.Name, JSON: comfy.RawString(repaint.Drawn), Origin: registry.FromDefault}
		return append([]registry.Arg{own}, req.Args...), nil
	}
	return nil, &UnmaskableError{Workflow: req.Workflow.ID}
}

// resolve resolves a request. A missing mask is a *MissingMaskError.
func resolve(req Request) (*registry.Call, []registry.Arg, error) {
	args, err := withMask(req)
	if err != nil {
		return nil, nil, err
	}
	call, err := req.Workflow.Resolve(args, registry.ResolveOptions{Character: req.Character})
	var values *registry.ValuesError
	if errors.As(err, &values) {
		for _, p := range values.Problems {
			if known := req.Workflow.Parameter(p.Parameter); known != nil && known.Role == registry.RoleMask && p.Hint == "" {
				err = &MissingMaskError{Parameter: p.Parameter, Err: values}
			}
		}
	}
	return call, args, err
}

// Resolve gives every parameter of the request its value. A mask that is drawn
// counts as given.
func (req Request) Resolve() (*registry.Call, error) {
	call, _, err := resolve(req)
	return call, err
}
