package cmd

import (
	"bytes"
	"errors"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// presetOf is a preset that makes such pictures as a run did: what it was given
// beside the defaults and its character, without what is of one picture only,
// which are prompt, seed and files.
func (a *app) presetOf(t *run.Ticket) (config.Preset, error) {
	p := config.Preset{Workflow: t.Workflow, Character: t.Character}
	reg, err := a.registry()
	if err != nil {
		return p, err
	}
	wf, err := reg.Workflow(t.Workflow)
	if err != nil {
		return p, err
	}
	o := registry.ResolveOptions{}
	if t.Character != "" {
		if o.Character, err = reg.Character(t.Character); err != nil {
			return p, err
		}
	}
	var own []registry.Arg
	for _, m := range t.Parameters {
		if param := wf.Parameter(m.Name); param != nil && ofOnePicture(param) {
			own = append(own, registry.Arg{Name: m.Name, JSON: m.JSON, Origin: registry.FromPreset})
		}
	}
	bare, err := wf.Resolve(own, o)
	if err != nil {
		return p, err
	}
	for _, m := range t.Parameters {
		param := wf.Parameter(m.Name)
		if param == nil || ofOnePicture(param) || t.Character != "" && ofCharacter(param) {
			continue
		}
		if v, given := bare.Value(m.Name); given && bytes.Equal(v.JSON, m.JSON) {
			continue
		}
		p.Params = append(p.Params, config.Param{Name: m.Name, JSON: m.JSON})
	}
	return p, nil
}

func ofOnePicture(p *registry.Parameter) bool {
	return p.Role == registry.RolePrompt || p.Role == registry.RoleSeed || p.Type == registry.TypeSeed || p.Type.File()
}

// ofCharacter: what a character extends would be extended twice.
func ofCharacter(p *registry.Parameter) bool {
	return p.Role == registry.RoleNegative || p.Role == registry.RoleLora || p.Role == registry.RoleLoraStrength
}

// savePreset writes a preset into the user's config file when it can run.
func (a *app) savePreset(name string, p config.Preset) error {
	if err := a.checkPreset(p); err != nil {
		return err
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if err := config.SetPreset(cfg.UserFile, name, p); err != nil {
		return err
	}
	a.note("easel generate @%s runs %s with it", name, strings.TrimSpace(p.Workflow+" "+listedPresetOf(name, p).values()))
	return nil
}

// saveAsPreset keeps what a run was given under a name: --save-preset.
func (a *app) saveAsPreset(name string, t *run.Ticket) error {
	p, err := a.presetOf(t)
	if err != nil {
		return err
	}
	return a.savePreset(name, p)
}

// checkPreset says what is wrong with the names and values in a preset.
func (a *app) checkPreset(p config.Preset) error {
	reg, err := a.registry()
	if err != nil {
		return err
	}
	wf, err := reg.Workflow(p.Workflow)
	if err != nil {
		return err
	}
	o := registry.ResolveOptions{}
	if p.Character != "" {
		if o.Character, err = reg.Character(p.Character); err != nil {
			return err
		}
	}
	args := make([]registry.Arg, len(p.Params))
	for i, m := range p.Params {
		args[i] = registry.Arg{Name: m.Name, JSON: m.JSON, Origin: registry.FromPreset}
	}
	_, err = wf.Resolve(args, o)
	values, ok := errors.AsType[*registry.ValuesError](err)
	if !ok {
		return err
	}
	var own []registry.Problem // others will be given at the run
	for _, problem := range values.Problems {
		for _, m := range p.Params {
			if sameParameter(m.Name, problem.Parameter) {
				own = append(own, problem)
			}
		}
	}
	if len(own) == 0 {
		return nil
	}
	return &registry.ValuesError{Workflow: wf.ID, Problems: own}
}

// checkSavePreset refuses --save-preset before anything runs that could not be
// kept.
func (o *generateOptions) checkSavePreset() error {
	switch {
	case !o.changed("save-preset"):
		return nil
	case o.dryRun, o.detach:
		return usagef("easel presets add NAME --from RUN keeps the values of a run that is there", "--save-preset waits for the run, and --dry-run and --detach do not")
	case o.target.workflow.Source.Layer == "import":
		return usagef("easel workflows import makes one of it", "--save-preset needs a workflow of the registry, and %s is a graph", o.target.word)
	}
	return config.CheckPresetName(o.preset)
}

// savePreset keeps the values of the first run that made something.
func (v *runView) savePreset(res *run.Result) {
	name := v.opts.preset
	if name == "" || res.Status != run.Succeeded {
		return
	}
	v.opts.preset = ""
	if err := v.opts.app.saveAsPreset(name, v.ticket); v.err == nil {
		v.err = err
	}
}
