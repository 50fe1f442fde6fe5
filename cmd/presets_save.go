package cmd

import (
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// presetOf is a preset that makes such pictures as a run did.
func (a *app) presetOf(t *run.Ticket) (config.Preset, error) {
	o, err := a.catalog.PresetOf(t)
	p := config.Preset{Workflow: o.Workflow, Character: o.Character}
	for _, v := range o.Values {
		p.Params = append(p.Params, config.Param{Name: v.Name, JSON: v.JSON})
	}
	return p, err
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
func (a *app) checkPreset(p config.Preset) error { return a.catalog.CheckPreset(presetOrder(p)) }

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
