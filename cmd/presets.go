package cmd

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newPresetsCmd(a *app) *cobra.Command {
	return group("presets", "Named parameters of a workflow, for easel generate @NAME",
		"  easel presets add portrait --from last\n  easel generate @portrait \"a sailor\"",
		newPresetsListCmd(a),
		newPresetsShowCmd(a),
		newPresetsAddCmd(a),
		newPresetsRemoveCmd(a),
	)
}

// A listedPreset is one entry of `presets list --json`.
type listedPreset struct {
	Name      string        `json:"name"`
	Workflow  string        `json:"workflow"`
	Character *string       `json:"character"`
	Params    run.Values    `json:"params"`
	From      config.Origin `json:"from"`
}

func listedPresetOf(name string, p config.Preset) listedPreset {
	l := listedPreset{Name: name, Workflow: p.Workflow, Character: text(p.Character), Params: run.Values{}, From: p.Origin}
	for _, m := range p.Params {
		l.Params = append(l.Params, run.NamedValue{Name: m.Name, JSON: m.JSON})
	}
	return l
}

// values are the parameters in one line: "steps=4 width=512".
func (l listedPreset) values() string {
	var words []string
	for _, m := range l.Params {
		words = append(words, m.Name+"="+problem.ShellQuote(jsonText(m.JSON)))
	}
	return strings.Join(words, " ")
}

func newPresetsListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the presets",
		Example: "  easel presets list\n  easel presets list --jq '.[].name'",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			all := []listedPreset{}
			for _, name := range slices.Sorted(maps.Keys(cfg.Presets)) {
				all = append(all, listedPresetOf(name, cfg.Presets[name]))
			}
			if a.global.json {
				return a.printJSON(all)
			}
			t := term.NewTable(a.streams, "NAME", "WORKFLOW", "CHARACTER", "VALUES", "FROM")
			for _, l := range all {
				t.Row(l.Name, l.Workflow, valueOr(l.Character, ""), l.values(), l.From.String())
			}
			if len(all) == 0 {
				a.note("there is no preset yet: easel presets add NAME --from last")
			}
			return t.Flush()
		},
	}
}

func newPresetsShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show a preset",
		Example:           "  easel presets show portrait\n  easel presets show portrait --json",
		Args:              exactArgs("a preset"),
		ValidArgsFunction: firstWord(a.completePresets),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(args[0], "@")
			p, ok := cfg.Presets[name]
			if !ok {
				return unknownPreset(cfg, name)
			}
			l := listedPresetOf(name, p)
			if a.global.json {
				return a.printJSON(l)
			}
			t := term.NewPairs(a.streams)
			t.Row("preset", "@"+name)
			t.Row("workflow", p.Workflow)
			if p.Character != "" {
				t.Row("character", p.Character)
			}
			for _, m := range l.Params {
				t.Row(m.Name, term.EscapeMultiline(jsonText(m.JSON)))
			}
			t.Row("from", l.From.String())
			return t.Flush()
		},
	}
}

func newPresetsRemoveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		Short:             "Forget a preset",
		Example:           "  easel presets remove portrait",
		Args:              exactArgs("a preset"),
		ValidArgsFunction: firstWord(a.completePresets),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(args[0], "@")
			p, known := cfg.Presets[name]
			switch {
			case !known:
				return unknownPreset(cfg, name)
			case p.Origin.Kind == config.Project:
				return usagef("edit "+p.Origin.Path, "preset %s is of the project, not of the user's config", name)
			}
			if _, err := config.RemovePreset(cfg.UserFile, name); err != nil {
				return err
			}
			a.note("preset %s is forgotten", name)
			return a.printChanged(cfg, name)
		},
	}
}

func (a *app) completePresets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	cfg, err := a.config()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return slices.Sorted(maps.Keys(cfg.Presets)), cobra.ShellCompDirectiveNoFileComp
}

func unknownPreset(cfg *config.Config, name string) error {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(cfg.Presets)) {
		names = append(names, "@"+n)
	}
	return &invalidError{"unknown preset @" + name, problem.NearestHint(comfy.Nearest("@"+name, names, 3), "easel presets list")}
}

// presetArgs are the values of a preset as arguments.
func presetArgs(p config.Preset) []registry.Arg {
	var args []registry.Arg
	for _, m := range p.Params {
		args = append(args, registry.Arg{Name: m.Name, JSON: m.JSON, Origin: registry.FromPreset})
	}
	return args
}

// presetValue is what a preset gives a parameter, as one would type it.
func (t *target) presetValue(p *registry.Parameter) (string, bool) {
	i := slices.IndexFunc(t.preset, func(arg registry.Arg) bool { return sameParameter(arg.Name, p.Name) })
	if i < 0 || t.again != nil {
		return "", false
	}
	return jsonText(t.preset[i].JSON), true
}

// sameParameter: "lora-strength" and "lora_strength" are one.
func sameParameter(a, b string) bool {
	return strings.ReplaceAll(a, "-", "_") == strings.ReplaceAll(b, "-", "_")
}

// valueOr is what a fact says, or something else where it is not there.
func valueOr(fact *string, other string) string {
	if fact == nil {
		return other
	}
	return *fact
}
