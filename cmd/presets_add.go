package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// presetsAddOptions say what a new preset has.
type presetsAddOptions struct {
	app       *app
	from      string // a run
	workflow  string
	character string
	sets      []string
}

func newPresetsAddCmd(a *app) *cobra.Command {
	o := &presetsAddOptions{app: a}
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Give parameters of a workflow a name",
		Long: `Keep parameters of a workflow under a name in the user's config file, in place of
a preset of that name. --from takes what a run was given beside the defaults,
without prompt, seed and files; --set adds or changes a value.`,
		Example: `  easel presets add portrait --from last
  easel presets add tall --workflow flux_single --set width=768 --set height=1344
  easel generate @tall "a lighthouse at dusk"`,
		Args: exactArgs("a name"),
		RunE: func(_ *cobra.Command, args []string) error { return runPresetsAdd(o, strings.TrimPrefix(args[0], "@")) },
	}
	c.Flags().StringVar(&o.from, "from", "", "take the values of a `RUN`: an id, a unique prefix, or last")
	c.Flags().StringVar(&o.workflow, "workflow", "", "the `WORKFLOW`, when no run says it")
	c.Flags().StringVar(&o.character, "character", "", "the character `ID`")
	c.Flags().StringArrayVar(&o.sets, "set", nil, "a value: `NAME=VALUE` (repeatable)")
	_ = c.RegisterFlagCompletionFunc("from", a.completeRuns)
	_ = c.RegisterFlagCompletionFunc("workflow", a.completeIDs)
	_ = c.RegisterFlagCompletionFunc("character", a.completeCharacters)
	return c
}

func runPresetsAdd(o *presetsAddOptions, name string) error {
	p, err := o.preset()
	if err != nil {
		return err
	}
	return o.app.savePreset(name, p)
}

// preset is what the flags ask for.
func (o *presetsAddOptions) preset() (config.Preset, error) {
	var p config.Preset
	switch {
	case o.from != "" && o.workflow != "":
		return p, usagef("leave one of them out", "--from has a workflow already, and --workflow names another")
	case o.from == "" && o.workflow == "":
		return p, usagef("write --from last for the values of the last run", "a preset needs --from RUN or --workflow")
	case o.from != "":
		h, err := o.app.history()
		if err != nil {
			return p, err
		}
		rec, err := h.Get(o.from)
		if err != nil {
			return p, err
		}
		t, err := run.OpenTicket(rec.Request)
		if err != nil {
			return p, err
		}
		if p, err = o.app.presetOf(t); err != nil {
			return p, err
		}
	default:
		p.Workflow = o.workflow
	}
	if o.character != "" {
		p.Character = o.character
	}
	return p, o.set(&p)
}

// set lays --set over what there is. The values have the types of the
// parameters.
func (o *presetsAddOptions) set(p *config.Preset) error {
	reg, err := o.app.registry()
	if err != nil {
		return err
	}
	wf, err := reg.Workflow(p.Workflow)
	if err != nil {
		return err
	}
	for _, s := range o.sets {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return usagef("write --set steps=30", "--set %q has no NAME=VALUE", s)
		}
		p.Params = withParam(p.Params, config.Param{Name: name, JSON: jsonFor(wf.Parameter(name), value)})
	}
	return nil
}

// jsonFor is what somebody typed in the form that a file has it, checked later;
// p is nil for a name that is no parameter.
func jsonFor(p *registry.Parameter, typed string) json.RawMessage {
	if p != nil && p.List {
		words, _ := json.Marshal(strings.Split(typed, ",")) // texts always encode
		return words
	}
	if p != nil && (p.Type == registry.TypeInt || p.Type == registry.TypeFloat || p.Type == registry.TypeBool || p.Type == registry.TypeSeed) && json.Valid([]byte(typed)) {
		return json.RawMessage(typed)
	}
	return comfy.RawString(typed)
}

func withParam(params []config.Param, m config.Param) []config.Param {
	for i := range params {
		if sameParameter(params[i].Name, m.Name) {
			params[i] = m
			return params
		}
	}
	return append(params, m)
}

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
	return a.printChanged(cfg, name)
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
	_, err = wf.Resolve(presetArgs(p), o)
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
