package cmd

import (
	"encoding/json"
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
	if err := o.app.savePreset(name, p); err != nil {
		return err
	}
	cfg, err := o.app.config()
	if err != nil {
		return err
	}
	return o.app.printChanged(cfg, name)
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

// jsonFor makes of a typed value the JSON that a settings file holds, checked later;
// p is nil for a name that is no parameter.
func jsonFor(p *registry.Parameter, typed string) json.RawMessage {
	if p != nil && p.List {
		items := []string{typed}
		if p.Splits() {
			items = strings.Split(typed, ",")
		}
		words, _ := json.Marshal(items) // texts always encode
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
